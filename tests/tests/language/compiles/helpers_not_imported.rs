//! A helper attribute below `#[step]` needs no import; it may be named by its path.
#![deny(warnings)]

#[sagaflow::step]
#[retry(fixed, delay = "1s", max_attempts = 2)]
async fn undo(seat: u32) {
    let _ = seat;
}

#[sagaflow::step]
#[sagaflow::compensate(undo(output))]
#[retry(fixed, delay = "1s", max_attempts = 2)]
async fn book(seat: u32) -> Result<u32, sagaflow::Failure> {
    #[sagaflow::step]
    #[retry(fixed, delay = "1s", max_attempts = 2)]
    async fn inner(seat: u32) {
        let _ = seat;
    }
    let _ = inner(seat);
    Ok(seat)
}

#[sagaflow::saga]
async fn outing(seat: u32) -> Result<u32, sagaflow::Failure> {
    book(seat).await
}

#[test]
fn compiles() {
    let _ = sagaflow::Client::start::<outing>;
}
