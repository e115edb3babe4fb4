//! Variables: mutable ones, assignment, destructuring, closures between steps, inference.

use std::collections::BTreeMap;

use sagaflow::prelude::*;

use crate::support::{check, even, num, sum, text};

#[saga]
async fn inferred(n: u32) -> Result<String, Failure> {
    let mut numbers = Vec::new();
    let mut names = BTreeMap::new();
    let mut last = None;
    let mut small = 1;
    num(n).await?;
    numbers.push(num(n).await?);
    small += 250;
    num(u32::from(small)).await?;
    let wrapped = u8::wrapping_add(small, 10);
    names.insert(wrapped, text("x".to_owned()).await?);
    let parsed = "5".parse().unwrap_or_default();
    let total = sum(numbers.iter().copied().chain([parsed]).collect()).await;
    if let Some(first) = numbers.first() {
        last = Some(*first);
    }
    let empty = Default::default();
    num(last.unwrap_or(total)).await?;
    numbers = empty;
    let collected: Vec<_> = names.into_iter().collect();
    Ok(format!("{collected:?} {numbers:?} {total}"))
}

#[saga]
async fn closures(n: u32) -> Result<u32, Failure> {
    let base = num(n).await?;
    let add = |x| x + base;
    let x = add(1) + add(2);
    let y = num(x).await?;
    let mut count = 0;
    let mut bump = || {
        count += 1;
        count
    };
    bump();
    bump();
    let z = num(count + y).await?;
    let joined: Vec<u32> = (0..3).map(|i| i * z).filter(|i| *i != base).collect();
    num(joined.len() as u32).await?;
    Ok(joined.iter().sum::<u32>() + count)
}

#[saga]
async fn destructuring_assignment(n: u32) -> Result<String, Failure> {
    let (mut a, mut b) = (n, num(n + 1).await?);
    (a, b) = (b, a);
    num(a).await?;
    (a, _) = (num(b).await? + 5, 1);
    [b, ..] = [num(a).await?, 1, 2];
    let c;
    let d;
    (c, d) = (num(a).await?, b);
    num(c).await?;
    _ = num(d).await?;
    Ok(format!("{a} {b} {c} {d}"))
}

#[saga]
async fn compound(n: u32) -> Result<(u32, String, Vec<u32>), Failure> {
    let mut x = n;
    let mut s = String::from("s");
    let mut v = vec![0; 3];
    x += num(2).await?;
    x *= num(3).await?;
    x -= num(1).await?;
    s += &text("t".to_owned()).await?;
    v[1] += num(x).await?;
    v[(x % 3) as usize] |= num(4).await?;
    s.push_str(&text("u".to_owned()).await?);
    Ok((x, s, v))
}

#[saga]
async fn unused(n: u32) -> Result<u32, Failure> {
    let _first = num(n).await?;
    let _ = num(n + 1).await?;
    let (_, second, _third) = (1, num(2).await?, n);
    num(second).await?;
    num(3).await?;
    Ok(second)
}

#[saga]
async fn attributes(n: u32) -> Result<u32, Failure> {
    #[rustfmt::skip]
    let x = num( n ).await?;
    #[cfg(any())]
    let x = x + 1000;
    #[cfg(not(any()))]
    let y = x + 1;
    #[cfg(any())]
    compile_error!("never");
    #[expect(unused_assignments, reason = "attributes are kept")]
    let mut z = 0;
    z = num(y).await?;
    Ok(x + y + z)
}

#[saga]
async fn swapped(mut a: String, mut b: String) -> Result<String, Failure> {
    for _ in 0..3 {
        std::mem::swap(&mut a, &mut b);
        a = text(a).await?;
        b.push('.');
    }
    let taken = std::mem::take(&mut a);
    text(taken.clone()).await?;
    a.push_str(&taken);
    even(1).await;
    Ok(format!("{a} {b}"))
}

#[tokio::test]
async fn bindings() {
    check!(inferred: (1), (13));
    check!(closures: (1), (13));
    check!(destructuring_assignment: (1), (12));
    check!(compound: (1));
    check!(unused: (1), (12), (13));
    check!(attributes: (1));
    check!(swapped: ("a".to_owned(), "b".to_owned()), ("bad".to_owned(), "b".to_owned()));
}
