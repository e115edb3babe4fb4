//! Schedules, from outside: made, looked at, and told what to do.

use std::any::TypeId;
use std::future::IntoFuture;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::{Client, Filter, IfExists, InstanceStatus};
use crate::message::{ErrorOf, Never};
use crate::record::Status;
use crate::schedule::{CatchUp, Info, Order, Overlap, SCHEDULE, Spec, What, When, run_of, schedule};
use crate::transport::InstanceId;
use crate::{Call, Error, ErrorKind, Saga};

/// The longest id of a schedule, in bytes: the ids of its runs are longer by a time.
const MOST_ID: usize = 96;

/// So many of its next times are shown.
const SHOWN: usize = 5;

/// A schedule that is put together; `.await` it. See [`Client::schedule`].
#[derive(Debug)]
#[must_use = "nothing is scheduled until it is awaited"]
pub struct ScheduleBuilder<'c, S> {
    client: &'c Client,
    call: Call<S>,
    id: String,
    when: String,
    zone: String,
    overlap: Overlap,
    catch_up: CatchUp,
}

impl<'c, S: Saga> ScheduleBuilder<'c, S> {
    pub(super) fn new(client: &'c Client, when: String, call: Call<S>) -> Self {
        let (id, zone) = (S::NAME.to_owned(), "UTC".to_owned());
        let (overlap, catch_up) = (Overlap::default(), CatchUp::default());
        Self { client, call, id, when, zone, overlap, catch_up }
    }

    /// The schedule's id, of up to 96 bytes; its runs have the ids `ID@TIME`. Default: the name of the saga.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// The time zone in which a crontab expression is read, by its name in the IANA database: `Europe/Berlin`. Default UTC.
    pub fn zone(mut self, zone: impl Into<String>) -> Self {
        self.zone = zone.into();
        self
    }

    /// What is done at its time while its last run still goes on. Default: that time is skipped.
    pub fn overlap(mut self, overlap: Overlap) -> Self {
        self.overlap = overlap;
        self
    }

    /// What is done about times that have passed while no worker was there. Default: one run, for the last of them.
    pub fn catch_up(mut self, catch_up: CatchUp) -> Self {
        self.catch_up = catch_up;
        self
    }

    async fn make(self) -> Result<Schedule, Error> {
        // The ids of its runs are shorter so.
        let client = self.client;
        let now = Timestamp::from_second(client.now().as_second()).unwrap_or_else(|_| client.now());
        let instance = named(&self.id)?;
        let invalid = |why: String| Error::new(ErrorKind::InvalidSchedule, why);
        let when = When::parse(&self.when, &self.zone, now).map_err(invalid)?;
        if when.next(now).is_none() {
            return Err(invalid(format!("`{}` never comes, at least not within four years", self.when)));
        }
        let start = client.start(self.call).id(self.id.as_str()).prepare()?.for_many().to_json()?;
        let fallible = TypeId::of::<ErrorOf<S>>() != TypeId::of::<Never>();
        let what = What { saga: S::NAME.to_owned(), start, fallible };
        let (zone, overlap, catch_up) = (self.zone, self.overlap, self.catch_up);
        let spec = Spec { when: self.when, zone, what, overlap, catch_up, from: now };
        let handle = Schedule { client: client.clone(), instance };
        let started = client.start(schedule(spec.clone())).id(self.id.as_str()).if_exists(IfExists::Restart).await?;
        // One that is there is replaced, if it is another.
        let status = started.status().await?;
        let info = info(&status)?;
        if info.saga != spec.what.saga {
            let text = format!(
                "`{}` is a schedule of the saga `{}`: give this one another id, or remove that one",
                self.id, info.saga
            );
            return Err(Error::new(ErrorKind::AlreadyStarted, text));
        }
        if info.from != spec.from {
            handle.order(Order::Set(Box::new(spec))).await?;
        }
        Ok(handle)
    }
}

impl<'c, S: Saga> IntoFuture for ScheduleBuilder<'c, S> {
    type Output = Result<Schedule, Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    /// Makes the schedule, or replaces the one of its id. When this returns, that is stored.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}

/// The handle of a schedule; see [`Client::schedule`] and [`Client::schedule_handle`].
#[derive(Debug, Clone)]
pub struct Schedule {
    client: Client,
    instance: InstanceId,
}

/// How a schedule stands.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ScheduleStatus {
    /// Its id.
    pub id: String,
    /// The crontab expression, or the interval.
    pub when: String,
    /// The time zone.
    pub zone: String,
    /// The saga that it starts.
    pub saga: String,
    /// It is paused.
    pub paused: bool,
    /// Its next times, up to five.
    pub next: Vec<Timestamp>,
    /// The id of its last run, and the time for which that was started.
    pub last: Option<(String, Timestamp)>,
    /// Whether that one still goes on.
    pub runs: bool,
    /// How many runs it has started.
    pub started: u64,
    /// How many of its times were left out: as a run still went on, or as they had passed.
    pub skipped: u64,
    /// Why its last run could not be started, if that is so.
    pub error: Option<String>,
}

impl Schedule {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.instance.id()
    }

    /// How it stands.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such schedule; otherwise what the transport says.
    pub async fn status(&self) -> Result<ScheduleStatus, Error> {
        let status = self.client.status(self.instance.saga(), self.instance.id()).await?;
        if status.status.is_terminal() {
            return Err(Error::new(ErrorKind::NotFound, format!("the schedule `{}` was removed", self.id())));
        }
        shown(&status)
    }

    /// No runs until it is [resumed](Self::resume). What runs goes on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such schedule, [`ErrorKind::NotRunning`] if it was removed; otherwise what the transport says. So it is for all that
    /// a schedule is told.
    pub async fn pause(&self) -> Result<(), Error> {
        self.order(Order::Pause).await
    }

    /// Runs again, at its times from now on: what passed while it was paused is over.
    ///
    /// # Errors
    ///
    /// Those of [`pause`](Self::pause).
    pub async fn resume(&self) -> Result<(), Error> {
        self.order(Order::Resume(self.client.now())).await
    }

    /// A run now, whatever else runs, also if it is paused. The run's id.
    ///
    /// # Errors
    ///
    /// Those of [`pause`](Self::pause).
    pub async fn trigger(&self) -> Result<String, Error> {
        let now = self.client.now();
        let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        self.order(Order::Trigger(now)).await?;
        Ok(run_of(self.id(), now))
    }

    /// The runs of all its times after `from` and up to `until` that have not been, each under its own time; as fast as they are started, and beside each other.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSchedule`] if the range is empty, or reaches into the future; otherwise those of [`pause`](Self::pause).
    pub async fn back_fill(&self, from: Timestamp, until: Timestamp) -> Result<(), Error> {
        let now = self.client.now();
        if from >= until || until > now {
            let text = format!(
                "nothing is to be filled in after {from} and up to {until}: the range ends after it begins, and not after now ({now})"
            );
            return Err(Error::new(ErrorKind::InvalidSchedule, text));
        }
        self.order(Order::BackFill(from, until)).await
    }

    /// Ends it. What runs goes on.
    ///
    /// # Errors
    ///
    /// Those of [`pause`](Self::pause).
    pub async fn remove(&self) -> Result<(), Error> {
        self.order(Order::Remove).await
    }

    async fn order(&self, order: Order) -> Result<(), Error> {
        self.client.signal(self.instance.saga(), self.instance.id(), order).await
    }
}

/// The schedules that there are, and not removed.
pub(super) async fn all(client: &Client) -> Result<Vec<ScheduleStatus>, Error> {
    let mut listing = client.list(Filter::new().saga(SCHEDULE));
    let mut all = Vec::new();
    while let Some(status) = listing.next().await {
        let status = status?;
        if !status.status.is_terminal() {
            all.push(shown(&status)?);
        }
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

pub(super) fn handle(client: &Client, id: &str) -> Result<Schedule, Error> {
    Ok(Schedule { client: client.clone(), instance: named(id)? })
}

fn named(id: &str) -> Result<InstanceId, Error> {
    if id.len() > MOST_ID {
        let text =
            format!("`{id}` can't be the id of a schedule: it has {} bytes, and {MOST_ID} are the most", id.len());
        return Err(Error::new(ErrorKind::InvalidId, text));
    }
    Ok(InstanceId::new(SCHEDULE, id)?)
}

/// What a schedule says of itself. One that no worker has taken up yet has said it, too: its first record has.
fn info(status: &InstanceStatus) -> Result<Info, Error> {
    let info = status.progress.as_ref().and_then(|progress| progress.read().ok());
    info.ok_or_else(|| {
        let text = format!("what {} says of itself can't be read: it was made by another version", status.instance);
        Error::new(ErrorKind::Unreadable, text)
    })
}

fn shown(status: &InstanceStatus) -> Result<ScheduleStatus, Error> {
    let info = info(status)?;
    let stands = matches!(status.status, Status::Paused | Status::Stuck);
    let when = When::parse(&info.when, &info.zone, info.from).ok().filter(|_| !info.paused && !stands);
    let next = std::iter::successors(Some(info.cursor), |time| when.as_ref()?.next(*time)).skip(1).take(SHOWN);
    Ok(ScheduleStatus {
        id: status.instance.id().to_owned(),
        next: next.collect(),
        runs: info.run.as_ref().is_some_and(|run| run.runs),
        last: info.run.map(|run| (run.id, run.at)),
        when: info.when,
        zone: info.zone,
        saga: info.saga,
        paused: info.paused || stands,
        started: info.started,
        skipped: info.skipped,
        error: info.error.or_else(|| status.reason.clone()),
    })
}
