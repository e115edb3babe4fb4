//! Requests: each is taken once and answered once, whatever dies meanwhile, and whoever asks again hears the same.

use std::time::Duration;

use futures::future::join_all;
use sagaflow::ErrorKind;
use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Go, HANGS, Seen, through, through_seeing};
use crate::support::{Trace, measure, nats};

#[request(reply = Result<u32, String>)]
#[derive(Debug, Serialize, Deserialize)]
struct Plus {
    number: u32,
}

#[request(reply = u32, name = "total")]
#[derive(Debug, Serialize, Deserialize)]
struct Total;

/// Adds up until it is asked for the total.
#[saga]
async fn counter() -> Result<u32, Failure> {
    let mut total = 0;
    loop {
        match race!(request::<Plus>(), request::<Total>()).await {
            Winner::First((Plus { number: 0 }, reply)) => reply.send(Err("nothing".to_owned())).await,
            Winner::First((Plus { number }, reply)) => {
                total += measure(number).await;
                reply.send(Ok(total)).await;
            }
            Winner::Second((Total, reply)) => {
                reply.send(total).await;
                return Ok(total);
            }
        }
    }
}

#[tokio::test]
async fn requests_are_answered_once() {
    let ask = |handle: Handle<counter>| async move {
        for (number, total) in [(1, 1), (2, 3), (3, 6)] {
            let key = || format!("k{number}");
            assert_eq!(handle.ask(Plus { number }).key(key()).await.unwrap(), Ok(total));
            // Asked again, it is the same answer, and nothing is added.
            assert_eq!(handle.ask(Plus { number }).key(key()).await.unwrap(), Ok(total));
        }
        assert_eq!(handle.ask(Plus { number: 0 }).await.unwrap(), Err("nothing".to_owned()));
        assert_eq!(handle.ask(Total).key("last").await.unwrap(), 6);
        handle.outcome().await.unwrap().unwrap();
        // And after its end.
        assert_eq!(handle.ask(Plus { number: 2 }).key("k2").await.unwrap(), Ok(3));
        assert_eq!(handle.ask(Total).key("last").await.unwrap(), 6);
        let error = handle.ask(Total).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotRunning, "{error}");
    };
    let texts = ["measure 1", "measure 2", "measure 3"].map(str::to_owned).to_vec();
    for run in through(counter, ask).await {
        assert_eq!(run, ("Ok(6)".to_owned(), texts.clone()));
    }
}

/// Takes two, and answers them much later, the second one first; a third one is dropped.
#[saga]
async fn late() -> Result<(), Failure> {
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let (Plus { number }, reply) = request::<Plus>().await;
        waiting.push((measure(number).await, reply));
    }
    let (Plus { number }, _dropped) = request::<Plus>().await;
    measure(number).await;
    while let Some((number, reply)) = waiting.pop() {
        let done = measure(number * 10).await;
        answer(reply, done).await?;
    }
    Ok(())
}

#[saga]
async fn answer(reply: ReplyTo<Plus>, number: u32) -> Result<(), Failure> {
    reply.send(Ok(number)).await;
    Ok(())
}

#[tokio::test]
async fn answers_may_come_many_steps_later_or_not_at_all() {
    let ask = |handle: Handle<late>| async move {
        let one = handle.ask(Plus { number: 1 }).key("one");
        let two = async {
            while handle.status().await.unwrap().steps == 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let dropped = async {
                while handle.status().await.unwrap().steps < 2 {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                handle.ask(Plus { number: 3 }).await
            };
            tokio::join!(handle.ask(Plus { number: 2 }), dropped)
        };
        let (one, (two, dropped)) = tokio::join!(one, two);
        assert_eq!((one.unwrap(), two.unwrap()), (Ok(10), Ok(20)));
        let error = dropped.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unanswered, "{error}");
    };
    let texts = ["measure 1", "measure 2", "measure 3", "measure 20", "measure 10"].map(str::to_owned).to_vec();
    for run in through(late, ask).await {
        assert_eq!(run, ("Ok(())".to_owned(), texts.clone()));
    }
}

#[saga]
async fn takes_one() -> Result<(), Failure> {
    let Go = signal::<Go>().await;
    let (Total, reply) = request::<Total>().await;
    measure(2).await;
    reply.send(7).await;
    Ok(())
}

/// A caller that is gone costs nothing; when it comes back with its key, the answer is there. One whose request is not taken is refused.
#[tokio::test]
async fn who_stops_waiting_and_asks_again_is_answered() {
    let ask = |handle: Handle<takes_one>, seen: Seen| async move {
        let (instance, queue) = (handle.instance().clone(), "$ask-total");
        let stored = async {
            while seen.transport.mail(&instance, queue, 0, 1).await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            () = stored => {}
            answer = handle.ask(Total).key("k") => panic!("nobody has answered yet: {answer:?}"),
        }
        handle.signal(Go).await.unwrap();
        assert_eq!(handle.ask(Total).key("k").await.unwrap(), 7);
        let untaken = handle.ask(Total).key("other").await.unwrap_err();
        assert_eq!(untaken.kind(), ErrorKind::NotRunning, "{untaken}");
    };
    for (result, _) in through_seeing(takes_one, ask).await {
        assert_eq!(result, "Ok(())");
    }
}

/// No steps: what is taken in one turn is answered with one record.
#[saga]
async fn ledger() -> Result<(), Failure> {
    let mut total = 0;
    loop {
        let (Plus { number }, reply) = request::<Plus>().await;
        total += number;
        reply.send(Ok(total)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_ask_at_once() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let worker = Worker::builder(transport.clone()).serve::<ledger>().build().unwrap().spawn();
        let client = Client::new(transport);
        let asked = join_all(
            (0..150)
                .map(|_| async { client.start(ledger()).id("one").ask(Plus { number: 1 }).await.unwrap().unwrap() }),
        );
        let mut totals = tokio::time::timeout(HANGS, asked).await.expect("all are answered");
        totals.sort_unstable();
        assert_eq!(totals, (1..=150).collect::<Vec<_>>(), "each is another total");
        worker.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn an_instance_is_started_by_a_question_and_again_after_its_end() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let builder = Worker::builder(transport.clone()).serve::<counter>().provide(Trace::default());
        let worker = builder.build().unwrap().spawn();
        let client = Client::new(transport);
        let error = client.ask("counter", "a", Total).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        let start = || client.start(counter()).id("a").if_exists(IfExists::Restart);
        for _ in 0..3 {
            assert_eq!(start().ask(Plus { number: 5 }).await.unwrap(), Ok(5));
            assert_eq!(client.ask("counter", "a", Plus { number: 2 }).await.unwrap(), Ok(7));
            assert_eq!(start().ask(Total).await.unwrap(), 7);
        }
        let over = client.start(counter()).id("a").ask(Total).await.unwrap_err();
        assert_eq!(over.kind(), ErrorKind::NotRunning, "{over}");
        let long = client.ask("counter", "a", Total).key("x".repeat(200)).await.unwrap_err();
        assert_eq!(long.kind(), ErrorKind::NotRunning, "it is not even looked at: {long}");
        worker.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn an_inline_run_is_never_asked() {
    let run = tokio::time::timeout(Duration::from_millis(20), ledger().inline()).await;
    assert!(run.is_err());
}
