//! A step without its types: how to run it, how to retry it, how to undo it.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::Call;
use crate::Failure;
use crate::inject::Injected;
use crate::message::{ErrorOf, Message, Shape, ValueOf};
use crate::record::{Unreadable, Value};
use crate::retry::RetryPolicy;
use crate::step::Step;

/// A step as a worker runs it. Filled by [`Step::define`].
pub struct StepDefinition {
    name: &'static str,
    type_id: TypeId,
    policy: RetryPolicy,
    needs: Vec<Need>,
    compensation: Option<Compensation>,
    /// `Fn(&ErrorOf<S>) -> bool`, behind `Any`.
    terminal: Vec<Terminal>,
    run: fn(Arc<StepDefinition>, Value, Injected) -> Running,
}

type Running = BoxFuture<'static, Result<AttemptOutput, Unreadable>>;
type Terminal = Box<dyn Fn(&dyn Any) -> bool + Send + Sync>;
type Make = Box<dyn Fn(&Value, Option<&Value>) -> Result<Value, String> + Send + Sync>;

/// A dependency that a step injects.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// The parameter's name.
    pub parameter: &'static str,
    /// Its type's name.
    pub type_name: &'static str,
    pub(crate) type_id: TypeId,
}

/// How a step is undone.
pub struct Compensation {
    /// Whether it is registered before the first attempt (it doesn't use the step's output).
    pub before: bool,
    /// The step that undoes. (Not its definition: two steps may undo each other.)
    step: (&'static str, fn() -> Arc<StepDefinition>),
    make: Make,
}

/// The output of an attempt.
#[derive(Debug, Clone)]
pub struct AttemptOutput {
    /// The step's output (`Ok` or `Err`, or a plain value).
    pub output: Value,
    /// If it is an `Err`: its text, and whether it is not to be retried.
    pub error: Option<(String, bool)>,
}

impl StepDefinition {
    /// The definition of a step.
    #[must_use]
    pub fn of<S: Step>() -> Arc<Self> {
        let mut definition = Self {
            name: S::NAME,
            type_id: TypeId::of::<S>(),
            policy: RetryPolicy::never(),
            needs: Vec::new(),
            compensation: None,
            terminal: Vec::new(),
            run: run::<S>,
        };
        S::define(&mut definition);
        Arc::new(definition)
    }

    /// Sets the retry policy; without one, a step has one attempt.
    pub fn retry(&mut self, policy: RetryPolicy) {
        self.policy = policy;
    }

    /// Says that a parameter is injected.
    pub fn needs<T: Send + Sync + 'static>(&mut self, parameter: &'static str) {
        self.needs.push(Need { parameter, type_name: type_name::<T>(), type_id: TypeId::of::<T>() });
    }

    /// Says which errors are not retried.
    pub fn terminal<E: 'static>(&mut self, is_terminal: impl Fn(&E) -> bool + Send + Sync + 'static) {
        self.terminal.push(Box::new(move |error| error.downcast_ref().is_some_and(&is_terminal)));
    }

    /// Sets the compensation, registered before the first attempt.
    pub fn undone_by_arguments<S: Step, C: Step>(&mut self, make: impl Fn(S) -> Call<C> + Send + Sync + 'static) {
        let make: Make = Box::new(move |args, _| {
            let message = args.read::<S>().map_err(|error| error.to_string())?;
            Value::write(&make(message).message).map_err(|error| error.to_string())
        });
        self.compensation = Some(Compensation { before: true, step: (C::NAME, StepDefinition::of::<C>), make });
    }

    /// Sets the compensation, registered with the step's success.
    pub fn undone_by_output<S: Step, C: Step>(
        &mut self,
        make: impl Fn(S, ValueOf<S>) -> Call<C> + Send + Sync + 'static,
    ) {
        let make: Make = Box::new(move |args, output| {
            let message = args.read::<S>().map_err(|error| error.to_string())?;
            let output = output.ok_or("there is no output")?;
            let output = S::Shape::read(output).map_err(|error| error.to_string())?;
            let Ok(value) = S::Shape::split(output) else { return Err("the output is an error".to_owned()) };
            Value::write(&make(message, value).message).map_err(|error| error.to_string())
        });
        self.compensation = Some(Compensation { before: false, step: (C::NAME, StepDefinition::of::<C>), make });
    }

    /// The step's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The step's retry policy.
    #[must_use]
    pub fn policy(&self) -> &RetryPolicy {
        &self.policy
    }

    /// What it injects.
    #[must_use]
    pub fn dependencies(&self) -> &[Need] {
        &self.needs
    }

    /// How it is undone, if it is.
    #[must_use]
    pub fn compensation(&self) -> Option<&Compensation> {
        self.compensation.as_ref()
    }

    pub(crate) fn type_id(&self) -> TypeId {
        self.type_id
    }

    /// Runs one attempt.
    ///
    /// # Errors
    ///
    /// When the arguments don't fit, or the output can't be saved.
    pub(crate) fn run(self: Arc<Self>, args: Value, injected: Injected) -> Running {
        (self.run)(self, args, injected)
    }

    fn is_terminal<E: 'static>(&self, error: &E) -> bool {
        let failure = (error as &dyn Any).downcast_ref::<Failure>();
        failure.is_some_and(Failure::is_terminal) || self.terminal.iter().any(|terminal| terminal(error))
    }
}

impl Compensation {
    /// The name of the step that undoes.
    #[must_use]
    pub fn step(&self) -> &'static str {
        self.step.0
    }

    pub(crate) fn definition(&self) -> Arc<StepDefinition> {
        (self.step.1)()
    }

    /// The compensating step's arguments.
    ///
    /// # Errors
    ///
    /// A text when the forward step's arguments or output don't fit, or the call can't be saved.
    pub(crate) fn arguments(&self, args: &Value, output: Option<&Value>) -> Result<Value, String> {
        (self.make)(args, output)
    }
}

fn run<S: Step>(definition: Arc<StepDefinition>, args: Value, injected: Injected) -> Running {
    Box::pin(async move {
        let message: S = args
            .read()
            .map_err(|error| Unreadable(format!("the arguments of step `{}` don't fit: {error}", S::NAME)))?;
        let output = message.run(injected).await;
        let error = <S as Message>::Shape::error(&output)
            .map(|error: &ErrorOf<S>| (error.to_string(), definition.is_terminal(error)));
        let output = <S as Message>::Shape::write(&output)
            .map_err(|error| Unreadable(format!("what step `{}` returned can't be saved: {error}", S::NAME)))?;
        Ok(AttemptOutput { output, error })
    })
}

impl fmt::Debug for StepDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepDefinition").field("name", &self.name).field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl fmt::Debug for Compensation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compensation").field("before", &self.before).field("step", &self.step.0).finish_non_exhaustive()
    }
}
