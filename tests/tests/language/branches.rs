//! `if`, `if let`, let chains, `let … else`.

use sagaflow::prelude::*;

use crate::support::{Refusal, check, even, find, flag, half, note, num, text};

#[saga]
async fn if_with_value(n: u32) -> Result<u32, Failure> {
    let x = if n > 10 {
        num(n).await?
    } else if n > 5 {
        let doubled = num(n * 2).await?;
        doubled + 1
    } else {
        7
    };
    num(x + n).await
}

#[saga]
async fn if_without_value(n: u32) -> Result<u32, Failure> {
    let mut total = n;
    if n > 3 {
        total += num(n).await?;
        if n > 5 {
            total *= 2;
        } else if n == 5 {
            total += num(100).await?;
        }
    }
    num(total).await
}

#[saga]
async fn condition_awaits(n: u32) -> Result<String, Failure> {
    if num(n).await? > 5 {
        return Ok("big".to_owned());
    }
    let size = if flag("a".to_owned(), n > 3).await && num(n + 1).await? == 5 { "four" } else { "small" };
    Ok(size.to_owned())
}

#[saga]
async fn if_let(n: u32) -> Result<u32, Failure> {
    let mut sum = 0;
    if let Some(x) = even(n).await {
        sum += num(x).await?;
    } else {
        sum += num(1).await?;
    }
    if let Some(x) = n.checked_sub(3) {
        sum += num(x).await? + x;
    }
    let found = if let Some(x) = even(sum).await { x * 2 } else { 0 };
    num(found + sum).await
}

#[saga]
async fn let_chain(n: u32) -> Result<u32, Failure> {
    if n > 2
        && let Some(x) = even(n).await
        && x > 4
        && let Some(y) = even(x / 2).await
    {
        num(x + y).await
    } else {
        num(n).await
    }
}

#[saga]
async fn let_chain_shadows(n: Option<Result<u32, u32>>) -> Result<u32, Failure> {
    if let Some(n) = n
        && let Ok(n) = n
        && let n = num(n + 1).await? + n
        && n > 4
    {
        num(n).await
    } else {
        num(0).await
    }
}

#[saga]
async fn let_chain_in_one(n: Option<u32>) -> Result<u32, Failure> {
    if let Some(x) = n
        && let Some(x) = Some(num(1).await? + x)
        && x > 3
    {
        return num(x).await;
    }
    Ok(0)
}

#[saga]
async fn let_else(n: u32) -> Result<u32, Refusal> {
    let Some(a) = n.checked_sub(2) else { return Err(Refusal::Number(n)) };
    let Some(b) = even(a).await else {
        let c = num(a).await?;
        note(format!("not even: {c}")).await;
        return Ok(c);
    };
    let Ok(c) = half(b).await else { unreachable!("{b} is even") };
    Ok(num(a + b + c).await?)
}

#[saga]
async fn let_else_in_loop(n: u32) -> Result<Vec<u32>, Failure> {
    let mut found = Vec::new();
    for i in 0..n {
        let Some(x) = even(i).await else { continue };
        let Some(y) = x.checked_sub(4) else {
            note(format!("skip {x}")).await;
            continue;
        };
        if y > 4 {
            break;
        }
        found.push(num(y).await?);
    }
    Ok(found)
}

#[saga]
async fn diverging(n: u32) -> Result<u32, Failure> {
    let x = if n == 0 {
        return Err(Failure::new("zero"));
    } else if n == 1 {
        panic_if(n > 1);
        num(1).await?
    } else {
        n
    };
    let order = match find(x).await {
        Ok(order) => order,
        Err(_) => return num(99).await,
    };
    num(order.id + x).await
}

fn panic_if(condition: bool) {
    assert!(!condition);
}

#[saga]
async fn deferred(n: u32) -> Result<String, Failure> {
    let x;
    let y: u8;
    let label;
    if n > 3 {
        x = num(n).await?;
        label = "big".to_owned();
    } else {
        x = 0;
        label = text("small".to_owned()).await?;
    }
    num(x).await?;
    if n > 1 {
        y = 200
    } else {
        y = 100
    }
    let wrapped = y.wrapping_mul(2);
    num(u32::from(y)).await?;
    Ok(format!("{x} {label} {y} {wrapped}"))
}

#[saga]
async fn deferred_over_a_step(n: u32) -> Result<u32, Failure> {
    let total;
    num(1).await?;
    match n {
        0 => total = 10,
        1 => return Ok(1),
        _ => {
            if n == 2 {
                total = 20;
            } else {
                total = 30;
            }
        }
    }
    num(total).await?;
    Ok(total + 1)
}

#[saga]
async fn unreachable_after_return(n: u32) -> Result<u32, Failure> {
    if n == 1 {
        return num(n).await;
    }
    loop {
        if num(n).await? > 0 {
            return Ok(n);
        }
        return Ok(7);
    }
}

#[tokio::test]
async fn branches() {
    check!(if_with_value: (13), (11), (7), (2), (6));
    check!(if_without_value: (1), (4), (5), (6), (13));
    check!(condition_awaits: (9), (4), (3), (2), (13));
    check!(if_let: (0), (1), (2), (3), (4), (13), (16));
    check!(let_chain: (1), (3), (4), (6), (8), (12));
    check!(let_chain_shadows: (None), (Some(Err(7))), (Some(Ok(1))), (Some(Ok(2))), (Some(Ok(12))));
    check!(let_chain_in_one: (None), (Some(1)), (Some(5)));
    check!(diverging: (0), (1), (2), (13));
    check!(unreachable_after_return: (0), (1), (2));
}

#[tokio::test]
async fn let_else_leaves() {
    check!(let_else: (1), (2), (3), (4), (5), (6), (10), (15));
    check!(let_else_in_loop: (0), (3), (6), (12), (20));
}

#[tokio::test]
async fn deferred_initialisation() {
    check!(deferred: (0), (2), (4), (13));
    check!(deferred_over_a_step: (0), (1), (2), (3));
}
