//! A fresh transport for each measure, and its removal afterwards.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::ValueEnum;
use futures::TryStreamExt;
use sagaflow::transport::embedded::{self, EmbeddedTransport};
use sagaflow::{ConnectOptions, Transport, connect_with};

use crate::{Failed, Options};

/// Which transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// `embedded:`
    Memory,
    /// `embedded:PATH`
    Directory,
    /// `nats:`
    Nats,
}

impl Kind {
    /// How the lines name it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Memory => "embedded:",
            Self::Directory => "embedded:PATH",
            Self::Nats => "nats:",
        }
    }
}

/// A transport in which nothing has happened yet.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) transport: Arc<dyn Transport>,
    rest: Rest,
}

/// What it takes to count and to clean up.
#[derive(Debug)]
enum Rest {
    Memory,
    Directory { embedded: Arc<EmbeddedTransport>, path: PathBuf },
    Nats { url: String, prefix: String },
}

/// One that nothing else has.
fn name() -> String {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    format!("bench{}", OPENED.fetch_add(1, Ordering::Relaxed))
}

impl Place {
    pub(crate) async fn open(options: &Options, kind: Kind) -> Result<Self, Failed> {
        Ok(match kind {
            Kind::Memory => Self { transport: embedded::memory(), rest: Rest::Memory },
            Kind::Directory => {
                let path = options.directory.join(name());
                if path.exists() {
                    std::fs::remove_dir_all(&path)?;
                }
                std::fs::create_dir_all(&options.directory)?;
                let embedded = embedded::open(&path)?;
                Self { transport: embedded.clone(), rest: Rest::Directory { embedded, path } }
            }
            Kind::Nats => Self::open_nats(&options.nats, 1).await?,
        })
    }

    /// On a server, in so many streams.
    pub(crate) async fn open_nats(url: &str, shards: u16) -> Result<Self, Failed> {
        let prefix = name();
        let mut connect = ConnectOptions::default();
        connect.prefix.clone_from(&prefix);
        connect.shards = shards;
        let transport = connect_with(url, connect).await?;
        Ok(Self { transport, rest: Rest::Nats { url: url.to_owned(), prefix } })
    }

    /// How often the transport has waited for the disk, if it does that itself.
    pub(crate) fn fsyncs(&self) -> Option<u64> {
        match &self.rest {
            Rest::Directory { embedded, .. } => Some(embedded.syncs()),
            Rest::Memory | Rest::Nats { .. } => None,
        }
    }

    pub(crate) async fn close(self) -> Result<(), Failed> {
        self.transport.close().await?;
        drop(self.transport);
        match self.rest {
            Rest::Memory => {}
            Rest::Directory { embedded, path } => {
                drop(embedded);
                std::fs::remove_dir_all(path)?;
            }
            Rest::Nats { url, prefix } => {
                let jetstream = async_nats::jetstream::new(async_nats::connect(url).await?);
                let names: Vec<String> = jetstream.stream_names().try_collect().await?;
                for name in names.iter().filter(|name| name.to_lowercase().starts_with(&prefix)) {
                    jetstream.delete_stream(name).await?;
                }
            }
        }
        Ok(())
    }
}
