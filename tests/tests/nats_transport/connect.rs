//! Connecting: what is wrong is said, in words that help, and without secrets.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use sagaflow::transport::{ConnectOptions, Transport, nats};
use sagaflow::{Error, ErrorKind};
use sagaflow_tests::{NatsServer, Settings};

use crate::support::{append, id, impatient, latest, open, soon};

async fn refused(url: &str, options: &ConnectOptions) -> Error {
    soon(nats::open(url, options)).await.expect_err("it must not open")
}

/// Says that it is an old server, and answers as one does.
fn old_server(version: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let greeting = format!(
                r#"INFO {{"server_id":"X","server_name":"old","version":"{version}","go":"go1.19","host":"127.0.0.1","port":{port},"headers":true,"max_payload":1048576,"proto":1,"jetstream":true}}"#
            );
            write!(stream, "{greeting}\r\n").unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            for line in lines.map_while(Result::ok).filter(|line| line == "PING") {
                let _ = line;
                let _ = stream.write_all(b"PONG\r\n");
            }
        }
    });
    format!("nats://127.0.0.1:{port}")
}

#[tokio::test]
async fn a_server_that_is_too_old_is_named_with_what_is_needed() {
    let url = old_server("2.9.10");
    let error = refused(&url, &ConnectOptions::default()).await;
    assert_eq!(error.kind(), ErrorKind::UnsuitableServer);
    let text = error.to_string();
    assert!(text.contains("found nats-server 2.9.10"), "{text}");
    assert!(text.contains("sagaflow needs 2.14 or newer"), "{text}");
}

#[tokio::test]
async fn no_server_is_unreachable_by_its_url_without_the_password() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = refused(&format!("nats://shop:hunter2@127.0.0.1:{port}"), &impatient()).await;
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let text = format!("{error} {error:?}");
    assert!(text.contains(&format!("nats://127.0.0.1:{port}")), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_server_that_starts_late_is_waited_for() {
    let mut server = NatsServer::start().await;
    let url = server.url();
    server.stop().await;
    let opening = tokio::spawn(async move { nats::open(&url, &ConnectOptions::default()).await.map(|t| t.name()) });
    server.restart().await;
    assert_eq!(soon(opening).await.unwrap().unwrap(), server.url());
}

#[tokio::test]
async fn a_server_without_jetstream_is_unsuitable() {
    let server = NatsServer::start_with(Settings { jetstream: false, ..Settings::default() }).await;
    let error = refused(&server.url(), &ConnectOptions::default()).await;
    assert_eq!(error.kind(), ErrorKind::UnsuitableServer, "{error}");
    assert!(error.to_string().contains("needs JetStream"), "{error}");
}

#[tokio::test]
async fn a_wrong_password_is_denied_and_nowhere_to_be_seen() {
    let config = "authorization { user: shop, password: \"right:@pass\" }".to_owned();
    let server = NatsServer::start_with(Settings { config, ..Settings::default() }).await;
    let address = server.address();

    let error = refused(&format!("nats://shop:hunter2@{address}"), &ConnectOptions::default()).await;
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    let error = refused(&server.url(), &ConnectOptions::default()).await;
    assert_eq!(error.kind(), ErrorKind::Denied);

    let url = format!("nats://shop:right%3A%40pass@{address}");
    let transport = soon(nats::open(&url, &ConnectOptions::default())).await.unwrap();
    assert_eq!(transport.name(), server.url());
    assert!(!format!("{transport:?}").contains("right"), "{transport:?}");
}

#[tokio::test]
async fn a_token_opens() {
    let config = "authorization { token: sesame }".to_owned();
    let server = NatsServer::start_with(Settings { config, ..Settings::default() }).await;
    let url = format!("nats://sesame@{}", server.address());
    let transport = soon(nats::open(&url, &ConnectOptions::default())).await.unwrap();
    assert!(!format!("{transport:?} {}", transport.name()).contains("sesame"));
}

#[tokio::test]
async fn missing_permissions_are_named_instead_of_waited_for() {
    let config = r#"authorization { users: [
        { user: admin, password: a },
        { user: reader, password: r, permissions: { publish: { deny: "sagaflow.0.>" } } },
        { user: nobody, password: n, permissions: { publish: { deny: "$JS.API.>" } } }
    ] }"#;
    let server = NatsServer::start_with(Settings { config: config.to_owned(), ..Settings::default() }).await;
    let address = server.address();
    let error = refused(&format!("nats://nobody:n@{address}"), &ConnectOptions::default()).await;
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");

    let reader: Arc<dyn Transport> =
        soon(nats::open(&format!("nats://reader:r@{address}"), &ConnectOptions::default())).await.unwrap();
    let error = append(&reader, &id(1), None, "{}").await.unwrap_err();
    assert!(matches!(error, sagaflow::transport::AppendError::Refused(_)), "{error}");
    assert_eq!(latest(&reader, &id(1)).await, None);
}

#[tokio::test]
async fn an_unusable_url_is_quoted_without_its_password() {
    for url in [
        "nats://shop:hunter2@",
        "http://shop:hunter2@host",
        "nats://shop:hunter2@host/path",
        "nats://shop:hunter2%@host",
    ] {
        let error = refused(url, &impatient()).await;
        assert_eq!(error.kind(), ErrorKind::InvalidUrl, "{url}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn of_several_servers_one_will_do() {
    let server = NatsServer::start().await;
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("nats://{dead},{}", server.address());
    let transport = soon(nats::open(&url, &ConnectOptions::default())).await.unwrap();
    assert_eq!(transport.name(), format!("nats://{dead},nats://{}", server.address()));
    append(&transport, &id(1), None, "{}").await.unwrap();
}

#[tokio::test]
async fn after_closing_everything_says_so() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let mut deliveries = soon(transport.deliveries("checkout", crate::support::patient(8))).await.unwrap();
    let instance = id(1);
    let mut watch = soon(transport.watch(&instance)).await.unwrap();
    soon(transport.close()).await.unwrap();
    assert!(soon(deliveries.next()).await.is_none());
    assert!(soon(watch.next()).await.is_none());
    assert!(append(&transport, &instance, None, "{}").await.is_err());
    assert_eq!(soon(transport.latest(&instance)).await.unwrap_err().kind(), ErrorKind::Closed);
    soon(transport.close()).await.unwrap();
}
