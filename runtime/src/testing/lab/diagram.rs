//! A run as a sequence diagram for Mermaid.

use std::fmt::Write as _;

use super::journal::{Attempted, Ending, Entry};
use super::run::Facts;
use super::story;
use super::words::{duration, short};
use crate::transport::Log;

/// Draws a run: the client, the records, the workers, and the steps that they ran.
pub(super) fn draw(facts: &Facts) -> String {
    let mut drawing = String::from("sequenceDiagram\n    participant client\n    participant records\n");
    let mut workers: Vec<u32> = Vec::new();
    let mut body = String::new();
    for (at, entry) in &facts.pages.entries {
        let worker = match entry {
            Entry::Delivered { worker, .. }
            | Entry::Stored { worker, .. }
            | Entry::Noted { worker, .. }
            | Entry::Posted { worker, .. }
            | Entry::Logged { worker, .. }
            | Entry::Refused { worker, .. }
            | Entry::Crashed { worker, .. }
            | Entry::Replaced { worker } => Some(*worker),
            _ => None,
        };
        if let Some(worker) = worker
            && !workers.contains(&worker)
        {
            workers.push(worker);
        }
        // Writing to a string can't fail.
        let _ = writeln!(body, "    {}", line(facts, entry, &duration(*at)));
    }
    for worker in &workers {
        let _ = writeln!(drawing, "    participant w{worker} as worker {worker}");
    }
    drawing.push_str(&body);
    for text in story::left(facts) {
        let _ = writeln!(drawing, "    Note over records: {}", clean(&text));
    }
    drawing
}

fn line(facts: &Facts, entry: &Entry, at: &str) -> String {
    match entry {
        Entry::Started(instance) => format!("client->>records: start {}", clean(&instance.to_string())),
        Entry::Delivered { worker, waits, number, .. } => {
            format!("records->>w{worker}: {number}: {}", clean(waits))
        }
        Entry::Ended(index) => step(&facts.pages.attempts[*index], at),
        Entry::Stored { worker, number, now, .. } => {
            let now = match now.status.is_at_rest() {
                true => story::ended(now.status, now.reason.as_deref(), now.output.as_ref()),
                false => format!("waits for {}", now.waits),
            };
            format!("w{worker}->>records: {number}: {}", clean(&now))
        }
        Entry::Noted { worker, number, .. } => format!("w{worker}->>records: {number}: a note"),
        Entry::Posted { worker, number, instance, name } => {
            format!("w{worker}->>records: {number}: {} to {}", clean(name), clean(&instance.to_string()))
        }
        Entry::Logged { worker, number, log: Log::Events, .. } => format!("w{worker}->>records: {number}: an event"),
        Entry::Logged { worker, number, .. } => {
            format!("w{worker}->>records: {number}: the former record, for the history")
        }
        Entry::Refused { worker, number, .. } => format!("w{worker}--xrecords: {number}: too late"),
        Entry::Crashed { worker, at } => format!("Note over w{worker}: dies: {}", clean(at)),
        Entry::Replaced { worker } => format!("Note over w{worker}: takes its place ({at})"),
        Entry::Fault(what) => format!("Note over records: {}", clean(what)),
    }
}

fn step(made: &Attempted, at: &str) -> String {
    let ending = match &made.ending {
        Ending::Open => "never ends".to_owned(),
        Ending::Dropped => "dropped".to_owned(),
        Ending::Output { error: None, .. } => "ok".to_owned(),
        Ending::Output { error: Some(error), .. } => format!("fails: {error}"),
        Ending::Panicked(text) => format!("panics: {text}"),
        Ending::Unsavable(text) => format!("can't be saved: {text}"),
    };
    let again = if made.again { ", again" } else { "" };
    let text = format!("{} ({}{again}) {ending}, {at}", made.step, made.call);
    format!("w{0}->>w{0}: {1}", made.worker, clean(&text))
}

/// A text that Mermaid takes for nothing else.
fn clean(text: &str) -> String {
    let mut clean = String::new();
    for sign in short(text).chars() {
        match sign {
            '`' | '"' => {}
            '#' => clean.push_str("#35;"),
            ';' => clean.push_str("#59;"),
            '\n' => clean.push(' '),
            sign => clean.push(sign),
        }
    }
    clean
}
