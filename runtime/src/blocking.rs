//! Steps that block their thread (`#[step(blocking)]`).

use std::future::pending;
use std::panic::resume_unwind;

use tokio::runtime::Handle;
use tracing::Span;

/// Runs a step's body on one of tokio's threads for blocking work. A panic in it goes on here.
///
/// A thread can't be stopped: when this future is dropped, the body runs on, and what it returns is dropped.
pub async fn blocking<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let Ok(runtime) = Handle::try_current() else {
        // An inline run outside of tokio.
        return body();
    };
    let span = Span::current();
    match runtime.spawn_blocking(move || span.in_scope(body)).await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(output) => output,
        Err(Ok(panic)) => resume_unwind(panic),
        // The runtime shuts down, and has not begun it: the attempt goes as in a crash.
        Err(Err(_)) => pending().await,
    }
}
