//! How long the test kit takes for every crash and every failure of a saga of 20 steps; prints a JSON line.
//!
//! `cargo run -p sagaflow --all-features --example kit_speed`, with `--release` or without. The processor time is that of all threads, and does not
//! depend on what else the machine is doing; the runs use all cores, so the time on the wall is less.

use std::cell::Cell;
use std::time::Instant;

use sagaflow::prelude::*;
use sagaflow::testing::Lab;

/// So many checks, of which the fastest counts.
const TURNS: usize = 5;

#[step]
#[retry(fixed, delay = "1s", max_attempts = 3, timeout = "10s")]
#[compensate(take_back(n))]
async fn add(n: u32) -> Result<u32, Failure> {
    Ok(n + 1)
}

#[step]
async fn take_back(n: u32) {
    let _ = n;
}

#[saga]
async fn twenty() -> Result<u32, Failure> {
    let mut n = 0;
    while n < 20 {
        n = add(n).await?;
    }
    Ok(n)
}

fn main() {
    let (mut processor, mut wall, runs) = (f64::MAX, f64::MAX, Cell::new(0));
    for _ in 0..TURNS {
        runs.set(0);
        let (begun, before) = (Instant::now(), processor_seconds());
        Lab::new().check(twenty()).every_crash().every_failure().assert_all(|_| runs.set(runs.get() + 1));
        processor = processor.min(processor_seconds() - before);
        wall = wall.min(begun.elapsed().as_secs_f64());
    }
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let runs = runs.get();
    println!(
        r#"{{"bench":"kit","build":"{build}","steps":20,"runs":{runs},"processor_s":{processor:.2},"wall_s":{wall:.2}}}"#
    );
}

/// What all threads of this process have used until now (user and system), as Linux says it: in hundredths of a second.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = |nth: usize| after_name.split(' ').nth(nth).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}
