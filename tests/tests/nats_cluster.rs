//! What only a cluster does: streams and consumers move, and appends are undecided for a while.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::future::join_all;
use futures::{FutureExt, StreamExt};
use sagaflow::transport::{
    Append, AppendError, ConnectOptions, Deliveries, Delivery, DeliveryOptions, InstanceId, Post, Revision, Transport,
    nats,
};
use sagaflow_tests::{Cluster, Logs, NatsServer};
use tokio::time::timeout;

/// How long anything may take; an election takes about 5 seconds.
const PATIENCE: Duration = Duration::from_secs(60);

fn replicated() -> ConnectOptions {
    let mut options = ConnectOptions::default();
    options.replicas = 3;
    options.connect_timeout = PATIENCE;
    options
}

async fn open(url: &str) -> Arc<dyn Transport> {
    nats::open(url, &replicated()).await.expect("the cluster serves")
}

async fn join(transport: &Arc<dyn Transport>, ack_wait: Duration) -> Box<dyn Deliveries> {
    let mut options = DeliveryOptions::default();
    options.ack_wait = ack_wait;
    timeout(PATIENCE, transport.deliveries("checkout", options)).await.expect("in time").expect("joining")
}

async fn next(deliveries: &mut Box<dyn Deliveries>) -> Delivery {
    timeout(PATIENCE, deliveries.next()).await.expect("in time").expect("not closed").expect("a delivery")
}

fn id(name: &str) -> InstanceId {
    InstanceId::new("checkout", name).unwrap()
}

fn append<'a>(instance: &'a InstanceId, after: Option<Revision>, payload: &str) -> Append<'a> {
    let payload = Bytes::copy_from_slice(payload.as_bytes());
    Append::new(instance, after, payload)
}

/// Appends as a worker does: again and again while the outcome is unknown, and content if it was there already.
async fn append_surely(transport: &Arc<dyn Transport>, append: Append<'_>) {
    loop {
        match transport.append(append.clone()).await {
            Ok(_) | Err(AppendError::Superseded { .. }) => return,
            Err(AppendError::Unknown(_) | AppendError::Undecided | AppendError::Busy(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

/// The server that leads a stream.
async fn leader<'c>(cluster: &'c mut Cluster, stream: &str) -> &'c mut NatsServer {
    let jetstream = async_nats::jetstream::new(async_nats::connect(cluster.servers[0].url()).await.unwrap());
    let leader = jetstream.get_stream(stream).await.unwrap().cached_info().cluster.clone().unwrap().leader.unwrap();
    for server in &mut cluster.servers {
        if async_nats::connect(server.url()).await.unwrap().server_info().server_name == leader {
            return server;
        }
    }
    panic!("no server is called {leader}");
}

/// Most losers of such a race are told first that it is not decided yet (10164): a result that is no refusal.
#[tokio::test]
async fn of_racing_appends_exactly_one_wins() {
    const ROUNDS: usize = 15;
    let cluster = Cluster::start().await;
    // Each through another server.
    let mut racers = Vec::new();
    for server in &cluster.servers {
        racers.push(open(&server.url()).await);
        racers.push(open(&server.url()).await);
    }
    let instance = id("order-1");
    let (mut last, mut undecided) = (None, 0);
    for round in 0..ROUNDS {
        let race = racers.iter().enumerate().map(|(racer, transport)| {
            let instance = &instance;
            async move {
                let payload = format!("{round} {racer}");
                let mut undecided = 0;
                loop {
                    match transport.append(append(instance, last, &payload)).await {
                        Ok(revision) => return (Some((revision, payload)), undecided),
                        Err(AppendError::Superseded { .. }) => return (None, undecided),
                        Err(AppendError::Undecided) => undecided += 1,
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        });
        let ended = timeout(PATIENCE, join_all(race)).await.expect("each is decided");
        undecided += ended.iter().map(|(_, undecided)| undecided).sum::<usize>();
        let winners: Vec<_> = ended.into_iter().filter_map(|(won, _)| won).collect();
        let [(revision, payload)] = &winners[..] else { panic!("round {round}: {winners:?}") };
        for transport in &racers {
            let stored = transport.latest(&instance).await.unwrap().unwrap();
            assert_eq!((stored.revision, &stored.payload[..]), (*revision, payload.as_bytes()));
        }
        last = Some(*revision);
    }
    assert!(undecided > 0, "the race has never been close: this has tested nothing");

    // That none of them has read a former record is no accident: it is not asked of whichever replica is near.
    let listener = async_nats::connect(cluster.servers[0].url()).await.unwrap();
    let mut asked = listener.subscribe("$JS.API.DIRECT.GET.>").await.unwrap();
    listener.flush().await.unwrap();
    racers[0].latest(&instance).await.unwrap();
    listener.flush().await.unwrap();
    let direct = asked.next().now_or_never();
    assert!(direct.is_none(), "{direct:?}");
}

#[tokio::test]
async fn deliveries_go_on_when_their_stream_and_consumer_move() {
    let cluster = Cluster::start().await;
    let logs = Logs::capture();
    let transport = open(&cluster.url()).await;
    let mut deliveries = join(&transport, Duration::from_secs(120)).await;
    let administrator = async_nats::connect(cluster.servers[0].url()).await.unwrap();
    let steps_down = ["STREAM.LEADER.STEPDOWN.sagaflow-0", "CONSUMER.LEADER.STEPDOWN.sagaflow-0.checkout"];
    for (number, what) in steps_down.iter().cycle().take(6).enumerate() {
        let answer = administrator.request(format!("$JS.API.{what}"), Bytes::new()).await.unwrap();
        let text = String::from_utf8_lossy(&answer.payload).into_owned();
        assert!(text.contains("\"success\":true"), "{text}");
        let instance = id(&number.to_string());
        let appending = append_surely(&transport, append(&instance, None, "1"));
        let (delivery, ()) = timeout(PATIENCE, async {
            tokio::join!(
                async {
                    // One that was given out in the moment of the move may come a second time.
                    loop {
                        let delivery = deliveries.next().await.unwrap().unwrap();
                        if delivery.instance == instance {
                            return delivery;
                        }
                    }
                },
                appending
            )
        })
        .await
        .unwrap_or_else(|_| panic!("after {what}:\n{}", logs.text()));
        delivery.handle.ack().await;
    }
}

/// Their time comes while there is no leader: they fire later, and no sweeper has to help.
#[tokio::test]
async fn timers_fire_when_the_leader_of_their_stream_is_killed() {
    const TIMERS: usize = 30;
    let mut cluster = Cluster::start().await;
    let mut options = replicated();
    // Not in this test.
    options.sweep_every = Duration::from_secs(365 * 24 * 3600);
    let transport = nats::open(&cluster.url(), &options).await.unwrap();
    let mut deliveries = join(&transport, Duration::from_secs(5)).await;
    // Longer than what is only handed back with a delay.
    let due = SystemTime::now() + Duration::from_secs(10);
    for number in 0..TIMERS {
        let instance = id(&number.to_string());
        append_surely(&transport, Append { not_before: Some(due), ..append(&instance, None, "1") }).await;
        next(&mut deliveries).await.handle.park(due.duration_since(SystemTime::now()).unwrap()).await;
    }
    assert!(SystemTime::now() < due, "all are parked before the first comes");
    leader(&mut cluster, "sagaflow-timers").await.kill();
    let mut missing: BTreeSet<_> = (0..TIMERS).map(|number| id(&number.to_string())).collect();
    while !missing.is_empty() {
        let woken = next(&mut deliveries).await;
        assert!(SystemTime::now() >= due, "{} came early", woken.instance);
        missing.remove(&woken.instance);
        woken.handle.ack().await;
    }
}

#[tokio::test]
async fn the_sweeper_finds_what_a_cluster_has_lost_and_lets_the_rest_be() {
    const ACK_WAIT: Duration = Duration::from_secs(1);
    let cluster = Cluster::start().await;
    let mut options = replicated();
    options.sweep_every = Duration::from_secs(1);
    let transport = nats::open(&cluster.url(), &options).await.unwrap();
    let mut deliveries = join(&transport, ACK_WAIT).await;
    let [held, acknowledged, parked] = ["held", "acknowledged", "parked"].map(id);
    append_surely(&transport, append(&held, None, "1")).await;
    let in_hand = next(&mut deliveries).await;
    append_surely(&transport, append(&acknowledged, None, "1")).await;
    let due = SystemTime::now() + Duration::from_secs(6);
    append_surely(&transport, Append { not_before: Some(due), ..append(&parked, None, "1") }).await;
    let losing = async {
        for _ in 0..2 {
            let delivery = next(&mut deliveries).await;
            if delivery.instance == parked {
                delivery.handle.park(Duration::from_secs(6)).await;
            } else {
                delivery.handle.ack().await;
            }
        }
        let administrator = async_nats::jetstream::new(async_nats::connect(cluster.servers[0].url()).await.unwrap());
        let timers = administrator.get_stream("sagaflow-timers").await.unwrap();
        assert_eq!(timers.purge().filter("sagaflow.timers.at.>").await.unwrap().purged, 1);
        let mut missing = BTreeSet::from([acknowledged.clone(), parked.clone()]);
        while !missing.is_empty() {
            let woken = next(&mut deliveries).await;
            assert_ne!(woken.instance, held, "it is worked on");
            assert!(woken.instance != parked || SystemTime::now() >= due, "it is not its time");
            missing.remove(&woken.instance);
            woken.handle.ack().await;
        }
    };
    let beating = async {
        loop {
            in_hand.handle.in_progress().await;
            tokio::time::sleep(ACK_WAIT / 3).await;
        }
    };
    tokio::select! {
        () = losing => {}
        () = beating => {}
    }
}

/// Of those who post with one key one is stored; and while the leader of its stream is killed no mail is lost, or stored twice, and all is told.
#[tokio::test]
async fn mail_is_stored_once_and_told_when_its_leader_is_killed() {
    const LETTERS: usize = 40;
    let mut cluster = Cluster::start().await;
    let transport = open(&cluster.url()).await;
    let mut deliveries = join(&transport, Duration::from_secs(2)).await;
    let instance = id("order-1");
    append_surely(&transport, append(&instance, None, "waits")).await;
    next(&mut deliveries).await.handle.ack().await;
    let mut racers = Vec::new();
    for server in &cluster.servers {
        racers.push(open(&server.url()).await);
    }
    let post_surely = async |transport: &Arc<dyn Transport>, key: &str| {
        loop {
            let payload = Bytes::copy_from_slice(key.as_bytes());
            let post = Post { instance: &instance, name: "mail", key, remember: false, answer_for: None, payload };
            match transport.post(post).await {
                Ok(_) => return true,
                Err(AppendError::Superseded { .. }) => return false,
                Err(AppendError::Unknown(_) | AppendError::Undecided | AppendError::Busy(_)) => {}
                Err(other) => panic!("{other}"),
            }
        }
    };
    let race = racers.iter().map(|racer| post_surely(racer, "raced"));
    let won = timeout(PATIENCE, join_all(race)).await.expect("each is decided");
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    let keys: Vec<String> = (0..LETTERS).map(|letter| format!("letter-{letter}")).collect();
    let posted = tokio::sync::watch::Sender::new(0);
    let posting = async {
        for key in &keys {
            // Through all servers, one of which is dead before long: one answer is enough.
            let posts = racers.iter().map(|racer| Box::pin(post_surely(racer, key)));
            timeout(PATIENCE, futures::future::select_all(posts)).await.expect("in time");
            posted.send_modify(|posted| *posted += 1);
        }
    };
    let killing = async {
        posted.subscribe().wait_for(|posted| *posted >= LETTERS / 4).await.unwrap();
        leader(&mut cluster, "sagaflow-mail").await.kill();
    };
    tokio::join!(posting, killing);
    let mail = async {
        loop {
            match transport.mail(&instance, "mail", 0, 1000).await {
                Ok(mail) => return mail,
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    };
    let mail = timeout(PATIENCE, mail).await.expect("it is read");
    let texts: BTreeSet<_> = mail.iter().map(|mail| mail.payload.clone()).collect();
    assert_eq!((mail.len(), texts.len()), (LETTERS + 1, LETTERS + 1), "each once");
    let mut untold: BTreeSet<u64> = mail.iter().map(|mail| mail.number).collect();
    while !untold.is_empty() {
        let told = next(&mut deliveries).await;
        untold.remove(&told.notice.as_ref().expect("the record wants nothing").number);
        told.handle.ack().await;
    }
}
