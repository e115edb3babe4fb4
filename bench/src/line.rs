//! What is printed, and the arithmetic for it.

use std::time::Duration;

use serde::Serialize;

/// One measure, as a line of JSON.
#[derive(Debug, Serialize)]
#[serde(tag = "bench", rename_all = "snake_case")]
pub(crate) enum Line {
    Throughput {
        transport: &'static str,
        sagas: u64,
        steps: u64,
        concurrency: u16,
        sagas_per_s: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        fsyncs_per_s: Option<f64>,
    },
    Latency {
        transport: &'static str,
        p50_ms: f64,
        p99_ms: f64,
    },
    Loop {
        transport: &'static str,
        n: u64,
        ms_per_step: f64,
    },
    Signals {
        transport: &'static str,
        signals: u64,
        ms_per_signal: f64,
        /// The size of the entity's last record.
        record_bytes: usize,
    },
    Listing {
        transport: &'static str,
        instances: u64,
        /// In seconds: to list all, until the first was there, and to list one in a hundred by an attribute.
        all_s: f64,
        first_s: f64,
        by_attribute_s: f64,
    },
    Timers {
        timers: usize,
        late_p50_ms: f64,
        late_p99_ms: f64,
        late_max_ms: f64,
    },
    Parked {
        /// How many instances wait.
        parked: u64,
        sagas_per_s_alone: f64,
        sagas_per_s: f64,
        /// The rate beside them divided by the rate alone, measured before and after: the median, and between which values.
        ratio: f64,
        ratio_least: f64,
        ratio_most: f64,
    },
    Memory {
        transport: &'static str,
        /// How many steps run at the same time.
        in_flight: usize,
        /// The resident memory of the process, worker and client, in MB (10^6 bytes).
        resident_mb: f64,
        /// The same before there was a worker.
        before_mb: f64,
    },
    Shards {
        /// The server's: how often it writes to the disk.
        sync: &'static str,
        shards: u16,
        sagas_per_s: f64,
        /// Divided by the rate of one shard in the same run.
        ratio: f64,
    },
    /// A transaction of two statements, on PostgreSQL.
    Transaction {
        by_hand_per_s: f64,
        steps_per_s: f64,
        /// The steps' rate divided by that of the same turn by hand (median).
        ratio: f64,
        /// Processor time of this process, and of the server, for each transaction, in microseconds.
        by_hand_us: f64,
        steps_us: f64,
        by_hand_server_us: f64,
        steps_server_us: f64,
    },
    /// Rows of the outbox that become starts.
    Relay {
        rows: u64,
        rows_per_s: f64,
        /// Processor time of this process for each row, in microseconds.
        row_us: f64,
    },
    /// Instances that become rows.
    Projector {
        rows: u64,
        rows_per_s: f64,
        /// Processor time of this process for each row, in microseconds.
        row_us: f64,
    },
    /// Sagas over NATS while a projector keeps up with them.
    Projected {
        sagas_per_s_alone: f64,
        sagas_per_s: f64,
        /// The rate with it divided by the rate without, of the same turn (median).
        ratio: f64,
        /// Processor time for each saga, in microseconds: of this process, of the NATS server, and of the database; the second line
        /// includes the projector's own.
        saga_us_alone: [f64; 3],
        saga_us: [f64; 3],
    },
    RawNats {
        steps_per_s: f64,
        /// Sagaflow's steps per second divided by these, measured before and after: the median, and between which values.
        ratio: f64,
        ratio_least: f64,
        ratio_most: f64,
        /// The same of the steps per second of processor time, of server, worker and client together (median) …
        #[serde(skip_serializing_if = "Option::is_none")]
        cpu_ratio: Option<f64>,
        /// … and of the server alone: what a server of its own carries.
        #[serde(skip_serializing_if = "Option::is_none")]
        server_cpu_ratio: Option<f64>,
        sagaflow_steps_per_s: f64,
        /// The sizes of the records, from the first to the terminal one, in both.
        record_bytes: [usize; 4],
    },
}

/// Prints a measure, when it is there.
pub(crate) fn print(line: &Line) {
    match serde_json::to_string(line) {
        Ok(json) => println!("{json}"),
        Err(error) => eprintln!("error: a measure can't be printed: {error}"),
    }
}

/// How many per second, rounded to whole ones.
pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    (count as f64 / time.as_secs_f64()).round()
}

/// Milliseconds, to four places.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e7).round() / 1e4
}

/// The middle one (the upper of two).
pub(crate) fn median<T: PartialOrd + Copy + Default>(values: Vec<T>) -> T {
    percentile(values, 50)
}

/// Measures that were taken between others of a yardstick, each divided by the mean of the one before and the one after it: the
/// median, the least and the largest ratio, to three places. So what comes and goes on the machine, and what grows with the run, cancels.
pub(crate) fn ratios(measured: &[f64], yardstick: &[f64]) -> [f64; 3] {
    let sides = yardstick.windows(2).map(|sides| sides.iter().sum::<f64>() / 2.0);
    let ratios: Vec<_> =
        measured.iter().zip(sides).map(|(measured, side)| (measured / side * 1e3).round() / 1e3).collect();
    [50, 0, 100].map(|percent| percentile(ratios.clone(), percent))
}

/// The value below which so many percent of them lie.
pub(crate) fn percentile<T: PartialOrd + Copy + Default>(mut values: Vec<T>, percent: usize) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let at = (values.len() * percent / 100).min(values.len().saturating_sub(1));
    values.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{median, percentile, ratios};

    #[test]
    fn ratios_are_to_the_mean_of_both_sides() {
        assert_eq!(ratios(&[10.0, 30.0, 45.0], &[10.0, 10.0, 30.0, 70.0]), [1.0, 0.9, 1.5]);
    }

    #[test]
    fn percentiles_pick_from_the_sorted_values() {
        assert_eq!(median(vec![3, 1, 2]), 2);
        assert_eq!(percentile((1..=100).rev().collect(), 99), 100);
        assert_eq!(percentile(Vec::<u64>::new(), 99), 0);
    }
}
