//! Promises: what somebody outside resolves who has been given a token.

use std::fmt::{self, Write};
use std::future::pending;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Durable, Pending, Reply, misfit};
use crate::definition::SagaDefinition;
use crate::engine::queue_of_promise;
use crate::record::{Awaited, Node, Take, Unreadable, Unserializable};
use crate::transport::InstanceId;
use crate::{random, starts};

/// What a promise comes to: see [`promise`].
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Promised<T> {
    /// Its number in the instance, by which the engine sees whether it can still be awaited.
    #[serde(rename = "$promise")]
    number: u64,
    #[serde(skip)]
    value: PhantomData<fn() -> T>,
}

/// A promise was rejected, for this reason; see [`Client::reject`](crate::Client::reject).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Why.
    pub reason: String,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Rejected {}

/// Makes a promise: a token for somebody outside, and what waits for what becomes of it. A plain call, without `.await`:
/// `let (token, paid) = promise::<Payment>();`.
///
/// The token is a text that fits into a URL as it is. It names the instance, and nobody can guess it (128 random bits): whoever has it may
/// [resolve](crate::Client::resolve) or [reject](crate::Client::reject) the promise, once. `paid.await` yields `Ok(payment)` or
/// `Err(Rejected { reason })`; it can wait in a variable, in joins and races, and with a timeout. When the saga has given it up, or has come to its end,
/// the token is refused. Inline (without a worker) it is never resolved.
///
/// ```
/// use sagaflow::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Payment {
///     cents: u64,
/// }
///
/// /// Stands for a payment service, which is told where to call back.
/// struct Gateway(tokio::sync::watch::Sender<String>);
///
/// #[step]
/// async fn request_payment(#[inject] gateway: &Gateway, callback: String) {
///     gateway.0.send_replace(callback);
/// }
///
/// #[saga]
/// async fn order() -> Result<u64, Failure> {
///     let (token, paid) = promise::<Payment>();
///     request_payment(format!("https://shop.example/paid/{token}")).await;
///     let Payment { cents } = paid.await?;
///     Ok(cents)
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// let (gateway, mut calls) = tokio::sync::watch::channel(String::new());
/// let transport = sagaflow::connect("embedded:").await?;
/// let worker = Worker::builder(transport.clone()).serve::<order>().provide(Gateway(gateway)).build()?.spawn();
/// let client = Client::new(transport);
/// let handle = client.start(order()).await?;
/// // What the web server does when the payment service calls:
/// let url = calls.wait_for(|url| !url.is_empty()).await.unwrap().clone();
/// let token = url.rsplit('/').next().unwrap();
/// client.resolve(token, Payment { cents: 4200 }).await?;
/// let second = client.resolve(token, Payment { cents: 1 }).await.unwrap_err();
/// assert_eq!(second.kind(), sagaflow::ErrorKind::AlreadyResolved);
/// assert_eq!(handle.outcome().await?.unwrap(), 4200);
/// worker.shutdown().await
/// # }
/// ```
#[must_use = "the token is for whoever resolves the promise, and `.await` the other in a `#[saga]`"]
pub fn promise<T: Serialize + DeserializeOwned + Send + 'static>() -> (String, Promised<T>) {
    let secret = format!("{:032x}", random::bits());
    let ((saga, id), number) =
        starts::promise(&secret).unwrap_or_else(|| (("inline".to_owned(), "inline".to_owned()), 0));
    let token = Token { saga, id, number, secret }.to_string();
    (token, Promised { number, value: PhantomData })
}

/// By what the engine sees in a frame that a promise can still be awaited there.
pub(crate) fn marker_of_promise(number: u64) -> String {
    format!("\"$promise\":{number}}}")
}

/// A token, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) saga: String,
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) secret: String,
}

/// `SAGA.ID.NUMBER.SECRET`, of nothing but signs that a URL takes as they are: others stand as `~` and two hexadecimal digits.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.saga, &self.id] {
            for byte in part.bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => f.write_char(char::from(byte))?,
                    other => write!(f, "~{other:02x}")?,
                }
            }
            f.write_char('.')?;
        }
        write!(f, "{}.{}", self.number, self.secret)
    }
}

impl Token {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (saga, id) = (unescaped(parts.next()?)?, unescaped(parts.next()?)?);
        let (number, secret) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
        let token = Self { saga, id, number, secret };
        // One that is written in another way is none of ours.
        (parts.next().is_none() && token.to_string() == text).then_some(token)
    }

    pub(crate) fn instance(&self) -> Option<InstanceId> {
        InstanceId::new(&*self.saga, &*self.id).ok()
    }

    /// Compares all of it, however much of it fits.
    pub(crate) fn has_secret(&self, secret: &str) -> bool {
        let differs = self.secret.bytes().zip(secret.bytes()).fold(0, |differs, (one, other)| differs | (one ^ other));
        self.secret.len() == secret.len() && differs == 0
    }
}

fn unescaped(part: &str) -> Option<String> {
    let mut pieces = part.split('~');
    let mut text = pieces.next()?.to_owned();
    for piece in pieces {
        let code = u8::from_str_radix(piece.get(..2)?, 16).ok().filter(u8::is_ascii)?;
        text.push(char::from(code));
        text.push_str(piece.get(2..)?);
    }
    Some(text)
}

impl<T> fmt::Debug for Promised<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Promised").field(&self.number).finish()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Durable for Promised<T> {
    type Output = Result<T, Rejected>;

    fn begin(self) -> Result<Pending, Unserializable> {
        let name = queue_of_promise(self.number);
        Ok(Pending::new(Node::Signal(Awaited { name, take: Take::Next })))
    }

    fn finish(reply: Reply) -> Result<Result<T, Rejected>, Unreadable> {
        match reply {
            Reply::Output(value) => value.read(),
            other => Err(misfit(&other)),
        }
    }

    fn describe(_: &mut SagaDefinition) {}

    async fn inline(self) -> Result<T, Rejected> {
        pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn tokens_come_back_and_fit_into_a_url() {
        for (saga, id) in [("order", "7h2k9-mpqx4"), ("order", "a~b#c?d&e%f=g+h:i@j"), ("r#x", "~~7e")] {
            let token = Token { saga: saga.to_owned(), id: id.to_owned(), number: 12, secret: "ab".repeat(16) };
            let text = token.to_string();
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)), "{text}");
            assert_eq!(Token::parse(&text), Some(token));
        }
        for odd in
            ["", "order", "order.7", "order.7.x.ab", "order.7.1.ab.c", "order.~.1.ab", "order.~61.1.ab", "a/b.7.01.ab"]
        {
            assert_eq!(Token::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn secrets_are_compared_to_their_end() {
        let token = |secret: &str| Token { saga: "s".into(), id: "i".into(), number: 1, secret: secret.into() };
        assert!(token("abcd").has_secret("abcd"));
        for other in ["abce", "abc", "abcde", ""] {
            assert!(!token("abcd").has_secret(other), "{other}");
        }
    }
}
