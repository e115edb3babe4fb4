//! What the tests prove of the report: there is one for each time, and it counts on from the one before.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow_tests::NatsServer;

use crate::saga::{Reported, Shop, report};

/// Of each report the orders since the last one, and all.
type Sent = Arc<Mutex<Vec<(u64, u64)>>>;

fn shop(sent: &Sent) -> Shop {
    let sent = sent.clone();
    let number = |text: &str, behind: &str| -> u64 {
        let (before, _) = text.split_once(behind).expect("it is there");
        before.rsplit(' ').next().and_then(|number| number.parse().ok()).expect("a number")
    };
    let post = move |text: &str| sent.lock().unwrap().push((number(text, " orders"), number(text, " in all")));
    Shop { orders: Box::new(|until| until.as_second().unsigned_abs()), post: Box::new(post) }
}

async fn counts_on(transport: Arc<dyn Transport>) {
    let sent = Sent::default();
    let worker = || {
        let builder = Worker::builder(transport.clone()).serve::<report>().serve_schedules();
        builder.provide(shop(&sent)).build().expect("a worker").spawn()
    };
    let workers = [worker(), worker()];
    let client = Client::new(transport.clone());
    let schedule = client.schedule("@every 1s", report("Ada".into())).await.expect("a schedule");
    let three = async {
        loop {
            let status = schedule.status().await.expect("it is there");
            if status.started >= 3 && !status.runs {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), three).await.expect("three reports");
    schedule.remove().await.expect("told");
    let sent = sent.lock().unwrap().clone();
    assert_eq!(sent[0].0, sent[0].1, "the first reports all");
    assert!(
        sent.windows(2).all(|pair| pair[1].1 == pair[0].1 + 1 && pair[1].0 == 1),
        "the others what is new: {sent:?}"
    );
    for worker in workers {
        worker.shutdown().await.expect("in order");
    }
}

#[tokio::test]
async fn each_report_counts_on() {
    counts_on(sagaflow::connect("embedded:").await.expect("memory")).await;
}

#[tokio::test]
async fn each_report_counts_on_over_nats() {
    let server = NatsServer::start().await;
    counts_on(sagaflow::connect(&server.url()).await.expect("the server answers")).await;
}

/// By hand there is nothing that it could report on.
#[tokio::test]
async fn a_report_without_a_schedule_says_so() {
    let transport = sagaflow::connect("embedded:").await.expect("memory");
    let builder = Worker::builder(transport.clone()).serve::<report>().provide(shop(&Sent::default()));
    let worker = builder.build().expect("a worker").spawn();
    let started = Client::new(transport).start(report("Ada".into())).await.expect("started");
    let outcome: Result<Reported, _> = started.outcome().await.expect("an end");
    assert!(outcome.unwrap_err().to_string().contains("trigger that to have one now"));
    worker.shutdown().await.expect("in order");
}
