//! What a test has: a transport of its own, a client, workers, and the journal of the steps.

use std::sync::Arc;
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::transport::InstanceId;
use sagaflow::worker::WorkerBuilder;
use sagaflow::{ConnectOptions, InstanceStatus, Status, connect_with};
use sagaflow_tests::NatsServer;
use tempfile::TempDir;
use tokio::sync::{OnceCell, watch};
use tokio::time::timeout;

use super::sagas::{greedy, hurried, leisurely, poisoned, spare, trip};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// One named test per function and transport.
macro_rules! on_all_transports {
    ($($test:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::stage::Stage::in_memory().await).await;
            })*
        }

        mod in_a_directory {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::stage::Stage::in_a_directory().await).await;
            })*
        }

        mod over_nats {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::stage::Stage::over_nats(stringify!($test)).await).await;
            })*
        }
    };
}
pub(crate) use on_all_transports;

pub(crate) struct Stage {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) client: Client,
    journal: Journal,
    _directory: Option<TempDir>,
}

impl Stage {
    pub(crate) async fn in_memory() -> Self {
        Self::on(connect("embedded:").await.unwrap(), None)
    }

    pub(crate) async fn in_a_directory() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("embedded:{}", directory.path().join("records").display());
        Self::on(connect(&url).await.unwrap(), Some(directory))
    }

    /// One server for all tests, a prefix of its own for each.
    pub(crate) async fn over_nats(test: &str) -> Self {
        static SERVER: OnceCell<NatsServer> = OnceCell::const_new();
        let server = SERVER.get_or_init(NatsServer::start).await;
        let mut options = ConnectOptions::default();
        options.prefix = test.replace('_', "-");
        Self::on(connect_with(&server.url(), options).await.unwrap(), None)
    }

    fn on(transport: Arc<dyn Transport>, directory: Option<TempDir>) -> Self {
        let client = Client::new(transport.clone());
        Self { transport, client, journal: Journal::default(), _directory: directory }
    }

    /// A worker with what all sagas need. Its ack wait and grace are short, so that tests don't wait long for either.
    pub(crate) fn builder(&self) -> WorkerBuilder {
        Worker::builder(self.transport.clone())
            .provide(self.journal.clone())
            .ack_wait(Duration::from_secs(1))
            .grace(Duration::from_millis(50))
    }

    /// A worker that serves all sagas.
    pub(crate) fn worker(&self) -> RunningWorker {
        let builder = self.builder().serve::<trip>().serve::<hurried>().serve::<poisoned>();
        builder.serve::<greedy>().serve::<spare>().serve::<leisurely>().build().unwrap().spawn()
    }

    /// What the steps have written.
    pub(crate) fn log(&self) -> Vec<String> {
        self.journal.lines.borrow().clone()
    }

    pub(crate) fn clear(&self) {
        self.journal.lines.send_modify(Vec::clear);
    }

    /// Waits until a step has written a line.
    pub(crate) async fn until(&self, line: &str) {
        self.until_again(line, 1).await;
    }

    /// Waits until steps have written a line so many times.
    pub(crate) async fn until_again(&self, line: &str, times: usize) {
        let mut lines = self.journal.lines.subscribe();
        let written = lines.wait_for(|lines| lines.iter().filter(|written| *written == line).count() >= times);
        timeout(PATIENCE, written).await.expect("in time").expect("the journal stays");
    }

    /// The step that writes this line does not return until it is released.
    pub(crate) fn hold(&self, line: &str) {
        self.journal.held.send_replace(Some(line.to_owned()));
    }

    pub(crate) fn release(&self) {
        self.journal.held.send_replace(None);
    }

    /// Waits until an instance stands where it is expected.
    pub(crate) async fn status_when(&self, saga: &str, id: &str, expected: Status) -> InstanceStatus {
        let mut watch = self.transport.watch(&InstanceId::new(saga, id).unwrap()).await.unwrap();
        let found = timeout(PATIENCE, async {
            loop {
                watch.next().await.expect("the transport is open").unwrap();
                match self.client.status(saga, id).await {
                    Ok(status) if status.status == expected => return status,
                    _ => {}
                }
            }
        });
        found.await.expect("in time")
    }
}

/// What the steps do, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal {
    lines: Arc<watch::Sender<Vec<String>>>,
    held: Arc<watch::Sender<Option<String>>>,
}

impl Journal {
    /// Writes a line, and waits while it is held.
    pub(crate) async fn write(&self, line: String) {
        self.lines.send_modify(|lines| lines.push(line.clone()));
        let mut held = self.held.subscribe();
        let _ = held.wait_for(|held| held.as_ref() != Some(&line)).await;
    }
}
