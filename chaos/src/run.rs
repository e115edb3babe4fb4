//! The course of a run: everything is started, run through the faults, ended, and audited.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use fastrand::Rng;
use sagaflow::transport::nats::{Provision, provision};
use sagaflow::{Client, connect_with};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::audit::{self, Audited};
use crate::capture::Capture;
use crate::client::{Board, drive};
use crate::evidence::Book;
use crate::faults::{Journal, Stage, plan};
use crate::fleet::Fleet;
use crate::guard::Guard;
use crate::options::Options;
use crate::proxy::Proxy;
use crate::proxy::tap::Tap;
use crate::report::Report;
use crate::worker::{Orders, connect_options};
use crate::{Failed, lag, progress, servers};

/// The prefix of the streams and subjects.
const PREFIX: &str = "chaos";

/// How many findings are told one by one.
const TOLD: usize = 40;

/// Runs, audits, reports.
///
/// # Errors
///
/// When the run itself could not be made, whatever it is that is run.
pub(crate) async fn run(options: Options) -> Result<ExitCode, Failed> {
    let begun = Instant::now();
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    let directory = tempfile::Builder::new().prefix("sagaflow-chaos-").tempdir()?.keep();
    let guard = Arc::new(Guard::post((!options.keep).then_some(&*directory))?);
    eprintln!("seed {seed}, {} instances, {:?}", options.sagas, options.faults());
    if options.keep {
        eprintln!("the evidence is in {}", directory.display());
    }
    let course = course(&options, seed, &directory, &guard).await?;
    eprintln!("{:4} s: all processes have ended; auditing", begun.elapsed().as_secs());
    let mut report = Report { seed, servers: options.servers(), ..Report::default() };
    let audited = audit::audit(&course.evidence(&directory, seed, &options))?;
    course.fill(&mut report, &audited);
    report.seconds = (begun.elapsed().as_secs_f64() * 10.0).round() / 10.0;

    let findings = audited.findings.iter().map(ToString::to_string).chain(course.troubles.iter().cloned());
    let findings: Vec<_> = findings.chain(course.board.wrong()).collect();
    for finding in findings.iter().take(TOLD) {
        eprintln!("{finding}");
    }
    if findings.len() > TOLD {
        eprintln!("… and {} more", findings.len() - TOLD);
    }
    let good = report.is_good() && course.troubles.is_empty();
    println!("{}", serde_json::to_string(&report)?);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is left of a run when all its processes have ended.
struct Course {
    board: Arc<Board>,
    journal: Arc<Journal>,
    tap: Arc<Tap>,
    effects: Vec<PathBuf>,
    logs: Vec<PathBuf>,
    crashes: u64,
    cluster: bool,
    /// What went wrong beside the instances.
    troubles: Vec<String>,
}

async fn course(options: &Options, seed: u64, directory: &Path, guard: &Arc<Guard>) -> Result<Course, Failed> {
    let replicas = u8::try_from(options.servers())?;
    let binary = servers::binary(options.nats_server.as_deref());
    let servers = servers::start(&binary, directory, options.servers(), guard).await?;
    let addresses: Vec<_> = servers.iter().map(|server| server.address).collect();
    let connect = connect_options(PREFIX, options.shards, replicas);
    let streams: Vec<_> = (0..options.shards).map(|shard| format!("{PREFIX}-{shard}")).collect();

    // First those who see, then those who do.
    let book = |name| Book::create(&directory.join(name));
    let capture = Capture::begin(&addresses, book("captured.jsonl")?).await?;
    provision(&format!("nats://{}", addresses[0]), &connect, &Provision::default()).await?;
    capture.attach(PREFIX, &streams).await?;
    let tap = Tap::new(PREFIX, book("published.jsonl")?, book("redelivered.jsonl")?);
    let proxies = Arc::new(proxies(&addresses, &tap).await?);
    let url = url(&proxies);
    let orders = Orders {
        url: url.clone(),
        prefix: PREFIX.to_owned(),
        shards: options.shards,
        replicas,
        seed,
        ack_wait: options.ack_wait,
        concurrency: usize::from(options.concurrency),
        effects: PathBuf::new(),
    };
    let fleet = Fleet::start(orders, directory, guard, usize::from(options.workers))?;
    let fleet = Arc::new(tokio::sync::Mutex::new(fleet));

    let (board, journal) = (Board::new(), Arc::new(Journal::default()));
    let mut stage = Stage {
        fleet: Arc::clone(&fleet),
        servers,
        proxies: Arc::clone(&proxies),
        clients: capture.clients().to_vec(),
        streams: streams.clone(),
        journal: Arc::clone(&journal),
        guard: Arc::clone(guard),
        under_way: JoinSet::new(),
        rng: Rng::with_seed(seed ^ 1),
    };
    let shown = progress::show(Arc::clone(&board), Arc::clone(&journal), options.sagas);
    let late = tokio::spawn({
        let journal = Arc::clone(&journal);
        lag::watch(options.ack_wait(), move |from, to| journal.late(from, to))
    });
    let buried = tokio::spawn(bury(Arc::clone(&fleet)));
    let plan = plan(seed, options.faults(), options.ack_wait());
    let client = Client::new(connect_with(&url, connect).await?);
    let at_a_time = usize::try_from(options.at_a_time)?;
    let drive = tokio::spawn(drive(client, seed, options.sagas, at_a_time, Arc::clone(&board)));
    let course = async {
        stage.play(&plan, options.sagas, &board).await?;
        Ok::<_, Failed>(drive.await?)
    };
    let mut troubles = Vec::new();
    match timeout(options.limit(), course).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => troubles.push(format!("the run could not go on: {error}")),
        Err(_) => troubles.push(format!("the run did not end within {:?}", options.limit())),
    }
    shown.abort();
    buried.abort();
    late.abort();

    let (effects, logs, crashes) = {
        let mut fleet = fleet.lock().await;
        fleet.bury()?;
        for place in 0..usize::from(options.workers) {
            fleet.kill(place);
        }
        troubles.append(&mut fleet.crashes.clone());
        (fleet.effects().collect(), fleet.logs().collect(), fleet.crashes.len() as u64)
    };
    if let Err(error) = stage.restore().await {
        troubles.push(format!("a server does not come back: {error}"));
    }
    if let Err(error) = capture.finish(&streams).await {
        troubles.push(format!("the streams can't be read at the end: {error}"));
    }
    tap.flush()?;
    let garbled = tap.garbled.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    troubles.extend(garbled.into_iter().map(|line| format!("a proxy did not understand: {line}")));
    Ok(Course { board, journal, tap, effects, logs, crashes, cluster: options.cluster, troubles })
}

async fn proxies(addresses: &[SocketAddr], tap: &Arc<Tap>) -> Result<Vec<Proxy>, Failed> {
    let mut proxies = Vec::new();
    for address in addresses {
        proxies.push(Proxy::start(*address, Arc::clone(tap)).await?);
    }
    Ok(proxies)
}

fn url(proxies: &[Proxy]) -> String {
    let all: Vec<_> = proxies.iter().map(|proxy| format!("nats://{}", proxy.address)).collect();
    all.join(",")
}

/// Replaces workers that end by themselves.
async fn bury(fleet: Arc<tokio::sync::Mutex<Fleet>>) {
    let mut beat = interval(Duration::from_millis(500));
    loop {
        beat.tick().await;
        if let Err(error) = fleet.lock().await.bury() {
            eprintln!("a worker can't be replaced: {error}");
        }
    }
}

impl Course {
    fn evidence(&self, directory: &Path, seed: u64, options: &Options) -> audit::Source {
        audit::Source {
            seed,
            started: self.board.started(),
            captured: directory.join("captured.jsonl"),
            published: directory.join("published.jsonl"),
            effects: self.effects.clone(),
            incidents: self.journal.incidents(),
            ack_wait: options.ack_wait(),
        }
    }

    fn fill(&self, report: &mut Report, audited: &Audited) {
        audited.fill(report);
        report.lost += self.board.wrong().len() as u64;
        let done = self.journal.done();
        report.late += self.journal.times_late();
        report.kills = done.kills;
        report.pauses = done.pauses;
        report.retirements = done.retirements;
        report.cuts = done.cuts;
        report.stalls = done.stalls;
        report.server_restarts = done.server_kills;
        report.leader_kills = if self.cluster { done.server_kills } else { 0 };
        report.redeliveries = self.tap.redeliveries.load(Ordering::Relaxed);
        report.crashes = self.crashes;
        report.client_retries = self.board.tried_again();
        report.swept = self.logs.iter().map(|log| swept(log)).sum();
    }
}

/// How many instances a worker's sweeper has found, by its log.
fn swept(log: &Path) -> u64 {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines = text.lines().filter(|line| line.contains("nobody worked on"));
    let count = |line: &str| line.split("found ").nth(1)?.split(' ').next()?.parse::<u64>().ok();
    lines.filter_map(count).sum()
}
