//! What a compiler of this kind gets wrong first.

use std::collections::BTreeMap;

use sagaflow::prelude::*;

use crate::support::{Order, an_order, check, even, find, note, num, text};

#[saga]
async fn jump_while_borrowed(orders: Vec<Order>) -> Result<u32, Failure> {
    let mut total = 0;
    let mut seen = BTreeMap::new();
    'orders: for order in orders {
        for (index, item) in order.items.iter().enumerate() {
            match seen.get(item) {
                Some(3) => continue 'orders,
                Some(5) => break 'orders,
                Some(_) | None if index > 3 => continue,
                _ => {}
            }
        }
        if let Some(first) = order.items.first()
            && *first == 2
        {
            continue;
        }
        let id = num(order.id).await?;
        for item in order.items {
            total += item;
            seen.insert(item, id);
        }
    }
    Ok(total + seen.len() as u32)
}

#[saga]
async fn typed_by_a_later_arm(n: u32) -> Result<u32, Failure> {
    let mut small = 250;
    let mut other = small;
    if let Some(mut byte) = Some(200) {
        num(n + u32::from(byte % 2)).await?;
        byte = 100;
        small = byte;
        num(n + 1).await?;
        byte = 250;
        other = byte / 2 + 100;
    }
    let bytes: [u8; 2] = [small, other];
    num(u32::from(bytes[0])).await?;
    small = 255;
    Ok(u32::from(small.wrapping_add(bytes[1])))
}

#[saga]
async fn pattern_variable_assigned_again(n: Option<u8>) -> Result<u32, Failure> {
    let mut out = 0;
    while let Some(mut x) = n {
        num(u32::from(x)).await?;
        x = 255;
        out += u32::from(x.wrapping_mul(2));
        if num(out).await? > 600 {
            break;
        }
    }
    let Some(mut y) = n else { return Ok(out) };
    num(u32::from(y)).await?;
    y = 200;
    Ok(out + u32::from(y.wrapping_mul(2)))
}

#[saga]
async fn last_statement_diverges(n: u32) -> Result<u32, Failure> {
    let x: u32 = match num(n).await? {
        0 => {
            return Ok(0);
        }
        1 => {
            note("one".to_owned()).await;
            return num(1).await;
        }
        2 => {
            let y = num(3).await?;
            stop(y > 100);
            y
        }
        n if n > 100 => {
            let y = num(3).await?;
            never(y);
        }
        other => other,
    };
    loop {
        if num(x).await? > 0 {
            break;
        }
    }
    return Ok(x);
}

fn stop(yes: bool) {
    assert!(!yes);
}

fn never(n: u32) -> ! {
    panic!("{n}")
}

#[saga]
async fn fields_and_whole(n: u32) -> Result<String, Failure> {
    let mut order = an_order(n);
    let id = num(order.id).await?;
    if id > 2 {
        note(order.name.clone()).await;
        order.items.push(id);
    } else if id > 1 {
        order = find(id + 1).await?;
    }
    let copy = order.clone();
    num(copy.items.len() as u32).await?;
    let Order { items, .. } = order;
    let shown = if items.is_empty() { format!("{copy:?}") } else { copy.name };
    text(shown).await
}

#[saga]
async fn same_name_everywhere(x: Option<u32>) -> Result<u32, Failure> {
    let mut sum = 0;
    for x in [x, None, Some(4)] {
        let Some(x) = x else { continue };
        let x = match even(x).await {
            Some(x) => loop {
                let x = num(x + 1).await?;
                if x > 2 {
                    break x;
                }
                break {
                    let x = num(x + 100).await?;
                    x + 1
                };
            },
            None => {
                let x = x + 7;
                num(x).await?;
                x
            }
        };
        sum += x;
    }
    let x = num(x.unwrap_or(50)).await?;
    num(x + sum).await
}

#[saga]
async fn closure_captures(n: u32) -> Result<u32, Failure> {
    let factor = num(n).await?;
    let scaled: Vec<_> = {
        let scale = |x: u32| x * factor;
        (0..3).map(scale).collect()
    };
    let mut total = 0;
    scaled.iter().for_each(|x| total += x);
    let total = num(total).await?;
    let shifted = scaled.iter().map(move |x| x + total).sum();
    num(shifted).await
}

#[saga]
async fn re_entered(n: u32) -> Result<Vec<String>, Failure> {
    let mut log = vec![];
    let mut carried = None;
    let mut i = 0;
    while i < n {
        i += 1;
        let taken = carried.take();
        if let Some(order) = taken {
            let order: Order = order;
            log.push(text(order.name).await?);
            continue;
        }
        let order = find(i).await?;
        if order.items.len() > 2 {
            log.push(format!("{i}"));
        } else {
            carried = Some(order);
        }
    }
    Ok(log)
}

#[tokio::test]
async fn corners() {
    let orders: Vec<_> = (0..9).map(an_order).collect();
    check!(jump_while_borrowed: (vec![]), (orders.clone()), (orders[3..].to_vec()), (vec![an_order(3), an_order(4), an_order(13)]));
    check!(typed_by_a_later_arm: (1), (12), (13));
    check!(pattern_variable_assigned_again: (None), (Some(3)));
    check!(last_statement_diverges: (0), (1), (2), (3), (13));
    check!(fields_and_whole: (0), (2), (3), (5), (13));
    check!(same_name_everywhere: (None), (Some(1)), (Some(2)), (Some(6)));
    check!(closure_captures: (0), (2), (13));
    check!(re_entered: (0), (3), (8), (13));
}

#[tokio::test]
#[should_panic(expected = "have no end")]
async fn a_loop_without_end() {
    #[saga]
    async fn forever(n: u32) -> Result<u32, Failure> {
        for x in [n].into_iter().cycle() {
            if num(x).await? > 0 {
                break;
            }
        }
        Ok(1)
    }
    check!(forever: (1));
}
