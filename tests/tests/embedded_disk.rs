//! The embedded transport on disk: crashes, torn files, a second opener, directories that can't be used.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use futures::future::join_all;
use sagaflow::ErrorKind;
use sagaflow::transport::embedded::{self, EmbeddedTransport};
use sagaflow::transport::{Append, InstanceId, Revision, Transport};

fn instance(n: usize) -> InstanceId {
    InstanceId::new("crash", format!("order-{n}")).expect("a valid id")
}

async fn append(
    transport: &EmbeddedTransport,
    instance: &InstanceId,
    after: Option<Revision>,
    payload: String,
) -> Revision {
    let append = Append::new(instance, after, payload.into());
    transport.append(append).await.expect("it is appended")
}

async fn payload(transport: &EmbeddedTransport, instance: &InstanceId) -> String {
    let stored = transport.latest(instance).await.expect("readable").unwrap_or_else(|| panic!("{instance} is there"));
    String::from_utf8(stored.payload.to_vec()).expect("text")
}

/// The directory that the child of [`what_is_acknowledged_survives_a_kill`] appends to.
const CHILD: &str = "SAGAFLOW_TEST_CRASH_DIRECTORY";

/// Not a test of its own: the child process of the next one, which appends until it is killed, and writes down what
/// was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_is_killed() {
    let Ok(directory) = std::env::var(CHILD) else { return };
    let transport = embedded::open(directory).expect("it opens");
    let appenders = (0..50).map(|n| {
        let transport = Arc::clone(&transport);
        tokio::spawn(async move {
            let order = instance(n);
            let mut last = transport.latest(&order).await.expect("readable").map(|stored| stored.revision);
            for count in 0u64.. {
                // 2 KiB make several pages of each batch.
                let revision = append(&transport, &order, last, format!("{count} {}", "x".repeat(2048))).await;
                last = Some(revision);
                // One write per line: a line that is there is a whole one.
                let line = format!("ACK {n} {count} {revision}\n");
                std::io::stdout().write_all(line.as_bytes()).expect("the parent listens");
            }
        })
    });
    join_all(appenders).await;
}

#[tokio::test]
async fn what_is_acknowledged_survives_a_kill() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut acknowledged: BTreeMap<usize, (String, Revision)> = BTreeMap::new();
    for round in 0..4 {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "child_that_is_killed", "--nocapture", "--test-threads=1"])
            .env(CHILD, directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the child starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut heard = 0;
        // In another place each time; after the kill, what is still in the pipe was acknowledged as well.
        while let Some(Ok(line)) = lines.next() {
            // The test harness may print before the first line, on the same line.
            let Some(at) = line.find("ACK ") else { continue };
            let words: Vec<_> = line[at..].split(' ').collect();
            if let [_, n, count, revision] = words[..]
                && let (Ok(n), Ok(revision)) = (n.parse(), revision.parse())
            {
                acknowledged.insert(n, (count.to_owned(), Revision(revision)));
                heard += 1;
                if heard == 400 + 137 * round {
                    child.kill().expect("the child is killed");
                }
            }
        }
        child.wait().expect("the child is gone");
        assert!(heard >= 400, "the child appended only {heard} times");

        let transport = embedded::open(directory.path()).expect("it opens after the crash");
        let mut greatest = Revision(0);
        for (n, (count, revision)) in &acknowledged {
            let stored = transport.latest(&instance(*n)).await.expect("readable").expect("it is there");
            // The append after the acknowledged one may have been written as well, unanswered.
            let got: u64 = payload(&transport, &instance(*n)).await.split(' ').next().unwrap().parse().unwrap();
            assert!(stored.revision >= *revision, "{n}: {} is at least {revision}", stored.revision);
            assert!(stored.revision > *revision || got.to_string() == *count, "{n}: {got} is {count}");
            greatest = greatest.max(stored.revision);
        }
        let next = append(&transport, &instance(1000 + round), None, "after the crash".to_owned()).await;
        assert!(next > greatest, "{next} is more than {greatest}");
        transport.close().await.expect("it closes");
    }
}

/// A store with 20 instances of two records each, closed; its directory, and the length of its journal.
async fn filled() -> (tempfile::TempDir, PathBuf, u64) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let transport = embedded::open(directory.path()).expect("it opens");
    for n in 0..20 {
        let first = append(&transport, &instance(n), None, "first".to_owned()).await;
        append(&transport, &instance(n), Some(first), format!("second of {n}")).await;
    }
    transport.close().await.expect("it closes");
    // Opening cuts the journal to its length, and leaves the directory as a crash after the last fsync would.
    embedded::open(directory.path()).expect("it opens").close().await.expect("it closes");
    let journal = journal(directory.path());
    let length = fs::metadata(&journal).expect("a journal").len();
    (directory, journal, length)
}

fn journal(directory: &Path) -> PathBuf {
    let entries = fs::read_dir(directory).expect("readable").map(|entry| entry.expect("readable").path());
    let journals = entries.filter(|path| path.extension().is_some_and(|extension| extension == "jnl"));
    journals.max().expect("a journal")
}

/// Asserts that the store opens, holds the records of all 20 but perhaps the last, and takes new ones.
async fn assert_usable(directory: &Path, whole: bool) {
    let transport = embedded::open(directory).expect("it opens");
    for n in 0..20 {
        let expected = if whole || n < 19 { format!("second of {n}") } else { "first".to_owned() };
        assert_eq!(payload(&transport, &instance(n)).await, expected);
    }
    append(&transport, &instance(100), None, "new".to_owned()).await;
    transport.close().await.expect("it closes");
    let transport = embedded::open(directory).expect("it opens again");
    assert_eq!(payload(&transport, &instance(100)).await, "new");
}

#[tokio::test]
async fn unfinished_bytes_after_the_last_fsync_are_ignored() {
    // A batch that was begun, zeros of a page that never came, and noise.
    for tail in [&b"\x01\x02\0\0\0"[..], &[0; 5000], &[0xff; 300]] {
        let (directory, journal, _) = filled().await;
        OpenOptions::new().append(true).open(journal).expect("writable").write_all(tail).expect("written");
        assert_usable(directory.path(), true).await;
    }
}

#[tokio::test]
async fn a_torn_last_batch_is_left_out() {
    // As if the power had failed during the last fsync: the batch is cut at any place.
    for cut in [1, 5, 13, 20, 40] {
        let (directory, journal, length) = filled().await;
        OpenOptions::new().write(true).open(journal).expect("writable").set_len(length - cut).expect("cut");
        assert_usable(directory.path(), false).await;
    }
}

/// Overwrites a part of the journal: where this text stands for the last time.
fn damage(journal: &Path, text: &str, with: &[u8]) {
    let bytes = fs::read(journal).expect("readable");
    let at = bytes.windows(text.len()).rposition(|window| window == text.as_bytes()).expect("it is in the journal");
    let mut file = OpenOptions::new().write(true).open(journal).expect("writable");
    file.seek(SeekFrom::Start(at as u64)).expect("seekable");
    file.write_all(with).expect("written");
}

#[tokio::test]
async fn a_hole_in_the_last_batch_is_cut_off_with_it() {
    // Pages may reach the disk in any order: the end of the batch is there, a part of it is not. With and without
    // the space after it that the store had reserved.
    for reserved in [0, 10_000] {
        let (directory, journal, length) = filled().await;
        damage(&journal, "second of 19", &[0; 12]);
        OpenOptions::new().write(true).open(&journal).expect("writable").set_len(length + reserved).expect("reserved");
        assert_usable(directory.path(), false).await;
    }
}

#[tokio::test]
async fn damage_to_an_acknowledged_batch_is_an_error_and_not_repaired() {
    let (directory, journal, length) = filled().await;
    damage(&journal, "second of 7", b"SECOND");
    let before = fs::read(&journal).expect("readable");
    let error = embedded::open(directory.path()).expect_err("it is damaged");
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    assert!(error.to_string().contains(&directory.path().display().to_string()), "{error}");
    let after = fs::read(&journal).expect("readable");
    assert_eq!(before.len() as u64, length);
    assert!(before == after, "the journal is as it was");
}

#[tokio::test]
async fn a_second_opener_is_told_that_it_is_locked() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let first = embedded::open(directory.path()).expect("it opens");
    let error = embedded::open(directory.path()).expect_err("it is open");
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(error.to_string().contains(&directory.path().display().to_string()), "{error}");
    // The first one is not disturbed, and dropping it is enough to let go.
    append(&first, &instance(0), None, "still open".to_owned()).await;
    drop(first);
    let second = embedded::open(directory.path()).expect("it opens");
    assert_eq!(payload(&second, &instance(0)).await, "still open");
}

#[tokio::test]
async fn the_lock_is_let_go_while_deliveries_are_held() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let first = embedded::open(directory.path()).expect("it opens");
    append(&first, &instance(0), None, "first".to_owned()).await;
    let mut deliveries = first.deliveries("crash", Default::default()).await.expect("open");
    let delivery = deliveries.next().await.expect("open").expect("delivered");
    drop(first);
    let second = embedded::open(directory.path()).expect("it opens");
    assert!(deliveries.next().await.is_none());
    delivery.handle.ack().await;
    assert_eq!(payload(&second, &instance(0)).await, "first");
}

#[tokio::test]
async fn a_missing_directory_is_made() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("a/b/c");
    let transport = sagaflow::connect(&format!("embedded:{}", path.display())).await.expect("it opens");
    assert_eq!(transport.name(), format!("embedded:{}", path.display()));
    assert!(path.is_dir());
}

#[tokio::test]
async fn a_path_that_is_no_directory_is_an_error() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("file");
    fs::write(&file, "not a store").expect("written");
    for path in [file.clone(), file.join("below")] {
        let error = embedded::open(&path).expect_err("it is a file");
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    assert_eq!(fs::read_to_string(file).expect("readable"), "not a store");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_directory_that_is_not_writable_is_an_error() {
    // Nobody, root included, may make files here.
    let error = embedded::open("/proc/self/sagaflow").expect_err("it is not writable");
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.to_string().contains("/proc/self/sagaflow"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_share_fsyncs() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let transport = embedded::open(directory.path()).expect("it opens");
    let orders: Vec<_> = (0..500).map(instance).collect();
    join_all(orders.iter().map(|order| append(&transport, order, None, "together".to_owned()))).await;
    assert!((1..100).contains(&transport.syncs()), "{} fsyncs for 500 appends", transport.syncs());
    assert_eq!(embedded::memory().syncs(), 0);
}
