//! Long steps: what they save while they run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::{ErrorKind, Status};

use crate::support::{Trace, outcome, reserve, run, run_in_any_order, status};

/// Packs one after the other; every attempt fails after two of them.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 10)]
async fn pack(#[inject] trace: &Trace, #[inject] cx: &StepContext, items: u32) -> Result<u32, Failure> {
    let first = cx.saved::<u32>().await?.unwrap_or(0);
    for item in first..items {
        if item == first + 2 {
            return Err(Failure::new("a break"));
        }
        trace.add(cx, format!("pack {item}"));
        cx.save(&(item + 1)).await?;
    }
    Ok(items)
}

#[saga]
async fn ship(items: u32) -> Result<u32, Failure> {
    reserve("van".to_owned()).await?;
    pack(items).await
}

#[tokio::test]
async fn the_next_attempt_goes_on_from_what_was_saved() {
    let run = run(|| ship(5)).await;
    assert_eq!(run.result, "Ok(5)");
    assert_eq!(run.texts, ["reserve van", "pack 0", "pack 1", "pack 2", "pack 3", "pack 4"]);
}

#[saga]
async fn ship_two(items: u32) -> Result<u32, Failure> {
    let (first, second) = try_join!(pack(items), pack(items + 1)).await?;
    Ok(first + second)
}

#[tokio::test]
async fn so_it_does_beside_other_steps() {
    let run = run_in_any_order(|| ship_two(3)).await;
    assert_eq!(run.result, "Ok(7)");
    assert_eq!(run.texts, ["pack 0", "pack 0", "pack 1", "pack 1", "pack 2", "pack 2", "pack 3"]);
}

/// Its first workers are lost in the middle.
#[derive(Debug, Default)]
struct Losses {
    attempts: AtomicU32,
    saved: tokio::sync::Notify,
}

#[step]
async fn count(#[inject] losses: &Losses, #[inject] cx: &StepContext, alone: bool) -> Result<u32, Failure> {
    let _ = alone;
    let counted = cx.saved::<u32>().await?.unwrap_or(0);
    if losses.attempts.fetch_add(1, Ordering::Relaxed) < 2 {
        cx.save(&(counted + 1)).await?;
        losses.saved.notify_one();
        return std::future::pending().await;
    }
    Ok(counted)
}

#[saga]
async fn counted(alone: bool) -> Result<u32, Failure> {
    match alone {
        true => count(alone).await,
        false => {
            let (counted, slept) = join!(count(alone), sleep("1ms")).await;
            let () = slept;
            counted
        }
    }
}

async fn with_losses(alone: bool, gracefully: bool) -> u32 {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let losses = Arc::new(Losses::default());
    let worker = || {
        let builder = Worker::builder(transport.clone()).serve::<counted>().provide_shared(losses.clone());
        // Short, for what a dead worker has had comes again after it, and beside other steps a third of it is the heartbeat.
        builder.ack_wait(Duration::from_millis(150)).grace(Duration::ZERO).lost_limit(100).build().unwrap().spawn()
    };
    let handle = Client::new(transport.clone()).start(counted(alone)).id("case").await.unwrap();
    for lost in 0..2 {
        let worker = worker();
        losses.saved.notified().await;
        if !alone {
            // Until the heartbeat has taken it along.
            let stored = format!("\"saved\":{}", lost + 1);
            while !String::from_utf8_lossy(&transport.latest(handle.instance()).await.unwrap().unwrap().payload)
                .contains(&stored)
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        match gracefully {
            true => worker.shutdown().await.unwrap(),
            false => drop(worker),
        }
    }
    let _worker = worker();
    tokio::time::timeout(Duration::from_secs(20), handle.outcome()).await.unwrap().unwrap().unwrap()
}

#[tokio::test]
async fn what_lost_workers_have_saved_is_found() {
    assert_eq!(with_losses(true, false).await, 2);
    assert_eq!(with_losses(false, false).await, 2, "beside another");
}

#[tokio::test]
async fn what_workers_that_stop_have_saved_is_found() {
    assert_eq!(with_losses(true, true).await, 2);
}

/// Saves one thing and asks for another.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 2)]
async fn confused(#[inject] cx: &StepContext) -> Result<String, Failure> {
    if cx.attempt() == 1 {
        assert_eq!(cx.saved::<u32>().await?, None);
        cx.save(&"text".to_owned()).await?;
        return Err(Failure::new("again"));
    }
    assert_eq!(cx.saved::<String>().await?.as_deref(), Some("text"));
    let error = cx.saved::<u32>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    let not_saved = cx.save(&f64::NAN).await.unwrap_err();
    assert_eq!(not_saved.kind(), ErrorKind::Unserializable);
    Ok(error.to_string())
}

#[saga]
async fn confusion() -> Result<String, Failure> {
    confused().await
}

#[tokio::test]
async fn what_does_not_fit_is_an_error() {
    let text = outcome(confusion()).await.unwrap();
    assert!(text.starts_with("what step `confused` has saved doesn't fit what it asks for: "), "{text}");
}

/// Saves far more often than it may be stored.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 2)]
async fn chatty(#[inject] cx: &StepContext) -> Result<u32, Failure> {
    let found = cx.saved::<u32>().await?.unwrap_or(0);
    if found > 0 {
        return Ok(found);
    }
    for number in 1..=1000 {
        cx.save(&number).await?;
    }
    Err(Failure::new("a break"))
}

#[saga]
async fn chat() -> Result<u32, Failure> {
    chatty().await
}

#[tokio::test]
async fn an_attempt_that_fails_takes_the_newest_along() {
    assert_eq!(outcome(chat()).await.unwrap(), 1000);
    let (status, _) = status(chat()).await;
    assert_eq!(status.status, Status::Completed);
}
