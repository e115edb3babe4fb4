//! Loops over a borrow: the position is saved.

use std::collections::{BTreeMap, BTreeSet, LinkedList, VecDeque};

use sagaflow::prelude::*;

use crate::support::{Order, an_order, check, find, flag, note, num, text};

const REGIONS: [&str; 3] = ["eu", "us", "ap"];

#[saga]
async fn over_a_field(id: u32) -> Result<u32, Failure> {
    let order = find(id).await?;
    let mut sum = 0;
    for item in &order.items {
        sum += num(*item).await?;
        if *item == 2 {
            continue;
        }
        sum += item * 10;
        note(format!("{} {item}", order.name)).await;
        if sum > 40 {
            break;
        }
    }
    Ok(sum + order.items.len() as u32)
}

#[saga]
async fn over_iter(items: Vec<u32>, words: VecDeque<String>) -> Result<String, Failure> {
    let mut out = String::new();
    for item in items.iter() {
        out += &num(*item).await?.to_string();
    }
    for word in words.iter().rev() {
        out += &text(word.clone()).await?;
        out += word;
    }
    for (index, word) in words.iter().enumerate() {
        let n = num(index as u32).await?;
        out += &format!("{index}{n}{word}");
    }
    for (item, word) in items.iter().zip(&words).skip(1) {
        let n = num(*item).await?;
        out += &format!("{item}{n}{word}");
    }
    for pair in words.iter().zip(items.iter()) {
        note(pair.0.clone()).await;
        let (word, item) = pair;
        note(format!("{word}{item}")).await;
        out += word;
    }
    for pair in items.windows(2) {
        num(pair[0]).await?;
        out += &pair[1].to_string();
    }
    for &item in items.iter().take(2) {
        let n = num(item).await?;
        out += &(n + item).to_string();
    }
    Ok(out)
}

#[saga]
async fn over_maps(map: BTreeMap<String, Vec<u32>>, set: BTreeSet<u32>) -> Result<String, Failure> {
    let mut out = String::new();
    for (key, values) in &map {
        text(key.clone()).await?;
        for value in values {
            let n = num(*value).await?;
            out += &format!("{key}{value}{n},");
        }
        out += &values.len().to_string();
    }
    for key in map.keys() {
        note(key.clone()).await;
        out += key;
    }
    for values in map.values().rev() {
        num(values.len() as u32).await?;
        out += &format!("{values:?}");
    }
    for n in &set {
        num(*n).await?;
        out += &n.to_string();
    }
    Ok(out)
}

#[saga]
async fn over_others(list: LinkedList<u32>, maybe: Option<String>, array: [u32; 3]) -> Result<String, Failure> {
    let mut out = String::new();
    for n in &list {
        out += &num(*n).await?.to_string();
        out += &n.to_string();
    }
    for name in maybe.iter() {
        text(name.clone()).await?;
        out += name;
    }
    for n in &array {
        out += &num(*n).await?.to_string();
        out += &n.to_string();
    }
    for n in &array[1..] {
        out += &num(*n).await?.to_string();
        out += &n.to_string();
    }
    for line in "a b\nc".lines() {
        out += &text(line.to_owned()).await?;
        out += line;
    }
    for word in out.clone().split_whitespace() {
        note(word.to_owned()).await;
        out += word;
    }
    Ok(out)
}

#[saga]
async fn over_constants(n: u32) -> Result<String, Failure> {
    let mut out = String::new();
    for region in REGIONS {
        num(n).await?;
        out += region;
    }
    for (index, region) in REGIONS.iter().enumerate() {
        num(index as u32).await?;
        out += &format!("{region}{index}");
    }
    for word in ["one", "two"] {
        text(word.to_owned()).await?;
        out += word;
    }
    for (word, flag) in &[("one", true), ("two", false)] {
        text((*word).to_owned()).await?;
        out += &format!("{word}{flag}");
    }
    for (word, count) in [("one", 1), ("two", 3_000_000_000)] {
        text(word.to_owned()).await?;
        out += &format!("{word}{}", u64::MAX - count);
        num(n).await?;
        out += &format!("{count}");
    }
    Ok(out)
}

#[saga]
async fn that_change_items(mut orders: Vec<Order>, by: u32) -> Result<Vec<Order>, Failure> {
    for order in &mut orders {
        order.id += num(by).await?;
        order.name = text(order.name.clone() + "!").await?;
        for item in order.items.iter_mut() {
            *item += num(*item).await?;
            *item *= 2;
        }
        let city = &mut order.address.city;
        city.push_str(&num(1).await?.to_string());
        city.push('.');
    }
    for (index, order) in orders.iter_mut().enumerate() {
        let Order { id, name, .. } = order;
        *id += num(index as u32).await?;
        name.push_str(&id.to_string());
    }
    Ok(orders)
}

#[saga]
async fn changed_at_the_end(mut items: Vec<u32>) -> Result<Vec<u32>, Failure> {
    for (index, item) in items.iter().enumerate() {
        if num(*item).await? > 2 {
            items.clear();
            num(index as u32).await?;
            items.push(index as u32);
            break;
        }
    }
    Ok(items)
}

#[saga]
async fn over_references(id: u32) -> Result<String, Failure> {
    let order = find(id).await?;
    let items = &order.items;
    let address = &order.address;
    let mut out = String::new();
    for item in items {
        for line in address.lines.iter() {
            text(line.clone()).await?;
            out += &format!("{item}{line}{}", address.city);
        }
    }
    Ok(out)
}

#[saga]
async fn over_a_reply(id: u32) -> Result<String, Failure> {
    let mut out = String::new();
    for item in &find(id).await?.items {
        num(*item).await?;
        out += &item.to_string();
    }
    for line in find(id).await?.address.lines.iter() {
        text(line.clone()).await?;
        out += line;
    }
    for n in &vec![1, 2] {
        num(*n).await?;
        out += &n.to_string();
    }
    Ok(out)
}

#[saga]
async fn with_labels(orders: Vec<Order>) -> Result<String, Failure> {
    let mut out = String::new();
    'orders: for Order { id, items, name, .. } in &orders {
        for item in items {
            if flag(format!("{name}{item}"), *item == 1).await {
                continue 'orders;
            }
            if *item == 3 {
                break 'orders;
            }
            out += &format!("{id}:{item} ");
        }
        note(name.clone()).await;
        out += name;
    }
    Ok(out)
}

#[tokio::test]
async fn borrowed_loops() {
    check!(over_a_field: (0), (2), (4), (13));
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<VecDeque<_>>();
    check!(over_iter: (vec![], words(&[])), (vec![1, 2, 3], words(&["a", "b"])), (vec![13], words(&["a"])));
    let map = |pairs: &[(&str, &[u32])]| pairs.iter().map(|(k, v)| ((*k).to_owned(), v.to_vec())).collect();
    check!(over_maps: (map(&[]), BTreeSet::new()), (map(&[("a", &[1, 2]), ("b", &[]), ("c", &[3])]), [4, 5].into()));
    check!(over_others: (LinkedList::from([1, 2]), Some("x".to_owned()), [3, 4, 5]), (LinkedList::new(), None, [0; 3]));
    check!(over_constants: (1), (13));
}

#[tokio::test]
async fn borrowed_loops_that_change() {
    check!(that_change_items: (vec![], 1), (vec![an_order(1), an_order(3)], 2), (vec![an_order(2)], 13));
    check!(changed_at_the_end: (vec![]), (vec![1, 2]), (vec![1, 3, 4]));
}

#[tokio::test]
async fn borrowed_loops_within() {
    check!(over_references: (0), (3));
    check!(over_a_reply: (0), (2), (13));
    check!(with_labels: (vec![]), (vec![an_order(0), an_order(1), an_order(2), an_order(4), an_order(1)]));
}
