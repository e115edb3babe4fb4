//! TLS: what is safe opens, and what isn't is said by its name.

use std::path::PathBuf;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use sagaflow::transport::{ConnectOptions, Identity};
use sagaflow::{ErrorKind, connect_with};
use sagaflow_tests::{NatsServer, Settings};
use tempfile::TempDir;

use crate::support::{open, options, refused, server, soon};

/// An authority, and the certificates that it has signed, in files.
struct Authority {
    directory: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, "authority of the tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let directory = TempDir::new().unwrap();
        std::fs::write(directory.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { directory, issuer: Issuer::new(params, key) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A certificate for a host or a client.
    fn certify(&self, name: &str, host: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let files = (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")));
        std::fs::write(&files.0, certificate.pem()).unwrap();
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        identity(files.0, files.1)
    }

    /// A server with a certificate of this authority.
    async fn server(&self, identity: &Identity, more: &str) -> NatsServer {
        server(&config(identity, more)).await
    }

    fn trusted(&self, change: impl FnOnce(&mut ConnectOptions)) -> ConnectOptions {
        options(|options| {
            options.tls.roots.push(self.path("ca.pem"));
            change(options);
        })
    }
}

fn identity(certificate: PathBuf, key: PathBuf) -> Identity {
    Identity { certificate, key }
}

fn config(identity: &Identity, more: &str) -> String {
    let Identity { certificate, key, .. } = identity;
    format!("tls {{ cert_file: {certificate:?}, key_file: {key:?}, {more} }}")
}

fn safe(server: &NatsServer) -> String {
    format!("tls://{}", server.address())
}

async fn unsafe_connection(url: &str, options: &ConnectOptions) -> String {
    let error = refused(url, options).await;
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_opens_with_either_scheme() {
    let authority = Authority::new();
    let server = authority.server(&authority.certify("server", "127.0.0.1", |_| {}), "").await;
    for url in [safe(&server), server.url()] {
        assert_eq!(open(&url, &authority.trusted(|_| {})).await.name(), url);
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_verify_is_refused_and_says_why() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = authority.server(&authority.certify("server", "127.0.0.1", |_| {}), "").await;
    // With the authorities of this machine, and with another one: it is nobody's.
    for options in [ConnectOptions::default(), other.trusted(|_| {})] {
        for url in [safe(&server), server.url()] {
            let text = unsafe_connection(&url, &options).await;
            assert!(text.contains("does not verify") && text.contains("tls.roots"), "{text}");
        }
    }
    let server = authority.server(&authority.certify("elsewhere", "nats.example", |_| {}), "").await;
    let text = unsafe_connection(&safe(&server), &authority.trusted(|_| {})).await;
    assert!(text.contains("is for other names") && text.contains("nats.example"), "{text}");

    let expired = authority.certify("expired", "127.0.0.1", |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let server = authority.server(&expired, "").await;
    let text = unsafe_connection(&safe(&server), &authority.trusted(|_| {})).await;
    assert!(text.contains("has expired: renew it"), "{text}");
}

#[tokio::test]
async fn a_server_that_asks_for_certificates_gets_one_or_it_is_said() {
    let (authority, other) = (Authority::new(), Authority::new());
    let ca = authority.path("ca.pem");
    let server = authority
        .server(&authority.certify("server", "127.0.0.1", |_| {}), &format!("ca_file: {ca:?}, verify: true"))
        .await;
    let with = |identity: Identity| authority.trusted(|options| options.tls.identity = Some(identity));
    open(&safe(&server), &with(authority.certify("worker", "worker", |_| {}))).await;

    let text = unsafe_connection(&safe(&server), &authority.trusted(|_| {})).await;
    assert!(text.contains("`ConnectOptions::tls.identity`"), "{text}");
    let text = unsafe_connection(&safe(&server), &with(other.certify("stranger", "worker", |_| {}))).await;
    assert!(text.contains("refuses this process's certificate"), "{text}");
    let missing = identity(authority.path("missing.pem"), authority.path("missing.key"));
    let text = unsafe_connection(&safe(&server), &with(missing)).await;
    assert!(text.contains("TLS can't be set up"), "{text}");
}

/// Nothing is sent in the clear to a server that should have been safe.
#[tokio::test]
async fn a_server_without_tls_is_not_mistaken_for_a_safe_one() {
    let (authority, server) = (Authority::new(), server("").await);
    let cases = [(safe(&server), ConnectOptions::default()), (server.url(), authority.trusted(|_| {}))];
    for (url, options) in cases {
        let text = unsafe_connection(&url, &options).await;
        assert!(text.contains("does not speak TLS"), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_begins_with_tls_is_reached_by_those_who_do() {
    let authority = Authority::new();
    let identity = authority.certify("server", "127.0.0.1", |_| {});
    let settings = Settings { greets: false, ..Settings::with(config(&identity, "handshake_first: true")) };
    let server = NatsServer::start_with(settings).await;
    open(&safe(&server), &authority.trusted(|options| options.tls.first = true)).await;

    let waiting = authority.trusted(|options| options.connect_timeout = Duration::from_millis(600));
    let error = soon(connect_with(&safe(&server), waiting)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    assert!(error.to_string().contains("ConnectOptions::tls.first"), "{error}");
}

/// A renewed authority is taken up without a restart of the process.
#[tokio::test]
async fn certificates_are_read_anew_for_each_connection() {
    let (old, new) = (Authority::new(), Authority::new());
    let identity = old.certify("server", "127.0.0.1", |_| {});
    let mut server = old.server(&identity, "").await;
    let transport = open(&safe(&server), &old.trusted(|_| {})).await;
    server.stop().await;
    let renewed = new.certify("server", "127.0.0.1", |_| {});
    std::fs::copy(renewed.certificate, identity.certificate).unwrap();
    std::fs::copy(renewed.key, identity.key).unwrap();
    std::fs::copy(new.path("ca.pem"), old.path("ca.pem")).unwrap();
    server.restart().await;
    let instance = sagaflow::transport::InstanceId::new("checkout", "1").unwrap();
    soon(async { while transport.latest(&instance).await.is_err() {} }).await;
}
