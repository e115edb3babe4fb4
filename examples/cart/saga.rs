//! The cart: one instance for each customer, which is asked for things, and lives until they are paid for or forgotten.

use std::time::Duration;

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::steps::{pay, reserve};

/// Puts an article into the cart.
#[request(reply = Result<Total, CartError>)]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AddItem {
    pub(crate) article: String,
    pub(crate) euros: u32,
}

/// Pays for all that is in the cart.
#[request(reply = Result<Total, CartError>)]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CheckOut;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Total {
    pub(crate) items: u32,
    pub(crate) euros: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum CartError {
    #[error("there is no {article} left")]
    SoldOut { article: String },
    #[error("the cart is empty")]
    Empty,
    #[error("nobody has touched the cart for too long")]
    Forgotten,
}

/// What is reserved is given back when the cart is forgotten: that is an error of the saga, which undoes what it has done.
#[saga]
pub(crate) async fn cart(customer: String, patience: Duration) -> Result<Total, CartError> {
    let mut total = Total::default();
    loop {
        match race!(request::<AddItem>(), request::<CheckOut>(), sleep(patience)).await {
            Winner::First((AddItem { article, euros }, reply)) => match reserve(article).await {
                Ok(()) => {
                    total = Total { items: total.items + 1, euros: total.euros + euros };
                    reply.send(Ok(total)).await;
                }
                Err(error) => reply.send(Err(error)).await,
            },
            Winner::Second((CheckOut, reply)) => {
                if total.items > 0 {
                    pay(customer.clone(), total.euros).await;
                    reply.send(Ok(total)).await;
                    return Ok(total);
                } else {
                    reply.send(Err(CartError::Empty)).await;
                }
            }
            Winner::Third(()) => return Err(CartError::Forgotten),
        }
    }
}
