//! Borrows by a method of the standard library's types, asked for again after a step.

use std::borrow::Cow;
use std::path::PathBuf;

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Order, an_order, check, flag, note, num, text};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Parcel {
    to: Option<String>,
    by: Option<Carrier>,
    label: Box<str>,
    at: PathBuf,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Carrier {
    Post,
    Van { size: u32 },
}

fn a_parcel(to: Option<&str>) -> Parcel {
    let by = to.map(|to| if to.len() > 2 { Carrier::Van { size: 3 } } else { Carrier::Post });
    Parcel { to: to.map(str::to_owned), by, label: " fragile ".into(), at: "/depot/4".into() }
}

#[saga]
async fn of_text(order: Order) -> Result<String, Failure> {
    let name = order.name.as_str();
    let city = order.address.city.trim();
    let bytes = order.address.city.trim().as_bytes();
    let first = order.address.lines[0].as_str();
    let n = num(order.id).await?;
    text(city.to_owned()).await?;
    Ok(format!("{name} {city} {} {first} {n}", bytes.len()))
}

#[saga]
async fn of_options(parcel: Parcel, other: String) -> Result<String, Failure> {
    let to = parcel.to.as_deref().unwrap_or("nobody");
    let or_none = parcel.to.as_deref().unwrap_or_default().trim_end();
    let or_other = parcel.to.as_ref().unwrap_or(&other);
    let label = parcel.label.as_ref().trim();
    let at = parcel.at.as_path();
    let n = num(to.len() as u32).await?;
    note(label.to_owned()).await;
    Ok(format!("{to} {or_none} {or_other} {label} {} {n}", at.display()))
}

#[saga]
async fn in_patterns(order: Order, parcel: Parcel) -> Result<String, Failure> {
    let mut out = String::new();
    if let Some(to) = parcel.to.as_deref() {
        num(1).await?;
        out += to;
    }
    if let Some(Carrier::Van { size }) = parcel.by.as_ref()
        && flag(out.clone(), *size > 2).await
    {
        num(*size).await?;
        out += &size.to_string();
    }
    match order.items.as_slice() {
        [] => note("none".to_owned()).await,
        [one] => out += &num(*one).await?.to_string(),
        [first, .., last] => {
            num(*first).await?;
            num(*last).await?;
            out += &format!("{first}{last}");
        }
    }
    let Some(by) = parcel.by.as_ref() else { return Ok(out) };
    num(2).await?;
    Ok(format!("{out} {by:?}"))
}

#[saga]
async fn in_loops(names: Vec<String>, title: Cow<'static, str>) -> Result<String, Failure> {
    let title = title.trim();
    let all = names.as_slice();
    let mut out = String::new();
    for name in &names {
        let name = name.trim();
        let n = num(name.len() as u32).await?;
        out += &format!("{title}{name}{n} ");
    }
    for (index, name) in all.iter().enumerate() {
        num(index as u32).await?;
        out += name;
    }
    text(out).await
}

/// While it is borrowed, nobody can change it; before and after, everybody can.
#[saga]
async fn of_what_changes(mut order: Order) -> Result<String, Failure> {
    order.name.push('1');
    let long = {
        let name = order.name.as_str();
        let n = num(1).await?;
        format!("{name}{n}")
    };
    order.name.push('2');
    let name = order.name.as_str();
    num(2).await?;
    let out = format!("{long} {name}");
    order.name.clear();
    num(3).await?;
    Ok(out + &order.name)
}

#[tokio::test]
async fn accessors() {
    check!(of_text: (an_order(1)), (an_order(3)));
    let other = || "other".to_owned();
    check!(of_options: (a_parcel(None), other()), (a_parcel(Some("me ")), other()));
    check!(in_patterns: (an_order(0), a_parcel(None)), (an_order(1), a_parcel(Some("me"))), (an_order(4), a_parcel(Some("you"))));
    let names = vec![" a".to_owned(), "bb ".to_owned()];
    check!(in_loops: (vec![], " none".into()), (names.clone(), " t ".into()));
    check!(of_what_changes: (an_order(2)));
}
