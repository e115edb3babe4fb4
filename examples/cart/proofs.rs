//! What the tests prove of the cart: nothing is sold twice or lost, on both transports and through every crash.

use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::testing::Lab;
use sagaflow_tests::NatsServer;

use crate::saga::{AddItem, CheckOut, Total, cart};
use crate::shop;
use crate::steps::Shop;

async fn sells_once(transport: std::sync::Arc<dyn Transport>) {
    let right = shop(transport, "test", Duration::from_millis(300), &|_| {}).await.expect("they go shopping");
    assert!(right, "the books agree with what the customers were told");
}

#[tokio::test]
async fn nothing_is_sold_twice() {
    sells_once(sagaflow::connect("embedded:").await.expect("memory")).await;
}

#[tokio::test]
async fn nothing_is_sold_twice_over_nats() {
    let server = NatsServer::start().await;
    sells_once(sagaflow::connect(&server.url()).await.expect("the server answers")).await;
}

/// Longer than anybody shops, also if workers die meanwhile.
const DAY: Duration = Duration::from_secs(86_400);

fn lamp() -> AddItem {
    AddItem { article: "a lamp".to_owned(), euros: 40 }
}

/// Each answer is the same, and each step has its effect once, wherever the worker dies.
#[test]
fn a_cart_survives_every_crash() {
    let mut lab = Lab::new();
    lab.world(|| Shop::new(2));
    let check = lab.check(cart("Ada".to_owned(), DAY)).every_crash().meanwhile(|handle| async move {
        for items in 1..=2 {
            let total = handle.ask(lamp()).key(format!("click-{items}")).await.expect("an answer");
            assert_eq!(total, Ok(Total { items, euros: items * 40 }));
        }
        let sold_out = handle.ask(lamp()).await.expect("an answer").expect_err("there is none left");
        assert_eq!(sold_out.to_string(), "there is no a lamp left");
        assert_eq!(handle.ask(CheckOut).await.expect("an answer"), Ok(Total { items: 2, euros: 80 }));
    });
    check.assert_all(|run| {
        let books = run.get::<Shop>().books();
        assert_eq!((books.reserved.len(), books.paid.len()), (2, 1), "{}", run.story());
    });
}

/// Whoever has reserved something and comes no more has it given back, a day later.
#[test]
fn a_forgotten_cart_leaves_nothing_behind() {
    let mut lab = Lab::new();
    lab.world(|| Shop::new(2));
    let check = lab.check(cart("Ada".to_owned(), DAY)).every_crash().meanwhile(|handle| async move {
        handle.ask(lamp()).await.expect("an answer").expect("there is one");
    });
    check.assert_all(|run| {
        assert!(run.failed() && run.took() >= DAY, "{}", run.story());
        assert!(run.get::<Shop>().books().reserved.is_empty(), "{}", run.story());
    });
}
