//! The worker processes: started, killed, stopped for a while, retired.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use crate::guard::Guard;
use crate::worker::Orders;

/// How long a retired worker may take to its end; its grace is much shorter.
const RETIREMENT: Duration = Duration::from_secs(30);

/// All worker processes.
#[derive(Debug)]
pub(crate) struct Fleet {
    orders: Orders,
    directory: PathBuf,
    guard: Arc<Guard>,
    places: Vec<Option<Process>>,
    started: usize,
    /// Those that have ended without having been told to, with the last lines that they said.
    pub(crate) crashes: Vec<String>,
}

/// One worker process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Held open: its end would be the worker's.
    _stdin: Option<ChildStdin>,
    log: PathBuf,
    pub(crate) stopped: bool,
}

impl Fleet {
    /// Starts so many workers, which write their logs and effects into the directory.
    ///
    /// # Errors
    ///
    /// When a process can't be started.
    pub(crate) fn start(orders: Orders, directory: &Path, guard: &Arc<Guard>, workers: usize) -> io::Result<Self> {
        let (directory, guard) = (directory.to_owned(), Arc::clone(guard));
        let mut fleet = Self { orders, directory, guard, places: Vec::new(), started: 0, crashes: Vec::new() };
        for _ in 0..workers {
            let process = fleet.spawn()?;
            fleet.places.push(Some(process));
        }
        Ok(fleet)
    }

    /// The places whose worker runs and is not stopped.
    pub(crate) fn running(&self) -> Vec<usize> {
        let places = self.places.iter().enumerate();
        places.filter(|(_, process)| process.as_ref().is_some_and(|p| !p.stopped)).map(|(place, _)| place).collect()
    }

    /// Ends a worker as a crash does.
    pub(crate) fn kill(&mut self, place: usize) {
        if let Some(mut process) = self.places[place].take() {
            // Both fail only if it is gone already, which `bury` would have told.
            let _ = process.child.kill();
            let _ = process.child.wait();
            self.guard.forget(process.child.id());
        }
    }

    /// Starts a worker where there is none.
    ///
    /// # Errors
    ///
    /// When the process can't be started.
    pub(crate) fn replace(&mut self, place: usize) -> io::Result<()> {
        if self.places[place].is_none() {
            self.places[place] = Some(self.spawn()?);
        }
        Ok(())
    }

    /// Stops a worker where it stands, or lets it go on.
    pub(crate) fn set_stopped(&mut self, place: usize, stopped: bool) {
        if let Some(process) = &mut self.places[place] {
            send(&process.child, if stopped { Signal::STOP } else { Signal::CONT });
            process.stopped = stopped;
        }
    }

    /// Takes a worker out, and tells it to come to its end.
    pub(crate) fn retire(&mut self, place: usize) -> Option<Process> {
        let process = self.places[place].take()?;
        send(&process.child, Signal::TERM);
        Some(process)
    }

    /// Waits for a retired worker's end; `false` if it had to be killed.
    pub(crate) async fn see_off(guard: &Guard, mut process: Process) -> bool {
        let told = Instant::now();
        while told.elapsed() < RETIREMENT {
            if let Ok(Some(status)) = process.child.try_wait() {
                guard.forget(process.child.id());
                return status.success();
            }
            sleep(Duration::from_millis(20)).await;
        }
        let _ = process.child.kill();
        let _ = process.child.wait();
        guard.forget(process.child.id());
        false
    }

    /// Finds workers that have ended by themselves, notes that, and replaces them.
    ///
    /// # Errors
    ///
    /// When a process can't be started.
    pub(crate) fn bury(&mut self) -> io::Result<()> {
        for place in 0..self.places.len() {
            let Some(process) = &mut self.places[place] else { continue };
            let Some(status) = process.child.try_wait()? else { continue };
            let log = std::fs::read_to_string(&process.log).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(5)..].join("\n  ");
            self.crashes.push(format!("a worker ended by itself ({status}); it said last:\n  {last}"));
            self.guard.forget(process.child.id());
            self.places[place] = None;
            self.replace(place)?;
        }
        Ok(())
    }

    /// The files that the workers have written their logs into.
    pub(crate) fn logs(&self) -> impl Iterator<Item = PathBuf> {
        (0..self.started).map(|number| self.directory.join(format!("worker-{number}.log")))
    }

    /// The effect logs.
    pub(crate) fn effects(&self) -> impl Iterator<Item = PathBuf> {
        (0..self.started).map(|number| self.directory.join(format!("effects-{number}.log")))
    }

    fn spawn(&mut self) -> io::Result<Process> {
        let number = self.started;
        self.started += 1;
        let log = self.directory.join(format!("worker-{number}.log"));
        let effects = self.directory.join(format!("effects-{number}.log"));
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("worker").args(Orders { effects, ..self.orders.clone() }.arguments());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(File::create_new(&log)?).process_group(0);
        let mut child = command.spawn()?;
        self.guard.watch(child.id());
        Ok(Process { _stdin: child.stdin.take(), child, log, stopped: false })
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for place in 0..self.places.len() {
            self.kill(place);
        }
    }
}

fn send(child: &Child, signal: Signal) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // Fails if it has ended, which `bury` finds.
        let _ = kill_process(pid, signal);
    }
}
