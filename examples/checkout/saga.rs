//! The saga: ordinary control flow; every `.await` is durable, and a failure undoes what was done, last first.

use sagaflow::prelude::*;

use crate::domain::{CheckoutError, Money, Order, Receipt};
use crate::steps::{create_order, create_payment, create_user, reserve};

#[saga]
pub(crate) async fn checkout(request: Order) -> Result<Receipt, CheckoutError> {
    let user = create_user(request.name).await?;
    let mut total = Money::ZERO;
    for item in request.items {
        let line = reserve(item).await?;
        total += line.price;
    }
    let order = create_order(user.id, total).await?;
    let payment = create_payment(order.id, request.card, total).await?;
    Ok(Receipt { user: user.id, order: order.id, payment: payment.id, total })
}
