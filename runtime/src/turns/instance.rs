//! The saga that a line is, and its step.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::engine;
use crate::prelude::*;
use crate::record::{InLine, Record};

/// One in the line: a life of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) life: u32,
}

impl Member {
    /// What it is known by among all mail to the line: also an id of the greatest length has one.
    pub(crate) fn key(&self, saga: &str) -> String {
        engine::id_of(saga, &self.id, u64::from(self.life))
    }
}

/// An instance wants its turn.
#[signal(name = "join")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Join {
    pub(crate) saga: String,
    pub(crate) member: Member,
    /// So many may run, by the code that it was started with.
    pub(crate) most: u32,
}

impl Join {
    /// What an instance says that waits at its beginning.
    pub(crate) fn of(record: &Record, line: &InLine) -> Self {
        let member = Member { id: record.id.clone(), life: record.life };
        Self { saga: record.saga.clone(), member, most: line.most }
    }
}

/// An instance has come to its end.
#[signal(name = "left")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Left {
    pub(crate) member: Member,
}

/// How a line stands, in its own words.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// Those that have their turn.
    pub(crate) running: Vec<String>,
    /// Nobody has come for long: it is about to end. Until a record has said so, whatever is put into the line before that is taken.
    pub(crate) closes: bool,
}

/// Gives so many their turn, and the next when one of them has ended. Ends when it has been empty for a while, so that no key leaves a line behind for ever.
#[saga(name = "sagaflow-line")]
pub(crate) async fn line() -> Result<(), Failure> {
    let mut running: Vec<Member> = Vec::new();
    loop {
        say(&running, false);
        let join = match running.is_empty() {
            true => match signal::<Join>().timeout("10m").await {
                Ok(join) => join,
                Err(_) => {
                    say(&running, true);
                    match signal::<Join>().timeout("1m").await {
                        Ok(join) => join,
                        Err(_) => return Ok(()),
                    }
                }
            },
            false => match race!(signal::<Left>(), signal::<Join>()).await {
                Winner::First(Left { member }) => {
                    running.retain(|one| *one != member);
                    continue;
                }
                Winner::Second(join) => join,
            },
        };
        let most = usize::try_from(join.most.max(1)).unwrap_or(usize::MAX);
        let member = join.member.clone();
        if running.contains(&member) {
            continue;
        }
        while running.len() >= most {
            let Left { member } = signal::<Left>().await;
            running.retain(|one| *one != member);
            say(&running, false);
        }
        if give_turn(join).await? {
            running.push(member);
        }
    }
}

fn say(running: &[Member], closes: bool) {
    let running = running.iter().map(|member| member.id.clone()).collect();
    progress(&Standing { running, closes });
}

/// Tells an instance that it is its turn. `false`: it has come to its end. Tried for ever: those behind it would be lost with the line.
#[step]
#[retry(exponential, base = "200ms", max_delay = "1m")]
async fn give_turn(#[inject] client: &Client, join: Join) -> Result<bool, NotGiven> {
    Ok(client.give_turn(&join.saga, &join.member).await?)
}

/// Why an instance could not be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotGiven(String);

impl From<Error> for NotGiven {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}
