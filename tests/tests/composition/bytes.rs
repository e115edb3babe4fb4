//! What is written for joins: so many bytes for each result, however many there are.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use sagaflow::prelude::*;
use sagaflow::transport::{
    Append, AppendError, Deliveries, DeliveryOptions, Discard, InstanceId, Line, Log, Logged, Mail, Note, Of, Post,
    RecordPage, Revision, Stored, Transport, Watch,
};
use sagaflow::{Error, Saga, ValueOf};
use tokio::sync::watch;

/// Counts what is stored.
#[derive(Debug)]
pub(crate) struct Counting {
    inner: Arc<dyn Transport>,
    bytes: AtomicU64,
    notes: AtomicU64,
    /// How many pieces of mail were read.
    mail: AtomicU64,
    stored: watch::Sender<u64>,
    by_saga: Mutex<HashMap<String, (u64, u64)>>,
}

impl Counting {
    pub(crate) fn new(inner: Arc<dyn Transport>) -> Self {
        let (bytes, notes, mail, stored) = Default::default();
        Self { inner, bytes, notes, mail, stored: watch::Sender::new(stored), by_saga: Mutex::default() }
    }

    /// Bytes, appends and notes, and pieces of mail that were read.
    pub(crate) fn counted(&self) -> [u64; 3] {
        [self.bytes.load(Ordering::Relaxed), *self.stored.borrow(), self.mail.load(Ordering::Relaxed)]
    }

    /// How much was stored for the instances of a saga, records, notes and letters: how often, and how many bytes.
    pub(crate) fn of(&self, saga: &str) -> (u64, u64) {
        self.by_saga.lock().unwrap().get(saga).copied().unwrap_or_default()
    }

    fn count(&self, instance: &InstanceId, size: usize) {
        self.bytes.fetch_add(size as u64, Ordering::Relaxed);
        self.stored.send_modify(|stored| *stored += 1);
        let mut by_saga = self.by_saga.lock().unwrap();
        let of = by_saga.entry(instance.saga().to_owned()).or_default();
        *of = (of.0 + 1, of.1 + size as u64);
    }
}

impl Transport for Counting {
    fn append<'a>(&'a self, append: Append<'a>) -> BoxFuture<'a, Result<Revision, AppendError>> {
        Box::pin(async move {
            let (instance, size) = (append.instance, append.payload.len());
            let appended = self.inner.append(append).await?;
            self.count(instance, size);
            Ok(appended)
        })
    }

    fn note<'a>(&'a self, note: Note<'a>) -> BoxFuture<'a, Result<(), AppendError>> {
        Box::pin(async move {
            let (instance, size) = (note.instance, note.payload.len());
            self.inner.note(note).await?;
            self.notes.fetch_add(1, Ordering::Relaxed);
            self.count(instance, size);
            Ok(())
        })
    }

    fn notes<'a>(&'a self, instance: &'a InstanceId, of: Revision) -> BoxFuture<'a, Result<Vec<bytes::Bytes>, Error>> {
        self.inner.notes(instance, of)
    }

    fn post<'a>(&'a self, post: Post<'a>) -> BoxFuture<'a, Result<u64, AppendError>> {
        Box::pin(async move {
            let (instance, size) = (post.instance, post.payload.len());
            let posted = self.inner.post(post).await?;
            self.count(instance, size);
            Ok(posted)
        })
    }

    fn mail<'a>(
        &'a self,
        instance: &'a InstanceId,
        name: &'a str,
        after: u64,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<Mail>, Error>> {
        Box::pin(async move {
            let mail = self.inner.mail(instance, name, after, most).await?;
            self.mail.fetch_add(mail.len() as u64, Ordering::Relaxed);
            Ok(mail)
        })
    }

    fn mailbox<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Vec<(String, u64)>, Error>> {
        self.inner.mailbox(instance)
    }

    fn write_line<'a>(&'a self, line: Line<'a>) -> BoxFuture<'a, Result<u64, AppendError>> {
        self.inner.write_line(line)
    }

    fn lines<'a>(&'a self, log: Log, of: Of<'a>, after: u64, most: usize) -> BoxFuture<'a, Result<Vec<Logged>, Error>> {
        self.inner.lines(log, of, after, most)
    }

    fn records<'a>(
        &'a self,
        saga: Option<&'a str>,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<RecordPage, Error>> {
        self.inner.records(saga, after)
    }

    fn discard<'a>(&'a self, instance: &'a InstanceId, which: Discard<'a>) -> BoxFuture<'a, ()> {
        self.inner.discard(instance, which)
    }

    fn latest<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Option<Stored>, Error>> {
        self.inner.latest(instance)
    }

    fn deliveries<'a>(
        &'a self,
        saga: &'a str,
        options: DeliveryOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Deliveries>, Error>> {
        self.inner.deliveries(saga, options)
    }

    fn watch<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Box<dyn Watch>, Error>> {
        self.inner.watch(instance)
    }

    fn max_record(&self) -> usize {
        self.inner.max_record()
    }

    fn name(&self) -> String {
        self.inner.name()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.inner.close()
    }
}

/// What was written for a saga, and by how many notes and appends.
#[derive(Debug)]
struct Written {
    bytes: u64,
    notes: u64,
    stored: u64,
}

async fn written<S: Saga>(call: Call<S>) -> (ValueOf<S>, Written) {
    let inner = sagaflow::connect("embedded:").await.unwrap();
    let transport = Arc::new(Counting::new(inner));
    let worker = Worker::builder(transport.clone()).serve::<S>().provide_shared(transport.clone()).build().unwrap();
    let worker = worker.spawn();
    let outcome = Client::new(transport.clone()).start(call).await.unwrap().outcome().await.unwrap();
    let Ok(value) = outcome else { panic!("it has failed") };
    worker.shutdown().await.unwrap();
    let (bytes, notes) = (transport.bytes.load(Ordering::Relaxed), transport.notes.load(Ordering::Relaxed));
    (value, Written { bytes, notes, stored: *transport.stored.borrow() })
}

/// Comes to its end when what came of those before it is stored.
#[step]
async fn in_turn(#[inject] transport: &Counting, number: u64) -> u64 {
    transport.stored.subscribe().wait_for(|stored| *stored > number).await.unwrap();
    number
}

#[saga]
async fn one_by_one(calls: u64) -> u64 {
    join_all((0..calls).map(in_turn)).await.into_iter().sum()
}

/// For a thousand that come one at a time, no more for each than for a hundred.
#[tokio::test]
async fn results_that_come_one_at_a_time_cost_the_same_however_many() {
    let (sum, hundred) = written(one_by_one(100)).await;
    assert_eq!(sum, 4950);
    let (sum, thousand) = written(one_by_one(1000)).await;
    assert_eq!(sum, 499_500);
    assert!(thousand.stored >= 1000, "each was stored when it came: {thousand:?}");
    assert!(thousand.notes > 950, "few of them by a record: {thousand:?}");
    let (each_of_hundred, each_of_thousand) = (hundred.bytes / 100, thousand.bytes / 1000);
    println!("bytes for each result: {each_of_hundred} of 100, {each_of_thousand} of 1000; {thousand:?}");
    assert!(each_of_thousand * 4 <= each_of_hundred * 5, "{hundred:?} {thousand:?}");
}

#[step]
async fn count(number: u64) -> u64 {
    number
}

#[saga]
async fn loops(times: u64) -> u64 {
    let mut sum = 0;
    for number in 0..times {
        sum += count(number).await;
    }
    sum
}

#[saga]
async fn loops_in_a_join(times: u64) -> u64 {
    let (sum, one) = join!(loops(times), count(1)).await;
    sum + one
}

/// The last step of many costs what the first one costs.
#[tokio::test]
async fn a_long_loop_inside_a_join_is_flat() {
    let (_, short) = written(loops_in_a_join(100)).await;
    let (sum, long) = written(loops_in_a_join(10_000)).await;
    assert_eq!(sum, 49_995_001);
    let (each_of_short, each_of_long) = (short.bytes / 100, long.bytes / 10_000);
    println!("bytes for each step: {each_of_short} of 100, {each_of_long} of 10,000; {long:?}");
    assert!(each_of_long * 4 <= each_of_short * 5, "{short:?} {long:?}");
}
