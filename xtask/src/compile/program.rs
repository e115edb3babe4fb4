//! The programs that are compiled: each as sagas, and as the plain async functions that they are written as.

use std::fmt::Write as _;

/// What becomes of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `#[saga]` and `#[step]`.
    Saga,
    /// A plain async function.
    Plain,
}

impl Form {
    pub(super) const BOTH: [Self; 2] = [Self::Saga, Self::Plain];

    pub(super) fn package(self) -> &'static str {
        match self {
            Self::Saga => "compiled-sagas",
            Self::Plain => "compiled-plain",
        }
    }

    /// Writes attributes for sagas, and leaves them out for plain functions.
    fn of(self, source: &str) -> String {
        source.lines().filter(|line| self == Self::Saga || !line.trim_start().starts_with("#[sagaflow::")).fold(
            String::new(),
            |mut text, line| {
                text.push_str(line);
                text.push('\n');
                text
            },
        )
    }
}

/// The types that all sagas share: both forms have the same.
const TYPES: &str = r#"
use sagaflow::Failure;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    pub name: String,
    pub items: Vec<Item>,
    pub payment: Payment,
    pub address: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Item {
    pub sku: String,
    pub count: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Payment {
    Card(String),
    Invoice { address: String },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    pub id: u64,
    pub email: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Parcel {
    pub id: u64,
    pub accepted: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Receipt {
    pub user: User,
    pub total: u64,
    pub payment: u64,
    pub parcels: Vec<Parcel>,
}
"#;

/// One saga with ten steps of its own; `@` is its number, `$` changes with every edit.
const MODULE: &str = r#"
pub mod saga_@ {
    use super::{Failure, Parcel, Payment, Receipt, Request, User};

    #[sagaflow::step]
    #[sagaflow::retry(exponential, base = "1s", factor = 1.0, max_attempts = 8)]
    #[sagaflow::compensate(delete_user(output.id))]
    pub async fn create_user(name: String) -> Result<User, Failure> {
        Ok(User { id: name.len() as u64, email: name })
    }

    #[sagaflow::step]
    pub async fn delete_user(id: u64) -> Result<(), Failure> {
        if id == 0 { Err(Failure::new("no such user")) } else { Ok(()) }
    }

    #[sagaflow::step]
    #[sagaflow::retry(fixed, delay = "5s", max_attempts = 20)]
    pub async fn reserve(sku: String, count: u32) -> Result<u64, Failure> {
        Ok(sku.len() as u64 * u64::from(count))
    }

    #[sagaflow::step]
    pub async fn charge(user: u64, card: String, total: u64) -> Result<u64, Failure> {
        Ok(user + total + card.len() as u64)
    }

    #[sagaflow::step]
    pub async fn invoice(user: u64, address: String, total: u64) -> Result<u64, Failure> {
        Ok(user + total + address.len() as u64)
    }

    #[sagaflow::step]
    pub async fn review(user: u64, total: u64) -> Result<bool, Failure> {
        Ok(user < total)
    }

    #[sagaflow::step]
    pub async fn ship(user: u64, address: String, attempt: u32) -> Result<Parcel, Failure> {
        Ok(Parcel { id: user, accepted: attempt > 1 && !address.is_empty() })
    }

    #[sagaflow::step]
    pub async fn insure(parcel: u64, value: u64) -> Result<(), Failure> {
        if parcel == value { Err(Failure::new("the same")) } else { Ok(()) }
    }

    #[sagaflow::step]
    pub async fn announce(email: String, parcels: Vec<u64>) -> Result<usize, Failure> {
        Ok(email.len() + parcels.len())
    }

    #[sagaflow::step]
    pub async fn close(user: u64, told: usize) -> Result<(), Failure> {
        if told == 0 { Err(Failure::new(format!("{user} was not told"))) } else { Ok(()) }
    }

    #[sagaflow::saga]
    pub async fn run(request: Request) -> Result<Receipt, Failure> {
        let user = create_user(request.name).await?;
        let mut total = $;
        for item in &request.items {
            if item.count == 0 {
                continue;
            }
            total += reserve(item.sku.clone(), item.count).await?;
        }
        let payment = match request.payment {
            Payment::Card(number) => charge(user.id, number, total).await?,
            Payment::Invoice { address } => invoice(user.id, address, total).await?,
        };
        if total > 1_000 && !review(user.id, total).await? {
            delete_user(user.id).await?;
            return Err(Failure::new("refused"));
        }
        let mut parcels = Vec::new();
        for (index, item) in request.items.iter().enumerate() {
            let mut attempt = 0;
            let parcel = loop {
                attempt += 1;
                let parcel = ship(user.id, request.address.clone(), attempt).await?;
                if parcel.accepted || attempt > 3 {
                    break parcel;
                }
            };
            if item.count > 3 {
                insure(parcel.id, total + index as u64).await?;
            }
            parcels.push(parcel);
        }
        let ids: Vec<u64> = parcels.iter().map(|parcel| parcel.id).collect();
        let told = announce(user.email.clone(), ids).await?;
        close(user.id, told).await?;
        Ok(Receipt { user, total, payment, parcels })
    }
}
"#;

/// A crate of so many sagas; `edit` goes into the body of the one in the middle.
pub(super) fn many(form: Form, sagas: usize, edit: usize) -> String {
    (0..sagas).fold(TYPES.to_owned(), |mut text, saga| {
        let value = if saga == sagas / 2 { edit } else { 0 };
        text.push_str(&form.of(&MODULE.replace('@', &saga.to_string()).replace('$', &value.to_string())));
        text
    })
}

/// One saga of so many awaits, each with a variable that is read much later.
pub(super) fn long(form: Form, awaits: usize) -> String {
    let mut body = String::new();
    for step in 0..awaits {
        let earlier = if step < 10 { "start".to_owned() } else { format!("value_{}", step - 10) };
        let _ = writeln!(body, "    let value_{step} = add({earlier}, {step}).await?;");
    }
    form.of(&format!(
        r#"#![allow(unused_variables)]
use sagaflow::Failure;

#[sagaflow::step]
pub async fn add(left: u64, right: u64) -> Result<u64, Failure> {{
    Ok(left.wrapping_add(right))
}}

#[sagaflow::saga]
pub async fn run(start: u64) -> Result<u64, Failure> {{
{body}    Ok(value_{})
}}
"#,
        awaits - 1
    ))
}
