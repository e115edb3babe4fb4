//! What a step can know about its own attempt.

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::over::Over;
use crate::progress::Progress;
use crate::record::{self, Codec, TraceContext, Value};
use crate::transaction::TransactionCall;
use crate::transport::{InstanceId, Revision, Transport};
use crate::{Error, ErrorKind};

/// The context of one attempt of a step; a step gets it by `#[inject] cx: &StepContext`.
#[derive(Debug, Clone)]
pub struct StepContext {
    of: Option<Of>,
    step: &'static str,
    key: IdempotencyKey,
    attempt: u32,
    over: Over,
}

/// Whose attempt it is.
#[derive(Debug, Clone)]
pub(crate) struct Of {
    pub(crate) instance: InstanceId,
    pub(crate) standing: Standing,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) trace: Option<TraceContext>,
    /// When the instance was started.
    pub(crate) started: Timestamp,
    /// Whether it is a compensation by arguments.
    pub(crate) undoes: bool,
    /// What it saves while it runs.
    pub(crate) progress: Option<Arc<Progress>>,
}

/// By what it is known that an attempt still stands.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    /// The record that is worked on is the last.
    Last(Revision),
    /// The worker holds the last record, which others of its steps may have made.
    Held {
        /// The last record that the worker knows of: its revision.
        last: Arc<AtomicU64>,
        /// What the worker calls itself.
        by: Arc<str>,
        /// How records are stored.
        codec: Arc<dyn Codec>,
    },
}

impl StepContext {
    pub(crate) fn new(of: Of, step: &'static str, key: IdempotencyKey, attempt: u32, over: Over) -> Self {
        Self { of: Some(of), step, key, attempt, over }
    }

    pub(crate) fn inline(step: &'static str) -> Self {
        Self { of: None, step, key: IdempotencyKey(format!("inline/{step}")), attempt: 1, over: Over::default() }
    }

    /// The instance that this step runs in; `None` in an inline run.
    #[must_use]
    pub fn instance(&self) -> Option<&InstanceId> {
        self.of.as_ref().map(|of| &of.instance)
    }

    /// Asks the transport whether this attempt still stands: whether the record that it works on is still the instance's last.
    /// Always `true` in an inline run.
    ///
    /// It is `false` when another worker has taken the attempt over, or has moved the instance on: because this process
    /// was paused, or cut off from the server, for longer than the [ack wait](crate::WorkerBuilder::ack_wait). What this
    /// attempt returns is then refused and dropped, so the step may as well stop. It costs one read of the
    /// transport (over NATS from the stream's leader): ask before an effect that is long or can't be repeated, not in
    /// a tight loop.
    ///
    /// ```
    /// use sagaflow::prelude::*;
    ///
    /// #[step]
    /// async fn print_letters(#[inject] cx: &StepContext, letters: Vec<String>) -> Result<usize, Failure> {
    ///     for (printed, letter) in letters.iter().enumerate() {
    ///         // Paper can't be taken back.
    ///         if !cx.is_current().await? {
    ///             return Ok(printed); // whoever has taken over goes on; this result is dropped
    ///         }
    ///         println!("{letter}");
    ///     }
    ///     Ok(letters.len())
    /// }
    ///
    /// # #[saga] async fn mailing(letters: Vec<String>) -> Result<usize, Failure> { print_letters(letters).await }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), sagaflow::Error> {
    /// # let transport = sagaflow::connect("embedded:").await?;
    /// # let worker = Worker::builder(transport.clone()).serve::<mailing>().build()?.spawn();
    /// # let handle = Client::new(transport).start(mailing(vec!["Dear Ada".into()])).await?;
    /// # assert_eq!(handle.outcome().await?.unwrap(), 1);
    /// # worker.shutdown().await
    /// # }
    /// ```
    ///
    /// **It is no lock.** Between the answer and the effect the process may be paused again; and a `true` does not say that
    /// nobody else runs the same attempt: the first worker that takes over a step which has waited for a retry does not
    /// leave a sign of it in the record. It makes repeated effects rare. What makes them harmless is the [key](Self::key).
    ///
    /// # Errors
    ///
    /// What the transport says when it can't be asked: then nobody knows, and a worker that is cut off may have been replaced.
    pub async fn is_current(&self) -> Result<bool, Error> {
        let Some(of) = &self.of else { return Ok(true) };
        let Some(stored) = of.transport.latest(&of.instance).await? else {
            self.over.set();
            return Ok(false);
        };
        let is_current = match &of.standing {
            Standing::Last(revision) => stored.revision == *revision,
            // It may be newer than what the worker knows of, if its own append is on its way.
            Standing::Held { last, by, codec } => {
                let held = || record::decode(&**codec, &stored.payload).ok().and_then(|record| record.held);
                stored.revision.0 == last.load(Ordering::Acquire) || held().is_some_and(|held| held.by == **by)
            }
        };
        if !is_current {
            self.over.set();
        }
        Ok(is_current)
    }

    /// Saves how far the step has come, for its next [attempt](Self::saved) to go on from there: after an error, or when this worker is
    /// lost. The newest value counts.
    ///
    /// Stored when it returns, if it is the first value, or the last one was stored a second ago (in attempts of more than a minute:
    /// the fiftieth part of the time that the attempt has run). One that comes sooner is stored when that time has passed, unless
    /// there is a newer one by then, or the attempt has ended; an attempt that fails takes the newest value along in any case. So it may be
    /// called for each item of a long list: it costs no more than one write per second. Beside other steps ([`join!`](crate::join), started
    /// calls) it is stored with the record: at the worker's next heartbeat (a third of the ack wait) at the latest.
    ///
    /// In an inline run it saves nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unserializable`] if JSON can't carry it,
    /// [`ErrorKind::TooLarge`] if it is too large for the transport,
    /// [`ErrorKind::Superseded`] if another worker has taken over (then the attempt is
    /// [over](Self::cancelled)), and otherwise what the transport says.
    pub async fn save<P: Serialize + DeserializeOwned>(&self, progress: &P) -> Result<(), Error> {
        let Some(kept) = self.of.as_ref().and_then(|of| of.progress.as_ref()) else { return Ok(()) };
        let value = Value::write(progress).map_err(|error| {
            let text = format!("the progress of step `{}` can't be saved: {error}", self.step);
            Error::new(ErrorKind::Unserializable, text)
        })?;
        kept.save(value).await.inspect_err(|error| {
            if error.kind() == ErrorKind::Superseded {
                self.over.set();
            }
        })
    }

    /// What this step has [saved](Self::save) last, in an attempt before this one or in this one. `None` if it has saved
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unreadable`] if what was saved doesn't fit the type, and otherwise what the
    /// transport says (it is asked only if this worker may not be the first that was given this attempt).
    pub async fn saved<P: DeserializeOwned>(&self) -> Result<Option<P>, Error> {
        let Some(kept) = self.of.as_ref().and_then(|of| of.progress.as_ref()) else { return Ok(None) };
        let saved = kept.saved().await?;
        saved.map(|saved| saved.read()).transpose().map_err(|error| {
            let text = format!("what step `{}` has saved doesn't fit what it asks for: {error}", self.step);
            Error::new(ErrorKind::Unreadable, text)
        })
    }

    /// Waits until this attempt is over, though its step still runs: until its instance is being cancelled, its time is over (a
    /// blocking step and tasks that a step has spawned are not stopped by that), or it [turns out](Self::is_current) that another worker has taken
    /// over. What the step returns from then on counts for nothing, or little: when the instance is being cancelled, an output that comes in
    /// time is recorded, and undone. Never ready otherwise, nor in an inline run.
    ///
    /// ```
    /// use sagaflow::prelude::*;
    /// # use std::time::Duration;
    ///
    /// #[step]
    /// #[compensate(stop_printing(pages))]
    /// async fn print(#[inject] cx: &StepContext, pages: u32) -> Result<u32, Failure> {
    ///     for page in 0..pages {
    ///         tokio::select! {
    ///             () = cx.cancelled() => return Ok(page),
    ///             () = tokio::time::sleep(Duration::from_millis(1)) => println!("page {page}"),
    ///         }
    ///     }
    ///     Ok(pages)
    /// }
    ///
    /// # #[step] async fn stop_printing(pages: u32) { let _ = pages; }
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// assert_eq!(print(3).inline().await.unwrap(), 3);
    /// # });
    /// ```
    pub async fn cancelled(&self) {
        self.over.wait().await;
    }

    /// Whether this attempt is over, though its step still runs; see [`cancelled`](Self::cancelled).
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.over.is_set()
    }

    pub(crate) fn transaction_call(&self) -> TransactionCall<'_> {
        let key = self.of.is_some().then_some(self.key.as_str());
        let (started, undoes) = self.of.as_ref().map_or((Timestamp::UNIX_EPOCH, false), |of| (of.started, of.undoes));
        TransactionCall::new(self.step, key, started, undoes)
    }

    /// The trace that the instance belongs to, as a W3C `traceparent`, for a step to pass on to the services that it calls.
    /// `None` if it was started without one, and in an inline run.
    #[must_use]
    pub fn traceparent(&self) -> Option<&str> {
        self.of.as_ref()?.trace.as_ref().map(TraceContext::traceparent)
    }

    /// The step's name.
    #[must_use]
    pub fn step(&self) -> &str {
        self.step
    }

    /// The key that all attempts of this one call share, and no other call has: hand it to services that take an
    /// idempotency key, or store it beside what the step writes, and the step's effects happen once.
    #[must_use]
    pub fn key(&self) -> &IdempotencyKey {
        &self.key
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// Names one call of a step in one instance: `checkout/order-42/create_payment/3`. The same for all its attempts,
/// and for a compensation that is registered before the first attempt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub(crate) fn new(instance: &InstanceId, site: &str, occurrence: u64) -> Self {
        let (saga, id) = (instance.saga(), instance.id());
        // Written by hand: this is made for every attempt.
        let mut text = String::with_capacity(saga.len() + id.len() + site.len() + 12);
        for part in [saga, "/", id, "/", site, "/"] {
            text.push_str(part);
        }
        let _ = write!(text, "{occurrence}");
        Self(text)
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
