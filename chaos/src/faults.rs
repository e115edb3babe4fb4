//! The faults: which, in which order, and how long they last, follows from the seed; whom they meet, and when, from the run.
//!
//! They are spread over the starts: each fault waits until its part of the instances has been started, and the
//! starts wait for the faults. So all of them meet instances that run, however fast the machine is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::Failed;
use crate::capture::health;
use crate::client::Board;
use crate::effects::{Nanos, now};
use crate::fleet::Fleet;
use crate::guard::Guard;
use crate::proxy::Proxy;
use crate::servers::Server;

/// How long a cluster may take to be whole again before the next of its servers is killed.
const RECOVERY: Duration = Duration::from_secs(60);

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// SIGKILL to a worker, and a new one in its place after this time.
    KillWorker { gone: Duration },
    /// SIGSTOP to a worker, and SIGCONT after this time, which is longer than the ack wait.
    PauseWorker { paused: Duration },
    /// SIGTERM to a worker, and a new one in its place at once.
    RetireWorker,
    /// Cuts so many percent of the connections.
    Cut { percent: u8 },
    /// Holds back what goes over a connection.
    Stall { held: Duration },
    /// SIGKILL to the server, or the leader of a stream of records, which is started again after this time.
    KillServer { down: Duration },
}

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) kills: u32,
    pub(crate) pauses: u32,
    pub(crate) retirements: u32,
    pub(crate) cuts: u32,
    pub(crate) stalls: u32,
    pub(crate) server_kills: u32,
}

/// When something was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Incident {
    pub(crate) from: Nanos,
    pub(crate) to: Nanos,
}

/// What has been done.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    incidents: Mutex<Vec<Incident>>,
    done: Mutex<Counts>,
    late: AtomicU64,
}

impl Journal {
    pub(crate) fn incidents(&self) -> Vec<Incident> {
        self.incidents.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn done(&self) -> Counts {
        *self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This process was late, and with it the proxies.
    pub(crate) fn late(&self, from: Nanos, to: Nanos) {
        self.incidents.lock().unwrap_or_else(PoisonError::into_inner).push(Incident { from, to });
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    /// How often.
    pub(crate) fn times_late(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    fn note(&self, from: Nanos, count: impl FnOnce(&mut Counts)) {
        self.incidents.lock().unwrap_or_else(PoisonError::into_inner).push(Incident { from, to: now() });
        count(&mut self.done.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The faults of a run in their order, each with the pause before it.
pub(crate) fn plan(seed: u64, counts: Counts, ack_wait: Duration) -> Vec<(Duration, Fault)> {
    let mut rng = Rng::with_seed(seed);
    let rng = &mut rng;
    let milliseconds = |rng: &mut Rng, range: std::ops::Range<u64>| Duration::from_millis(rng.u64(range));
    let mut faults = Vec::new();
    let Counts { kills, pauses, retirements, cuts, stalls, server_kills } = counts;
    faults.extend((0..kills).map(|_| Fault::KillWorker { gone: milliseconds(rng, 0..500) }));
    faults.extend((0..pauses).map(|_| Fault::PauseWorker { paused: ack_wait.mul_f64(1.3 + rng.f64() * 1.5) }));
    faults.extend((0..retirements).map(|_| Fault::RetireWorker));
    faults.extend((0..cuts).map(|_| Fault::Cut { percent: rng.u8(20..=100) }));
    faults.extend((0..stalls).map(|_| Fault::Stall { held: ack_wait.mul_f64(0.5 + rng.f64() * 1.5) }));
    faults.extend((0..server_kills).map(|_| Fault::KillServer { down: milliseconds(rng, 0..2500) }));
    rng.shuffle(&mut faults);
    faults.into_iter().map(|fault| (milliseconds(rng, 100..1200), fault)).collect()
}

/// Whom faults can meet.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) fleet: Arc<tokio::sync::Mutex<Fleet>>,
    pub(crate) servers: Vec<Server>,
    pub(crate) proxies: Arc<Vec<Proxy>>,
    /// A connection to each server.
    pub(crate) clients: Vec<async_nats::Client>,
    pub(crate) streams: Vec<String>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) guard: Arc<Guard>,
    /// Pauses and stalls that are under way.
    pub(crate) under_way: JoinSet<()>,
    pub(crate) rng: Rng,
}

impl Stage {
    /// All faults, one after the other; pauses and stalls go on beside the next.
    ///
    /// # Errors
    ///
    /// When a server or a worker can't be started again.
    pub(crate) async fn play(&mut self, plan: &[(Duration, Fault)], sagas: u64, board: &Board) -> Result<(), Failed> {
        let share = |number: usize| sagas * number as u64 / (plan.len() as u64 + 1);
        board.gate.send_replace(share(1).max(1));
        for (number, (pause, fault)) in plan.iter().enumerate() {
            // Half of a portion may be under way, so that the faults meet a crowd.
            board.reached((share(number) + share(number + 1)) / 2).await;
            sleep(*pause).await;
            self.make(*fault).await?;
            board.gate.send_replace(share(number + 2).max(1));
        }
        board.gate.send_replace(sagas);
        while self.under_way.join_next().await.is_some() {}
        Ok(())
    }

    /// Starts the servers that are down, for whoever wants to read them after a run that was broken off.
    ///
    /// # Errors
    ///
    /// When one does not come back.
    pub(crate) async fn restore(&mut self) -> Result<(), Failed> {
        for server in self.servers.iter_mut().filter(|server| server.is_down()) {
            server.restart().await?;
        }
        Ok(())
    }

    async fn make(&mut self, fault: Fault) -> Result<(), Failed> {
        let from = now();
        match fault {
            Fault::KillWorker { gone } => {
                let place = self.worker().await;
                self.fleet.lock().await.kill(place);
                sleep(gone).await;
                self.fleet.lock().await.replace(place)?;
                self.journal.note(from, |done| done.kills += 1);
            }
            Fault::PauseWorker { paused } => {
                let place = self.worker().await;
                self.fleet.lock().await.set_stopped(place, true);
                let (fleet, journal) = (Arc::clone(&self.fleet), Arc::clone(&self.journal));
                self.under_way.spawn(async move {
                    sleep(paused).await;
                    fleet.lock().await.set_stopped(place, false);
                    journal.note(from, |done| done.pauses += 1);
                });
            }
            Fault::RetireWorker => {
                let place = self.worker().await;
                let mut fleet = self.fleet.lock().await;
                let Some(process) = fleet.retire(place) else { return Ok(()) };
                fleet.replace(place)?;
                drop(fleet);
                let (fleet, guard) = (Arc::clone(&self.fleet), Arc::clone(&self.guard));
                let journal = Arc::clone(&self.journal);
                self.under_way.spawn(async move {
                    if !Fleet::see_off(&guard, process).await {
                        let text = "a worker that was told to end did not, or ended with an error".to_owned();
                        fleet.lock().await.crashes.push(text);
                    }
                    journal.note(from, |done| done.retirements += 1);
                });
            }
            Fault::Cut { percent } => {
                for proxy in self.proxies.iter() {
                    for connection in proxy.connections() {
                        if self.rng.u8(0..100) < percent {
                            proxy.cut(connection);
                        }
                    }
                }
                self.journal.note(from, |done| done.cuts += 1);
            }
            Fault::Stall { held } => {
                let all = self.proxies.iter().enumerate();
                let all: Vec<_> =
                    all.flat_map(|(at, proxy)| proxy.connections().into_iter().map(move |c| (at, c))).collect();
                let Some((at, connection)) = self.rng.choice(all) else { return Ok(()) };
                self.proxies[at].stall(connection, true);
                let (proxies, journal) = (Arc::clone(&self.proxies), Arc::clone(&self.journal));
                self.under_way.spawn(async move {
                    sleep(held).await;
                    proxies[at].stall(connection, false);
                    journal.note(from, |done| done.stalls += 1);
                });
            }
            Fault::KillServer { down } => {
                let victim = self.leader().await;
                let from = now();
                self.servers[victim].kill();
                sleep(down).await;
                self.servers[victim].restart().await?;
                if self.servers.len() > 1 {
                    // Until there is a leader again, the fault lasts.
                    self.leader().await;
                }
                self.journal.note(from, |done| done.server_kills += 1);
            }
        }
        Ok(())
    }

    /// A worker to meet. While all are stopped it waits for one.
    async fn worker(&mut self) -> usize {
        loop {
            let running = self.fleet.lock().await.running();
            if let Some(place) = self.rng.choice(running) {
                return place;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The server that leads a stream of records, once the cluster is whole: the loss of a majority is not what is
    /// tried here. One server alone leads.
    async fn leader(&mut self) -> usize {
        if self.servers.len() == 1 {
            return 0;
        }
        let stream = self.rng.choice(&self.streams).cloned().unwrap_or_default();
        let begun = Instant::now();
        loop {
            let mut whole = true;
            let mut leader = None;
            for name in &self.streams {
                let health = health(&self.clients, name, self.servers.len()).await;
                whole &= health.as_ref().is_some_and(|health| health.whole && health.leader.is_some());
                if *name == stream {
                    leader = health.and_then(|health| health.leader);
                }
            }
            let place = leader.and_then(|name| self.servers.iter().position(|server| server.name == name));
            match place {
                Some(place) if whole || begun.elapsed() > RECOVERY => return place,
                None if begun.elapsed() > 2 * RECOVERY => return 0,
                _ => sleep(Duration::from_millis(250)).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Duration, Fault, plan};

    #[test]
    fn a_plan_follows_from_its_seed_and_holds_what_it_is_told_to() {
        let counts = Counts { kills: 20, pauses: 3, retirements: 2, cuts: 4, stalls: 5, server_kills: 6 };
        let ack_wait = Duration::from_secs(2);
        let made = plan(7, counts, ack_wait);
        assert_eq!(made, plan(7, counts, ack_wait));
        assert_ne!(made, plan(8, counts, ack_wait));
        let mut found = Counts::default();
        for (_, fault) in &made {
            match fault {
                Fault::KillWorker { .. } => found.kills += 1,
                Fault::PauseWorker { paused } => {
                    assert!(*paused > ack_wait);
                    found.pauses += 1;
                }
                Fault::RetireWorker => found.retirements += 1,
                Fault::Cut { .. } => found.cuts += 1,
                Fault::Stall { .. } => found.stalls += 1,
                Fault::KillServer { .. } => found.server_kills += 1,
            }
        }
        assert_eq!(found, counts);
        // Mixed: not all of a kind one after the other.
        assert!(made[..20].iter().any(|(_, fault)| !matches!(fault, Fault::KillWorker { .. })));
    }
}
