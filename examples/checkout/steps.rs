//! The steps: each does one thing to one service, and says how it is retried and undone.

use sagaflow::prelude::*;

use crate::domain::{
    Card, Id, Item, LedgerError, Line, Money, Payment, PaymentError, PlacedOrder, StockError, User, UserError,
};
use crate::services::{Gateway, OrderDesk, Users, Warehouse};

/// Undone by its output: only a user that was created needs to be deleted.
#[step]
#[retry(exponential, base = "50ms", factor = 1.0, max_delay = "1s", max_attempts = 8, unless(UserError::NameTaken { .. }))]
#[compensate(delete_user(output.id))]
pub(crate) async fn create_user(
    #[inject] users: &Users,
    #[inject] cx: &StepContext,
    name: String,
) -> Result<User, UserError> {
    users.create(cx, name)
}

#[step]
#[retry(exponential, base = "50ms", factor = 1.0, max_delay = "1s", max_attempts = 20)]
pub(crate) async fn delete_user(
    #[inject] users: &Users,
    #[inject] cx: &StepContext,
    user: Id,
) -> Result<(), LedgerError> {
    users.delete(cx, user)
}

#[step]
#[retry(exponential, base = "50ms", factor = 1.0, max_delay = "1s", max_attempts = 8, unless(StockError::SoldOut { .. }))]
#[compensate(release(output.id))]
pub(crate) async fn reserve(
    #[inject] warehouse: &Warehouse,
    #[inject] cx: &StepContext,
    item: Item,
) -> Result<Line, StockError> {
    warehouse.reserve(cx, item)
}

#[step]
#[retry(exponential, base = "50ms", factor = 1.0, max_delay = "1s", max_attempts = 20)]
pub(crate) async fn release(
    #[inject] warehouse: &Warehouse,
    #[inject] cx: &StepContext,
    line: Id,
) -> Result<(), LedgerError> {
    warehouse.release(cx, line)
}

#[step]
#[retry(exponential, base = "50ms", factor = 1.0, max_delay = "1s", max_attempts = 8)]
#[compensate(cancel_order(output.id))]
pub(crate) async fn create_order(
    #[inject] desk: &OrderDesk,
    #[inject] cx: &StepContext,
    user: Id,
    total: Money,
) -> Result<PlacedOrder, LedgerError> {
    desk.place(cx, user, total)
}

#[step]
#[retry(exponential, base = "50ms", factor = 1.0, max_delay = "1s", max_attempts = 20)]
pub(crate) async fn cancel_order(
    #[inject] desk: &OrderDesk,
    #[inject] cx: &StepContext,
    order: Id,
) -> Result<(), LedgerError> {
    desk.cancel(cx, order)
}

/// Undone by its arguments: if it is not known whether the gateway took the money, the cancellation runs all the same.
#[step]
#[retry(fixed, delay = "50ms", max_attempts = 20, timeout = "10s", unless(PaymentError::Declined))]
#[compensate(cancel_payment(order))]
pub(crate) async fn create_payment(
    #[inject] gateway: &Gateway,
    #[inject] cx: &StepContext,
    order: Id,
    card: Card,
    amount: Money,
) -> Result<Payment, PaymentError> {
    gateway.pay(cx, order, &card, amount).await
}

/// There may be nothing to cancel: then it does nothing.
#[step]
#[retry(fixed, delay = "50ms", max_attempts = 50)]
pub(crate) async fn cancel_payment(
    #[inject] gateway: &Gateway,
    #[inject] cx: &StepContext,
    order: Id,
) -> Result<(), PaymentError> {
    gateway.cancel(cx, order).await
}
