//! Counts what passed and failed, from the output of `cargo test`.

/// How many checks passed, and how many failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// One check.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: u64::from(passed), failed: u64::from(!passed) }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Reads the output of test programs line by line.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    tally: Tally,
    /// A program has said what it runs, and not yet how that ended.
    open: bool,
}

impl Reader {
    /// Takes in one line of output.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.open = false;
            self.tally.passed += number_before(result, " passed");
            self.tally.failed += number_before(result, " failed");
        } else if line.starts_with("running ") && (line.ends_with(" tests") || line.ends_with(" test")) {
            self.aborted();
            self.open = true;
        }
    }

    /// The sum, once all programs have ended; `success` is what cargo's exit status says.
    pub(crate) fn finish(mut self, success: bool) -> Tally {
        self.aborted();
        if !success && self.tally.failed == 0 {
            // Something failed before it could count: a program that did not compile.
            self.tally.failed = 1;
        }
        self.tally
    }

    /// A program that ended without a result has died: that is a failure.
    fn aborted(&mut self) {
        self.tally.failed += u64::from(self.open);
        self.open = false;
    }
}

fn number_before(text: &str, word: &str) -> u64 {
    let before = text.split(word).next().unwrap_or_default();
    before.rsplit([' ', ';']).next().and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Reader, Tally};

    fn read(lines: &[&str], success: bool) -> Tally {
        let mut reader = Reader::default();
        lines.iter().for_each(|line| reader.line(line));
        reader.finish(success)
    }

    const OK: &str = "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.01s";
    const BAD: &str =
        "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s";

    #[test]
    fn results_are_added_up() {
        assert_eq!(read(&["running 15 tests", OK, "running 6 tests", BAD], false), Tally { passed: 16, failed: 2 });
    }

    #[test]
    fn a_program_that_dies_counts_as_a_failure() {
        assert_eq!(read(&["running 1 test", "running 15 tests", OK], false), Tally { passed: 12, failed: 1 });
        assert_eq!(read(&["running 15 tests", OK, "running 1 test"], false), Tally { passed: 12, failed: 1 });
    }

    #[test]
    fn a_build_that_fails_counts_as_a_failure() {
        assert_eq!(read(&[], false), Tally { passed: 0, failed: 1 });
    }
}
