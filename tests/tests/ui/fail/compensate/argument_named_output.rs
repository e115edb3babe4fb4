use sagaflow::prelude::*;

#[step]
#[compensate(remove(output))]
async fn write(output: String) -> Result<String, Failure> {
    Ok(output)
}

#[step]
async fn remove(file: String) -> bool {
    file.is_empty()
}

fn main() {}
