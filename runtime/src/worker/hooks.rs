//! Starting what is told of an instance that has got stuck, or failed.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::job::Job;
use super::settle::PATIENCE;
use crate::appending;
use crate::engine::{self, RESERVE};
use crate::hooks::Hook;
use crate::record::{self, Record, START_FORMAT, Start};
use crate::transport::{Append, AppendError, InstanceId};

impl Job<'_> {
    /// Starts the hook that is to be told of this record, if there is one and it was not started before.
    ///
    /// What never can be started is said in the log: the record has nobody else to say it to.
    pub(super) async fn run_hook(&self, record: &Record) -> Result<(), String> {
        let Some(hook) = self.saga().hooks().of(record) else { return Ok(()) };
        let (instance, payload) = match self.beginning_of(hook, record) {
            Ok(first) => first,
            Err(why) => {
                let (instance, hook) = (&self.delivery.instance, hook.name());
                tracing::error!(%instance, hook, "its hook can't be started: {why}");
                return Ok(());
            }
        };
        let append = Append { quiet: true, ..Append::new(&instance, None, payload) };
        let count = |error: &AppendError| self.meters().refused(error);
        let started = appending::append(&*self.worker.transport, append, PATIENCE, count).await;
        match started.map_err(|failed| failed.error) {
            // Or it was started before.
            Ok(_) | Err(AppendError::Superseded { .. }) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The instance that a hook is run as, and its first record. The id comes from the record that it is told of.
    fn beginning_of(&self, hook: &Hook, record: &Record) -> Result<(InstanceId, Bytes), String> {
        let (about, options) = (&self.delivery.instance, &self.worker.options);
        let id = engine::id_of(about.saga(), about.id(), self.at.revision.0);
        let instance = InstanceId::new(hook.name(), id).map_err(|invalid| invalid.to_string())?;
        let frame = hook.first_frame(about, record).map_err(|error| error.to_string())?;
        let (version, arguments, trace) = (frame.version, frame.vars, record.trace.clone());
        let (begins, attributes) = (None, BTreeMap::new());
        let start = Start { format: START_FORMAT, version, arguments, trace, begins, scheduled: None, attributes };
        let first = engine::beginning(&instance, start, options.clock.now());
        let payload = record::encode(&*options.codec, &first).map_err(|error| error.to_string())?;
        let limit = self.worker.transport.max_record().saturating_sub(RESERVE);
        if payload.len() > limit {
            return Err(engine::about_size(&first, payload.len(), limit));
        }
        Ok((instance, payload))
    }
}
