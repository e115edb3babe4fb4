//! The handle of an instance.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use tokio::time::timeout;

use super::operate::{self, Verb, operate};
use super::outcome::{self, SagaError};
use super::{Client, InstanceStatus, InstanceWatch, SkipBuilder, status};
use crate::message::{ErrorOf, ValueOf};
use crate::record;
use crate::transport::{InstanceId, Watch};
use crate::{Error, ErrorKind, Saga, Step};

/// After this time without any record it is looked up whether there is one at all.
const MISSING: Duration = Duration::from_secs(1);

/// One instance of a saga, for whoever wants to know what becomes of it.
pub struct Handle<S> {
    client: Client,
    instance: InstanceId,
    /// Its start was handed in at the ingress, and may not be admitted yet.
    entered: bool,
    saga: PhantomData<fn() -> S>,
}

impl<S: Saga> Handle<S> {
    pub(super) fn new(client: Client, instance: InstanceId) -> Self {
        Self { client, instance, entered: false, saga: PhantomData }
    }

    /// Of an instance whose start has just been handed in at the ingress.
    pub(super) fn entered(client: Client, instance: InstanceId) -> Self {
        Self { entered: true, ..Self::new(client, instance) }
    }

    /// The instance's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.instance.id()
    }

    /// The saga's name and the id.
    #[must_use]
    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// Waits for the instance to come to its end, and returns what the saga returned. It is told of the end, and
    /// does not poll. Can be called any number of times, from any process, for as long as the last record is kept.
    ///
    /// While the instance is stuck or paused this keeps waiting: an operator can set it going again. Put a time limit around
    /// it, and look at [`status`](Self::status), where that matters. So it does while no worker has admitted the start, where starts
    /// go by the ingress.
    ///
    /// # Errors
    ///
    /// The outer error is about looking: [`ErrorKind::NotFound`] if there is no such instance, or its last record is
    /// no longer kept; [`ErrorKind::Unreadable`] if the record or the output in it can't be read; otherwise what the
    /// transport says. The inner one, [`SagaError`], is how the saga itself failed.
    pub async fn outcome(&self) -> Result<Result<ValueOf<S>, SagaError<ErrorOf<S>>>, Error> {
        let mut watch = self.client.transport.watch(&self.instance).await?;
        let mut stored = match timeout(MISSING, watch.next()).await {
            Ok(first) => self.received(first)?,
            Err(_) => {
                // A read is worth it only now: those who have just started an instance never get here.
                if !self.entered && self.client.transport.latest(&self.instance).await?.is_none() {
                    return Err(status::not_found(&self.instance));
                }
                self.next(&mut *watch).await?
            }
        };
        loop {
            let head = status::head(&self.client, &self.instance, &stored)?;
            if head.is_terminal() {
                let record = record::decode(&*self.client.codec, &stored)
                    .map_err(|error| status::unreadable(&self.instance, &error.to_string()))?;
                return outcome::of::<S>(&self.instance, record);
            }
            stored = self.next(&mut *watch).await?;
        }
    }

    /// How the instance stands.
    ///
    /// # Errors
    ///
    /// As for [`Client::status`].
    pub async fn status(&self) -> Result<InstanceStatus, Error> {
        status::status(&self.client, &self.instance).await
    }

    /// Watches the instance; see [`Client::watch`].
    ///
    /// # Errors
    ///
    /// Those of [`Client::watch`].
    pub async fn watch(&self) -> Result<InstanceWatch, Error> {
        InstanceWatch::begin(&self.client, &self.instance, self.entered).await
    }

    /// Sends a signal to the instance; see [`Client::signal`].
    pub fn signal<T: crate::Signal>(&self, signal: T) -> super::SignalBuilder<'_, T> {
        super::SignalBuilder::new(&self.client, Ok(self.instance.clone()), signal)
    }

    /// Asks the instance, and waits for its answer; see [`Client::ask`].
    pub fn ask<T: crate::Request>(&self, request: T) -> super::AskBuilder<'_, T> {
        super::AskBuilder::new(&self.client, Ok(self.instance.clone()), request)
    }

    /// Cancels the instance; see [`Client::cancel`].
    ///
    /// # Errors
    ///
    /// Those of [`Client::cancel`].
    pub async fn cancel(&self) -> Result<(), Error> {
        super::post::cancel(&self.client, &self.instance).await
    }

    /// Pauses the instance; see [`Client::pause`].
    ///
    /// # Errors
    ///
    /// Those of [`Client::pause`].
    pub async fn pause(&self) -> Result<(), Error> {
        operate::pause(&self.client, &self.instance).await
    }

    /// Lets the paused instance go on; see [`Client::resume`].
    ///
    /// # Errors
    ///
    /// Those of [`Client::resume`].
    pub async fn resume(&self) -> Result<(), Error> {
        operate(&self.client, &self.instance, Verb::Resume).await
    }

    /// Lets the stuck or paused instance try again; see [`Client::retry`].
    ///
    /// # Errors
    ///
    /// Those of [`Client::retry`].
    pub async fn retry(&self) -> Result<(), Error> {
        operate(&self.client, &self.instance, Verb::Retry).await
    }

    /// Lets the stuck or paused instance go on as if the step `T`, which it waits for, had succeeded with this value:
    /// `handle.skip::<create_payment>(&payment).await?`. See [`Client::skip`].
    ///
    /// It fails with [`ErrorKind::NotStuck`] if it does not wait for this step, too.
    pub fn skip<T: Step>(&self, value: &ValueOf<T>) -> SkipBuilder<'_> {
        let names = std::iter::once(T::NAME).chain(T::ALIASES.iter().copied()).collect();
        SkipBuilder::new(&self.client, Ok(self.instance.clone()), value).of(names)
    }

    /// Ends the instance where it stands, **and undoes nothing**; see [`Client::terminate`].
    ///
    /// # Errors
    ///
    /// Those of [`Client::terminate`].
    pub async fn terminate(&self) -> Result<(), Error> {
        operate(&self.client, &self.instance, Verb::Terminate).await
    }

    async fn next(&self, watch: &mut dyn Watch) -> Result<bytes::Bytes, Error> {
        let next = watch.next().await;
        self.received(next)
    }

    fn received(&self, next: Option<Result<crate::transport::Stored, Error>>) -> Result<bytes::Bytes, Error> {
        match next {
            Some(stored) => Ok(stored?.payload),
            None => Err(Error::new(
                ErrorKind::Closed,
                format!(
                    "the transport `{}` was closed while waiting for {}",
                    self.client.transport.name(),
                    self.instance
                ),
            )),
        }
    }
}

impl<S> Clone for Handle<S> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), instance: self.instance.clone(), entered: self.entered, saga: PhantomData }
    }
}

impl<S> fmt::Debug for Handle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.instance).finish()
    }
}
