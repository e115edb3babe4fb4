use sagaflow::prelude::*;

#[step]
async fn by_car(parcel: u64) -> Result<u64, Failure> {
    Ok(parcel)
}

#[saga]
async fn deliver(parcel: u64) -> Result<usize, Failure> {
    let ways = vec![by_car(parcel).timeout("1h").boxed()];
    let (place, _) = race_all(ways).await;
    Ok(place)
}

fn main() {}
