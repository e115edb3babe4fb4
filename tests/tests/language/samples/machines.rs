//! State machines, retries by hand, cursors and walks: control flow that people write themselves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Address, Odd, Order, Refusal, check, even, find, flag, half, note, num, sum, text};

/// How a payment stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Payment {
    New { cents: u32 },
    Tried { cents: u32, attempt: u32, last: String },
    Paid(u32),
    GivenUp { why: String },
}

/// A machine whose state is moved from one step to the next.
#[saga]
async fn payment(cents: u32) -> Result<String, Refusal> {
    let mut state = Payment::New { cents };
    let mut log = String::new();
    let paid = loop {
        write!(log, "{}", if log.is_empty() { "" } else { ">" }).unwrap_or_default();
        state = match state {
            Payment::New { cents: 0 } => return Err(Refusal::Text("nothing to pay".to_owned())),
            Payment::New { cents } => match half(cents).await {
                Ok(half) => Payment::Paid(half),
                Err(Odd(odd)) => {
                    log.push_str("odd");
                    Payment::Tried { cents: odd, attempt: 1, last: format!("{odd} is odd") }
                }
            },
            Payment::Tried { attempt, last, .. } if attempt > 2 => {
                note(last.clone()).await;
                Payment::GivenUp { why: last }
            }
            Payment::Tried { cents, attempt, mut last } => {
                log += "again";
                match num(cents * attempt).await {
                    Ok(n) if n > 20 => Payment::Paid(n),
                    Ok(n) => {
                        last.push('!');
                        Payment::Tried { cents: n + 1, attempt: attempt + 1, last }
                    }
                    Err(error) => Payment::GivenUp { why: error.to_string() },
                }
            }
            Payment::Paid(cents) => break cents,
            Payment::GivenUp { why } => {
                log.push_str(&why);
                return Ok(log);
            }
        };
    };
    Ok(format!("{log} {paid}"))
}

/// Retries in a labelled loop, with the last error kept.
#[saga]
async fn by_hand(mut numbers: Vec<u32>) -> Result<Vec<String>, Refusal> {
    let mut out = vec![];
    'numbers: while let Some(number) = numbers.pop() {
        let mut last = None;
        let value = 'attempts: {
            for attempt in 1..=3u32 {
                match half(number + attempt).await {
                    Ok(3) => continue 'numbers,
                    Ok(half) => break 'attempts half,
                    Err(error) => {
                        last = Some(error);
                        if attempt == 3 {
                            break;
                        }
                        sleep("1ms").await;
                    }
                }
            }
            let Some(Odd(odd)) = last else { unreachable!("it was tried") };
            if odd > 40 {
                return Err(Refusal::Number(odd));
            }
            num(odd).await?
        };
        out.push(format!("{number}={value}"));
        if let Some(Odd(odd)) = &last
            && let Some(even) = even(odd + 1).await
            && even > 8
        {
            out.push(even.to_string());
        }
    }
    Ok(out)
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tree {
    label: u32,
    under: Vec<Tree>,
}

fn tree(label: u32, under: Vec<Tree>) -> Tree {
    Tree { label, under }
}

/// Depth first, by a stack; nodes are taken apart and moved.
#[saga]
async fn walk(root: Tree) -> Result<BTreeMap<u32, usize>, Failure> {
    let mut depths = BTreeMap::new();
    let mut stack = VecDeque::from([(0, root)]);
    while let Some((depth, Tree { label, under })) = stack.pop_back() {
        let label = match even(label).await {
            Some(label) => label,
            None if under.is_empty() => continue,
            None => {
                depths.entry(label).and_modify(|depth| *depth += 1).or_insert(depth);
                num(label).await?
            }
        };
        *depths.entry(label).or_default() += depth;
        for child in under.into_iter().rev() {
            stack.push_back((depth + 1, child));
        }
    }
    Ok(depths)
}

/// The same, calling itself.
#[saga]
async fn weigh(tree: Tree) -> Result<u32, Failure> {
    let Tree { label, under } = tree;
    let mut whole = num(label).await?;
    for child in under {
        whole += weigh(child).boxed().await?;
    }
    Ok(whole)
}

/// A page, and where the next one begins.
type Page = (Vec<u32>, Option<u32>);

#[step]
async fn page(cursor: Option<u32>) -> Result<Page, Failure> {
    let from = cursor.unwrap_or(0);
    Ok(((from..from + 3).collect(), (from < 6).then_some(from + 3)))
}

/// A cursor that moves until there is none.
#[saga]
async fn pages(most: usize) -> Result<(Vec<u32>, Option<u32>), Failure> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let (rows, next) = page(cursor).await?;
        let is_last = next.is_none();
        all.extend(rows.iter().filter(|row| **row != 4));
        (cursor, _) = (next, rows);
        match cursor {
            Some(next) if all.len() >= most => break Ok((all, Some(next))),
            _ if is_last => break Ok((all, cursor)),
            Some(_) => {}
            None => unreachable!(),
        }
    }
}

/// What is done by several is gathered by what came of it.
#[saga]
async fn gathered(numbers: Vec<u32>) -> Result<(u32, Vec<String>), Failure> {
    let (halves, odd): (Vec<_>, Vec<_>) =
        join_all(numbers.iter().copied().map(half)).await.into_iter().partition(Result::is_ok);
    let halves: Vec<u32> = halves.into_iter().flatten().collect();
    let total = match &halves[..] {
        [] => 0,
        [one] => num(*one).await?,
        [first, .., last] if first == last => *first,
        [first, rest @ ..] => first + sum(rest.to_vec()).await,
    };
    let mut told = Vec::with_capacity(odd.len());
    for error in odd.into_iter().filter_map(Result::err) {
        let Odd(number) = error;
        told.push(match flag(error.to_string(), number < 10).await {
            true => format!("small {number}"),
            false => {
                let text = text(format!("large {number}")).await?;
                text.to_uppercase()
            }
        });
    }
    Ok((total, told))
}

/// Parts of a value are borrowed, moved and given back.
#[saga]
async fn parts(id: u32) -> Result<String, Failure> {
    let mut order = find(id).await?;
    let Order { name, address: Address { city, lines }, .. } = &order;
    let shown = if lines.len() > 1 && flag(city.clone(), city.ends_with('4')).await {
        format!("{name} in {city}")
    } else if let [first, ..] = &lines[..] {
        text(first.clone()).await?
    } else {
        return Err(Failure::new("no address"));
    };
    let items = std::mem::take(&mut order.items);
    let kept: BTreeSet<u32> = {
        let mut kept = BTreeSet::new();
        for item in items {
            if let Some(item) = even(item).await {
                kept.insert(item);
            } else {
                order.items.push(item);
            }
        }
        kept
    };
    order.address.lines.retain(|line| !line.is_empty());
    Ok(format!("{shown}: {kept:?} {:?} {}", order.items, order.address.lines.join("/")))
}

/// Closures that are called between the steps, and keep what they have seen.
#[saga]
async fn closures(numbers: Vec<u32>) -> Result<Vec<u32>, Refusal> {
    let mut seen = Vec::new();
    let limit = numbers.iter().max().copied().unwrap_or_default();
    for number in &numbers {
        let scaled = (|n: u32| n.checked_mul(2).filter(|n| *n <= 2 * limit))(*number)
            .ok_or_else(|| Refusal::Text(format!("{number} is too much")))?;
        let mut remember = |n: u32| seen.push(n);
        remember(scaled);
        let halved = half(scaled)
            .await
            .map(|n| n + 1)
            .or_else(|Odd(odd)| u32::try_from(i64::from(odd) - 1))
            .map_err(|error| Refusal::Text(error.to_string()))?;
        seen.extend(std::iter::repeat_n(halved, usize::from(halved % 2 == 0)));
    }
    seen.sort_by_key(|n| std::cmp::Reverse(*n));
    Ok(seen)
}

/// One of several ways, some of which end here; the value is used as an operand.
#[saga]
async fn ways(n: u32) -> Result<u32, Refusal> {
    let base = 10
        + match n % 5 {
            0 => half(n).await?,
            1 => {
                let Some(found) = even(n + 1).await else {
                    note("never".to_owned()).await;
                    return Err(Refusal::Number(n));
                };
                found
            }
            2 => loop {
                let next = num(n).await?;
                if next > 1 {
                    break next;
                }
            },
            3 => return Ok(num(n).await?),
            _ => {
                if flag("leave".to_owned(), n > 4).await {
                    return half(n + 1).await.map_err(Refusal::from);
                }
                1
            }
        };
    let high = base > 12 && flag("high".to_owned(), true).await;
    let shown = text(match base {
        ..=12 => "low".to_owned(),
        13..=20 if high => String::from("high"),
        _ => {
            note("very high".to_owned()).await;
            format!("{base}")
        }
    })
    .await?;
    Ok(base * 100 + shown.len() as u32)
}

#[tokio::test]
async fn machines_go_on() {
    check!(payment: (0), (4), (3), (7), (13), (1));
    check!(by_hand: (vec![]), (vec![1, 2, 3]), (vec![5, 8, 20]), (vec![4]), (vec![40, 39]));
}

#[tokio::test]
async fn trees_are_walked() {
    let leaf = |label| tree(label, vec![]);
    let whole = || tree(2, vec![leaf(4), tree(3, vec![leaf(6), leaf(5)]), leaf(1), tree(4, vec![leaf(3), leaf(8)])]);
    check!(walk: (leaf(1)), (whole()), (tree(13, vec![leaf(2)])));
    check!(weigh: (leaf(1)), (whole()), (tree(1, vec![leaf(13)])));
}

#[tokio::test]
async fn rows_are_gathered() {
    check!(pages: (1), (5), (100));
    check!(gathered: (vec![]), (vec![4]), (vec![4, 6, 8, 1, 11]), (vec![2, 6, 2]), (vec![26]));
}

#[tokio::test]
async fn values_are_taken_apart() {
    check!(parts: (4), (3), (9), (13));
    check!(closures: (vec![]), (vec![3, 5, 4]), (vec![u32::MAX, 1]));
    check!(ways: (10), (1), (6), (2), (7), (3), (4), (9), (14), (13));
}
