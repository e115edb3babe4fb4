//! Tests of the forms of types: what is found out, how it is written, and what can be read as what.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::parse::{Text, parse};
use super::{Mode, Shape, check_file, describe, trace};
use crate::definition::SagaDefinition;
use crate::{Failure, StepError, saga, step};

#[derive(Serialize, Deserialize)]
struct Item {
    article: String,
    #[serde(alias = "price")]
    cents: u64,
    #[serde(default)]
    note: Vec<String>,
    seen: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Closed {
    first_name: char,
    pair: (u8, f32),
}

#[derive(Serialize, Deserialize)]
enum Kind {
    Cash,
    Card(String),
    Split(u32, Option<bool>),
    Invoice { days: u32, to: Box<Kind2> },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind2 {
    One,
    AnotherOne(Unit),
}

#[derive(Serialize, Deserialize)]
struct Unit;

#[derive(Serialize, Deserialize)]
struct Tree {
    value: i64,
    children: Vec<Tree>,
    next: Option<Box<Tree>>,
}

#[derive(Serialize, Deserialize)]
enum Expression {
    Sum(Box<Expression>, Box<Expression>),
    Number(u8),
}

#[derive(Serialize, Deserialize)]
struct Cents(u64);

#[derive(Serialize, Deserialize)]
struct Wrapper<T> {
    inner: T,
}

#[derive(Serialize, Deserialize)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
enum Tagged {
    A { x: u8 },
}

/// A text that nobody would guess.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[derive(Clone)]
struct Odd;

impl TryFrom<String> for Odd {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "xyzzy" { Ok(Self) } else { Err(text) }
    }
}

impl From<Odd> for String {
    fn from(_: Odd) -> Self {
        "xyzzy".to_owned()
    }
}

#[derive(Serialize, Deserialize)]
struct WithOdd {
    a: u8,
    odd: Odd,
    odd_too: Odd,
    z: Item,
}

#[test]
fn types_tell_their_forms() {
    let text = |shape: Shape| shape.to_string();
    let item =
        "Item { article: string, cents | price: u64, note?: [string], seen?: string like \"1970-01-01T00:00:00Z\"? }";
    let cases = [
        (text(trace::<u64>()), "u64"),
        (text(trace::<()>()), "()"),
        (text(trace::<Cents>()), "u64"),
        (text(trace::<Vec<(String, bool)>>()), "[(string, bool)]"),
        (text(trace::<[u8; 3]>()), "(u8, u8, u8)"),
        (text(trace::<HashMap<u32, HashSet<char>>>()), "map(u32, [char])"),
        (text(trace::<Option<Option<f64>>>()), "f64??"),
        (text(trace::<Timestamp>()), "string like \"1970-01-01T00:00:00Z\""),
        (text(trace::<IpAddr>()), "string like \"127.0.0.1\""),
        (text(trace::<Duration>()), "closed Duration { nanos: u32, secs: u64 }"),
        (text(trace::<std::path::PathBuf>()), "string"),
        (text(trace::<Item>()), item),
        (text(trace::<Closed>()), "closed Closed { firstName: char, pair: (u8, f32) }"),
        (
            text(trace::<Kind>()),
            "enum Kind { Card(string), Cash, Invoice { days: u32, to: enum Kind2 { another_one, one } }, Split((u32, bool?)) }",
        ),
        (text(trace::<Tree>()), "Tree { children: [same as Tree], next?: same as Tree?, value: i64 }"),
        (text(trace::<Expression>()), "enum Expression { Number(u8), Sum((same as Expression, same as Expression)) }"),
        (text(trace::<Wrapper<Wrapper<u8>>>()), "Wrapper { inner: Wrapper { inner: u8 } }"),
        (text(trace::<Result<u8, Cents>>()), "enum Result { Err(u64), Ok(u8) }"),
        (text(trace::<Odd>()), "string like ?"),
        (text(trace::<Wrapper<serde_json::Value>>()), "Wrapper { inner: any }"),
        (text(trace::<serde_json::Value>()), "type \"serde_json::value::Value\""),
        (text(trace::<Tagged>()), "type \"sagaflow::testing::lock::tests::Tagged\""),
    ];
    let wrong: Vec<_> = cases.iter().filter(|(found, expected)| found != expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (found, _) in &cases {
        let shape = parse(found).unwrap();
        assert_eq!(shape.to_string(), *found, "it can be read");
        assert_eq!(parse(&Text::in_lines(&shape, 90, 4)).unwrap(), shape, "in lines, too");
    }
    let with_odd = text(trace::<WithOdd>());
    assert!(
        with_odd
            .starts_with("WithOdd { a: u8, odd: string like ?, odd_too: string like ?, z: Item { article: string, "),
        "{with_odd}"
    );
    assert!(text(trace::<StepError<Failure>>()).starts_with("enum StepError { failed(Failure {"));
    assert_eq!(text(trace::<Flat>()), text(trace::<Flat>()), "whatever it is");
}

#[test]
fn what_can_be_read_as_what() {
    let reads = |here: &str, there: &str| parse(here).unwrap().reads(&parse(there).unwrap(), "x");
    let fine = [
        ("u64", "u32"),
        ("i64", "u32"),
        ("f64", "f32"),
        ("f64", "i32"),
        ("string", "char"),
        ("string", "string like \"1s\""),
        ("u64?", "u32"),
        ("u64?", "u64?"),
        ("[u64]", "[u8]"),
        ("[u64]", "(u8, u8)"),
        ("map(string, u64)", "map(string, u8)"),
        ("map(string, u64)", "A { a: u8 }"),
        ("A { a: u8 }", "B { a: u8, b: u8 }"),
        ("A { a: u8, b?: u8 }", "A { a: u8 }"),
        ("A { b | a: u8 }", "A { a: u8 }"),
        ("enum A { X, Y(u8) }", "enum B { X }"),
        ("type \"a::B\"", "type \"a::B\""),
    ];
    for (here, there) in fine {
        assert_eq!(reads(here, there), Ok(()), "{here} from {there}");
    }
    let not = [
        ("u32", "u64", "`x` was `u64`, and is `u32` now"),
        ("u64", "i64", "`x` was `i64`, and is `u64` now"),
        ("u64", "u64?", "`x` was `u64?`, and is `u64` now"),
        ("string like \"1s\"", "string", "`x` was `string`, and is `string like \"1s\"` now"),
        ("(u8, u8)", "[u8]", "`x` was `[u8]`, and is `(u8, u8)` now"),
        ("[A { a: u8 }]", "[A { a: string }]", "`x[].a` was `string`, and is `u8` now"),
        ("A { a: u8, b: u8 }", "A { a: u8 }", "`x.b` is in no record: it has been added, and has no default"),
        ("A { a: u8 }", "A { a?: u8 }", "`x.a` could be left out, and can't be now"),
        ("closed A { a: u8 }", "A { a: u8, b: u8 }", "`x.b` is in records, and unknown fields are refused"),
        ("enum A { X }", "enum A { X, Y }", "`x` can be `Y` in a record, and can't here"),
        ("enum A { X(u8) }", "enum A { X }", "`x.X` was `()`, and is `u8` now"),
        ("type \"a::B\"", "type \"a::C\"", "`x` was `type \"a::C\"`, and is `type \"a::B\"` now"),
        ("any", "u8?", "`x` was `u8?`, and is `any` now"),
    ];
    for (here, there, why) in not {
        assert_eq!(reads(here, there), Err(why.to_owned()), "{here} from {there}");
    }
}

#[test]
fn what_is_no_form_is_an_error() {
    for text in ["", "A {", "[u8", "(u8 u8)", "A { a }", "u8 u8", "map(u8)", "enum { A }", "same as"] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[step]
async fn pay(cents: u32) -> Result<u32, Failure> {
    Ok(cents)
}

#[saga]
async fn shop(prices: Vec<u32>, #[saga(default)] voucher: u32) -> Result<u32, Failure> {
    let mut total = 0;
    for price in prices {
        total += pay(price).await?;
    }
    Ok(total - voucher)
}

/// Harmless: a step more at the end.
#[saga(name = "shop")]
async fn shop_with_tip(prices: Vec<u32>, #[saga(default)] voucher: u32) -> Result<u32, Failure> {
    let mut total = 0;
    for price in prices {
        total += pay(price).await?;
    }
    #[saga(state = "tip")]
    let tip = pay(1).await?;
    Ok(total + tip - voucher)
}

#[saga(name = "shop", version = 3)]
async fn shop_that_counts(prices: Vec<u32>) -> Result<u32, Failure> {
    let mut count = 0;
    for price in prices {
        count += 1;
        pay(price).await?;
    }
    Ok(count)
}

/// The same without a new version.
#[saga(name = "shop")]
async fn shop_that_strands(prices: Vec<u32>) -> Result<u32, Failure> {
    let mut count = 0;
    for price in prices {
        count += 1;
        pay(price).await?;
    }
    Ok(count)
}

/// A file that is gone with the test.
struct File(std::path::PathBuf);

impl File {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("sagaflow-{}-{name}.lock", std::process::id())))
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn the_file_is_made_once_and_blessed_when_asked_for() {
    let file = File::new("made");
    let (before, after) = ([SagaDefinition::of::<shop>()], [SagaDefinition::of::<shop_with_tip>()]);
    let usual = Mode::default();
    for nobody in [Mode { unattended: true, ..usual }, Mode { locked: true, ..usual }] {
        let error = check_file(&file.0, &before, nobody).unwrap_err();
        assert!(error.contains("run this test where you develop"), "{error}");
    }
    check_file(&file.0, &before, usual).unwrap();
    assert_eq!(file.text(), describe(&before));
    check_file(&file.0, &before, Mode { locked: true, ..usual }).unwrap();

    // What is harmless passes, and is written when it is deployed.
    check_file(&file.0, &after, usual).unwrap();
    assert_eq!(file.text(), describe(&before));
    let error = check_file(&file.0, &after, Mode { locked: true, ..usual }).unwrap_err();
    assert!(error.contains("is not what the code says, though instances survive the difference"), "{error}");
    check_file(&file.0, &after, Mode { bless: true, ..usual }).unwrap();
    assert_eq!(file.text(), describe(&after));
    let gone = check_file(&file.0, &before, usual).unwrap_err();
    assert!(gone.contains("unknown state `tip` of saga `shop`"), "{gone}");

    std::fs::write(&file.0, "<<<<<<< HEAD").unwrap();
    let error = check_file(&file.0, &before, usual).unwrap_err();
    assert!(error.contains("can't be read: line 1: ") && error.contains("If it was merged by hand"), "{error}");
}

#[test]
fn the_message_names_what_would_happen_and_the_ways_out() {
    let file = File::new("message");
    check_file(&file.0, &[SagaDefinition::of::<shop>()], Mode::default()).unwrap();
    let error = check_file(&file.0, &[SagaDefinition::of::<shop_that_strands>()], Mode::default()).unwrap_err();
    let without_place = error.replace(&file.0.display().to_string(), "sagas.lock");
    assert_eq!(
        without_place,
        "sagas.lock: instances that run now would not survive this code.

1. state `pay` of saga `shop` needs the variable `count`, which the record doesn't have
   - if `total` was renamed: `#[saga(alias = \"total\")] let count = …`
   - if `voucher` was renamed: `#[saga(alias = \"voucher\")] let count = …`
   - give it a value where records have none: `#[saga(default)] let count = …`, or `#[saga(default = …)]`

2. state `pay` of saga `shop` doesn't know the variable `voucher`, which has a default in the code that made the record, and would be lost
   - take the `default` of `voucher` away first, and the variable when no instance is older than that

Workers of this code hand such instances back to those of older code, and pause them when there are none any more.
Ways out:
   - what is said above;
   - a new version beside the old one, on whose code they end, or that they are migrated to:
     `#[saga(version = 2, before = …)]`, `#[saga(version = 2, migrate = …)]`;
   - if no instance runs: SAGAFLOW_BLESS=1, and this code is what the file says.
All of them are shown in docs/evolution.md.
"
    );
    let error = check_file(&file.0, &[SagaDefinition::of::<shop_that_counts>()], Mode::default()).unwrap_err();
    assert!(error.contains("`#[saga(version = 3, before = shop_v1)]`"), "{error}");
}
