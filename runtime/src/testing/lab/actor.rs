//! The attempts of one worker: written down, and done as the plan, a mock, or the step's body says.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, pending};

use super::desk::Desk;
use super::journal::Ending;
use super::mock::{Act, Answer};
use super::plan::Fault;
use super::scene::Scene;
use crate::Dependencies;
use crate::definition::{AttemptOutput, NoOutput, StepDefinition};
use crate::inject::Injected;
use crate::machine::panic_text;
use crate::record::StepCall;
use crate::worker::{Rehearsal, Rehearsed};

/// From this attempt on an error that would be retried for long counts as one that is not.
const ENOUGH: u32 = 20;

/// Makes the attempts of one worker.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) scene: Arc<Scene>,
    pub(super) desk: Arc<Desk>,
}

/// What an attempt is to do.
enum Role {
    Body,
    /// The body, and then it never ends.
    BodyAndHang,
    Output(AttemptOutput),
    Answer(Arc<Answer>, Dependencies),
    Panic(String),
    Hang,
}

impl Rehearsal for Actor {
    fn runs_body(&self, step: &str) -> bool {
        let setup = &self.scene.setup;
        setup.mocks.get(step).map_or(!setup.only_mocks, super::mock::Script::may_run)
    }

    fn attempt(&self, attempt: Rehearsed) -> BoxFuture<'static, Result<AttemptOutput, NoOutput>> {
        let (scene, desk) = (self.scene.clone(), self.desk.clone());
        Box::pin(async move {
            desk.live().await;
            let Rehearsed { instance, step, call, injected } = attempt;
            let (index, name) = scene.journal.begin(&instance, desk.number, step.name(), &call, scene.look());
            let mut open = Open { scene: &scene, index, closed: false };
            let role = scene.role(&step, &call, index, name);
            let ended = AssertUnwindSafe(perform(role, step, &call, injected)).catch_unwind().await;
            open.close(match &ended {
                Ok(Ok(AttemptOutput { output, error })) => {
                    Ending::Output { output: output.clone(), error: error.as_ref().map(|error| error.text.clone()) }
                }
                Ok(Err(error)) => Ending::Unsavable(error.to_string()),
                Err(panic) => Ending::Panicked(panic_text(&**panic)),
            });
            ended.unwrap_or_else(|panic| resume_unwind(panic))
        })
    }
}

async fn perform(
    role: Role,
    step: Arc<StepDefinition>,
    call: &StepCall,
    injected: Injected,
) -> Result<AttemptOutput, NoOutput> {
    match role {
        Role::Body => step.run(&call.args, injected).await,
        Role::BodyAndHang => {
            let ended = step.run(&call.args, injected).await?;
            if ended.error.is_none() { pending().await } else { Ok(ended) }
        }
        Role::Output(output) => Ok(output),
        Role::Answer(answer, world) => Ok(answer(&step, &call.args, &world)?),
        // Without the hook of panics: it is no surprise.
        Role::Panic(text) => resume_unwind(Box::new(text)),
        Role::Hang => pending().await,
    }
}

impl Scene {
    /// What an attempt is to do.
    fn role(&self, step: &StepDefinition, call: &StepCall, index: usize, name: String) -> Role {
        let met = self.meets(|fault| match fault {
            Fault::Fail { call, .. } | Fault::Panic(call) | Fault::TimeOut(call) => *call == name,
            _ => false,
        });
        match met {
            Some(Fault::Fail { with, .. }) => {
                self.journal.instead(index, "as the plan says");
                return self.failure(step, call, &with);
            }
            Some(Fault::Panic(_)) => {
                self.journal.instead(index, "as the plan says");
                return Role::Panic("it panics, as the plan says".to_owned());
            }
            Some(Fault::TimeOut(_)) => {
                self.journal.instead(index, "and never ends, as the plan says");
                return Role::BodyAndHang;
            }
            _ => {}
        }
        let script = self.setup.mocks.get(step.name());
        let act = script.and_then(|script| script.act(self.number(step.name(), name, call.attempt)));
        if act.is_some_and(|act| !matches!(act, Act::Run)) {
            self.journal.instead(index, "mocked");
        }
        match act {
            None if self.setup.only_mocks => {
                let text = format!("step `{}` has no mock for this attempt, and only mocks are to run", step.name());
                self.give_up(text.clone());
                Role::Panic(text)
            }
            None | Some(Act::Run) => Role::Body,
            Some(Act::Output(output)) => Role::Output(output.clone()),
            Some(Act::Panic(text)) => Role::Panic(text.clone()),
            Some(Act::Hang) => Role::Hang,
            Some(Act::Answer(answer)) => Role::Answer(answer.clone(), self.world.clone()),
        }
    }

    /// The failure of a step that the plan names.
    fn failure(&self, step: &StepDefinition, call: &StepCall, with: &str) -> Role {
        let failures = step.failures();
        let known = failures.iter().find(|(name, _)| name == with);
        let Some((_, output)) = known else {
            let names: Vec<_> = failures.iter().map(|(name, _)| format!("`{name}`")).collect();
            let text = match names.is_empty() {
                true => format!("step `{}` has no errors to fail with: write `panic`", step.name()),
                false => format!("step `{}` has no error `{with}`; there are {}", step.name(), names.join(", ")),
            };
            self.give_up(text.clone());
            return Role::Panic(text);
        };
        let mut output = output.clone();
        if let Some(error) = &mut output.error {
            error.terminal |= call.attempt >= ENOUGH;
        }
        Role::Output(output)
    }
}

/// An attempt that is being made. Dropped before it is closed, it was dropped where it stood.
struct Open<'s> {
    scene: &'s Arc<Scene>,
    index: usize,
    closed: bool,
}

impl Open<'_> {
    fn close(&mut self, ending: Ending) {
        self.closed = true;
        let scene = self.scene;
        scene.journal.end(self.index, ending, scene.look());
        scene.calmer.notify_one();
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.closed {
            self.close(Ending::Dropped);
        }
    }
}
