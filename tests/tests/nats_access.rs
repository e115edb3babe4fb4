//! Who may connect to a NATS server, what he may do there, and what is said when it isn't enough.

#[path = "nats_access/bad_input.rs"]
mod bad_input;
#[path = "nats_access/credentials.rs"]
mod credentials;
#[path = "nats_access/ingress.rs"]
mod ingress;
#[path = "nats_access/missing.rs"]
mod missing;
#[path = "nats_access/permissions.rs"]
mod permissions;
#[path = "nats_access/provision.rs"]
mod provision;
#[path = "nats_access/sagas.rs"]
mod sagas;
#[path = "nats_access/support.rs"]
mod support;
#[path = "nats_access/tls.rs"]
mod tls;
