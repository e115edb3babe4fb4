//! A small batch of programs, checked in and compiled with the tests: both forms of each must do the same.
//!
//! `programs/` is what the generator writes for the seeds below. After a change of it that is meant:
//! `SAGAFLOW_BLESS=1 cargo test -p sagaflow-differential --test batch`.
#![expect(warnings, clippy::all, reason = "programs are written at random")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sagaflow_differential::program::{generate, module, plain};

mod programs;

/// The seeds of the programs.
const SEEDS: std::ops::Range<u64> = 1..11;

#[tokio::test(start_paused = true)]
async fn sagas_do_what_plain_functions_do() {
    let runs = programs::compare().await.unwrap_or_else(|difference| panic!("{difference}"));
    assert!(runs > 30 * SEEDS.count(), "only {runs} runs: the programs do too little");
}

#[test]
fn the_batch_is_what_the_generator_writes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let stale: Vec<PathBuf> = files()
        .into_iter()
        .map(|(name, text)| (folder.join(name), text))
        .filter(|(path, text)| fs::read_to_string(path).ok().as_ref() != Some(text))
        .map(|(path, text)| {
            if std::env::var_os("SAGAFLOW_BLESS").is_some() {
                fs::create_dir_all(&folder).expect("the folder can be made");
                fs::write(&path, text).expect("the file can be written");
            }
            path
        })
        .collect();
    assert!(stale.is_empty() || std::env::var_os("SAGAFLOW_BLESS").is_some(), "not up to date: {stale:?}");
}

/// The files of the batch: each program in both forms, and the module that runs them all.
fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut all = String::from("//! A batch of random programs, as sagas and as plain functions.\n\n");
    let mut runs = String::from(
        "\n/// Compares the two forms of each program; yields the number of runs, or the first difference.\n\
         pub(crate) async fn compare() -> Result<usize, String> {\n    let mut runs = 0;\n",
    );
    for program in SEEDS.map(generate) {
        let name = &program.name;
        files.push((format!("{name}.rs"), module(&program)));
        files.push((format!("{name}_plain.rs"), plain(&program)));
        for module in [name.clone(), format!("{name}_plain")] {
            let _ = writeln!(all, "#[rustfmt::skip]\nmod {module};");
        }
        let _ = writeln!(
            runs,
            "    let compared = sagaflow_differential::compare::compare({name}::{name}, {name}_plain::{name}).await;\n    \
             runs += compared.map_err(|text| format!(\"{name}: {{text}}\"))?;"
        );
    }
    runs.push_str("    Ok(runs)\n}\n");
    files.push(("mod.rs".to_owned(), all + &runs));
    files
}
