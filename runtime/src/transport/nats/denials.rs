//! What the server has refused to this user: it answers a publish or a subscription that is not permitted with silence,
//! and complains beside it. Here the two are brought together, so that nobody waits for an answer that won't come.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// How many complaints are remembered.
const REMEMBERED: usize = 1024;

/// What this user may not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Denial {
    publish: bool,
    subject: String,
    /// It is where answers come that this user may not subscribe to.
    answers: bool,
}

impl Denial {
    /// Reads `Permissions Violation for Publish to "SUBJECT"`, and the same for a subscription.
    pub(super) fn read(complaint: &str) -> Option<Self> {
        let (before, rest) = complaint.split_once('"')?;
        let before = before.to_ascii_lowercase();
        let publish = before.contains("publish");
        if !before.contains("permissions violation") || !(publish || before.contains("subscription")) {
            return None;
        }
        Some(Self { publish, subject: rest.split_once('"')?.0.to_owned(), answers: false })
    }
}

impl Denial {
    /// Whether it answers a publish to a subject.
    pub(super) fn concerns(&self, subject: &str) -> bool {
        self.publish && self.subject == subject
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.publish { "publish" } else { "subscribe" };
        write!(f, "this user may not {verb} to `{}`: add that to its permissions", self.subject)?;
        if self.answers {
            f.write_str(", or set `ConnectOptions::inbox_prefix` to what is among them")?;
        }
        Ok(())
    }
}

/// The denials of one connection.
#[derive(Debug)]
pub(super) struct Denials {
    /// What the subjects of answers begin with. Who may not subscribe there gets no answer to anything.
    inbox: String,
    heard: Mutex<Heard>,
    more: Notify,
}

#[derive(Debug, Default)]
struct Heard {
    all: VecDeque<Denial>,
    /// How many have come, those included that are forgotten.
    count: u64,
    /// That of the answers themselves: the client subscribes to them once, so it holds as long as the connection.
    answers: Option<Denial>,
}

/// A moment in the order of the denials.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since(u64);

impl Since {
    /// The beginning of the connection.
    pub(super) const CONNECTED: Self = Self(0);
}

impl Denials {
    pub(super) fn new(inbox_prefix: &str) -> Self {
        Self { inbox: format!("{inbox_prefix}."), heard: Mutex::default(), more: Notify::new() }
    }

    /// Now: what comes later can be the answer to what is asked from now on.
    pub(super) fn since(&self) -> Since {
        Since(self.lock().count)
    }

    pub(super) fn add(&self, mut denial: Denial) {
        let mut heard = self.lock();
        denial.answers = !denial.publish && denial.subject.starts_with(&self.inbox);
        if denial.answers {
            heard.answers = Some(denial.clone());
        }
        if heard.all.len() == REMEMBERED {
            heard.all.pop_front();
        }
        heard.all.push_back(denial);
        heard.count += 1;
        drop(heard);
        self.more.notify_waiters();
    }

    /// A new connection may have other permissions.
    pub(super) fn clear(&self) {
        let mut heard = self.lock();
        heard.all.clear();
        heard.answers = None;
    }

    /// The denial that concerns a subject, if it has come at all.
    pub(super) fn of(&self, subject: &str) -> Option<Denial> {
        self.find(subject, Since::CONNECTED)
    }

    /// Waits for a denial that concerns a subject; for ever if none comes.
    pub(super) async fn wait(&self, subject: &str, since: Since) -> Denial {
        loop {
            let more = self.more.notified();
            if let Some(denial) = self.find(subject, since) {
                return denial;
            }
            more.await;
        }
    }

    /// Waits for denials after a moment, and moves that on.
    pub(super) async fn next(&self, since: &mut Since) -> Vec<Denial> {
        loop {
            let more = self.more.notified();
            {
                let heard = self.lock();
                if heard.count > since.0 {
                    let new = usize::try_from(heard.count - since.0).unwrap_or(usize::MAX);
                    since.0 = heard.count;
                    return heard.all.iter().rev().take(new).cloned().collect();
                }
            }
            more.await;
        }
    }

    /// Set if this user may not get answers.
    pub(super) fn answers(&self) -> Option<Denial> {
        self.lock().answers.clone()
    }

    fn find(&self, subject: &str, since: Since) -> Option<Denial> {
        let heard = self.lock();
        let new = usize::try_from(heard.count - since.0).unwrap_or(usize::MAX);
        let found = heard.all.iter().rev().take(new).find(|denial| denial.subject == subject);
        found.or(heard.answers.as_ref()).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(subject: &str) -> Denial {
        Denial::read(&format!("Permissions Violation for Publish to \"{subject}\"")).unwrap()
    }

    #[test]
    fn complaints_are_read() {
        assert_eq!(publish("a.b").to_string(), "this user may not publish to `a.b`: add that to its permissions");
        let denial = Denial::read("Permissions Violation for Subscription to \"a.>\" using queue \"q\"").unwrap();
        assert_eq!((denial.publish, &*denial.subject), (false, "a.>"));
        for other in ["", "Maximum Payload Violation", "something about \"x\"", "Permissions Violation for Publish to"]
        {
            assert_eq!(Denial::read(other), None, "{other}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_reaches_those_who_ask_now_and_not_those_who_ask_later() {
        let denials = Denials::new("_INBOX");
        let since = denials.since();
        let (denial, ()) = tokio::join!(denials.wait("a", since), async {
            denials.add(publish("b"));
            denials.add(publish("a"));
        });
        assert_eq!(denial, publish("a"));
        assert_eq!(denials.of("a"), Some(publish("a")));
        let later = denials.wait("a", denials.since());
        assert!(tokio::time::timeout(std::time::Duration::from_secs(1), later).await.is_err());
        denials.clear();
        assert_eq!(denials.of("a"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gets_no_answers_is_told_so_at_every_question() {
        let denials = Denials::new("_INBOX_x");
        denials.add(Denial::read("Permissions Violation for Subscription to \"_INBOX_x.7.*\"").unwrap());
        let told = denials.wait("a", denials.since()).await;
        assert!(told.to_string().contains("subscribe to `_INBOX_x.7.*`"), "{told}");
        assert!(told.to_string().contains("`ConnectOptions::inbox_prefix`"), "{told}");
    }
}
