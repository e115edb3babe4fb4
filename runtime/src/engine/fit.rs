//! Whether a record fits the code: asked before anything is run for it, so that a step is not called whose result nobody could take.
//!
//! What the code doesn't read is no misfit: a variable that isn't alive any more is passed over. What it reads must be there, or
//! have a default that the user has given. **Nothing is guessed.**

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::mail;
use crate::definition::{ANY, Body, Migration, SagaDefinition, StateDefinition};
use crate::machine::panic_text;
use crate::misfit::{Misfit, form, outermost, parts};
use crate::record::{FORMAT, Frame, Join, Nested, Node, Race, Record, Status, StepCall, Take, Value};

/// Values of more bytes are not read beforehand, as that costs as much as reading them for good. Should they not fit, the
/// step has been run when that is found.
const LARGE: usize = 4096;

/// Asks whether a record that a worker has received fits its code, and makes the parts of it that are of earlier versions
/// into those of this one, where the code has a function for that. (So the record that is held differs from the one that is stored
/// until the instance moves on. Whoever takes it up in between does the same again.)
pub(crate) fn fit(record: &mut Record, definition: &SagaDefinition) -> Result<(), Misfit> {
    // What else can be wrong with it, the plan says.
    let is_readable = record.format <= FORMAT && record.saga == definition.name();
    let Some(frame) = record.frame.as_mut().filter(|_| is_readable) else { return Ok(()) };
    match record.status {
        Status::Running => {
            migrate_frame(&record.saga, frame, definition)?;
            frame_fits(&record.saga, frame, definition)
        }
        // None of the saga's own code is run any more.
        Status::Unwinding => frame.pending.as_deref().map_or(Ok(()), |node| leaves_fit(node, definition)),
        _ => Ok(()),
    }
}

fn migrate_frame(saga: &str, frame: &mut Frame, definition: &SagaDefinition) -> Result<(), Misfit> {
    if let Some(versions) = definition.versions(saga)
        && !versions.contains_key(&frame.version)
        && let Some((newest, body)) = versions.last_key_value()
        && frame.version < *newest
        && let Some(migrate) = body.migration()
    {
        let version = frame.version;
        let misfit = |why: String| Misfit::NotMigrated { saga: saga.to_owned(), version, why };
        let mut migration = Migration::new(std::mem::take(frame));
        catch_unwind(AssertUnwindSafe(|| migrate(&mut migration)))
            .map_err(|panic| misfit(format!("it panicked: {}", panic_text(&*panic))))?
            .map_err(|failure| misfit(failure.to_string()))?;
        *frame = Frame { version: *newest, ..migration.into_frame() };
    }
    frame.started.iter_mut().try_for_each(|started| migrate_node(&mut started.of.node, definition))?;
    match &mut frame.pending {
        Some(node) => migrate_node(node, definition),
        None => Ok(()),
    }
}

fn migrate_node(node: &mut Node, definition: &SagaDefinition) -> Result<(), Misfit> {
    match node {
        Node::Saga(nested) => {
            let Nested { saga, frame, .. } = &mut **nested;
            migrate_frame(saga, frame, definition)
        }
        Node::Timeout(timeout) => migrate_node(&mut timeout.of.node, definition),
        Node::Join(Join { of, .. }) | Node::Race(Race { of }) => {
            of.iter_mut().try_for_each(|branch| migrate_node(&mut branch.node, definition))
        }
        Node::Step(_)
        | Node::Sleep(_)
        | Node::Signal(_)
        | Node::Undo(_)
        | Node::Ended(_)
        | Node::Scope(_)
        | Node::Answer(_)
        | Node::Handle(_)
        | Node::Child(_) => Ok(()),
    }
}

fn frame_fits(saga: &str, frame: &Frame, definition: &SagaDefinition) -> Result<(), Misfit> {
    let body = definition.body(saga, frame.version).ok_or_else(|| unknown_saga(saga, frame, definition))?;
    if frame.state.is_empty() {
        return arguments_fit(saga, frame, body);
    }
    let state = body.state(&frame.state, |awaited| definition.aliases(awaited));
    let unknown = || Misfit::UnknownState { saga: saga.to_owned(), state: frame.state.clone() };
    let state = state.ok_or_else(unknown)?;
    if let Some(node) = &frame.pending {
        form_fits(saga, state, state.awaits, node)?;
        calls_fit(saga, state, node, definition)?;
    }
    frame.started.iter().try_for_each(|started| started_fits(&started.of.node, definition))?;
    variables_fit(saga, state, frame)
}

/// Whether what has been started can go on. By which state it will be awaited is not known.
fn started_fits(node: &Node, definition: &SagaDefinition) -> Result<(), Misfit> {
    match node {
        Node::Saga(nested) => frame_fits(&nested.saga, &nested.frame, definition),
        Node::Timeout(timeout) => started_fits(&timeout.of.node, definition),
        Node::Join(Join { of, .. }) | Node::Race(Race { of }) => {
            of.iter().try_for_each(|branch| started_fits(&branch.node, definition))
        }
        leaf => leaves_fit(leaf, definition),
    }
}

fn unknown_saga(saga: &str, frame: &Frame, definition: &SagaDefinition) -> Misfit {
    let saga = saga.to_owned();
    match definition.versions(&saga) {
        None => Misfit::UnknownSaga { saga, within: definition.name().to_owned() },
        Some(versions) => {
            Misfit::UnknownVersion { saga, version: frame.version, known: versions.keys().copied().collect() }
        }
    }
}

fn arguments_fit(saga: &str, frame: &Frame, body: &Body) -> Result<(), Misfit> {
    let misfit = |why: String| Misfit::OtherArguments { of: format!("saga `{saga}`"), why };
    let arguments = Value::write_only(&frame.vars).map_err(|error| misfit(error.to_string()))?;
    if arguments.as_json().len() > LARGE {
        return Ok(());
    }
    body.check_arguments(&arguments).map_err(|error| misfit(error.to_string()))
}

fn variables_fit(saga: &str, state: &StateDefinition, frame: &Frame) -> Result<(), Misfit> {
    let (saga, of_state) = (|| saga.to_owned(), || state.name.to_owned());
    for variable in &state.variables {
        let Some(value) = variable.keys().find_map(|key| frame.vars.find(key)) else {
            if variable.has_default {
                continue;
            }
            let variable = variable.name.to_owned();
            return Err(Misfit::MissingVariable { saga: saga(), state: of_state(), variable });
        };
        if value.as_json().len() <= LARGE
            && let Err(error) = variable.check(&value)
        {
            let (variable, why) = (variable.name.to_owned(), error.to_string());
            return Err(Misfit::OtherVariable { saga: saga(), state: of_state(), variable, why });
        }
    }
    let is_known = |name: &str| state.variables.iter().any(|variable| variable.keys().any(|key| key == name));
    match frame.requires.iter().find(|name| !is_known(name)) {
        Some(variable) => Err(Misfit::UnknownVariable { saga: saga(), state: of_state(), variable: variable.clone() }),
        None => Ok(()),
    }
}

/// Whether the reply to what is pending will be one to what the state awaits.
fn form_fits(saga: &str, state: &StateDefinition, awaits: &str, node: &Node) -> Result<(), Misfit> {
    let there = match node {
        Node::Step(call) if call.catch => "Caught",
        Node::Saga(nested) if nested.catch => "Caught",
        Node::Step(_) | Node::Saga(_) => "Call",
        Node::Sleep(_) => "Sleep",
        Node::Signal(signal) => match signal.take {
            _ if mail::is_of_requests(&signal.name) => "Requested",
            _ if mail::is_of_promise(&signal.name) => "Promised",
            Take::Next => "Signalled",
            Take::Present => "TryTake",
            Take::All => "Drain",
        },
        Node::Timeout(_) => "Timeout",
        Node::Join(join) if join.fails_fast => "TryJoin",
        Node::Join(_) => "Join",
        Node::Race(_) => "Race",
        Node::Handle(_) => "Started",
        Node::Child(child) if child.attached && child.catch => "CaughtAttach",
        Node::Child(child) if child.attached => "Attach",
        Node::Child(child) if child.detached => "Detach",
        Node::Child(child) if child.catch => "CaughtChild",
        Node::Child(_) => "ChildCall",
        // It has ended, and what it was can't be seen any more.
        Node::Undo(_) | Node::Ended(_) | Node::Scope(_) | Node::Answer(_) => return Ok(()),
    };
    let Some((outer, inner)) = outermost(awaits) else { return Ok(()) };
    // A durable of a kind that isn't known here.
    let Some(here) = form(outer) else { return Ok(()) };
    let other = |here: String, there: String| {
        Err(Misfit::OtherCall { saga: saga.to_owned(), state: state.name.to_owned(), here, there })
    };
    let takes_faults =
        matches!((outer, there), ("Caught", "Call") | ("CaughtChild", "ChildCall") | ("CaughtAttach", "Attach"));
    if form(there) != Some(here) && !takes_faults {
        return other(here.to_owned(), form(there).unwrap_or("something else").to_owned());
    }
    match node {
        Node::Timeout(timeout) => form_fits(saga, state, inner, &timeout.of.node),
        Node::Join(Join { of, .. }) | Node::Race(Race { of }) => match parts(inner) {
            Some(parts) if parts.len() != of.len() => {
                other(format!("{here} of {}", parts.len()), format!("{here} of {}", of.len()))
            }
            Some(parts) => {
                let mut branches = parts.into_iter().zip(of);
                branches.try_for_each(|(part, branch)| form_fits(saga, state, part, &branch.node))
            }
            None => of.iter().try_for_each(|branch| form_fits(saga, state, inner, &branch.node)),
        },
        _ => Ok(()),
    }
}

/// Whether the steps and sagas that are pending are those that the state calls.
fn calls_fit(saga: &str, state: &StateDefinition, node: &Node, definition: &SagaDefinition) -> Result<(), Misfit> {
    let other = |here: String, there: String| {
        Err(Misfit::OtherCall { saga: saga.to_owned(), state: state.name.to_owned(), here, there })
    };
    match node {
        Node::Step(call) => {
            let step = step_fits(call, definition)?;
            match state.steps.contains(&step) {
                true => Ok(()),
                false => other(called(state), format!("step `{}`", call.step)),
            }
        }
        Node::Saga(nested) => {
            let is_called = |name: &&&str| **name == nested.saga || definition.aliases(name).contains(&&*nested.saga);
            if definition.versions(&nested.saga).is_some() && state.sagas.iter().find(is_called).is_none() {
                return other(called(state), format!("saga `{}`", nested.saga));
            }
            frame_fits(&nested.saga, &nested.frame, definition)
        }
        Node::Timeout(timeout) => calls_fit(saga, state, &timeout.of.node, definition),
        Node::Join(Join { of, .. }) | Node::Race(Race { of }) => {
            of.iter().try_for_each(|branch| calls_fit(saga, state, &branch.node, definition))
        }
        Node::Child(child) => {
            let is_called = |name: &&str| **name == *child.saga || (child.attached && **name == *ANY);
            match state.children.iter().any(is_called) {
                true => Ok(()),
                false => other(called(state), format!("child `{}`", child.saga)),
            }
        }
        Node::Sleep(_) | Node::Signal(_) | Node::Ended(_) | Node::Scope(_) | Node::Answer(_) | Node::Handle(_) => {
            Ok(())
        }
        Node::Undo(undoing) => undoing.call.as_ref().map_or(Ok(()), |call| step_fits(call, definition).map(drop)),
    }
}

/// What a state calls: "step `charge`".
fn called(state: &StateDefinition) -> String {
    let steps = state.steps.iter().map(|step| format!("step `{step}`"));
    let sagas = state.sagas.iter().map(|saga| format!("saga `{saga}`"));
    let children = state.children.iter().map(|saga| format!("child `{saga}`"));
    let called: Vec<_> = steps.chain(sagas).chain(children).collect();
    if called.is_empty() { "none".to_owned() } else { called.join(" or ") }
}

/// The same where no code of a saga is to go on: while an instance unwinds.
fn leaves_fit(node: &Node, definition: &SagaDefinition) -> Result<(), Misfit> {
    match node {
        Node::Step(call) => step_fits(call, definition).map(drop),
        Node::Undo(undoing) => undoing.call.as_ref().map_or(Ok(()), |call| step_fits(call, definition).map(drop)),
        Node::Timeout(timeout) => leaves_fit(&timeout.of.node, definition),
        Node::Saga(nested) => nested.frame.pending.as_deref().map_or(Ok(()), |node| leaves_fit(node, definition)),
        Node::Join(Join { of, .. }) | Node::Race(Race { of }) => {
            of.iter().try_for_each(|branch| leaves_fit(&branch.node, definition))
        }
        Node::Sleep(_)
        | Node::Signal(_)
        | Node::Ended(_)
        | Node::Scope(_)
        | Node::Answer(_)
        | Node::Handle(_)
        | Node::Child(_) => Ok(()),
    }
}

/// Whether a call's step is known, and can read its arguments; its name in this code.
fn step_fits(call: &StepCall, definition: &SagaDefinition) -> Result<&'static str, Misfit> {
    let unknown = || Misfit::UnknownStep { saga: definition.name().to_owned(), step: call.step.clone() };
    let step = definition.step(&call.step).ok_or_else(unknown)?;
    if call.args.as_json().len() <= LARGE
        && let Err(error) = step.check_arguments(&call.args)
    {
        return Err(Misfit::OtherArguments { of: format!("step `{}`", step.name()), why: error.to_string() });
    }
    Ok(step.name())
}
