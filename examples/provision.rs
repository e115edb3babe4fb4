//! Makes what sagaflow needs on a NATS server, and says what it has made and what was there. Workers and clients then
//! need no permission to make anything.
//!
//! `cargo run --example provision -- --nats nats://admin:secret@127.0.0.1:4222 --saga checkout`

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use sagaflow::ConnectOptions;
use sagaflow::transport::nats::{Provision, provision};
use sagaflow::transport::{Credentials, Identity};

/// Makes the streams of an application and the consumers of its sagas, where they are not there. What is there with other settings is
/// an error, unless `--update` says that it is to be changed.
#[derive(Debug, Parser)]
#[command(name = "provision")]
struct Options {
    /// The server: `nats://USER:PASSWORD@HOST:PORT`, several with commas
    #[arg(long, value_name = "URL", default_value = "nats://127.0.0.1:4222")]
    nats: String,
    /// A credentials file, in place of a user in the URL
    #[arg(long, value_name = "FILE")]
    creds: Option<PathBuf>,
    /// Certificates of authorities that may have signed the server's
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,
    /// This process's own certificate
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Its private key
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// What the subjects of answers begin with
    #[arg(long, value_name = "PREFIX", default_value = "_INBOX")]
    inbox_prefix: String,
    /// The first token of all subjects
    #[arg(long, default_value = "sagaflow")]
    prefix: String,
    /// Into how many streams the instances are divided; can never be changed
    #[arg(long, value_name = "N", default_value_t = 1)]
    shards: u16,
    /// How many servers of a cluster keep each record
    #[arg(long, value_name = "N", default_value_t = 1)]
    replicas: u8,
    /// A saga whose workers need consumers
    #[arg(long = "saga", value_name = "NAME")]
    sagas: Vec<String>,
    /// How long after a worker's death its deliveries go to others [default: as it is, or 30]
    #[arg(long, value_name = "SECONDS")]
    ack_wait: Option<u64>,
    /// How many entries the ingress holds [default: as it is, or 100000]
    #[arg(long, value_name = "N")]
    ingress_entries: Option<u64>,
    /// How many bytes the ingress holds [default: as it is, or 64 MiB]
    #[arg(long, value_name = "N")]
    ingress_bytes: Option<u64>,
    /// Changes what has other settings
    #[arg(long)]
    update: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_env_filter("warn").with_writer(std::io::stderr).init();
    let given = Options::parse();
    let mut options = ConnectOptions::default();
    options.prefix = given.prefix;
    options.shards = given.shards;
    options.replicas = given.replicas;
    options.inbox_prefix = given.inbox_prefix;
    options.tls.roots = given.ca;
    if let Some(path) = given.creds {
        options.credentials = Credentials::File(path);
    }
    if let (Some(certificate), Some(key)) = (given.certificate, given.key) {
        options.tls.identity = Some(Identity { certificate, key });
    }
    let mut wanted = Provision::default();
    wanted.sagas = given.sagas;
    wanted.ack_wait = given.ack_wait.map(Duration::from_secs);
    wanted.ingress_entries = given.ingress_entries;
    wanted.ingress_bytes = given.ingress_bytes;
    wanted.update = given.update;
    match provision(&given.nats, &options, &wanted).await {
        Ok(done) => {
            print!("{done}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
