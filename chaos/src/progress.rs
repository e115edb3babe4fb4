//! How far a run is: a bar on a terminal, lines otherwise.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;
use tokio::time::interval;

use crate::client::Board;
use crate::faults::Journal;

/// Between two lines.
const EVERY: Duration = Duration::from_secs(10);

/// Shows how far the board is, until it is aborted.
pub(crate) fn show(board: Arc<Board>, journal: Arc<Journal>, sagas: u64) -> JoinHandle<()> {
    let bar = std::io::stderr().is_terminal().then(|| {
        let template = "{bar:40} {pos}/{len} outcomes, {msg} ({elapsed})";
        ProgressBar::new(sagas).with_style(ProgressStyle::with_template(template).expect("it is a template"))
    });
    tokio::spawn(async move {
        let begun = Instant::now();
        let mut beat = interval(if bar.is_some() { Duration::from_millis(200) } else { EVERY });
        loop {
            beat.tick().await;
            let (started, told) = board.counts();
            let done = journal.done();
            let faults = done.kills + done.pauses + done.retirements + done.cuts + done.stalls + done.server_kills;
            let text = format!("{started} started, {faults} faults");
            match &bar {
                Some(bar) => {
                    bar.set_position(told);
                    bar.set_message(text);
                }
                None => eprintln!("{:4} s: {told}/{sagas} outcomes, {text}", begun.elapsed().as_secs()),
            }
        }
    })
}
