//! Control flow as nobody writes it, and somebody will.

use sagaflow::prelude::*;

use crate::support::{Odd, Refusal, check, even, flag, half, note, num, sum, text};

#[saga]
async fn blocks_as_conditions(n: u32) -> Result<u32, Failure> {
    let mut i = 0;
    while {
        i += 1;
        num(i).await? < n
    } {
        if {
            let y = num(i).await?;
            y % 2 == 0
        } {
            note(format!("even {i}")).await;
        } else if let Some(half) = { even(i + 1).await }
            && half > 2
        {
            note(format!("half {half}")).await;
        }
    }
    match {
        let x = num(i).await?;
        (x, i)
    } {
        (a, b) if a == b => Ok(a),
        (a, _) => num(a).await,
    }
}

#[saga]
async fn jumps_as_values(n: u32) -> Result<u32, Failure> {
    let mut out = 0;
    'rows: for row in 0..n {
        let value = if row == 1 { continue } else { num(row).await? };
        for column in 0..3 {
            let cell = match num(row * 3 + column).await? {
                4 => continue 'rows,
                8 => break 'rows,
                cell if cell > 100 => return Ok(cell),
                cell => cell,
            };
            out += cell + value;
        }
    }
    out += sum([out, num(if out > 20 { return num(out).await } else { 1 }).await?].to_vec()).await;
    Ok(loop {
        break out + num(1).await?;
    })
}

#[saga]
async fn return_of_everything(n: u32) -> Result<u32, Failure> {
    if n == 0 {
        return match num(5).await? {
            5 => Ok(50),
            other => return num(other).await,
        };
    }
    if n == 1 {
        return loop {
            if flag("x".to_owned(), true).await {
                break Ok(num(6).await?);
            }
        };
    }
    if n == 2 {
        return 'a: {
            if num(7).await? == 8 {
                break 'a Err(Failure::new("never"));
            }
            num(8).await
        };
    }
    if n == 3 {
        return Ok({
            let x = num(9).await?;
            let y = { x + num(1).await? };
            y * 2
        });
    }
    return if let Ok(x) = num(n).await { Ok(x) } else { num(0).await };
}

#[saga]
async fn labels_that_hide(n: u32) -> Result<u32, Failure> {
    let mut out = 0;
    'a: loop {
        'b: {
            for i in 0..n {
                if num(i).await? == 2 {
                    break 'b;
                }
                if i > 5 {
                    break 'a;
                }
            }
            out += 100;
            break 'a;
        }
        out += 1;
        if out > 2 {
            break 'a;
        }
        let more = 'c: {
            let Some(x) = even(out).await else { break 'c 0 };
            if x == 0 {
                continue 'a;
            }
            x
        };
        out += more;
    }
    Ok(out)
}

#[saga]
async fn chains_of_else(n: u32) -> Result<String, Failure> {
    let x = if n == 0 {
        "zero".to_owned()
    } else if let Some(e) = even(n).await {
        format!("even {e}")
    } else if let Ok(h) = half(n + 1).await
        && h > 2
        && let h2 = num(h).await?
        && h2 != 5
    {
        format!("half {h} {h2}")
    } else if num(n).await? == 9 && !flag("no".to_owned(), false).await {
        text("nine".to_owned()).await?
    } else {
        return Err(Failure::new("else"));
    };
    note(x.clone()).await;
    Ok(x)
}

#[saga]
async fn while_let_chains(mut stack: Vec<u32>) -> Result<u32, Failure> {
    let mut out = 0;
    while let Some(top) = stack.pop()
        && top != 0
        && let Some(e) = even(top).await
        && num(e).await? < 100
    {
        out += e;
        let more = num(2).await?;
        let Some(next) = stack.last_mut() else { continue };
        *next += more;
    }
    Ok(out + stack.len() as u32)
}

#[saga]
async fn else_that_awaits(n: u32) -> Result<u32, Failure> {
    let Some(x) = even(n).await else {
        let y = num(n).await?;
        note(format!("odd {y}")).await;
        return match half(y + 1).await {
            Ok(z) => Ok(z),
            Err(Odd(o)) => Err(Failure::new(format!("odd {o}"))),
        };
    };
    let total = loop {
        let Ok(h) = half(x).await else {
            break num(77).await?;
        };
        let Some(e) = even(h).await else { break h };
        break e + x;
    };
    Ok(total)
}

#[saga]
async fn question_marks_deep(n: u32) -> Result<u32, Refusal> {
    let a: Option<Result<u32, Odd>> = Some(half(n).await);
    let b = a.clone().transpose()?.map_or(Err(Failure::new("none")), Ok)?;
    let c = (|| -> Option<u32> { Some(b.checked_sub(1)?.checked_mul(3)?) })().unwrap_or_default();
    num(c).await?;
    let d = [half(c * 2).await?, half(b * 2).await?]
        .into_iter()
        .map(|x| x.to_string().parse::<u32>())
        .sum::<Result<u32, _>>()?;
    let e = (|x: u32| -> Result<u32, Odd> {
        if x > 90 {
            return Err(Odd(x));
        }
        Ok(x)
    })(d + c)?;
    num(e).await?;
    Ok(a.map_or(0, |a| a.unwrap_or(1)) + e)
}

#[saga]
async fn never_comes_back(n: u32) -> Result<u32, Failure> {
    let x = match n {
        0 => num(1).await?,
        1 => {
            note("one".to_owned()).await;
            panic_if(n > 1);
            2
        }
        2 => return Ok(num(3).await? + 1),
        _ if n > 5 => Err(Failure::new("too much"))?,
        _ => 'out: {
            for i in 0.. {
                if num(i).await? > n {
                    break 'out i;
                }
            }
            unreachable!("{n} has no end")
        }
    };
    num(x).await
}

fn panic_if(yes: bool) {
    assert!(!yes);
}

#[saga]
async fn loops_in_heads(n: u32) -> Result<u32, Failure> {
    let mut out = vec![];
    for i in num(1).await?..num(n).await? {
        out.push(i);
    }
    for i in (0..num(2).await?).chain(num(5).await?..num(6).await?).rev() {
        out.push(num(i).await?);
    }
    for x in loop {
        if flag("go".to_owned(), true).await {
            break [num(n).await?, 2];
        }
    } {
        out.push(num(x).await?);
    }
    for x in if n > 2 { Vec::from([num(7).await?]) } else { Vec::new() } {
        out.push(x);
    }
    if (num(1).await?..=num(3).await?).contains(&n) {
        out.push(99);
    }
    Ok(sum(out).await)
}

#[saga]
async fn statements_without_values(n: u32) -> Result<u32, Failure> {
    {}
    {
        note("block".to_owned()).await
    };
    if n > 1 {
        note("if".to_owned()).await
    }
    match n {
        0 => note("zero".to_owned()).await,
        1 => (),
        2 => drop(num(2).await?),
        _ => {
            num(n).await?;
        }
    }
    if n == 3 {
        num(33).await?;
    } else {
    }
    (num(1).await?, num(2).await?);
    [num(3).await?];
    num(4).await? + num(5).await?;
    &num(6).await?;
    loop {
        break;
    }
    Ok(num(7).await?)
}

#[saga]
async fn assignments_as_values(n: u32) -> Result<u32, Failure> {
    let (mut x, mut y, z);
    let () = x = num(n).await?;
    let _nothing = {
        y = num(x + 1).await?;
    };
    z = {
        x += y;
        y -= 1;
        x *= num(2).await?;
        x
    };
    (x, y) = (y, x);
    x <<= num(1).await?;
    y |= num(16).await?;
    Ok(x + y + z)
}

#[tokio::test]
async fn control() {
    check!(blocks_as_conditions: (0), (3), (6), (20));
    check!(jumps_as_values: (0), (2), (3), (6));
    check!(return_of_everything: (0), (1), (2), (3), (4), (13));
    check!(labels_that_hide: (0), (2), (4), (9));
    check!(chains_of_else: (0), (2), (3), (5), (7), (9), (11), (13));
    check!(while_let_chains: (vec![]), (vec![2, 4]), (vec![0, 2]), (vec![6, 1, 4, 2]));
    check!(else_that_awaits: (0), (1), (2), (4), (13));
    check!(question_marks_deep: (1), (2), (8), (26), (60), (80));
    check!(never_comes_back: (0), (1), (2), (3), (5), (9));
    check!(loops_in_heads: (0), (2), (4), (13));
    check!(statements_without_values: (0), (1), (2), (3), (13));
    check!(assignments_as_values: (0), (3), (13));
}
