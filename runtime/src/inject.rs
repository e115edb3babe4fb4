//! Dependencies: what steps need beside their arguments, and what never travels in a message.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::StepContext;

type Shared = Arc<dyn Any + Send + Sync>;

/// A set of values by type: connection pools, clients, configuration.
///
/// A worker has one (`Worker::builder(…).provide(pool)`); a unit test sets one around an inline run:
///
/// ```
/// use sagaflow::Dependencies;
///
/// struct Greeting(&'static str);
///
/// let dependencies = Dependencies::new().with(Greeting("hello"));
/// assert_eq!(dependencies.get::<Greeting>().unwrap().0, "hello");
/// ```
#[derive(Clone, Default)]
pub struct Dependencies {
    by_type: HashMap<TypeId, (&'static str, Shared)>,
}

impl Dependencies {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value; `#[inject] x: &T` then gets it. A second value of the same type replaces the first.
    #[must_use]
    pub fn with<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.with_shared(Arc::new(value))
    }

    /// Adds a value that others hold, too; `#[inject] x: &T` then gets it.
    #[must_use]
    pub fn with_shared<T: Send + Sync + 'static>(mut self, value: Arc<T>) -> Self {
        self.by_type.insert(TypeId::of::<T>(), (type_name::<T>(), value));
        self
    }

    /// The value of a type.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.by_type.get(&TypeId::of::<T>())?.1.downcast_ref()
    }

    /// These and others; of a type that both have, the others' value.
    #[cfg(feature = "testing")]
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.by_type.extend(others.by_type);
        self
    }

    pub(crate) fn has(&self, type_id: TypeId) -> bool {
        self.by_type.contains_key(&type_id)
    }

    /// Runs a future with these dependencies for the `.inline()` runs in it.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        INLINE.scope(Arc::new(self), future).await
    }
}

impl fmt::Debug for Dependencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_type.values().map(|(name, _)| name)).finish()
    }
}

tokio::task_local! {
    static INLINE: Arc<Dependencies>;
}

/// What one attempt of a step gets: the dependencies, and its own context (injected as `&StepContext`).
#[derive(Debug, Clone)]
pub struct Injected {
    dependencies: Arc<Dependencies>,
    context: StepContext,
}

impl Injected {
    pub(crate) fn new(dependencies: Arc<Dependencies>, context: StepContext) -> Self {
        Self { dependencies, context }
    }

    pub(crate) fn context(&self) -> &StepContext {
        &self.context
    }

    /// For an inline run of `step`: the dependencies of the surrounding [`Dependencies::scope`].
    #[doc(hidden)]
    #[must_use]
    pub fn inline(step: &'static str) -> Self {
        let dependencies = INLINE.try_with(Arc::clone).unwrap_or_default();
        Self { dependencies, context: StepContext::inline(step) }
    }

    /// The value of a type.
    ///
    /// # Panics
    ///
    /// When it was not provided: in an inline run only, as a worker checks before it begins.
    #[doc(hidden)]
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> &T {
        if let Some(context) = (&self.context as &dyn Any).downcast_ref() {
            return context;
        }
        self.dependencies.get().unwrap_or_else(|| {
            panic!(
                "step `{}` injects `{}`, which was not provided: run it inside \
                 `Dependencies::new().with(…).scope(async {{ … }}).await`",
                self.context.step(),
                type_name::<T>(),
            )
        })
    }
}
