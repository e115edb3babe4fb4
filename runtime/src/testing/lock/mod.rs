//! The lock file: keeps a change of the code from stranding instances that run.
//!
//! An instance waits in a record that the code of its day has made. `sagas.lock` says what is in such records: the states of
//! each saga, the variables that wait with each, and what they look like; the steps' arguments. It is made by a test, committed, and
//! compared with the code by the same test:
//!
//! ```
//! # use sagaflow::prelude::*;
//! # #[step] async fn book(seat: u32) -> Result<String, Failure> { Ok(format!("seat {seat}")) }
//! # #[saga] async fn outing(seat: u32) -> Result<String, Failure> { book(seat).await }
//! # let folder = std::env::temp_dir().join(format!("sagaflow-lock-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder).unwrap();
//! # let file = folder.join("sagas.lock");
//! # let file = file.to_str().unwrap();
//! # let check = || {
//! // #[test]
//! // fn instances_that_run_survive_this_code() {
//! sagaflow::testing::lock!(outing); // writes or compares `sagas.lock` beside your `Cargo.toml`
//! // }
//! # };
//! # let described = sagaflow::testing::lock::describe(&[sagaflow::definition::SagaDefinition::of::<outing>()]);
//! # assert!(described.contains("state book"));
//! # std::fs::write(file, described).unwrap(); // where `CI` is set, no file is made
//! # sagaflow::testing::lock!(file = file, outing);
//! # std::fs::remove_dir_all(folder).unwrap();
//! ```
//!
//! A change that a running instance would not survive fails the test, with what it would meet and the ways out; all other changes
//! pass. Which is which, and what the ways out are: `docs/evolution.md`.
//!
//! | environment variable | |
//! |---|---|
//! | `SAGAFLOW_BLESS=1` | the file is written as the code is now: when you deploy, or when nothing runs |
//! | `SAGAFLOW_LOCKED=1` | a file that is not exactly what the code says is an error, too: for the build that you deploy |

mod asked;
mod compare;
mod described;
mod explore;
mod file;
mod parse;
mod shape;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

pub(crate) use asked::is_read_as;
pub(crate) use explore::{trace, trace_output};
pub use shape::{Field, Shape, Struct};

use crate::definition::SagaDefinition;
use compare::Finding;
use described::Described;

/// Compares the sagas that are served with the lock file, in a test: see the [module's page](mod@crate::testing::lock).
///
/// `lock!(checkout, refund)` uses `sagas.lock` beside the `Cargo.toml` of the crate;
/// `lock!(file = "deploy/sagas.lock", checkout)` another file, relative to that.
///
/// # Panics
///
/// If an instance that was made by the code which the file describes would not survive the code of now, or the file can't be read or
/// written.
#[doc(hidden)]
#[macro_export]
macro_rules! __lock {
    (file = $file:expr, $($saga:path),+ $(,)?) => {
        $crate::testing::lock::check(
            ::core::env!("CARGO_MANIFEST_DIR"),
            $file,
            ::std::vec![$($crate::definition::SagaDefinition::of::<$saga>()),+],
        )
    };
    ($($saga:path),+ $(,)?) => { $crate::testing::lock!(file = "sagas.lock", $($saga),+) };
}

/// What the environment asks for.
#[derive(Debug, Clone, Copy, Default)]
struct Mode {
    bless: bool,
    locked: bool,
    /// There is nobody who could commit a file.
    unattended: bool,
}

impl Mode {
    fn of_environment() -> Self {
        let is_set = |name| std::env::var(name).is_ok_and(|value| !matches!(&*value, "" | "0" | "false"));
        Self { bless: is_set("SAGAFLOW_BLESS"), locked: is_set("SAGAFLOW_LOCKED"), unattended: is_set("CI") }
    }
}

/// What `lock!` calls.
///
/// # Panics
///
/// See there.
#[doc(hidden)]
#[track_caller]
pub fn check(folder: &str, file: impl AsRef<Path>, definitions: Vec<SagaDefinition>) {
    let path = Path::new(folder).join(file);
    if let Err(error) = check_file(&path, &definitions, Mode::of_environment()) {
        panic!("{error}");
    }
}

/// What the lock file of these sagas says, as the code is now.
///
/// ```
/// use sagaflow::definition::SagaDefinition;
/// # use sagaflow::prelude::*;
/// # #[step] async fn book(seat: u32) -> Result<String, Failure> { Ok(format!("seat {seat}")) }
/// # #[saga] async fn outing(seat: u32) -> Result<String, Failure> { book(seat).await }
/// let file = sagaflow::testing::lock::describe(&[SagaDefinition::of::<outing>()]);
/// assert!(file.contains("saga outing") && file.contains("state book"));
/// ```
#[must_use]
pub fn describe(sagas: &[SagaDefinition]) -> String {
    file::write(&Described::of(sagas))
}

/// What instances would meet that were made by the code which a lock file describes: nothing, if they survive the code of these sagas.
/// [`lock!`](crate::testing::lock!) does this in a test; this is for tools.
///
/// # Errors
///
/// If the text is no lock file.
pub fn compare(file: &str, sagas: &[SagaDefinition]) -> Result<Vec<String>, String> {
    let findings = compare::compare(&file::read(file)?, sagas);
    Ok(findings.iter().map(|finding| finding.misfit.to_string()).collect())
}

fn check_file(path: &PathBuf, definitions: &[SagaDefinition], mode: Mode) -> Result<(), String> {
    let name = path.display();
    for definition in definitions {
        if let Some(clash) = definition.clashes().next() {
            return Err(format!("two different steps of saga `{}` have the name `{clash}`", definition.name()));
        }
    }
    let text = describe(definitions);
    let write = || std::fs::write(path, &text).map_err(|error| format!("{name} can't be written: {error}"));
    let before = match std::fs::read_to_string(path) {
        Ok(before) => before,
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("{name} can't be read: {error}"));
        }
        Err(_) if mode.bless || !(mode.unattended || mode.locked) => {
            eprintln!("{name} is new: commit it");
            return write();
        }
        Err(_) => {
            return Err(format!("there is no {name}: run this test where you develop, and commit what it writes"));
        }
    };
    if before == text {
        return Ok(());
    }
    if mode.bless {
        return write();
    }
    let locked = file::read(&before).map_err(|error| {
        format!("{name} can't be read: {error}\nIf it was merged by hand, take one side of it, and bless it with SAGAFLOW_BLESS=1")
    })?;
    let findings = compare::compare(&locked, definitions);
    if !findings.is_empty() {
        let newest = definitions.iter().map(SagaDefinition::version).max().unwrap_or(1);
        return Err(report(&name.to_string(), &findings, newest + 1));
    }
    if mode.locked {
        return Err(format!(
            "{name} is not what the code says, though instances survive the difference: write it with SAGAFLOW_BLESS=1, and commit it"
        ));
    }
    eprintln!(
        "{name} is older than the code, and instances survive the difference: bless it when you deploy (SAGAFLOW_BLESS=1)"
    );
    Ok(())
}

/// What is told of a change that instances don't survive.
fn report(name: &str, findings: &[Finding], next: u32) -> String {
    let mut text = format!("{name}: instances that run now would not survive this code.\n");
    for (number, Finding { misfit, hints }) in findings.iter().enumerate() {
        // Writing to a string can't fail.
        let _ = write!(text, "\n{}. {misfit}\n", number + 1);
        for hint in hints {
            let _ = writeln!(text, "   - {hint}");
        }
    }
    text += "\nWorkers of this code hand such instances back to those of older code, and pause them when there are none any more.
Ways out:
   - what is said above;
   - a new version beside the old one, on whose code they end, or that they are migrated to:
     `#[saga(version = NEXT, before = …)]`, `#[saga(version = NEXT, migrate = …)]`;
   - if no instance runs: SAGAFLOW_BLESS=1, and this code is what the file says.
All of them are shown in docs/evolution.md.\n";
    text.replace("NEXT", &next.to_string())
}
