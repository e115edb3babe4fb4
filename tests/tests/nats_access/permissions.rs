//! The permissions of `docs/nats.md`, taken from there: each user can do its work, and nothing more; what is missing is named.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream::AckKind;
use async_nats::{Event, HeaderMap};
use futures::StreamExt;
use sagaflow::ConnectOptions;
use sagaflow::prelude::*;
use sagaflow::transport::nats::{Provision, provision};
use sagaflow::transport::{Append, Discard, InstanceId, Note, Post};
use sagaflow_tests::NatsServer;
use serde_json::Value;

use crate::sagas::{Shop, checkout};
use crate::support::{open, options, server, soon};

/// The configuration that the documentation shows.
pub(crate) fn documented() -> String {
    let page = include_str!("../../../docs/nats.md");
    let marker = "# nats-server.conf: who may do what\n";
    let begin = page.find(marker).expect("the page shows it");
    let end = begin + page[begin..].find("```").expect("the block ends");
    let mut config = page[begin..end].to_owned();
    for user in ["ADMIN", "WORKER", "CLIENT", "SHOP"] {
        let secret = format!("${user}_PASSWORD");
        assert!(config.contains(&secret), "{user} is one");
        config = config.replace(&secret, &user.to_lowercase());
    }
    assert!(!config.contains("_PASSWORD"), "every password is known here");
    config
}

pub(crate) fn url(server: &NatsServer, user: &str) -> String {
    format!("nats://{user}:{user}@{}", server.address())
}

pub(crate) fn as_user(user: &str, shards: u16) -> ConnectOptions {
    options(|options| {
        options.inbox_prefix = format!("_INBOX_{user}");
        options.shards = shards;
        options.ingress = user == "shop";
        options.sweep_every = Duration::from_secs(1);
    })
}

pub(crate) async fn connect(server: &NatsServer, user: &str, shards: u16) -> Arc<dyn Transport> {
    open(&url(server, user), &as_user(user, shards)).await
}

pub(crate) async fn provisioned(config: &str, shards: u16) -> NatsServer {
    let server = server(config).await;
    let mut wanted = Provision::default();
    wanted.sagas = vec!["checkout".to_owned()];
    wanted.ack_wait = Some(Duration::from_secs(1));
    let done = soon(provision(&url(&server, "admin"), &as_user("admin", shards), &wanted)).await.unwrap();
    assert_eq!(done.made.len(), 2 * (usize::from(shards) + 3) + 3, "{done}");
    server
}

pub(crate) fn worker(transport: &Arc<dyn Transport>, shop: &Arc<Shop>) -> RunningWorker {
    let builder = Worker::builder(transport.clone()).provide_shared(shop.clone()).ack_wait(Duration::from_secs(1));
    builder.serve::<checkout>().build().unwrap().spawn()
}

/// A user's connection without sagaflow, and what the server has refused on it.
struct Raw {
    client: async_nats::Client,
    refused: Arc<Mutex<BTreeSet<String>>>,
    user: String,
}

impl Raw {
    async fn connect(server: &NatsServer, user: &str) -> Self {
        let refused = Arc::new(Mutex::new(BTreeSet::new()));
        let heard = refused.clone();
        let options = async_nats::ConnectOptions::with_user_and_password(user.to_owned(), user.to_owned());
        let options = options.custom_inbox_prefix(format!("_INBOX_{user}")).event_callback(move |event| {
            if let Event::ServerError(error) = event {
                let text = error.to_string();
                heard.lock().unwrap().extend(text.split('"').nth(1).map(ToOwned::to_owned));
            }
            std::future::ready(())
        });
        let client = options.connect(server.url()).await.unwrap();
        Self { client, refused, user: user.to_owned() }
    }

    /// It may publish nothing to those.
    async fn may_not_publish(&self, subjects: &[&str]) {
        for subject in subjects {
            self.client.publish((*subject).to_owned(), "{}".into()).await.unwrap();
        }
        self.assert_refused(subjects).await;
    }

    async fn may_not_subscribe(&self, subjects: &[&str]) {
        for subject in subjects {
            // Dropped at once; the server has heard of it.
            drop(self.client.subscribe((*subject).to_owned()).await.unwrap());
        }
        self.assert_refused(subjects).await;
    }

    async fn assert_refused(&self, subjects: &[&str]) {
        self.client.flush().await.unwrap();
        let all = async {
            while !subjects.iter().all(|subject| self.refused.lock().unwrap().contains(*subject)) {
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(5), all).await.is_err() {
            let refused = self.refused.lock().unwrap();
            let allowed: Vec<_> = subjects.iter().filter(|subject| !refused.contains(**subject)).collect();
            panic!("{} may use {allowed:?}", self.user);
        }
    }

    /// The error code in the server's answer to a publish.
    async fn publish_with(&self, subject: &str, headers: &[(&str, &str)]) -> u64 {
        let mut map = HeaderMap::new();
        headers.iter().for_each(|(name, value)| map.insert(*name, *value));
        let answer = self.client.request_with_headers(subject.to_owned(), map, "forged".into()).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
        answer["error"]["err_code"].as_u64().unwrap_or_default()
    }
}

/// All that there is: starts of both kinds, attempts again after a parked wait, a lost delivery that the sweeper finds.
async fn everybody_can_work(shards: u16) {
    let server = provisioned(&documented(), shards).await;
    let (transport, shop) = (connect(&server, "worker", shards).await, Arc::new(Shop::default()));
    let direct = Client::new(connect(&server, "client", shards).await);
    let by_ingress = Client::new(connect(&server, "shop", shards).await);

    // One whose delivery nobody has: acknowledged by mistake.
    let lost = direct.start(checkout(70)).id("lost").await.unwrap();
    let raw = Raw::connect(&server, "worker").await;
    let inbox = raw.client.new_inbox();
    let mut deliveries = raw.client.subscribe(inbox.clone()).await.unwrap();
    for shard in 0..shards {
        let next = format!("$JS.API.CONSUMER.MSG.NEXT.sagaflow-{shard}.checkout");
        raw.client
            .publish_with_reply(next, inbox.clone(), r#"{"batch":1,"expires":30000000000}"#.into())
            .await
            .unwrap();
    }
    let delivery = soon(deliveries.next()).await.unwrap();
    assert!(delivery.subject.ends_with(".checkout.lost"), "{delivery:?}");
    raw.client.publish(delivery.reply.unwrap(), AckKind::Ack.into()).await.unwrap();
    raw.client.flush().await.unwrap();

    // A record with notes.
    let noted = InstanceId::new("checkout", "noted").unwrap();
    let of = transport.append(Append::new(&noted, None, "not taken up".into())).await.unwrap();
    transport.note(Note { instance: &noted, of, number: 0, payload: "note".into() }).await.unwrap();
    assert_eq!(transport.notes(&noted, of).await.unwrap(), ["note"]);
    let keep = Some(Duration::from_secs(3600));
    let next = Append { keep, noted: true, ..Append::new(&noted, Some(of), "{}".into()) };
    transport.append(next).await.unwrap();
    soon(async { while !transport.notes(&noted, of).await.unwrap().is_empty() {} }).await;

    // Mail from a client to an instance at rest.
    let sender = connect(&server, "client", shards).await;
    let post =
        Post { instance: &noted, name: "approved", key: "a", remember: false, answer_for: None, payload: "yes".into() };
    let number = sender.post(post).await.unwrap();
    assert_eq!(transport.mail(&noted, "approved", 0, 10).await.unwrap()[0].payload, "yes");
    transport.discard(&noted, Discard::Taken { name: "approved", up_to: number }).await;
    soon(async { while !transport.mail(&noted, "approved", 0, 10).await.unwrap().is_empty() {} }).await;

    shop.failures.store(1, Ordering::Relaxed);
    let worker = worker(&transport, &shop);
    let mut handles = vec![lost];
    for number in 0..8 {
        handles.push(direct.start(checkout(number)).id(format!("direct-{number}")).await.unwrap());
        handles.push(by_ingress.start(checkout(number)).id(format!("ingress-{number}")).await.unwrap());
    }
    for handle in &handles {
        assert!(soon(handle.outcome()).await.unwrap().is_ok(), "{handle:?}");
        assert_eq!(by_ingress.status("checkout", handle.id()).await.unwrap().steps, 2);
    }
    worker.shutdown().await.unwrap();
    // What the sweeper does only now and then.
    for subject in ["$JS.ACK.sagaflow-0.checkout.>", "$JS.ACK.*.*.sagaflow-0.checkout.>"] {
        drop(raw.client.subscribe(subject).await.unwrap());
    }
    raw.client.flush().await.unwrap();
    let mut wanted = Provision::default();
    wanted.sagas = vec!["checkout".to_owned()];
    wanted.ingress_entries = Some(10);
    wanted.ack_wait = Some(Duration::from_secs(9));
    wanted.update = true;
    let done = soon(provision(&url(&server, "admin"), &as_user("admin", shards), &wanted)).await.unwrap();
    assert_eq!(done.changed.len(), 4 + usize::from(shards), "{done}");
    // Nobody was refused anything meanwhile.
    assert!(!server.log().contains("Violation"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_work_with_one_shard() {
    everybody_can_work(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_work_with_two_shards() {
    everybody_can_work(2).await;
}

/// A running instance of `checkout` and one of another saga, as they stand in the stream.
async fn victims(server: &NatsServer) -> [Option<Vec<u8>>; 2] {
    let admin = Raw::connect(server, "sys").await;
    let read = async |subject: &str| {
        let asked = admin.client.request(format!("$JS.API.DIRECT.GET.sagaflow-0.{subject}"), "".into()).await.unwrap();
        asked.status.is_none().then(|| asked.payload.to_vec())
    };
    [read("sagaflow.0.checkout.victim").await, read("sagaflow.0.refund.victim").await]
}

/// With a user for the tests, who may do anything.
pub(crate) fn observed() -> String {
    documented().replacen("users: [", "users: [ { user: sys, password: sys }", 1)
}

async fn put_victims(server: &NatsServer) {
    let admin = async_nats::jetstream::new(Raw::connect(server, "sys").await.client);
    for saga in ["checkout", "refund"] {
        admin.publish(format!("sagaflow.0.{saga}.victim"), "untouched".into()).await.unwrap().await.unwrap();
    }
}

async fn assert_untouched(server: &NatsServer) {
    assert_eq!(victims(server).await, [Some(b"untouched".to_vec()), Some(b"untouched".to_vec())]);
    let admin = async_nats::jetstream::new(Raw::connect(server, "sys").await.client);
    for stream in [
        "sagaflow-0",
        "sagaflow-timers",
        "sagaflow-notes",
        "sagaflow-mail",
        "sagaflow-events",
        "sagaflow-history",
        "sagaflow-ingress",
    ] {
        admin.get_stream(stream).await.unwrap_or_else(|error| panic!("{stream}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_trusted_can_hand_in_and_look_and_nothing_more() {
    let server = provisioned(&observed(), 1).await;
    put_victims(&server).await;
    let shop = Raw::connect(&server, "shop").await;
    // To write, to forge a transition, a watch, a timer, a wake, a start of another saga, an acknowledgement.
    shop.may_not_publish(&[
        "sagaflow.0.checkout.victim",
        "sagaflow.0.checkout.new",
        "sagaflow.0.refund.victim",
        "sagaflow.watch.checkout.victim",
        "sagaflow.timers.at.checkout.victim",
        "sagaflow.timers.wake.checkout.victim.1",
        "sagaflow.timers.sweep.checkout.0",
        "sagaflow.notes.checkout.victim.1.0",
        "sagaflow.mail.checkout.victim.$cancel.once.a",
        "sagaflow.events.checkout.victim.1-1",
        "sagaflow.history.checkout.victim.1",
        "sagaflow.in.start.refund.a",
        "sagaflow.in.cancel.checkout.a",
        "$JS.ACK.sagaflow-0.checkout.1.1.1.1.0",
        "$JS.ACK._.x.sagaflow-0.checkout.1.1.1.1.0",
        "$JS.ACK.sagaflow-ingress.checkout.1.1.1.1.0",
    ])
    .await;
    // To read others' records, to take deliveries away, to change or delete.
    shop.may_not_publish(&[
        "$JS.API.DIRECT.GET.sagaflow-0",
        "$JS.API.DIRECT.GET.sagaflow-0.sagaflow.0.refund.victim",
        "$JS.API.DIRECT.GET.sagaflow-ingress",
        "$JS.API.DIRECT.GET.sagaflow-notes",
        "$JS.API.STREAM.MSG.GET.sagaflow-0",
        "$JS.API.STREAM.INFO.sagaflow-0",
        "$JS.API.STREAM.NAMES",
        "$JS.API.STREAM.DELETE.sagaflow-0",
        "$JS.API.STREAM.PURGE.sagaflow-0",
        "$JS.API.STREAM.PURGE.sagaflow-ingress",
        "$JS.API.STREAM.PURGE.sagaflow-notes",
        "$JS.API.STREAM.PURGE.sagaflow-mail",
        "$JS.API.DIRECT.GET.sagaflow-mail",
        "$JS.API.DIRECT.GET.sagaflow-events",
        "$JS.API.DIRECT.GET.sagaflow-history",
        "$JS.API.STREAM.UPDATE.sagaflow-0",
        "$JS.API.STREAM.MSG.DELETE.sagaflow-0",
        "$JS.API.STREAM.CREATE.mine",
        "$JS.API.CONSUMER.CREATE.sagaflow-0.mine.>",
        "$JS.API.CONSUMER.DELETE.sagaflow-0.checkout",
        "$JS.API.CONSUMER.MSG.NEXT.sagaflow-0.checkout",
        "$JS.API.CONSUMER.MSG.NEXT.sagaflow-ingress.checkout",
    ])
    .await;
    shop.may_not_subscribe(&[
        ">",
        "_INBOX.>",
        "_INBOX_worker.>",
        "_INBOX_client.>",
        "sagaflow.>",
        "sagaflow.0.checkout.*",
        "sagaflow.in.start.checkout.*",
        "sagaflow.watch.refund.*",
        "$JS.ACK.>",
        "$JS.EVENT.>",
    ])
    .await;
    assert_untouched(&server).await;

    // No permission sees headers. To inject into another subject, to wipe, to let vanish:
    let schedule =
        [("Nats-Schedule", "@at 2020-01-01T00:00:00Z"), ("Nats-Schedule-Target", "sagaflow.in.start.refund.a")];
    assert_eq!(shop.publish_with("sagaflow.in.start.checkout.a", &schedule).await, 10188);
    for rollup in ["all", "sub"] {
        assert_eq!(shop.publish_with("sagaflow.in.start.checkout.a", &[("Nats-Rollup", rollup)]).await, 10111);
    }
    assert_eq!(shop.publish_with("sagaflow.in.start.checkout.a", &[("Nats-TTL", "1")]).await, 10166);
    assert_eq!(ingress_messages(&server).await, 0, "nothing was stored");

    // To have the server write its answer where it matters: it stays in the account of who asked.
    for target in ["sagaflow.0.checkout.victim", "sagaflow.0.refund.victim", "sagaflow.in.start.refund.a"] {
        let entry = "sagaflow.in.start.checkout.b";
        shop.client.publish_with_reply(entry, target, "{}".into()).await.unwrap();
        let read = "$JS.API.DIRECT.GET.sagaflow-0.sagaflow.0.checkout.victim";
        shop.client.publish_with_reply(read, target, "".into()).await.unwrap();
    }
    shop.client.flush().await.unwrap();
    // The last answer is there when this one is.
    assert_eq!(shop.publish_with("sagaflow.in.start.checkout.b", &[]).await, 0);
    assert_untouched(&server).await;
    assert_eq!(ingress_messages(&server).await, 4, "the three, and the last");

    // What it is permitted.
    let seen =
        shop.client.request("$JS.API.DIRECT.GET.sagaflow-0.sagaflow.0.checkout.victim", "".into()).await.unwrap();
    assert_eq!(seen.payload, "untouched");
}

async fn ingress_messages(server: &NatsServer) -> u64 {
    let admin = async_nats::jetstream::new(Raw::connect(server, "sys").await.client);
    admin.get_stream("sagaflow-ingress").await.unwrap().cached_info().state.messages
}

/// Why who isn't trusted must have another account: permissions alone don't hold.
#[tokio::test(flavor = "multi_thread")]
async fn within_one_account_an_answer_can_be_written_over_a_record() {
    let server = provisioned(&observed(), 1).await;
    put_victims(&server).await;
    let client = Raw::connect(&server, "client").await;
    client.may_not_publish(&["sagaflow.0.refund.victim"]).await;
    client.client.publish_with_reply("$JS.API.INFO", "sagaflow.0.refund.victim", "".into()).await.unwrap();
    soon(async { while victims(&server).await[1] == Some(b"untouched".to_vec()) {} }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trusted_clients_workers_and_administrators_can_do_no_more_than_their_work() {
    let server = provisioned(&observed(), 1).await;
    put_victims(&server).await;
    let destructive = [
        "$JS.API.STREAM.DELETE.sagaflow-0",
        "$JS.API.STREAM.PURGE.sagaflow-0",
        "$JS.API.STREAM.MSG.DELETE.sagaflow-0",
        "$JS.API.CONSUMER.DELETE.sagaflow-0.checkout",
        "sagaflow.0.refund.victim",
        "sagaflow.watch.refund.victim",
        "sagaflow.notes.refund.victim.1.0",
        "sagaflow.mail.refund.victim.approved.once.a",
        "sagaflow.events.refund.victim.1-1",
        "sagaflow.history.refund.victim.1",
        "$JS.API.STREAM.MSG.GET.sagaflow-0",
    ];
    for user in ["client", "worker", "admin"] {
        let raw = Raw::connect(&server, user).await;
        raw.may_not_publish(&destructive).await;
        raw.may_not_subscribe(&[">", "_INBOX.>", "_INBOX_shop.>", "sagaflow.>", "sagaflow.0.>"]).await;
        if user != "admin" {
            raw.may_not_publish(&[
                "$JS.API.STREAM.UPDATE.sagaflow-0",
                "$JS.API.STREAM.CREATE.sagaflow-7",
                "$JS.API.CONSUMER.CREATE.sagaflow-0.checkout.sagaflow.0.checkout.*",
                "$JS.API.DIRECT.GET.sagaflow-0.sagaflow.0.refund.victim",
                "$JS.API.CONSUMER.MSG.NEXT.sagaflow-0.refund",
            ])
            .await;
        }
        if user != "worker" {
            raw.may_not_publish(&[
                "sagaflow.watch.checkout.victim",
                "sagaflow.timers.at.checkout.victim",
                "sagaflow.timers.wake.checkout.victim.1",
                "sagaflow.notes.checkout.victim.1.0",
                "$JS.API.STREAM.PURGE.sagaflow-notes",
                "$JS.API.STREAM.PURGE.sagaflow-mail",
                "$JS.API.DIRECT.GET.sagaflow-mail",
                "$JS.ACK.sagaflow-0.checkout.1.1.1.1.0",
                "$JS.API.CONSUMER.MSG.NEXT.sagaflow-0.checkout",
                "$JS.API.DIRECT.GET.sagaflow-0",
            ])
            .await;
        }
    }
    Raw::connect(&server, "admin")
        .await
        .may_not_publish(&["sagaflow.0.checkout.victim", "sagaflow.in.start.checkout.a"])
        .await;
    assert_untouched(&server).await;
}
