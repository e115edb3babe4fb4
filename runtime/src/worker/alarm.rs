//! Who works on what in this worker, so that mail for an instance finds the one who has its record in hand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::transport::InstanceId;

/// All instances that are worked on.
#[derive(Debug, Default)]
pub(super) struct Alarms(Mutex<HashMap<InstanceId, Arc<Alarm>>>);

/// The alarm of one of them.
#[derive(Debug, Default)]
struct Alarm {
    rung: Notify,
    /// Whether the instance is to be cancelled.
    cancelled: AtomicBool,
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
        self.lock().insert(instance.clone(), alarm.clone());
        Reachable { alarms: self.clone(), instance: instance.clone(), alarm }
    }

    /// There is mail for an instance. Whether somebody works on it here.
    pub(super) fn ring(&self, instance: &InstanceId, cancel: bool) -> bool {
        let Some(alarm) = self.lock().get(instance).cloned() else { return false };
        if cancel {
            alarm.cancelled.store(true, Ordering::Release);
        }
        alarm.rung.notify_one();
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<InstanceId, Arc<Alarm>>> {
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
}

impl Drop for Reachable {
    fn drop(&mut self) {
        let mut alarms = self.alarms.lock();
        if alarms.get(&self.instance).is_some_and(|alarm| Arc::ptr_eq(alarm, &self.alarm)) {
            alarms.remove(&self.instance);
        }
    }
}
