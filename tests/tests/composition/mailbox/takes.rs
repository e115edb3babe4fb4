//! Looking for signals without waiting for them.

use sagaflow::prelude::*;

use super::{Add, Go, through};
use crate::support::{check, check_in_any_order, measure};

/// Whatever is there is taken, in order, and each once; the sender sends all before the saga looks.
#[saga]
async fn looks(times: u32) -> Result<Vec<u32>, Failure> {
    let Go = signal::<Go>().await;
    let mut all = Vec::new();
    for _ in 0..times {
        match signal::<Add>().try_take().await {
            Some(Add { number }) => all.push(measure(number).await),
            None => all.push(0),
        }
    }
    Ok(all)
}

async fn send_all<S: Saga>(handle: Handle<S>) {
    for number in 1..=3 {
        handle.signal(Add { number }).await.unwrap();
    }
    handle.signal(Go).await.unwrap();
}

#[tokio::test]
async fn what_is_there_is_taken_and_nothing_is_waited_for() {
    let texts = ["measure 1", "measure 2", "measure 3"].map(str::to_owned).to_vec();
    for run in through(|| looks(5), send_all).await {
        assert_eq!(run, ("Ok([1, 2, 3, 0, 0])".to_owned(), texts.clone()));
    }
}

#[saga]
async fn drains() -> Result<(usize, u32, usize), Failure> {
    let none = signal::<Add>().drain().await.len();
    let Go = signal::<Go>().await;
    let mut sum = 0;
    for Add { number } in signal::<Add>().drain().await {
        sum += measure(number).await;
    }
    Ok((none, sum, signal::<Add>().drain().await.len()))
}

#[tokio::test]
async fn all_are_drained_once() {
    let texts = ["measure 1", "measure 2", "measure 3"].map(str::to_owned).to_vec();
    let send = |handle: Handle<drains>| async move {
        while handle.status().await.unwrap().state.as_deref() != Some("signal#2") {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        send_all(handle).await;
    };
    for run in through(drains, send).await {
        assert_eq!(run, ("Ok((0, 6, 0))".to_owned(), texts.clone()));
    }
}

/// More than are taken at a time.
#[saga]
async fn counts() -> Result<Vec<usize>, Failure> {
    let Go = signal::<Go>().await;
    let mut counts = Vec::new();
    loop {
        let some = signal::<Add>().drain().await;
        if some.is_empty() {
            return Ok(counts);
        }
        counts.push(some.len());
    }
}

#[tokio::test]
async fn a_drain_is_bounded() {
    let send = |handle: Handle<counts>| async move {
        for number in 0..150 {
            handle.signal(Add { number }).await.unwrap();
        }
        handle.signal(Go).await.unwrap();
    };
    for (result, _) in through(counts, send).await {
        assert_eq!(result, "Ok([64, 64, 22])");
    }
}

/// In joins, races, beside steps that run, in nested sagas, and started.
#[saga]
async fn everywhere() -> Result<String, Failure> {
    let (measured, add, go) = join!(measure(1), signal::<Add>().try_take(), signal::<Go>().drain()).await;
    let won = match race!(sleep("1h"), signal::<Add>().try_take()).await {
        Winner::First(()) => "late".to_owned(),
        Winner::Second(add) => format!("{add:?}"),
    };
    let in_time = signal::<Go>().try_take().timeout("1h").await.map(|go| go.is_some());
    let started = signal::<Add>().try_take().start();
    let nested = looks_twice().await?;
    let started = started.await;
    Ok(format!("{measured} {add:?} {go:?} {won} {in_time:?} {nested} {started:?}"))
}

#[saga]
async fn looks_twice() -> Result<usize, Failure> {
    let (one, two) = join!(signal::<Add>().try_take(), signal::<Add>().try_take()).await;
    Ok(usize::from(one.is_some()) + usize::from(two.is_some()))
}

#[tokio::test]
async fn they_compose_and_find_nothing() {
    let run = check_in_any_order(everywhere).await;
    assert_eq!(run.result, r#"Ok("1 None [] None Ok(false) 0 None")"#);
    assert_eq!(check(|| looks_in_vain(2)).await.result, "Ok(0)");
}

#[saga]
async fn looks_in_vain(times: u32) -> Result<usize, Failure> {
    let mut found = 0;
    for _ in 0..times {
        found += signal::<Go>().drain().await.len();
    }
    Ok(found)
}

#[saga]
async fn shared() -> Result<String, Failure> {
    let Go = signal::<Go>().await;
    let (one, two, number) = join!(signal::<Add>().try_take(), signal::<Add>().try_take(), measure(7)).await;
    let rest = signal::<Add>().drain().await.len();
    let sum = one.map_or(0, |add| add.number) + two.map_or(0, |add| add.number);
    Ok(format!("{sum} {number} {rest}"))
}

/// Two leaves that look into one queue share what is there.
#[tokio::test]
async fn two_that_look_share_a_queue() {
    for (result, _) in through(shared, send_all).await {
        assert_eq!(result, r#"Ok("3 7 1")"#);
    }
}
