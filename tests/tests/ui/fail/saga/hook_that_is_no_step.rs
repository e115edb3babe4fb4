use sagaflow::prelude::*;
use sagaflow::Report;

async fn alert(report: Report) -> Result<(), Failure> {
    drop(report);
    Ok(())
}

#[saga(on_failed = alert)]
async fn pay(cents: u64) -> Result<u64, Failure> {
    Ok(cents)
}

fn main() {}
