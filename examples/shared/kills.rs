//! Kills this program in the middle of its work, and starts it again.

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

/// How long one of the processes may do nothing.
const PATIENCE: Duration = Duration::from_secs(120);

/// What came of it.
#[derive(Debug)]
pub(crate) struct Killed {
    /// How many processes were killed; fewer than wanted, if there was not enough to do.
    pub(crate) kills: usize,
    /// How the last one has ended.
    pub(crate) last: ExitStatus,
}

/// Runs this program with other arguments, kills it each time when the journal has as many lines as `at` says next, and starts
/// it again; then lets it come to its end.
///
/// # Errors
///
/// When it can't be started, or does nothing for two minutes.
pub(crate) fn kill_and_restart(arguments: &[String], journal: &Path, at: &[usize]) -> io::Result<Killed> {
    let lines = || fs::read(journal).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count());
    let mut kills = 0;
    for wanted in at {
        let mut process = Command::new(std::env::current_exe()?).args(arguments).spawn()?;
        let (mut since, mut before) = (Instant::now(), lines());
        loop {
            if let Some(last) = process.try_wait()? {
                return Ok(Killed { kills, last });
            }
            let now = lines();
            if now >= *wanted {
                break;
            }
            if now > before {
                (since, before) = (Instant::now(), now);
            }
            if since.elapsed() > PATIENCE {
                process.kill()?;
                process.wait()?;
                return Err(io::Error::other(format!("nothing happens any more, after {now} effects")));
            }
            thread::sleep(Duration::from_millis(2));
        }
        process.kill()?;
        process.wait()?;
        kills += 1;
        println!("-- killed, with {} effects in the journal --", lines());
    }
    let last = Command::new(std::env::current_exe()?).args(arguments).status()?;
    Ok(Killed { kills, last })
}
