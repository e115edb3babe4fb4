//! One attempt of a step: however the user's code ends, it ends here.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use tokio::time::timeout;

use super::Shared;
use crate::context::{IdempotencyKey, StepContext};
use crate::definition::StepDefinition;
use crate::engine::Ending;
use crate::inject::Injected;
use crate::machine::panic_text;
use crate::record::{FaultKind, StepCall};
use crate::transport::InstanceId;

/// Runs one attempt. A step that takes longer than its policy's `timeout` is dropped where it stands.
pub(super) async fn attempt(
    worker: &Shared,
    instance: &InstanceId,
    step: &Arc<StepDefinition>,
    call: &StepCall,
) -> Ending {
    let key = IdempotencyKey::new(instance, &call.site, call.occurrence);
    let context = StepContext::new(instance.clone(), &call.step, key, call.attempt);
    let injected = Injected::new(worker.dependencies.clone(), context);
    let run = AssertUnwindSafe(step.clone().run(call.args.clone(), injected)).catch_unwind();
    let ended = match step.policy().timeout {
        None => run.await,
        Some(limit) => match timeout(limit, run).await {
            Ok(ended) => ended,
            Err(_) => return Ending::Fault(FaultKind::TimedOut, format!("no output within {limit:?}")),
        },
    };
    match ended {
        Ok(Ok(output)) => Ending::Output(output),
        Ok(Err(unreadable)) => Ending::Unsavable(unreadable.to_string()),
        Err(panic) => Ending::Fault(FaultKind::Panicked, panic_text(&*panic)),
    }
}
