//! The line at the end, and what is said of the findings before it.

use serde::Serialize;

/// The figures of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) servers: usize,
    /// Instances whose start was acknowledged.
    pub(crate) started: u64,
    /// Of these, those with the terminal record that they must have.
    pub(crate) finished: u64,
    /// Those without it, and outcomes that the client was not told as they are.
    pub(crate) lost: u64,
    /// Two records after the same one; a record without a condition; a call that was gone back to.
    pub(crate) double_transitions: u64,
    /// Steps and compensations, or their attempts, that are not those that had to come next.
    pub(crate) out_of_order: u64,
    /// Results that were recorded and never executed, and executions that no record had asked for, or too early.
    pub(crate) unfounded: u64,
    /// Records after the first of each instance.
    pub(crate) transitions: u64,
    pub(crate) kills: u32,
    pub(crate) pauses: u32,
    pub(crate) retirements: u32,
    pub(crate) cuts: u32,
    pub(crate) stalls: u32,
    pub(crate) server_restarts: u32,
    /// Server restarts that met the leader of a stream.
    pub(crate) leader_kills: u32,
    pub(crate) redeliveries: u64,
    pub(crate) step_executions: u64,
    /// Executions of an attempt after its first.
    pub(crate) repeated_executions: u64,
    /// Of these, those that no fault explains.
    pub(crate) unexplained_executions: u64,
    /// How often a process of the run did not get to run for a tenth of the ack wait: the machine was busy.
    pub(crate) late: u64,
    /// Records that say that a worker was lost.
    pub(crate) taken_over: u64,
    /// Records that a killed server has not told of, and that are known by what was sent to it and answered.
    pub(crate) captured_gaps: u64,
    /// Of these, those of which nothing is known.
    pub(crate) unresolved_gaps: u64,
    /// Instances that the sweeper had to wake: those that no delivery would have brought back. On one server there must be
    /// none; a cluster's consumers may forget some when they lose their leader.
    pub(crate) swept: u64,
    /// Workers that ended by themselves.
    pub(crate) crashes: u64,
    /// How often the client had to try something again.
    pub(crate) client_retries: u64,
    pub(crate) seconds: f64,
}

impl Report {
    /// Whether all is as it must be.
    pub(crate) fn is_good(&self) -> bool {
        let wrong = self.lost
            + self.double_transitions
            + self.out_of_order
            + self.unfounded
            + self.unexplained_executions
            + self.unresolved_gaps
            + self.crashes
            + if self.servers == 1 { self.swept } else { 0 };
        wrong == 0 && self.finished == self.started
    }
}
