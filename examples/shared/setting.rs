//! Where an example runs, and how it is run to its end.

use std::error::Error;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::{ErrorKind, ErrorOf, InstanceStatus, Status, ValueOf};

use crate::journal::Journal;
use crate::kills::kill_and_restart;

/// What an example fails with.
pub type Failed = Box<dyn Error + Send + Sync>;

/// How often it is looked whether an instance waits for an operator: here there is none.
const LOOK: Duration = Duration::from_secs(1);

/// The options that all of them have.
#[derive(Debug, Clone, clap::Args)]
pub struct Setting {
    /// Where the saga's records are: `embedded:`, `embedded:PATH` or `nats://HOST:PORT`
    #[arg(long, value_name = "URL", default_value = "embedded:")]
    pub transport: String,
    /// The journal of what the services have done
    /// [default: none for `embedded:`, otherwise a file named after the transport]
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
}

/// How an instance has ended.
pub struct Ended<S: Saga> {
    /// What it has returned.
    pub outcome: Result<ValueOf<S>, SagaError<ErrorOf<S>>>,
    /// How it stands.
    pub status: InstanceStatus,
    /// Whether it had ended before this process began.
    pub before: bool,
}

impl<S: Saga> fmt::Debug for Ended<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ended").field("status", &self.status).field("before", &self.before).finish_non_exhaustive()
    }
}

impl Setting {
    /// Where the journal is; what survives a crash in the transport must survive it in the journal, too.
    #[must_use]
    pub fn journal_path(&self, example: &str) -> Option<PathBuf> {
        if let Some(given) = &self.journal {
            return Some(given.clone());
        }
        match self.transport.strip_prefix("embedded:") {
            Some("") => None,
            Some(path) => Some(format!("{}.{example}.jsonl", path.trim_end_matches('/')).into()),
            None => {
                let mut hasher = DefaultHasher::new();
                self.transport.hash(&mut hasher);
                let name = format!("sagaflow-{example}-{:016x}.jsonl", hasher.finish());
                Some(std::env::temp_dir().join(name))
            }
        }
    }

    /// Has another process of this program do the work, kills it so many times on the way to so many effects, and starts it again. Whether it
    /// has come to its end as it should. What needs to be durable for that is in a directory that is removed afterwards, if nothing else was said.
    ///
    /// The program's own options must let a later one override an earlier one.
    ///
    /// # Errors
    ///
    /// When there is no directory, or a process can't be started or does nothing.
    pub fn killed(&self, kills: usize, effects: usize) -> Result<bool, Failed> {
        let directory = tempfile::tempdir()?;
        let transport = match self.transport.as_str() {
            "embedded:" => format!("embedded:{}", directory.path().join("records").display()),
            url => url.to_owned(),
        };
        let journal = self.journal.clone().unwrap_or_else(|| directory.path().join("journal.jsonl"));
        let mut arguments: Vec<_> = std::env::args().skip(1).collect();
        for (option, value) in
            [("--kills", "0"), ("--transport", &transport), ("--journal", &journal.to_string_lossy())]
        {
            arguments.extend([option.to_owned(), value.to_owned()]);
        }
        let at: Vec<_> = (1..=kills).map(|kill| effects * kill / (kills + 1)).collect();
        let killed = kill_and_restart(&arguments, &journal, &at)?;
        if killed.kills < kills {
            println!("it was at its end after {} kills", killed.kills);
        }
        Ok(killed.last.success())
    }

    /// Opens the journal.
    ///
    /// # Errors
    ///
    /// When its file can't be used.
    pub fn journal(&self, example: &str) -> Result<Journal, Failed> {
        let Some(path) = self.journal_path(example) else { return Ok(Journal::default()) };
        Journal::open(&path).map_err(|error| format!("can't use the journal {}: {error}", path.display()).into())
    }
}

/// Starts an instance and waits for its end. One that was started before, by a process that was killed, is not started again.
///
/// # Errors
///
/// When the transport fails for good, or the instance waits for an operator.
pub async fn carry_out<S: Saga>(
    transport: &Arc<dyn Transport>,
    journal: &Journal,
    call: Call<S>,
    id: &str,
) -> Result<Ended<S>, Failed> {
    let client = Client::new(transport.clone());
    let before = match client.status(S::NAME, id).await {
        Ok(status) => status.status.is_terminal(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Of another life: the server or the directory was emptied since.
            journal.forget(&format!("{}/{id}", S::NAME))?;
            false
        }
        Err(error) => return Err(error.into()),
    };
    let handle = client.start(call).id(id).await?;
    let mut outcome = pin!(handle.outcome());
    let outcome = loop {
        tokio::select! {
            outcome = &mut outcome => break outcome?,
            () = tokio::time::sleep(LOOK) => {
                let status = handle.status().await?;
                if matches!(status.status, Status::Stuck | Status::Paused) {
                    let reason = status.reason.unwrap_or_default();
                    return Err(format!("{} waits for an operator: {reason}", status.instance).into());
                }
            }
        }
    };
    Ok(Ended { outcome, status: handle.status().await?, before })
}

/// Warnings go to the standard error, unless `RUST_LOG` says something else.
pub fn quiet_logs() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| "warn,sagaflow::worker::job=error,sagaflow::worker::leaf=error".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
}
