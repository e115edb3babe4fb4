//! What is put together: sagas in sagas, sleeps, timeouts. Each saga is run inline (the oracle), durably in the lab, with every crash and
//! every trouble with a delivery in turn; and over NATS.

#[path = "composition/support.rs"]
mod support;

#[path = "composition/alone.rs"]
mod alone;
#[path = "composition/between.rs"]
mod between;
#[path = "composition/boxed.rs"]
mod boxed;
#[path = "composition/bytes.rs"]
mod bytes;
#[path = "composition/child_ids.rs"]
mod child_ids;
#[path = "composition/children.rs"]
mod children;
#[path = "composition/errors.rs"]
mod errors;
#[path = "composition/events.rs"]
mod events;
#[path = "composition/family.rs"]
mod family;
#[path = "composition/fan_out.rs"]
mod fan_out;
#[path = "composition/given_up.rs"]
mod given_up;
#[path = "composition/handles.rs"]
mod handles;
#[path = "composition/history.rs"]
mod history;
#[path = "composition/hooks.rs"]
mod hooks;
#[path = "composition/joins.rs"]
mod joins;
#[path = "composition/limits.rs"]
mod limits;
#[path = "composition/mailbox.rs"]
mod mailbox;
#[path = "composition/nested.rs"]
mod nested;
#[path = "composition/progress.rs"]
mod progress;
#[path = "composition/races.rs"]
mod races;
#[path = "composition/schedules.rs"]
mod schedules;
#[path = "composition/scopes.rs"]
mod scopes;
#[path = "composition/steps.rs"]
mod steps;
#[path = "composition/time.rs"]
mod time;
