//! What a transfer is, and what can be wrong with one.

use serde::{Deserialize, Serialize};

/// What is left of an order's fee: 1 %, and at least one cent.
pub(crate) const FEE_PERCENT: i64 = 1;

/// The account that fees go to, in each database.
pub(crate) const FEES: i64 = 0;

/// What each account has at the beginning, in cents.
pub(crate) const OPENING: i64 = 100_000;

/// In which database an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    Left,
    Right,
}

/// An account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) side: Side,
    pub(crate) number: i64,
}

/// What is to be transferred.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The saga's id, too.
    pub(crate) id: String,
    pub(crate) from: Account,
    pub(crate) to: Account,
    /// In cents; the fee comes on top of it.
    pub(crate) amount: i64,
}

impl Order {
    /// The order with a number: always the same for the same seed.
    pub(crate) fn numbered(number: u32, accounts: u32, seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed ^ (u64::from(number) << 20));
        let mut account = || Account {
            side: if chance.bool() { Side::Left } else { Side::Right },
            number: chance.i64(1..=i64::from(accounts)),
        };
        let from = account();
        let mut to = account();
        while to == from {
            to = account();
        }
        // Some are more than the limit, or than there is.
        let amount = chance.i64(1..=OPENING / 3);
        Self { id: format!("transfer-{number}"), from, to, amount }
    }

    pub(crate) fn fee(&self) -> i64 {
        (self.amount * FEE_PERCENT / 100).max(1)
    }
}

/// Why there is no transfer. All of them are for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("account {0} has not enough money")]
    NotEnough(i64),
    #[error("{amount} is more than account {account} may transfer at a time")]
    OverLimit { account: i64, amount: i64 },
    #[error("account {0} is closed")]
    Closed(i64),
    /// What the database says: to be tried again.
    #[error("{0}")]
    Database(String),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.to_string())
    }
}
