//! A bar for what takes long.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often the bar is moved.
const EVERY: Duration = Duration::from_millis(100);

/// A bar on the terminal, if there is one.
#[must_use]
pub fn bar(number: usize, what: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(number as u64), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(&format!("{{bar:40}} {{pos}}/{{len}} {what}, {{elapsed}}")) {
        bar.set_style(style);
    }
    bar
}

/// Tells something on the standard output, and leaves the bar as it is.
pub fn beside(bar: &ProgressBar) -> impl Fn(&str) + Send + Sync + 'static {
    let bar = bar.clone();
    move |text| bar.suspend(|| println!("{text}"))
}

/// Waits for some work, and shows meanwhile how much of it is done.
pub async fn watched<T>(bar: &ProgressBar, done: impl Fn() -> usize, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            worked = &mut work => {
                bar.finish_and_clear();
                return worked;
            }
            _ = tick.tick() => bar.set_position(done() as u64),
        }
    }
}
