//! Many programs in one crate: written, compiled, run.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use crate::program::{self, Program};

/// What the name of a file with a plain form ends in.
const PLAIN: &str = "_plain";

const COMPARE: &str = "sagaflow_differential::compare::compare";

/// How a program did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Both forms did the same, in so many runs.
    Same(usize),
    /// They differed.
    Differs(String),
    /// The plain function compiles, the saga doesn't: the compiler's first message.
    PlainOnly(String),
    /// Neither compiles: a bug of the generator.
    Invalid(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same(runs) => write!(f, "both forms agree in {runs} runs"),
            Self::Differs(text) => write!(f, "the forms differ: {text}"),
            Self::PlainOnly(text) => write!(f, "only the plain function compiles: {text}"),
            Self::Invalid(text) => write!(f, "neither form compiles: {text}"),
        }
    }
}

/// Where batches are made, and from what.
#[derive(Debug, Clone)]
pub struct Workshop {
    /// The root of the workspace.
    pub root: PathBuf,
    /// The directory for all that is made.
    pub folder: PathBuf,
    /// How many parts a batch has: each is compiled and run beside the others.
    pub parts: usize,
}

impl Workshop {
    /// Compiles and runs programs.
    ///
    /// # Errors
    ///
    /// When files can't be written, cargo can't be run, or the batch fails as a whole.
    pub fn run(&self, programs: &[Program]) -> io::Result<BTreeMap<String, Verdict>> {
        let mut verdicts = BTreeMap::new();
        let mut left: Vec<&Program> = programs.iter().collect();
        let parts = loop {
            let parts = self.write(&left)?;
            let built = self.build()?;
            if built.status.success() {
                break parts;
            }
            let broken = broken(&String::from_utf8_lossy(&built.stderr));
            let before = left.len();
            left.retain(|program| match broken.get(&program.name) {
                Some((plain, text)) => {
                    let verdict =
                        if *plain { Verdict::Invalid(text.clone()) } else { Verdict::PlainOnly(text.clone()) };
                    verdicts.insert(program.name.clone(), verdict);
                    false
                }
                None => true,
            });
            if left.is_empty() {
                return Ok(verdicts);
            }
            if left.len() == before {
                return Err(io::Error::other(String::from_utf8_lossy(&built.stderr).into_owned()));
            }
        };
        for printed in self.run_parts(parts)? {
            verdicts.extend(read(&printed));
        }
        Ok(verdicts)
    }

    /// Writes the package: a binary for each part. Returns how many there are.
    fn write(&self, programs: &[&Program]) -> io::Result<usize> {
        let source = self.folder.join("src");
        if source.exists() {
            fs::remove_dir_all(&source)?;
        }
        fs::create_dir_all(&source)?;
        fs::write(self.folder.join("Cargo.toml"), manifest(&self.root))?;
        fs::copy(self.root.join("Cargo.lock"), self.folder.join("Cargo.lock"))?;
        let size = programs.len().div_ceil(self.parts.max(1)).max(1);
        let parts = programs.chunks(size);
        let count = parts.len();
        for (index, part) in parts.enumerate() {
            let folder = source.join("bin").join(part_name(index));
            fs::create_dir_all(&folder)?;
            for program in part {
                fs::write(folder.join(format!("{}.rs", program.name)), program::module(program))?;
                fs::write(folder.join(format!("{}{PLAIN}.rs", program.name)), program::plain(program))?;
            }
            fs::write(folder.join("main.rs"), main(part))?;
        }
        Ok(count)
    }

    /// Builds with what was fetched for the workspace, whose lock file is the batch's, too; only where something of it is
    /// no longer there, the network is asked.
    fn build(&self) -> io::Result<Output> {
        let offline = self.cargo(&["build", "--quiet", "--keep-going", "--offline"])?;
        let is_ours = offline.status.success() || !broken(&String::from_utf8_lossy(&offline.stderr)).is_empty();
        if is_ours { Ok(offline) } else { self.cargo(&["build", "--quiet", "--keep-going"]) }
    }

    fn cargo(&self, arguments: &[&str]) -> io::Result<Output> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Command::new(cargo)
            .args(arguments)
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .output()
    }

    /// Runs the parts beside each other; what each has printed.
    fn run_parts(&self, parts: usize) -> io::Result<Vec<String>> {
        let program = |index| self.folder.join("target/debug").join(part_name(index));
        let running: Vec<_> = (0..parts)
            .map(|index| Command::new(program(index)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn())
            .collect::<io::Result<_>>()?;
        // A thread for each: a full pipe would stop the part that nobody reads.
        let readers: Vec<_> = running.into_iter().map(|part| thread::spawn(move || part.wait_with_output())).collect();
        let mut printed = Vec::new();
        for reader in readers {
            let ran = reader.join().map_err(|_| io::Error::other("a reader has panicked"))??;
            if !ran.status.success() {
                return Err(io::Error::other(String::from_utf8_lossy(&ran.stderr).into_owned()));
            }
            printed.push(String::from_utf8_lossy(&ran.stdout).into_owned());
        }
        Ok(printed)
    }
}

fn part_name(index: usize) -> String {
    format!("part{index}")
}

/// The macros and the runtime are optimized: every program runs through them some hundred times.
fn manifest(root: &Path) -> String {
    let root = root.display();
    format!(
        "[package]\nname = \"batch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         sagaflow = {{ path = \"{root}/runtime\", default-features = false }}\n\
         sagaflow-differential = {{ path = \"{root}/differential\", default-features = false }}\n\
         tokio = {{ version = \"1\", features = [\"rt\", \"time\", \"test-util\"] }}\n\n\
         [profile.dev]\ndebug = false\nincremental = false\n\n\
         [profile.dev.package.\"*\"]\nopt-level = 1\n\n[profile.dev.build-override]\nopt-level = 1\n\n[workspace]\n"
    )
}

fn main(programs: &[&Program]) -> String {
    let names = || programs.iter().map(|program| &program.name);
    let modules: String = names().map(|name| format!("mod {name};\nmod {name}{PLAIN};\n")).collect();
    let runs: String = names()
        .map(|name| {
            format!("    tell(\"{name}\", runtime().block_on({COMPARE}({name}::{name}, {name}{PLAIN}::{name})));\n")
        })
        .collect();
    format!(
        "#![allow(warnings, clippy::all)]\n\n{modules}\nfn main() {{\n{runs}}}\n\n\
         fn runtime() -> tokio::runtime::Runtime {{\n    \
         tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()\n}}\n\n\
         fn tell(name: &str, result: Result<usize, String>) {{\n    match result {{\n        \
         Ok(runs) => println!(\"same {{name}} {{runs}}\"),\n        \
         Err(text) => println!(\"differs {{name}}\\n{{text}}\\n.\"),\n    }}\n}}\n"
    )
}

/// The programs that do not compile: whether the plain form is broken, too, and the first message.
fn broken(errors: &str) -> BTreeMap<String, (bool, String)> {
    let mut broken: BTreeMap<String, (bool, String)> = BTreeMap::new();
    for error in errors.split("\n\n") {
        if !error.trim_start().starts_with("error") {
            continue;
        }
        let Some((_, place)) = error.split_once("--> src/bin/") else { continue };
        let Some(file) = place.split(':').next() else { continue };
        let name = Path::new(file).file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let (name, is_plain) = match name.strip_suffix(PLAIN) {
            Some(name) => (name.to_owned(), true),
            None => (name, false),
        };
        broken.entry(name).or_insert_with(|| (false, error.to_owned())).0 |= is_plain;
    }
    broken
}

/// What the batch has printed.
fn read(output: &str) -> BTreeMap<String, Verdict> {
    let mut verdicts = BTreeMap::new();
    let mut lines = output.lines();
    while let Some(line) = lines.next() {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("same"), Some(name), Some(runs)) => {
                verdicts.insert(name.to_owned(), Verdict::Same(runs.parse().unwrap_or(0)));
            }
            (Some("differs"), Some(name), _) => {
                let text: Vec<_> = lines.by_ref().take_while(|line| *line != ".").collect();
                verdicts.insert(name.to_owned(), Verdict::Differs(text.join("\n")));
            }
            _ => {}
        }
    }
    verdicts
}
