//! The records of limits that all workers share: read, and changed on the condition that nobody else has.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Client;
use super::post::decoded;
use crate::engine;
use crate::record::{self, START_FORMAT, Start, Status, Value, Vars};
use crate::transport::{Append, AppendError, InstanceId, Revision};
use crate::{Error, ErrorKind};

impl Client {
    /// What stands in the record of a limit; none of that, if it can't be read.
    pub(crate) async fn limit<T: DeserializeOwned>(
        &self,
        instance: &InstanceId,
    ) -> Result<Option<(Revision, Option<T>)>, Error> {
        let Some(stored) = self.transport.latest(instance).await? else { return Ok(None) };
        let record = decoded(self, instance, &stored.payload)?;
        Ok(Some((stored.revision, record.progress.and_then(|said| said.read().ok()))))
    }

    /// Puts something into the record of a limit. `None`: another record has come in between, or it is not known what has become of it.
    ///
    /// It is a record as that of an instance that has come to its end: everybody can look at it, and no worker is given it.
    pub(crate) async fn put_limit(
        &self,
        instance: &InstanceId,
        after: Option<Revision>,
        said: &impl Serialize,
        keep: Duration,
    ) -> Result<Option<Revision>, Error> {
        let unserializable = |error: &dyn std::fmt::Display| Error::new(ErrorKind::Unserializable, error.to_string());
        let start = Start {
            format: START_FORMAT,
            version: record::first(),
            arguments: Vars::default(),
            trace: None,
            begins: None,
            scheduled: None,
            attributes: std::collections::BTreeMap::new(),
        };
        let mut limit = engine::beginning(instance, start, self.now());
        (limit.status, limit.frame) = (Status::Completed, None);
        limit.output = Some(Value::null());
        limit.progress = Some(Value::write_only(said).map_err(|error| unserializable(&error))?);
        let payload = record::encode(&*self.codec, &limit).map_err(|error| unserializable(&error))?;
        let append = Append { keep: Some(keep), quiet: true, ..Append::new(instance, after, payload) };
        match self.transport.append(append).await {
            Ok(revision) => Ok(Some(revision)),
            Err(AppendError::Superseded { .. } | AppendError::Undecided | AppendError::Unknown(_)) => Ok(None),
            Err(error @ AppendError::Busy(_)) => Err(Error::new(ErrorKind::Busy, error.to_string())),
            Err(error) => Err(Error::new(ErrorKind::Denied, error.to_string())),
        }
    }
}
