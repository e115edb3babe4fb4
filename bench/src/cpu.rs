//! The processor time that a run takes, in this process and in the server: what the noise of a shared machine changes least.

use std::time::Duration;

use crate::Failed;

/// The kernel counts in hundredths of a second, for all programs (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// Reads the clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meter {
    /// The server's process id, if it is known.
    pub(crate) server: Option<u32>,
}

/// Processor time, from one reading to another.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    /// By this process: worker and client.
    pub(crate) here: Duration,
    /// By the server; none if it is not known which one that is.
    pub(crate) server: Duration,
}

impl Meter {
    /// Since the processes have begun.
    pub(crate) fn read(self) -> Result<Spent, Failed> {
        let here = spent("self")?;
        let server = self.server.map(|id| spent(&id.to_string())).transpose()?.unwrap_or_default();
        Ok(Spent { here, server })
    }
}

impl Spent {
    /// What was spent since an earlier reading.
    pub(crate) fn since(self, before: Self) -> Self {
        Self { here: self.here.saturating_sub(before.here), server: self.server.saturating_sub(before.server) }
    }

    /// By both, in seconds.
    pub(crate) fn all(self) -> f64 {
        (self.here + self.server).as_secs_f64()
    }
}

/// What this process has spent so far.
pub(crate) fn here() -> Duration {
    spent("self").unwrap_or_default()
}

/// What all processes of a program have spent so far: PostgreSQL has one for each connection.
pub(crate) fn of_programs(name: &str) -> Duration {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = processes.filter_map(|process| std::fs::read_to_string(process.path().join("stat")).ok());
    let named = |stat: &String| {
        let found = stat.split_once(" (").and_then(|(_, rest)| rest.rsplit_once(')'));
        found.is_some_and(|(found, _)| found == name)
    };
    stats.filter(named).filter_map(|stat| read(&stat)).sum()
}

/// What a process has spent so far, in user and system time.
fn spent(process: &str) -> Result<Duration, Failed> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    read(&stat).ok_or_else(|| format!("/proc/{process}/stat can't be read: {stat}").into())
}

/// The 14th and 15th field; the second is the program's name in brackets, which may have spaces.
fn read(stat: &str) -> Option<Duration> {
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_whitespace().skip(11);
    let (user, system) = (fields.next()?.parse::<u64>().ok()?, fields.next()?.parse::<u64>().ok()?);
    Some(Duration::from_millis((user + system) * 1000 / TICKS_PER_SECOND))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::read;

    #[test]
    fn names_may_have_spaces_and_brackets() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 100 0 0 0 150 25 0 0 20 0 9 0 100 1 2";
        assert_eq!(read(stat), Some(Duration::from_millis(1750)));
        assert_eq!(read("nonsense"), None);
    }
}
