//! The embedded transport, in memory and on disk, held to the conformance suite.

use std::sync::Arc;

use futures::future::BoxFuture;
use sagaflow::testing::conformance::Harness;
use sagaflow::transport::embedded;
use sagaflow::{Error, Transport};
use tempfile::TempDir;

struct Memory;

impl Harness for Memory {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>, Error>> {
        Box::pin(async { Ok(embedded::memory() as _) })
    }
}

struct Disk(TempDir);

impl Disk {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }
}

impl Harness for Disk {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>, Error>> {
        Box::pin(async { Ok(embedded::open(self.0.path())? as _) })
    }

    fn reopen(&self, old: Arc<dyn Transport>) -> BoxFuture<'_, Result<Option<Arc<dyn Transport>>, Error>> {
        Box::pin(async move {
            old.close().await?;
            Ok(Some(embedded::open(self.0.path())? as _))
        })
    }
}

mod memory {
    use super::Memory;

    sagaflow::conformance_suite!(Memory);
}

mod disk {
    use super::Disk;

    sagaflow::conformance_suite!(Disk::new());
}
