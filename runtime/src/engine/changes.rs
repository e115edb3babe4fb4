//! Which branches of the tree an event has changed.
//!
//! Of all branches that hold a change, the deepest ones are noted, so that as little as possible has to be written down. What is
//! changed outside of all branches (the instance's own code has run, say) is a change of the whole record.

/// The way from the top of the tree to a branch: its place in the list of a join or race, after those of the branches that it
/// is in.
pub(crate) type Path = Vec<u32>;

/// Marks a place in the list of what a frame has started.
pub(crate) const STARTED: u32 = 1 << 31;

/// The changes of one event, while it goes through the tree.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The branch that the event is in.
    at: Path,
    branches: Vec<Path>,
    /// Whether there is a change that none of the noted branches holds.
    outside: bool,
}

/// How it was before a branch was entered.
#[derive(Debug)]
pub(super) struct Before {
    outside: bool,
    branches: usize,
}

impl Changes {
    /// Something has changed here.
    pub(super) fn note(&mut self) {
        self.outside = true;
    }

    /// The event goes into a branch.
    pub(super) fn enter(&mut self, branch: usize) -> Before {
        self.at.push(u32::try_from(branch).unwrap_or(u32::MAX));
        Before { outside: std::mem::take(&mut self.outside), branches: self.branches.len() }
    }

    /// The same for what a frame has started.
    pub(super) fn enter_started(&mut self, place: usize) -> Before {
        self.enter(place | STARTED as usize)
    }

    /// It comes out again.
    pub(super) fn leave(&mut self, before: &Before) {
        if self.outside {
            self.branches.truncate(before.branches);
            self.branches.push(self.at.clone());
        }
        self.at.pop();
        self.outside = before.outside;
    }

    /// The branches that hold all that has changed; none, if something else has.
    pub(super) fn into_branches(self) -> Option<Vec<Path>> {
        (!self.outside).then_some(self.branches)
    }
}
