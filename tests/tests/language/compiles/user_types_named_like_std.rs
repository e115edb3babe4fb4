#![allow(dead_code, non_camel_case_types)]

use sagaflow::prelude::*;

#[derive(Debug, serde::Serialize, serde::Deserialize)]
enum Option {
    Yes,
    No,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Vec(u32);

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct String(u32);

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Some;

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct None;

struct Send;
struct Sync;
struct Future;

trait Clone {}
trait Copy {}
trait From {}
trait Iterator {}

#[step]
#[retry(fixed, delay = "1s", max_attempts = 2)]
#[compensate(forget(vec))]
async fn choose(option: Option, vec: Vec, string: String) -> Result<Option, Failure> {
    let _ = (vec, string);
    Ok(option)
}

#[step]
async fn forget(vec: Vec) -> u32 {
    vec.0
}

#[saga]
async fn all(option: Option) -> Result<u32, Failure> {
    let kept = String(1);
    let chosen = choose(option, Vec(1), String(2)).await?;
    let mut total = 0;
    for number in 0..3 {
        total += forget(Vec(number)).await + kept.0;
    }
    match chosen {
        Option::Yes => Ok(total),
        Option::No => Ok(0),
    }
}

#[test]
fn compiles() {
    let _ = Client::start::<all>;
}
