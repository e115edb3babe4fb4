//! Selling: fulfilment, trips, parcels, subscriptions, loans, reservations.

use std::collections::HashMap;
use std::fmt;

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Trace, check};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
struct Cents(u64);

impl std::ops::Add for Cents {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::AddAssign for Cents {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl std::iter::Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::default(), |sum, item| sum + item)
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Line {
    sku: String,
    quantity: u32,
    price: Cents,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Delivery {
    Pickup { store: String },
    Courier(Address),
    Post { address: Address, express: bool },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Address {
    city: String,
    zip: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Basket {
    customer: String,
    lines: Vec<Line>,
    coupon: Option<String>,
    delivery: Delivery,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum ShopError {
    OutOfStock { sku: String, wanted: u32, left: u32 },
    Declined(String),
    Nothing,
    Other(String),
}

impl fmt::Display for ShopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfStock { sku, wanted, left } => write!(f, "{wanted} of {sku} wanted, {left} left"),
            Self::Declined(why) | Self::Other(why) => f.write_str(why),
            Self::Nothing => f.write_str("nothing to do"),
        }
    }
}

impl From<Failure> for ShopError {
    fn from(failure: Failure) -> Self {
        Self::Other(failure.to_string())
    }
}

#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
#[compensate(put_back(sku, quantity))]
async fn reserve(#[inject] trace: &Trace, sku: String, quantity: u32) -> Result<u32, ShopError> {
    trace.add(format_args!("reserve {quantity} {sku}"));
    let left = sku.len() as u32;
    if quantity > left { Err(ShopError::OutOfStock { sku, wanted: quantity, left }) } else { Ok(left - quantity) }
}

#[step]
async fn put_back(#[inject] trace: &Trace, sku: String, quantity: u32) {
    trace.add(format_args!("undo reserve {quantity} {sku}"));
}

#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
#[compensate(refund(output))]
async fn charge(#[inject] trace: &Trace, customer: String, amount: Cents) -> Result<u64, ShopError> {
    trace.add(format_args!("charge {customer} {amount}"));
    if amount.0 > 100_000 { Err(ShopError::Declined(format!("{amount} is too much"))) } else { Ok(amount.0 + 1) }
}

#[step]
async fn refund(#[inject] trace: &Trace, payment: u64) {
    trace.add(format_args!("undo charge {payment}"));
}

#[step]
async fn discount(#[inject] trace: &Trace, coupon: String) -> Option<u64> {
    trace.add(format_args!("discount {coupon}"));
    coupon.strip_prefix("SAVE").and_then(|percent| percent.parse().ok())
}

#[step]
async fn mail(#[inject] trace: &Trace, to: String, text: String) {
    trace.add(format_args!("mail {to}: {text}"));
}

#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
async fn ship(#[inject] trace: &Trace, carrier: String, to: String, skus: Vec<String>) -> Result<String, ShopError> {
    trace.add(format_args!("ship {carrier} {to} {skus:?}"));
    if to.contains("nowhere") {
        Err(ShopError::Other("no such place".to_owned()))
    } else {
        Ok(format!("{carrier}-{to}"))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Fulfilled {
    total: Cents,
    tracking: Option<String>,
    low: Vec<(String, u32)>,
}

/// Order fulfilment.
#[saga]
async fn fulfil(basket: Basket) -> Result<Fulfilled, ShopError> {
    const LOW: u32 = 2;

    if basket.lines.is_empty() {
        return Err(ShopError::Nothing);
    }
    let mut low = Vec::new();
    for line in &basket.lines {
        let left = reserve(line.sku.clone(), line.quantity).await?;
        if left < LOW {
            low.push((line.sku.clone(), left));
        }
    }

    let subtotal: Cents = basket.lines.iter().map(|line| Cents(line.price.0 * u64::from(line.quantity))).sum();
    let percent = match &basket.coupon {
        Some(coupon) if !coupon.is_empty() => discount(coupon.clone()).await.unwrap_or_default().min(50),
        _ => 0,
    };
    let total = Cents(subtotal.0 - subtotal.0 * percent / 100);
    let payment = charge(basket.customer.clone(), total).await?;

    let skus: Vec<_> = basket.lines.into_iter().map(|Line { sku, .. }| sku).collect();
    let tracking = match basket.delivery {
        Delivery::Pickup { store } => {
            mail(store, format!("prepare {}", skus.join(", "))).await;
            None
        }
        Delivery::Courier(Address { city, .. }) => Some(ship("courier".into(), city, skus).await?),
        Delivery::Post { address, express: true } => Some(ship("express".into(), address.zip, skus).await?),
        Delivery::Post { address: Address { zip, city }, .. } => {
            let to = format!("{zip} {city}");
            match ship(String::from("post"), to.clone(), skus.clone()).await {
                Ok(tracking) => Some(tracking),
                Err(ShopError::Other(_)) => ship("courier".to_string(), to, skus).await.map(Some)?,
                Err(other) => return Err(other),
            }
        }
    };
    mail(basket.customer, format!("paid {total} ({payment})")).await;
    Ok(Fulfilled { total, tracking, low })
}

fn basket(lines: &[(&str, u32, u64)], coupon: Option<&str>, delivery: Delivery) -> Basket {
    let lines = lines.iter().map(|(sku, quantity, price)| Line {
        sku: (*sku).to_owned(),
        quantity: *quantity,
        price: Cents(*price),
    });
    Basket { customer: "Ann".to_owned(), lines: lines.collect(), coupon: coupon.map(str::to_owned), delivery }
}

fn at(city: &str) -> Address {
    Address { city: city.to_owned(), zip: "1010".to_owned() }
}

#[tokio::test]
async fn orders_are_fulfilled() {
    let two = [("chair", 2, 5_000), ("cup", 3, 300)];
    check!(fulfil:
        (basket(&two, Some("SAVE10"), Delivery::Pickup { store: "north".into() })),
        (basket(&two, Some("x"), Delivery::Courier(at("Graz")))),
        (basket(&two, None, Delivery::Post { address: at("Linz"), express: true })),
        (basket(&two, None, Delivery::Post { address: at("nowhere"), express: false })),
        (basket(&[("chair", 2, 5_000_000)], None, Delivery::Courier(at("Graz")))),
        (basket(&[("chair", 2, 5), ("cup", 30, 300)], None, Delivery::Courier(at("Graz")))),
        (basket(&[], None, Delivery::Courier(at("Graz")))),
    );
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    Scanned { hub: String },
    Held(u32),
    Delivered,
    Lost,
}

#[step]
async fn next_event(#[inject] trace: &Trace, parcel: u32, seen: usize) -> Event {
    trace.add(format_args!("event {seen} of {parcel}"));
    match (parcel + seen as u32) % 7 {
        0 => Event::Delivered,
        1 => Event::Lost,
        n @ 2..=3 => Event::Held(n),
        n => Event::Scanned { hub: format!("hub {n}") },
    }
}

/// Parcel routing: follows a parcel until it has arrived, is lost, or has been held for too long.
#[saga]
async fn follow(parcel: u32, patience: u32) -> Result<String, ShopError> {
    let mut route: Vec<String> = vec![];
    let mut held = 0;
    let outcome = loop {
        match next_event(parcel, route.len() + held as usize).await {
            Event::Scanned { hub } if route.last() == Some(&hub) => {
                return Err(ShopError::Other(format!("stuck in {hub}")));
            }
            Event::Scanned { hub } => route.push(hub),
            Event::Held(days) => {
                held += days;
                if held > patience {
                    break "held";
                }
                mail("customs".to_owned(), format!("parcel {parcel}: {held} of {patience} days")).await;
            }
            Event::Delivered => break "delivered",
            Event::Lost => {
                charge("insurance".to_owned(), Cents(5_000)).await?;
                break "lost";
            }
        }
    };
    let via = match &route[..] {
        [] => String::from("directly"),
        [only] => format!("via {only}"),
        [first, .., last] => format!("from {first} to {last}"),
    };
    Ok(format!("{outcome} {via}"))
}

#[tokio::test]
async fn parcels_are_followed() {
    for parcel in 0..9 {
        check!(follow: (parcel, 3), (parcel, 0), (parcel, 20));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Plan {
    Free,
    Basic,
    Team { seats: u8 },
}

impl Plan {
    const fn price(self) -> Cents {
        match self {
            Self::Free => Cents(0),
            Self::Basic => Cents(900),
            Self::Team { seats } => Cents(700 * seats as u64),
        }
    }
}

/// Subscription billing: months until it is cancelled or payment has failed twice in a row.
#[saga]
async fn subscription(customer: String, plan: Plan, months: u32) -> Result<(Cents, u32), ShopError> {
    let mut plan = plan;
    let (mut paid, mut failures) = (Cents::default(), 0u32);
    for month in 1..=months {
        let price = plan.price();
        if price == Cents::default() {
            continue;
        }
        match charge(customer.clone(), price).await {
            Ok(_) => (paid, failures) = (paid + price, 0),
            Err(ShopError::Declined(why)) if failures == 0 => {
                failures += 1;
                mail(customer.clone(), format!("month {month}: {why}; we will try again")).await;
            }
            Err(error) => {
                mail(customer.clone(), format!("cancelled: {error}")).await;
                return Ok((paid, month));
            }
        }
        plan = match plan {
            Plan::Team { seats } => Plan::Team { seats: seats.saturating_mul(3) },
            other => other,
        };
    }
    Ok((paid, months))
}

#[tokio::test]
async fn subscriptions_are_billed() {
    check!(subscription:
        ("Cy".to_owned(), Plan::Free, 3),
        ("Cy".to_owned(), Plan::Basic, 4),
        ("Cy".to_owned(), Plan::Team { seats: 20 }, 6),
    );
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Application {
    applicant: String,
    amount: u64,
    guarantors: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Rating {
    Poor,
    Fair,
    Good,
}

#[step]
async fn rate(#[inject] trace: &Trace, who: String) -> Result<Rating, Failure> {
    trace.add(format_args!("rate {who}"));
    Ok(match who.len() {
        0 => return Err(Failure::new("nobody").terminal()),
        1..=3 => Rating::Good,
        4 => Rating::Fair,
        _ => Rating::Poor,
    })
}

/// Loan approval.
#[saga]
async fn approve_loan(application: Application) -> Result<String, Failure> {
    fn limit(rating: Rating) -> u64 {
        match rating {
            Rating::Poor => 1_000,
            Rating::Fair => 10_000,
            Rating::Good => 100_000,
        }
    }

    let Application { applicant, amount, guarantors } = application;
    let own = rate(applicant.clone()).await?;
    let mut ratings = HashMap::new();
    for guarantor in guarantors {
        let rating = rate(guarantor.clone()).await?;
        ratings.insert(guarantor, rating);
    }
    let best = ratings.values().copied().max().unwrap_or(Rating::Poor);
    let decision = match (own, best, amount) {
        (_, _, 0) => Err("asks for nothing"),
        (Rating::Good, ..) if amount <= limit(Rating::Good) => Ok("at once"),
        (own, best, amount) if amount <= limit(own.max(best)) => Ok("with guarantors"),
        _ => Err("too much"),
    };
    let text = decision.map_or_else(|why| format!("refused: {why}"), |how| format!("granted {how}"));
    mail(applicant, text.clone()).await;
    Ok(text)
}

#[tokio::test]
async fn loans_are_approved() {
    let application = |who: &str, amount, guarantors: &[&str]| Application {
        applicant: who.to_owned(),
        amount,
        guarantors: guarantors.iter().map(|name| (*name).to_owned()).collect(),
    };
    check!(approve_loan:
        (application("Ann", 50_000, &[])),
        (application("Bert", 50_000, &["Cy", "Dora"])),
        (application("Bert", 50_000, &["Dora"])),
        (application("Bert", 0, &[])),
        (application("Bert", 5, &["Ann", ""])),
    );
}

#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
#[compensate(release(output))]
async fn hold(#[inject] trace: &Trace, account: String, amount: Cents) -> Result<u32, ShopError> {
    trace.add(format_args!("hold {account} {amount}"));
    if account.is_empty() { Err(ShopError::Nothing) } else { Ok(account.len() as u32) }
}

#[step]
async fn release(#[inject] trace: &Trace, hold: u32) {
    trace.add(format_args!("undo hold {hold}"));
}

#[step]
async fn confirm(#[inject] trace: &Trace, hold: u32) -> bool {
    trace.add(format_args!("confirm {hold}"));
    hold != 4
}

/// Two-phase reservation: everything is held, then everything is confirmed.
#[saga]
async fn two_phases(shares: Vec<(String, u64)>) -> Result<usize, ShopError> {
    let mut holds = Vec::with_capacity(shares.len());
    for (account, share) in shares.iter().filter(|(_, share)| *share > 0).cloned().collect::<Vec<_>>() {
        holds.push(hold(account, Cents(share)).await?);
    }
    let count = holds.len();
    while let Some(hold) = holds.pop() {
        if !confirm(hold).await {
            return Err(ShopError::Declined(format!("{hold} wasn't confirmed, {} left of {count}", holds.len())));
        }
    }
    Ok(count)
}

#[tokio::test]
async fn reservations_have_two_phases() {
    let shares = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), name.len() as u64)).collect::<Vec<_>>();
    check!(two_phases: (shares(&["a", "bc", "def"])), (shares(&["a", "four", "bc"])), (shares(&[""])), (vec![]));
    let refused = vec![("a".to_owned(), 1), (String::new(), 1)];
    check!(two_phases: (refused.clone()));
}
