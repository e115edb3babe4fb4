//! What an instance meets when the code has changed under it: one set of words for the worker that can't take a record
//! up, and for the test that compares the code with the lock file (`testing::lock`).

use std::fmt;

/// Why a record and the code don't fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// The code has no such state.
    UnknownState { saga: String, state: String },
    /// The code has no such step.
    UnknownStep { saga: String, step: String },
    /// The saga is nested in another one, which doesn't call it.
    UnknownSaga { saga: String, within: String },
    /// The code has no such version of the saga, and can make nothing of an instance of it.
    UnknownVersion { saga: String, version: u32, known: Vec<u32> },
    /// The function that makes older instances into newer ones could not do it.
    NotMigrated { saga: String, version: u32, why: String },
    /// The state reads a variable that the record doesn't have.
    MissingVariable { saga: String, state: String, variable: String },
    /// A variable is of another type.
    OtherVariable { saga: String, state: String, variable: String, why: String },
    /// The record has a variable that must not be lost, and the state doesn't know it.
    UnknownVariable { saga: String, state: String, variable: String },
    /// The state waits for something else than the record.
    OtherCall { saga: String, state: String, here: String, there: String },
    /// A step, or the beginning of a saga, takes other arguments.
    OtherArguments { of: String, why: String },
    /// A step or saga whose result may wait in a record returns something else.
    #[cfg(feature = "testing")]
    OtherResult { of: String, why: String },
    /// A state seems to have got the name of another one: those of one step are numbered in the order of the text.
    #[cfg(feature = "testing")]
    OtherNumber { saga: String, state: String },
    /// The saga is served no more.
    #[cfg(feature = "testing")]
    NotServed { saga: String },
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownState { saga, state } => write!(f, "unknown state `{state}` of saga `{saga}`"),
            Self::UnknownStep { saga, step } => write!(f, "unknown step `{step}` in saga `{saga}`"),
            Self::UnknownSaga { saga, within } => write!(f, "unknown saga `{saga}`, nested in `{within}`"),
            Self::UnknownVersion { saga, version, known } => {
                let known: Vec<_> = known.iter().map(ToString::to_string).collect();
                write!(f, "unknown version {version} of saga `{saga}`: this code has version {}", known.join(", "))
            }
            Self::NotMigrated { saga, version, why } => {
                write!(f, "an instance of version {version} of saga `{saga}` can't be migrated: {why}")
            }
            Self::MissingVariable { saga, state, variable } => {
                write!(
                    f,
                    "state `{state}` of saga `{saga}` needs the variable `{variable}`, which the record doesn't have"
                )
            }
            Self::OtherVariable { saga, state, variable, why } => {
                write!(f, "the variable `{variable}` of state `{state}` of saga `{saga}` doesn't fit: {why}")
            }
            Self::UnknownVariable { saga, state, variable } => {
                write!(
                    f,
                    "state `{state}` of saga `{saga}` doesn't know the variable `{variable}`, which has a default in the code that made the record, and would be lost"
                )
            }
            Self::OtherCall { saga, state, here, there } => {
                write!(f, "state `{state}` of saga `{saga}` waits for {here}, and the record for {there}")
            }
            Self::OtherArguments { of, why } => write!(f, "the arguments of {of} don't fit: {why}"),
            #[cfg(feature = "testing")]
            Self::OtherResult { of, why } => {
                write!(f, "the result of {of}, which may wait in a record, doesn't fit: {why}")
            }
            #[cfg(feature = "testing")]
            Self::OtherNumber { saga, state } => {
                write!(
                    f,
                    "state `{state}` of saga `{saga}` is another one than before: calls of one step are numbered in the order of the text"
                )
            }
            #[cfg(feature = "testing")]
            Self::NotServed { saga } => write!(f, "saga `{saga}` is locked, and not listed any more"),
        }
    }
}

/// What is awaited, in the words of who writes it. `form` is the type of a durable.
pub(crate) fn form(form: &str) -> Option<&'static str> {
    Some(match outermost(form)?.0 {
        "Call" => "a call",
        "Caught" => "a call with `.outcome()`",
        "ChildCall" | "CompensatedChild" => "a `.child()`",
        "CaughtChild" => "a `.child()` with `.outcome()`",
        "Detach" => "a `.detach()`",
        "Attach" => "an `attach`",
        "CaughtAttach" => "an `attach` with `.outcome()`",
        "Timeout" => "something with a `.timeout(…)`",
        "Sleep" => "a `sleep`",
        "Signalled" => "a `signal`",
        "Requested" => "a `request`",
        "Promised" => "a promise",
        "TryTake" => "a `signal` with `.try_take()`",
        "Drain" => "a `signal` with `.drain()`",
        "Join" | "JoinAll" => "a `join!`",
        "TryJoin" | "TryJoinAll" => "a `try_join!`",
        "Race" | "RaceAll" => "a `race!`",
        _ => return None,
    })
}

/// The name of the outermost type, without its path, and what stands in its brackets.
pub(crate) fn outermost(form: &str) -> Option<(&str, &str)> {
    let (name, inner) = match form.split_once('<') {
        Some((name, inner)) => (name, inner.strip_suffix('>')?),
        None => (form, ""),
    };
    Some((name.rsplit("::").next()?, inner))
}

/// The types in a tuple; none if it is no tuple.
pub(crate) fn parts(form: &str) -> Option<Vec<&str>> {
    let inner = form.strip_prefix('(')?.strip_suffix(')')?;
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_usize, 0);
    for (at, sign) in inner.char_indices() {
        match sign {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(inner[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(Some(inner[from..].trim()).filter(|part| !part.is_empty()));
    Some(parts)
}

/// Whether the reply to what was awaited `there` is one to what is awaited `here`.
#[cfg(feature = "testing")]
pub(crate) fn is_same_form(here: &str, there: &str) -> bool {
    let (Some((outer, inner)), Some((outer_there, inner_there))) = (outermost(here), outermost(there)) else {
        return here == there;
    };
    match (outer, outer_there) {
        // Faults unwind the saga, as they did when the call was made.
        ("Caught", "Call") | ("CaughtChild", "ChildCall") | ("CaughtAttach", "Attach") => true,
        ("Call", "Call") | ("Caught", "Caught") | ("Sleep", "Sleep") | ("Signalled", "Signalled") => true,
        ("ChildCall", "ChildCall") | ("CaughtChild", "CaughtChild") | ("Detach", "Detach") => true,
        ("Attach", "Attach") | ("CaughtAttach", "CaughtAttach") => true,
        (outer, outer_there) if form(outer).is_some() && form(outer) == form(outer_there) => {
            match (parts(inner), parts(inner_there)) {
                (Some(here), Some(there)) => {
                    here.len() == there.len() && here.iter().zip(&there).all(|(here, there)| is_same_form(here, there))
                }
                (None, None) => is_same_form(inner, inner_there),
                _ => false,
            }
        }
        _ => here == there,
    }
}
