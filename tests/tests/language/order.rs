//! The order of evaluation around a step in the middle of an expression.

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{an_order, check, note, num, sum};

fn next(counter: &mut u32) -> u32 {
    *counter += 1;
    *counter
}

fn tag(log: &mut Vec<String>, name: &str, value: u32) -> u32 {
    log.push(format!("{name} {value}"));
    value
}

#[saga]
async fn calls_before_and_after(n: u32) -> Result<String, Failure> {
    let mut log = vec![];
    let mut counter = n;
    let x = tag(&mut log, "a", 1) + num(tag(&mut log, "b", 2)).await? + tag(&mut log, "c", 3);
    let y = [next(&mut counter), num(counter).await?, next(&mut counter), num(next(&mut counter)).await?];
    Ok(format!("{log:?} {x} {y:?} {counter}"))
}

#[saga]
async fn changed_in_a_later_operand(n: u32) -> Result<String, Failure> {
    let mut x = n;
    let a = x + {
        x += 1;
        num(x).await?
    };
    let b = (x, next(&mut x), num(x).await?, x);
    let c = [x, num(next(&mut x)).await?, x];
    let d = sum(vec![1]).await + x;
    Ok(format!("{a} {b:?} {c:?} {d}"))
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Counter(u32);

impl Counter {
    fn bump(&mut self, by: u32) -> u32 {
        self.0 += by;
        self.0
    }

    fn plus(self, n: u32) -> u32 {
        self.0 + n
    }
}

#[saga]
async fn copies_that_change(n: u32) -> Result<String, Failure> {
    let mut counters = vec![Counter(n), Counter(n + 1)];
    let x = counters[0].bump(num(5).await?);
    let y = counters[1].bump(num(6).await?) + counters[0].0;
    let mut counter = Counter(n);
    let z = (counter, num(counter.bump(1)).await?, counter);
    let mut pair = (counter, 1);
    let w = pair.0.bump(num(2).await?) + pair.1;
    pair.1 = num(3).await?;
    let v = counter.plus(num(w).await?);
    Ok(format!("{x} {y} {z:?} {w} {v} {counters:?} {pair:?}"))
}

#[saga]
async fn right_before_left(n: u32) -> Result<Vec<u32>, Failure> {
    let mut numbers = vec![1, 2, 3];
    let mut i = 0;
    numbers[i] = num(n).await?;
    i += 1;
    numbers[i] += num(n + 1).await?;
    numbers[n as usize] = {
        i = num(2).await? as usize;
        numbers[i]
    };
    Ok(numbers)
}

#[saga]
async fn references(n: u32) -> Result<u32, Failure> {
    fn pick(a: &[u32], b: u32, c: &str) -> u32 {
        a.len() as u32 + b + c.len() as u32
    }
    let order = an_order(n);
    let x = pick(&order.items, num(order.id).await?, &order.name);
    let y = pick(&[1, 2, x], num(x).await?, &format!("{n}"));
    let z = pick(&vec![x, y], num(y).await?, "literal");
    Ok(x + y + z)
}

#[saga]
async fn condition_then_value(n: u32) -> Result<u32, Failure> {
    let mut counter = 0;
    let x = if next(&mut counter) > n { num(next(&mut counter)).await? } else { next(&mut counter) + 10 };
    note(format!("{counter}")).await;
    while next(&mut counter) < n + num(1).await? {
        note(format!("{counter}")).await;
    }
    Ok(x + counter)
}

#[tokio::test]
async fn order_of_evaluation() {
    check!(calls_before_and_after: (1));
    check!(changed_in_a_later_operand: (1), (4));
    check!(copies_that_change: (1));
    check!(right_before_left: (1));
    check!(references: (1), (4));
    check!(condition_then_value: (0), (1), (5));
}
