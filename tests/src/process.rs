//! A worker in a process of its own, which a test can stop, continue and end.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running process. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Waiting for the child would close it.
    _input: Option<ChildStdin>,
    output: Lines,
    errors: Lines,
}

/// Lines, and when they came.
type Lines = Arc<watch::Sender<Vec<(Instant, String)>>>;

impl Process {
    /// Starts a program. It is given an input that stays open for as long as this process lives.
    ///
    /// # Panics
    ///
    /// If it can't be started.
    #[must_use]
    pub fn start(program: impl AsRef<Path>, arguments: &[&str]) -> Self {
        let mut command = Command::new(program.as_ref());
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().expect("the program starts");
        let output = read(child.stdout.take().expect("it is piped"));
        let errors = read(child.stderr.take().expect("it is piped"));
        Self { _input: child.stdin.take(), child, output, errors }
    }

    /// The lines of its output so far, and when they came.
    #[must_use]
    pub fn lines(&self) -> Vec<(Instant, String)> {
        self.output.borrow().clone()
    }

    /// Waits until its output is as asked for.
    ///
    /// # Panics
    ///
    /// If it isn't for a minute.
    pub async fn until(&self, what: &str, is: impl FnMut(&Vec<(Instant, String)>) -> bool) {
        if timeout(PATIENCE, self.output.subscribe().wait_for(is)).await.is_err() {
            panic!("no {what} in\n{:#?}\n{:#?}", self.lines(), self.errors.borrow());
        }
    }

    /// Waits for a line of its output.
    ///
    /// # Panics
    ///
    /// If it doesn't come in a minute.
    pub async fn says(&self, line: &str) {
        self.until(line, |lines| lines.iter().any(|(_, said)| said == line)).await;
    }

    /// Waits for a line of its log with all of these in it.
    ///
    /// # Panics
    ///
    /// If none comes in a minute.
    pub async fn logs(&self, parts: &[&str]) -> String {
        let find = |lines: &Vec<(Instant, String)>| {
            lines.iter().map(|(_, line)| line).find(|line| parts.iter().all(|part| line.contains(part))).cloned()
        };
        let mut errors = self.errors.subscribe();
        match timeout(PATIENCE, errors.wait_for(|lines| find(lines).is_some())).await {
            Ok(lines) => find(&lines.expect("the sender is here")).expect("it was found"),
            Err(_) => panic!("no {parts:?} in\n{:#?}", self.errors.borrow()),
        }
    }

    /// Sends it a signal: `TERM`, `STOP`, `CONT`.
    ///
    /// # Panics
    ///
    /// If it has ended.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status().await;
        assert!(sent.is_ok_and(|status| status.success()), "can't send {name}");
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    ///
    /// If it hasn't in a minute.
    pub async fn ends(&mut self) -> ExitStatus {
        match timeout(PATIENCE, self.child.wait()).await {
            Ok(status) => status.expect("its status"),
            Err(_) => panic!("it doesn't end; its log:\n{:#?}", self.errors.borrow()),
        }
    }
}

fn read(from: impl AsyncRead + Unpin + Send + 'static) -> Lines {
    let lines = Lines::default();
    let sender = lines.clone();
    tokio::spawn(async move {
        let mut from = BufReader::new(from).lines();
        while let Ok(Some(line)) = from.next_line().await {
            sender.send_modify(|lines| lines.push((Instant::now(), line)));
        }
    });
    lines
}
