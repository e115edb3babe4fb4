//! A shopping cart that is asked: one long-lived instance for each customer, with requests, which comes to its end when it is paid for, or when nobody has
//! touched it for too long; then what was reserved is given back. The next request begins a new cart.
//!
//! * `saga`: the requests, and the cart
//! * `steps`: the shop
//! * `proofs`: that nothing is sold twice, whatever happens (tests)
//!
//! `cargo run --example cart` sends customers shopping; `-- nats://127.0.0.1:4222` does so over NATS.

#[cfg(test)]
mod proofs;
mod saga;
mod steps;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use sagaflow::prelude::*;
use sagaflow_examples::{Failed, quiet_logs};

use crate::saga::{AddItem, CartError, CheckOut, Total, cart};
use crate::steps::Shop;

const CUSTOMERS: [&str; 4] = ["ada", "grace", "barbara", "margaret"];
const ARTICLES: [(&str, u32); 3] = [("a lamp", 40), ("a clock", 25), ("a chair", 90)];

/// So many of each article there are: not enough for everybody.
const EACH: usize = 3;

#[tokio::main]
async fn main() -> ExitCode {
    quiet_logs();
    let url = std::env::args().nth(1).unwrap_or_else(|| "embedded:".to_owned());
    let run = async {
        let transport = sagaflow::connect(&url).await?;
        // Of another run, if the transport has kept something of it.
        let run = format!("{:08x}", fastrand::u32(..));
        shop(transport, &run, Duration::from_secs(1), &|text| println!("{text}")).await
    };
    match run.await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Customers go shopping, all at once, and one of them forgets her cart. Whether the shop's books agree with what they were told.
async fn shop(
    transport: Arc<dyn Transport>,
    run: &str,
    patience: Duration,
    tell: &impl Fn(String),
) -> Result<bool, Failed> {
    let shop = Arc::new(Shop::new(EACH));
    let worker = Worker::builder(transport.clone()).serve::<cart>().provide_shared(shop.clone()).build()?.spawn();
    let client = Client::new(transport);
    let told = try_join_all(CUSTOMERS.map(|customer| visit(&client, customer, run, patience, tell))).await?;
    worker.shutdown().await?;
    let (euros, items) = told.iter().fold((0, 0), |(euros, items), total| (euros + total.euros, items + total.items));
    let books = shop.books();
    let paid: u32 = books.paid.values().map(|(_, euros)| euros).sum();
    tell(format!("sold {items} articles for {euros} euros; the books say {} for {paid}", books.reserved.len()));
    Ok((euros, usize::try_from(items)?) == (paid, books.reserved.len()))
}

/// Fills a cart, twice asking for the first article (as an impatient browser does), and pays. What was paid for.
async fn visit(
    client: &Client,
    customer: &str,
    run: &str,
    patience: Duration,
    tell: &impl Fn(String),
) -> Result<Total, Failed> {
    let id = format!("{customer}-{run}");
    // Starts the cart if there is none, or none any more.
    let begin = || client.start(cart(customer.to_owned(), patience)).id(&*id).if_exists(IfExists::Restart);
    for (number, (article, euros)) in ARTICLES.into_iter().enumerate() {
        let item = AddItem { article: article.to_owned(), euros };
        let key = format!("click-{number}");
        let total = begin().ask(item.clone()).key(&*key).await?;
        let again = begin().ask(item).key(&*key).await?;
        assert_eq!(total, again, "the same key, the same answer");
        match total {
            Ok(Total { items, euros }) => tell(format!("{customer}: {article}, that makes {items} for {euros} euros")),
            Err(error) => tell(format!("{customer}: {error}")),
        }
    }
    if customer == CUSTOMERS[0] {
        return forget(client, &id, tell).await;
    }
    match client.ask("cart", &id, CheckOut).await? {
        Ok(total) => {
            tell(format!("{customer} pays {} euros for {} articles", total.euros, total.items));
            Ok(total)
        }
        Err(CartError::Empty) => Ok(Total::default()),
        Err(error) => Err(error.into()),
    }
}

/// Does nothing more, until the cart is over.
async fn forget(client: &Client, id: &str, tell: &impl Fn(String)) -> Result<Total, Failed> {
    match client.handle::<cart>(id)?.outcome().await? {
        Err(error) if error.error() == Some(&CartError::Forgotten) => {
            tell(format!("{id}: {error}; what was in the cart is back on the shelves"));
            Ok(Total::default())
        }
        other => Err(format!("a cart that nobody has paid for has ended with {other:?}").into()),
    }
}
