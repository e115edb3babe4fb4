//! What nearly every application names: `use sagaflow::prelude::*;`.

pub use crate::{
    Call, Client, Dependencies, Failure, Handle, IfExists, RunningWorker, SagaError, StepContext, StepError, Transport,
    Worker, compensate, connect, retry, saga, step,
};
