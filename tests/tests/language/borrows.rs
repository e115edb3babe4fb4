//! Borrows of places, made again after a step.

use sagaflow::prelude::*;

use crate::support::{Order, check, find, flag, note, num, text};

const LIMITS: [u32; 2] = [3, 5];

#[saga]
async fn of_fields(id: u32) -> Result<String, Failure> {
    let order = find(id).await?;
    let name = &order.name;
    let city = &order.address.city;
    num(order.id).await?;
    let line = format!("{name} {city}");
    text(line).await?;
    Ok(format!("{name}/{city}/{}", name.len()))
}

#[saga]
async fn of_borrows(order: Order) -> Result<String, Failure> {
    let whole = &order;
    let address = &whole.address;
    let city = &address.city;
    num(1).await?;
    note(city.clone()).await;
    if flag(whole.name.clone(), whole.id > 2).await {
        let lines = &address.lines;
        num(lines.len() as u32).await?;
        note(lines.join(",")).await;
    }
    Ok(format!("{city} {}", whole.name))
}

#[saga]
async fn of_constants(n: u32) -> Result<String, Failure> {
    let greeting = "hello";
    let bytes = b"ab";
    let limits = &LIMITS;
    let text_: &str = "typed";
    let x = num(n).await?;
    num(limits[0]).await?;
    Ok(format!("{greeting} {x} {} {} {text_}", limits[1], bytes.len()))
}

#[saga]
async fn typed(id: u32) -> Result<String, Failure> {
    let order: Order = find(id).await?;
    let name: &str = &order.name;
    let items: &[u32] = &order.items;
    let x = num(items.len() as u32).await?;
    text(name.to_owned()).await?;
    Ok(format!("{name} {x} {}", items.len()))
}

#[saga]
async fn in_loops(id: u32) -> Result<String, Failure> {
    let order = find(id).await?;
    let items = &order.items;
    let mut out = String::new();
    for index in 0..items.len() {
        let name = &order.name;
        let x = num(items[index]).await?;
        out += &format!("{name}:{x} ");
    }
    text(out).await
}

#[saga]
async fn between_steps(mut numbers: Vec<u32>) -> Result<u32, Failure> {
    let first = numbers.first().copied().unwrap_or(0);
    let x = num(first).await?;
    let last = numbers.last_mut();
    if let Some(last) = last {
        *last += x;
    }
    let total = &mut 0;
    for n in &numbers {
        *total += n;
    }
    let total = *total;
    num(total).await?;
    numbers.sort_unstable();
    Ok(numbers.iter().sum::<u32>() + total)
}

#[saga]
async fn changed_after_the_borrow(id: u32) -> Result<String, Failure> {
    let mut order = find(id).await?;
    let before = {
        let name = &order.name;
        num(1).await?;
        name.clone()
    };
    order.name = text("other".to_owned()).await?;
    let name = &order.name;
    num(2).await?;
    Ok(format!("{before} {name}"))
}

#[tokio::test]
async fn borrows() {
    check!(of_fields: (2), (13));
    check!(of_borrows: (crate::support::an_order(1)), (crate::support::an_order(3)));
    check!(of_constants: (1), (13));
    check!(typed: (3));
    check!(in_loops: (0), (3));
    check!(between_steps: (vec![]), (vec![3, 1]));
    check!(changed_after_the_borrow: (1));
}
