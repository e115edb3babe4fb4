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

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
enum Kind {
    Plain,
    Gift(String),
    Parcel { weight: u32, to: Option<String> },
    Pair(Box<Kind>, [u32; 2]),
}

#[saga]
async fn arms(kind: Kind, n: u32) -> Result<String, Failure> {
    let out = match &kind {
        Kind::Plain => num(n).await?.to_string(),
        Kind::Gift(note) => {
            let n = num(n).await?;
            text(note.clone()).await?;
            format!("{note}{n}")
        }
        Kind::Parcel { weight, to: Some(to) } if *weight > 2 => {
            text(to.clone()).await?;
            format!("{weight} {to}")
        }
        whole @ Kind::Parcel { weight, .. } => {
            num(*weight).await?;
            format!("{whole:?} {weight}")
        }
        Kind::Pair(first, numbers @ [one, _]) => {
            num(numbers[1]).await?;
            match &**first {
                Kind::Gift(inner) => {
                    text(inner.clone()).await?;
                    format!("{inner} {one} {numbers:?}")
                }
                other => {
                    num(*one).await?;
                    format!("{other:?}")
                }
            }
        }
    };
    Ok(format!("{out} {kind:?}"))
}

#[saga]
async fn arms_that_change(mut kind: Kind, n: u32) -> Result<Kind, Failure> {
    match &mut kind {
        Kind::Gift(note) => {
            note.push_str(&num(n).await?.to_string());
            note.push('!');
        }
        Kind::Parcel { weight, to } => {
            *weight += num(n).await?;
            *to = Some(text(weight.to_string()).await?);
            *weight += 1;
        }
        Kind::Pair(_, [one, two]) => {
            *one += num(*two).await?;
            *two += num(*one).await?;
        }
        Kind::Plain => kind = Kind::Gift(num(n).await?.to_string()),
    }
    Ok(kind)
}

#[saga]
async fn ref_bindings(kind: Kind, order: Order) -> Result<String, Failure> {
    let ref name = order.name;
    let Order { ref items, id, .. } = order;
    num(id).await?;
    let out = match kind {
        Kind::Gift(ref note) => {
            num(1).await?;
            note.clone()
        }
        Kind::Parcel { weight, to: Some(ref to) } => {
            let x = num(weight).await?;
            format!("{to}{x}{weight}")
        }
        ref other => {
            num(2).await?;
            format!("{other:?}")
        }
    };
    Ok(format!("{out}{name}{items:?}{id}{kind:?}"))
}

#[saga]
async fn conditions(order: Option<Order>, names: (Option<String>, Option<String>)) -> Result<String, Failure> {
    let mut out = String::new();
    if let Some(order) = &order {
        num(order.id).await?;
        out += &order.name;
        if let [first, .., last] = &order.items[..]
            && flag(order.name.clone(), *first < *last).await
        {
            num(*last).await?;
            out += &format!("{first}{last}");
        }
    }
    if let Some(Order { name, address, .. }) = &order
        && let [line, ..] = &address.lines[..]
    {
        text(name.clone()).await?;
        out += &format!("{}{line}", name.len());
    }
    match (&names.0, &names.1) {
        (Some(one), Some(two)) => {
            text(one.clone()).await?;
            out += &format!("{one}{two}");
        }
        (Some(one), None) | (None, Some(one)) if one.len() > 3 => out += one,
        (Some(one), None) => {
            num(1).await?;
            out += one;
        }
        _ => {
            num(0).await?;
        }
    }
    let (Some(name), count) = (&names.0, 3) else {
        num(3).await?;
        return Ok(out);
    };
    num(count).await?;
    Ok(out + name)
}

#[saga]
async fn of_copies(mut pair: (Option<u32>, u32)) -> Result<u32, Failure> {
    // What is copied out is no borrow: the place may change.
    if let &Some(n) = &pair.0 {
        pair.0 = None;
        let x = num(n).await?;
        return Ok(x + n + pair.0.unwrap_or(1));
    }
    let &n = &pair.1;
    pair.1 = 0;
    num(n).await?;
    Ok(n + pair.1)
}

#[saga]
async fn of_references(id: u32) -> Result<String, Failure> {
    let order = find(id).await?;
    let address = &order.address;
    let same = address;
    let crate::support::Address { city, lines } = same;
    num(1).await?;
    let first = &lines[0];
    let index = 1;
    let second = &address.lines[index];
    let rest = &order.items[1..];
    num(2).await?;
    let shadowed = &order.name;
    let order = text(format!("{city}{first}{second}{rest:?}")).await?;
    num(3).await?;
    Ok(format!("{order}{shadowed}"))
}

#[saga]
async fn of_mutable_places(id: u32) -> Result<Order, Failure> {
    let mut order = find(id).await?;
    let lines = &mut order.address.lines;
    lines.push(text("a".to_owned()).await?);
    lines.push(text("b".to_owned()).await?);
    let first = &mut lines[0];
    first.push_str(&num(5).await?.to_string());
    lines.push(text("c".to_owned()).await?);
    Ok(order)
}

#[saga]
async fn of_a_reply(id: u32) -> Result<String, Failure> {
    let out = match &find(id).await?.address {
        crate::support::Address { city, lines } => {
            text(city.clone()).await?;
            format!("{city}{lines:?}")
        }
    };
    if let Some(item) = &find(id).await?.items.last().copied() {
        num(*item).await?;
        return Ok(format!("{out}{item}"));
    }
    Ok(out)
}

#[tokio::test]
async fn borrows_of_patterns() {
    let parcel = |weight, to: Option<&str>| Kind::Parcel { weight, to: to.map(str::to_owned) };
    let gift = || Kind::Gift("for you".to_owned());
    let pair = |kind| Kind::Pair(Box::new(kind), [3, 4]);
    check!(arms: (Kind::Plain, 1), (gift(), 2), (gift(), 13), (parcel(1, Some("x")), 0), (parcel(3, Some("x")), 0));
    check!(arms: (parcel(5, None), 0), (pair(gift()), 1), (pair(Kind::Plain), 1));
    check!(arms_that_change: (Kind::Plain, 1), (gift(), 2), (parcel(1, None), 3), (pair(Kind::Plain), 4));
    let order = crate::support::an_order;
    check!(ref_bindings: (Kind::Plain, order(1)), (gift(), order(2)), (parcel(3, Some("x")), order(3)), (parcel(3, None), order(3)));
    let names = |one: Option<&str>, two: Option<&str>| (one.map(str::to_owned), two.map(str::to_owned));
    check!(conditions: (None, names(None, None)), (Some(order(4)), names(Some("a"), None)), (Some(order(2)), names(Some("a"), Some("b"))));
    check!(conditions: (None, names(Some("abcd"), None)), (None, names(None, Some("b"))));
    check!(of_copies: ((Some(2), 3)), ((None, 3)));
}

#[tokio::test]
async fn borrows_of_borrows() {
    check!(of_references: (2), (4));
    check!(of_mutable_places: (2));
    check!(of_a_reply: (0), (3));
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
