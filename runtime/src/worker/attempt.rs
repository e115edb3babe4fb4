//! One attempt of a step: however the user's code ends, it ends here.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
#[cfg(feature = "testing")]
use futures::future::BoxFuture;
use tokio::time::timeout;

use super::Shared;
use super::leaf::Whose;
use crate::context::{IdempotencyKey, Of, StepContext};
#[cfg(feature = "testing")]
use crate::definition::AttemptOutput;
use crate::definition::{NoOutput, StepDefinition};
use crate::engine::Ending;
use crate::inject::Injected;
use crate::machine::panic_text;
use crate::over::Over;
use crate::record::{FaultKind, StepCall};
#[cfg(feature = "testing")]
use crate::transport::InstanceId;

/// Runs the bodies of steps in the worker's place: the test kit, which sees each attempt and may put something else there. It also
/// keeps the worker's deliveries alive.
#[cfg(feature = "testing")]
pub(crate) trait Rehearsal: std::fmt::Debug + Send + Sync {
    /// Whether the body of this step may be run, so that what it injects has to be there.
    fn runs_body(&self, step: &str) -> bool;

    /// Makes one attempt.
    fn attempt(&self, attempt: Rehearsed) -> BoxFuture<'static, Result<AttemptOutput, NoOutput>>;
}

/// An attempt that is to be made.
#[cfg(feature = "testing")]
#[derive(Debug)]
pub(crate) struct Rehearsed {
    pub(crate) instance: InstanceId,
    pub(crate) step: Arc<StepDefinition>,
    pub(crate) call: StepCall,
    pub(crate) injected: Injected,
}

/// Runs one attempt. A step that takes longer than its policy's `timeout` is dropped where it stands.
pub(super) async fn attempt(worker: &Shared, whose: Whose<'_>, step: &Arc<StepDefinition>, call: &StepCall) -> Ending {
    let heard = step.takes_context().then(|| worker.attempts.begin(whose.instance, call.occurrence));
    let over = heard.as_ref().map(|attempt| attempt.over.clone()).unwrap_or_default();
    let injected = injected(worker, whose, step, call, over);
    // Async, so that a panic while the arguments are read is caught, too.
    let run = async {
        #[cfg(feature = "testing")]
        if let Some(rehearsal) = &worker.options.rehearsal {
            let (instance, step, call) = (whose.instance.clone(), step.clone(), call.clone());
            return rehearsal.attempt(Rehearsed { instance, step, call, injected }).await;
        }
        step.clone().run(&call.args, injected).await
    };
    let run = AssertUnwindSafe(run).catch_unwind();
    let ended = match step.policy().timeout {
        None => run.await,
        Some(limit) => match timeout(limit, run).await {
            Ok(ended) => ended,
            Err(_) => return Ending::Fault(FaultKind::TimedOut, format!("no output within {limit:?}")),
        },
    };
    match ended {
        Ok(Ok(output)) => Ending::Output(output),
        Ok(Err(NoOutput::Unsavable(reason))) => Ending::Unsavable(reason),
        Ok(Err(NoOutput::Fault(kind, text))) => Ending::Fault(kind, text),
        Err(panic) => Ending::Fault(FaultKind::Panicked, panic_text(&*panic)),
    }
}

/// What the step gets.
fn injected(worker: &Shared, whose: Whose<'_>, step: &StepDefinition, call: &StepCall, over: Over) -> Injected {
    let Whose { instance, standing, trace, started, progress } = whose;
    let key = IdempotencyKey::new(instance, &call.site, call.occurrence);
    let (transport, standing) = (worker.transport.clone(), standing.clone());
    let of = Of {
        instance: instance.clone(),
        standing,
        transport,
        trace: trace.cloned(),
        started,
        undoes: call.undoes,
        progress: progress.cloned(),
    };
    Injected::new(worker.dependencies.clone(), StepContext::new(of, step.name(), key, call.attempt, over))
}
