//! Starting an instance: one append on the condition that the id is free.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::{Client, Handle, id};
use crate::engine::{self, RESERVE};
use crate::record;
use crate::transport::{Append, AppendError, InstanceId};
use crate::{Call, Error, ErrorKind, Saga, appending, machine};

/// For so long a start tries to get an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to do when an instance of the id exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum IfExists {
    /// Take its handle, as if this call had started it: starting is idempotent. Its arguments are those of the first start.
    #[default]
    Attach,
    /// Fail with [`ErrorKind::AlreadyStarted`]. If the transport's answer to an append was lost, that may be the answer
    /// to one's own start, too.
    Refuse,
}

/// A start that is put together; `.await` it.
#[derive(Debug)]
#[must_use = "nothing is started until it is awaited"]
pub struct StartBuilder<'c, S> {
    client: &'c Client,
    call: Call<S>,
    id: Option<Arc<str>>,
    if_exists: IfExists,
}

impl<'c, S: Saga> StartBuilder<'c, S> {
    pub(super) fn new(client: &'c Client, call: Call<S>) -> Self {
        Self { client, call, id: None, if_exists: IfExists::default() }
    }

    /// The instance's id; unique within its saga, and what makes the start idempotent. Without one, a random one is made.
    pub fn id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// What to do when an instance of the id exists. Default: attach to it.
    pub fn if_exists(mut self, if_exists: IfExists) -> Self {
        self.if_exists = if_exists;
        self
    }

    async fn start(self) -> Result<Handle<S>, Error> {
        let client = self.client;
        let instance = InstanceId::new(S::NAME, self.id.unwrap_or_else(|| id::random().into()))?;
        let arguments = machine::first_frame(&self.call.message).map_err(|error| {
            let text = format!("the arguments of `{}` can't be written: {error}", S::NAME);
            Error::new(ErrorKind::Unserializable, text)
        })?;
        let first = engine::start(&client.definition::<S>(), &instance, arguments, Timestamp::now());
        let payload = record::encode(&*client.codec, &first)
            .map_err(|error| Error::new(ErrorKind::Unserializable, format!("{instance} can't be started: {error}")))?;
        let too_large = |size, limit| {
            let about = engine::about_size(&first, size, limit);
            Error::new(ErrorKind::TooLarge, format!("{instance} can't be started: {about}"))
        };
        let limit = client.transport.max_record().saturating_sub(RESERVE);
        if payload.len() > limit {
            return Err(too_large(payload.len(), limit));
        }
        let append = Append { instance: &instance, after: None, payload, not_before: None, keep: None };
        match appending::append(&*client.transport, append, PATIENCE).await {
            Ok(_) => {}
            Err(AppendError::Superseded { .. }) if self.if_exists == IfExists::Attach => {}
            Err(AppendError::Superseded { .. }) => {
                return Err(Error::new(ErrorKind::AlreadyStarted, format!("{instance} has been started before")));
            }
            Err(AppendError::TooLarge { size, limit }) => return Err(too_large(size, limit)),
            Err(error) => {
                let kind = match &error {
                    AppendError::Busy(_) | AppendError::Undecided => ErrorKind::Busy,
                    AppendError::Refused(_) => ErrorKind::Denied,
                    _ => ErrorKind::Unreachable,
                };
                let text = format!(
                    "{instance}: whether it was started is not known, and it is safe to start it again: {error}"
                );
                return Err(Error::new(kind, text).caused_by(error));
            }
        }
        Ok(Handle::new(client.clone(), instance))
    }
}

impl<'c, S: Saga> IntoFuture for StartBuilder<'c, S> {
    type Output = Result<Handle<S>, Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    /// Starts the instance.
    ///
    /// The code before the saga's first step is run here, in the client, if it comes to a step; otherwise a worker runs it.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.start())
    }
}
