use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga(nam = "x")]
#[retry(fixed, delay = "1s")]
async fn twice(numbers: &[u64]) -> Result<&str, Failure> {
    let all = async { 1 };
    println!("{}", double(1).await?);
    for number in numbers.iter() {
        double(*number).await?;
    }
    Ok("done")
}

fn main() {}
