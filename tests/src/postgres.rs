//! A PostgreSQL of one's own: in a directory of its own, on a free port of loopback, gone with the process that has
//! started it. Nothing but the standard library, as `cargo xtask` compiles it, too.

use std::env;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The variable that names a server for tests: `postgres://user@host:port/database`, of a user who may make databases.
pub const VARIABLE: &str = "SAGAFLOW_POSTGRES";

/// The user of a server that is started here.
const USER: &str = "sagaflow";

/// Who runs the server if this process is root's, as PostgreSQL refuses to: nobody.
const NOBODY: u32 = 65534;

/// How long the server may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running PostgreSQL; dropping it ends the server and removes its directory.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    directory: PathBuf,
    port: u16,
    /// Whether it syncs what it commits.
    durable: bool,
    server: Option<Child>,
    guard: Option<Child>,
}

impl Postgres {
    /// Makes one, and waits until it answers. One that is not durable is faster: what it has committed outlives its own
    /// death, and not that of the machine.
    ///
    /// # Errors
    ///
    /// A text that says what went wrong, and what to do.
    pub fn start(durable: bool) -> Result<Self, String> {
        let programs = programs()?;
        let directory = env::temp_dir().join(format!("sagaflow-postgres-{}-{}", std::process::id(), free_port()?));
        let trouble = |error: io::Error| format!("can't make {}: {error}", directory.display());
        fs::create_dir(&directory).map_err(trouble)?;
        if is_root(&directory)? {
            chown(&directory, Some(NOBODY), Some(NOBODY)).map_err(trouble)?;
        }
        let port = free_port()?;
        let mut postgres = Self { programs, directory, port, durable, server: None, guard: None };
        let mut initdb = postgres.command("initdb")?;
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]);
        run(initdb.arg(format!("--username={USER}")).arg("--pgdata").arg(postgres.data()))?;
        postgres.begin()?;
        Ok(postgres)
    }

    /// `postgres://sagaflow@127.0.0.1:PORT/postgres`
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The same of another database of this server.
    #[must_use]
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes a database.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub fn create_database(&self, name: &str) -> Result<(), String> {
        let mut createdb = self.command("createdb")?;
        let port = self.port.to_string();
        run(createdb.args(["--host", "127.0.0.1", "--port", &port, "--username", USER, name]))
    }

    /// Ends the server as a crash does, in the middle of whatever it is doing, and starts it again.
    ///
    /// # Errors
    ///
    /// When it does not start again.
    pub fn crash(&mut self) -> Result<(), String> {
        self.end("-QUIT");
        self.begin()
    }

    fn begin(&mut self) -> Result<(), String> {
        let log = fs::File::options().create(true).append(true).open(self.directory.join("log"));
        let log = log.map_err(|error| format!("no log of the server: {error}"))?;
        let mut command = self.command("postgres")?;
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string(), "-h", "127.0.0.1"]);
        let fsync = if self.durable { "fsync=on" } else { "fsync=off" };
        for setting in ["unix_socket_directories=", "max_connections=200", "shared_buffers=64MB", fsync] {
            command.args(["-c", setting]);
        }
        let mut server = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("postgres can't be run: {error}"))?;
        self.guard = Some(guard(&server, &self.directory)?);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Ok(Some(status)) = server.try_wait() {
                return Err(format!("postgres ended at once ({status}); its log:\n{}", self.log()));
            }
            // It listens before it is ready, and then says no.
            if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() && self.is_ready()? {
                self.server = Some(server);
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = server.kill();
        Err(format!("postgres does not answer; its log:\n{}", self.log()))
    }

    fn is_ready(&self) -> Result<bool, String> {
        let mut ready = self.command("pg_isready")?;
        let port = self.port.to_string();
        let status = ready.args(["--quiet", "--host", "127.0.0.1", "--port", &port]).status();
        Ok(status.map_err(|error| format!("pg_isready can't be run: {error}"))?.success())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// A program of PostgreSQL, not as root.
    fn command(&self, program: &str) -> Result<Command, String> {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.directory).env_remove("PGDATA").stdin(Stdio::null());
        let owner = fs::metadata(&self.directory).map_err(|error| format!("the server's directory: {error}"))?;
        if owner.uid() == NOBODY {
            command.uid(NOBODY).gid(NOBODY);
        }
        Ok(command)
    }

    fn end(&mut self, signal: &str) {
        if let Some(mut server) = self.server.take() {
            let _ = Command::new("kill").args([signal, &server.id().to_string()]).status();
            let _ = server.wait();
        }
        if let Some(mut guard) = self.guard.take() {
            if let Some(mut pipe) = guard.stdin.take() {
                let _ = io::Write::write_all(&mut pipe, b"dismissed\n");
            }
            let _ = guard.wait();
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end("-QUIT");
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Outlives this process, and then ends the server: it waits for the end of a pipe that this process holds.
fn guard(server: &Child, directory: &Path) -> Result<Child, String> {
    let script = r#"read -r _ && exit; kill -QUIT "$0"; sleep 2; rm -rf "$1""#;
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(server.id().to_string()).arg(directory);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map_err(|error| format!("no guard for the server: {error}"))
}

/// Where the programs of PostgreSQL are; installs Debian's package if they are nowhere and this is root.
fn programs() -> Result<PathBuf, String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let mut tried = "not as root".to_owned();
    if is_root(&env::temp_dir())? {
        eprintln!("installing postgresql");
        let mut update = Command::new("apt-get");
        let mut install = Command::new("apt-get");
        install.args(["install", "--yes", "--no-install-recommends", "postgresql"]);
        let installed = run(update.arg("update")).and_then(|()| run(install.env("DEBIAN_FRONTEND", "noninteractive")));
        match (installed, find()) {
            (Ok(()), Some(found)) => return Ok(found),
            (Ok(()), None) => tried = "it was installed, and is not there".to_owned(),
            (Err(error), _) => tried = error,
        }
    }
    Err(format!(
        "no PostgreSQL was found, and it can't be installed ({tried}). Install it (Debian, Ubuntu: `apt install postgresql`), \
         or let {VARIABLE} name a server, such as `postgres://user@host:5432/postgres`"
    ))
}

fn find() -> Option<PathBuf> {
    let on_path = env::var_os("PATH").into_iter().flat_map(|path| env::split_paths(&path).collect::<Vec<_>>());
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    // The newest first.
    installed.sort();
    installed.into_iter().rev().chain(on_path).find(|directory| {
        ["initdb", "postgres", "pg_isready", "createdb"].iter().all(|program| directory.join(program).is_file())
    })
}

/// Whether this process is root's: whose a new directory is, says it.
fn is_root(new: &Path) -> Result<bool, String> {
    fs::metadata(new).map(|new| new.uid() == 0).map_err(|error| format!("{}: {error}", new.display()))
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("`{name}` can't be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("`{name}` failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

fn free_port() -> Result<u16, String> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(|error| format!("no free port: {error}"))
}
