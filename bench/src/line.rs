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
        /// The rate beside them divided by the rate alone.
        ratio: f64,
    },
    RawNats {
        steps_per_s: f64,
        /// Sagaflow's steps per second divided by these.
        ratio: f64,
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

/// The value below which so many percent of them lie.
pub(crate) fn percentile<T: PartialOrd + Copy + Default>(mut values: Vec<T>, percent: usize) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let at = (values.len() * percent / 100).min(values.len().saturating_sub(1));
    values.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{median, percentile};

    #[test]
    fn percentiles_pick_from_the_sorted_values() {
        assert_eq!(median(vec![3, 1, 2]), 2);
        assert_eq!(percentile((1..=100).rev().collect(), 99), 100);
        assert_eq!(percentile(Vec::<u64>::new(), 99), 0);
    }
}
