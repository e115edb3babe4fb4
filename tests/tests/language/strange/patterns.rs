//! Patterns of all kinds around steps.

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Address, Order, an_order, check, even, find, half, note, num, text};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Kind {
    Plain,
    Gift(String),
    Parts { left: u32, right: Option<(u32, u32)> },
    Many(Vec<u32>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pair(u32, u32);

const LIMIT: u32 = 4;

mod limits {
    pub(super) const LOW: i32 = -2;
}

#[saga]
async fn slices(items: Vec<u32>) -> Result<String, Failure> {
    let shown = match &items[..] {
        [] => "nothing".to_owned(),
        [only] => {
            num(*only).await?;
            format!("only {only}")
        }
        [first, .., last] if first == last => text(format!("ends {first}")).await?,
        [first, middle @ .., _] => {
            let first = num(*first).await?;
            let mut total = 0;
            for part in middle {
                total += num(*part).await?;
            }
            format!("{first} {total} {}", middle.len())
        }
    };
    let [a, b, ..] = items[..] else { return Ok(shown) };
    num(a + b).await?;
    let [.., c] = [num(a).await?, num(b).await?];
    Ok(format!("{shown} {a} {b} {c}"))
}

#[saga]
async fn ranges(n: i32, letter: char) -> Result<String, Failure> {
    let size = match n {
        i32::MIN..limits::LOW => "far below",
        limits::LOW..=-1 => "below",
        0 => "zero",
        1..=3 | 5 => "some",
        4.. => "many",
    }
    .to_owned();
    let kind = match letter {
        'a'..='f' | 'A'..='F' => num(u32::from(letter)).await?,
        '0'..='9' => num(letter.to_digit(10).unwrap_or(0)).await?,
        '\u{e4}' | 'ö' => 1,
        _ => num(0).await?,
    };
    Ok(text(size).await? + &kind.to_string())
}

#[saga]
async fn constants(n: u32) -> Result<u32, Failure> {
    const SMALL: u32 = 1;
    Ok(match num(n).await? {
        SMALL => num(10).await?,
        LIMIT => num(20).await?,
        u32::MAX => 30,
        self::LIMIT.. => num(40).await? + SMALL,
        other => other,
    })
}

#[saga]
async fn nested_enums(kind: Kind) -> Result<String, Failure> {
    use Kind::*;
    Ok(match kind {
        Plain => text("plain".to_owned()).await?,
        Gift(note) if note.is_empty() => {
            num(1).await?;
            note + "empty"
        }
        Gift(ref note) => {
            num(note.len() as u32).await?;
            format!("{note} {kind:?}")
        }
        Parts { left, right: Some((a, b @ 1..)) } => text(format!("{left} {a} {b}")).await?,
        Parts { left: n, right: None } | Parts { right: Some((n, _)), .. } => num(n).await?.to_string(),
        Many(mut items) => {
            items.push(num(7).await?);
            format!("{items:?}")
        }
    })
}

#[saga]
async fn guards(value: Option<u32>) -> Result<u32, Failure> {
    let limit = num(3).await?;
    Ok(match value {
        Some(x) if let Some(y) = x.checked_sub(limit) => {
            num(y).await?;
            x * 100 + y
        }
        Some(x) if x == limit - 1 && limit > 2 => num(x).await? + limit,
        Some(x @ (0 | 1)) => num(x + 1).await?,
        Some(_) | None => limit,
    })
}

#[saga]
async fn in_the_head(n: u32) -> Result<u32, Failure> {
    let ((mut a, b), Pair(c, ..), [d, ..]) = ((num(n).await?, 2), Pair(num(3).await?, 4), [5, num(6).await?]);
    a += b;
    num(a).await?;
    let (Ok(e) | Err(e)) = half(n).await.map_err(|odd| odd.0);
    let Order { ref id, address: Address { ref city, lines: ref all }, .. } = find(n).await?;
    num(all.len() as u32).await?;
    note(city.clone()).await;
    Ok(a + c + d + e + id + all.len() as u32 + city.len() as u32)
}

#[saga]
async fn of_loops(pairs: Vec<(u32, Pair)>) -> Result<u32, Failure> {
    let mut out = 0;
    for (index, (a, Pair(mut b, _))) in pairs.iter().copied().enumerate() {
        b += num(a).await?;
        out += b * index as u32;
    }
    for [a, b] in [[1, 2], [3, 4]] {
        out += num(a).await? * b;
    }
    for &(a, Pair(ref b, _)) in &pairs {
        out += num(a).await?;
        out += b;
    }
    for (Ok(x) | Err(x)) in [Ok(1), Err(2)] {
        out += num(x).await?;
    }
    for () in std::iter::repeat_n((), 2) {
        out += num(1).await?;
    }
    let mut stack = vec![Some(3), None, Some(1)];
    while let Some(top) = stack.pop() {
        let (None | Some(2..)) = top else {
            out += num(top.unwrap_or(9)).await?;
            continue;
        };
        out += num(top.unwrap_or(7)).await?;
    }
    Ok(out)
}

#[saga]
async fn mutable_places(n: u32) -> Result<String, Failure> {
    let mut order = an_order(n);
    match &mut order.address {
        Address { city, .. } if city.len() > 30 => city.clear(),
        Address { city, lines } => {
            *city = text(format!("{city}!")).await?;
            lines.push(city.clone());
            num(lines.len() as u32).await?;
            city.push('?');
        }
    }
    if let Some(first) = &mut order.items.first_mut() {
        **first += 1;
    }
    let Order { items, name, .. } = &mut order;
    items.push(num(8).await?);
    name.push_str(&text("y".to_owned()).await?);
    Ok(format!("{order:?}"))
}

#[saga]
async fn deferred_patterns(n: u32) -> Result<u32, Failure> {
    let (a, b);
    let (mut c, d): (u32, u32);
    (a, c) = (num(n).await?, 2);
    c += num(a).await?;
    if c > 3 {
        (b, d) = (1, num(1).await?);
    } else {
        Pair(b, d) = Pair(num(4).await?, 5);
    }
    num(c).await?;
    Ok(a + b + c + d)
}

#[saga]
async fn units_and_wildcards(n: u32) -> Result<(), Failure> {
    let () = note("a".to_owned()).await;
    let _ = num(n).await?;
    let (_, _) = (num(1).await, num(2).await?);
    _ = even(n).await;
    let _unused = num(3).await?;
    let (..) = (num(4).await?, 5);
    match note("b".to_owned()).await {
        () => note("c".to_owned()).await,
    }
    Ok(())
}

#[saga]
async fn boxed_and_nested(n: u32) -> Result<u32, Failure> {
    let boxed = Box::new((num(n).await?, Some(Box::new(n))));
    num(boxed.0).await?;
    let (a, Some(b)) = *boxed else { return Ok(0) };
    num(*b).await?;
    let nested = Some(Ok::<_, String>(Some(a)));
    num(a).await?;
    if let Some(Ok(Some(x))) = nested
        && let y @ 0..=6 = x + num(1).await?
    {
        return Ok(x + y + *b);
    }
    Ok(*b)
}

#[tokio::test]
async fn patterns() {
    check!(slices: (vec![]), (vec![1]), (vec![2, 3, 2]), (vec![2, 3, 4, 5]), (vec![1, 13, 2]), (vec![13]));
    check!(ranges: (-9, 'b'), (-2, '7'), (0, 'ä'), (2, 'D'), (4, 'z'), (5, '\u{1F600}'));
    check!(constants: (0), (1), (4), (5), (13), (u32::MAX));
    check!(nested_enums: (Kind::Plain), (Kind::Gift(String::new())), (Kind::Gift("x".to_owned())), (Kind::Many(vec![1])));
    check!(nested_enums: (Kind::Parts { left: 1, right: Some((2, 0)) }), (Kind::Parts { left: 1, right: Some((2, 3)) }));
    check!(nested_enums: (Kind::Parts { left: 13, right: None }));
    check!(guards: (None), (Some(0)), (Some(2)), (Some(3)), (Some(9)), (Some(16)));
    check!(in_the_head: (2), (3), (13));
    check!(of_loops: (vec![]), (vec![(1, Pair(2, 3)), (4, Pair(5, 6))]), (vec![(13, Pair(1, 1))]));
    check!(mutable_places: (0), (3));
    check!(deferred_patterns: (0), (3), (13));
    check!(units_and_wildcards: (2), (13));
    check!(boxed_and_nested: (1), (7), (13));
}
