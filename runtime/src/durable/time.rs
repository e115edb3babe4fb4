//! Durations and times as they are written in sagas.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::record::Timer;

/// What can be given as a duration: a `Duration`, or a text such as `"250ms"`, `"30s"`, `"1h 30m"` or `"3d"`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no duration",
    label = "not a duration",
    note = "write a text with a unit, such as \"30s\", \"1h 30m\" or \"3d\", or give a `std::time::Duration`"
)]
pub trait IntoDuration {
    /// The duration.
    ///
    /// # Errors
    ///
    /// A text that says why it is none.
    fn into_duration(self) -> Result<Duration, String>;
}

#[diagnostic::do_not_recommend]
impl IntoDuration for Duration {
    fn into_duration(self) -> Result<Duration, String> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoDuration for &str {
    fn into_duration(self) -> Result<Duration, String> {
        humantime::parse_duration(self).map_err(|error| {
            format!("`{self}` is not a duration ({error}): write numbers and units, such as `30s`, `1h 30m` or `3d`")
        })
    }
}

#[diagnostic::do_not_recommend]
impl IntoDuration for String {
    fn into_duration(self) -> Result<Duration, String> {
        self.as_str().into_duration()
    }
}

#[diagnostic::do_not_recommend]
impl IntoDuration for &String {
    fn into_duration(self) -> Result<Duration, String> {
        self.as_str().into_duration()
    }
}

/// What can be given as a time: a `SystemTime`, or a `jiff::Timestamp`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no time",
    label = "not a time",
    note = "give a `std::time::SystemTime` or a `jiff::Timestamp`; for a span of time, use `sleep`"
)]
pub trait IntoTime {
    /// The time.
    ///
    /// # Errors
    ///
    /// A text when no record can hold it.
    fn into_time(self) -> Result<Timestamp, String>;
}

#[diagnostic::do_not_recommend]
impl IntoTime for Timestamp {
    fn into_time(self) -> Result<Timestamp, String> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoTime for SystemTime {
    fn into_time(self) -> Result<Timestamp, String> {
        Timestamp::try_from(self).map_err(|error| format!("this time can't be waited for: {error}"))
    }
}

impl Timer {
    /// One that runs for so long, rounded up to milliseconds.
    pub(crate) fn after(delay: Duration) -> Self {
        let ms = u64::try_from(delay.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        Self { until: None, after_ms: Some(ms) }
    }

    /// One that runs until a time.
    pub(crate) fn at(time: Timestamp) -> Self {
        Self { until: Some(time), after_ms: None }
    }

    /// How long it still runs, by this process's clock.
    pub(super) fn left(self) -> Duration {
        let until = self.until.map_or(Duration::ZERO, |until| crate::engine::until(Timestamp::now(), until));
        self.after_ms.map_or(until, Duration::from_millis)
    }
}
