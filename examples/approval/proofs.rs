//! What the tests prove of the approval: one decision counts, the reminders come in time, and silence is a refusal.

use std::sync::Arc;
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::testing::Lab;
use sagaflow_tests::NatsServer;

use crate::saga::{Decision, Expense, Office, approval, pay_out, remind};

const DAY: Duration = Duration::from_secs(86_400);

fn expense() -> Expense {
    Expense { what: "a train".to_owned(), euros: 42, remind_after: DAY, reminders: 2 }
}

fn lab() -> Lab {
    let mut lab = Lab::new();
    lab.provide(|| Office(Box::new(|_| {})));
    lab
}

fn decision(approved: bool) -> Decision {
    Decision { by: "Grace".to_owned(), approved }
}

#[sagaflow::test]
async fn silence_is_a_refusal_after_the_last_reminder(mut lab: Lab) {
    lab.provide(|| Office(Box::new(|_| {})));
    let run = lab.run(approval(expense())).await;
    assert!(run.failed(), "{}", run.story());
    assert_eq!((run.calls::<remind>().len(), run.calls::<pay_out>().len()), (3, 0), "{}", run.story());
    assert_eq!(run.took(), DAY * 3, "{}", run.story());
}

#[test]
fn a_decision_counts_once_wherever_the_worker_dies() {
    for approved in [true, false] {
        let check = lab().check(approval(expense())).every_crash().meanwhile(move |handle| async move {
            for _ in 0..2 {
                // It may have come to its end by the second.
                let sent = handle.signal(decision(approved)).key("click").await;
                assert!(sent.is_ok() || handle.outcome().await.is_ok(), "{sent:?}");
            }
        });
        check.assert_all(move |run| {
            assert_eq!(run.completed(), approved, "{}", run.story());
            let paid: std::collections::BTreeSet<_> =
                run.calls::<pay_out>().iter().map(|call| call.call.clone()).collect();
            assert_eq!(paid.len(), usize::from(approved), "{}", run.story());
        });
    }
}

async fn is_approved(transport: Arc<dyn Transport>) {
    let office = Office(Box::new(|_| {}));
    let worker =
        Worker::builder(transport.clone()).serve::<approval>().provide(office).build().expect("a worker").spawn();
    let handle = Client::new(transport).start(approval(expense())).await.expect("started");
    handle.signal(decision(true)).await.expect("sent");
    let how = handle.outcome().await.expect("an end").expect("approved");
    assert_eq!(how, "approved by Grace, after 0 reminders");
    worker.shutdown().await.expect("in order");
}

#[tokio::test]
async fn an_expense_is_approved() {
    is_approved(sagaflow::connect("embedded:").await.expect("memory")).await;
}

#[tokio::test]
async fn an_expense_is_approved_over_nats() {
    let server = NatsServer::start().await;
    is_approved(sagaflow::connect(&server.url()).await.expect("the server answers")).await;
}
