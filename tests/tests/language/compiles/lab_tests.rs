#![deny(warnings)]

use sagaflow::prelude::*;
use sagaflow::testing::{Check, Lab, Run};

#[step]
async fn greet(name: String) -> Result<String, Failure> {
    Ok(format!("Hello, {name}"))
}

#[saga]
async fn welcome(name: String) -> Result<String, Failure> {
    greet(name).await
}

/// With documentation, and attributes of tests.
#[sagaflow::test]
#[should_panic(expected = "no")]
async fn with_attributes(_: Lab) {
    panic!("no");
}

#[sagaflow::test]
pub async fn with_a_result(mut lab: Lab) -> Result<(), Failure> {
    lab.step::<greet>().returns(Ok("Hi".to_owned())).once().runs();
    let _run = lab.run(welcome("Ada".to_owned())).await;
    Ok(())
}

#[test]
fn compiles() {
    let lab = Lab::new();
    let check: Check<welcome> = lab.check(welcome("Ada".to_owned()));
    check.every_crash().assert_all(|run: &Run<welcome>| assert!(run.completed()));
}
