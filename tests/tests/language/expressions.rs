//! Awaits in the middle of expressions.

use sagaflow::prelude::*;

use crate::support::{Address, Order, Refusal, check, even, find, flag, half, num, sum, text};

fn add(a: u32, b: u32, c: u32) -> u32 {
    a * 100 + b * 10 + c
}

#[saga]
async fn arguments(n: u32) -> Result<u32, Failure> {
    let x = add(num(n).await?, n + 1, num(n + 2).await?);
    let y = add(1, num(num(x).await? + num(2).await?).await?, add(n, n, num(3).await?));
    Ok(x.max(num(y).await?).min(num(9999).await?))
}

#[saga]
async fn binary(n: u32) -> Result<u32, Failure> {
    let mut x = num(n).await? + num(n + 1).await? * num(2).await? - 1;
    x += num(x).await? % 7;
    x = num(x).await? << 1;
    let y = n as u64 + u64::from(num(x).await?) * (n as u64 + 1);
    let z = -(num(1).await? as i64) + y as i64;
    let less = n < num(5).await? && !(num(n).await? == 3) || num(x).await? > 100;
    Ok(if less { z as u32 } else { x })
}

#[saga]
async fn short_circuit(a: bool, b: bool, c: bool) -> (bool, u32) {
    let x = flag("a".to_owned(), a).await && flag("b".to_owned(), b).await || flag("c".to_owned(), c).await;
    let y = a || flag("d".to_owned(), b).await;
    let z = b && (flag("e".to_owned(), c).await || a) && !flag("f".to_owned(), a).await;
    let n = if !x && flag("g".to_owned(), true).await { 1 } else { 2 };
    (x && y || z, n)
}

#[derive(PartialEq, Clone, Copy)]
struct Unit {
    n: u32,
}

#[saga]
async fn struct_in_condition(n: u32) -> Result<u32, Failure> {
    let unit = Unit { n };
    let x = unit == Unit { n: 3 } && flag("three".to_owned(), true).await;
    num(u32::from(x)).await
}

#[saga]
async fn literals(n: u32) -> Result<(Order, [u32; 3], Vec<u32>), Failure> {
    let id = n;
    let order = Order {
        id,
        name: text(format!("{n}")).await?,
        items: vec![n],
        address: Address { lines: vec![], city: text("city".to_owned()).await? },
    };
    let tuple = (num(1).await?, n, num(2).await?);
    let array = [num(3).await?, tuple.0, num(tuple.2).await?];
    let total = sum([array[0], num(4).await?].to_vec()).await;
    Ok((order, array, vec![total, tuple.1]))
}

#[saga]
async fn methods(n: u32) -> Result<String, Failure> {
    let mut out = Vec::new();
    out.push(num(n).await?);
    out.extend([num(2).await?, n]);
    out.insert(num(0).await? as usize, num(7).await?);
    let name = find(n).await?.name.to_uppercase().replace(&text("O".to_owned()).await?, "0");
    let len = text(name.clone()).await?.len() + find(2).await?.items.len();
    let found = even(n).await.map(|x| x + 1).or(even(n + 1).await).unwrap_or(num(5).await?);
    Ok(format!("{out:?} {name} {len} {found}"))
}

#[saga]
async fn indices(numbers: Vec<u32>) -> Result<Vec<u32>, Failure> {
    let mut numbers = numbers;
    let x = numbers[num(1).await? as usize];
    numbers[0] = num(x).await?;
    numbers[x as usize % 2] += 5;
    numbers[1] += num(3).await?;
    let y = numbers[0] + num(4).await?;
    numbers.push(y);
    let slice = numbers[num(1).await? as usize..num(2).await? as usize].to_vec();
    numbers.extend(slice);
    Ok(numbers)
}

#[saga]
async fn blocks(n: u32) -> Result<u32, Failure> {
    let x = {
        let a = num(n).await?;
        let b = { num(a).await? + 1 };
        a * b
    };
    let y = add(
        x,
        {
            let inner = num(x).await?;
            inner + 1
        },
        if n > 2 { num(n).await? } else { 0 },
    );
    let z = match num(y).await? {
        0 => 1,
        other => {
            other
                + match even(other).await {
                    Some(e) => e,
                    None => num(3).await?,
                }
        }
    } + 1;
    num(z).await
}

#[saga]
async fn scrutinees(n: u32) -> Result<u32, Failure> {
    match (num(n).await?, even(n).await) {
        (0, _) => Ok(0),
        (x, Some(y)) if x == y => num(x + y).await,
        (x, _) => match half(x + 1).await.map(|h| h * 2) {
            Ok(h) => Ok(h),
            Err(odd) => num(odd.0).await,
        },
    }
}

#[saga]
async fn calls_as_values(n: u32) -> Result<u32, Failure> {
    let call = num(n);
    let other = n + 1;
    let x = call.await?;
    let call = if n > 2 { num(other) } else { num(x + 7) };
    let y = call.await?;
    let z = if y > 5 { num(1) } else { num(2) }.await?;
    Ok(x + y + z)
}

#[saga]
async fn outcomes(n: u32) -> Result<String, Failure> {
    let second = half(n).outcome().await.is_ok();
    let third = even(n).outcome().await.ok().flatten();
    match (num(n).outcome().await, third) {
        (Ok(x), Some(y)) => text(format!("{x} {y} {second}")).await,
        (Err(StepError::Failed(error)), _) => Ok(error.to_string()),
        (_, _) => Ok(format!("{second}")),
    }
}

#[saga]
async fn only_an_await(n: u32) -> Result<u32, Failure> {
    num(n).await
}

#[saga]
async fn nothing_awaited(n: u32) -> Result<u32, Failure> {
    let mut x = 0;
    for i in 0..n {
        if i == 3 {
            continue;
        }
        x += i;
    }
    if x > 10 { Err(Failure::new("much")) } else { Ok(x) }
}

struct Halves {
    of: u32,
}

impl Halves {
    fn first(self) -> sagaflow::Call<half> {
        half(self.of)
    }
}

#[saga]
async fn awaits_what_a_struct_literal_makes(n: u32) -> Result<u32, Refusal> {
    let first = Halves { of: n }.first().await?;
    Ok(first + Halves { of: num(n).await? }.first().await?)
}

#[tokio::test]
async fn expressions() {
    check!(awaits_what_a_struct_literal_makes: (2), (4));
    check!(arguments: (1), (11), (13));
    check!(binary: (1), (3), (6), (13));
    check!(literals: (1));
    check!(methods: (2), (3), (13));
    check!(indices: (vec![5, 6]));
    check!(blocks: (1), (3), (13));
    check!(scrutinees: (0), (1), (2), (13));
    check!(calls_as_values: (1), (3), (13));
    check!(outcomes: (1), (2), (13));
    check!(only_an_await: (1), (13));
    check!(nothing_awaited: (0), (4), (9));
}

#[tokio::test]
async fn operators_that_stop_early() {
    for bits in 0..8 {
        let (a, b, c) = (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0);
        check!(short_circuit: (a, b, c));
    }
    check!(struct_in_condition: (3), (4));
}

#[saga]
async fn repeated(n: u32) -> Result<u32, Failure> {
    let numbers = [num(n).await? + 1; 3];
    let nested = [[num(numbers[1]).await?; 2]; 2];
    Ok(numbers.iter().chain(nested.as_flattened()).sum())
}

#[tokio::test]
async fn arrays_of_one_value() {
    check!(repeated: (1), (13), (12));
}
