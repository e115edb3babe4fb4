//! The logs: lines in the order in which they came, until their time is over.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::MAX_RECORD;
use super::core::{Core, lock};
use super::journal::Write;
use crate::Error;
use crate::transport::{AppendError, InstanceId, Line, Log, Logged, Of};

/// All logs, each divided by saga.
#[derive(Debug, Default)]
pub(super) struct Logs(HashMap<(Log, Arc<str>), Lines>);

/// The lines of one saga.
#[derive(Debug, Default)]
struct Lines {
    by_position: BTreeMap<u64, Kept>,
    /// The positions of an instance's lines, by key.
    by_key: HashMap<InstanceId, HashMap<String, u64>>,
}

#[derive(Debug)]
struct Kept {
    line: Written,
    /// The journal has decided about it; before, nobody sees it.
    decided: bool,
}

/// A line as it stands in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) log: Log,
    pub(super) instance: InstanceId,
    pub(super) position: u64,
    pub(super) key: String,
    pub(super) expires: SystemTime,
    pub(super) payload: Bytes,
}

/// A line to be written, and who waits for that.
pub(super) struct LinePut {
    pub(super) written: Written,
    pub(super) answer: oneshot::Sender<Result<u64, AppendError>>,
}

impl Lines {
    fn put(&mut self, line: Written, decided: bool) {
        let keys = self.by_key.entry(line.instance.clone()).or_default();
        keys.insert(line.key.clone(), line.position);
        self.by_position.insert(line.position, Kept { line, decided });
    }

    fn remove(&mut self, position: u64) {
        let Some(Kept { line, .. }) = self.by_position.remove(&position) else { return };
        if let Some(keys) = self.by_key.get_mut(&line.instance) {
            keys.remove(&line.key);
            if keys.is_empty() {
                self.by_key.remove(&line.instance);
            }
        }
    }

    /// Takes out the lines at the beginning whose time is over. (Mostly all lines of a saga are kept for the same time.)
    fn expire(&mut self, now: SystemTime) -> Vec<u64> {
        let is_over = |kept: &&Kept| kept.decided && kept.line.expires <= now;
        let over: Vec<_> = self.by_position.values().take_while(is_over).map(|kept| kept.line.position).collect();
        over.iter().for_each(|position| self.remove(*position));
        over
    }
}

impl Core {
    pub(super) async fn write_line(&self, line: Line<'_>) -> Result<u64, AppendError> {
        let size = line.payload.len();
        if size > MAX_RECORD {
            return Err(AppendError::TooLarge { size, limit: MAX_RECORD });
        }
        line.check()?;
        match self.try_write(&line)? {
            Ok(position) => Ok(position),
            Err(answer) => answer.await.unwrap_or_else(|_| Err(self.refuse_closed())),
        }
    }

    /// Its position, or who will tell it when it is written.
    fn try_write(
        &self,
        line: &Line<'_>,
    ) -> Result<Result<u64, oneshot::Receiver<Result<u64, AppendError>>>, AppendError> {
        if self.is_closed() {
            return Err(self.refuse_closed());
        }
        let (now, saga): (_, Arc<str>) = (self.now(), line.instance.saga().into());
        let mut logs = lock(&self.logs);
        let lines = logs.0.entry((line.log, Arc::clone(&saga))).or_default();
        let over = lines.expire(now);
        if !over.is_empty()
            && let Some(journal) = self.journal()
        {
            // A store that fails keeps them; they are left out when the store is opened again.
            let _ = journal.enqueue(Write::Expired(line.log, saga, over));
        }
        if let Some(position) = lines.by_key.get(line.instance).and_then(|keys| keys.get(line.key)) {
            let decided = lines.by_position.get(position).is_some_and(|kept| kept.decided);
            return Err(if decided { AppendError::Superseded { last: None } } else { AppendError::Undecided });
        }
        let written = Written {
            log: line.log,
            instance: line.instance.clone(),
            position: self.next_number(),
            key: line.key.to_owned(),
            expires: now + line.keep,
            payload: line.payload.clone(),
        };
        let Some(journal) = self.journal() else {
            let position = written.position;
            lines.put(written, true);
            return Ok(Ok(position));
        };
        let (answer, told) = oneshot::channel();
        let put = LinePut { written: written.clone(), answer };
        journal.enqueue(Write::Line(put)).map_err(AppendError::Refused)?;
        lines.put(written, false);
        Ok(Err(told))
    }

    /// The journal has written a line, or could not.
    pub(super) fn line_decided(&self, put: LinePut, outcome: &Result<(), String>) {
        let LinePut { written: Written { log, instance, position, .. }, answer } = put;
        let mut logs = lock(&self.logs);
        if let Some(lines) = logs.0.get_mut(&(log, Arc::from(instance.saga()))) {
            match outcome {
                Ok(()) => lines.by_position.get_mut(&position).into_iter().for_each(|kept| kept.decided = true),
                Err(_) => lines.remove(position),
            }
        }
        drop(logs);
        let _ = answer.send(outcome.clone().map(|()| position).map_err(AppendError::Refused));
    }

    pub(super) fn lines(&self, log: Log, of: Of<'_>, after: u64, most: usize) -> Result<Vec<Logged>, Error> {
        self.check_open()?;
        let saga = match of {
            Of::Saga(saga) => saga,
            Of::Instance(instance) => instance.saga(),
        };
        let (now, logs) = (self.now(), lock(&self.logs));
        let Some(lines) = logs.0.get(&(log, Arc::from(saga))) else { return Ok(Vec::new()) };
        let shown = |kept: &Kept| {
            let Written { position, instance, key, payload, .. } = kept.line.clone();
            Logged { position, instance, key, payload }
        };
        // What is not decided yet comes after all that is.
        let is_there = |kept: &&Kept| kept.decided;
        let is_kept = |kept: &&Kept| kept.line.expires > now;
        Ok(match of {
            Of::Saga(_) => {
                let later = lines.by_position.range(after.saturating_add(1)..).map(|(_, kept)| kept);
                later.take_while(is_there).filter(is_kept).take(most).map(shown).collect()
            }
            Of::Instance(instance) => {
                let keys = lines.by_key.get(instance).into_iter().flat_map(HashMap::values);
                let mut positions: Vec<_> = keys.copied().filter(|position| *position > after).collect();
                positions.sort_unstable();
                let later = positions.iter().filter_map(|position| lines.by_position.get(position));
                later.take_while(is_there).filter(is_kept).take(most).map(shown).collect()
            }
        })
    }

    /// Takes over what a store holds.
    pub(super) fn load_lines(&self, lines: Vec<Written>) {
        let mut logs = lock(&self.logs);
        for line in lines {
            logs.0.entry((line.log, line.instance.saga().into())).or_default().put(line, true);
        }
    }
}
