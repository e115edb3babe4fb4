//! Variables that hide others.

use sagaflow::prelude::*;

use crate::support::{check, even, find, note, num, text};

#[saga]
async fn in_sequence(x: u32) -> Result<String, Failure> {
    let x = num(x).await? + 1;
    let x = format!("<{x}>");
    let y = &x;
    let x = text(x.clone() + y).await?;
    let x = num(x.len() as u32).await?;
    Ok(format!("{x}"))
}

#[saga]
async fn in_inner_scopes(x: u32) -> Result<String, Failure> {
    let y = num(1).await?;
    {
        let x = text(format!("{x} inner")).await?;
        let y = x.len() as u32 + y;
        note(format!("{x} {y}")).await;
        let x = num(y).await?;
        note(format!("{x} {y}")).await;
    }
    if x > 2 {
        let y = num(x).await? as u8;
        let x = y.wrapping_mul(100);
        num(u32::from(x)).await?;
        note(format!("{x:>4} {y:?}")).await;
    }
    num(x).await?;
    Ok(format!("{x} {y}"))
}

#[saga]
async fn in_branches(x: u32) -> Result<String, Failure> {
    let found = if x > 5 {
        let value = num(x).await?;
        num(value).await?;
        value
    } else if x > 2 {
        let value = text("t".to_owned()).await?;
        num(9).await?;
        value.len() as u32
    } else {
        let value = even(x).await;
        num(8).await?;
        value.map_or(1, |value| value + 2)
    };
    if let Some(x) = even(x).await {
        let x = num(x + 1).await?;
        if let Some(x) = even(x * 2).await {
            num(x).await?;
        }
        num(x).await?;
    }
    num(x + found).await?;
    Ok(format!("{x} {found}"))
}

#[saga]
async fn in_arms(x: u32) -> Result<u32, Failure> {
    let y = 3;
    let r = match even(x).await {
        Some(x) if x > y => num(x).await?,
        Some(y) => {
            let x = num(y + x).await?;
            num(x).await? + y
        }
        None => {
            let y = text(format!("{y}")).await?;
            num(x).await?;
            y.len() as u32
        }
    };
    num(x + y + r).await
}

#[saga]
async fn in_loops(n: u32) -> Result<Vec<u32>, Failure> {
    let mut seen = Vec::new();
    let item = 77;
    for item in 0..n {
        let n = num(item).await? + n;
        let item = num(n).await? + item;
        seen.push(item);
    }
    let mut n = n;
    while let Some(item) = n.checked_sub(1) {
        n = num(item).await?;
        let n = num(n + 50).await?;
        seen.push(n);
    }
    seen.push(num(item).await?);
    for seen in seen.clone() {
        num(seen).await?;
    }
    Ok(seen)
}

#[saga]
async fn numbered_names(x: u32) -> Result<u32, Failure> {
    if x > 0 {
        let x = num(x + 10).await?;
        let x_2 = 1000;
        let sum = [1, 2].iter().map(|x_3| x_3 + x).sum::<u32>();
        num(x + sum).await?;
        num(x_2 + x).await?;
        note(format!("{x_2} {x}")).await;
    }
    let x_2 = x;
    num(x_2).await
}

#[saga]
async fn formats(name: String, width: usize) -> Result<String, Failure> {
    if width > 3 {
        let name = text(format!("inner {name}")).await?;
        let width = width + 2;
        num(1).await?;
        let line = format!("{name:>width$}|{:1$}|{{name}}|{n}", name, width, n = name.len());
        assert!(line != "{name}", "{name}");
        assert_ne!(line, "{width}", "{width}");
        note(line).await;
        let raw = format!(r#"{name:?} "{width}""#);
        note(raw).await;
    }
    Ok(format!("{name:width$}"))
}

#[saga]
async fn like_steps(n: u32) -> Result<u32, Failure> {
    {
        let num = num(n).await?;
        note(format!("{num}")).await;
        note(format!("{}", num + 1)).await;
    }
    let sum = match even(n).await {
        Some(num) => {
            note(format!("{num}")).await;
            num
        }
        None => num(3).await?,
    };
    let find = find(sum).await?;
    note(find.name.clone()).await;
    Ok(num(sum).await? + find.id)
}

#[saga]
async fn borrowed_and_hidden(n: u32) -> Result<String, Failure> {
    let order = find(n).await?;
    let name = &order.name;
    let order = num(order.id).await?;
    note(format!("{name} {order}")).await;
    let order = text(name.clone()).await?;
    Ok(format!("{order} {name}"))
}

#[saga]
async fn closures_hide(n: u32) -> Result<u32, Failure> {
    let x = num(n).await?;
    let twice = |x: u32| x * 2;
    let y = twice(x) + Some(4).map_or(0, |n| n + x);
    let z = {
        let x = y + 1;
        let n = x;
        n + x
    };
    if z > 3 {
        let x = num(z).await?;
        let add = |y: u32| x + y;
        let w = add(n);
        num(w).await?;
    }
    num(x + y + z).await
}

#[tokio::test]
async fn shadowing() {
    check!(in_sequence: (1), (13));
    check!(in_inner_scopes: (1), (3), (5), (13));
    check!(in_branches: (0), (1), (2), (3), (4), (6), (7), (12));
    check!(in_arms: (0), (1), (2), (4), (6));
    check!(in_loops: (0), (1), (3));
    check!(numbered_names: (0), (1), (3));
    check!(formats: ("n".to_owned(), 1), ("n".to_owned(), 12));
    check!(like_steps: (1), (2), (13));
    check!(borrowed_and_hidden: (1), (13));
    check!(closures_hide: (0), (1), (5));
}
