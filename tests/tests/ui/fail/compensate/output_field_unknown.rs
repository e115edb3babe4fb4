use sagaflow::prelude::*;

#[step]
#[compensate(refund(output.identifier))]
async fn pay(amount: u64) -> Result<Payment, Failure> {
    Ok(Payment { id: amount })
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Payment {
    id: u64,
}

#[step]
async fn refund(id: u64) -> bool {
    id > 0
}

fn main() {}
