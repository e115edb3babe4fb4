//! `loop`, `while`, `while let`.

use sagaflow::prelude::*;

use crate::support::{check, even, flag, note, num};

#[saga]
async fn loop_with_value(n: u32) -> Result<u32, Failure> {
    let mut i = 0;
    let found = loop {
        i += 1;
        if i > 5 {
            break 0;
        }
        let x = num(n + i).await?;
        if x % 5 == 0 {
            break num(x * 10).await?;
        }
        if x == 3 {
            continue;
        }
        note(format!("{i}")).await;
    };
    num(found + i).await
}

#[saga]
async fn endless(n: u32) -> Result<u32, Failure> {
    let mut i = n;
    loop {
        i = num(i).await? + 1;
        if i > 5 {
            return Ok(i);
        }
    }
}

#[saga]
async fn tail_loop(n: u32) -> Result<u32, Failure> {
    let mut i = n;
    loop {
        if i > 5 {
            break Ok(i);
        }
        match num(i).await {
            Ok(x) => i = x + 2,
            Err(error) => break Err(error),
        }
    }
}

#[saga]
async fn unit_loop(n: u32) {
    let mut i = n;
    loop {
        i += 1;
        if i > 3 {
            break;
        }
        note(format!("{i}")).await;
    }
}

#[saga]
async fn while_counts(n: u32) -> Result<u32, Failure> {
    let mut i = 0;
    let mut sum = 0;
    while i < n {
        i += 1;
        if i == 2 {
            continue;
        }
        sum += num(i).await?;
        if sum > 20 {
            break;
        }
    }
    Ok(sum)
}

#[saga]
async fn while_awaits(n: u32) -> Result<u32, Failure> {
    let mut i = n;
    while num(i).await? < 5 && flag(format!("go {i}"), i != 3).await {
        i += 1;
    }
    while even(i).await.is_some_and(|x| x > 2) {
        i -= 1;
        i -= num(1).await?;
    }
    Ok(i)
}

#[saga]
async fn while_let(items: Vec<u32>) -> Result<Vec<u32>, Failure> {
    let mut stack = items;
    let mut seen = vec![];
    while let Some(top) = stack.pop() {
        let x = num(top).await?;
        if x > 4 {
            stack.push(x / 2);
        }
        seen.push(x);
    }
    let mut n = 8;
    while let Some(x) = even(n).await
        && x > 2
    {
        seen.push(x);
        n -= 2;
    }
    Ok(seen)
}

#[saga]
async fn nested(n: u32) -> Result<Vec<(u32, u32)>, Failure> {
    let mut pairs = Vec::new();
    let mut i = 0;
    while i < n {
        let mut j = 0;
        let row = num(i).await?;
        loop {
            if j > i {
                break;
            }
            let column = num(j).await?;
            pairs.push((row, column));
            j += 1;
        }
        i += 1;
    }
    Ok(pairs)
}

#[saga]
async fn declared_in_the_body(n: u32) -> Result<u32, Failure> {
    let mut previous = None;
    let mut total = 0;
    let mut i = 0;
    while i < n {
        let mut here = i;
        if let Some(before) = previous {
            here += num(before).await?;
        }
        let late;
        if here > 3 {
            late = num(here).await?;
        } else {
            late = 1;
        }
        total += late;
        previous = Some(late);
        i += 1;
    }
    num(total).await
}

#[saga]
async fn assigned_again(n: u8) -> Result<u8, Failure> {
    let mut x = 200;
    let first = x % n;
    num(u32::from(first)).await?;
    x = 255;
    let wrapped = x / 2;
    num(1).await?;
    x = wrapped;
    Ok(x.wrapping_mul(3))
}

#[saga]
async fn moved_and_assigned_again(n: u32) -> Result<String, Failure> {
    let mut words = Vec::new();
    let mut word = String::from("a");
    for i in 0..n {
        words.push(word);
        if num(i).await? % 2 == 0 {
            word = format!("{i}");
        } else {
            word = String::new();
        }
    }
    Ok(format!("{words:?} {word}"))
}

#[tokio::test]
async fn loops() {
    check!(loop_with_value: (0), (1), (3), (9), (12));
    check!(endless: (0), (5), (13));
    check!(tail_loop: (0), (6), (11), (13));
    check!(while_counts: (0), (1), (2), (5), (20));
    check!(while_awaits: (0), (3), (4), (6), (13));
    check!(while_let: (vec![]), (vec![1, 2]), (vec![20, 3]), (vec![13, 1]));
    check!(nested: (0), (1), (4));
}

#[tokio::test]
async fn a_loop_without_value_at_the_end() {
    check!(unit_loop: (0), (2), (5));
}

#[tokio::test]
async fn variables_in_loops() {
    check!(declared_in_the_body: (0), (1), (4), (6));
    check!(assigned_again: (7), (100));
    check!(moved_and_assigned_again: (0), (1), (4));
}

/// What a loop collects has a type where its code is over, though only an arm after a step says which.
#[saga]
async fn collected_then_sorted(n: u32) -> Result<Vec<String>, Failure> {
    let mut stack = vec![n, n + 2];
    let mut found = Vec::new();
    while let Some(top) = stack.pop() {
        let number = num(top).await?;
        found.push(format!("{number:>3}"));
    }
    found.sort_by(|one, other| other.len().cmp(&one.len()).then(one.cmp(other)));
    let mut longest = None;
    loop {
        if stack.len() > 2 {
            break;
        }
        stack.push(num(n).await?);
        longest = Some(found[0].clone());
    }
    let mut sizes = Vec::new();
    for text in &found {
        sizes.push(num(text.len() as u32).await?.to_string());
    }
    sizes.retain(|size| size.len() < 2);
    sizes.extend(longest.map(|text| text.trim().to_owned()));
    Ok(sizes)
}

#[saga]
async fn in_pieces(numbers: Vec<u32>, mut size: usize) -> Result<Vec<u32>, Failure> {
    const SIDES: [(&str, u32); 2] = [("north", 1), ("south", 2)];
    let mut sums = Vec::new();
    for (index, piece) in numbers.chunks(size.max(1)).enumerate().skip(size / 9) {
        size += 1;
        let first = num(piece[0]).await?;
        sums.push(first + index as u32 + piece.iter().sum::<u32>());
    }
    for (index, (side, weight)) in SIDES.into_iter().enumerate() {
        num(weight + side.len() as u32).await?;
        sums.push(weight + index as u32 + side.len() as u32);
    }
    sums.push(size as u32);
    Ok(sums)
}

#[tokio::test]
async fn what_is_collected_has_a_type() {
    check!(collected_then_sorted: (1), (11), (13), (100));
    check!(in_pieces: ((1..8).collect(), 3), ((1..8).collect(), 0), ((1..30).collect(), 9), (vec![], 2));
}
