use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
enum Plan {
    Free,
    Paid,
}

impl Plan {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Paid => "paid",
        }
    }
}

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(plan: Plan) -> Result<String, Failure> {
    let name = plan.as_str();
    let four = double(2).await?;
    Ok(format!("{name} {four}"))
}

fn main() {
    let _ = Plan::Free;
}
