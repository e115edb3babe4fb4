//! Several odd things in one program.

use sagaflow::prelude::*;

use crate::support::{Odd, Refusal, check, even, flag, half, note, num, sum, text};

/// All of the places, or none: what was held is let go, last first.
#[saga]
async fn all_or_none(places: Vec<u32>) -> Result<Vec<u32>, Refusal> {
    let mut held = Vec::new();
    let refused = 'hold: {
        for place in places {
            match half(place).await {
                Ok(half) => held.push(half),
                Err(Odd(place)) if held.is_empty() => return Err(Refusal::Number(place)),
                Err(odd) => break 'hold Some(odd),
            }
        }
        None
    };
    let Some(Odd(place)) = refused else {
        for place in &held {
            note(format!("confirm {place}")).await;
        }
        return Ok(held);
    };
    while let Some(place) = held.pop() {
        note(format!("let {place} go")).await;
    }
    Err(Refusal::Number(place))
}

#[saga]
async fn rising_pairs(numbers: Vec<u32>) -> Result<u32, Failure> {
    let mut total = const { 1 + 2 };
    for pair in numbers.windows(2).map(<[u32]>::to_vec).collect::<Vec<_>>() {
        if let [left, right] = pair[..]
            && left < right
            && let Some(right) = even(right).await
        {
            total += sum(pair).await + num(const { 2 * 3 }).await? + right;
        }
    }
    Ok(total)
}

#[saga]
async fn loops_in_conditions(n: u32) -> Result<(u32, u32), Failure> {
    let (mut i, mut j) = (0, 0);
    while num(i).await? < n && {
        j = 0;
        while even(j).await.is_some_and(|even| even < i) {
            j += 2;
        }
        flag(format!("{i} {j}"), j < 4).await
    } {
        i += 1;
    }
    Ok((i, j))
}

#[saga]
async fn one_name_for_all(n: u32) -> Result<u32, Refusal> {
    let (n, m) = (num(n).await?, {
        let n = half(n * 2).await?;
        n + 1
    });
    let n = {
        let n = n + m;
        let m = num(n).await?;
        (n, m)
    };
    let (n, m) = if let (n, m @ 4..) = n { (m, half(n).await?) } else { (n.1, m) };
    for n in n..n + 2 {
        let m = m + n;
        let n = num(m).await?;
        note(format!("{n} {m}")).await;
    }
    Ok(n + m)
}

#[saga]
async fn questions_of_their_own(words: Vec<String>) -> Result<Vec<u32>, Refusal> {
    let next = |word: &str| -> Option<u32> { Some(word.parse::<u32>().ok()? + 1) };
    let numbers: Vec<Option<u32>> = words.iter().map(|word| next(word)).collect();
    let mut out = Vec::new();
    for number in numbers.into_iter().flatten() {
        out.push(num(number).await?);
    }
    out.push(text(words.concat()).await?.parse::<u32>()?);
    Ok(out)
}

#[saga]
async fn a_value_or_never(n: u32) -> Result<u32, Refusal> {
    let known: u32 = match even(n).await {
        Some(even) => even,
        None if n == 5 => loop {
            match half(n - 1).await? {
                2 => return Ok(2),
                _ => break 0,
            }
        },
        None => return Err(Odd(n).into()),
    };
    let text = 'said: {
        let said = if known > 4 {
            break 'said crate::support::text("much".to_owned()).await?;
        } else {
            crate::support::text("little".to_owned()).await?
        };
        let more = 'more: {
            if known == 2 {
                break 'said format!("{said}, very");
            }
            if flag(said.clone(), known == 4).await {
                break 'more num(known).await?;
            }
            7
        };
        format!("{said} {more}")
    };
    note(text.clone()).await;
    Ok(text.len() as u32)
}

#[saga]
async fn enough_of_them(votes: Vec<(String, bool)>, enough: usize) -> Result<Option<String>, Failure> {
    let (mut yes, mut no) = (vec![], 0);
    let last = 'count: loop {
        for (voter, is_for) in votes.clone() {
            if !flag(voter.clone(), is_for).await {
                no += 1;
                if votes.len() - no < enough {
                    break 'count None;
                }
                continue;
            }
            yes.push(voter);
            if let [.., last] = &yes[..]
                && yes.len() >= enough
            {
                break 'count Some(last.clone());
            }
        }
        break None;
    };
    note(format!("{} of {}, {no} against", yes.len(), votes.len())).await;
    Ok(last)
}

#[tokio::test]
async fn mixtures() {
    check!(all_or_none: (vec![2, 4, 6]), (vec![2, 4, 5, 8]), (vec![3, 4]), (vec![]));
    check!(rising_pairs: (vec![1, 2, 4, 3, 5]), (vec![]), (vec![9]));
    check!(loops_in_conditions: (0), (3), (9), (14));
    check!(one_name_for_all: (1), (2), (4), (13));
    check!(questions_of_their_own: (vec!["1".to_owned(), "2".to_owned()]), (vec!["1".to_owned(), "x".to_owned()]), (vec!["12".to_owned()]), (vec!["bad".to_owned()]));
    check!(a_value_or_never: (2), (4), (5), (6), (7), (0));
    let votes = |against: usize| (0..5).map(|voter| (format!("v{voter}"), voter >= against)).collect::<Vec<_>>();
    check!(enough_of_them: (votes(0), 3), (votes(2), 3), (votes(3), 3), (votes(5), 1), (votes(0), 9), (vec![], 0));
}
