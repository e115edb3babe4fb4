use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    macro_rules! stop {
        ($what:tt) => {
            $what
        };
    }
    let mut total = number;
    loop {
        total += double(total).await?;
        if total > 100 {
            stop!({ break });
        }
    }
    Ok(total)
}

fn main() {}
