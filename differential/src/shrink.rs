//! Smaller programs out of a program: what shows a difference is shrunk until nothing can be left out of it.

#[cfg(test)]
mod tests;

use crate::program::{Program, Stmt};

/// How many programs are tried at a time: compiled beside each other, the smallest first.
const TRIED_AT_ONCE: usize = 24;

/// The smallest program that still goes wrong, and what is said of it. `go_wrong` tells for programs what is said of each
/// that goes wrong as the first one did.
///
/// # Errors
///
/// Those of `go_wrong`.
pub fn shrink<T, E>(
    program: &Program,
    said: T,
    mut go_wrong: impl FnMut(&[Program]) -> Result<Vec<Option<T>>, E>,
) -> Result<(Program, T), E> {
    let mut best = (program.clone(), said);
    loop {
        let mut candidates = smaller(&best.0);
        let length = best.0.text().len();
        // What has one thing less may be longer to write, and would then be made longer and shorter for ever.
        candidates.retain(|program| program.text().len() < length);
        candidates.sort_by_cached_key(|program| program.text().len());
        candidates.dedup_by(|one, other| one.body == other.body);
        let mut next = None;
        for candidates in candidates.chunks(TRIED_AT_ONCE) {
            let said = go_wrong(candidates)?;
            next = candidates.iter().zip(said).find_map(|(program, said)| Some((program.clone(), said?)));
            if next.is_some() {
                break;
            }
        }
        let Some((smaller, said)) = next else { return Ok(best) };
        best = (Program { name: best.0.name, ..smaller }, said);
    }
}

/// All programs that have one thing less, or half of a list of statements. Those that do not compile are for the caller to
/// drop.
#[must_use]
pub fn smaller(program: &Program) -> Vec<Program> {
    let bodies = without_one(&program.body);
    let named = |(index, body)| Program { name: format!("s{index}"), body };
    bodies.into_iter().enumerate().map(named).collect()
}

fn without_one(stmts: &[Stmt]) -> Vec<Vec<Stmt>> {
    let mut all = Vec::new();
    let replaced = |index: usize, with: Vec<Stmt>| {
        let mut stmts = stmts.to_vec();
        stmts.splice(index..=index, with);
        stmts
    };
    let (first, second) = stmts.split_at(stmts.len() / 2);
    if first.len() > 1 {
        all.extend([first.to_vec(), second.to_vec()]);
        // The last statement may be what the list comes to.
        all.push([first, &second[second.len() - 1..]].concat());
    }
    for (index, stmt) in stmts.iter().enumerate() {
        all.push(replaced(index, Vec::new()));
        match stmt {
            Stmt::Line(line) => {
                all.extend(shorter_lines(line).into_iter().map(|line| replaced(index, vec![Stmt::Line(line)])));
            }
            Stmt::Blocks { blocks, end } => {
                for (at, (head, body)) in blocks.iter().enumerate() {
                    all.push(replaced(index, body.clone()));
                    let with = |head: String, body: Vec<Stmt>| {
                        let mut blocks = blocks.clone();
                        blocks[at] = (head, body);
                        replaced(index, vec![Stmt::Blocks { blocks, end: end.clone() }])
                    };
                    all.extend(without_one(body).into_iter().map(|body| with(head.clone(), body)));
                    all.extend(shorter_lines(head).into_iter().map(|head| with(head, body.clone())));
                    if blocks.len() > 1 {
                        let mut blocks = blocks.clone();
                        blocks.remove(at);
                        all.push(replaced(index, vec![Stmt::Blocks { blocks, end: end.clone() }]));
                    }
                }
            }
        }
    }
    all
}

/// The line with one pair of parentheses and what is in it replaced by something simple.
fn shorter_lines(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = Vec::new();
    for (at, c) in line.char_indices() {
        match c {
            '(' | '[' => open.push(at),
            ')' | ']' => {
                let Some(start) = open.pop() else { continue };
                let inside = &line[start + 1..at];
                if c == ')' && inside.len() > 4 {
                    let (before, after) = (&line[..start], &line[at + 1..]);
                    all.extend(["1u32", "true", "\"t\".to_owned()"].map(|simple| format!("{before}({simple}){after}")));
                    all.extend(parts(inside).map(|part| format!("{before}({part}){after}")));
                    // `call(value)` and `place.call(value)` as `value`; `(match value { … })` as `(value)`.
                    let called = &before[..before.len() - callee(before)];
                    all.extend(parts(inside).map(|part| format!("{called}{part}{after}")));
                    let matched = inside.strip_prefix("match ").and_then(|rest| rest.split_once(" { "));
                    all.extend(matched.map(|(value, _)| format!("{before}({value}){after}")));
                }
            }
            _ => {}
        }
    }
    all
}

/// What stands between the commas, but for those within brackets.
fn parts(list: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    list.split(move |c: char| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
}

/// How long what is called is, at the end of what stands before its brackets.
fn callee(before: &str) -> usize {
    let mut depth = 0;
    let is_part = |c: char| {
        match c {
            ')' | ']' => depth += 1,
            '(' | '[' => depth -= 1,
            _ => {}
        }
        depth > 0 || (depth == 0 && (c.is_alphanumeric() || "_.?!:)]([".contains(c)))
    };
    before.len() - before.trim_end_matches(is_part).len()
}
