//! The services that the steps use, as small as can be: each keeps its things in the ledger. All are idempotent by the
//! step's key, since a step may run more than once.

use std::sync::Arc;
use std::time::Duration;

use sagaflow::StepContext;

use crate::domain::{
    Card, Id, Item, LedgerError, Line, Money, Payment, PaymentError, PlacedOrder, StockError, User, UserError,
};
use crate::generate::{DECLINED_CARD, SOLD_OUT, TAKEN_NAMES};
use crate::ledger::{Ledger, Thing};

/// Keeps the accounts.
#[derive(Debug)]
pub(crate) struct Users(pub(crate) Arc<Ledger>);

impl Users {
    pub(crate) fn create(&self, cx: &StepContext, name: String) -> Result<User, UserError> {
        let thing = self.0.make(cx, |books, id| {
            if TAKEN_NAMES.contains(&name.as_str()) || books.has_name(&name) {
                return Err(UserError::NameTaken { name });
            }
            Ok(Thing::User(User { id, name }))
        })?;
        let Thing::User(user) = thing else { return Err(other_thing(cx).into()) };
        Ok(user)
    }

    pub(crate) fn delete(&self, cx: &StepContext, id: Id) -> Result<(), LedgerError> {
        self.0.undo(cx, |thing| matches!(thing, Thing::User(user) if user.id == id))
    }
}

/// Reserves what was ordered.
#[derive(Debug)]
pub(crate) struct Warehouse(pub(crate) Arc<Ledger>);

impl Warehouse {
    pub(crate) fn reserve(&self, cx: &StepContext, item: Item) -> Result<Line, StockError> {
        let thing = self.0.make(cx, |_, id| {
            if item.article == SOLD_OUT {
                return Err(StockError::SoldOut { article: item.article });
            }
            Ok(Thing::Line(Line { id, price: item.price.times(item.quantity), article: item.article }))
        })?;
        let Thing::Line(line) = thing else { return Err(other_thing(cx).into()) };
        Ok(line)
    }

    pub(crate) fn release(&self, cx: &StepContext, id: Id) -> Result<(), LedgerError> {
        self.0.undo(cx, |thing| matches!(thing, Thing::Line(line) if line.id == id))
    }
}

/// Takes down the orders.
#[derive(Debug)]
pub(crate) struct OrderDesk(pub(crate) Arc<Ledger>);

impl OrderDesk {
    pub(crate) fn place(&self, cx: &StepContext, user: Id, total: Money) -> Result<PlacedOrder, LedgerError> {
        let thing = self.0.make(cx, |_, id| Ok(Thing::Order(PlacedOrder { id, user, total })))?;
        let Thing::Order(order) = thing else { return Err(other_thing(cx)) };
        Ok(order)
    }

    pub(crate) fn cancel(&self, cx: &StepContext, id: Id) -> Result<(), LedgerError> {
        self.0.undo(cx, |thing| matches!(thing, Thing::Order(order) if order.id == id))
    }
}

/// Takes the money. Declines some cards for good, and fails now and then.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) ledger: Arc<Ledger>,
    /// How long a call takes.
    pub(crate) latency: Duration,
}

impl Gateway {
    pub(crate) async fn pay(
        &self,
        cx: &StepContext,
        order: Id,
        card: &Card,
        amount: Money,
    ) -> Result<Payment, PaymentError> {
        answer(cx, self.latency).await?;
        let thing = self.ledger.make(cx, |_, id| {
            if card.0 == DECLINED_CARD {
                return Err(PaymentError::Declined);
            }
            Ok(Thing::Payment(Payment { id, order, amount }))
        })?;
        let Thing::Payment(payment) = thing else { return Err(other_thing(cx).into()) };
        Ok(payment)
    }

    pub(crate) async fn cancel(&self, cx: &StepContext, order: Id) -> Result<(), PaymentError> {
        answer(cx, self.latency).await?;
        Ok(self.ledger.undo(cx, |thing| matches!(thing, Thing::Payment(payment) if payment.order == order))?)
    }
}

/// How many attempts in a hundred get no answer of the gateway.
const FAILING: u8 = 10;

/// Waits for the gateway's answer. It fails by chance, but always at the same attempts of the same step: a program that was killed and started
/// again sees what it would have seen.
pub(crate) async fn answer(cx: &StepContext, latency: Duration) -> Result<(), PaymentError> {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    if sagaflow_examples::strikes(cx, FAILING) { Err(PaymentError::Unavailable) } else { Ok(()) }
}

/// The journal is of other orders, or of another version of the saga.
fn other_thing(cx: &StepContext) -> LedgerError {
    LedgerError(format!("it holds something else under the key `{}`", cx.key()))
}
