use sagaflow::prelude::*;

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Busy {
    seconds: u64,
}

impl std::fmt::Display for Busy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "busy for {} s", self.seconds)
    }
}

#[step]
#[retry(fixed, delay = "1s", after = error.seconds)]
async fn fetch(page: u64) -> Result<u64, Busy> {
    Err(Busy { seconds: page })
}

fn main() {}
