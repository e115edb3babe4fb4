//! What is said about an instance for those who look at it: attributes to find it by, how far its saga has come, and events for others.
//!
//! In a saga's body these are plain calls, not awaited: what they say is stored with the next record, and costs none of its own. They find the run that they are
//! made in where `.start()` finds it ([`starts`](crate::starts)).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::record::Value;
use crate::starts;

/// The most attributes of an instance.
pub(crate) const MOST: usize = 16;

/// The longest name and value of one, in bytes.
const MOST_NAME: usize = 64;
const MOST_VALUE: usize = 256;

/// The most bytes of what a saga says of how far it has come.
const MOST_PROGRESS: usize = 4096;

/// What one run of a saga's code has said.
#[derive(Debug, Default)]
pub(crate) struct About {
    pub(crate) attributes: BTreeMap<String, Value>,
    pub(crate) progress: Option<Value>,
    /// What it has emitted, in order.
    pub(crate) events: Vec<Value>,
    /// Why something of it can't be stored.
    pub(crate) wrong: Option<String>,
}

/// Says how far the saga has come, for those who look at the instance
/// ([`InstanceStatus::progress`](crate::InstanceStatus::progress)); the last call counts. A plain call in the body of a saga, without `.await`: it is stored
/// with the record of the next `.await` and costs none of its own. Elsewhere, and in an inline run, it does nothing.
///
/// What JSON can't carry, or has more than 4 KiB, pauses the instance with that reason.
///
/// ```
/// use sagaflow::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Printed {
///     pages: u32,
///     of: u32,
/// }
///
/// #[step]
/// async fn print(page: u32) -> Result<u32, Failure> {
///     Ok(page)
/// }
///
/// #[saga]
/// async fn book(of: u32) -> Result<u32, Failure> {
///     for page in 0..of {
///         progress(&Printed { pages: page, of });
///         print(page).await?;
///     }
///     progress(&Printed { pages: of, of });
///     Ok(of)
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// # let transport = sagaflow::connect("embedded:").await?;
/// # let worker = Worker::builder(transport.clone()).serve::<book>().build()?.spawn();
/// let handle = Client::new(transport).start(book(3)).await?;
/// handle.outcome().await?.unwrap();
/// let printed: Printed = handle.status().await?.progress.expect("it has said so").read().unwrap();
/// assert_eq!((printed.pages, printed.of), (3, 3));
/// # worker.shutdown().await
/// # }
/// ```
pub fn progress<T: Serialize + ?Sized>(value: &T) {
    let value = Value::write_only(value).map_err(|error| error.to_string()).and_then(|value| {
        let bytes = value.as_json().len();
        if bytes > MOST_PROGRESS {
            Err(format!("it has {bytes} bytes, and {MOST_PROGRESS} is the most"))
        } else {
            Ok(value)
        }
    });
    starts::say(|about| match value {
        Ok(value) => about.progress = Some(value),
        Err(why) => drop(about.wrong.get_or_insert(format!("how far the saga has come can't be stored: {why}"))),
    });
}

/// Emits an event: something that has happened, for other services. A plain call in the body of a saga, without `.await`, as [`progress`] is: it is stored with
/// the record of the next `.await`, and then told **exactly once**, in the order in which the saga has emitted, before that `.await` goes on. What is undone later
/// is not taken back: an event says what has happened, and that it was undone is another event.
///
/// Who consumes them reads the log of the saga ([`Client::events`](crate::Client::events)), where each stays for seven days
/// ([`WorkerBuilder::keep_events`](crate::WorkerBuilder::keep_events)); over NATS it is a stream, and any consumer will do (`docs/mailbox.md` shows the form).
///
/// What JSON can't carry pauses the instance with that reason. An event is part of a record before it is told, and counts for the largest record that there can
/// be.
///
/// ```
/// use sagaflow::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// enum OrderEvent {
///     Paid { cents: u64 },
///     Shipped,
/// }
///
/// #[step]
/// async fn charge(cents: u64) -> Result<(), Failure> {
///     Ok(())
/// }
///
/// #[step]
/// async fn ship() -> Result<(), Failure> {
///     Ok(())
/// }
///
/// #[saga]
/// async fn order(cents: u64) -> Result<(), Failure> {
///     charge(cents).await?;
///     emit(&OrderEvent::Paid { cents });
///     ship().await?;
///     emit(&OrderEvent::Shipped);
///     Ok(())
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// # let transport = sagaflow::connect("embedded:").await?;
/// # let worker = Worker::builder(transport.clone()).serve::<order>().build()?.spawn();
/// let client = Client::new(transport);
/// client.start(order(1290)).id("order-42").await?.outcome().await?.unwrap();
/// let mut events = client.events("order")?;
/// let paid = events.next().await.expect("the transport is open")?;
/// assert_eq!(paid.read::<OrderEvent>().unwrap(), OrderEvent::Paid { cents: 1290 });
/// let shipped = events.next().await.expect("the transport is open")?;
/// assert_eq!((shipped.instance.id(), shipped.number), ("order-42", 2));
/// # worker.shutdown().await
/// # }
/// ```
pub fn emit<T: Serialize + ?Sized>(event: &T) {
    let event = Value::write_only(event);
    starts::say(|about| match event {
        Ok(event) => about.events.push(event),
        Err(error) => drop(about.wrong.get_or_insert(format!("an event can't be written: {error}"))),
    });
}

/// Attaches an attribute to the instance, to find it by ([`Filter::attribute`](crate::client::Filter::attribute)): a text, a number or a truth value. A plain call in
/// the body of a saga, as [`progress`] is; [`StartBuilder::attribute`](crate::client::StartBuilder::attribute) attaches one when it is started.
///
/// An instance has up to 16 of them, with names of 1 to 64 ASCII letters, digits and signs, and values of up to 256 bytes. What is no attribute pauses the
/// instance with that reason.
///
/// ```
/// use sagaflow::client::Filter;
/// use sagaflow::prelude::*;
///
/// #[step]
/// async fn ship(order: u64) -> Result<String, Failure> {
///     Ok(if order < 100 { "post" } else { "courier" }.to_owned())
/// }
///
/// #[saga]
/// async fn delivery(order: u64) -> Result<String, Failure> {
///     let carrier = ship(order).await?;
///     attribute("carrier", &carrier);
///     Ok(carrier)
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// # let transport = sagaflow::connect("embedded:").await?;
/// # let worker = Worker::builder(transport.clone()).serve::<delivery>().build()?.spawn();
/// let client = Client::new(transport);
/// for order in [7, 700] {
///     client.start(delivery(order)).attribute("tenant", "acme").await?.outcome().await?.unwrap();
/// }
/// let by_courier = Filter::new().attribute("tenant", "acme").attribute("carrier", "courier");
/// assert_eq!(client.list(by_courier).count().await?, 1);
/// # worker.shutdown().await
/// # }
/// ```
pub fn attribute(name: &str, value: impl Serialize) {
    let checked = checked(name, &value);
    starts::say(|about| match checked {
        Ok(value) => drop(about.attributes.insert(name.to_owned(), value)),
        Err(why) => drop(about.wrong.get_or_insert(why)),
    });
}

/// The value of an attribute, if it can be one.
///
/// # Errors
///
/// Why not.
pub(crate) fn checked(name: &str, value: &impl Serialize) -> Result<Value, String> {
    let shown: String = name.chars().take(MOST_NAME).collect();
    if name.is_empty() || name.len() > MOST_NAME || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!(
            "`{shown}` can't be the name of an attribute: allowed are 1 to {MOST_NAME} ASCII letters, digits and signs"
        ));
    }
    let value =
        Value::write_only(value).map_err(|error| format!("the attribute `{name}` can't be written: {error}"))?;
    let json = value.as_json();
    if json.starts_with(['{', '[']) || json == "null" {
        return Err(format!("the attribute `{name}` is neither a text nor a number nor a truth value"));
    }
    match json.len() {
        bytes if bytes > MOST_VALUE => {
            Err(format!("the attribute `{name}` has {bytes} bytes, and {MOST_VALUE} is the most"))
        }
        _ => Ok(value),
    }
}

/// Adds attributes to those that there are.
///
/// # Errors
///
/// When they are too many.
pub(crate) fn attach(attributes: &mut BTreeMap<String, Value>, more: BTreeMap<String, Value>) -> Result<(), String> {
    attributes.extend(more);
    let number = attributes.len();
    if number > MOST {
        Err(format!("the instance would have {number} attributes, and {MOST} is the most"))
    } else {
        Ok(())
    }
}
