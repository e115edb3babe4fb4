//! Partial moves out of arguments and variables, mutation of fields.

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Address, Order, an_order, check, find, note, num, sum, text};

#[saga]
async fn of_an_argument(order: Order) -> Result<String, Failure> {
    let name = text(order.name).await?;
    let mut total = 0;
    for item in order.items {
        total += num(item).await?;
    }
    let city = text(order.address.city).await?;
    let lines = order.address.lines;
    num(total).await?;
    Ok(format!("{name} {city} {lines:?} {}", order.id))
}

#[saga]
async fn whole_later(mut order: Order) -> Result<Order, Failure> {
    let name = text(order.name.clone()).await?;
    order.name = format!("{name}!");
    num(order.id).await?;
    order.items.push(num(5).await?);
    order.address.lines[0] = text("line".to_owned()).await?;
    order.id += num(1).await?;
    num(order.items.len() as u32).await?;
    Ok(order)
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Pair(String, (u32, Vec<u32>));

#[saga]
async fn tuples(pair: Pair, other: (String, u32)) -> Result<String, Failure> {
    let first = text(pair.0).await?;
    let total = sum(pair.1.1).await;
    let second = text(other.0).await?;
    num(total + pair.1.0).await?;
    Ok(format!("{first} {second} {} {}", other.1, pair.1.0))
}

#[saga]
async fn of_a_reply(id: u32) -> Result<String, Failure> {
    let order = find(id).await?;
    let Address { city, lines } = order.address;
    let name = text(order.name).await?;
    if id > 2 {
        note(city).await;
    } else {
        for line in lines {
            note(line).await;
        }
    }
    sum(order.items).await;
    Ok(name)
}

#[saga]
async fn in_some_branches(order: Order, n: u32) -> Result<String, Failure> {
    let mut log = vec![];
    if n == 0 {
        log.push(text(order.name).await?);
    } else if n == 1 {
        num(1).await?;
        log.push(order.name);
    } else {
        let order = find(n).await?;
        log.push(text(order.name).await?);
        log.push(order.address.city);
    }
    let items = sum(order.items).await;
    Ok(format!("{log:?} {items} {:?}", order.address))
}

#[saga]
async fn fields_with_like_names(a: (u32, u32), a_0: u32) -> Result<String, Failure> {
    let order = an_order(1);
    let order_id = 5;
    num(a.0).await?;
    num(a_0 + order_id).await?;
    let total = a.0 + a_0 + order.id + order_id;
    num(total).await?;
    Ok(format!("{} {} {a_0} {} {order_id}", a.0, a.1, order.id))
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Deep {
    b_c: u32,
    d: u32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Flat {
    c: u32,
    d: u32,
}

#[saga]
async fn fields_that_join_alike(a: Deep, a_b: Flat) -> Result<String, Failure> {
    num(1).await?;
    let first = a.b_c;
    let second = a_b.c;
    num(first + second).await?;
    Ok(format!("{} {} {}", a.b_c, a_b.c, a.d + a_b.d))
}

#[saga]
async fn updated_struct(id: u32) -> Result<Order, Failure> {
    let base = find(id).await?;
    let next = Order { id: num(7).await?, name: text("new".to_owned()).await?, ..base.clone() };
    num(next.id).await?;
    Ok(Order { address: next.address, ..base })
}

#[saga]
async fn whole_in_one_branch(order: Order) -> Result<String, Failure> {
    num(order.id).await?;
    let text = if order.id > 2 {
        num(1).await?;
        format!("{order:?}")
    } else {
        text(order.name).await?
    };
    Ok(text)
}

#[saga]
async fn kept_in_loops(orders: Vec<Order>) -> Result<String, Failure> {
    let mut longest = an_order(0);
    for order in orders {
        let items = sum(order.items.clone()).await;
        if items > num(longest.items.len() as u32).await? {
            longest = order;
        } else if items == 0 {
            longest.name.push('!');
        }
    }
    text(longest.name).await
}

#[tokio::test]
async fn moves() {
    check!(of_an_argument: (an_order(3)), (an_order(0)));
    check!(whole_later: (an_order(3)));
    check!(tuples: (Pair("p".to_owned(), (1, vec![2, 3])), ("o".to_owned(), 9)));
    check!(of_a_reply: (1), (4), (13));
    check!(in_some_branches: (an_order(3), 0), (an_order(3), 1), (an_order(3), 2), (an_order(3), 13));
    check!(updated_struct: (3), (13));
    check!(whole_in_one_branch: (an_order(1)), (an_order(4)), (an_order(13)));
    check!(kept_in_loops: (vec![]), (vec![an_order(0), an_order(4), an_order(1), an_order(10)]));
}

#[tokio::test]
async fn like_names() {
    check!(fields_with_like_names: ((1, 2), 3));
    check!(fields_that_join_alike: (Deep { b_c: 1, d: 2 }, Flat { c: 10, d: 20 }));
}

/// A field is moved out of a variable that has been assigned anew before.
#[saga]
async fn moved_from_after_an_assignment(mut order: Order) -> Result<u32, Failure> {
    if order.items.is_empty() {
        order = find(order.id + 2).await?;
    }
    let mut last = Order { id: num(1).await?, ..order.clone() };
    note(order.name).await;
    for item in &order.items {
        note(format!("{item} of {}", order.id)).await;
        note(last.name).await;
        last = find(*item).await?;
    }
    last.items.push(num(order.address.city.len() as u32).await?);
    Ok(last.items.len() as u32 + last.id)
}

#[tokio::test]
async fn a_field_is_moved_after_an_assignment() {
    check!(moved_from_after_an_assignment: (an_order(0)), (an_order(3)), (an_order(4)), (an_order(11)));
}

/// What is moved on a way that turns back is there on the other.
#[saga]
async fn on_a_way_that_turns_back(names: Vec<String>) -> Result<u32, Failure> {
    let mut turns = 0;
    for name in names {
        turns += 1;
        if name.is_empty() {
            note(name).await;
            continue;
        }
        if name.len() > 3 {
            text(name).await?;
            break;
        }
        note(name).await;
    }
    Ok(turns)
}

#[saga]
async fn on_a_way_that_returns(name: String, turns: u32) -> Result<u32, Failure> {
    for turn in 0..turns {
        if turn == 2 {
            text(name).await?;
            return Ok(turn);
        }
        note(name.clone()).await;
    }
    Ok(turns)
}

#[saga]
async fn on_a_way_out_of_a_loop_without_end(name: String, turns: u32) -> Result<u32, Failure> {
    let mut turn = 0;
    loop {
        match num(turn % 3).await? {
            0 => turn += 1,
            1 => {
                let said = name.clone();
                if turn > turns {
                    note(said).await;
                    turn += 1;
                    continue;
                }
                note(said).await;
                turn += 1;
            }
            _ => {
                if turn > turns {
                    text(name).await?;
                    return Ok(turn);
                }
                turn += 2;
            }
        }
    }
}

#[tokio::test]
async fn moves_on_ways_that_leave_a_loop() {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    check!(on_a_way_that_turns_back: (names(&["", "a", "", "b"])), (names(&["a", "long", "b"])), (names(&[])));
    check!(on_a_way_out_of_a_loop_without_end: ("Ada".to_owned(), 0), ("Ada".to_owned(), 7));
    check!(on_a_way_that_returns: ("Ada".to_owned(), 1), ("Ada".to_owned(), 5));
}

#[request(reply = Result<u32, String>)]
#[derive(Debug, Serialize, Deserialize)]
struct Ask {
    what: String,
}

#[request(reply = Result<u32, String>)]
#[derive(Debug, Serialize, Deserialize)]
struct Pay;

#[saga]
async fn replies(customer: String) -> Result<u32, Failure> {
    let mut total = 0;
    loop {
        match race!(request::<Ask>(), request::<Pay>(), sleep("1h")).await {
            Winner::First((Ask { what }, reply)) => {
                if what.is_empty() {
                    reply.send(Err(what)).await;
                    continue;
                }
                total += num(1).await?;
                reply.send(Ok(total)).await;
            }
            Winner::Second((Pay, reply)) => {
                if total == 0 {
                    reply.send(Err("nothing".to_owned())).await;
                    continue;
                }
                text(customer).await?;
                reply.send(Ok(total)).await;
                return Ok(total);
            }
            Winner::Third(()) => return Ok(0),
        }
    }
}
