//! `cargo xtask bench --compile`: how long `cargo check` takes for sagas, and for the plain async functions that they
//! are written as.
//!
//! * `compile`: a crate of 100 sagas of ten steps, clean and after a change of one body;
//! * `compile_long`: one saga of 25 to 200 awaits.
//!
//! What other crates take is no part of it: those are checked before. Both forms are compiled in turns; a line of JSON
//! has the medians.

mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use crate::workspace;
use program::Form;

const SAGAS: usize = 100;
const AWAITS: [usize; 4] = [25, 50, 100, 200];

/// Measures, and prints a JSON line per measure.
///
/// # Errors
///
/// When a file can't be written, or a program does not compile.
pub(crate) fn run(turns: usize) -> Result<ExitCode, String> {
    let stage = Stage::new().map_err(|error| format!("the programs can't be written: {error}"))?;
    stage.check_dependencies()?;
    let (mut clean, mut incremental) = (Pair::default(), Pair::default());
    let mut edit = 0;
    for _ in 0..turns {
        for form in Form::BOTH {
            edit += 1;
            clean.of(form).push(stage.clean(form, &program::many(form, SAGAS, edit))?);
            edit += 1;
            incremental.of(form).push(stage.check(form, &program::many(form, SAGAS, edit))?);
        }
    }
    for (build, pair) in [("clean", clean), ("incremental", incremental)] {
        let [saga, plain] = pair.medians();
        println!(
            r#"{{"bench":"compile","build":"{build}","sagas":{SAGAS},"steps":10,"sagas_ms":{saga},"plain_ms":{plain},"ratio":{}}}"#,
            ratio(saga, plain)
        );
    }
    for awaits in AWAITS {
        let mut pair = Pair::default();
        for _ in 0..turns {
            for form in Form::BOTH {
                pair.of(form).push(stage.clean(form, &program::long(form, awaits))?);
            }
        }
        let [saga, plain] = pair.medians();
        println!(
            r#"{{"bench":"compile_long","awaits":{awaits},"saga_ms":{saga},"plain_ms":{plain},"ratio":{}}}"#,
            ratio(saga, plain)
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// What both forms took.
#[derive(Default)]
struct Pair {
    saga: Vec<Duration>,
    plain: Vec<Duration>,
}

impl Pair {
    fn of(&mut self, form: Form) -> &mut Vec<Duration> {
        match form {
            Form::Saga => &mut self.saga,
            Form::Plain => &mut self.plain,
        }
    }

    /// In milliseconds.
    fn medians(self) -> [u128; 2] {
        [self.saga, self.plain].map(|mut times| {
            times.sort_unstable();
            times.get(times.len() / 2).map_or(0, Duration::as_millis)
        })
    }
}

fn ratio(saga: u128, plain: u128) -> f64 {
    (saga as f64 / plain as f64 * 1e3).round() / 1e3
}

/// A workspace of two packages under `target/`, which has the dependencies of this one.
struct Stage {
    root: PathBuf,
}

impl Stage {
    fn new() -> std::io::Result<Self> {
        let root = workspace::target().join("bench-compile");
        let runtime = workspace::root().join("runtime");
        for form in Form::BOTH {
            let (folder, package) = (root.join(form.package()), form.package());
            fs::create_dir_all(folder.join("src"))?;
            let manifest = format!(
                "[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nsagaflow = {{ path = {runtime:?} }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n",
            );
            fs::write(folder.join("Cargo.toml"), manifest)?;
            fs::write(folder.join("src/lib.rs"), "")?;
        }
        fs::write(root.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"compiled-*\"]\n")?;
        fs::copy(workspace::root().join("Cargo.lock"), root.join("Cargo.lock"))?;
        Ok(Self { root })
    }

    /// What all programs need, beforehand.
    fn check_dependencies(&self) -> Result<(), String> {
        Form::BOTH.into_iter().try_for_each(|form| self.check(form, "").map(drop))
    }

    /// From nothing but the dependencies.
    fn clean(&self, form: Form, source: &str) -> Result<Duration, String> {
        let profile = self.root.join("target/debug");
        for (folder, name) in [(".fingerprint", form.package().to_owned()), ("incremental", crate_name(form))] {
            remove_named(&profile.join(folder), &name)
                .map_err(|error| format!("what was compiled before can't be removed: {error}"))?;
        }
        self.check(form, source)
    }

    /// How long `cargo check` takes for a program.
    fn check(&self, form: Form, source: &str) -> Result<Duration, String> {
        let file = self.root.join(form.package()).join("src/lib.rs");
        fs::write(&file, source).map_err(|error| format!("{} can't be written: {error}", file.display()))?;
        let mut command: Command = workspace::cargo();
        command
            .current_dir(&self.root)
            .args(["check", "--offline", "--quiet", "--package", form.package(), "--target-dir"])
            .arg(self.root.join("target"))
            .stdin(Stdio::null());
        let begin = Instant::now();
        let status = command.status().map_err(|error| format!("cargo can't be run: {error}"))?;
        let took = begin.elapsed();
        if status.success() { Ok(took) } else { Err(format!("{} does not compile", file.display())) }
    }
}

fn crate_name(form: Form) -> String {
    form.package().replace('-', "_")
}

/// Removes what begins with a name, and goes on with a hash.
fn remove_named(folder: &Path, name: &str) -> std::io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&format!("{name}-")) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
