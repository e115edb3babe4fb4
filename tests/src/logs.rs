//! What is logged while a test runs.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// The log of this thread, from its making until it is dropped. For tests on a runtime of one thread.
#[derive(Debug)]
pub struct Logs {
    lines: Lines,
    _guard: DefaultGuard,
}

#[derive(Debug, Clone, Default)]
struct Lines(Arc<watch::Sender<String>>);

impl Logs {
    /// Begins to listen, to lines of all levels down to debug.
    #[must_use]
    pub fn capture() -> Self {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::DEBUG)
            .with_ansi(false)
            .without_time()
            .with_writer(lines.clone())
            .finish();
        Self { lines, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// All that was logged so far.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.0.borrow().clone()
    }

    /// Waits until there is a line with all of these in it, and returns it.
    ///
    /// # Panics
    ///
    /// If none comes in a minute.
    pub async fn until(&self, parts: &[&str]) -> String {
        self.until_again(parts, 1).await
    }

    /// Waits until there are so many lines with all of these in them, and returns the last of those. A test that waits for
    /// what happens several times needs this: [`until`](Self::until) is content with what was there before.
    ///
    /// # Panics
    ///
    /// If they don't come in a minute.
    pub async fn until_again(&self, parts: &[&str], times: usize) -> String {
        let mut lines = self.lines.0.subscribe();
        let found = lines.wait_for(|text| find(text, parts, times).is_some());
        match timeout(PATIENCE, found).await {
            Ok(text) => find(&text.expect("the sender is here"), parts, times).expect("it was found").to_owned(),
            Err(_) => panic!("no {times} lines with {parts:?} in\n{}", self.text()),
        }
    }
}

/// The line with all of these in it that comes as the one of this number, from 1 on.
fn find<'t>(text: &'t str, parts: &[&str], number: usize) -> Option<&'t str> {
    text.lines().filter(|line| parts.iter().all(|part| line.contains(part))).nth(number.saturating_sub(1))
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send_modify(|text| text.push_str(&String::from_utf8_lossy(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}
