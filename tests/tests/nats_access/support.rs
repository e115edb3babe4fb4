//! Short forms that the tests share.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream;
use sagaflow::prelude::*;
use sagaflow::transport::{ConnectOptions, Transport, nats};
use sagaflow::{Error, ErrorKind, InstanceStatus, Status, connect_with};
use sagaflow_tests::{NatsServer, Settings};

use crate::sagas::{Shop, checkout, doubling};

/// Far more than anything here takes.
const SOON: Duration = Duration::from_secs(30);

pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, what).await.expect("it should have happened soon")
}

pub(crate) async fn server(config: &str) -> NatsServer {
    NatsServer::start_with(Settings::with(config)).await
}

/// The default options, changed.
pub(crate) fn options(change: impl FnOnce(&mut ConnectOptions)) -> ConnectOptions {
    let mut options = ConnectOptions::default();
    change(&mut options);
    options
}

pub(crate) async fn open(url: &str, options: &ConnectOptions) -> Arc<dyn Transport> {
    soon(nats::open(url, options)).await.unwrap_or_else(|error| panic!("{error}"))
}

/// The error of a connection that must not come about, which has to come long before the time for connecting is over.
pub(crate) async fn refused(url: &str, options: &ConnectOptions) -> Error {
    let opening = tokio::time::timeout(options.connect_timeout / 2, connect_with(url, options.clone()));
    opening.await.expect("the error comes at once").expect_err("it must not open")
}

/// A worker of the tests' sagas.
pub(crate) fn worker(transport: &Arc<dyn Transport>, shop: &Arc<Shop>) -> RunningWorker {
    let builder = Worker::builder(transport.clone()).provide_shared(shop.clone()).ack_wait(Duration::from_secs(2));
    // There are no newer workers to wait for.
    let builder = builder.hand_back(Duration::from_millis(20), 3);
    builder.serve::<checkout>().serve::<doubling>().build().unwrap().spawn()
}

/// Waits until an instance stands where it is expected.
pub(crate) async fn status_when(client: &Client, saga: &str, id: &str, expected: Status) -> InstanceStatus {
    soon(async {
        loop {
            match client.status(saga, id).await {
                Ok(status) if status.status == expected => return status,
                Ok(_) => {}
                Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{error}"),
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

/// A connection of an administrator, without sagaflow.
pub(crate) async fn administrator(server: &NatsServer) -> jetstream::Context {
    jetstream::new(async_nats::connect(server.url()).await.expect("the server serves"))
}

/// How many messages a stream holds.
pub(crate) async fn messages(administrator: &jetstream::Context, stream: &str) -> u64 {
    administrator.get_stream(stream).await.expect("it is there").cached_info().state.messages
}

/// Waits until a stream is empty.
pub(crate) async fn emptied(administrator: &jetstream::Context, stream: &str) {
    soon(async { while messages(administrator, stream).await > 0 {} }).await;
}

/// Everything that sagaflow and the client of NATS log, at any level.
#[derive(Clone, Default)]
pub(crate) struct Logged(Arc<Mutex<Vec<u8>>>);

impl Logged {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).expect("text")
    }
}

impl std::io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
