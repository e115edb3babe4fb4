//! The attempts that this worker makes, by instance: for those who have to tell them that they are over.
//!
//! Only attempts of steps that can hear of it (they inject their context) stand here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::over::Over;
use crate::transport::InstanceId;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<InstanceId, HashMap<u64, Over>>>);

/// One that is being made. It is over when this is dropped: a step that goes on (a blocking one can't be stopped) learns of it.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) over: Over,
    of: InstanceId,
    occurrence: u64,
    all: Arc<Attempts>,
}

impl Attempts {
    /// An attempt of a call begins.
    pub(super) fn begin(self: &Arc<Self>, of: &InstanceId, occurrence: u64) -> Attempt {
        let over = Over::new();
        self.lock().entry(of.clone()).or_default().insert(occurrence, over.clone());
        Attempt { over, of: of.clone(), occurrence, all: self.clone() }
    }

    /// An instance is being cancelled: its attempts that are made here may end early.
    pub(super) fn cancel(&self, instance: &InstanceId) {
        self.lock().get(instance).into_iter().flat_map(HashMap::values).for_each(Over::set);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<InstanceId, HashMap<u64, Over>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.over.set();
        let mut all = self.all.lock();
        if let Some(attempts) = all.get_mut(&self.of) {
            attempts.remove(&self.occurrence);
            if attempts.is_empty() {
                all.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_one_instance_are_told() {
        let (all, id) = (Arc::new(Attempts::default()), |id| InstanceId::new("saga", id).unwrap());
        let (first, second, other) = (all.begin(&id("a"), 1), all.begin(&id("a"), 2), all.begin(&id("b"), 1));
        let (told, late) = (first.over.clone(), other.over.clone());
        drop(second);
        all.cancel(&id("a"));
        assert!(told.is_set() && !late.is_set());
        drop((first, other));
        assert!(late.is_set(), "over in any case");
        assert!(all.lock().is_empty());
    }
}
