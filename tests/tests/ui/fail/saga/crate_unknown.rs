use sagaflow::prelude::*;

#[step]
async fn create_user(name: String) -> Result<u64, Failure> {
    Ok(name.len() as u64)
}

#[saga(crate = facade::sagaflow)]
async fn checkout(names: Vec<String>) -> Result<u64, Failure> {
    let mut last = 0;
    for name in names {
        last = create_user(name).await?;
    }
    Ok(last)
}

fn main() {}
