//! What a saga takes and returns.

use sagaflow::prelude::*;

use crate::support::{Refusal, check, half, note, num};

mod aliased {
    pub(super) type Result<T> = std::result::Result<T, sagaflow::Failure>;
}

#[saga]
async fn no_arguments() -> Result<u32, Failure> {
    num(1).await
}

#[saga]
async fn many_arguments(a: u8, mut b: u32, c: String, d: Option<Vec<u32>>, e: (), f: bool) -> Result<String, Failure> {
    b += num(u32::from(a)).await?;
    let n = if f { num(b).await? } else { 0 };
    let d = d.unwrap_or_default();
    num(d.len() as u32).await?;
    Ok(format!("{a} {b} {c} {d:?} {e:?} {f} {n}"))
}

#[saga]
async fn unit_result(n: u32) -> Result<(), Refusal> {
    if n > 5 {
        note("big".to_owned()).await;
        return Ok(());
    }
    half(n).await?;
    Ok(())
}

#[saga]
async fn no_result(n: u32) {
    note(format!("{n}")).await;
    if n > 3 {
        return;
    }
    for i in 0..n {
        note(format!("{i}")).await;
    }
}

#[saga]
async fn no_result_from_if(n: u32) {
    if n > 3 {
        note(format!("{n}")).await;
    }
}

#[saga]
async fn no_result_from_match(n: u32) {
    match n {
        0 => {}
        1 => note("one".to_owned()).await,
        _ => {
            note("many".to_owned()).await;
        }
    }
}

#[saga]
async fn plain_result(n: u32) -> Vec<u32> {
    note(format!("{n}")).await;
    vec![n, n]
}

#[saga]
async fn alias(n: u32) -> aliased::Result<u32> {
    let x = num(n).await?;
    Ok(num(x + 1).await? + x)
}

#[saga]
async fn nothing_at_all() {}

#[tokio::test]
async fn signatures() {
    check!(no_arguments: ());
    check!(many_arguments: (1, 2, "c".to_owned(), Some(vec![1]), (), true), (13, 2, String::new(), None, (), false));
    check!(plain_result: (1));
    check!(alias: (1), (12), (13));
}

#[tokio::test]
async fn that_return_nothing() {
    check!(unit_result: (9), (1), (2));
    check!(no_result: (0), (2), (5));
    check!(no_result_from_if: (0), (5));
    check!(no_result_from_match: (0), (1), (2));
    check!(nothing_at_all: ());
}
