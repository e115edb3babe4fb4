use sagaflow::prelude::*;

#[step]
#[retry(fixed, delay = "1s", unless(PayError::Declined))]
async fn pay(amount: u64) -> u64 {
    amount
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
enum PayError {
    Declined,
    Busy,
}

impl std::fmt::Display for PayError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

fn main() {}
