//! Macro calls between steps: the variables in their tokens, and control flow that they hide.

use sagaflow::prelude::*;

use crate::support::{Order, check, even, find, note, num, text};

macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(Failure::new(format!($($message)+)));
        }
    };
}

macro_rules! double {
    ($value:expr) => {
        $value * 2
    };
}

macro_rules! field {
    ($order:ident . $field:ident) => {
        $order.$field.clone()
    };
}

macro_rules! define {
    ($name:ident, $value:expr) => {
        let $name = $value;
    };
}

#[saga]
async fn standard(id: u32) -> Result<String, Failure> {
    let order = find(id).await?;
    let count = num(order.items.len() as u32).await?;
    let mut words = vec![format!("{count}"), order.name.clone()];
    assert!(words.len() == 2, "{words:?}");
    assert_eq!(count, order.items.len() as u32, "{id}");
    let first = matches!(order, Order { id, .. } if id == count + 1);
    let limit = 3;
    let found = even(count).await;
    let some = matches!(found, Some(n) if n < limit);
    words.push(text(format!("{first} {some} {0} {n:?} {limit:02}", order.id, n = count)).await?);
    debug_assert_ne!(words, [String::new()]);
    let line = words.join(concat!("-", "+"));
    num(line.len() as u32).await?;
    Ok(format!("{line} {} {}", order.address.city, if first { count } else { order.id }))
}

#[saga]
async fn of_the_user(n: u32) -> Result<String, Failure> {
    let order = find(n).await?;
    ensure!(order.id != 3, "order {} is {}", order.id, order.name);
    let name = text(field!(order.name)).await?;
    let next = num(n + 1).await;
    ensure!(next.is_ok(), "{name}: no number");
    Ok(name)
}

#[saga]
async fn hidden_return(n: u32) -> Result<u32, Failure> {
    let x = num(n).await?;
    ensure!(x < 10, "{x} of {n} is too much");
    let mut total = 0;
    for i in 0..x {
        ensure!(i != 4, "four");
        total += double!(num_of(i)) + num(double!(i)).await?;
    }
    define!(y, total + 1);
    let z = y + double!(y);
    num(z).await
}

fn num_of(n: u32) -> u32 {
    n + 1
}

#[saga]
async fn defined_in_the_body(n: u32) -> Result<u32, Failure> {
    macro_rules! plus {
        ($a:expr, $b:expr) => {
            $a + $b + FIVE
        };
    }
    const FIVE: u32 = 5;
    let x = num(plus!(n, 1)).await?;
    note(format!("{}", plus!(x, n))).await;
    Ok(plus!(x, n))
}

#[saga]
async fn as_statements(n: u32) -> Result<u32, Failure> {
    println!("{n}");
    if n > 2 {
        num(n).await?;
        println! { "braces {n}" }
    }
    match num(n).await? {
        0 => unreachable!("{n}"),
        1 => todo_or(n),
        _ => num(7).await,
    }
}

fn todo_or(n: u32) -> Result<u32, Failure> {
    Ok(n)
}

#[tokio::test]
async fn macros() {
    check!(standard: (0), (1), (4), (13));
    check!(hidden_return: (1), (5), (11), (13));
    check!(defined_in_the_body: (1));
    check!(as_statements: (1), (3), (13));
    check!(of_the_user: (1), (3), (12), (13));
}

/// What a macro's own labels and loops hold stays in them.
#[saga]
async fn labels_in_macro_calls(numbers: Vec<u32>) -> Result<u32, Failure> {
    let mut total = 0;
    'numbers: for n in numbers {
        total += num(n).await?;
        let odd = matches!(
            'first: {
                if n > 4 {
                    break 'first n;
                }
                total
            },
            1 | 3 | 5
        );
        let limits = vec![
            loop {
                if total > 3 {
                    break total;
                }
                total += 1
            },
            'inner: loop {
                break 'inner 9;
            },
        ];
        if odd && limits[0] < limits[1] {
            continue 'numbers;
        }
        num(limits[0]).await?;
    }
    Ok(total)
}

#[tokio::test]
async fn macro_calls_may_hold_labels() {
    check!(labels_in_macro_calls: (vec![]), (vec![1, 2, 5]), (vec![7, 3, 13]));
}
