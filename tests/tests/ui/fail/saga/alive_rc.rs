use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

struct Session {
    id: u64,
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let session = std::rc::Rc::new(Session { id: number });
    let doubled = double(number).await?;
    Ok(close(&session) + doubled)
}

fn close(session: &Session) -> u64 {
    session.id
}

fn main() {}
