//! What is wrong gets a name of its own, or a pause with a reason; and what is only full is waited for.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Stream};
use bytes::Bytes;
use sagaflow::prelude::*;
use sagaflow::transport::nats::{Provision, provision};
use sagaflow::transport::{Append, AppendError, InstanceId};
use sagaflow::{ConnectOptions, ErrorKind, Status};
use sagaflow_tests::{NatsServer, Settings, SmallDisk};
use tempfile::TempDir;

use crate::sagas::{Shop, checkout, doubling};
use crate::support::{administrator, messages, open, options, refused, server, soon, status_when, worker};

#[tokio::test]
async fn a_prefix_that_can_be_no_subject_is_refused_before_anything_is_made() {
    let server = server("").await;
    for prefix in ["", "my.app", ".app", "app.", "*", "a*", ">", "my app", "größe", "$JS", &"x".repeat(65)] {
        let error = refused(&server.url(), &options(|o| o.prefix = prefix.to_owned())).await;
        assert_eq!(error.kind(), ErrorKind::InvalidOptions, "{prefix}: {error}");
        assert!(error.to_string().contains("allowed are 1 to 64"), "{error}");
    }
    for inbox in ["", "a..b", "*", "_INBOX.>", "my inbox"] {
        let error = refused(&server.url(), &options(|o| o.inbox_prefix = inbox.to_owned())).await;
        assert_eq!(error.kind(), ErrorKind::InvalidOptions, "{inbox}: {error}");
    }
    let mut names = administrator(&server).await.stream_names();
    assert!(futures::StreamExt::next(&mut names).await.is_none(), "no stream was made");
}

#[tokio::test]
async fn an_id_that_can_be_no_subject_is_refused_by_name() {
    let server = server("").await;
    for by_ingress in [false, true] {
        let transport = open(&server.url(), &options(|o| o.ingress = by_ingress)).await;
        let client = Client::new(transport);
        for id in ["", "order 42", "*", "a.b", ">", "a/b", "naïve", "line\nbreak", &"x".repeat(300)] {
            let error = client.start(checkout(5)).id(id).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidId, "{id}: {error}");
            assert!(error.to_string().contains("allowed: 1 to 128"), "{error}");
            assert!(error.to_string().len() < 300, "{error}");
            assert_eq!(client.status("checkout", id).await.unwrap_err().kind(), ErrorKind::InvalidId);
        }
    }
    assert_eq!(messages(&administrator(&server).await, "sagaflow-0").await, 0);
}

/// The server's own limit, lower than by default.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_over_the_limit_is_an_error_at_the_start_and_a_pause_later() {
    let server = server("max_payload: 32768").await;
    let transport = open(&server.url(), &ConnectOptions::default()).await;
    let client = Client::new(transport.clone());
    let error = client.start(doubling("x".repeat(30_000))).id("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert!(error.to_string().contains("27648 is the most"), "{error}");
    assert_eq!(client.status("doubling", "a").await.unwrap_err().kind(), ErrorKind::NotFound);

    // A record of its arguments alone fits.
    let payload = format!(
        r#"{{"format":1,"saga":"doubling","id":"b","status":"running","started":"2026-11-22T14:03:51Z","updated":"2026-11-22T14:03:51Z",
            "frame":{{"state":"","vars":{{"text":"{}"}}}}}}"#,
        "x".repeat(20_000)
    );
    let instance = InstanceId::new("doubling", "b").unwrap();
    let append = Append::new(&instance, None, payload.into());
    transport.append(append).await.unwrap();
    let worker = worker(&transport, &Arc::default());
    let status = status_when(&client, "doubling", "b", Status::Paused).await;
    assert!(status.reason.unwrap().contains("its largest part is the arguments of step `compare`"));
    worker.shutdown().await.unwrap();
}

async fn change(administrator: &jetstream::Context, change: impl FnOnce(&mut Config)) {
    let mut config = administrator.get_stream("sagaflow-0").await.unwrap().cached_info().config.clone();
    change(&mut config);
    administrator.update_stream(config).await.unwrap();
}

async fn put(transport: &Arc<dyn Transport>, id: &str, payload: impl Into<Bytes>) -> Result<(), AppendError> {
    let instance = InstanceId::new("other", id).unwrap();
    let append = Append::new(&instance, None, payload.into());
    soon(transport.append(append)).await.map(drop)
}

/// A step runs, and its record can't be appended: the instance waits, and goes on when there is room.
async fn waits_for_room(
    transport: &Arc<dyn Transport>,
    fill: impl AsyncFnOnce(),
    is_full: impl Fn(&AppendError) -> bool,
    make_room: impl AsyncFnOnce(),
) {
    let (client, shop) = (Client::new(transport.clone()), Arc::new(Shop::default()));
    shop.closed.send_replace(true);
    let worker = worker(transport, &shop);
    let handle = client.start(checkout(5)).id("a").await.unwrap();
    soon(async {
        while shop.closed.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    fill().await;
    let refused = put(transport, "b", "{}").await.unwrap_err();
    assert!(is_full(&refused), "{refused}");
    shop.closed.send_replace(false);
    soon(async {
        while shop.paid.load(Ordering::Relaxed) < 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // Longer than the ack wait: the step is not run by another.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let status = handle.status().await.unwrap();
    assert_eq!((status.status, status.attempts), (Status::Running, 0), "{status:?}");
    make_room().await;
    assert_eq!(soon(handle.outcome()).await.unwrap(), Ok(6));
    assert_eq!(shop.paid.load(Ordering::Relaxed), 2, "no step ran twice");
    worker.shutdown().await.unwrap();
}

/// The server says so.
fn is_busy(refused: &AppendError) -> bool {
    matches!(refused, AppendError::Busy(why) if !why.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_set_later_is_waited_for() {
    let server = server("").await;
    let transport = open(&server.url(), &ConnectOptions::default()).await;
    let administrator = administrator(&server).await;
    let full = |config: &mut Config| {
        config.discard = DiscardPolicy::New;
        // Neither more subjects, nor more records of those that are there.
        config.max_bytes = 1;
        config.discard_new_per_subject = true;
    };
    let lifted = |config: &mut Config| {
        config.discard = DiscardPolicy::Old;
        config.max_bytes = -1;
        config.discard_new_per_subject = false;
    };
    let (fill, make_room) =
        (async || change(&administrator, full).await, async || change(&administrator, lifted).await);
    waits_for_room(&transport, fill, is_busy, make_room).await;
}

/// The streams, with an ingress that reserves no more than a small server has.
async fn provision_little(server: &NatsServer) {
    let mut wanted = Provision::default();
    wanted.ingress_bytes = Some(100_000);
    provision(&server.url(), &ConnectOptions::default(), &wanted).await.unwrap();
}

/// A server with little room, and a stream that takes it.
struct Small {
    server: NatsServer,
    filler: Stream,
    administrator: jetstream::Context,
    _store: TempDir,
}

impl Small {
    async fn new() -> Self {
        let store = TempDir::new().unwrap();
        let config = format!("jetstream {{ store_dir: {:?}, max_file_store: 4MB }}", store.path());
        let server = NatsServer::start_with(Settings { jetstream: false, ..Settings::with(config) }).await;
        provision_little(&server).await;
        let administrator = administrator(&server).await;
        let filler = Config { name: "filler".to_owned(), subjects: vec!["filler".to_owned()], ..Config::default() };
        let filler = administrator.create_stream(filler).await.unwrap();
        Self { server, filler, administrator, _store: store }
    }

    /// To the last byte, in ever smaller pieces.
    async fn fill(&self) {
        for size in [500_000, 50_000, 5_000, 500, 50, 1] {
            let piece = Bytes::from(vec![b'x'; size]);
            while self.administrator.publish("filler", piece.clone()).await.unwrap().await.is_ok() {}
        }
    }

    async fn make_room(&self) {
        assert!(self.filler.purge().await.unwrap().success);
    }
}

/// The server then answers no publish any more, until it has room and is started again.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_waited_for() {
    let disk = SmallDisk::new(24);
    let config = format!("jetstream {{ store_dir: {:?} }}", disk.path());
    let settings = Settings { jetstream: false, within: disk.within(), ..Settings::with(config) };
    let mut server = NatsServer::start_with(settings).await;
    provision_little(&server).await;
    let transport = open(&server.url(), &ConnectOptions::default()).await;
    let fill = async || {
        disk.fill();
        // What was allocated before still takes some.
        for number in 0.. {
            if put(&transport, &format!("fills-{number}"), vec![b'x'; 100_000]).await.is_err() {
                break;
            }
        }
    };
    let says_what_may_be =
        |refused: &AppendError| matches!(refused, AppendError::Unknown(why) if why.contains("its disk may be full"));
    let make_room = async || {
        disk.make_room();
        server.restart().await;
    };
    waits_for_room(&transport, fill, says_what_may_be, make_room).await;
    assert!(server.log().contains("no space left on device"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_room_is_waited_for() {
    let small = Small::new().await;
    let transport = open(&small.server.url(), &ConnectOptions::default()).await;
    waits_for_room(&transport, async || small.fill().await, is_busy, async || small.make_room().await).await;
}

/// The server drops a timer's wake that it has no room for. The sweeper finds the instance when there is room again.
#[tokio::test(flavor = "multi_thread")]
async fn a_timer_that_fires_into_a_full_server_is_made_good() {
    let small = Small::new().await;
    let transport = open(&small.server.url(), &options(|o| o.sweep_every = Duration::from_secs(1))).await;
    let (client, shop) = (Client::new(transport.clone()), Arc::new(Shop::default()));
    shop.failures.store(1, Ordering::Relaxed);
    let worker = worker(&transport, &shop);
    let handle = client.start(checkout(5)).id("a").await.unwrap();
    let stream = small.administrator.get_stream("sagaflow-timers").await.unwrap();
    soon(async { while stream.get_last_raw_message_by_subject("sagaflow.timers.at.checkout.a").await.is_err() {} })
        .await;
    small.fill().await;
    let due = handle.status().await.unwrap().next_attempt.expect("it waits");
    soon(async {
        while jiff::Timestamp::now() < due + jiff::SignedDuration::from_secs(3) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(shop.paid.load(Ordering::Relaxed), 0);
    small.make_room().await;
    assert_eq!(soon(handle.outcome()).await.unwrap(), Ok(6));
    worker.shutdown().await.unwrap();
}
