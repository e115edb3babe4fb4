//! The steps: each does one thing, and says how it is retried. None is undone: what was translated can be kept.

use sagaflow::prelude::*;

use crate::bureau::Bureau;
use crate::domain::{Book, Page, words_on};

/// Finds the words on a page.
#[step]
#[retry(exponential, base = "50ms", max_delay = "2s", jitter = full, max_attempts = 20, timeout = "30s")]
pub(crate) async fn recognize(
    #[inject] bureau: &Bureau,
    #[inject] cx: &StepContext,
    number: u16,
) -> Result<Page, Failure> {
    let page = Page { number, words: words_on(number) };
    bureau.work(cx, format!("recognized page {number:04}, {} words", page.words)).await?;
    Ok(page)
}

/// Translates them. Some get lost.
#[step]
#[retry(exponential, base = "50ms", max_delay = "2s", jitter = full, max_attempts = 20, timeout = "30s")]
pub(crate) async fn translate(
    #[inject] bureau: &Bureau,
    #[inject] cx: &StepContext,
    page: Page,
) -> Result<Page, Failure> {
    let page = Page { words: page.words - page.words / 10, ..page };
    bureau.work(cx, format!("translated page {:04}, {} words", page.number, page.words)).await?;
    Ok(page)
}

#[step]
#[retry(exponential, base = "50ms", max_delay = "2s", jitter = full, max_attempts = 20, timeout = "30s")]
pub(crate) async fn bind(
    #[inject] bureau: &Bureau,
    #[inject] cx: &StepContext,
    title: String,
    pages: Vec<Page>,
) -> Result<Book, Failure> {
    let book = Book { title, pages: pages.len(), words: pages.iter().map(|page| page.words).sum() };
    bureau.work(cx, format!("bound {book}")).await?;
    Ok(book)
}
