//! What reaches an instance from outside: signals, and that it is to be cancelled.
//!
//! Mail is in the record only when it has been taken; the record says up to which number of each queue that is so. A signal is taken by
//! a leaf that waits for it, the first listed in the tree; when a race has its winner, those that are listed after it take none.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::children::{self, CHILD};
use super::tree::Done;
use super::turn::Turn;
use super::{Halt, TURN};
use crate::record::{
    self, Answer, Awaited, Brought, ChildEnd, Fault, FaultKind, Frame, Join, Node, Race, Record, Reply, Status, Take,
    Value,
};

/// The queue of requests to cancel an instance.
pub(crate) const CANCEL: &str = "$cancel";

/// The queue of requests to pause an instance.
pub(crate) const PAUSE: &str = "$pause";

/// What the queues of requests begin with, and those of promises. Signals have no names like these.
const REQUESTS: &str = "$ask-";
const PROMISE: &str = "$promise-";

/// So many bytes of answers one record takes; requests after that wait for the next.
const MOST_ANSWERS: usize = 64 * 1024;

/// The queue of the requests of this name.
pub(crate) fn queue_of_requests(name: &str) -> String {
    format!("{REQUESTS}{name}")
}

pub(crate) fn is_of_requests(queue: &str) -> bool {
    queue.starts_with(REQUESTS)
}

/// The name of the requests that are in a queue.
#[cfg(feature = "testing")]
pub(crate) fn requested(queue: &str) -> Option<&str> {
    queue.strip_prefix(REQUESTS)
}

/// The queue of the answer that is found by a key.
pub(crate) fn queue_of_answer(key: &str) -> String {
    format!("$answer-{key}")
}

/// The queue of the promise of this number.
pub(crate) fn queue_of_promise(number: u64) -> String {
    format!("{PROMISE}{number}")
}

pub(crate) fn is_of_promise(queue: &str) -> bool {
    queue.starts_with(PROMISE)
}

/// A piece of mail that is given to an instance.
#[derive(Debug)]
pub(crate) struct Letter {
    /// Its number in its queue.
    pub number: u64,
    pub body: Body,
}

impl Letter {
    /// Whether it says that a child has come to its end.
    pub(crate) fn is_end(&self) -> bool {
        matches!(self.body, Body::Child(_))
    }
}

#[derive(Debug)]
pub(crate) enum Body {
    /// A signal, request or resolution, in the queue of this name.
    Signal(String, Box<record::Letter>),
    /// The instance is to be cancelled.
    Cancel,
    /// A child has come to its end; or why that can't be read. (Boxed, as one of these is in each future of a delivery.)
    Child(Box<Result<ChildEnd, String>>),
}

/// The queues that a record waits for, as they were when somebody has looked.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// The mail that was in them, up to a limit for each.
    pub letters: Vec<Letter>,
    /// Their names.
    pub queues: Vec<String>,
}

/// What an event has brought from outside, until somebody takes it.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    signals: HashMap<String, VecDeque<Signal>>,
    /// The queues that have been looked into: there is no more in them than this.
    looked: HashSet<String>,
    /// Up to which number mail was taken, by queue.
    taken: BTreeMap<String, u64>,
    /// The queues of promises that were taken.
    pub resolved: Vec<String>,
    cancel: bool,
    /// The ends of children, by the calls.
    ended: HashMap<u64, ChildEnd>,
    /// The requests that have been taken …
    asked: Vec<String>,
    /// … and the signals whose senders want to know of it.
    received: Vec<String>,
    /// Nothing more is taken: a race that this is in has its winner.
    pub closed: bool,
}

/// One in the inbox.
#[derive(Debug)]
struct Signal {
    /// Its number; none: it came with the start.
    number: Option<u64>,
    key: Option<String>,
    /// None: it was for a former life of the instance, and is dropped in its turn.
    value: Option<Value>,
}

impl Inbox {
    pub(super) fn of(letters: Vec<Letter>, life: u32) -> Result<Self, Halt> {
        let mut inbox = Self::default();
        for Letter { number, body } in letters {
            match body {
                Body::Signal(name, letter) => {
                    let letter = *letter;
                    let value = Some(letter.value).filter(|_| letter.life.is_none_or(|of| of == life));
                    let signal = Signal { number: Some(number), key: letter.key, value };
                    inbox.signals.entry(name).or_default().push_back(signal);
                }
                Body::Cancel => {
                    inbox.cancel = true;
                    inbox.take(CANCEL, number);
                }
                Body::Child(end) => {
                    let end = end.map_err(|why| Halt::Pause(format!("the end of a child can't be read: {why}")))?;
                    // It is for one call alone: if there is no such call any more, it is for nobody.
                    inbox.take(CHILD, number);
                    inbox.ended.insert(end.call, end);
                }
            }
        }
        Ok(inbox)
    }

    pub(super) fn looked(Looked { letters, queues }: Looked, life: u32) -> Result<Self, Halt> {
        let mut inbox = Self { looked: queues.into_iter().collect(), ..Self::of(letters, life)? };
        // So that they are not read again and again.
        let names: Vec<String> = inbox.signals.keys().cloned().collect();
        names.iter().for_each(|name| inbox.drop_former(name));
        Ok(inbox)
    }

    /// Puts before all others what has come with the start.
    pub(super) fn bring(&mut self, brought: Vec<Brought>) {
        for Brought { queue, key, value } in brought.into_iter().rev() {
            self.signals.entry(queue).or_default().push_front(Signal { number: None, key, value: Some(value) });
        }
    }

    /// What has come with the start, and was not taken.
    fn left(&mut self) -> Vec<Brought> {
        let mut left = Vec::new();
        for (queue, signals) in &mut self.signals {
            while let Some(Signal { key, value: Some(value), .. }) =
                signals.pop_front_if(|first| first.number.is_none())
            {
                left.push(Brought { queue: queue.clone(), key, value });
            }
        }
        left.sort_by(|one, other| one.queue.cmp(&other.queue));
        left
    }

    /// Drops what is for a former life of the instance, up to the first that is not.
    fn drop_former(&mut self, name: &str) {
        while let Some(former) =
            self.signals.get_mut(name).and_then(|queue| queue.pop_front_if(|first| first.value.is_none()))
        {
            former.number.into_iter().for_each(|number| self.take(name, number));
        }
    }

    /// The next signal of a queue.
    pub(super) fn next(&mut self, name: &str) -> Option<Reply> {
        self.drop_former(name);
        let Signal { number, key, value } = self.signals.get_mut(name)?.pop_front()?;
        // What a promise has come to is no longer asked for.
        match is_of_promise(name) {
            true => self.resolved.push(name.to_owned()),
            false => number.into_iter().for_each(|number| self.take(name, number)),
        }
        let value = value?;
        Some(match key {
            Some(key) if is_of_requests(name) => {
                self.asked.push(key.clone());
                Reply::Asked(key, value)
            }
            key => {
                self.received.extend(key.filter(|_| !is_of_promise(name)));
                Reply::Output(value)
            }
        })
    }

    fn take(&mut self, name: &str, number: u64) {
        let taken = self.taken.entry(name.to_owned()).or_default();
        *taken = number.max(*taken);
    }
}

impl Turn<'_> {
    /// What a leaf gets that waits for a signal, or looks for some. One that `begins` gets only what is there: what is not there is known
    /// when somebody has looked for its sake, or code that looks again and again would never come to a record.
    pub(super) fn signal(&mut self, awaited: &Awaited, begins: bool) -> Option<Done> {
        let Awaited { name, take } = awaited;
        let answers = self.answers.iter().filter_map(|answer| answer.value.as_ref());
        let answered: usize = answers.map(|value| value.as_json().len()).sum();
        if self.inbox.closed || answered > MOST_ANSWERS {
            return None;
        }
        let is_known = !begins && self.inbox.looked.contains(name);
        let reply = match take {
            Take::Next => self.inbox.next(name)?,
            Take::Present => match self.inbox.next(name) {
                Some(reply) => Reply::All(vec![reply]),
                None if is_known => Reply::All(Vec::new()),
                None => return None,
            },
            Take::All if is_known => Reply::All(std::iter::from_fn(|| self.inbox.next(name)).collect()),
            Take::All => return None,
        };
        self.changes.note();
        Some(Done { reply, failed: false })
    }

    /// How the child of a call has ended, if that is what has come.
    pub(super) fn child_end(&mut self, call: u64) -> Option<ChildEnd> {
        let end = self.inbox.ended.remove(&call)?;
        self.changes.note();
        Some(end)
    }

    /// Answers a request, with the next record.
    pub(super) fn answer(&mut self, answer: Answer) {
        self.answers.push(answer);
        self.changes.note();
    }

    /// A request that nobody can answer any more, since what would is in the frame no longer, is refused: so are all at the end.
    fn note_answers(&mut self, record: &mut Record) {
        record.asked.append(&mut self.inbox.asked);
        record.asked.retain(|key| self.answers.iter().all(|answer| answer.key != *key));
        let frame = match record.asked.is_empty() || record.status.is_terminal() {
            true => String::new(),
            // A frame was read or made of what can be written.
            false => serde_json::to_string(&record.frame).unwrap_or_default(),
        };
        let mut answers = std::mem::take(&mut self.answers);
        record.asked.retain(|key| {
            let is_held = frame.contains(&format!("\"{key}\""));
            if !is_held {
                answers.push(Answer { key: key.clone(), value: None });
            }
            is_held
        });
        answers.extend(self.inbox.received.drain(..).map(|key| Answer { key, value: Some(Value::null()) }));
        if !answers.is_empty() {
            record.answers.append(&mut answers);
            self.changes.note();
        }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.inbox.cancel
    }

    /// The fault of an instance that is cancelled.
    pub(super) fn cancelled(&self, saga: &str) -> Fault {
        let origin = Some(Box::new(self.origin("", 0)));
        Fault { of: saga.to_owned(), kind: FaultKind::Cancelled, message: String::new(), origin }
    }

    /// Notes in the record what was taken and answered: a change of all of it. (But for the ends of children: they can be taken twice, as the
    /// second time nobody waits for them.)
    pub(super) fn note_taken(&mut self, record: &mut Record) {
        // Whatever has taken of it has noted a change.
        record.brought = self.inbox.left();
        self.note_answers(record);
        for (name, number) in std::mem::take(&mut self.inbox.taken) {
            if name != CHILD {
                self.changes.note();
            }
            let taken = record.taken.entry(name).or_default();
            *taken = number.max(*taken);
        }
    }
}

/// The queues whose mail a record waits for, with the numbers up to which it was taken. Not that of cancelling, which moves any instance on
/// that runs.
pub(crate) fn awaits(record: &Record) -> Vec<(String, u64)> {
    let mut names = Vec::new();
    if record.status == Status::Running
        && let Some(frame) = &record.frame
    {
        frame.signals(&mut names);
    }
    if record.status == Status::Running && record.line.is_some() {
        names.push(TURN);
    }
    if children::children(record).iter().any(|child| child.args.is_none()) {
        names.push(CHILD);
    }
    names.into_iter().map(|name| (name.to_owned(), taken(record, name))).collect()
}

/// Up to which number the mail of a queue was taken.
pub(crate) fn taken(record: &Record, name: &str) -> u64 {
    record.taken.get(name).copied().unwrap_or_default()
}

impl Frame {
    fn signals<'n>(&'n self, names: &mut Vec<&'n str>) {
        self.pending.iter().for_each(|node| node.signals(names));
        self.running().for_each(|started| started.of.node.signals(names));
    }
}

impl Node {
    /// Adds the names of the signals that are waited for.
    fn signals<'n>(&'n self, names: &mut Vec<&'n str>) {
        match self {
            Self::Signal(signal) if names.contains(&&*signal.name) => {}
            Self::Signal(signal) => names.push(&signal.name),
            Self::Step(_)
            | Self::Sleep(_)
            | Self::Undo(_)
            | Self::Ended(_)
            | Self::Scope(_)
            | Self::Answer(_)
            | Self::Handle(_)
            | Self::Child(_) => {}
            Self::Timeout(timeout) => timeout.of.node.signals(names),
            Self::Saga(nested) => nested.frame.signals(names),
            Self::Join(Join { of, .. }) | Self::Race(Race { of }) => {
                of.iter().filter(|branch| branch.runs()).for_each(|branch| branch.node.signals(names));
            }
        }
    }
}
