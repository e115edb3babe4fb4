//! The compiler of sagaflow: `#[step]` and `#[saga]`; and `#[sagaflow::test]`.
//!
//! Use it through the crate `sagaflow`, which re-exports it. How it works: `ARCHITECTURE.md`, "The compiler".

mod diagnostics;
mod duration;
mod evolution;
mod function;
mod lab_test;
mod message;
#[cfg(test)]
mod mutations;
mod options;
mod request;
mod root;
mod saga;
mod signal;
mod step;

use proc_macro::TokenStream;

use diagnostics::guarded;

/// Makes an async function a durable step.
///
/// The function's arguments and its result travel in messages, so their types need `Serialize` and `Deserialize`;
/// a parameter marked `#[inject]` is a dependency of the worker instead (`&T`). The function returns a
/// `Result<T, E>` or a plain value.
///
/// What comes of it, under the function's own name: a constructor (`create_user(name)` makes a `Call`), and the
/// message (`create_user { name }`).
///
/// Options: `#[step(name = "…")]` sets the name in messages (default: the function's); `#[step(concurrency = 10, rate = "100/s")]`
/// limits the attempts that one worker makes of it, at a time and in a time, and with `shared` those of all workers together; `#[step(blocking)]` makes a step of an
/// ordinary function (`fn`) that blocks its thread: it runs on one of tokio's threads for blocking work, and can't be stopped
/// in the middle; `#[step(transaction)]` runs the step in a transaction of the database that its parameter
/// `tx: &mut Transaction<…>` names (crate `sagaflow-sqlx`): what it writes and the note that it has been run are committed
/// together, so its effects happen exactly once.
///
/// What keeps messages of older code readable: `#[step(alias = "old_name")]` when the function is renamed, and at a parameter
/// `#[step(alias = "old_name")]` and `#[step(default)]` or `#[step(default = 7)]`. See `docs/evolution.md`.
///
/// ```
/// use sagaflow::prelude::*;
/// # struct Db;
/// # #[step] async fn delete_user(#[inject] db: &Db, id: u64) { let _ = (db, id); }
///
/// #[step]
/// #[retry(exponential, base = "1s", factor = 1.0, max_attempts = 8)]
/// #[compensate(delete_user(output))]
/// async fn create_user(#[inject] db: &Db, name: String) -> Result<u64, Failure> {
///     # let _ = db;
///     Ok(name.len() as u64)
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// // A unit test needs no worker.
/// let id = Dependencies::new().with(Db).scope(create_user("Ada".into()).inline()).await;
/// assert_eq!(id.unwrap(), 3);
/// # });
/// ```
#[proc_macro_attribute]
pub fn step(options: TokenStream, item: TokenStream) -> TokenStream {
    guarded("step", item.into(), |item| step::expand(options.into(), item)).into()
}

/// Makes an async function a durable saga: each `.await` on a step's call is a durable step.
///
/// The function is compiled into a state machine that resumes at its last message. Any Rust code may stand between
/// the steps; what is read after a step is saved while the step runs, and needs `Serialize` and `Deserialize`.
///
/// Options: `#[saga(name = "…")]` sets the name in messages (default: the function's); `#[saga(on_stuck = alert, on_failed = alert)]` names the step that is told of an instance that gets stuck or fails
/// (`Report`); `#[saga(history = "7d")]` keeps each record of an instance for so long (`Client::history`);
/// `#[saga(concurrency = 2, key = request.tenant)]` lets so many instances with the same key run at a time, and the others wait for their turn;
/// `#[saga(deadline = "1h")]` says how long after
/// its start an instance is to have ended: one that still runs then unwinds, and its outcome is a fault of the kind
/// `DeadlinePassed`.
///
/// What keeps instances of older code running: `#[saga(alias = "old_name")]` for a saga that runs inside others; at a parameter, a `let` or a loop
/// `#[saga(alias = "old_name")]` and `#[saga(default)]`; where something is awaited `#[saga(state = "name")]`; `#[saga(version = 2)]` with
/// `before = checkout_v1`, a saga on whose code older instances end, or `migrate = function`; `#[saga(keep = [step])]`
/// for steps that undo what older code has done. See `docs/evolution.md`.
///
/// ```
/// use sagaflow::prelude::*;
/// # #[step] async fn create_user(name: String) -> Result<u64, Failure> { Ok(name.len() as u64) }
/// # #[step] async fn create_order(user: u64, items: Vec<String>) -> Result<u64, Failure> { Ok(user + items.len() as u64) }
///
/// #[saga]
/// async fn checkout(name: String, items: Vec<String>) -> Result<u64, Failure> {
///     let user = create_user(name).await?;
///     let order = create_order(user, items).await?;
///     Ok(order)
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// assert_eq!(checkout("Ada".into(), vec![]).inline().await.unwrap(), 3);
/// # });
/// ```
#[proc_macro_attribute]
pub fn saga(options: TokenStream, item: TokenStream) -> TokenStream {
    guarded("saga", item.into(), |item| saga::expand(options.into(), item)).into()
}

/// Makes a type a signal: what can be sent to an instance, and awaited in a saga by `signal::<Approved>()`.
///
/// It needs `Serialize` and `Deserialize`. Its name in messages is the type's, unless `#[signal(name = "…")]` says another.
/// `crate = facade::sagaflow` says where sagaflow is, for a crate that has it through another one.
///
/// ```
/// use sagaflow::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[signal]
/// #[derive(Serialize, Deserialize)]
/// struct Approved {
///     by: String,
/// }
/// # assert_eq!(<Approved as sagaflow::Signal>::NAME, "Approved");
/// ```
#[proc_macro_attribute]
pub fn signal(options: TokenStream, item: TokenStream) -> TokenStream {
    guarded("signal", item.into(), |item| signal::expand(options.into(), item)).into()
}

/// Makes a type a request: what an instance can be asked (`client.ask(…)`), and what a saga answers that awaits it by `request::<AddItem>()`.
///
/// It needs `Serialize` and `Deserialize`, and so does what it is answered with. Its name in messages is the type's, unless
/// `#[request(reply = …, name = "…")]` says another. `crate = facade::sagaflow` says where sagaflow is, for a crate that has it
/// through another one.
///
/// ```
/// use sagaflow::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[request(reply = Result<u64, String>)]
/// #[derive(Serialize, Deserialize)]
/// struct AddItem {
///     price: u64,
/// }
/// # assert_eq!(<AddItem as sagaflow::Request>::NAME, "AddItem");
/// ```
#[proc_macro_attribute]
pub fn request(options: TokenStream, item: TokenStream) -> TokenStream {
    guarded("request", item.into(), |item| request::expand(options.into(), item)).into()
}

/// Sets a step's retry policy: `#[retry(exponential, base = "1s", factor = 1.0, max_attempts = 8)]`.
///
/// With *T* the delay before the next attempt and *T'* the one after it:
///
/// | kind | options | growth |
/// |---|---|---|
/// | `fixed` | `delay` | T' = delay |
/// | `linear` | `base`, `increment` | T' = T + increment |
/// | `exponential` | `base`, `factor` (1.0) | T' = T × (1 + factor): 1.0 doubles |
/// | `random` | `base`, `spread` | T' = T + spread × U(0,1) |
/// | `adaptive` | `base`, `threshold` (0.5) | stretches with the observed failure rate; a circuit breaker |
///
/// All kinds: `jitter = none | full | equal | decorrelated`, `max_delay`, `max_attempts`, `max_elapsed`, `timeout`
/// (of one attempt), `unless(pattern)` or `only(pattern)` on the error, `after = error.retry_after()` (when the error says when
/// to come back: any expression of the `error` that yields `Option<Duration>`), `exhausted = fail | pause`. Durations are
/// strings such as `"250ms"`, `"1s"`, `"5m"`, `"1h 30m"`.
///
/// ```
/// use sagaflow::prelude::*;
///
/// #[step]
/// #[retry(fixed, delay = "5s", jitter = equal, max_elapsed = "1h", timeout = "30s", exhausted = pause)]
/// async fn print_label(parcel: u64) -> Result<(), Failure> {
///     # let _ = parcel;
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn retry(options: TokenStream, item: TokenStream) -> TokenStream {
    guarded("retry", item.into(), |item| step::helper("retry", options.into(), item)).into()
}

/// Says how a step is undone when the saga fails: `#[compensate(delete_user(output.id))]`.
///
/// The call is an expression over the step's arguments and its `output` (the value of `Ok`). With `output` it is
/// registered with the step's success; without, before the first attempt, so that it also runs when the step's
/// outcome is unknown; it must then accept that there may be nothing to undo.
///
/// ```
/// use sagaflow::prelude::*;
///
/// #[step]
/// #[compensate(give_back(order))]
/// async fn take_payment(order: u64, cents: u64) -> Result<(), Failure> {
///     # let _ = (order, cents);
///     Ok(())
/// }
///
/// /// Does nothing if nothing was paid.
/// #[step]
/// async fn give_back(order: u64) {
///     # let _ = order;
/// }
/// ```
#[proc_macro_attribute]
pub fn compensate(options: TokenStream, item: TokenStream) -> TokenStream {
    guarded("compensate", item.into(), |item| step::helper("compensate", options.into(), item)).into()
}

/// Makes an async function that takes a `Lab` a test of sagas. Its time is virtual: it passes only when nothing else can happen,
/// so a sleep of a year takes no time at all. Needs the feature `testing`, and replaces `#[test]`.
///
/// ```
/// use sagaflow::prelude::*;
/// use sagaflow::testing::Lab;
///
/// #[saga]
/// async fn nap() -> Result<(), Failure> {
///     sleep("365d").await;
///     Ok(())
/// }
///
/// #[sagaflow::test]
/// async fn a_year_passes(lab: Lab) {
///     let run = lab.run(nap()).await;
///     assert_eq!(run.took().as_secs(), 365 * 24 * 60 * 60);
/// }
/// ```
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    guarded("sagaflow::test", item.into(), |item| lab_test::expand(options.into(), item)).into()
}
