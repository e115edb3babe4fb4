use sagaflow::prelude::*;

#[step]
#[retry(fixed, delay = "1s", unless(PayError::Refused))]
async fn pay(amount: u64) -> Result<u64, PayError> {
    if amount > 9 { Err(PayError::Declined) } else { Err(PayError::Busy) }
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
