//! `cargo xtask differential`: random programs, as sagas and as plain functions; differences, shrunk.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use sagaflow_differential::batch::{Verdict, Workshop};
use sagaflow_differential::program::{Program, generate};
use sagaflow_differential::shrink::shrink;

/// Writes random programs, compiles each as a saga and as the plain async function, and compares what they do.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask differential", bin_name = "cargo xtask differential")]
struct Options {
    /// How many programs.
    #[arg(long, default_value_t = 1000)]
    programs: u64,
    /// The seed of the first program; each next one has the next number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many programs are compiled in one crate.
    #[arg(long, default_value_t = 250)]
    batch: usize,
    /// Shows the programs, without compiling them.
    #[arg(long)]
    show: bool,
    /// Reports differences as they are.
    #[arg(long)]
    no_shrink: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no workspace")?.to_owned();
    let folder = root.join("target/differential");
    let parts = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workshop = Workshop { root, folder, parts };
    let programs: Vec<_> = (options.seed..options.seed + options.programs).map(generate).collect();
    if options.show {
        programs.iter().for_each(|program| println!("// {}\n{}", program.name, program.text()));
        return Ok(true);
    }
    let (begin, mut tally, mut bad) = (Instant::now(), Tally::default(), Vec::new());
    for batch in programs.chunks(options.batch.max(1)) {
        let verdicts = workshop.run(batch)?;
        for program in batch {
            let silent = || Verdict::Differs("it ended without a word".to_owned());
            let verdict = verdicts.get(&program.name).cloned().unwrap_or_else(silent);
            tally.add(&verdict);
            if !matches!(verdict, Verdict::Same(_)) {
                bad.push((program.clone(), verdict));
            }
        }
        eprintln!("{} ({:.0?})", tally.text(programs.len()), begin.elapsed());
    }
    for (program, verdict) in &bad {
        let (program, verdict) =
            if options.no_shrink { (program.clone(), verdict.clone()) } else { shrunk(&workshop, program, verdict)? };
        println!("---- {}\n{}\n{verdict}\n", program.name, program.text());
    }
    println!("{}", tally.json(options.seed, begin.elapsed()));
    Ok(bad.is_empty())
}

/// How the programs did so far.
#[derive(Debug, Default)]
struct Tally {
    same: usize,
    runs: usize,
    differ: usize,
    rejected: usize,
    invalid: usize,
}

impl Tally {
    fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Same(runs) => (self.same, self.runs) = (self.same + 1, self.runs + runs),
            Verdict::Differs(_) => self.differ += 1,
            Verdict::PlainOnly(_) => self.rejected += 1,
            Verdict::Invalid(_) => self.invalid += 1,
        }
    }

    fn text(&self, of: usize) -> String {
        let Self { same, runs, differ, rejected, invalid } = self;
        let done = same + differ + rejected + invalid;
        format!(
            "{done} of {of} programs: {same} agree in {runs} runs, {differ} differ, {rejected} compile only as plain functions, {invalid} not at all"
        )
    }

    fn json(&self, seed: u64, took: Duration) -> String {
        let Self { same, runs, differ, rejected, invalid } = self;
        format!(
            "{{\"seed\":{seed},\"programs\":{},\"agree\":{same},\"runs\":{runs},\"differ\":{differ},\"only_plain_compiles\":{rejected},\"invalid\":{invalid},\"seconds\":{:.1}}}",
            same + differ + rejected + invalid,
            took.as_secs_f64()
        )
    }
}

/// The smallest program that goes wrong in the same way.
fn shrunk(workshop: &Workshop, program: &Program, verdict: &Verdict) -> Result<(Program, Verdict), Box<dyn Error>> {
    let is_same = |other: &Verdict| std::mem::discriminant(other) == std::mem::discriminant(verdict);
    let go_wrong = |programs: &[Program]| {
        let mut verdicts = workshop.run(programs)?;
        eprint!(".");
        Ok(programs.iter().map(|program| verdicts.remove(&program.name).filter(is_same)).collect())
    };
    let shrunk = shrink(program, verdict.clone(), go_wrong);
    eprintln!(" {} is shrunk", program.name);
    shrunk
}
