//! The streams: made once, never changed, and refused when they are not what they must be.

use async_nats::jetstream::stream::{Config, RetentionPolicy};
use sagaflow::ErrorKind;
use sagaflow::transport::{ConnectOptions, nats};
use sagaflow_tests::NatsServer;

use crate::support::{append, id, latest, soon};

fn options(prefix: &str, shards: u16) -> ConnectOptions {
    let mut options = ConnectOptions::default();
    options.prefix = prefix.to_owned();
    options.shards = shards;
    options
}

async fn administrator(server: &NatsServer) -> async_nats::jetstream::Context {
    async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap())
}

async fn mismatch(server: &NatsServer, options: &ConnectOptions) -> String {
    let error = soon(nats::open(&server.url(), options)).await.expect_err("it must not open");
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
    error.to_string()
}

#[tokio::test]
async fn the_streams_of_several_applications_are_apart() {
    let server = NatsServer::start().await;
    let shop = soon(nats::open(&server.url(), &options("shop", 1))).await.unwrap();
    let bank = soon(nats::open(&server.url(), &options("bank", 1))).await.unwrap();
    append(&shop, &id(1), None, "shop").await.unwrap();
    assert_eq!(latest(&bank, &id(1)).await, None);
}

#[tokio::test]
async fn another_number_of_shards_is_refused_by_name() {
    let server = NatsServer::start().await;
    soon(nats::open(&server.url(), &options("shop", 2))).await.unwrap();
    soon(nats::open(&server.url(), &options("shop", 2))).await.unwrap();
    for other in [1, 3] {
        let text = mismatch(&server, &options("shop", other)).await;
        assert!(text.contains("`shop-0`") && text.contains("sagaflow.shards"), "{text}");
        assert!(text.contains("is 2, sagaflow needs") && text.contains(&format!("needs {other}")), "{text}");
    }
    assert!(administrator(&server).await.get_stream("shop-2").await.is_err(), "nothing may be made before the check");
}

#[tokio::test]
async fn a_stream_that_loses_or_piles_up_records_is_refused_and_left_as_it_is() {
    let server = NatsServer::start().await;
    soon(nats::open(&server.url(), &options("shop", 1))).await.unwrap();
    let administrator = administrator(&server).await;
    let good = administrator.get_stream("shop-0").await.unwrap().cached_info().config.clone();
    type Spoil = fn(&mut Config);
    let cases: [(&str, Spoil); 5] = [
        ("max_msgs_per_subject", |c| c.max_messages_per_subject = 5),
        ("retention", |c| c.retention = RetentionPolicy::WorkQueue),
        ("allow_msg_ttl", |c| c.allow_message_ttl = false),
        ("subjects", |c| c.subjects = vec!["shop.0.checkout.*".to_owned()]),
        ("max_bytes", |c| c.max_bytes = 1_000_000),
    ];
    for (setting, spoil) in cases {
        administrator.delete_stream("shop-0").await.unwrap();
        let mut spoiled = good.clone();
        spoil(&mut spoiled);
        administrator.create_stream(spoiled).await.unwrap();
        let text = mismatch(&server, &options("shop", 1)).await;
        assert!(text.contains(&format!("{setting} is ")), "{setting}: {text}");
    }
    let kept = administrator.get_stream("shop-0").await.unwrap().cached_info().config.max_bytes;
    assert_eq!(kept, 1_000_000);
}

#[tokio::test]
async fn replicas_need_a_cluster() {
    let server = NatsServer::start().await;
    let mut options = options("shop", 1);
    options.replicas = 3;
    let error = soon(nats::open(&server.url(), &options)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsuitableServer, "{error}");
    assert!(error.to_string().contains("need a cluster"), "{error}");
}

#[tokio::test]
async fn processes_that_start_together_agree() {
    let server = NatsServer::start().await;
    let options = options("shop", 4);
    let url = server.url();
    let opened = soon(futures::future::join_all((0..8).map(|_| nats::open(&url, &options)))).await;
    for transport in opened {
        transport.unwrap();
    }
}
