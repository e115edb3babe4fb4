//! A file system of a few megabytes that a server can run on, to be filled to the last byte.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A file system in memory, in a mount namespace of its own: only what is started [within](Self::within) sees it. It is gone
/// with this value, or with the process that has made it.
///
/// It needs Linux, and a user who may make namespaces (root, or most users of a machine that is no container).
#[derive(Debug)]
pub struct SmallDisk {
    /// Holds the namespace: waits for the end of a pipe that this process holds.
    holder: Child,
    directory: TempDir,
}

impl SmallDisk {
    /// One of so many mebibytes.
    ///
    /// # Panics
    ///
    /// If there can be none here.
    #[must_use]
    pub fn new(mebibytes: u32) -> Self {
        let directory = TempDir::new().expect("a directory to mount it on");
        let script = r#"mount -t tmpfs -o "size=$0m" none "$1" && echo mounted && exec cat"#;
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", script]);
        command.arg(mebibytes.to_string()).arg(directory.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut holder = command.spawn().expect("`unshare` of util-linux");
        let mut said = String::new();
        let read = BufReader::new(holder.stdout.take().expect("its output")).read_line(&mut said);
        if read.is_err() || said != "mounted\n" {
            let mut why = String::new();
            let _ = holder.stderr.take().expect("its errors").read_to_string(&mut why);
            panic!("this test needs a user who may make a mount namespace, such as root: {why}");
        }
        Self { holder, directory }
    }

    /// Where it is mounted, for those who run within it.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The beginning of a command that runs within.
    #[must_use]
    pub fn within(&self) -> Vec<String> {
        let holder = self.holder.id().to_string();
        ["nsenter", "--target", &holder, "--mount", "--user", "--preserve-credentials"].map(str::to_owned).to_vec()
    }

    /// Takes all the room that is left.
    ///
    /// # Panics
    ///
    /// If there is still room then.
    pub fn fill(&self) {
        // Ends with an error: there is no more room.
        self.run(r#"cat /dev/zero > "$0/ballast" 2>/dev/null; ! echo more > "$0/more""#);
    }

    /// Gives it back.
    ///
    /// # Panics
    ///
    /// If it was not taken.
    pub fn make_room(&self) {
        self.run(r#"rm "$0/ballast""#);
    }

    fn run(&self, script: &str) {
        let within = self.within();
        let mut command = Command::new(&within[0]);
        command.args(&within[1..]).args(["sh", "-c", script]).arg(self.path()).stderr(Stdio::null());
        assert!(command.status().is_ok_and(|status| status.success()), "`{script}` on the small disk");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Fails only if it is gone already.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
