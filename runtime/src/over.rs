//! Whether an attempt is over, for a step that still runs.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::watch;

/// Set once, when an attempt is over: what the step does from then on is for nothing. The default is for those that nobody tells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Over(Option<Arc<watch::Sender<bool>>>);

impl Over {
    pub(crate) fn new() -> Self {
        Self(Some(Arc::new(watch::Sender::new(false))))
    }

    /// It is over.
    pub(crate) fn set(&self) {
        self.0.iter().for_each(|over| {
            over.send_replace(true);
        });
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.as_ref().is_some_and(|over| *over.borrow())
    }

    /// Ready when it is over.
    pub(crate) async fn wait(&self) {
        match &self.0 {
            // The sender is here, so that it can't be closed.
            Some(over) => drop(over.subscribe().wait_for(|over| *over).await),
            None => pending().await,
        }
    }
}
