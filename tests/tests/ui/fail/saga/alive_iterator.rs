use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(numbers: Vec<u64>) -> Result<u64, Failure> {
    let mut rest = numbers.into_iter();
    let mut total = 0;
    while let Some(number) = rest.next() {
        total += double(number).await?;
    }
    Ok(total)
}

fn main() {}
