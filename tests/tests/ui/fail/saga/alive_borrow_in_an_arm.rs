use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(name: Option<String>) -> Result<String, Failure> {
    match name.as_deref().filter(|name| name.len() > 1) {
        Some(name) => {
            let number = double(name.len() as u64).await?;
            Ok(format!("{number} {name}"))
        }
        None => Ok("nobody".to_owned()),
    }
}

fn main() {}
