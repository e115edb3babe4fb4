use sagaflow::prelude::*;
use sagaflow::Report;

#[step]
async fn alert(report: Report, to: String) -> Result<(), Failure> {
    drop((report, to));
    Ok(())
}

#[saga(on_failed = alert, on_stuck = alert)]
async fn pay(cents: u64) -> Result<u64, Failure> {
    Ok(cents)
}

fn main() {}
