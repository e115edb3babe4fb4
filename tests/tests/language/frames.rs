//! A frame holds exactly what is read later.

use sagaflow::definition::SagaDefinition;
use sagaflow::prelude::*;

use crate::support::{Order, even, find, num, sum, text};

/// The states of a saga, each with its variables: `state(variable, variable)`.
fn states<S: sagaflow::Saga>() -> Vec<String> {
    let definition = SagaDefinition::of::<S>();
    let line = |state: &sagaflow::definition::StateDefinition| {
        let names: Vec<_> = state.variables.iter().map(|variable| variable.name).collect();
        format!("{}({})", state.name, names.join(", "))
    };
    definition.states().iter().map(line).collect()
}

#[saga]
async fn fields(request: Order) -> Result<u32, Failure> {
    let name = text(request.name).await?;
    let unused = num(1).await?;
    let total = sum(request.items).await;
    let _ = (unused, &name);
    num(total + request.id).await
}

#[saga]
async fn argument_hidden(request: Order) -> Result<u32, Failure> {
    let request = num(request.id).await?;
    let first = num(1).await?;
    num(request + first).await
}

#[saga]
async fn in_a_loop(ids: Vec<u32>) -> Result<u32, Failure> {
    let label = "label";
    let mut total = 0;
    for id in ids {
        let order = find(id).await?;
        let name = &order.name;
        if let Some(id) = even(order.id).await {
            total += num(id).await?;
        }
        text(format!("{name} {label}")).await?;
    }
    Ok(total)
}

#[saga]
async fn assigned_before_it_is_read(n: u32) -> Result<u32, Failure> {
    let mut x = n;
    let late;
    num(x).await?;
    if n > 3 {
        x = 1;
        late = 2;
    } else {
        x = num(2).await?;
        late = 3;
    }
    num(x).await?;
    Ok(late)
}

#[saga]
async fn in_macros_and_formats(a: u32, b: u32, width: usize) -> Result<String, Failure> {
    let c = num(1).await?;
    let d = num(2).await?;
    Ok(format!("{a:>width$} {} {c}", vec![d, b].len()))
}

#[test]
fn states_and_variables() {
    assert_eq!(
        states::<fields>(),
        [
            "text(request.id, request.items)",
            "num(request.id, request.items, name)",
            "sum(request.id, name, unused)",
            "num#2()",
        ]
        .map(str::to_owned)
    );
    assert_eq!(states::<argument_hidden>(), ["num()", "num#2(request)", "num#3()"]);
    assert_eq!(
        states::<in_a_loop>(),
        [
            "find(total, @rest_of_id)",
            "even(total, @rest_of_id, order.name)",
            "num(total, @rest_of_id, order.name)",
            "text(total, @rest_of_id)",
        ]
    );
    assert_eq!(states::<assigned_before_it_is_read>(), ["num(n)", "num#2()", "num#3(late)"]);
    assert_eq!(states::<in_macros_and_formats>(), ["num(a, b, width)", "num#2(a, b, width, c)"]);
}
