//! Names: raw identifiers, those that the compiler itself could use, states and variables that look alike.

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Trace, check, num};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Raw {
    r#type: String,
    r#match: u32,
}

#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
async fn r#yield(#[inject] trace: &Trace, r#in: u32) -> Result<u32, Failure> {
    trace.add(format_args!("yield {in}"));
    Ok(r#in)
}

#[saga]
async fn r#loop(r#type: u32, raw: Raw) -> Result<String, Failure> {
    let r#fn = r#yield(r#type).await?;
    let r#struct = &raw.r#type;
    let r#use = num(raw.r#match).await?;
    num(1).await?;
    if r#use > 1 {
        let r#fn = r#yield(r#fn + 1).await?;
        num(r#fn).await?;
    }
    Ok(format!("{type} {fn} {struct} {use} {}", raw.r#match))
}

#[saga]
async fn compilers_own(machine: u32, at: u32, call: u32, reply: u32) -> Result<String, Failure> {
    let slot_at = num(at).await?;
    let held = num(machine).await? + num(call).await?;
    let value = if reply > 1 { num(reply).await? } else { 0 };
    let call_num = num(call).await?;
    let mut rest_of_item = 0;
    for item in 0..2 {
        rest_of_item += num(item).await?;
    }
    let states = num(1).await?;
    Ok(format!("{machine} {at} {call} {reply} {slot_at} {held} {value} {call_num} {rest_of_item} {states}"))
}

#[step]
async fn num_2(#[inject] trace: &Trace, n: u32) -> u32 {
    trace.add(format_args!("num_2 {n}"));
    n
}

#[saga]
async fn states_alike(n: u32) -> Result<u32, Failure> {
    let a = num(n).await?;
    let b = num(n + 1).await?;
    let c = num_2(n + 2).await;
    let d = num_2(n + 3).await;
    Ok(a + b + c + d)
}

#[step(name = "start")]
#[expect(non_snake_case, reason = "the case is that of the machine's own states")]
async fn Start(#[inject] trace: &Trace, n: u32) -> u32 {
    trace.add(format_args!("Start {n}"));
    n
}

#[saga]
async fn arms_alike(n: u32) -> u32 {
    let a = Start(n).await;
    let b = Start(a + 1).await;
    a + b
}

#[tokio::test]
async fn names() {
    check!(r#loop: (1, Raw { r#type: "t".to_owned(), r#match: 2 }), (1, Raw { r#type: "t".to_owned(), r#match: 1 }));
    check!(compilers_own: (1, 2, 3, 4), (1, 2, 3, 0));
    check!(states_alike: (1));
    check!(arms_alike: (1));
}
