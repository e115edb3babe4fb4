//! The constructs that business code is made of, each once.

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Order, an_order, check, even, find, flag, half, note, num, sum, text};

#[saga]
async fn compound_with_match(tables: Vec<String>) -> Result<(u32, String), Failure> {
    let (mut rows, mut log) = (0, String::new());
    for table in &tables {
        rows += match text(table.clone()).await {
            Ok(rows) => rows.len() as u32,
            Err(_) if table.is_empty() => 0,
            Err(error) => {
                log += &error.to_string();
                num(1).await?
            }
        };
    }
    Ok((rows, log))
}

#[saga]
async fn calls_as_values(items: Vec<u32>) -> Result<Vec<u32>, Failure> {
    let mut out = Vec::new();
    for call in items.iter().copied().map(num) {
        out.push(call.await?);
    }
    let pending = num(7);
    note("between".to_owned()).await;
    out.push(pending.await?);
    Ok(out)
}

#[saga]
async fn nested_options(n: u32) -> Option<u32> {
    let nested = Some(even(n).await);
    let inner = nested??;
    let parse = |text: &str| -> Option<u32> {
        let digit = text.chars().next()?;
        digit.to_digit(10)
    };
    let digit = parse(&inner.to_string())?;
    even(digit * 2).await
}

#[saga]
async fn destructuring_assignment(n: u32) -> Result<(u32, u32, String), Failure> {
    let (mut a, mut b) = (n, n + 1);
    (a, b) = (b, num(a).await?);
    let name;
    (a, name) = (a + 1, text("x".to_owned()).await?);
    let mut order = an_order(1);
    Order { id: order.id, name: order.name, .. } = find(n).await?;
    [a, _] = [order.id + a, 0];
    _ = num(a).await?;
    Ok((a, b, name + &order.name))
}

mod deeper {
    use sagaflow::prelude::*;

    #[step]
    pub(super) async fn twice(n: u32) -> u32 {
        n * 2
    }

    pub(super) mod below {
        use sagaflow::prelude::*;

        #[saga]
        pub(in crate::listed) async fn by_paths(n: u32) -> Result<u32, Failure> {
            let a = super::twice(n).await;
            let b = super::super::deeper::twice(a).await;
            let c = self::thrice(b).await;
            Ok(crate::support::num(c).await? + Vec::<u32>::with_capacity(0).len() as u32)
        }

        #[step]
        async fn thrice(n: u32) -> u32 {
            n * 3
        }
    }
}

#[step]
async fn r#match(r#type: u32) -> u32 {
    r#type
}

#[saga]
async fn raw_names(r#fn: u32) -> Result<u32, Failure> {
    let r#loop = r#match(r#fn).await;
    let r#in = r#match(r#loop + 1).await;
    num(r#in).await?;
    println!("{in} {loop}");
    Ok(r#loop + r#in)
}

#[saga]
async fn attributes(n: u32) -> Result<u32, Failure> {
    #[expect(unused_variables, reason = "tested")]
    let unused = num(n).await?;
    let m = n + 1;
    num(m).await?;
    #[cfg(any())]
    let m = "not there";
    #[cfg(not(any()))]
    let m = m + 1;
    num(m).await?;
    #[cfg(any())]
    let n = "not there";
    #[expect(unused_mut, reason = "tested")]
    let mut x = num(m).await?;
    #[rustfmt::skip]
    let y = match x {
        #[cfg(any())]
        0 => 7,
        0 => num(8).await?,
        n => n,
    };
    Ok(x + y + m + n)
}

#[saga]
async fn short_circuits(n: u32) -> Result<Vec<bool>, Failure> {
    let mut out = vec![];
    out.push(n > 2 && flag("a".to_owned(), n > 3).await || flag("b".to_owned(), n == 0).await);
    out.push(!(flag("c".to_owned(), true).await && even(n).await.is_some()));
    let all = [num(n).await? > 1, n == 2 || num(n + 1).await? == 2];
    out.extend(all);
    while out.len() < 5 && (out[0] || num(3).await? > 2) {
        out.push(flag("d".to_owned(), out.len() % 2 == 0).await);
    }
    Ok(out)
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Report {
    rows: u32,
    text: String,
    extra: Option<(u32, u32)>,
}

#[saga]
async fn literals(n: u32) -> Result<Report, Failure> {
    let base = Report { extra: Some((num(n).await?, 2)), ..Default::default() };
    let rows = [1, num(n).await?, 3][num(1).await? as usize];
    Ok(Report { rows, text: text("x".to_owned()).await?.to_uppercase(), ..base })
}

#[saga]
async fn at_and_or_patterns(n: u32) -> Result<String, Failure> {
    let value = match num(n).await? {
        low @ (0 | 1) => {
            num(low).await?;
            format!("low {low}")
        }
        middle @ 2..=4 if middle != 3 => text(format!("middle {middle}")).await?,
        3 | 5 => {
            note("odd".to_owned()).await;
            "three or five".to_owned()
        }
        other => other.to_string(),
    };
    if let (Some(x @ 1..), None) | (None, Some(x)) = (even(n).await, n.checked_sub(3)) {
        return Ok(value + &num(x).await?.to_string());
    }
    Ok(value)
}

#[saga]
async fn let_chains(n: u32) -> Result<u32, Failure> {
    let Some(first) = even(n).await else { return num(99).await };
    if let Some(second) = even(first + 2).await
        && second > 4
        && let Ok(third) = half(second).await
        && let Some(fourth) = Some(third).filter(|third| *third > 2)
    {
        return Ok(first + second + third + num(fourth).await?);
    }
    Ok(first)
}

#[saga]
async fn blocks_and_labels(n: u32) -> Result<u32, Failure> {
    let found = 'found: {
        for i in 0..n {
            if num(i).await? == 2 {
                break 'found i * 10;
            }
        }
        let fallback = num(n).await?;
        if fallback > 1 {
            break 'found fallback;
        }
        fallback + 100
    };
    let table: u32 = 'outer: loop {
        let mut row = 0;
        loop {
            row += num(1).await?;
            if row > found {
                break 'outer row;
            }
            if row % 3 == 0 {
                continue 'outer;
            }
            if row > 1 {
                break 'outer sum(vec![row, found]).await;
            }
        }
    };
    Ok(found + table)
}

#[tokio::test]
async fn listed() {
    check!(compound_with_match: (vec![]), (vec!["a".to_owned(), "bad".to_owned(), String::new()]));
    check!(calls_as_values: (vec![]), (vec![1, 2]), (vec![13]));
    check!(nested_options: (1), (2), (40));
    check!(destructuring_assignment: (1), (13));
    check!(raw_names: (1));
    check!(attributes: (0), (3));
    check!(short_circuits: (0), (1), (2), (4));
    check!(literals: (1));
    check!(at_and_or_patterns: (0), (2), (3), (4), (5), (6));
    check!(let_chains: (1), (0), (2), (4), (6));
    check!(blocks_and_labels: (0), (1), (2), (4));
}

#[tokio::test]
async fn paths() {
    let out = crate::support::run(|| deeper::below::by_paths(1)).await;
    assert_eq!(out.0, "Ok(12)");
}
