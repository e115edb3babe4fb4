use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

trait Numbers
where
    Self: Sized,
{
    #[saga]
    async fn twice(number: u64) -> Result<u64, Failure> {
        double(number).await
    }
}

fn main() {}
