//! What operators see and do: how instances stand, what sets those going again that wait for somebody, and what is done to many. In memory and over
//! NATS.

#[path = "operators/support.rs"]
mod support;

#[path = "operators/about.rs"]
mod about;
#[path = "operators/bad_input.rs"]
mod bad_input;
#[path = "operators/list.rs"]
mod list;
#[path = "operators/pause.rs"]
mod pause;
#[path = "operators/stuck.rs"]
mod stuck;
#[path = "operators/terminate.rs"]
mod terminate;
#[path = "operators/watch.rs"]
mod watch;
