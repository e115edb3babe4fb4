#![deny(warnings, unused, nonstandard_style, rust_2018_idioms)]

use sagaflow::prelude::*;

#[step]
async fn double(#[inject] _clock: &Clock, number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

struct Clock;

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let once = double(number).await?;
    let label = format!("{once}");
    match double(once).await {
        Ok(twice) => Ok(twice + label.len() as u64),
        Err(error) => Err(error),
    }
}

#[test]
fn compiles() {
    let _ = Client::start::<twice>;
    let _ = Clock;
}
