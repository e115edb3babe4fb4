//! What a saga's code starts while it runs: `.start()` is a plain call in the body, and finds here the run that it is made in.
//!
//! The code runs within one poll, on one thread ([`machine`](crate::machine)). What it has started stands in the frame that comes of
//! that run; if the run comes to nothing, so does what it has started.

use std::cell::RefCell;

use crate::about::About;
use crate::durable::Pending;
use crate::record::{Branch, ScheduledRun, Started, Unserializable};

/// The starts of one run.
#[derive(Debug, Default)]
pub(crate) struct Starts {
    /// The last ticket that the instance has given out.
    pub(crate) last: u64,
    /// The sets of all started calls that the code can reach, one entry for each call.
    pub(crate) sets: Vec<u64>,
    /// What was started.
    pub(crate) started: Vec<Started>,
    /// The promises that were made, by number, and what a token must know of them.
    pub(crate) promises: Vec<(u64, String)>,
    /// Whose run it is: saga and id.
    pub(crate) instance: (String, String),
    /// The schedule that has started the instance.
    pub(crate) scheduled: Option<Box<ScheduledRun>>,
    /// Why something could not be started.
    pub(crate) failed: Option<Unserializable>,
    /// What the code has said about the instance.
    pub(crate) about: About,
}

thread_local! {
    static RUN: RefCell<Option<Starts>> = const { RefCell::new(None) };
}

/// Runs a saga's code, and collects what it starts.
pub(crate) fn collect<T>(starts: Starts, run: impl FnOnce() -> T) -> (T, Starts) {
    RUN.set(Some(starts));
    // The code's panics are caught in `run`.
    let output = run();
    (output, RUN.take().unwrap_or_default())
}

/// Whether a saga's code runs here, in an instance.
pub(crate) fn is_running() -> bool {
    RUN.with_borrow(Option::is_some)
}

/// Starts a call, as one of a set if that is not 0. The ticket; none in an inline run.
pub(crate) fn start(begin: impl FnOnce() -> Result<Pending, Unserializable>, set: u64) -> Option<u64> {
    let ticket = ticket()?;
    // Arguments are serialized by the user's code.
    let began = begin();
    RUN.with_borrow_mut(|run| {
        let run = run.as_mut()?;
        match began {
            Ok(Pending(node)) => {
                let of = Branch { node: *node, undo: Vec::new(), waiting: true };
                run.started.push(Started { ticket, set, failed: false, cause: None, ended: 0, of });
            }
            Err(error) => {
                run.failed.get_or_insert(error);
            }
        }
        Some(ticket)
    })
}

/// Says something about the instance; nothing happens in an inline run.
pub(crate) fn say(say: impl FnOnce(&mut About)) {
    RUN.with_borrow_mut(|run| run.as_mut().map(|run| say(&mut run.about)));
}

/// The schedule that has started the instance whose code runs here; none in an inline run.
pub(crate) fn scheduled() -> Option<ScheduledRun> {
    RUN.with_borrow(|run| run.as_ref()?.scheduled.as_deref().cloned())
}

/// A new ticket; none in an inline run.
pub(crate) fn ticket() -> Option<u64> {
    RUN.with_borrow_mut(|run| {
        let run = run.as_mut()?;
        run.last += 1;
        Some(run.last)
    })
}

/// Makes a promise: whose it is (saga and id), and its number; none in an inline run.
pub(crate) fn promise(secret: &str) -> Option<((String, String), u64)> {
    let number = ticket()?;
    RUN.with_borrow_mut(|run| {
        let run = run.as_mut()?;
        run.promises.push((number, secret.to_owned()));
        Some((run.instance.clone(), number))
    })
}

/// How many calls of a set there are, ended or not, that nobody has taken; none in an inline run.
pub(crate) fn left(set: u64) -> Option<usize> {
    RUN.with_borrow(|run| {
        let run = run.as_ref()?;
        let before = run.sets.iter().filter(|of| **of == set).count();
        Some(before + run.started.iter().filter(|started| started.set == set).count())
    })
}
