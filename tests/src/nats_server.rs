//! A real nats-server for one test: on loopback, on a port and with a store of its own, gone when the test ends.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::time::sleep;

/// How long a server may take to accept connections, or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a server is like. The default has JetStream and asks for no credentials.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether JetStream is on.
    pub jetstream: bool,
    /// More lines for the server's configuration file, such as `authorization { token: t }`.
    pub config: String,
    /// Whether it greets those who connect; one with `handshake_first` begins with TLS in place of that.
    pub greets: bool,
    /// The beginning of the command that it is started with; see [`SmallDisk::within`](crate::SmallDisk::within).
    pub within: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { jetstream: true, config: String::new(), greets: true, within: Vec::new() }
    }
}

impl Settings {
    /// The default, with more lines for the configuration file.
    #[must_use]
    pub fn with(config: impl Into<String>) -> Self {
        Self { config: config.into(), ..Self::default() }
    }
}

/// A running nats-server. Killed when dropped, and when the process that has started it ends without that (a test that
/// keeps one in a `static`, or is killed itself).
#[derive(Debug)]
pub struct NatsServer {
    child: Option<Child>,
    guard: Option<Guard>,
    port: u16,
    greets: bool,
    within: Vec<String>,
    directory: TempDir,
}

impl NatsServer {
    /// Starts a server with JetStream, and waits until it accepts connections.
    ///
    /// # Panics
    ///
    /// If there is no binary of nats-server 2.14 or newer, or it does not start.
    pub async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    /// Starts a server with settings.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub async fn start_with(settings: Settings) -> Self {
        let directory = TempDir::new().expect("a directory for the server");
        let (greets, within) = (settings.greets, settings.within.clone());
        let mut server = Self { child: None, guard: None, port: 0, greets, within, directory };
        // Between finding a free port and using it, another process may take it.
        for _ in 0..5 {
            server.port = free_port();
            server.write_config(&settings);
            if server.try_start().await {
                return server;
            }
        }
        panic!("nats-server does not start; its log:\n{}", server.log());
    }

    /// `nats://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    /// `127.0.0.1:PORT`
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Ends the server as an operator does (SIGTERM), and waits until it is gone.
    ///
    /// # Panics
    ///
    /// If it does not end.
    pub async fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let guard = self.guard.take();
        let told = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
        assert!(told.is_ok_and(|status| status.success()), "can't tell nats-server to end");
        let started = Instant::now();
        while child.try_wait().expect("the server's state").is_none() {
            if started.elapsed() > PATIENCE {
                let _ = child.kill();
                panic!("nats-server does not end; its log:\n{}", self.log());
            }
            sleep(Duration::from_millis(10)).await;
        }
        guard.into_iter().for_each(Guard::dismiss);
    }

    /// Ends the server as a crash does (SIGKILL).
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only if it is gone already.
            let _ = child.kill();
            let _ = child.wait();
            self.guard.take().into_iter().for_each(Guard::dismiss);
        }
    }

    /// Starts the server again, on the same port and store, and waits until it accepts connections.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn restart(&mut self) {
        self.kill();
        assert!(self.try_start().await, "nats-server does not start again; its log:\n{}", self.log());
    }

    /// What the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Has the server read a new configuration (SIGHUP): `config` takes the place of the [`Settings::config`] of before.
    /// Waits until it has.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub async fn reload(&self, settings: &Settings) {
        self.write_config(settings);
        let before = self.log().matches("Reloaded server configuration").count();
        let pid = self.child.as_ref().expect("the server runs").id().to_string();
        let told = Command::new("kill").args(["-HUP", &pid]).status();
        assert!(told.is_ok_and(|status| status.success()), "can't tell nats-server to reload");
        let started = Instant::now();
        while self.log().matches("Reloaded server configuration").count() == before {
            assert!(started.elapsed() < PATIENCE, "nats-server does not reload; its log:\n{}", self.log());
            sleep(Duration::from_millis(10)).await;
        }
    }

    fn write_config(&self, settings: &Settings) {
        let path = self.directory.path();
        let mut config = format!("listen: \"{}\"\nlog_file: {:?}\n", self.address(), path.join("log"));
        if settings.jetstream {
            config.push_str(&format!("jetstream {{ store_dir: {:?} }}\n", path.join("store")));
        }
        config.push_str(&settings.config);
        fs::write(path.join("config"), config).expect("writing the server's configuration");
    }

    /// `false` if the process ended before it accepted connections.
    async fn try_start(&mut self) -> bool {
        let mut command = match self.within.split_first() {
            None => Command::new(binary()),
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(binary());
                command
            }
        };
        let child = command
            .arg("--config")
            .arg(self.directory.path().join("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starting nats-server");
        self.guard = Some(Guard::post(&child, self.directory.path()));
        self.child = Some(child);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let child = self.child.as_mut().expect("it was started");
            if child.try_wait().expect("the server's state").is_some() {
                self.child = None;
                self.guard.take().into_iter().for_each(Guard::dismiss);
                return false;
            }
            let ready = if self.greets { greets(address) } else { self.log().contains("Server is ready") };
            if ready {
                return true;
            }
            sleep(Duration::from_millis(10)).await;
        }
        self.kill();
        false
    }
}

/// Outlives this process, and then ends the server: it waits for the end of a pipe that this process holds.
#[derive(Debug)]
struct Guard(Child);

impl Guard {
    fn post(server: &Child, directory: &Path) -> Self {
        let script = r#"read -r _ && exit; kill -9 "$0"; rm -rf "$1""#;
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(server.id().to_string()).arg(directory);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("starting the guard of nats-server"))
    }

    /// The server is gone: there is nothing left to end.
    fn dismiss(mut self) {
        if let Some(mut pipe) = self.0.stdin.take() {
            let _ = pipe.write_all(b"dismissed\n");
        }
        let _ = self.0.wait();
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A NATS server speaks first.
fn greets(address: SocketAddr) -> bool {
    let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).is_ok() && line.starts_with("INFO ")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// The binary: from the variable, from the target directory, or from the path if it is new enough.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = std::env::var_os("SAGAFLOW_NATS_SERVER") {
            return path.into();
        }
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
        let installed = target.join("nats-venv/bin/nats-server");
        if installed.exists() {
            return installed;
        }
        let on_path = PathBuf::from("nats-server");
        if version(&on_path).is_some_and(|version| version >= (2, 14)) {
            return on_path;
        }
        panic!(
            "these tests need nats-server 2.14 or newer, and there is none in SAGAFLOW_NATS_SERVER, in the target \
             directory or on the path; run `cargo xtask test`, which gets one"
        );
    })
}

/// Reads `nats-server: v2.15.1`.
fn version(binary: &Path) -> Option<(u32, u32)> {
    let output = Command::new(binary).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.trim().rsplit_once('v')?.1.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
