#![allow(dead_code)]
#![deny(unused_variables, unused_mut, unreachable_code)]

use sagaflow::{Call, Failure, saga, step};

/// Not those of the standard library.
struct Result;
struct Ok;
struct Err;
trait Default {}
trait ToOwned {}
trait Into {}

type Outcome = std::result::Result<u64, Failure>;

#[step]
async fn double(number: u64) -> std::result::Result<u64, Failure> {
    let outcome: Outcome = std::result::Result::Ok(number * 2);
    outcome
}

#[saga]
async fn twice(numbers: Vec<u64>) -> ::std::result::Result<u64, Failure> {
    let mut total = 0;
    for number in &numbers {
        total += double(*number).await?;
        total += number;
    }
    let last = match double(total).await {
        std::result::Result::Ok(last) => last,
        std::result::Result::Err(error) => return std::result::Result::Err(error),
    };
    std::result::Result::Ok(last)
}

#[test]
fn compiles() {
    let _: Call<twice> = twice(Vec::new());
    let _ = (Result, Ok, Err);
}
