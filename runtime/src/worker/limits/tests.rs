//! What one worker admits.

use super::*;

fn admit(limiter: &Limiter, instance: &InstanceId) -> Result<Permit, Wait> {
    limiter.admit_here((instance.clone(), 1), Instant::now())
}

fn instance(number: u64) -> InstanceId {
    InstanceId::new("order", number.to_string()).expect("a valid id")
}

#[tokio::test(start_paused = true)]
async fn so_many_at_a_time() {
    let limiter = Limiter::new(Limits { concurrency: Some(2), ..Limits::default() });
    let (first, _second) = (admit(&limiter, &instance(1)), admit(&limiter, &instance(2)));
    assert!(admit(&limiter, &instance(3)).is_err());
    tokio::time::advance(Duration::from_secs(4)).await;
    drop(first);
    let third = admit(&limiter, &instance(3));
    assert!(third.is_ok());
    // By how long the first has taken.
    assert_eq!(admit(&limiter, &instance(4)).unwrap_err().time, Duration::from_secs(4));
}

/// The first ones at once, the others at their times; and who comes at its time is made, whoever else has come meanwhile.
#[tokio::test(start_paused = true)]
async fn so_many_in_a_time() {
    let rate = Rate { count: 4, per: Duration::from_secs(1) };
    let limiter = Limiter::new(Limits { rate: Some(rate), ..Limits::default() });
    let begun = Instant::now();
    let mut waits = Vec::new();
    for number in 0..8 {
        match admit(&limiter, &instance(number)) {
            Ok(_) => waits.push(0),
            Err(wait) => waits.push(wait.time.as_millis()),
        }
    }
    assert_eq!(waits, [0, 0, 0, 0, 250, 500, 750, 1000]);
    tokio::time::advance(Duration::from_millis(250)).await;
    assert!(admit(&limiter, &instance(4)).is_ok());
    // One that is new comes after all who wait.
    assert_eq!(admit(&limiter, &instance(9)).unwrap_err().time.as_millis(), 1000);
    tokio::time::advance(Duration::from_millis(250)).await;
    assert!(admit(&limiter, &instance(5)).is_ok());
    assert!(admit(&limiter, &instance(7)).is_err(), "it has come before its time");
    assert_eq!(begun.elapsed(), Duration::from_millis(500));
}
