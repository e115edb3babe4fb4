//! `break` and `continue` with labels, labelled blocks, `return`, `?`.

use sagaflow::prelude::*;

use crate::support::{Refusal, check, even, half, note, num, text};

#[saga]
async fn labels(n: u32) -> Result<Vec<u32>, Failure> {
    let mut out = Vec::new();
    'rows: for i in 0..n {
        let mut j = 0;
        'columns: while j < n {
            j += 1;
            if j == i {
                continue 'rows;
            }
            let x = num(i * j).await?;
            if x == 12 {
                break 'rows;
            }
            if x == 6 {
                break 'columns;
            }
            out.push(x);
        }
        out.push(num(i + 100).await?);
    }
    Ok(out)
}

#[saga]
async fn from_verbatim_code(items: Vec<Vec<u32>>) -> Result<u32, Failure> {
    let mut total = 0;
    'rows: for row in items {
        let mut best = 0;
        for item in &row {
            if *item == 0 {
                continue;
            }
            if *item == 7 {
                continue 'rows;
            }
            if *item == 9 {
                break 'rows;
            }
            if *item == 5 {
                break;
            }
            best = best.max(*item);
        }
        let kept: Vec<u32> = row.iter().map(|item| if *item > 2 { item * 2 } else { *item }).collect();
        total += num(best).await? + kept.iter().sum::<u32>();
        let extra = 'pick: {
            if best == 1 {
                break 'pick 10;
            }
            loop {
                if best > 3 {
                    break 'pick 20;
                }
                best += 1;
                if best == 3 {
                    continue 'rows;
                }
            }
        };
        total += num(extra).await?;
    }
    Ok(total)
}

#[saga]
async fn labelled_block(n: u32) -> Result<String, Failure> {
    let found = 'search: {
        if n == 0 {
            break 'search "none".to_owned();
        }
        let x = num(n).await?;
        if x > 5 {
            break 'search text(format!("big {x}")).await?;
        }
        'inner: {
            if x == 3 {
                break 'inner;
            }
            if even(x).await.is_none() {
                break 'search "odd".to_owned();
            }
        }
        for i in 0.. {
            if num(i).await? == 2 {
                break 'search format!("even {i}");
            }
        }
        String::new()
    };
    text(found).await
}

#[saga]
async fn tail_block(n: u32) -> Result<u32, Failure> {
    'done: {
        if n == 0 {
            break 'done Ok(0);
        }
        if num(n).await? > 3 {
            break 'done num(n * 2).await;
        }
        num(1).await
    }
}

#[saga]
async fn unit_block(n: u32) {
    'done: {
        if n == 0 {
            break 'done;
        }
        note("one".to_owned()).await;
        if n == 1 {
            break 'done;
        }
        note("two".to_owned()).await;
    }
}

#[saga]
async fn nested_values(n: u32) -> Result<u32, Failure> {
    let x = 'outer: loop {
        let y = loop {
            let z = num(n).await?;
            if z > 5 {
                break 'outer z * 2;
            }
            if z > 3 {
                break z;
            }
            let last = loop {
                if z == 0 {
                    break 50;
                }
                break num(z).await? + 60;
            };
            break 'outer last;
        };
        break y + num(y).await?;
    };
    num(x).await
}

#[saga]
async fn early_return(n: u32) -> Result<u32, Failure> {
    if n == 0 {
        return Ok(0);
    }
    let x = num(n).await?;
    for i in 0..x {
        if i == 3 {
            return num(33).await;
        }
        let checked = (|| if i > 100 { return 1 } else { 2 })();
        if num(i + checked).await? == 13 {
            return Err(Failure::new("never"));
        }
    }
    Ok(x)
}

/// The arms whose value is bound leave the loops with what stands before them in their blocks.
#[saga]
async fn from_blocks_in_values(items: Vec<u32>) -> Result<Vec<u32>, Failure> {
    let mut out = Vec::new();
    'rows: for item in items {
        let found = match item > 3 {
            true => match even(item).await {
                Some(even) => even,
                None => {
                    out.push(item);
                    continue;
                }
            },
            false => match half(item).await {
                Ok(half) => half,
                Err(_) if item == 1 => {
                    out.push(100);
                    continue 'rows;
                }
                Err(_) => {
                    let last = item;
                    out.push(last);
                    break 'rows;
                }
            },
        };
        let twice = {
            let inner = loop {
                match even(num(found).await?).await {
                    Some(even) => {
                        out.push(even);
                        break even * 2;
                    }
                    None => {
                        out.push(0);
                        continue 'rows;
                    }
                }
            };
            inner + 1
        };
        out.push(twice);
    }
    Ok(out)
}

/// Where a loop is left, a name means another variable than the one that goes on.
#[saga]
async fn hidden_where_it_leaves(items: Vec<u32>) -> Result<(u32, String, Vec<u32>), Failure> {
    let (mut total, name, mut out) = (100, "outer".to_owned(), Vec::new());
    for item in &items {
        let half = match half(*item).await {
            Ok(total) if total > 4 => {
                out.push(total);
                continue;
            }
            Ok(total) => total + 1,
            Err(name) if name.0 == 11 => {
                total += 11;
                continue;
            }
            Err(name) => {
                let total = name.0 * 2;
                if total > 10 {
                    break;
                }
                total
            }
        };
        let counted = if total % 2 == 1 {
            name.len() as u32
        } else {
            let name = [half, *item];
            if let [total, 6] = name {
                out.push(total * 1000);
                continue;
            }
            name.len() as u32
        };
        let picked = 'pick: {
            for total in [half, counted] {
                let out = total;
                if out == 3 {
                    break 'pick out;
                }
            }
            let total = "none";
            total.len() as u32
        };
        total += num(half + counted + picked).await?;
        let total = even(total).await;
        if total.is_none() {
            continue;
        }
        note(name.clone()).await;
    }
    let total = num(total).await?;
    Ok((total, text(name).await?, out))
}

fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

fn first(items: &[u32]) -> Option<u32> {
    items.first().copied()
}

#[saga]
async fn question_marks(input: String) -> Result<u32, Refusal> {
    let n = parse(&input)?;
    let h = half(n).await?;
    let x = num(h).await?;
    let y = first(&[x]).ok_or(Refusal::Number(0))?;
    let sum = [y, x].iter().map(|n| parse(&n.to_string())).sum::<Result<u32, _>>()?;
    let from_closure = (|| -> Option<u32> { first(&[]).or(first(&[sum])) })().unwrap_or_default();
    let nested = half(half(sum).await?).await? + from_closure;
    half(num(nested).await?).await.map_err(Refusal::from)
}

#[saga]
async fn handled(n: u32) -> Result<u32, Refusal> {
    let x = half(n).await.unwrap_or(100);
    let y = match num(x).await {
        Ok(y) => y,
        Err(_) => num(1).await?,
    };
    if let Err(error) = half(y).await {
        note(error.to_string()).await;
        half(n).await.or(Err(Refusal::Text(error.to_string())))
    } else {
        Ok(y)
    }
}

#[tokio::test]
async fn jumps() {
    check!(labels: (0), (1), (2), (3), (4), (5));
    check!(from_verbatim_code: (vec![]), (vec![vec![1], vec![4, 0, 5, 8], vec![2]]), (vec![vec![7, 1], vec![6], vec![3, 9], vec![1]]));
    check!(labelled_block: (0), (1), (2), (3), (6), (13));
    check!(from_blocks_in_values: (vec![4, 5, 2, 1, 6, 3, 8]), (vec![]), (vec![1, 7, 9, 13]));
    check!(hidden_where_it_leaves: (vec![]), (vec![2]), (vec![20, 4, 6, 3, 8, 2, 5, 1, 7]), (vec![10, 12]), (vec![6, 2, 2, 11, 4, 2, 10, 11, 6]));
    check!(tail_block: (0), (1), (4), (13));
    check!(nested_values: (0), (1), (4), (5), (6), (13));
    check!(early_return: (0), (1), (3), (5), (13));
}

#[tokio::test]
async fn out_of_a_block_without_value() {
    check!(unit_block: (0), (1), (2));
}

#[tokio::test]
async fn errors() {
    check!(question_marks: ("x".to_owned()), ("3".to_owned()), ("26".to_owned()), ("8".to_owned()), ("16".to_owned()), ("10".to_owned()));
    check!(handled: (2), (1), (4), (26), (6));
}
