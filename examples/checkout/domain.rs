//! What the shop deals with: orders, prices, and what can go wrong.

use std::fmt;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// An order as it stands in a line of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Unique; the saga's instance has it as its id, so an order is never carried out twice.
    pub(crate) id: String,
    /// The name under which the customer wants an account.
    pub(crate) name: String,
    /// The card that pays.
    pub(crate) card: Card,
    pub(crate) items: Vec<Item>,
}

/// One position of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) article: String,
    pub(crate) quantity: u32,
    /// The price of one, in cents.
    pub(crate) price: Money,
}

/// A token that stands for a card at the payment gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Card(pub(crate) String);

/// An amount in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Money(pub(crate) u64);

impl Money {
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) fn times(self, quantity: u32) -> Self {
        Self(self.0.saturating_mul(quantity.into()))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// Numbers everything that the ledger keeps.
pub(crate) type Id = u64;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: Id,
    pub(crate) name: String,
}

/// A reserved item, with the price of all its pieces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: Id,
    pub(crate) article: String,
    pub(crate) price: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlacedOrder {
    pub(crate) id: Id,
    pub(crate) user: Id,
    pub(crate) total: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: Id,
    pub(crate) order: Id,
    pub(crate) amount: Money,
}

/// What the customer gets in the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) user: Id,
    pub(crate) order: Id,
    pub(crate) payment: Id,
    pub(crate) total: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum UserError {
    #[error("the name `{name}` is taken")]
    NameTaken { name: String },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum StockError {
    #[error("`{article}` is sold out")]
    SoldOut { article: String },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum PaymentError {
    #[error("the card was declined")]
    Declined,
    #[error("the payment gateway does not answer")]
    Unavailable,
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The ledger's journal can't be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the ledger can't be written: {0}")]
pub(crate) struct LedgerError(pub(crate) String);

/// Why a checkout failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum CheckoutError {
    #[error(transparent)]
    User(#[from] UserError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Order(#[from] LedgerError),
    #[error(transparent)]
    Payment(#[from] PaymentError),
}
