use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(names: Vec<String>) -> Result<u64, Failure> {
    let mut total = 0;
    for name in names.iter().map(|name| name.as_str()) {
        total += double(1).await?;
        total += name.len() as u64;
    }
    Ok(total)
}

fn main() {}
