//! Short runs of the whole: through each kind of fault, in quiet, killed in the middle, and without an end.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take that ends by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// A run that keeps its files in a directory of this test.
fn chaos(scratch: &TempDir, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sagaflow-chaos"));
    command.args(arguments.split_whitespace()).env("TMPDIR", scratch.path()).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The line at the end, of a run that found all to be good.
fn figures(output: &Output) -> Value {
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}\n{said}");
    serde_json::from_str(said.lines().last().expect("a line")).expect("JSON")
}

fn number(figures: &Value, name: &str) -> u64 {
    figures[name].as_u64().unwrap_or_else(|| panic!("no {name} in {figures}"))
}

#[test]
fn nothing_is_lost_or_double_or_out_of_order_through_faults_of_every_kind() {
    let scratch = tempfile::tempdir().expect("a directory");
    let arguments = "--sagas 300 --seed 20261122 --shards 2 --ack-wait 2000 --kills 4 --pauses 1 --retirements 1 --cuts 2 --stalls 1 --server-kills 1";
    let figures = figures(&chaos(&scratch, arguments).output().expect("it runs"));
    for name in
        ["lost", "double_transitions", "out_of_order", "unfounded", "unexplained_executions", "crashes", "swept"]
    {
        assert_eq!(number(&figures, name), 0, "{name}: {figures}");
    }
    assert_eq!((number(&figures, "started"), number(&figures, "finished")), (300, 300), "{figures}");
    let done =
        ["kills", "pauses", "retirements", "cuts", "stalls", "server_restarts"].map(|name| number(&figures, name));
    assert_eq!(done, [4, 1, 1, 2, 1, 1], "{figures}");
    // The faults have met instances that ran.
    assert!(number(&figures, "redeliveries") > 0 && number(&figures, "repeated_executions") > 0, "{figures}");
    assert_eq!(fs::read_dir(&scratch).expect("its entries").count(), 0, "it has left something behind");
}

#[test]
fn what_a_killed_run_has_started_ends_with_it() {
    let scratch = tempfile::tempdir().expect("a directory");
    let mut run = chaos(&scratch, "--sagas 5000 --seed 1 --pauses 50 --workers 2").spawn().expect("it runs");
    // A server, two workers, and what cleans up behind them.
    wait_until("the run is under way", || processes(scratch.path()).len() >= 4);
    run.kill().and_then(|()| run.wait()).expect("killed");
    wait_until("its processes have ended", || processes(scratch.path()).is_empty());
    wait_until("its directory is gone", || fs::read_dir(&scratch).is_ok_and(|mut entries| entries.next().is_none()));
}

#[test]
fn a_run_without_an_end_is_ended_and_says_where_each_instance_stands() {
    let scratch = tempfile::tempdir().expect("a directory");
    // The one worker is stopped, and nobody lets it go on before the time is over.
    let mut run = chaos(&scratch, "--sagas 20 --seed 1 --workers 1 --no-faults --timeout 20").spawn().expect("it runs");
    wait_until("the worker is there", || worker(scratch.path()).is_some());
    let worker = worker(scratch.path()).expect("it is there");
    kill_process(worker, Signal::STOP).expect("stopped");
    wait_until("the run ends", || run.try_wait().is_ok_and(|status| status.is_some()));
    let output = run.wait_with_output().expect("its output");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("did not end within 20s") && told.contains("it stands at [running: "), "{told}");
    let figures: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(number(&figures, "lost") > 0, "{figures}");
}

/// The processes that a run has started: their command lines name the directory. One that has ended has none.
fn processes(scratch: &Path) -> Vec<Pid> {
    let name = scratch.to_string_lossy().into_owned();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("a system with /proc").flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if let Some(pid) = pid
            && String::from_utf8_lossy(&command).contains(&name)
        {
            found.push(pid);
        }
    }
    found
}

/// A worker that has begun to execute.
fn worker(scratch: &Path) -> Option<Pid> {
    let is_worker = |pid: &Pid| {
        let command = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default();
        String::from_utf8_lossy(&command).contains("\0worker\0")
    };
    let directory = fs::read_dir(scratch).ok()?.next()?.ok()?.path();
    let begun = fs::metadata(directory.join("effects-0.log")).is_ok_and(|log| log.len() > 0);
    processes(scratch).into_iter().find(is_worker).filter(|_| begun)
}

/// Looks until it is so.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
