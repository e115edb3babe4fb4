//! Steps that leave a trace, and the comparison of the two ways to run a saga.

use std::fmt::{self, Debug, Display};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::{Dependencies, ErrorOf, Message, Saga, Shape, ValueOf};
use serde::{Deserialize, Serialize};

/// What the steps did, in order.
#[derive(Default)]
pub(crate) struct Trace(Mutex<Vec<String>>);

impl Trace {
    pub(crate) fn add(&self, entry: impl Display) {
        self.0.lock().unwrap().push(entry.to_string());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Runs a saga both ways and compares. Returns what it came to, and the trace of the durable run.
pub(crate) async fn run<S: Saga>(make: impl Fn() -> Call<S>) -> (String, Vec<String>)
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    let trace = Arc::new(Trace::default());
    let dependencies = Dependencies::new().with_shared(trace.clone());
    let output = dependencies.scope(make().inline()).await;
    let inline = <S as Message>::Shape::split(output);
    let inline = (format!("{inline:?}"), trace.take());
    let durable = (durably(make(), trace.clone()).await, trace.take());
    let is_forward = |entry: &&String| !entry.starts_with("undo ");
    assert_eq!(durable.0, inline.0, "`{}`: the results differ; trace of the durable run: {:?}", S::NAME, durable.1);
    let forward: Vec<_> = durable.1.iter().filter(is_forward).cloned().collect();
    assert_eq!(forward, inline.1, "`{}`: the traces differ", S::NAME);
    durable
}

async fn durably<S: Saga>(call: Call<S>, trace: Arc<Trace>) -> String
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let worker =
        Worker::builder(transport.clone()).serve::<S>().provide_shared(trace).build().expect("it is valid").spawn();
    let handle = Client::new(transport).start(call).id("case").await.expect("it can be started");
    let outcome = tokio::time::timeout(Duration::from_secs(20), handle.outcome()).await;
    let Ok(outcome) = outcome else { panic!("`{}` hangs: {:?}", S::NAME, handle.status().await) };
    worker.shutdown().await.unwrap();
    match outcome.expect("the outcome can be read") {
        Err(SagaError::Failed { error, .. }) => format!("Err({error:?})"),
        other => format!("{other:?}"),
    }
}

/// `check!(saga: (arguments), (arguments), …)`: each set of arguments both ways.
macro_rules! check {
    ($saga:ident: $(($($argument:expr),*)),+ $(,)?) => {
        $($crate::support::run(|| $saga($($argument),*)).await;)+
    };
}
pub(crate) use check;

/// An order, as the steps know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) items: Vec<u32>,
    pub(crate) address: Address,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) city: String,
    pub(crate) lines: Vec<String>,
}

pub(crate) fn an_order(id: u32) -> Order {
    let lines = vec![format!("{id} Main Street"), "Flat 2".to_owned()];
    let address = Address { city: format!("city {id}"), lines };
    Order { id, name: format!("order {id}"), items: (0..id % 5).collect(), address }
}

/// An error that others convert into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Refusal {
    Number(u32),
    Text(String),
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl From<Odd> for Refusal {
    fn from(odd: Odd) -> Self {
        Self::Number(odd.0)
    }
}

impl From<std::num::ParseIntError> for Refusal {
    fn from(error: std::num::ParseIntError) -> Self {
        Self::Text(error.to_string())
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Text(failure.to_string())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Odd(pub(crate) u32);

impl Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is odd", self.0)
    }
}

/// Yields its number; 13 fails.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
pub(crate) async fn num(#[inject] trace: &Trace, n: u32) -> Result<u32, Failure> {
    trace.add(format_args!("num {n}"));
    if n == 13 { Err(Failure::new("unlucky")) } else { Ok(n) }
}

/// Yields half of an even number.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
pub(crate) async fn half(#[inject] trace: &Trace, n: u32) -> Result<u32, Odd> {
    trace.add(format_args!("half {n}"));
    if n.is_multiple_of(2) { Ok(n / 2) } else { Err(Odd(n)) }
}

/// Yields its text.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
pub(crate) async fn text(#[inject] trace: &Trace, text: String) -> Result<String, Failure> {
    trace.add(format_args!("text {text}"));
    if text == "bad" { Err(Failure::new("bad text")) } else { Ok(text) }
}

/// Yields its flag, as a plain value.
#[step]
pub(crate) async fn flag(#[inject] trace: &Trace, name: String, yes: bool) -> bool {
    trace.add(format_args!("flag {name} {yes}"));
    yes
}

/// Yields nothing.
#[step]
pub(crate) async fn note(#[inject] trace: &Trace, text: String) {
    trace.add(format_args!("note {text}"));
}

/// Yields an even number, and nothing for an odd one.
#[step]
pub(crate) async fn even(#[inject] trace: &Trace, n: u32) -> Option<u32> {
    trace.add(format_args!("even {n}"));
    n.is_multiple_of(2).then_some(n)
}

/// Yields an order.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
pub(crate) async fn find(#[inject] trace: &Trace, id: u32) -> Result<Order, Failure> {
    trace.add(format_args!("find {id}"));
    if id == 13 { Err(Failure::new("no such order")) } else { Ok(an_order(id)) }
}

/// Yields the sum.
#[step]
pub(crate) async fn sum(#[inject] trace: &Trace, numbers: Vec<u32>) -> u32 {
    trace.add(format_args!("sum {numbers:?}"));
    numbers.iter().sum()
}
