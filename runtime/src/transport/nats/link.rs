//! How the connection fares: told to the operator, and to the parts that must mend themselves after a loss.

use std::sync::{Arc, Mutex, PoisonError};

use async_nats::{Event, ServerError};
use tokio::sync::watch;

use super::denials::{Denial, Denials, Since};

/// The connection's state now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) connected: bool,
    /// How often the connection was lost: with it went all open requests for deliveries.
    pub(super) losses: u64,
    /// Ended for good.
    pub(super) ended: bool,
}

/// What is known of one connection. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Link(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    state: watch::Sender<State>,
    denials: Denials,
    /// The last failure to reconnect that was told, so that an outage does not fill the log with one line.
    told: Mutex<String>,
}

impl Link {
    pub(super) fn new(name: &str, inbox_prefix: &str) -> Self {
        let (state, _) = watch::channel(State { connected: true, losses: 0, ended: false });
        let (denials, told) = (Denials::new(inbox_prefix), Mutex::default());
        Self(Arc::new(Inner { name: name.to_owned(), state, denials, told }))
    }

    pub(super) fn state(&self) -> State {
        *self.0.state.borrow()
    }

    pub(super) fn watch(&self) -> watch::Receiver<State> {
        self.0.state.subscribe()
    }

    /// Waits until there is a connection.
    pub(super) async fn connected(&self) {
        // Fails only without a sender, and this link is one.
        let _ = self.watch().wait_for(|state| state.connected).await;
    }

    /// Waits until the connection has ended for good.
    pub(super) async fn ended(&self) {
        let _ = self.watch().wait_for(|state| state.ended).await;
    }

    /// What the server said if it has refused to let this user publish or subscribe to `subject`.
    pub(super) fn denial(&self, subject: &str) -> Option<Denial> {
        self.0.denials.of(subject)
    }

    /// Now, for [`denied`](Self::denied).
    pub(super) fn since(&self) -> Since {
        self.0.denials.since()
    }

    /// Waits until the server refuses to let this user publish or subscribe to `subject`, or to get answers at all; for ever if it
    /// doesn't.
    pub(super) async fn denied(&self, subject: &str, since: Since) -> Denial {
        self.0.denials.wait(subject, since).await
    }

    /// Waits for denials after a moment, and moves that on.
    pub(super) async fn denials(&self, since: &mut Since) -> Vec<Denial> {
        self.0.denials.next(since).await
    }

    /// Set if this user may not get answers.
    pub(super) fn answers_denied(&self) -> Option<Denial> {
        self.0.denials.answers()
    }

    /// Takes an event of the client: tells the operator, and updates the state.
    pub(super) fn on(&self, event: Event) {
        let Inner { name, state, denials, told } = &*self.0;
        match event {
            Event::Connected => {
                told.lock().unwrap_or_else(PoisonError::into_inner).clear();
                denials.clear();
                tracing::info!("connected to NATS at {name}");
                state.send_modify(|state| state.connected = true);
            }
            Event::Disconnected => {
                tracing::warn!("lost the connection to NATS at {name}; connecting again, running sagas wait");
                state.send_modify(|state| {
                    state.connected = false;
                    state.losses += 1;
                });
            }
            Event::Closed => {
                tracing::debug!("the connection to NATS at {name} has ended");
                state.send_modify(|state| {
                    state.connected = false;
                    state.ended = true;
                });
            }
            Event::LameDuckMode => tracing::info!("a NATS server of {name} is about to shut down; moving to another"),
            Event::SlowConsumer(_) | Event::ServerError(ServerError::SlowConsumer(_)) => {
                tracing::warn!(
                    "messages from NATS at {name} come faster than they are taken: some were dropped and will come again"
                );
            }
            Event::ServerError(ServerError::Other(text)) => match Denial::read(&text) {
                Some(denial) => {
                    tracing::error!("NATS at {name} refuses: {denial}");
                    denials.add(denial);
                }
                None => tracing::error!("NATS at {name} says: {text}"),
            },
            Event::ServerError(error) => tracing::error!("NATS at {name} says: {error}"),
            Event::ClientError(error) => {
                let text = error.to_string();
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                if *told != text {
                    tracing::warn!("can't reach NATS at {name} yet: {text}");
                    *told = text;
                }
            }
            Event::Draining => tracing::debug!("closing the connection to NATS at {name}"),
        }
    }
}
