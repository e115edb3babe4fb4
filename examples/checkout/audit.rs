//! Holds the ledger against the outcomes: what was promised to the customers is what the services have.

use std::fmt;

use sagaflow::Status;

use crate::domain::{Money, Receipt};
use crate::drive::Settled;
use crate::ledger::Thing;

/// What the comparison came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Audit {
    completed: usize,
    undone: usize,
    /// Not at an end: nothing can be said of them.
    open: usize,
    pub(crate) differences: Vec<String>,
}

impl Audit {
    /// Compares all with what there is of each instance.
    pub(crate) fn of(settled: &[Settled], live: impl Fn(&str) -> Vec<Thing>) -> Self {
        let mut audit = Self::default();
        for settled in settled {
            let there = live(&settled.id);
            let difference = match (settled.status, &settled.receipt) {
                (Status::Completed, Some(receipt)) => {
                    audit.completed += 1;
                    completed(receipt, &there)
                }
                (Status::Compensated | Status::Failed, None) => {
                    audit.undone += 1;
                    there.first().map(|thing| format!("has failed, but {thing} is left of it"))
                }
                (status, _) if !status.is_terminal() => {
                    audit.open += 1;
                    None
                }
                (status, _) => Some(format!("its status {status:?} does not go with its outcome")),
            };
            audit.differences.extend(difference.map(|what| format!("{}: {what}", settled.id)));
        }
        audit
    }
}

/// Exactly one user, one order and one payment, those of the receipt; and the amounts agree.
fn completed(receipt: &Receipt, there: &[Thing]) -> Option<String> {
    let mut reserved = Money::ZERO;
    let (mut users, mut orders, mut payments) = (Vec::new(), Vec::new(), Vec::new());
    for thing in there {
        match thing {
            Thing::User(user) => users.push(user.id),
            Thing::Line(line) => reserved += line.price,
            Thing::Order(order) => orders.push((order.id, order.user, order.total)),
            Thing::Payment(payment) => payments.push((payment.id, payment.order, payment.amount)),
        }
    }
    let total = receipt.total;
    if users != [receipt.user] {
        Some(format!("is completed with user {}, but has the users {users:?}", receipt.user))
    } else if orders != [(receipt.order, receipt.user, total)] {
        Some(format!("is completed with order {} over {total}, but has the orders {orders:?}", receipt.order))
    } else if payments != [(receipt.payment, receipt.order, total)] {
        Some(format!("is completed with payment {} of {total}, but has the payments {payments:?}", receipt.payment))
    } else if reserved != total {
        Some(format!("is completed with a total of {total}, but items for {reserved} are reserved"))
    } else {
        None
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 20;
        if !self.differences.is_empty() {
            writeln!(f, "audit: the ledger and the outcomes do NOT agree; {} differences:", self.differences.len())?;
            self.differences.iter().take(SHOWN).try_for_each(|difference| writeln!(f, "  {difference}"))?;
            return match self.differences.len().saturating_sub(SHOWN) {
                0 => Ok(()),
                more => writeln!(f, "  … and {more} more"),
            };
        }
        write!(
            f,
            "audit: the ledger and the outcomes agree: each of {} completed orders has exactly one user, one order and \
             one payment, and of {} failed ones nothing is left",
            self.completed, self.undone,
        )?;
        match self.open {
            0 => writeln!(f),
            open => writeln!(f, "; {open} are stuck and wait for an operator"),
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "user {}", user.id),
            Self::Line(line) => write!(f, "reserved item {}", line.id),
            Self::Order(order) => write!(f, "order {}", order.id),
            Self::Payment(payment) => write!(f, "payment {}", payment.id),
        }
    }
}
