//! `match` and patterns.

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Address, Order, an_order, check, even, find, half, note, num, text};

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(u32),
    Rect { width: u32, height: u32 },
    Named(String, Box<Shape>),
}

#[saga]
async fn arms(shape: Shape) -> Result<u32, Failure> {
    let area = match shape {
        Shape::Point => 0,
        Shape::Circle(radius) => num(radius * radius).await? * 3,
        Shape::Rect { width, height: 1 } => width,
        Shape::Rect { width, height } => {
            let width = num(width).await?;
            width * height
        }
        Shape::Named(name, inner) => {
            let name = text(name).await?;
            match *inner {
                Shape::Circle(radius) if radius > 3 => num(radius).await? + 1,
                Shape::Point | Shape::Circle(_) => 1,
                _ => name.len() as u32,
            }
        }
    };
    num(area).await
}

#[saga]
async fn guards(n: u32) -> Result<String, Failure> {
    let limit = num(3).await?;
    let kind = match num(n).await? {
        0 => "none".to_owned(),
        x @ 1..=2 => text(format!("few {x}")).await?,
        x if x == limit => text(format!("limit {x}")).await?,
        x @ (4 | 6 | 8) if x != 6 => {
            note("even".to_owned()).await;
            format!("even {x} {limit}")
        }
        13 => unreachable!(),
        x => format!("many {x}"),
    };
    text(kind).await
}

#[saga]
async fn results(n: u32) -> Result<String, Failure> {
    let first = match half(n).await {
        Ok(x @ 0..=3) => format!("small {x}"),
        Ok(x) => {
            let y = num(x).await?;
            format!("{x} {y}")
        }
        Err(odd) => {
            let again = half(odd.0 + 1).await;
            match again {
                Ok(x) => format!("after {odd}: {x}"),
                Err(other) => return Ok(other.to_string()),
            }
        }
    };
    match (even(n).await, n) {
        (Some(x), 4) => text(format!("{first} {x}")).await,
        (Some(_), y) | (None, y) => text(format!("{first} {y}")).await,
    }
}

#[saga]
async fn statement(n: u32) -> Result<u32, Failure> {
    let mut total = 0;
    match n {
        0 => {}
        1 => total = 5,
        2 => total = num(2).await?,
        _ => {
            for i in 0..n {
                total += num(i).await?;
            }
        }
    }
    num(total).await
}

#[saga]
async fn patterns(id: u32) -> Result<String, Failure> {
    let Order { id, name, items, address: Address { city, .. } } = find(id).await?;
    let (first, [a, b, ..]) = (num(id).await?, [1, 2, 3, 4]);
    let ((x, y), mut z) = ((num(a).await?, b), first);
    z += num(y).await?;
    let all = text(format!("{name} {city}")).await?;
    Ok(format!("{all} {x} {y} {z} {items:?} {}", items.len()))
}

#[saga]
async fn ref_patterns(id: u32) -> Result<String, Failure> {
    let order = find(id).await?;
    let Order { ref name, ref items, .. } = order;
    let line = format!("{name} {}", items.len());
    let line = text(line).await?;
    let len = match &order {
        Order { name, items, .. } if items.is_empty() => name.len(),
        Order { items, .. } => items.len(),
    };
    match order.address {
        Address { ref city, ref lines } if lines.len() > 1 => text(format!("{city} {len}")).await?,
        Address { .. } => String::new(),
    };
    text(format!("{line} {}", order.address.city)).await
}

#[saga]
async fn borrowed_scrutinee(shape: Shape) -> Result<String, Failure> {
    let size = match &shape {
        Shape::Circle(radius) => num(*radius).await?,
        Shape::Rect { width, height } => num(width + height).await?,
        Shape::Named(name, _) => {
            let text = text(name.clone()).await?;
            text.len() as u32
        }
        Shape::Point => 0,
    };
    num(size).await?;
    Ok(format!("{size} {shape:?}"))
}

#[saga]
async fn options(n: Option<u32>) -> Option<u32> {
    let x = n?;
    let y = even(x).await?;
    let z = match even(y + 2).await {
        Some(z) if z > 6 => even(z + 1).await,
        other => other,
    };
    even(z? + y).await
}

#[saga]
async fn nothing_matches_moves(n: u32) -> Result<Order, Failure> {
    let order = an_order(n);
    match order.id {
        0 => find(1).await,
        1..=3 => {
            num(order.items.len() as u32).await?;
            Ok(order)
        }
        _ => match find(n).await {
            Ok(found) if found == order => Ok(order),
            Ok(found) => Ok(found),
            error => error,
        },
    }
}

#[tokio::test]
async fn matches() {
    let named = |name: &str, shape| Shape::Named(name.to_owned(), Box::new(shape));
    check!(arms: (Shape::Point), (Shape::Circle(2)), (Shape::Rect { width: 4, height: 1 }));
    check!(arms: (Shape::Rect { width: 4, height: 3 }), (Shape::Rect { width: 13, height: 3 }));
    check!(arms: (named("n", Shape::Circle(5))), (named("n", Shape::Circle(1))), (named("abc", Shape::Rect { width: 1, height: 1 })));
    check!(arms: (named("bad", Shape::Point)), (named("x", Shape::Point)));
    check!(guards: (0), (1), (2), (3), (4), (5), (6), (8), (13), (20));
    check!(results: (0), (4), (5), (10), (26));
    check!(statement: (0), (1), (2), (3), (20));
    check!(nothing_matches_moves: (0), (1), (3), (4), (13));
    check!(borrowed_scrutinee: (Shape::Point), (Shape::Circle(2)), (Shape::Rect { width: 4, height: 1 }), (named("n", Shape::Point)));
}

#[tokio::test]
async fn question_marks_on_options() {
    check!(options: (None), (Some(1)), (Some(2)), (Some(4)), (Some(6)));
}

#[tokio::test]
async fn patterns_bind() {
    check!(patterns: (1), (4), (13));
    check!(ref_patterns: (0), (4), (13));
}
