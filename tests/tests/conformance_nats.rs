//! The NATS transport held to the conformance suite: one server for all tests, a prefix of its own for each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use sagaflow::testing::conformance::Harness;
use sagaflow::{ConnectOptions, Error, Transport, connect_with};
use sagaflow_tests::NatsServer;
use tokio::sync::OnceCell;

/// A server shared by the tests of this file. It restarts in none of them: that would disturb the others.
async fn server() -> &'static NatsServer {
    static SERVER: OnceCell<NatsServer> = OnceCell::const_new();
    SERVER.get_or_init(NatsServer::start).await
}

struct Nats {
    url: String,
    prefix: String,
}

impl Nats {
    async fn new() -> Self {
        static TESTS: AtomicU32 = AtomicU32::new(0);
        let test = TESTS.fetch_add(1, Ordering::Relaxed);
        Self { url: server().await.url().to_string(), prefix: format!("conformance{test}") }
    }

    async fn connect(&self) -> Result<Arc<dyn Transport>, Error> {
        let mut options = ConnectOptions::default();
        options.prefix.clone_from(&self.prefix);
        connect_with(&self.url, options).await
    }
}

impl Harness for Nats {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>, Error>> {
        Box::pin(self.connect())
    }

    /// A restart of the process; what a restart of the server does is tested elsewhere.
    fn reopen(&self, old: Arc<dyn Transport>) -> BoxFuture<'_, Result<Option<Arc<dyn Transport>>, Error>> {
        Box::pin(async move {
            old.close().await?;
            self.connect().await.map(Some)
        })
    }

    fn ack_wait(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// Longer than what is handed back with a delay.
    fn long_wait(&self) -> Duration {
        Duration::from_millis(5200)
    }
}

sagaflow::conformance_suite!(Nats::new().await);
