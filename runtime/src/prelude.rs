//! What nearly every application names: `use sagaflow::prelude::*;`.

pub use crate::{
    Call, Client, Error, Failure, Handle, IfExists, RunningWorker, SagaError, Status, StepContext, StepError,
    Transport, Worker, compensate, connect, retry, saga, step,
};
