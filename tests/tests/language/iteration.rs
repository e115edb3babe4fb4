//! `for`.

use std::collections::{BTreeMap, VecDeque};

use sagaflow::prelude::*;

use crate::support::{Order, check, find, note, num, text};

#[saga]
async fn over_a_vec(items: Vec<u32>) -> Result<u32, Failure> {
    let mut sum = 0;
    for item in items {
        if item == 0 {
            continue;
        }
        sum += num(item).await?;
        if sum > 30 {
            break;
        }
    }
    Ok(sum)
}

#[saga]
async fn over_ranges(from: u32, to: u32) -> Result<Vec<u32>, Failure> {
    let mut all = Vec::new();
    for i in from..to {
        all.push(num(i).await?);
    }
    for i in from..=to {
        all.push(num(i + 100).await?);
    }
    for i in (from..to).rev() {
        all.push(num(i + 200).await?);
    }
    for i in (from..=to).step_by(2) {
        all.push(num(i + 300).await?);
    }
    for i in from.. {
        if i > to {
            break;
        }
        all.push(num(i + 400).await?);
    }
    Ok(all)
}

#[saga]
async fn to_the_last_number(from: u8) -> Vec<u8> {
    let mut all = Vec::new();
    for i in from..=u8::MAX {
        note(format!("{i}")).await;
        all.push(i);
    }
    for i in 'x'..='z' {
        note(i.to_string()).await;
    }
    all
}

#[saga]
async fn over_a_map(map: BTreeMap<String, Vec<u32>>) -> Result<String, Failure> {
    let mut out = String::new();
    for (key, values) in map {
        let key = text(key).await?;
        for (index, value) in values.into_iter().enumerate() {
            let value = num(value).await?;
            out += &format!("{key}{index}={value},");
        }
    }
    Ok(out)
}

#[saga]
async fn over_adaptors(items: VecDeque<u32>) -> Result<Vec<u32>, Failure> {
    let mut out = vec![];
    for item in items.iter().copied().filter(|item| item % 2 == 0).map(|item| item * 10) {
        out.push(num(item).await?);
    }
    for (a, b) in items.iter().cloned().zip(items.clone().into_iter().skip(1)) {
        out.push(num(a + b).await?);
    }
    for window in items.clone().make_contiguous().chunks(2).map(<[u32]>::to_vec) {
        out.push(num(window.len() as u32).await?);
    }
    for x in [1, 2] {
        out.push(num(x).await?);
    }
    for x in Some(7).into_iter().chain([8]) {
        out.push(num(x).await?);
    }
    for name in "a b".split(' ').map(str::to_owned) {
        text(name).await?;
    }
    Ok(out)
}

#[saga]
async fn header_awaits(id: u32) -> Result<Vec<u32>, Failure> {
    let mut out = vec![];
    for item in find(id).await?.items {
        out.push(item);
        if item > 2 {
            break;
        }
    }
    for item in find(id + 1).await?.items {
        out.push(num(item).await?);
    }
    for item in &find(id).await?.items {
        out.push(*item);
    }
    for i in 0..num(id).await? {
        if i > 2 {
            return Ok(out);
        }
        out.push(i);
    }
    Ok(out)
}

#[saga]
async fn patterns(ids: Vec<u32>) -> Result<String, Failure> {
    let mut orders = Vec::new();
    for id in ids {
        orders.push((id, find(id).await?));
    }
    let mut out = String::new();
    for (n, Order { id, mut name, .. }) in orders {
        name += &num(n + id).await?.to_string();
        out += &text(name).await?;
        out.push(';');
    }
    for _ in 0..2 {
        num(out.len() as u32).await?;
    }
    Ok(out)
}

#[saga]
async fn nested(n: u32) -> Result<u32, Failure> {
    let mut sum = 0;
    for i in 0..n {
        for j in i..n {
            for k in 0..2 {
                sum += num(i * j + k).await?;
            }
            sum += 1;
        }
        sum += i;
    }
    Ok(sum)
}

#[tokio::test]
async fn ranges() {
    check!(over_ranges: (0, 0), (0, 1), (2, 5), (5, 2), (12, 14));
    check!(to_the_last_number: (255), (250));
}

#[tokio::test]
async fn collections() {
    check!(over_a_vec: (vec![]), (vec![1, 0, 2]), (vec![20, 20, 1]), (vec![1, 13, 2]));
    let map = |pairs: &[(&str, &[u32])]| pairs.iter().map(|(k, v)| ((*k).to_owned(), v.to_vec())).collect();
    check!(over_a_map: (map(&[])), (map(&[("a", &[1, 2]), ("b", &[]), ("c", &[3])])), (map(&[("bad", &[1])])));
    check!(over_adaptors: (VecDeque::new()), (VecDeque::from([1, 2, 3, 4])));
    check!(header_awaits: (0), (2), (4), (12));
    check!(patterns: (vec![]), (vec![1, 2]), (vec![13]));
    check!(nested: (0), (1), (3));
}
