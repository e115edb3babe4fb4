//! A run that a test steps through: it lets time pass, lets the worker die, and looks at what happens.

use std::fmt;
use std::sync::Arc;

use tokio::time::sleep;

use super::plan::Plan;
use super::run::{self, Run};
use super::setup::Setup;
use super::troupe::Troupe;
use super::{duration, judge};
use crate::durable::IntoDuration;
use crate::{Call, Client, Error, Handle, Saga};

/// A saga that was started, and goes on when the test says so; see [`Lab::start`](super::Lab::start).
///
/// ```
/// use sagaflow::prelude::*;
/// use sagaflow::testing::Lab;
///
/// #[step]
/// async fn remind(customer: String) -> Result<(), Failure> {
///     println!("dear {customer}");
///     Ok(())
/// }
///
/// #[saga]
/// async fn reminders(customer: String) -> Result<(), Failure> {
///     for _ in 0..3 {
///         sleep("30d").await;
///         remind(customer.clone()).await?;
///     }
///     Ok(())
/// }
///
/// #[sagaflow::test]
/// async fn one_reminder_a_month(lab: Lab) {
///     let mut run = lab.start(reminders("Ada".into())).await;
///     run.advance("31d").await;
///     run.crash().await;
///     assert_eq!(run.status().await.attempts, 1);
///     let run = run.finish().await;
///     assert_eq!(run.calls::<remind>().len(), 3);
/// }
/// ```
pub struct Performance<S: Saga> {
    troupe: Troupe,
    handles: Vec<Handle<S>>,
    client: Client,
    before: Option<Arc<str>>,
}

impl<S: Saga> Performance<S> {
    pub(super) async fn start(setup: Arc<Setup>, call: Call<S>) -> Self {
        let plan = Plan::without_faults();
        let troupe = made::<S, _>(Troupe::new(&setup, &plan));
        let before = troupe.scene.look();
        let client = troupe.client();
        let handle = made::<S, _>(client.start(call).id("case").await);
        Self { troupe, handles: vec![handle], client, before }
    }

    /// The handle of the instance.
    #[must_use]
    pub fn handle(&self) -> &Handle<S> {
        &self.handles[0]
    }

    /// A client of the same transport.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How the instance stands.
    ///
    /// # Panics
    ///
    /// When its record can't be read.
    pub async fn status(&self) -> crate::InstanceStatus {
        made::<S, _>(self.handle().status().await)
    }

    /// Lets so much time pass, with all that happens in it.
    ///
    /// # Panics
    ///
    /// When it is no duration.
    pub async fn advance(&mut self, time: impl IntoDuration) {
        let time = duration(time);
        let ended = tokio::select! {
            biased;
            ended = self.troupe.go_on() => ended,
            () = sleep(time) => Ok(()),
        };
        made::<S, _>(ended);
    }

    /// The worker dies, with all that it has in memory, and another one takes its place. What it had in hand comes to that one when
    /// the [ack wait](super::Lab::ack_wait) has passed.
    ///
    /// # Panics
    ///
    /// When no worker can be made.
    pub async fn crash(&mut self) {
        let crashed = self.troupe.crash().await;
        made::<S, _>(crashed);
    }

    /// Goes on until all has come to rest.
    ///
    /// # Panics
    ///
    /// When it never does: with what it waits for, and the story up to there.
    pub async fn finish(mut self) -> Run<S> {
        let end = made::<S, _>(self.troupe.play().await);
        let plan = Plan::without_faults();
        let run = made::<S, _>(run::report(&self.troupe, &plan, end, self.before, &self.handles).await);
        let wrong = judge::restless(&run.facts);
        assert!(wrong.is_empty(), "`{}` never ends: {}\n\nwhat happened:\n{}", S::NAME, wrong.join("; "), run.story());
        run
    }
}

fn made<S: Saga, T>(made: Result<T, Error>) -> T {
    made.unwrap_or_else(|error| panic!("the lab can't run `{}`: {error}", S::NAME))
}

impl<S: Saga> fmt::Debug for Performance<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Performance").field("instance", self.handle().instance()).finish_non_exhaustive()
    }
}
