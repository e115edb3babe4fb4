//! The saga: the pages side by side. What is to be done with one of them is a saga of its own, which costs no message.

use sagaflow::prelude::*;

use crate::domain::{Book, Page};
use crate::steps::{bind, recognize, translate};

#[saga]
pub(crate) async fn publish(title: String, pages: u16, at_once: usize) -> Result<Book, Failure> {
    let translated = join_all((1..=pages).map(page)).concurrency(at_once).await;
    // An `Err` is a result like any other: the other pages are done all the same. The first one is what the book fails with.
    let translated: Result<Vec<Page>, Failure> = translated.into_iter().collect();
    bind(title, translated?).await
}

/// One page. Each of its steps is retried by itself.
#[saga]
async fn page(number: u16) -> Result<Page, Failure> {
    let recognized = recognize(number).await?;
    translate(recognized).await
}
