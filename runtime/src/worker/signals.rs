//! When the operating system tells the process to end.

/// Waits until the process is told to end: by SIGTERM (as `kill`, systemd and Kubernetes send it) or Ctrl-C; outside of Unix,
/// by Ctrl-C. For whoever stops several things at once; for one worker there is
/// [`Worker::run_until_signal`](crate::Worker::run_until_signal).
///
/// ```no_run
/// # async fn stop(workers: Vec<sagaflow::RunningWorker>) -> Result<(), sagaflow::Error> {
/// sagaflow::shutdown_signal().await;
/// for worker in workers {
///     worker.shutdown().await?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// From the first call on, these signals no longer end the process by themselves.
///
/// # Panics
///
/// Outside of a tokio runtime, and when the operating system does not let it listen to signals.
pub async fn shutdown_signal() {
    Signals::listen().next().await;
}

/// Listens to the signals that tell the process to end.
#[derive(Debug)]
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(super) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).expect("the operating system lets a process listen to its signals");
        Self { terminate: listen(SignalKind::terminate()), interrupt: listen(SignalKind::interrupt()) }
    }

    /// Waits for the next one. Those that come while nobody waits count as one.
    #[cfg(unix)]
    pub(super) async fn next(&mut self) {
        let name = tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "Ctrl-C",
        };
        tracing::info!("{name}: told to end");
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> Self {
        Self {}
    }

    /// Waits for the next one.
    #[cfg(not(unix))]
    pub(super) async fn next(&mut self) {
        tokio::signal::ctrl_c().await.expect("the operating system lets a process listen to Ctrl-C");
        tracing::info!("Ctrl-C: told to end");
    }
}
