//! Every kind of credentials opens, wrong ones are denied with advice, and none can be seen.

use std::path::PathBuf;

use data_encoding::BASE64URL_NOPAD;
use nkeys::KeyPair;
use sagaflow::ErrorKind;
use sagaflow::transport::Credentials;
use sagaflow_tests::NatsServer;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Logged, open, options, refused, server};

/// Those credentials open, and can't be seen.
async fn opens(server: &NatsServer, credentials: Credentials, secret: &str) {
    let transport = open(&server.url(), &options(|o| o.credentials = credentials)).await;
    let shown = format!("{transport:?} {}", transport.name());
    assert!(!shown.contains(secret), "{shown}");
}

/// Those are denied; returns what is said.
async fn denied(server: &NatsServer, credentials: Credentials, secret: &str) -> String {
    let error = refused(&server.url(), &options(|o| o.credentials = credentials)).await;
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(secret), "{shown}");
    error.to_string()
}

fn file(directory: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn passwords_and_tokens_stand_in_the_url_or_in_the_options() {
    let password = |password: &str| Credentials::Password { user: "shop".to_owned(), password: password.to_owned() };
    let one = server("authorization { user: shop, password: \"right:@pass\" }").await;
    opens(&one, password("right:@pass"), "right").await;
    let text = denied(&one, password("hunter2"), "hunter2").await;
    assert!(text.contains("is it this user, and this password?"), "{text}");
    let text = denied(&one, Credentials::InUrl, "right").await;
    assert!(text.contains("it asks for some"), "{text}");

    let url = format!("nats://shop:hunter2@{}", one.address());
    let error = refused(&url, &options(|o| o.credentials = password("right:@pass"))).await;
    assert_eq!(error.kind(), ErrorKind::InvalidUrl);
    assert!(error.to_string().contains("leave one of them out") && !error.to_string().contains("hunter2"), "{error}");

    let two = server("authorization { token: sesame }").await;
    opens(&two, Credentials::Token("sesame".to_owned()), "sesame").await;
    let text = denied(&two, Credentials::Token("hunter2".to_owned()), "hunter2").await;
    assert!(text.contains("is it this token?"), "{text}");
}

#[tokio::test]
async fn nkeys_stand_in_the_options_or_in_a_file() {
    let (pair, other, directory) = (KeyPair::new_user(), KeyPair::new_user(), TempDir::new().unwrap());
    let (seed, wrong) = (pair.seed().unwrap(), other.seed().unwrap());
    let server = server(&format!("authorization {{ users: [ {{ nkey: {} }} ] }}", pair.public_key())).await;
    opens(&server, Credentials::Nkey(seed.clone()), &seed).await;
    opens(&server, Credentials::NkeyFile(file(&directory, "shop.nk", &format!("{seed}\n"))), &seed).await;

    let text = denied(&server, Credentials::Nkey(wrong.clone()), &wrong).await;
    assert!(text.contains("does it know the public key"), "{text}");
    let text = denied(&server, Credentials::Nkey("SUNOSEED".to_owned()), "SUNOSEED").await;
    assert!(text.contains("`Credentials::Nkey` holds no seed"), "{text}");
    let text = denied(&server, Credentials::NkeyFile(file(&directory, "x", "SUNOSEED")), "SUNOSEED").await;
    assert!(text.contains("holds no seed"), "{text}");
    let missing = directory.path().join("missing.nk");
    let text = denied(&server, Credentials::NkeyFile(missing.clone()), &seed).await;
    assert!(text.contains(&missing.display().to_string()) && text.contains("can't be read"), "{text}");
}

/// Servers in operator mode know accounts and users by JWTs.
#[tokio::test]
async fn credentials_files_open_in_operator_mode() {
    let realm = Realm::new();
    let (server, directory) = (server(&realm.config()).await, TempDir::new().unwrap());
    let (user, seed) = (KeyPair::new_user(), |user: &KeyPair| user.seed().unwrap());
    let good = creds(&realm.user(&user, &realm.account), &user);
    opens(&server, Credentials::File(file(&directory, "good.creds", &good)), &seed(&user)).await;

    let strange = KeyPair::new_account();
    let foreign = creds(&realm.user(&user, &strange), &user);
    let text = denied(&server, Credentials::File(file(&directory, "foreign.creds", &foreign)), &seed(&user)).await;
    assert!(text.contains("have its credentials expired"), "{text}");

    let text = denied(&server, Credentials::File(file(&directory, "none.creds", "no credentials")), "?").await;
    assert!(text.contains("holds no credentials"), "{text}");
}

/// They are read anew for each connection: a process need not be restarted when they are renewed.
#[tokio::test]
async fn renewed_credentials_are_taken_up_at_the_next_connection() {
    let (realm, directory) = (Realm::new(), TempDir::new().unwrap());
    let mut server = server(&realm.config()).await;
    let (first, second) = (KeyPair::new_user(), KeyPair::new_user());
    let path = file(&directory, "shop.creds", &creds(&realm.user(&first, &realm.account), &first));
    let transport = open(&server.url(), &options(|o| o.credentials = Credentials::File(path.clone()))).await;
    server.stop().await;
    std::fs::write(&path, creds(&realm.user(&second, &realm.account), &second)).unwrap();
    server.restart().await;
    let instance = sagaflow::transport::InstanceId::new("checkout", "1").unwrap();
    crate::support::soon(async { while transport.latest(&instance).await.is_err() {} }).await;
    // Both are of one account, so only the server can tell who came.
    server.stop().await;
    std::fs::write(&path, "no credentials").unwrap();
    server.restart().await;
    let error = crate::support::soon(transport.latest(&instance)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
}

/// On one thread, so that all that happens is logged here.
#[tokio::test]
async fn no_secret_is_logged() {
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber = tracing_subscriber::fmt().with_env_filter("trace").with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let (pair, directory) = (KeyPair::new_user(), TempDir::new().unwrap());
    let seed = pair.seed().unwrap();
    let nkeys = server(&format!("authorization {{ users: [ {{ nkey: {} }} ] }}", pair.public_key())).await;
    let passwords = server("authorization { user: shop, password: hunter2 }").await;
    let tokens = server("authorization { token: sesame }").await;
    let password = |password: &str| Credentials::Password { user: "shop".to_owned(), password: password.to_owned() };
    opens(&nkeys, Credentials::Nkey(seed.clone()), &seed).await;
    opens(&nkeys, Credentials::NkeyFile(file(&directory, "shop.nk", &seed)), &seed).await;
    opens(&passwords, password("hunter2"), "hunter2").await;
    denied(&passwords, password("hunter2x"), "hunter2").await;
    open(&format!("nats://shop:hunter2@{}", passwords.address()), &options(|_| {})).await;
    opens(&tokens, Credentials::Token("sesame".to_owned()), "sesame").await;
    open(&format!("nats://sesame@{}", tokens.address()), &options(|_| {})).await;
    let realm = Realm::new();
    let accounts = server(&realm.config()).await;
    let jwt = realm.user(&pair, &realm.account);
    opens(&accounts, Credentials::File(file(&directory, "shop.creds", &creds(&jwt, &pair))), &seed).await;

    let logged = logged.text();
    assert!(logged.contains("connected to NATS at"), "what happens is logged");
    for secret in [&*seed, "hunter2", "sesame", &jwt] {
        let line = logged.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
}

/// An operator with an account for sagas, and the one that servers need for themselves.
struct Realm {
    operator: KeyPair,
    account: KeyPair,
    system: KeyPair,
}

impl Realm {
    fn new() -> Self {
        Self { operator: KeyPair::new_operator(), account: KeyPair::new_account(), system: KeyPair::new_account() }
    }

    fn config(&self) -> String {
        let operator = json!({ "type": "operator", "version": 2, "system_account": self.system.public_key() });
        let unlimited = |storage: i64| {
            json!({ "type": "account", "version": 2, "limits": {
                "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
                "mem_storage": storage, "disk_storage": storage, "streams": -1, "consumer": -1,
            } })
        };
        let account = token(&self.operator, &self.account, "SAGAS", unlimited(-1));
        let system = token(&self.operator, &self.system, "SYS", unlimited(0));
        format!(
            "operator: {}\nsystem_account: {sys}\nresolver: MEMORY\nresolver_preload: {{ {}: {account}, {sys}: {system} }}",
            token(&self.operator, &self.operator, "O", operator),
            self.account.public_key(),
            sys = self.system.public_key(),
        )
    }

    fn user(&self, user: &KeyPair, account: &KeyPair) -> String {
        let claims = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 });
        token(account, user, "worker", claims)
    }
}

/// A JWT as NATS has them: signed with an nkey.
fn token(issuer: &KeyPair, subject: &KeyPair, name: &str, nats: Value) -> String {
    let claims = json!({
        "jti": "1", "iat": 1_700_000_000, "iss": issuer.public_key(), "name": name, "sub": subject.public_key(), "nats": nats,
    });
    let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(json!({ "typ": "JWT", "alg": "ed25519-nkey" })), part(claims));
    let signature = BASE64URL_NOPAD.encode(&issuer.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

fn creds(jwt: &str, user: &KeyPair) -> String {
    format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        user.seed().unwrap()
    )
}
