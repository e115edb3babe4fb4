//! A nats-server for one run, on a free port of this machine, with a store of its own.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A running server; dropping it stops the server and removes its store.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    port: u16,
    store: PathBuf,
}

impl Server {
    /// Starts one, with its store in `store` (emptied before), and waits until it answers. With `always`, it syncs every
    /// record to the disk before it answers.
    ///
    /// # Errors
    ///
    /// A text that says what went wrong.
    pub(crate) fn start(binary: &Path, store: &Path, always: bool) -> Result<Self, String> {
        let trouble = |error: std::io::Error| format!("can't start {}: {error}", binary.display());
        if store.exists() {
            fs::remove_dir_all(store).map_err(trouble)?;
        }
        fs::create_dir_all(store).map_err(trouble)?;
        let port = free_port().map_err(trouble)?;
        // There is no option on the command line for how it syncs.
        let sync = if always { "sync_interval: always" } else { "" };
        let config = store.join("nats-server.conf");
        fs::write(&config, format!("jetstream {{ store_dir: {:?}\n {sync} }}\n", store.display().to_string()))
            .map_err(trouble)?;
        let process = Command::new(binary)
            .args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--config"])
            .arg(&config)
            .arg("--log")
            .arg(store.join("nats-server.log"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(trouble)?;
        let mut server = Self { process, port, store: store.to_owned() };
        server.wait_until_it_answers()?;
        Ok(server)
    }

    /// Where it can be reached.
    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    fn wait_until_it_answers(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(20);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(format!("nats-server ended at once ({status})"));
            }
            if greets(address) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(format!("nats-server does not answer on port {}", self.port))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.store);
    }
}

/// A NATS server greets every connection with an `INFO` line.
fn greets(address: SocketAddr) -> bool {
    let Ok(mut connection) = TcpStream::connect_timeout(&address, Duration::from_millis(500)) else { return false };
    let mut greeting = [0; 4];
    connection.set_read_timeout(Some(Duration::from_secs(1))).is_ok()
        && connection.read_exact(&mut greeting).is_ok()
        && &greeting == b"INFO"
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
