//! What the shrinker leaves of a program.

use std::convert::Infallible;

use super::{shrink, smaller};
use crate::program::{Program, generate};

/// Shrinks to what has all of these words.
fn shrunk(program: &Program, words: &[&str]) -> Program {
    let has_all = |program: &Program| words.iter().all(|word| program.text().contains(word));
    assert!(has_all(program), "it has them at first");
    let go_wrong = |programs: &[Program]| {
        Ok::<_, Infallible>(programs.iter().map(|program| has_all(program).then_some(())).collect())
    };
    match shrink(program, (), go_wrong) {
        Ok((program, ())) => program,
    }
}

/// The first program that has all of these words.
fn with(words: &[&str]) -> Program {
    let has_all = |program: &Program| words.iter().all(|word| program.text().contains(word));
    (1..2000).map(generate).find(has_all).expect("some program has them")
}

#[test]
fn only_what_is_needed_is_left() {
    let words = ["while let Some(top)", "break"];
    let program = with(&words);
    let small = shrunk(&program, &words);
    assert!(program.lines() > 15 && small.lines() <= 5, "{}\n{}", program.text(), small.text());
    assert_eq!(small.name, program.name);
}

#[test]
fn expressions_are_taken_apart() {
    let words = ["add(", "wrapping_mul("];
    let small = shrunk(&with(&words), &words);
    let long = small.text().lines().map(str::len).max().unwrap_or(0);
    assert!(small.lines() <= 6 && long < 80, "{}", small.text());
}

#[test]
fn what_is_smallest_stays() {
    let program = Program { name: "p".to_owned(), body: Vec::new() };
    assert_eq!(smaller(&program), Vec::new());
    assert_eq!(shrunk(&program, &["{"]), program);
}
