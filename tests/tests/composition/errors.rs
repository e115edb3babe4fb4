//! Errors that know where they come from.

use sagaflow::prelude::*;
use sagaflow::{FailedCall, FaultKind, StepError};

use crate::support::{Trace, measure, outcome, pay, reserve};

/// Asks again before it gives up.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 3)]
async fn ask(#[inject] trace: &Trace, #[inject] cx: &StepContext, hotel: String) -> Result<u32, Failure> {
    trace.add(cx, format!("ask {hotel}"));
    if hotel == "closed" { Err(Failure::new("nobody answers")) } else { Ok(7) }
}

/// Has something to undo before its error goes up.
#[saga]
async fn trip(hotel: String) -> Result<u32, Failure> {
    reserve("train".to_owned()).await?;
    ask(hotel).await.map_err(|error| Failure::new(format!("no hotel: {error}")))
}

#[saga]
async fn holiday(hotel: String) -> Result<u32, Failure> {
    trip(hotel).await
}

fn links(call: &FailedCall) -> Vec<String> {
    call.chain().map(|call| format!("{} at {}: {}", call.of, call.origin, call.error)).collect()
}

#[tokio::test]
async fn an_outcome_tells_the_calls_that_led_to_it() {
    let error = outcome(holiday("closed".to_owned())).await.unwrap_err();
    let text = "no hotel: nobody answers (from `ask` at `trip/ask` of holiday/case, attempt 3)";
    assert_eq!(error.to_string(), text);
    let SagaError::Failed { call, .. } = &error else { panic!("{error:?}") };
    let expected = [
        "holiday at holiday/case: no hotel: nobody answers",
        "trip at `trip` of holiday/case: no hotel: nobody answers",
        "ask at `trip/ask` of holiday/case, attempt 3: nobody answers",
    ];
    assert_eq!(links(call), expected);
    let lines = [
        "no hotel: nobody answers",
        "  in holiday/case",
        "  from `trip` at `trip` of holiday/case: no hotel: nobody answers",
        "  from `ask` at `trip/ask` of holiday/case, attempt 3: nobody answers",
    ];
    assert_eq!(format!("{error:#}"), lines.join("\n"));
}

/// What it has handled has not led to its own error.
#[saga]
async fn stubborn(hotel: String, number: u32) -> Result<u32, Failure> {
    let stars = ask(hotel).await.unwrap_or(0);
    measure(1).await;
    if number == 0 { Err(Failure::new("none")) } else { Ok(stars) }
}

#[saga]
async fn around(number: u32) -> Result<u32, Failure> {
    match stubborn("closed".to_owned(), 1).await {
        Ok(_) if number == 0 => Err(Failure::new("for no reason")),
        Ok(stars) => Ok(stars),
        Err(error) => Err(error),
    }
}

#[tokio::test]
async fn what_was_handled_is_not_to_blame() {
    let error = outcome(stubborn("closed".to_owned(), 0)).await.unwrap_err();
    assert_eq!(error.to_string(), "none (from stubborn/case)");
    assert_eq!(error.origin().unwrap().to_string(), "stubborn/case");
    let error = outcome(around(0)).await.unwrap_err();
    assert_eq!(error.to_string(), "for no reason (from around/case)");
}

#[saga]
async fn unlucky(number: u32) -> Result<u32, Failure> {
    pay(1).await?;
    Ok(measure(number).await)
}

#[saga]
async fn nested_unlucky(number: u32, take: bool) -> Result<u32, Failure> {
    match take {
        false => unlucky(number).await,
        true => match unlucky(number).outcome().await {
            Ok(number) => Ok(number),
            Err(StepError::Fault(fault)) => Err(Failure::new(fault.to_string())),
            Err(other) => Err(Failure::new(other.to_string())),
        },
    }
}

#[tokio::test]
async fn a_fault_tells_where_it_happened() {
    let error = outcome(nested_unlucky(13, false)).await.unwrap_err();
    let SagaError::Fault(fault) = &error else { panic!("{error:?}") };
    assert_eq!((fault.kind, fault.of.as_str()), (FaultKind::Panicked, "measure"));
    let origin = fault.origin.as_deref().unwrap();
    assert_eq!((origin.site.as_str(), origin.attempt, origin.id.as_str()), ("unlucky/measure", 1, "case"));
    let place = "`unlucky/measure` of nested_unlucky/case, attempt 1";
    assert!(error.to_string().ends_with(&format!(" (at {place})")), "{error}");

    let taken = outcome(nested_unlucky(13, true)).await.unwrap_err();
    let place = "`unlucky#2/measure` of nested_unlucky/case, attempt 1";
    assert!(taken.to_string().ends_with(&format!(" (from `measure` at {place})")), "{taken}");
}
