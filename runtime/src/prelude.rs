//! What nearly every application names: `use sagaflow::prelude::*;`.

pub use crate::{
    Boxed, Call, Client, Dependencies, Detached, Durable, Failure, Handle, IfExists, Rejected, ReplyTo, RunningWorker,
    Saga, SagaError, Started, StartedSet, StepContext, StepError, TimedOut, Transport, Winner, Worker, attach,
    attribute, commit, compensate, connect, defer, emit, join, join_all, progress, promise, race, race_all, request,
    retry, saga, scheduled, signal, signal_to, sleep, sleep_until, step, try_join, try_join_all,
};
