//! What only the NATS transport does; what every transport must do is `sagaflow::testing::conformance`.

#[path = "nats_transport/support.rs"]
mod support;

#[path = "nats_transport/append.rs"]
mod append;
#[path = "nats_transport/connect.rs"]
mod connect;
#[path = "nats_transport/deliveries.rs"]
mod deliveries;
#[path = "nats_transport/faults.rs"]
mod faults;
#[path = "nats_transport/layout.rs"]
mod layout;
#[path = "nats_transport/mail.rs"]
mod mail;
#[path = "nats_transport/sweeper.rs"]
mod sweeper;
#[path = "nats_transport/timers.rs"]
mod timers;
#[path = "nats_transport/watch.rs"]
mod watch;
