//! A connection to a server that can be cut, go dead without a word, or lose requests.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// Stands between clients and a NATS server.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    faults: Arc<watch::Sender<Faults>>,
    task: AbortHandle,
}

/// What goes wrong. Connections are numbered in the order in which they are made.
#[derive(Debug, Clone, Default)]
struct Faults {
    connections: u64,
    /// Connections up to this one are closed.
    cut: u64,
    /// Connections up to this one stay open, and no byte passes any more.
    dead: u64,
    /// New connections are closed at once.
    closed: bool,
    /// Requests of clients whose subjects begin with this are lost.
    losing: Option<String>,
    lost: usize,
}

impl Proxy {
    /// A proxy for the server at this address.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let faults = Arc::new(watch::Sender::new(Faults::default()));
        let task = tokio::spawn(accept(listener, server, faults.clone())).abort_handle();
        Self { address, faults, task }
    }

    /// `nats://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Closes the connections that there are.
    pub fn cut(&self) {
        self.faults.send_modify(|faults| faults.cut = faults.connections);
    }

    /// Lets nobody connect any more.
    pub fn close(&self) {
        self.faults.send_modify(|faults| faults.closed = true);
    }

    /// Lets everybody connect again.
    pub fn open(&self) {
        self.faults.send_modify(|faults| faults.closed = false);
    }

    /// The connections that there are go dead: they stay open, and no byte passes.
    pub fn deaden(&self) {
        self.faults.send_modify(|faults| faults.dead = faults.connections);
    }

    /// From now on, requests to subjects that begin so are lost, on connections that live on.
    pub fn lose(&self, subjects: &str) {
        self.faults.send_modify(|faults| faults.losing = Some(subjects.to_owned()));
    }

    /// Loses no more requests.
    pub fn lose_nothing(&self) {
        self.faults.send_modify(|faults| faults.losing = None);
    }

    /// Waits until so many requests have been lost.
    ///
    /// # Panics
    ///
    /// Never: the proxy is here.
    pub async fn lost(&self, requests: usize) {
        self.faults.subscribe().wait_for(|faults| faults.lost >= requests).await.expect("the proxy is here");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, faults: Arc<watch::Sender<Faults>>) {
    while let Ok((client, _)) = listener.accept().await {
        if faults.borrow().closed {
            continue;
        }
        let mut number = 0;
        faults.send_modify(|faults| {
            faults.connections += 1;
            number = faults.connections;
        });
        tokio::spawn(carry(client, server, number, faults.clone()));
    }
}

/// Carries one connection until either side closes it, or it is cut.
async fn carry(client: TcpStream, server: SocketAddr, number: u64, faults: Arc<watch::Sender<Faults>>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let ((from_client, mut to_client), (mut from_server, to_server)) = (client.into_split(), server.into_split());
    let mut both = pin!(async {
        tokio::select! {
            _ = requests(from_client, to_server, &faults) => {}
            _ = copy(&mut from_server, &mut to_client) => {}
        }
    });
    let (mut dying, mut cutting) = (faults.subscribe(), faults.subscribe());
    let mut cut = pin!(cutting.wait_for(|faults| faults.cut >= number));
    let died = tokio::select! {
        () = &mut both => false,
        _ = dying.wait_for(|faults| faults.dead >= number) => true,
        _ = &mut cut => false,
    };
    if died {
        // The sockets stay open until the connection is cut.
        let _ = cut.await;
    }
}

/// Carries what a client says, one command after the other.
async fn requests(from: OwnedReadHalf, mut to: OwnedWriteHalf, faults: &watch::Sender<Faults>) -> io::Result<()> {
    let mut from = BufReader::new(from);
    let mut line = String::new();
    loop {
        line.clear();
        if from.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let mut words = line.split_whitespace();
        let publishes = words.next().is_some_and(|word| matches!(word, "PUB" | "HPUB"));
        let subject = words.next().unwrap_or_default().to_owned();
        let size = words.last().and_then(|size| size.parse::<usize>().ok()).filter(|_| publishes);
        let mut command = line.clone().into_bytes();
        if let Some(size) = size {
            let begin = command.len();
            command.resize(begin + size + 2, 0);
            from.read_exact(&mut command[begin..]).await?;
        }
        let losing = faults.borrow().losing.clone().filter(|_| publishes);
        if losing.is_some_and(|losing| subject.starts_with(&losing)) {
            faults.send_modify(|faults| faults.lost += 1);
        } else {
            to.write_all(&command).await?;
        }
    }
}
