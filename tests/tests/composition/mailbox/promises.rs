//! Promises: resolved once, by whoever has the token and nobody else.

use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::record::Record;
use sagaflow::transport::InstanceId;
use sagaflow::{ErrorKind, Status};
use serde::{Deserialize, Serialize};

use super::{HANGS, Seen, through_seeing};
use crate::support::{Trace, nats};

#[derive(Debug, Serialize, Deserialize)]
struct Payment {
    cents: u32,
}

/// Hands a token out.
#[step]
async fn tell(#[inject] trace: &Trace, #[inject] cx: &StepContext, token: String) {
    trace.add(cx, token);
}

#[saga]
async fn order() -> Result<u32, Failure> {
    let (first, one) = promise::<Payment>();
    let (second, other) = promise::<Payment>();
    tell(first).await;
    tell(second).await;
    // The second one waits in a variable meanwhile.
    let Payment { cents } = one.await?;
    match other.await {
        Ok(Payment { cents: more }) => Ok(cents + more),
        Err(Rejected { reason }) => Err(Failure::new(format!("{cents}, but {reason}"))),
    }
}

/// Waits until so many tokens are handed out.
async fn tokens(seen: &Seen, number: usize) -> Vec<String> {
    loop {
        let tokens = seen.trace.without_repeats();
        if tokens.len() == number {
            return tokens;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_promise_is_resolved_once() {
    let act = |handle: Handle<order>, seen: Seen| async move {
        let tokens = tokens(&seen, 2).await;
        seen.client.resolve(&tokens[1], Payment { cents: 20 }).await.unwrap();
        seen.client.resolve(&tokens[0], Payment { cents: 1 }).await.unwrap();
        let twice = async || {
            for token in &tokens {
                let again = seen.client.resolve(token, Payment { cents: 5 }).await.unwrap_err();
                assert_eq!(again.kind(), ErrorKind::AlreadyResolved, "{again}");
                let again = seen.client.reject(token, "too late").await.unwrap_err();
                assert_eq!(again.kind(), ErrorKind::AlreadyResolved, "{again}");
            }
        };
        twice().await;
        // What has led it to its end was taken, too.
        handle.outcome().await.unwrap().unwrap();
        twice().await;
    };
    for (result, texts) in through_seeing(order, act).await {
        assert_eq!((&*result, texts.len()), ("Ok(21)", 2));
    }
}

#[tokio::test]
async fn a_promise_is_rejected_with_a_reason() {
    let act = |_: Handle<order>, seen: Seen| async move {
        let tokens = tokens(&seen, 2).await;
        seen.client.resolve(&tokens[0], Payment { cents: 7 }).await.unwrap();
        seen.client.reject(&tokens[1], Failure::new("the card has expired")).await.unwrap();
    };
    for (result, _) in through_seeing(order, act).await {
        assert!(result.contains("7, but the card has expired"), "{result}");
    }
}

/// Promises that are given up; one of them in a race, one with a timeout, one that is never awaited.
#[saga]
async fn gives_up(times: u32) -> Result<u32, Failure> {
    let mut late = 0;
    for _ in 0..times {
        let (token, done) = promise::<Payment>();
        let (_, _never) = promise::<Payment>();
        tell(token).await;
        let raced = match race!(sleep("5ms"), done).await {
            Winner::First(()) => true,
            Winner::Second(_) => false,
        };
        let (token, done) = promise::<Payment>();
        let in_time = done.timeout("5ms").await.is_ok();
        tell(token).await;
        late += u32::from(raced) + u32::from(!in_time);
    }
    let (token, done) = promise::<Payment>();
    tell(token).await;
    done.await?;
    Ok(late)
}

#[tokio::test]
async fn what_is_given_up_is_refused_and_leaves_no_trace() {
    let act = |_: Handle<gives_up>, seen: Seen| async move {
        let tokens = tokens(&seen, 7).await;
        for token in &tokens[..6] {
            let error = seen.client.resolve(token, Payment { cents: 1 }).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyResolved, "{error}");
        }
        let last = seen.transport.latest(&InstanceId::new("gives_up", "case").unwrap()).await.unwrap().unwrap();
        let record: Record = serde_json::from_slice(&last.payload).unwrap();
        assert_eq!(record.promises.len(), 1, "{:?}", record.promises);
        seen.client.resolve(&tokens[6], Payment { cents: 1 }).await.unwrap();
    };
    for (result, _) in through_seeing(|| gives_up(3), act).await {
        assert_eq!(result, "Ok(6)");
    }
}

#[tokio::test]
async fn forged_tokens_and_other_types_are_refused() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let trace = std::sync::Arc::new(Trace::default());
        let builder = Worker::builder(transport.clone()).serve::<order>().provide_shared(trace.clone());
        let worker = builder.build().unwrap().spawn();
        let client = Client::new(transport.clone());
        // An id with signs that a URL would not take.
        let handle = client.start(order()).id("a?b=c&d~#%").await.unwrap();
        let seen = Seen { trace, client: client.clone(), transport };
        let tokens = tokio::time::timeout(HANGS, tokens(&seen, 2)).await.expect("both are handed out");
        let token = &tokens[0];
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)), "{token}");
        let swapped = format!("{}.{}", token.rsplit_once('.').unwrap().0, tokens[1].rsplit_once('.').unwrap().1);
        let zeros = format!("{}.{}", token.rsplit_once('.').unwrap().0, "0".repeat(32));
        let unknown = token.replace(".1.", ".99.");
        assert_ne!(unknown, *token);
        for forged in ["", "order", &token[..token.len() - 1], &swapped, &zeros, &unknown, &format!("{token}0")] {
            let error = client.resolve(forged, Payment { cents: 1 }).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidToken, "{forged}: {error}");
        }
        let elsewhere = token.replacen("order.", "nowhere.", 1);
        let error = client.reject(&elsewhere, "no").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        // A value of another type pauses the instance, with the reason.
        client.resolve(token, "no payment".to_owned()).await.unwrap();
        let paused = async {
            loop {
                let status = handle.status().await.unwrap();
                if status.status == Status::Paused {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let paused = tokio::time::timeout(HANGS, paused).await.expect("it is paused");
        assert!(paused.reason.unwrap().contains("no payment"));
        worker.shutdown().await.unwrap();
    }
}

/// A token of a former life is none of the next.
#[tokio::test]
async fn an_instance_that_has_ended_waits_for_nothing() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let trace = std::sync::Arc::new(Trace::default());
    let builder = Worker::builder(transport.clone()).serve::<order>().provide_shared(trace.clone());
    let worker = builder.build().unwrap().spawn();
    let client = Client::new(transport.clone());
    let handle = client.start(order()).id("a").await.unwrap();
    let seen = Seen { trace, client: client.clone(), transport };
    let old = tokio::time::timeout(HANGS, tokens(&seen, 2)).await.expect("both are handed out");
    handle.cancel().await.unwrap();
    handle.outcome().await.unwrap().unwrap_err();
    let error = client.resolve(&old[0], Payment { cents: 1 }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotRunning, "{error}");
    client.start(order()).id("a").if_exists(IfExists::Restart).await.unwrap();
    let new = tokio::time::timeout(HANGS, tokens(&seen, 4)).await.expect("both are handed out")[2..].to_vec();
    let error = client.resolve(&old[0], Payment { cents: 1 }).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidToken | ErrorKind::AlreadyResolved), "{error}");
    for token in &new {
        client.resolve(token, Payment { cents: 4 }).await.unwrap();
    }
    assert_eq!(handle.outcome().await.unwrap().unwrap(), 8);
    worker.shutdown().await.unwrap();
}
