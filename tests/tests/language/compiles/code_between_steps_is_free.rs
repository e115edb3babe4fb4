use sagaflow::prelude::*;
use std::collections::HashMap;
use std::rc::Rc;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

/// What isn't used after a step needs no `Serialize`, and no `Send`.
#[saga]
async fn free(numbers: Vec<u64>) -> Result<u64, Failure> {
    let begin = std::time::Instant::now();
    let shared = Rc::new(numbers.len());
    let sum: u64 = numbers.iter().map(|number| number + *shared as u64).sum();
    let seconds = begin.elapsed().as_secs();
    let name = &numbers;
    let doubled = double(sum + seconds).await?;
    let by_number: HashMap<u64, usize> = name.iter().map(|number| (*number, 1)).collect();
    Ok(doubled + by_number.len() as u64)
}

#[test]
fn compiles() {
    let _ = Client::start::<free>;
}
