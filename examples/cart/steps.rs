//! What the cart does in the world: a shop, which remembers by the key of a step what it has done for it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sagaflow::prelude::*;

use crate::saga::CartError;

/// What is taken from the shelves, and paid, each by the key of its step.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) reserved: BTreeMap<String, String>,
    pub(crate) paid: BTreeMap<String, (String, u32)>,
}

/// A shop that has so many of each article.
#[derive(Debug)]
pub(crate) struct Shop {
    each: usize,
    books: Mutex<Books>,
}

impl Shop {
    pub(crate) fn new(each: usize) -> Self {
        Self { each, books: Mutex::default() }
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Undone by its arguments: it has the same key, and there may be nothing to give back.
#[step]
#[compensate(give_back(article))]
pub(crate) async fn reserve(
    #[inject] shop: &Shop,
    #[inject] cx: &StepContext,
    article: String,
) -> Result<(), CartError> {
    let mut books = shop.books();
    let taken = books.reserved.values().filter(|reserved| **reserved == article).count();
    if taken >= shop.each && !books.reserved.contains_key(cx.key().as_str()) {
        return Err(CartError::SoldOut { article });
    }
    books.reserved.insert(cx.key().to_string(), article);
    Ok(())
}

#[step]
pub(crate) async fn give_back(#[inject] shop: &Shop, #[inject] cx: &StepContext, article: String) {
    let reserved = shop.books().reserved.remove(cx.key().as_str());
    debug_assert!(reserved.is_none_or(|reserved| reserved == article), "a key is that of one step");
}

#[step]
pub(crate) async fn pay(#[inject] shop: &Shop, #[inject] cx: &StepContext, customer: String, euros: u32) {
    shop.books().paid.insert(cx.key().to_string(), (customer, euros));
}
