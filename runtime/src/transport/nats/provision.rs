//! Making streams and consumers, once; and changing them, when an administrator says so and never otherwise.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::stream::{Config, Info};
use tokio::time::{Instant, sleep};

use super::Carrier;
use super::fault::{Fault, Nothing, ask};
use super::settings;
use super::workers::{Source, Workers};
use crate::transport::{ConnectOptions, InstanceId, Log};
use crate::{Error, ErrorKind};

/// What [`provision`] is to make and change, beside what the [`ConnectOptions`] say (prefix, shards, replicas).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Provision {
    /// The sagas whose workers need consumers.
    pub sagas: Vec<String>,
    /// How long after a worker's death its deliveries go to others. Default: as it is; 30 seconds when it is made.
    pub ack_wait: Option<Duration>,
    /// How many entries the ingress holds before it refuses more. Default: as it is; 100,000 when it is made.
    pub ingress_entries: Option<u64>,
    /// How many bytes the ingress holds before it refuses more; the server sets them aside. Default: as it is; 64 MiB when it
    /// is made.
    pub ingress_bytes: Option<u64>,
    /// Whether what exists with other settings is changed. Without it, it is an error. In a cluster, have workers rest meanwhile:
    /// servers have lost deliveries that wait for a delay.
    pub update: bool,
}

/// What [`provision`] has done: a line for each stream and consumer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provisioned {
    /// What was not there and has been made.
    pub made: Vec<String>,
    /// What was there as it has to be.
    pub found: Vec<String>,
    /// What was there with other settings, and has been changed.
    pub changed: Vec<String>,
}

impl fmt::Display for Provisioned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (word, lines) in [("made", &self.made), ("found", &self.found), ("changed", &self.changed)] {
            for line in lines {
                writeln!(f, "{word:8} {line}")?;
            }
        }
        Ok(())
    }
}

/// Makes the streams of an application, and the consumers of its sagas, if they are not there; with
/// [`Provision::update`], changes what has other settings. For an administrator: then workers and clients need no
/// permission to make anything. Without it, the first worker makes what it needs, and changes nothing.
///
/// ```no_run
/// # async fn run() -> Result<(), sagaflow::Error> {
/// use sagaflow::transport::nats::{Provision, provision};
///
/// let mut wanted = Provision::default();
/// wanted.sagas = vec!["checkout".to_owned()];
/// let done = provision("nats://admin:secret@n1:4222", &sagaflow::ConnectOptions::default(), &wanted).await?;
/// println!("{done}");
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Mismatch`] names a setting that is not as wanted; [`ErrorKind::Denied`] a permission that is missing; otherwise
/// as [`open`](super::open). What was made before the error stays.
pub async fn provision(url: &str, options: &ConnectOptions, wanted: &Provision) -> Result<Provisioned, Error> {
    for saga in &wanted.sagas {
        InstanceId::new(saga.as_str(), "any")?;
    }
    let deadline = Instant::now() + options.connect_timeout;
    let carrier = Carrier::connect(url, options, deadline).await?;
    let mut done = Provisioned::default();
    let provisioned = provision_all(&carrier, wanted, deadline, &mut done).await;
    carrier.close().await?;
    provisioned.map(|()| done)
}

async fn provision_all(
    carrier: &Carrier,
    wanted: &Provision,
    deadline: Instant,
    done: &mut Provisioned,
) -> Result<(), Error> {
    let layout = &carrier.layout;
    // The first shard first: two who disagree on the number meet there.
    for shard in 0..layout.shards() {
        provision_stream(carrier, layout.config(shard), wanted, deadline, done).await?;
    }
    provision_stream(carrier, layout.timers_config(), wanted, deadline, done).await?;
    provision_stream(carrier, layout.notes_config(), wanted, deadline, done).await?;
    provision_stream(carrier, layout.mail_config(), wanted, deadline, done).await?;
    for log in [Log::Events, Log::History] {
        provision_stream(carrier, layout.log_config(log), wanted, deadline, done).await?;
    }
    provision_stream(carrier, layout.ingress_config(), wanted, deadline, done).await?;
    for saga in &wanted.sagas {
        for source in Source::all(layout.shards()) {
            let workers =
                Workers { saga: Arc::from(saga.as_str()), source, ack_wait: wanted.ack_wait.unwrap_or(ACK_WAIT) };
            workers.provision(carrier, wanted, done).await?;
        }
    }
    Ok(())
}

/// What a worker has if nobody says otherwise.
const ACK_WAIT: Duration = Duration::from_secs(30);

async fn provision_stream(
    carrier: &Carrier,
    mut needed: Config,
    wanted: &Provision,
    deadline: Instant,
    done: &mut Provisioned,
) -> Result<(), Error> {
    let name = needed.name.clone();
    let is_ingress = name == carrier.layout.ingress_stream();
    if is_ingress {
        let limit = |given: Option<u64>, otherwise| given.map_or(otherwise, |n| i64::try_from(n).unwrap_or(i64::MAX));
        needed.max_messages = limit(wanted.ingress_entries, needed.max_messages);
        needed.max_bytes = limit(wanted.ingress_bytes, needed.max_bytes);
    }
    let (found, is_new) = find_or_make(carrier, &needed, deadline).await?;
    if is_new {
        done.made.push(format!("stream `{name}`"));
        return Ok(());
    }
    if is_ingress {
        keep_limits(&found, &mut needed, wanted);
    }
    let differences = settings::differences(&found, &needed);
    if differences.is_empty() {
        done.found.push(format!("stream `{name}`"));
        return Ok(());
    }
    if !wanted.update {
        return settings::check(&found, &needed);
    }
    let changed = settings::changed(&found, &needed)?;
    let (context, link) = (&carrier.context, &carrier.link);
    let updated = ask::<Info>(context, link, format!("STREAM.UPDATE.{name}"), &changed).await;
    updated.map_err(|fault| fault.into_error(&format!("changing the stream `{name}`")))?;
    for difference in differences {
        done.changed.push(format!(
            "stream `{name}`: {} from {} to {}",
            difference.name(),
            difference.found,
            difference.needed
        ));
    }
    Ok(())
}

/// The limits of the ingress are the administrator's choice.
fn keep_limits(found: &Config, needed: &mut Config, wanted: &Provision) {
    if wanted.ingress_entries.is_none() {
        needed.max_messages = found.max_messages;
    }
    if wanted.ingress_bytes.is_none() {
        needed.max_bytes = found.max_bytes;
    }
}

impl Carrier {
    /// Makes the streams of records that are not there, and checks those that are.
    pub(super) async fn ensure_records(&self, deadline: Instant) -> Result<(), Error> {
        for shard in 0..self.layout.shards() {
            let needed = self.layout.config(shard);
            let (found, _) = find_or_make(self, &needed, deadline).await?;
            settings::check(&found, &needed)?;
        }
        Ok(())
    }

    /// The same for those that only workers need.
    pub(super) async fn ensure_workers_streams(&self, deadline: Instant) -> Result<(), Error> {
        let ensured = self.workers_streams.get_or_try_init(|| async {
            for needed in [self.layout.timers_config(), self.layout.notes_config()] {
                let (found, _) = find_or_make(self, &needed, deadline).await?;
                settings::check(&found, &needed)?;
            }
            self.ensure_mail(deadline).await?;
            let mut needed = self.layout.ingress_config();
            let (found, _) = find_or_make(self, &needed, deadline).await?;
            keep_limits(&found, &mut needed, &Provision::default());
            settings::check(&found, &needed)
        });
        ensured.await.copied()
    }

    /// The same for the stream of mail, which clients need, too.
    pub(super) async fn ensure_mail(&self, deadline: Instant) -> Result<(), Error> {
        let ensured = self.mail_stream.get_or_try_init(|| async {
            let needed = self.layout.mail_config();
            let (found, _) = find_or_make(self, &needed, deadline).await?;
            settings::check(&found, &needed)
        });
        ensured.await.copied()
    }

    /// The same for that of a log, which is made when the first line is written, if it is not there.
    pub(super) async fn ensure_log(&self, log: Log, deadline: Instant) -> Result<(), Error> {
        let stream = match log {
            Log::Events => &self.events_stream,
            Log::History => &self.history_stream,
        };
        let ensured = stream.get_or_try_init(|| async {
            let needed = self.layout.log_config(log);
            let (found, _) = find_or_make(self, &needed, deadline).await?;
            settings::check(&found, &needed)
        });
        ensured.await.copied()
    }
}

/// The settings of a stream, and whether it was made now. Elections and starts are waited for.
async fn find_or_make(carrier: &Carrier, needed: &Config, deadline: Instant) -> Result<(Config, bool), Error> {
    let name = &needed.name;
    let mut pause = Duration::from_millis(100);
    loop {
        let missing = match find(carrier, name).await {
            Ok(found) => return Ok((found, false)),
            Err(fault) if fault.is(ErrorCode::STREAM_NOT_FOUND) => true,
            Err(fault) if fault.is_passing() && Instant::now() + pause < deadline => false,
            Err(fault) => return Err(fault.into_error(&format!("looking up the stream `{name}`"))),
        };
        if missing {
            match make(carrier, needed).await {
                Ok(made) => return Ok((made, true)),
                // Another process was faster, with other settings: look at what it made.
                Err(fault) if fault.is(ErrorCode::STREAM_NAME_EXIST) => continue,
                Err(Fault::Denied(refusal)) => {
                    return Err(Error::new(
                        ErrorKind::Denied,
                        format!(
                            "there is no stream `{name}`, and this user may not make it: have an administrator call `nats::provision` ({refusal})"
                        ),
                    ));
                }
                Err(fault) if fault.is(ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED) => {
                    return Err(Error::new(
                        ErrorKind::UnsuitableServer,
                        format!(
                            "{} replicas of the stream `{name}` need a cluster of servers, and this NATS server is alone: use 1 replica, or a cluster",
                            needed.num_replicas
                        ),
                    ));
                }
                Err(fault) if fault.is_passing() && Instant::now() + pause < deadline => {}
                Err(fault) => return Err(fault.into_error(&format!("making the stream `{name}`"))),
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

async fn find(carrier: &Carrier, name: &str) -> Result<Config, Fault> {
    let info = ask::<Info>(&carrier.context, &carrier.link, format!("STREAM.INFO.{name}"), &Nothing {}).await?;
    Ok(info.config)
}

async fn make(carrier: &Carrier, needed: &Config) -> Result<Config, Fault> {
    let name = &needed.name;
    let made = ask::<Info>(&carrier.context, &carrier.link, format!("STREAM.CREATE.{name}"), needed).await?;
    tracing::info!("made the stream `{name}`");
    Ok(made.config)
}
