//! A step without its types: how to run it, how to retry it, how to undo it.

use std::any::{Any, TypeId, type_name};
use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use super::{Limits, Rate};
use crate::Call;
use crate::arguments;
use crate::inject::Injected;
use crate::message::{ErrorOf, Message, Shape, ValueOf};
use crate::record::{FaultKind, Unreadable, Value};
use crate::retry::RetryPolicy;
use crate::step::Step;
use crate::transaction::{self, StepTransaction, TransactionalStep};
use crate::{Failure, StepContext};

/// A step as a worker runs it. Filled by [`Step::define`].
pub struct StepDefinition {
    name: &'static str,
    aliases: &'static [&'static str],
    type_id: TypeId,
    doc: &'static str,
    policy: RetryPolicy,
    limits: Limits,
    needs: Vec<Need>,
    compensation: Option<Compensation>,
    /// `Fn(&ErrorOf<S>) -> bool`, behind `Any`.
    terminal: Vec<Terminal>,
    /// `Fn(&ErrorOf<S>) -> Option<Duration>`, behind `Any`.
    retry_after: Option<RetryAfter>,
    run: fn(Arc<StepDefinition>, &Value, Injected) -> Running,
    skip: fn(&StepDefinition, &Value) -> Result<AttemptOutput, Unreadable>,
    #[cfg(feature = "testing")]
    failures: fn(&StepDefinition) -> Vec<(String, AttemptOutput)>,
    check: fn(&Value) -> Result<(), Unreadable>,
    #[cfg(feature = "testing")]
    pub(crate) arguments: fn() -> crate::testing::lock::Shape,
    #[cfg(feature = "testing")]
    pub(crate) returns: fn() -> crate::testing::lock::Shape,
}

type Running = BoxFuture<'static, Result<AttemptOutput, NoOutput>>;
type Terminal = Box<dyn Fn(&dyn Any) -> bool + Send + Sync>;
type RetryAfter = Box<dyn Fn(&dyn Any) -> Option<Duration> + Send + Sync>;
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
    /// If it is an `Err`: what is known of that.
    pub error: Option<AttemptError>,
}

/// The `Err` of an attempt, without its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptError {
    /// Its text.
    pub text: String,
    /// It is not to be retried.
    pub terminal: bool,
    /// It is to be retried after this delay, instead of the policy's.
    pub retry_after: Option<Duration>,
}

/// Why an attempt has no output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoOutput {
    /// The arguments don't fit, or the output can't be saved: another attempt would not help.
    #[error("{0}")]
    Unsavable(String),
    /// This is what is known of it.
    #[error("{1}")]
    Fault(FaultKind, String),
}

impl From<Unreadable> for NoOutput {
    fn from(error: Unreadable) -> Self {
        Self::Unsavable(error.to_string())
    }
}

impl StepDefinition {
    /// The definition of a step.
    #[must_use]
    pub fn of<S: Step>() -> Arc<Self> {
        let mut definition = Self {
            name: S::NAME,
            aliases: S::ALIASES,
            type_id: TypeId::of::<S>(),
            doc: "",
            policy: RetryPolicy::never(),
            limits: Limits::default(),
            needs: Vec::new(),
            compensation: None,
            terminal: Vec::new(),
            retry_after: None,
            run: run::<S>,
            skip: skip::<S>,
            #[cfg(feature = "testing")]
            failures: failures::<S>,
            check: |args| arguments::read_value::<S>(args).map(drop),
            #[cfg(feature = "testing")]
            arguments: arguments::trace::<S>,
            #[cfg(feature = "testing")]
            returns: crate::testing::lock::trace_output::<S>,
        };
        S::define(&mut definition);
        Arc::new(definition)
    }

    /// Says what the step does: the first paragraph of its documentation.
    pub fn documented(&mut self, doc: &'static str) {
        self.doc = doc;
    }

    /// Sets how many attempts of it are made at a time.
    pub fn at_most(&mut self, attempts: usize) {
        self.limits.concurrency = Some(attempts);
    }

    /// Sets how many attempts of it are made in a time.
    pub fn rate(&mut self, count: u32, per: Duration) {
        self.limits.rate = Some(Rate { count, per });
    }

    /// Says that its limits hold for all workers together, and not for each.
    pub fn share_limits(&mut self) {
        self.limits.shared = true;
    }

    /// How many attempts of it are made.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Sets the retry policy; without one, a step has one attempt.
    pub fn retry(&mut self, policy: RetryPolicy) {
        self.policy = policy;
    }

    /// Says that a parameter is injected. That threads can share its type is asked where it is taken, and only there: once is enough.
    pub fn needs<T: 'static>(&mut self, parameter: &'static str) {
        self.needs.push(Need { parameter, type_name: type_name::<T>(), type_id: TypeId::of::<T>() });
    }

    /// Says that it runs in a transaction, which its parameter is.
    pub fn transactional<S: TransactionalStep>(&mut self, parameter: &'static str) {
        self.needs::<<S::Transaction as StepTransaction>::Source>(parameter);
        self.run = |definition, args, injected| Box::pin(transaction::attempt::<S>(definition, args.clone(), injected));
    }

    /// Says which errors are not retried.
    pub fn terminal<E: 'static>(&mut self, is_terminal: impl Fn(&E) -> bool + Send + Sync + 'static) {
        self.terminal.push(Box::new(move |error| error.downcast_ref().is_some_and(&is_terminal)));
    }

    /// Says how an error tells when to come back.
    pub fn retry_after<E: 'static>(&mut self, delay: impl Fn(&E) -> Option<Duration> + Send + Sync + 'static) {
        self.retry_after = Some(Box::new(move |error| error.downcast_ref().and_then(&delay)));
    }

    /// Sets the compensation, registered before the first attempt.
    pub fn undone_by_arguments<S: Step, C: Step>(&mut self, make: impl Fn(S) -> Call<C> + Send + Sync + 'static) {
        let make: Make = Box::new(move |args, _| {
            let message = arguments::read_value::<S>(args).map_err(|error| error.to_string())?;
            arguments::write_value(&make(message).message).map_err(|error| error.to_string())
        });
        self.compensation = Some(Compensation { before: true, step: (C::NAME, StepDefinition::of::<C>), make });
    }

    /// Sets the compensation, registered with the step's success.
    pub fn undone_by_output<S: Step, C: Step>(
        &mut self,
        make: impl Fn(S, ValueOf<S>) -> Call<C> + Send + Sync + 'static,
    ) {
        let make: Make = Box::new(move |args, output| {
            let message = arguments::read_value::<S>(args).map_err(|error| error.to_string())?;
            let output = output.ok_or("there is no output")?;
            let output = S::Shape::read(output).map_err(|error| error.to_string())?;
            let Ok(value) = S::Shape::split(output) else { return Err("the output is an error".to_owned()) };
            arguments::write_value(&make(message, value).message).map_err(|error| error.to_string())
        });
        self.compensation = Some(Compensation { before: false, step: (C::NAME, StepDefinition::of::<C>), make });
    }

    /// The step's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The names that it had before (`#[step(alias = "…")]`).
    #[must_use]
    pub fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// Whether these arguments can be read.
    ///
    /// # Errors
    ///
    /// Why not.
    pub(crate) fn check_arguments(&self, arguments: &Value) -> Result<(), Unreadable> {
        (self.check)(arguments)
    }

    /// What the step does: the first paragraph of its documentation, as one line; empty if it has none.
    #[must_use]
    pub fn doc(&self) -> &'static str {
        self.doc
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

    /// Whether it takes the [`StepContext`].
    pub(crate) fn takes_context(&self) -> bool {
        self.needs.iter().any(|need| need.type_id == TypeId::of::<StepContext>())
    }

    /// How it is undone, if it is.
    #[must_use]
    pub fn compensation(&self) -> Option<&Compensation> {
        self.compensation.as_ref()
    }

    pub(crate) fn type_id(&self) -> TypeId {
        self.type_id
    }

    /// Runs one attempt. The arguments are read at once, which may panic as the attempt itself may.
    ///
    /// # Errors
    ///
    /// When the arguments don't fit, or the output can't be saved.
    pub(crate) fn run(self: Arc<Self>, args: &Value, injected: Injected) -> Running {
        (self.run)(self, args, injected)
    }

    /// The output of a success with this value, if it is one that the step can have.
    ///
    /// # Errors
    ///
    /// When it doesn't fit.
    pub(crate) fn skipped(&self, value: &Value) -> Result<AttemptOutput, Unreadable> {
        (self.skip)(self, value)
    }

    /// Ways to fail: one output for each variant of the step's error type, by the variant's name. None for a step that can't
    /// fail, and for errors that can't be made up.
    #[cfg(feature = "testing")]
    pub(crate) fn failures(&self) -> Vec<(String, AttemptOutput)> {
        (self.failures)(self)
    }

    /// Reads the step's arguments.
    pub(crate) fn arguments<S: Step>(&self, args: &Value) -> Result<S, Unreadable> {
        arguments::read_value(args)
            .map_err(|error| Unreadable(format!("the arguments of step `{}` don't fit: {error}", S::NAME)))
    }

    /// Writes down what the step has returned.
    pub(crate) fn output<S: Step>(&self, output: &S::Output) -> Result<AttemptOutput, Unreadable> {
        let error = <S as Message>::Shape::error(output).map(|error: &ErrorOf<S>| self.error(error));
        let output = <S as Message>::Shape::write(output)
            .map_err(|error| Unreadable(format!("what step `{}` returned can't be saved: {error}", S::NAME)))?;
        Ok(AttemptOutput { output, error })
    }

    pub(crate) fn error<E: Display + 'static>(&self, error: &E) -> AttemptError {
        let failure = (error as &dyn Any).downcast_ref::<Failure>();
        let terminal =
            failure.is_some_and(Failure::is_terminal) || self.terminal.iter().any(|terminal| terminal(error));
        let asked = self.retry_after.as_ref().and_then(|retry_after| retry_after(error));
        let retry_after = asked.or_else(|| failure.and_then(Failure::retry_delay));
        AttemptError { text: error.to_string(), terminal, retry_after }
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

fn run<S: Step>(definition: Arc<StepDefinition>, args: &Value, injected: Injected) -> Running {
    let message = definition.arguments::<S>(args);
    Box::pin(async move {
        let output = S::run(message?, injected).await;
        Ok(definition.output::<S>(&output)?)
    })
}

fn skip<S: Step>(definition: &StepDefinition, value: &Value) -> Result<AttemptOutput, Unreadable> {
    let value: ValueOf<S> = value.read()?;
    definition.output::<S>(&<S as Message>::Shape::join(value))
}

#[cfg(feature = "testing")]
fn failures<S: Step>(definition: &StepDefinition) -> Vec<(String, AttemptOutput)> {
    let samples = crate::testing::samples::<ErrorOf<S>>();
    let output = |(name, error): (Option<&str>, ErrorOf<S>)| {
        let error_json = Value::write(&error).ok()?;
        let output = Value::from_json(format!(r#"{{"Err":{}}}"#, error_json.as_json())).ok()?;
        <S as Message>::Shape::read(&output).ok()?;
        let error = definition.error(&error);
        let name = name.map_or_else(|| error.text.clone(), str::to_owned);
        Some((name, AttemptOutput { output, error: Some(error) }))
    };
    samples.into_iter().filter_map(output).collect()
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
