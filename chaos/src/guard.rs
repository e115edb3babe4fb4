//! Outlives the run, however that ends, and then ends what it has started: no process is left behind, and no directory.
//!
//! It is a process of its own that reads which processes there are from a pipe; the end of the pipe is the end of the
//! run. A stopped process (SIGSTOP) could not see to its own end.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};

/// The other end of the pipe.
#[derive(Debug)]
pub(crate) struct Guard {
    process: Child,
    pipe: Mutex<Option<ChildStdin>>,
}

/// What the guard's process is told when it is started.
#[derive(Debug, Args)]
pub(crate) struct Orders {
    /// The directory to remove at the end.
    #[arg(long)]
    remove: Option<PathBuf>,
}

impl Guard {
    /// # Errors
    ///
    /// When its process can't be started.
    pub(crate) fn post(remove: Option<&Path>) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("guard");
        if let Some(directory) = remove {
            command.arg("--remove").arg(directory);
        }
        // In a group of its own: what a terminal sends to this program is not for it.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let mut process = command.spawn()?;
        let pipe = Mutex::new(process.stdin.take());
        Ok(Self { process, pipe })
    }

    /// A process has begun that must not outlive this one.
    pub(crate) fn watch(&self, pid: u32) {
        self.tell("+", pid);
    }

    /// It has ended, and its number may come to stand for another.
    pub(crate) fn forget(&self, pid: u32) {
        self.tell("-", pid);
    }

    fn tell(&self, what: &str, pid: u32) {
        if let Some(pipe) = &mut *self.pipe.lock().unwrap_or_else(PoisonError::into_inner) {
            // Without its guard a run still cleans up behind itself if it comes to its end.
            let _ = writeln!(pipe, "{what}{pid}");
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take();
        let _ = self.process.wait();
    }
}

/// What the guard's process does.
pub(crate) fn run(orders: &Orders) {
    let mut watched = BTreeSet::new();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let (what, pid) = line.split_at(line.len().min(1));
        let Ok(pid) = pid.parse::<i32>() else { continue };
        if what == "+" {
            watched.insert(pid);
        } else {
            watched.remove(&pid);
        }
    }
    for pid in watched.into_iter().filter_map(Pid::from_raw) {
        // Fails if it has ended.
        let _ = kill_process(pid, Signal::KILL);
    }
    if let Some(directory) = &orders.remove {
        // What a killed process was about to write may come in between.
        for _ in 0..100 {
            if std::fs::remove_dir_all(directory).is_ok() || !directory.exists() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}
