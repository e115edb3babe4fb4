//! Calls of different kinds in one list.

use sagaflow::prelude::*;
use sagaflow::{Graph, Status};

use crate::support::{check_in_any_order, free, measure, pay, reserve, run_in_any_order, status};

/// Pays in two parts.
#[saga]
async fn halves(cents: u32) -> Result<u32, Failure> {
    let first = pay(cents / 2).await?;
    Ok(first + pay(cents - first).await?)
}

#[saga]
async fn payments(cents: Vec<u32>) -> Result<u32, Failure> {
    // It waits in the record.
    let first = halves(9).boxed();
    reserve("seat".to_owned()).await?;
    let mut calls = vec![first, pay(3).boxed()];
    for cents in cents {
        calls.push(match cents % 2 {
            0 => halves(cents).boxed(),
            _ => pay(cents).boxed(),
        });
    }
    let paid: Result<Vec<u32>, Failure> = join_all(calls).concurrency(2).await.into_iter().collect();
    Ok(paid?.into_iter().sum())
}

#[tokio::test]
async fn steps_and_sagas_stand_in_one_list() {
    let run = check_in_any_order(|| payments(vec![6, 7])).await;
    assert_eq!(run.result, "Ok(25)");
    assert_eq!(run.texts, ["pay 3", "pay 3", "pay 3", "pay 4", "pay 5", "pay 7", "reserve seat"]);
}

/// Doubles what is measured.
#[saga]
async fn twice(number: u32) -> u32 {
    measure(number).await * 2
}

#[saga]
async fn window(numbers: Vec<u32>) -> u32 {
    let mut running = StartedSet::new();
    let mut sum = 0;
    for number in numbers {
        if running.len() == 2 {
            sum += running.next().await.unwrap_or(0);
        }
        running.add(if number < 3 { measure(number).boxed() } else { twice(number).boxed() });
    }
    while let Some(measured) = running.next().await {
        sum += measured;
    }
    sum
}

#[tokio::test]
async fn they_are_started_and_awaited_one_by_one() {
    let run = check_in_any_order(|| window(vec![1, 2, 3, 4, 5])).await;
    assert_eq!(run.result, "Ok(27)");
}

#[saga]
async fn first_of(places: Vec<String>) -> usize {
    let mut calls: Vec<Boxed<()>> = places.into_iter().map(|place| free(place).boxed()).collect();
    calls.push(sleep("1h").boxed());
    race_all(calls).await.0
}

/// The sleep is a branch like the others, and given up.
#[tokio::test]
async fn sleeps_stand_beside_them() {
    let run = run_in_any_order(|| first_of(vec!["seat".to_owned()])).await;
    assert_eq!((run.result.as_str(), run.texts), ("Ok(0)", vec!["free seat".to_owned()]));
}

#[saga]
async fn table_for(guests: Vec<String>) -> Result<usize, Failure> {
    let table = try_join_all([reserve("table".to_owned()).boxed(), both(guests).boxed()]).await?;
    Ok(table.len())
}

#[saga]
async fn both(places: Vec<String>) -> Result<String, Failure> {
    let mut all = Vec::new();
    for place in places {
        all.push(reserve(place).await?);
    }
    Ok(all.join(" and "))
}

#[tokio::test]
async fn what_was_done_in_one_is_undone() {
    let run = run_in_any_order(|| table_for(vec!["chair".to_owned(), "bench full".to_owned()])).await;
    assert_eq!(
        run.result,
        r#"Err(Failure { message: "bench full is full", causes: [], terminal: false, retry_after: None })"#
    );
    let expected = ["free chair", "free table", "reserve bench full", "reserve chair", "reserve table"];
    assert_eq!(run.texts, expected);
}

/// The saga's description knows what stands in them.
#[test]
fn the_graph_shows_what_they_may_be() {
    let graph = Graph::of::<payments>().to_mermaid();
    assert!(graph.contains("halves") && graph.contains("pay"), "{graph}");
}

fn elsewhere(number: u32) -> Vec<Boxed<u32>> {
    vec![measure(number).boxed()]
}

#[saga]
async fn boxed_elsewhere(number: u32) -> u32 {
    join_all(elsewhere(number)).await.into_iter().sum()
}

#[tokio::test]
async fn what_was_boxed_elsewhere_pauses_the_instance() {
    let (status, trace) = status(boxed_elsewhere(3)).await;
    assert_eq!(status.status, Status::Paused);
    let reason = status.reason.unwrap();
    assert!(reason.contains("write `.boxed()` in the body"), "{reason}");
    assert!(trace.texts().is_empty());
}
