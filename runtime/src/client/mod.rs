//! The client: starts instances, and looks at them. It needs a transport and no worker.

mod handle;
mod id;
mod outcome;
mod start;
mod status;
#[cfg(test)]
mod tests;

pub use handle::Handle;
pub use outcome::SagaError;
pub use start::{IfExists, StartBuilder};
pub use status::InstanceStatus;

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::definition::SagaDefinition;
use crate::record::{Codec, Json};
use crate::transport::{InstanceId, Transport};
use crate::{Call, Error, Saga};

/// Starts instances of sagas, and looks at them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
    codec: Arc<dyn Codec>,
    /// The definitions of the sagas that this client has started, so that each is made once.
    definitions: Arc<Mutex<HashMap<TypeId, Arc<SagaDefinition>>>>,
}

impl Client {
    /// A client on a transport.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport, codec: Arc::new(Json), definitions: Arc::default() }
    }

    /// How records are stored; must be the workers' codec. Default JSON as it is.
    #[must_use]
    pub fn with_codec(mut self, codec: impl Codec) -> Self {
        self.codec = Arc::new(codec);
        self
    }

    /// Starts an instance: `client.start(checkout(request)).id("order-42").await?`.
    pub fn start<S: Saga>(&self, call: Call<S>) -> StartBuilder<'_, S> {
        StartBuilder::new(self, call)
    }

    /// The handle of an instance that may have been started elsewhere. Whether it exists shows when it is used.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidId`](crate::ErrorKind::InvalidId) if the id can't be one.
    pub fn handle<S: Saga>(&self, id: impl Into<Arc<str>>) -> Result<Handle<S>, Error> {
        Ok(Handle::new(self.clone(), InstanceId::new(S::NAME, id)?))
    }

    /// How an instance stands, of a saga whose code need not be known here.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is none, or its last record is no longer kept;
    /// [`ErrorKind::Unreadable`](crate::ErrorKind::Unreadable) if its record can't be read; otherwise what the transport says.
    pub async fn status(&self, saga: &str, id: &str) -> Result<InstanceStatus, Error> {
        status::status(self, &InstanceId::new(saga, id)?).await
    }

    fn definition<S: Saga>(&self) -> Arc<SagaDefinition> {
        let mut definitions = self.definitions.lock().unwrap_or_else(PoisonError::into_inner);
        definitions.entry(TypeId::of::<S>()).or_insert_with(|| Arc::new(SagaDefinition::of::<S>())).clone()
    }
}
