//! What can be said of the NATS transport without a server.

use std::time::{Duration, SystemTime};

use async_nats::jetstream;
use async_nats::jetstream::stream::Republish;
use jiff::Timestamp;

use super::ack::About;
use super::append::{self, meaning_of_refusal, timestamp, ttl};
use super::connect::is_new_enough;
use super::layout::{Layout, instance_of, shard_of};
use super::settings::check;
use super::target::Target;
use crate::ErrorKind;
use crate::transport::{AppendError, ConnectOptions, InstanceId, Post, Revision};

fn refusal(status: u32, code: u32, description: &str) -> AppendError {
    let json = serde_json::json!({ "code": status, "err_code": code, "description": description });
    let error: jetstream::Error = serde_json::from_value(json).unwrap();
    meaning_of_refusal(&error, 10, 5)
}

#[test]
fn superseded_and_undecided_are_told_apart() {
    let last = |text| match refusal(400, 10071, text) {
        AppendError::Superseded { last } => last,
        other => panic!("{other}"),
    };
    assert_eq!(last("wrong last sequence: 17"), Some(Revision(17)));
    assert_eq!(last("wrong last sequence: 0"), None);
    assert_eq!(last("wrong last sequence"), None);
    assert!(matches!(refusal(400, 10164, "wrong last sequence"), AppendError::Undecided));
}

#[test]
fn every_refusal_has_its_action() {
    for busy in [10077, 10023, 10047, 10167] {
        assert!(matches!(refusal(503, busy, "no"), AppendError::Busy(_)), "{busy}");
    }
    for large in [10054, 10097] {
        assert!(matches!(refusal(400, large, "no"), AppendError::TooLarge { size: 10, limit: 5 }), "{large}");
    }
    for unknown in [10008, 10009] {
        assert!(matches!(refusal(503, unknown, "no"), AppendError::Unknown(_)), "{unknown}");
    }
    for refused in [10109, 10165, 99999] {
        assert!(matches!(refusal(400, refused, "no"), AppendError::Refused(_)), "{refused}");
    }
}

#[test]
fn a_terminal_record_is_kept_at_least_as_long_as_asked() {
    assert_eq!(ttl(Duration::ZERO), "1");
    assert_eq!(ttl(Duration::from_millis(10)), "1");
    assert_eq!(ttl(Duration::from_millis(1001)), "2");
    assert_eq!(ttl(Duration::from_secs(86400)), "86400");
    assert_eq!(ttl(Duration::MAX), "never");
}

#[test]
fn the_shard_of_an_id_never_changes() {
    // A change here strands the instances of everybody who has more than one shard.
    let shards: Vec<u16> = ["order-42", "a", "7f9c24e8", ""].iter().map(|id| shard_of(id, 16)).collect();
    assert_eq!(shards, PINNED);
    assert!((0..1000).all(|n| shard_of(&n.to_string(), 1) == 0));
    let mut counts = [0; 7];
    (0..7000).for_each(|n| counts[usize::from(shard_of(&format!("order-{n}"), 7))] += 1);
    assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
}

const PINNED: [u16; 4] = [2, 0, 3, 1];

#[test]
fn subjects_are_read_back() {
    let options = ConnectOptions { shards: 16, ..ConnectOptions::default() };
    let layout = Layout::new(&options).unwrap();
    let instance = InstanceId::new("checkout", "order-42").unwrap();
    let subject = layout.subject(&instance);
    assert_eq!(subject, format!("sagaflow.{}.checkout.order-42", PINNED[0]));
    assert_eq!(instance_of(&subject), Some(instance));
    assert_eq!(instance_of("sagaflow"), None);
}

#[test]
fn wakes_are_read_back() {
    let layout = Layout::new(&ConnectOptions::default()).unwrap();
    let instance = InstanceId::new("checkout", "order-42").unwrap();
    let wake = layout.wake(&instance, Revision(7));
    assert_eq!(wake, "sagaflow.timers.wake.checkout.order-42.7");
    assert_eq!(layout.woken(&wake), Some((instance.clone(), Revision(7))));
    for other in [&layout.subject(&instance), &layout.timer(&instance), "sagaflow.timers.wake.checkout.order-42"] {
        assert_eq!(layout.woken(other), None, "{other}");
    }
}

#[test]
fn notes_are_read_back() {
    let layout = Layout::new(&ConnectOptions::default()).unwrap();
    let instance = InstanceId::new("checkout", "order-42").unwrap();
    let note = layout.note(&instance, Revision(7), 12);
    assert_eq!(note, "sagaflow.notes.checkout.order-42.7.12");
    assert_eq!(layout.noted(&note), Some((instance.clone(), Revision(7), 12)));
    for other in [&layout.subject(&instance), "sagaflow.notes.checkout.order-42.7"] {
        assert_eq!(layout.noted(other), None, "{other}");
    }
}

#[test]
fn mail_is_read_back() {
    let layout = Layout::new(&ConnectOptions::default()).unwrap();
    let instance = InstanceId::new("checkout", "order-42").unwrap();
    let post =
        Post { instance: &instance, name: "$cancel", key: "a", remember: false, answer_for: None, payload: "".into() };
    let (once, kept) = (layout.letter(&post), layout.letter(&Post { remember: true, ..post.clone() }));
    assert_eq!(once, "sagaflow.mail.checkout.order-42.$cancel.once.a");
    assert_eq!(kept, "sagaflow.mail.checkout.order-42.$cancel.keep.a");
    let answer = layout.letter(&Post { answer_for: Some(Duration::from_secs(1)), ..post });
    assert_eq!(answer, "sagaflow.mail.checkout.order-42.$cancel.answer.a");
    assert_eq!([&once, &kept, &answer].map(|subject| Layout::is_answer(subject)), [false, false, true]);
    for subject in [once, kept, answer] {
        assert_eq!(layout.posted(&subject), Some((instance.clone(), "$cancel".to_owned())));
    }
    assert_eq!(layout.posted(&layout.subject(&instance)), None);
}

#[test]
fn times_in_headers_are_read_back_and_the_farthest_is_never() {
    let now = SystemTime::now();
    assert_eq!(timestamp(now).to_string().parse::<Timestamp>().unwrap(), timestamp(now));
    assert_eq!(timestamp(Timestamp::MAX.into()), Timestamp::MAX);
    assert_eq!(timestamp(now + Duration::from_secs(1 << 40)), Timestamp::MAX);
}

#[test]
fn options_that_make_no_streams_are_refused() {
    type Spoil = fn(&mut ConnectOptions);
    let cases: [Spoil; 5] = [
        |o| o.prefix = String::new(),
        |o| o.prefix = "my.app".to_owned(),
        |o| o.prefix = "*".to_owned(),
        |o| o.shards = 0,
        |o| o.replicas = 6,
    ];
    for spoil in cases {
        let mut options = ConnectOptions::default();
        spoil(&mut options);
        assert!(Layout::new(&options).is_err(), "{options:?}");
    }
}

#[test]
fn what_the_server_adds_to_a_streams_settings_is_no_mismatch() {
    let needed = Layout::new(&ConnectOptions::default()).unwrap().config(0);
    let mut found = needed.clone();
    found.duplicate_window = Duration::from_secs(120);
    found.metadata.insert("_nats.level".to_owned(), "5".to_owned());
    found.max_messages = 0;
    // An operator may have the records sent elsewhere, too.
    found.republish =
        Some(Republish { source: ">".to_owned(), destination: "audit.>".to_owned(), headers_only: false });
    check(&found, &needed).unwrap();
    found.allow_direct = false;
    let error = check(&found, &needed).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.to_string().contains("allow_direct is false"), "{error}");
}

#[test]
fn both_forms_of_a_reply_subject_are_read() {
    let about = Some(About { revision: 100, delivered: 3 });
    assert_eq!(About::read("$JS.ACK.shop-0.checkout.3.100.7.1790230470084404000.42"), about);
    assert_eq!(About::read("$JS.ACK._.szMpdrwD.shop-0.checkout.3.100.7.1790230470084404000.42"), about);
    assert_eq!(About::read("$JS.ACK.hub.szMpdrwD.shop-0.checkout.3.100.7.1790230470084404000.42.token"), about);
    assert_eq!(About::read("_INBOX.x"), None);
    assert_eq!(About::read("$JS.ACK.shop"), None);
}

#[test]
fn versions_are_read() {
    for good in ["2.14.0", "2.15.1", "2.15.0-RC.1", "3.0.0"] {
        assert!(is_new_enough(good), "{good}");
    }
    for bad in ["2.9.10", "2.13.9", "1.20.0", "", "dev"] {
        assert!(!is_new_enough(bad), "{bad}");
    }
}

#[test]
fn a_url_is_shown_without_its_secrets() {
    let name = |url: &str| Target::parse(url).map(|target| target.name).unwrap();
    assert_eq!(name("nats://user:secret@a:1,b"), "nats://a:1,nats://b:4222");
    assert_eq!(name("tls://token@a,tls://token@b:2"), "tls://a:4222,tls://b:2");
    assert_eq!(name("nats://[::1]:4222"), "nats://[::1]:4222");
    let error = Target::parse("nats://u:one@a,nats://u:two@b").err().unwrap().to_string();
    assert!(error.contains("one user") && !error.contains("two@"), "{error}");
}

/// Beyond 1 KiB allocators take ten times as long, and there is one of these for each append.
#[test]
fn the_future_of_an_append_is_small() {
    fn size<A, B, F>(_: fn(A, B) -> F) -> usize {
        size_of::<F>()
    }
    let size = size(append::append);
    assert!(size <= 1024, "{size}");
}
