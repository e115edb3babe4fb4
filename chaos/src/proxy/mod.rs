//! The way of the workers and the client to a server: connections that can be cut and stalled, and are listened to.

pub(crate) mod tap;
#[cfg(test)]
mod tests;
pub(crate) mod wire;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use tap::{Tap, Wire};

/// A proxy in front of one server.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    connections: Arc<Connections>,
    listening: AbortHandle,
}

#[derive(Debug, Default)]
struct Connections(Mutex<BTreeMap<u64, Connection>>);

#[derive(Debug)]
struct Connection {
    /// Ending it closes both sockets at once.
    task: AbortHandle,
    stalled: watch::Sender<bool>,
}

impl Proxy {
    /// Listens on a free port of this machine.
    pub(crate) async fn start(server: SocketAddr, tap: Arc<Tap>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let connections = Arc::new(Connections::default());
        let listening = tokio::spawn(listen(listener, server, tap, Arc::clone(&connections))).abort_handle();
        Ok(Self { address, connections, listening })
    }

    /// The connections that there are.
    pub(crate) fn connections(&self) -> Vec<u64> {
        self.connections.lock().keys().copied().collect()
    }

    /// Cuts a connection: what is under way in it is gone.
    pub(crate) fn cut(&self, connection: u64) -> bool {
        let cut = self.connections.lock().remove(&connection);
        cut.inspect(|connection| connection.task.abort()).is_some()
    }

    /// Holds back all that goes through a connection, both ways, or lets it go on.
    pub(crate) fn stall(&self, connection: u64, stalled: bool) -> bool {
        let connections = self.connections.lock();
        connections.get(&connection).is_some_and(|connection| connection.stalled.send(stalled).is_ok())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        for connection in self.connections.lock().values() {
            connection.task.abort();
        }
    }
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Connection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn listen(listener: TcpListener, server: SocketAddr, tap: Arc<Tap>, connections: Arc<Connections>) {
    let mut number = 0;
    loop {
        // Fails when this process has too many open files; then the next may work.
        let Ok((near, _)) = listener.accept().await else { continue };
        number += 1;
        let (stalled, watched) = watch::channel(false);
        // Locked until the connection is in the table, so that its end finds it there.
        let mut table = connections.lock();
        let all = Arc::clone(&connections);
        let wire = tap.wire();
        let task = tokio::spawn(async move {
            // Without a server the connection ends at once, as it does without a proxy.
            if let Ok(far) = TcpStream::connect(server).await {
                carry(near, far, &wire, watched).await;
            }
            all.lock().remove(&number);
        });
        table.insert(number, Connection { task: task.abort_handle(), stalled });
    }
}

/// Carries bytes both ways until one side ends.
async fn carry(near: TcpStream, far: TcpStream, wire: &Wire, stalled: watch::Receiver<bool>) {
    // Fails for a socket that is closed, which shows at the next read.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = pump(near_in, far_out, |bytes| wire.sent(bytes), stalled.clone()) => {}
        () = pump(far_in, near_out, |bytes| wire.received(bytes), stalled) => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut see: impl FnMut(&[u8]),
    mut stalled: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
        if stalled.wait_for(|stalled| !stalled).await.is_err() {
            return;
        }
        // Before it goes on: so nothing is stored that was not seen.
        see(&buffer[..read]);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
