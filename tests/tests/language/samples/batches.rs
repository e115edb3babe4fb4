//! Work in bulk: levels, windows, media, releases, imports, alternatives.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::time::Duration;

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Trace, check};

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
struct TaskId(String);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Task {
    id: TaskId,
    needs: Vec<TaskId>,
    cost: f64,
}

#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
#[compensate(undo_task(task))]
async fn run_task(#[inject] trace: &Trace, task: TaskId, level: usize) -> Result<f64, Failure> {
    trace.add(format_args!("run {} at {level}", task.0));
    if task.0 == "bad" { Err(Failure::new("a bad task")) } else { Ok(task.0.len() as f64 / 2.0) }
}

#[step]
async fn undo_task(#[inject] trace: &Trace, task: TaskId) {
    trace.add(format_args!("undo run {}", task.0));
}

/// A batch with levels: what needs nothing that is open comes next.
#[saga]
async fn by_levels(tasks: Vec<Task>) -> Result<Vec<(usize, f64)>, Failure> {
    let mut open: BTreeMap<_, _> = tasks.into_iter().map(|task| (task.id.clone(), task)).collect();
    let mut done = HashSet::new();
    let mut levels = Vec::new();
    for level in 0.. {
        let (ready, rest): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|(_, task)| task.needs.iter().all(|need| done.contains(need)));
        open = rest.into_iter().collect();
        if ready.is_empty() {
            if let Some((TaskId(first), Task { needs, .. })) = open.first_key_value() {
                return Err(Failure::new(format!("{first} waits for ever: {needs:?}")));
            }
            break;
        }
        let count = ready.len();
        let mut spent = 0.0;
        for (id, Task { cost, .. }) in ready {
            spent += cost * run_task(id.clone(), level).await?;
            done.insert(id);
        }
        levels.push((count, spent));
    }
    Ok(levels)
}

#[tokio::test]
async fn tasks_run_by_levels() {
    let id = |name: &str| TaskId(name.to_owned());
    let task = |name: &str, needs: &[&str]| Task {
        id: id(name),
        needs: needs.iter().map(|need| id(need)).collect(),
        cost: 1.5,
    };
    check!(by_levels:
        (vec![task("link", &["compile", "assets"]), task("compile", &["fetch"]), task("assets", &[]), task("fetch", &[])]),
        (vec![task("a", &["b"]), task("b", &["a"]), task("c", &[])]),
        (vec![task("a", &[]), task("bad", &["a"])]),
        (vec![]),
    );
}

#[step]
async fn load(#[inject] trace: &Trace, rows: Vec<i64>) -> Result<i64, String> {
    trace.add(format_args!("load {rows:?}"));
    match rows.iter().find(|row| **row < 0) {
        Some(row) => Err(format!("{row} is negative")),
        None => Ok(rows.iter().sum()),
    }
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Report {
    loaded: i64,
    skipped: Vec<(usize, String)>,
}

/// A batch import: in chunks, and what can't be loaded row by row.
#[saga]
async fn import(rows: Vec<i64>, chunk: usize) -> Result<Report, Failure> {
    let mut report = Report::default();
    for (index, rows) in rows.chunks(chunk.max(1)).enumerate() {
        match load(rows.to_vec()).await {
            Ok(sum) => report.loaded += sum,
            Err(_) if rows.len() > 1 => {
                for (offset, &row) in rows.iter().enumerate() {
                    match load(vec![row]).await {
                        Ok(sum) => report.loaded += sum,
                        Err(why) => report.skipped.push((index * chunk + offset, why)),
                    }
                }
            }
            Err(why) => report.skipped.push((index * chunk, why)),
        }
        if report.skipped.len() > 2 {
            Err(Failure::new(format!("too many bad rows: {:?}", report.skipped)))?
        }
    }
    Ok(report)
}

#[tokio::test]
async fn rows_are_imported() {
    check!(import:
        ((1..=10).collect(), 3),
        (vec![1, -2, 3, 4, -5], 2),
        (vec![-1, -2, 3, -4, 9], 1),
        (vec![], 0),
    );
}

/// A sliding window: the last three are open, the oldest is settled first.
#[saga]
async fn window(mut numbers: Vec<i64>, width: usize) -> Result<i64, Failure> {
    let mut window = std::collections::VecDeque::with_capacity(width);
    let mut total = 0;
    numbers.reverse();
    while let Some(next) = numbers.pop() {
        if window.len() == width
            && let Some(oldest) = window.pop_front()
        {
            total += load(vec![oldest]).await.map_err(Failure::new)?;
        }
        window.push_back(next);
    }
    for rest in window {
        total += load(vec![rest]).await.map_err(Failure::new)?;
    }
    Ok(total)
}

#[tokio::test]
async fn a_window_slides() {
    check!(window: ((0..7).collect(), 3), (vec![5], 3), (vec![1, 2, -3, 4], 2), (vec![], 1));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Profile {
    name: String,
    height: u32,
    bitrate: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Encoded {
    Segments(Vec<String>),
    Failed { at: usize, reason: String },
}

#[step]
async fn encode(#[inject] trace: &Trace, source: String, profile: Profile) -> Encoded {
    trace.add(format_args!("encode {source} {}p {:?}", profile.height, profile.bitrate));
    match profile.height {
        0 => Encoded::Failed { at: 0, reason: "no height".to_owned() },
        height if profile.bitrate.is_some_and(|rate| rate < height) => {
            Encoded::Failed { at: 3, reason: "starved".into() }
        }
        height => Encoded::Segments((0..height / 360).map(|n| format!("{}-{n}.ts", profile.name)).collect()),
    }
}

/// Media encoding: a bitrate that is too low is raised, a profile that can't be is left out.
#[saga]
async fn transcode(source: String, profiles: Vec<Profile>) -> Result<BTreeMap<u32, String>, Failure> {
    fn playlist<'a>(segments: impl IntoIterator<Item = &'a str>) -> String {
        segments.into_iter().collect::<Vec<_>>().join("\n")
    }

    let mut variants = BTreeMap::new();
    'profiles: for mut profile in profiles {
        let segments = loop {
            match encode(source.clone(), profile.clone()).await {
                Encoded::Segments(segments) => break segments,
                Encoded::Failed { at: 0, .. } => continue 'profiles,
                Encoded::Failed { reason, .. } if profile.bitrate.is_none() => return Err(Failure::new(reason)),
                Encoded::Failed { at, .. } => {
                    profile.bitrate = profile.bitrate.map(|rate| rate * 2 + at as u32);
                }
            }
        };
        variants.insert(profile.height, playlist(segments.iter().map(String::as_str)));
    }
    (!variants.is_empty()).then_some(variants).ok_or_else(|| Failure::new(format!("nothing of {source}")))
}

#[tokio::test]
async fn media_is_encoded() {
    let profile = |height, bitrate| Profile { name: format!("v{height}"), height, bitrate };
    check!(transcode:
        ("a.mov".to_owned(), vec![profile(720, Some(100)), profile(1080, None), profile(0, None)]),
        ("a.mov".to_owned(), vec![profile(0, Some(3))]),
    );
}

#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
async fn fetch(#[inject] trace: &Trace, mirror: String, delay: Duration) -> Result<Vec<u8>, Failure> {
    trace.add(format_args!("fetch {mirror} {delay:?}"));
    mirror.strip_prefix("ok:").map(|content| content.as_bytes().to_vec()).ok_or(Failure::new("404"))
}

/// Retry with alternatives: each mirror, then all again with more patience.
#[saga]
async fn download(mirrors: Vec<String>) -> Result<String, Failure> {
    let mut failures: HashMap<String, Vec<String>> = HashMap::new();
    let mut patience = Duration::from_millis(250);
    for round in 1..=2 {
        for mirror in mirrors.iter() {
            let bytes = match fetch(mirror.clone(), patience * round).await {
                Ok(bytes) => bytes,
                Err(failure) => {
                    failures.entry(mirror.to_string()).or_default().push(format!("{round}: {failure}"));
                    continue;
                }
            };
            match String::from_utf8(bytes).as_deref() {
                Ok("") => {}
                Ok(text) => return Ok(text.trim().to_owned()),
                Err(error) => return Err(Failure::new(error.to_string())),
            }
        }
        patience = patience.saturating_mul(4);
    }
    let mut failures: Vec<_> = failures.into_iter().collect();
    failures.sort();
    Err(Failure::new(format!("{failures:?}")))
}

#[tokio::test]
async fn alternatives_are_tried() {
    let mirrors = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    check!(download: (mirrors(&["x", "ok: text "])), (mirrors(&["ok:", "x"])), (mirrors(&[])));
}

#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
#[compensate(roll_back(region, output))]
async fn deploy(#[inject] trace: &Trace, region: String, version: (u16, u16)) -> Result<(u16, u16), Failure> {
    trace.add(format_args!("deploy {region} {version:?}"));
    if region == "moon" { Err(Failure::new("too far")) } else { Ok((version.0, version.1.saturating_sub(1))) }
}

#[step]
async fn roll_back(#[inject] trace: &Trace, region: String, version: (u16, u16)) {
    trace.add(format_args!("undo deploy {region} {version:?}"));
}

#[step]
async fn health(#[inject] trace: &Trace, region: String) -> f32 {
    trace.add(format_args!("health {region}"));
    1.0 / region.len() as f32
}

/// A release in waves; the first that is ill stops it, and takes all back.
#[saga]
async fn release(version: String, waves: Vec<Vec<String>>) -> Result<String, Failure> {
    let mut parts = version.splitn(2, '.').map(str::parse::<u16>);
    let version = match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor),
        (Some(Ok(major)), None) => (major, 0),
        (_, Some(Err(error))) | (Some(Err(error)), _) => return Err(Failure::new(format!("{version}: {error}"))),
        _ => unreachable!("there is a first part"),
    };
    drop(parts);
    let total: usize = waves.iter().map(Vec::len).sum();
    let mut reached = 0;
    for (number, wave) in (1..).zip(waves) {
        for region in &wave {
            let before = deploy(region.clone(), version).await?;
            reached += usize::from(before != version);
        }
        let verdict = {
            let mut worst = f32::MAX;
            for region in wave {
                worst = worst.min(health(region).await);
            }
            if worst < 0.15 { ControlFlow::Break(worst) } else { ControlFlow::Continue(()) }
        };
        if let ControlFlow::Break(health) = verdict {
            return Err(Failure::new(format!("wave {number} is ill: {health:.2}, {reached} of {total}")));
        }
    }
    Ok(format!("{}.{} in {reached} of {total}", version.0, version.1))
}

#[tokio::test]
async fn releases_go_in_waves() {
    let waves = |waves: &[&[&str]]| {
        waves.iter().map(|wave| wave.iter().map(ToString::to_string).collect()).collect::<Vec<Vec<_>>>()
    };
    check!(release:
        ("1.2".to_owned(), waves(&[&["eu"], &["us", "asia"]])),
        ("2".to_owned(), waves(&[&["eu"], &["antarctica"], &["us"]])),
        ("2.0".to_owned(), waves(&[&["eu", "moon"]])),
        ("x.0".to_owned(), waves(&[])),
    );
}
