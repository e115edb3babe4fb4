//! Values on strange ways: operands, closures, calls that wait, borrows of what has no name.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::{Add, Neg, Not};

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Order, an_order, check, even, find, flag, half, note, num, sum, text};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Money {
    cents: i64,
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { cents: self.cents + other.cents }
    }
}

impl Neg for Money {
    type Output = Self;

    fn neg(self) -> Self {
        Self { cents: -self.cents }
    }
}

impl From<u32> for Money {
    fn from(cents: u32) -> Self {
        Self { cents: cents.into() }
    }
}

trait Double: Sized {
    const FACTOR: u32;

    fn double(self) -> Self;

    fn default_of<T: Default>() -> T {
        T::default()
    }
}

impl Double for u32 {
    const FACTOR: u32 = 2;

    fn double(self) -> Self {
        self * Self::FACTOR
    }
}

fn first_of<const N: usize, T: Copy>(items: [T; N]) -> T {
    items[N - 1]
}

#[saga]
async fn operators(n: u32) -> Result<i64, Failure> {
    let money = -Money::from(num(n).await?) + Money { cents: num(2).await? as i64 } + -Money::from(3);
    let shifted = (num(1).await? << num(3).await? | 1 & num(n).await?) ^ !num(0).await?;
    let compared = (num(n).await? > 2) == (num(1).await? < n) && money != Money::from(num(n).await?);
    let cast = num(n).await? as u8 as char as u32 as f32 as i64;
    Ok(money.cents + i64::from(shifted) + i64::from(compared) + cast)
}

#[saga]
async fn generic_calls(n: u32) -> Result<u32, Failure> {
    let a = <u32 as Double>::double(num(n).await?);
    let b = first_of::<2, u32>([num(1).await?, num(a).await?]);
    let c = Vec::<u32>::from([num(b).await?, num(3).await?]).into_iter().chain([1]).map(Double::double).sum::<u32>();
    let d: u32 = <u32 as Double>::default_of::<u32>() + u32::FACTOR + num(c).await?.double().pow(num(1).await?);
    let e = std::cmp::max(num(d).await?, Option::<u32>::None.unwrap_or(num(9).await?));
    Ok(u32::double(std::convert::identity::<u32>(num(e).await?)))
}

#[saga]
async fn calls_that_wait(n: u32) -> Result<u32, Failure> {
    let call = if n > 2 { num(n) } else { num(n + 10) };
    note("first".to_owned()).await;
    let mut out = call.await?;
    let maybe = (n % 2 == 0).then(|| num(4));
    let named = BTreeMap::from([("b".to_owned(), num(1)), ("a".to_owned(), num(2))]);
    note("second".to_owned()).await;
    if let Some(call) = maybe {
        out += call.await?;
    }
    for (name, call) in named {
        out = out * 10 + call.await? + name.len() as u32;
    }
    let [left, right] = [num(5), num(6)];
    out += right.await? * left.await?;
    out += (match n {
        0 => num(7),
        _ => num(8),
    })
    .await?;
    out += { num(9) }.await?;
    out += (|x| num(x + 1))(n).await?;
    out += Some(n).map(num).unwrap_or_else(|| num(0)).await?;
    Ok(out)
}

#[saga]
async fn closures(n: u32) -> Result<Vec<String>, Failure> {
    let mut log = Vec::new();
    let mut push = |line: &str| log.push(line.to_owned());
    push("a");
    push("b");
    let limit = num(n).await?;
    let within = move |x: &u32| *x < limit;
    let items: Vec<_> = (0..9).filter(within).collect();
    let compose = |f: fn(u32) -> u32, g: &dyn Fn(u32) -> u32| g(f(limit));
    let composed = compose(|x| x + 1, &|x| x * items.len() as u32);
    log.push(text(composed.to_string()).await?);
    let lookup: BTreeMap<_, _> = items.iter().map(|x| (x.to_string(), *x)).collect();
    let sums = num(lookup.values().sum()).await?;
    let make = || -> Result<u32, Failure> {
        let Some(x) = lookup.get("2") else { return Err(Failure::new("no 2")) };
        Ok(*x)
    };
    let two = make().or_else(|_| make()).unwrap_or(num(sums).await?);
    log.extend(std::iter::once(two).chain(items).map(|x| x.to_string()));
    log.sort_by(|a, b| b.cmp(a).then_with(|| a.len().cmp(&b.len())));
    note(log.join(",")).await;
    Ok(log)
}

#[saga]
async fn borrows_of_replies(n: u32) -> Result<String, Failure> {
    let order = &find(n).await?;
    num(order.id).await?;
    let names = &mut vec![order.name.clone()];
    names.push(text("x".to_owned()).await?);
    let ref city = find(n + 1).await?.address.city;
    num(names.len() as u32).await?;
    names.push(city.clone());
    let &Order { ref items, ref name, .. } = order;
    for item in items {
        num(*item).await?;
    }
    let numbers = &[num(1).await?, num(2).await?];
    num(numbers[1]).await?;
    Ok(format!("{names:?} {name} {numbers:?} {city}"))
}

#[saga]
async fn nested_calls(n: u32) -> Result<u32, Failure> {
    let a = num(num(num(n).await? + 1).await? + num(2).await?).await?;
    let b = sum([num(a).await?, sum([num(1).await?; 3].to_vec()).await].to_vec()).await;
    let c = half(2 * half(4 * num(b).await?).await.unwrap_or_default()).await.map_err(|odd| odd.to_string());
    let d = num(c.map_err(Failure::new)?).await.is_ok_and(|x| x > 2).not();
    if flag(even(b).await.map_or_else(|| "odd".to_owned(), |e| e.to_string()), d).await {
        return num(b).await.or(Ok(0));
    }
    num(b + 1).await.inspect(|_| ()).and_then(|x| x.checked_add(1).ok_or_else(|| Failure::new("big")))
}

#[saga]
async fn collections(mut queue: VecDeque<u32>) -> Result<u32, Failure> {
    let mut seen = BTreeSet::new();
    let mut grid = [[0; 3]; 2];
    let mut by_name: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    while let Some(x) = queue.pop_front() {
        if !seen.insert(x) || seen.len() > 8 {
            continue;
        }
        let doubled = num(x).await? * 2;
        grid[(x % 2) as usize][(x % 3) as usize] += num(doubled).await?;
        by_name.entry(format!("{}", x % 2)).or_default().push(doubled);
        queue.extend(even(doubled).await.filter(|x| *x < 20));
        *by_name.entry("all".to_owned()).or_default() = seen.iter().copied().collect();
    }
    by_name.retain(|_, list| !list.is_empty());
    let last = by_name.last_key_value().map(|(key, list)| (key.clone(), list.len()));
    num(seen.len() as u32).await?;
    Ok(grid.iter().flatten().sum::<u32>() + last.map_or(0, |(key, len)| (key.len() + len) as u32))
}

#[saga]
async fn fields_of_everything(n: u32) -> Result<u32, Failure> {
    let mut nested = (an_order(n), [an_order(2), an_order(3)], ((1u8, 2u16), n));
    nested.0.address.lines[1] = text("line".to_owned()).await?;
    nested.2.0.1 += num(7).await? as u16;
    nested.1[0].items[1] = num(n).await?;
    (nested.2.1, nested.0.id) = (num(3).await?, num(4).await?);
    let ((a, b), c) = nested.2;
    num(c).await?;
    let [first, second] = nested.1;
    let total = first.items.iter().chain(&second.items).sum::<u32>() + nested.0.id;
    drop(second.name);
    num(total).await?;
    Ok(total + u32::from(a) + u32::from(b) + c + nested.0.address.lines[1].len() as u32 + second.id)
}

#[saga]
async fn options_of_results(n: u32) -> Result<Option<u32>, Failure> {
    let found: Option<Result<u32, Failure>> = even(n).await.map(Ok);
    num(1).await?;
    let Some(found) = found.transpose()? else { return Ok(None) };
    let nested = half(found).await.ok().map(|h| Some(h));
    let flat = nested.flatten().zip(even(found).await);
    let (a, b) = match flat {
        Some(both) => both,
        None => return Ok(Some(num(0).await?)),
    };
    Ok(Some(a).xor((b > 4).then_some(num(b).await?)))
}

#[saga]
async fn types_from_afar(n: u32) -> Result<u64, Failure> {
    let mut best = None;
    let mut rows = Vec::new();
    let parsed = "7".parse().map_err(|_| Failure::new("no number"))?;
    let zero = Default::default();
    for i in 0..n {
        let price = num(i * 7 % 5).await?;
        if best.is_none_or(|(known, _)| price < known) {
            best = Some((price, i));
        }
        rows.push((i, None));
        let found = even(price).await;
        if let Some((_, slot)) = rows.last_mut() {
            *slot = found;
        }
    }
    note(format!("{best:?}")).await;
    let mut total: u64 = zero;
    for (i, price) in rows {
        total += u64::from(i) * price.map_or(1, u64::from);
    }
    let parsed: u8 = parsed;
    Ok(total + u64::from(parsed))
}

#[tokio::test]
async fn values() {
    check!(operators: (1), (4), (13));
    check!(generic_calls: (0), (1), (13));
    check!(calls_that_wait: (0), (2), (3), (13));
    check!(closures: (0), (3), (5), (13));
    check!(borrows_of_replies: (2), (4), (13));
    check!(nested_calls: (1), (2), (12), (13));
    check!(collections: (VecDeque::new()), (VecDeque::from([1, 2, 3])), (VecDeque::from([5, 13])));
    check!(fields_of_everything: (2), (13));
    check!(options_of_results: (0), (1), (2), (4), (6));
    check!(types_from_afar: (0), (4), (8));
}
