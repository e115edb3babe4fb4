//! The nats-servers: one, or a cluster of three; killed, and started again on their ports and stores.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::Failed;
use crate::guard::Guard;

/// How long a server may take until it accepts connections.
const PATIENCE: Duration = Duration::from_secs(60);

/// One server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    binary: PathBuf,
    directory: PathBuf,
    child: Option<Child>,
    guard: Arc<Guard>,
}

/// Starts `count` servers, as a cluster if there are several.
///
/// # Errors
///
/// When one doesn't start.
pub(crate) async fn start(
    binary: &Path,
    directory: &Path,
    count: usize,
    guard: &Arc<Guard>,
) -> Result<Vec<Server>, Failed> {
    let mut ports = Ports::default();
    let (clients, routes): (Vec<_>, Vec<_>) = (0..count).map(|_| (ports.next(), ports.next())).unzip();
    let all: Vec<_> = routes.iter().map(|port| format!("\"nats-route://127.0.0.1:{port}\"")).collect();
    let mut servers = Vec::new();
    for (index, (client, route)) in clients.into_iter().zip(routes).enumerate() {
        let name = format!("n{index}");
        let directory = directory.join(&name);
        fs::create_dir_all(&directory)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, client));
        let mut config = format!(
            "server_name: {name}\nlisten: \"{address}\"\nlog_file: {:?}\njetstream {{ store_dir: {:?} }}\n",
            directory.join("log"),
            directory.join("store")
        );
        if count > 1 {
            // No server tells clients of the others: they would go round the proxies.
            config.push_str(&format!(
                "cluster {{ name: chaos, listen: \"127.0.0.1:{route}\", no_advertise: true, routes: [{}] }}\n",
                all.join(", ")
            ));
        }
        fs::write(directory.join("config"), config)?;
        let (binary, guard) = (binary.to_owned(), Arc::clone(guard));
        let mut server = Server { name, address, binary, directory, child: None, guard };
        server.spawn()?;
        servers.push(server);
    }
    for server in &mut servers {
        server.answers().await?;
    }
    Ok(servers)
}

impl Server {
    /// Ends it as a crash does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only if it is gone already.
            let _ = child.kill();
            let _ = child.wait();
            self.guard.forget(child.id());
        }
    }

    pub(crate) fn is_down(&self) -> bool {
        self.child.is_none()
    }

    /// Starts it again where it was.
    ///
    /// # Errors
    ///
    /// When it does not come back.
    pub(crate) async fn restart(&mut self) -> Result<(), Failed> {
        self.kill();
        self.spawn()?;
        self.answers().await
    }

    /// The end of its log.
    fn log(&self) -> String {
        let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    fn spawn(&mut self) -> Result<(), Failed> {
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(self.directory.join("config"));
        // What a terminal sends to this program is not for the servers.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let child = command.spawn().map_err(|error| format!("{} can't be run: {error}", self.binary.display()))?;
        self.guard.watch(child.id());
        self.child = Some(child);
        Ok(())
    }

    async fn answers(&mut self) -> Result<(), Failed> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.child.as_mut().map(Child::try_wait).transpose()?.flatten() {
                return Err(format!("nats-server {} ended ({status}); its log:\n{}", self.name, self.log()).into());
            }
            if greets(self.address).await {
                return Ok(());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Err(format!("nats-server {} does not answer; its log:\n{}", self.name, self.log()).into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A NATS server speaks first.
async fn greets(address: SocketAddr) -> bool {
    let greeting = async {
        let mut line = String::new();
        BufReader::new(TcpStream::connect(address).await?).read_line(&mut line).await?;
        Ok::<_, std::io::Error>(line.starts_with("INFO "))
    };
    matches!(timeout(Duration::from_secs(5), greeting).await, Ok(Ok(true)))
}

/// Free ports below those that systems give to outgoing connections: one of these could take the port of a server that
/// is down.
#[derive(Debug, Default)]
struct Ports(Vec<u16>);

impl Ports {
    fn next(&mut self) -> u16 {
        loop {
            let port = fastrand::u16(12_000..30_000);
            if !self.0.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
                self.0.push(port);
                return port;
            }
        }
    }
}

/// The binary: as given, from `SAGAFLOW_NATS_SERVER`, from the target directory, or from the path.
pub(crate) fn binary(given: Option<&Path>) -> PathBuf {
    if let Some(given) = given.map(Path::to_owned).or(std::env::var_os("SAGAFLOW_NATS_SERVER").map(PathBuf::from)) {
        return given;
    }
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let installed = target.join("nats-venv/bin/nats-server");
    if installed.exists() { installed } else { PathBuf::from("nats-server") }
}
