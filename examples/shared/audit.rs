//! Holds what a saga has done against what the same function does as a plain one.

use std::fmt;

use crate::journal::Journal;

/// What the comparison came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    same: usize,
    missing: Vec<String>,
    too_many: Vec<String>,
}

impl Audit {
    /// Compares what stands in a journal for an instance with what should.
    #[must_use]
    pub fn of(journal: &Journal, whose: &str, mut expected: Vec<String>) -> Self {
        expected.sort();
        let mut expected = expected.into_iter().peekable();
        let mut audit = Self { same: 0, missing: Vec::new(), too_many: Vec::new() };
        // Both are sorted, and each stands for itself: what is there twice must be expected twice.
        for found in journal.standing(whose) {
            while let Some(missing) = expected.next_if(|expected| *expected < found) {
                audit.missing.push(missing);
            }
            match expected.next_if_eq(&found) {
                Some(_) => audit.same += 1,
                None => audit.too_many.push(found),
            }
        }
        audit.missing.extend(expected);
        audit
    }

    /// Whether there is no difference.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.missing.is_empty() && self.too_many.is_empty()
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        if self.is_right() {
            return match self.same {
                0 => write!(f, "audit: nothing is left of it"),
                same => {
                    write!(f, "audit: {same} things were done, each once: those that a plain run of the function does")
                }
            };
        }
        let (missing, too_many) = (self.missing.len(), self.too_many.len());
        write!(f, "audit: what was done is NOT what it should be: {missing} missing, {too_many} too many")?;
        let missing = self.missing.iter().map(|what| ("missing ", what));
        let too_many = self.too_many.iter().map(|what| ("too many", what));
        missing.chain(too_many).take(SHOWN).try_for_each(|(how, what)| write!(f, "\n  {how}  {what}"))
    }
}

#[cfg(test)]
mod tests {
    use sagaflow::prelude::*;

    use super::Audit;
    use crate::journal::{Journal, PLAIN};

    #[step]
    async fn put(#[inject] journal: &Journal, #[inject] cx: &StepContext, what: String) -> Result<bool, Failure> {
        Ok(journal.once(cx, what)?)
    }

    #[tokio::test]
    async fn every_difference_is_found() {
        let journal = std::sync::Arc::new(Journal::default());
        let puts = async {
            for what in ["b", "c", "e"] {
                put(what.to_owned()).inline().await.expect("in memory");
            }
        };
        Dependencies::new().with_shared(journal.clone()).scope(puts).await;
        let of =
            |expected: &[&str]| Audit::of(&journal, PLAIN, expected.iter().map(|what| (*what).to_owned()).collect());
        assert!(of(&["e", "b", "c"]).is_right());
        assert_eq!(
            of(&["a", "c", "d", "e", "e"]).to_string(),
            "audit: what was done is NOT what it should be: 3 missing, 1 too many\n  \
             missing   a\n  missing   d\n  missing   e\n  too many  b"
        );
    }
}
