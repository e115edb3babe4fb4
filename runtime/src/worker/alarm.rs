//! Who works on what in this worker, so that mail for an instance finds the one who has its record in hand; and what was asked of instances that
//! nobody has in hand just now, so that it finds whoever takes the next record up. (Between two short steps there is mostly nobody.)

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::engine::{CANCEL, PAUSE};
use crate::transport::InstanceId;

/// For so long it is remembered what was asked of an instance. A notice that nobody has settled comes again sooner.
const REMEMBERED: Duration = Duration::from_secs(10);

/// All instances that are worked on.
#[derive(Debug, Default)]
pub(super) struct Alarms(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    working: HashMap<InstanceId, Arc<Alarm>>,
    /// What was asked of them, and when.
    asked: HashMap<InstanceId, Asked>,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    at: Instant,
    cancel: bool,
    pause: bool,
}

/// The alarm of one of them.
#[derive(Debug, Default)]
struct Alarm {
    rung: Notify,
    /// Whether the instance is to be cancelled.
    cancelled: AtomicBool,
    /// Whether it is to be paused.
    paused: AtomicBool,
}

/// One who works on an instance, and can be reached.
#[derive(Debug)]
pub(super) struct Reachable {
    alarms: Arc<Alarms>,
    instance: InstanceId,
    alarm: Arc<Alarm>,
}

impl Alarms {
    /// From here on, until it is dropped, the alarm of this instance is heard.
    pub(super) fn reach(self: &Arc<Self>, instance: &InstanceId) -> Reachable {
        let alarm = Arc::<Alarm>::default();
        let mut state = self.lock();
        if let Some(asked) = state.asked.get(instance) {
            alarm.cancelled.store(asked.cancel, Ordering::Release);
            alarm.paused.store(asked.pause, Ordering::Release);
        }
        state.working.insert(instance.clone(), alarm.clone());
        drop(state);
        Reachable { alarms: self.clone(), instance: instance.clone(), alarm }
    }

    /// There is mail for an instance, in the queue of this name. Whether somebody works on it here.
    pub(super) fn ring(&self, instance: &InstanceId, queue: &str) -> bool {
        let (cancel, pause) = (queue == CANCEL, queue == PAUSE);
        let mut state = self.lock();
        if cancel || pause {
            let now = Instant::now();
            state.asked.retain(|_, asked| now.duration_since(asked.at) < REMEMBERED);
            let asked = state.asked.entry(instance.clone()).or_insert(Asked { at: now, cancel, pause });
            *asked = Asked { at: now, cancel: asked.cancel || cancel, pause: asked.pause || pause };
        }
        let Some(alarm) = state.working.get(instance).cloned() else { return false };
        drop(state);
        alarm.cancelled.fetch_or(cancel, Ordering::AcqRel);
        alarm.paused.fetch_or(pause, Ordering::AcqRel);
        alarm.rung.notify_one();
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reachable {
    /// Waits for the alarm.
    pub(super) async fn rung(&self) {
        self.alarm.rung.notified().await;
    }

    /// Whether the instance is to be cancelled.
    pub(super) fn is_cancelled(&self) -> bool {
        self.alarm.cancelled.load(Ordering::Acquire)
    }

    /// Whether the instance is to be paused.
    pub(super) fn is_paused(&self) -> bool {
        self.alarm.paused.load(Ordering::Acquire)
    }

    /// Nothing of that kind is asked any more.
    pub(super) fn forget(&self, cancel: bool, pause: bool) {
        let mut state = self.alarms.lock();
        if let Some(asked) = state.asked.get_mut(&self.instance) {
            asked.cancel &= !cancel;
            asked.pause &= !pause;
        }
        drop(state);
        self.alarm.cancelled.fetch_and(!cancel, Ordering::AcqRel);
        self.alarm.paused.fetch_and(!pause, Ordering::AcqRel);
    }
}

impl Drop for Reachable {
    fn drop(&mut self) {
        let mut state = self.alarms.lock();
        if state.working.get(&self.instance).is_some_and(|alarm| Arc::ptr_eq(alarm, &self.alarm)) {
            state.working.remove(&self.instance);
        }
    }
}
