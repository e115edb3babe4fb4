//! The contract between engine and transport: an instance is a subject, its last message is its state.
//!
//! A transport stores, for each instance, exactly one record (the last one appended), and delivers each
//! stored record to one worker at a time until it is superseded by the next or acknowledged.
//! **A transport knows nothing of sagas' meaning**: a record is bytes to it.
//!
//! What every implementation has to do is a public test suite: `sagaflow::testing::conformance`.

mod append;
mod connect;
mod credentials;
mod delivery;
pub mod embedded;
mod entry;
mod feed;
mod instance;
mod log;
mod mail;
#[cfg(feature = "nats")]
pub mod nats;
mod note;

pub use append::{Append, AppendError, Revision, Stored};
pub use connect::{ConnectOptions, connect, connect_with};
pub use credentials::{Credentials, Identity, Tls};
pub use delivery::{Ack, Deliveries, Delivery, DeliveryOptions, Watch};
pub use entry::{Enter, EnterError, Entries, Entry, EntryKind};
pub use feed::{Feed, FeedPage, RecordPage};
pub use instance::{InstanceId, InvalidId};
pub use log::{Line, Log, Logged, Of};
pub use mail::{Discard, Mail, Notice, Post};
pub use note::Note;

use std::fmt::Debug;

use bytes::Bytes;
use futures::future::BoxFuture;

use crate::Error;

/// Carries records and delivers them; see the [module's page](self).
///
/// Use one through [`connect`]; implement it for a carrier of your own, and hold it to
/// `sagaflow::testing::conformance`.
pub trait Transport: Debug + Send + Sync + 'static {
    /// Appends a record on the condition that `append.after` is still the instance's last revision
    /// (`None`: that the instance has no record), and returns the new record's revision.
    ///
    /// Returns only when the record is as durable as this transport makes records. From then on the record
    /// before it is gone, and any delivery of that one that is still open is void.
    ///
    /// # Errors
    ///
    /// See [`AppendError`]: its variants call for different actions.
    fn append<'a>(&'a self, append: Append<'a>) -> BoxFuture<'a, Result<Revision, AppendError>>;

    /// The instance's last record, or `None` if it has none (never started, or its terminal record has expired).
    ///
    /// # Errors
    ///
    /// When the transport can't be reached.
    fn latest<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Option<Stored>, Error>>;

    /// Joins the workers of a saga: the returned stream yields records of its instances, each to one worker at a time.
    ///
    /// # Errors
    ///
    /// When the transport can't be reached, or refuses.
    fn deliveries<'a>(
        &'a self,
        saga: &'a str,
        options: DeliveryOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Deliveries>, Error>>;

    /// Watches an instance: yields its present record, if it has one, and then each later one. Records that
    /// come in quick succession may be skipped, the last one never. [Quiet](Append::quiet) ones may come late.
    ///
    /// # Errors
    ///
    /// When the transport can't be reached.
    fn watch<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Box<dyn Watch>, Error>>;

    /// Stores a note beside an instance's record, on the condition that there is none with this number for this record. Returns only
    /// when it is as durable as an append. The notes of a record are a log: which one has a number is decided once.
    ///
    /// A transport that sees that the record is no longer the last refuses; one need not see it. So, **whoever takes
    /// a record over from another holder closes its notes first**: it reads them, and stores a note of its own after them before
    /// it appends or does anything else. Then the former holder's next note is refused. If its own is refused instead, more notes have
    /// come (or a replica was late to tell of them), and it reads again.
    ///
    /// # Errors
    ///
    /// As for [`append`](Self::append), with `Superseded` if there is such a note, or the record is not the last. After an
    /// [`AppendError::Unknown`] the note may be the caller's own: [`notes`](Self::notes) tells.
    fn note<'a>(&'a self, note: Note<'a>) -> BoxFuture<'a, Result<(), AppendError>>;

    /// The notes of a record, in the order of their numbers, up to the first number that is missing. They are there for as long as the record is
    /// the last one. They are removed some time after that, if whoever appends says that there are any
    /// ([`Append::noted`]), or when the transport comes across them.
    ///
    /// # Errors
    ///
    /// When the transport can't be reached.
    fn notes<'a>(&'a self, instance: &'a InstanceId, of: Revision) -> BoxFuture<'a, Result<Vec<Bytes>, Error>>;

    /// Posts mail to an instance: appends it to one of its queues, unless there has been mail with this key. Returns when it is as
    /// durable as an append, with its number.
    ///
    /// The instance is then *delivered* to one of its workers, with a [`Notice`](Delivery::notice), until that is settled. So whoever
    /// gets a notice finds the mail; and whoever takes up a record that waits for mail looks into the queue, since the notice may have come
    /// before the record.
    ///
    /// # Errors
    ///
    /// As for [`append`](Self::append), with `Superseded` if there has been mail with this key.
    fn post<'a>(&'a self, post: Post<'a>) -> BoxFuture<'a, Result<u64, AppendError>>;

    /// The mail in one of an instance's queues whose numbers are greater than `after`, in the order of these, `most` at a time.
    /// All is there that was stored before.
    ///
    /// # Errors
    ///
    /// When the transport can't be reached.
    fn mail<'a>(
        &'a self,
        instance: &'a InstanceId,
        name: &'a str,
        after: u64,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<Mail>, Error>>;

    /// All mail of an instance, taken or not, but no [answers](Post::answer_for): the queue's name and the number of each piece. For people who look at it: it costs as much as reading
    /// all that mail.
    ///
    /// # Errors
    ///
    /// When the transport can't be reached.
    fn mailbox<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Vec<(String, u64)>, Error>>;

    /// The last records of instances, of one saga or of all, page by page: from after a [position](RecordPage::next) on (`None`: from the
    /// beginning). Each instance is there that is there all the time; one that moves meanwhile may come twice.
    ///
    /// # Errors
    ///
    /// When the transport can't be reached; [`ErrorKind::InvalidOptions`](crate::ErrorKind::InvalidOptions) when the position is none of this
    /// transport's.
    fn records<'a>(&'a self, saga: Option<&'a str>, after: Option<&'a str>)
    -> BoxFuture<'a, Result<RecordPage, Error>>;

    /// Removes mail that is of no use any more, some time soon: what has been taken, or all of an instance that has come to its end.
    ///
    /// Should this get lost, no harm is done: what was taken is never asked for again, and a transport removes the mail of instances that
    /// have come to their end when it comes across it.
    fn discard<'a>(&'a self, instance: &'a InstanceId, which: Discard<'a>) -> BoxFuture<'a, ()>;

    /// Writes a line into a log, unless there is one with its key there. Returns when it is as durable as an append, with its position.
    ///
    /// What was written before, as far as the caller knows, has a smaller position in the same log.
    ///
    /// # Errors
    ///
    /// As for [`append`](Self::append), with `Superseded` if there is a line with this key.
    fn write_line<'a>(&'a self, line: Line<'a>) -> BoxFuture<'a, Result<u64, AppendError>>;

    /// The lines of a log whose positions are greater than `after`, in the order of these, `most` at a time.
    /// All are there that were written before, and whose time is not over.
    ///
    /// # Errors
    ///
    /// When the transport can't be reached.
    fn lines<'a>(&'a self, log: Log, of: Of<'a>, after: u64, most: usize) -> BoxFuture<'a, Result<Vec<Logged>, Error>>;

    /// The records with which instances move, of all sagas, from after a [position](FeedPage::position) on (`None`: from the oldest
    /// that is there). It takes nothing from workers, and needs nobody to acknowledge anything.
    ///
    /// # Errors
    ///
    /// When the transport can't be reached or has no feed; [`ErrorKind::InvalidOptions`](crate::ErrorKind::InvalidOptions) when the position
    /// is none of this transport's.
    fn feed<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<Box<dyn Feed>, Error>> {
        let _ = after;
        let error = Error::new(crate::ErrorKind::Other, format!("{} has no feed", self.name()));
        Box::pin(std::future::ready(Err(error)))
    }

    /// Whether this process isn't trusted to append: it hands its starts in ([`enter`](Self::enter)), and workers admit them.
    /// Most transports have no such processes.
    fn hands_in(&self) -> bool {
        false
    }

    /// Hands an entry in at the ingress, for a worker to admit. Returns when it is stored.
    ///
    /// # Errors
    ///
    /// See [`EnterError`]: its variants call for different actions.
    fn enter<'a>(&'a self, entry: Enter<'a>) -> BoxFuture<'a, Result<(), EnterError>> {
        let _ = entry;
        let error = EnterError::Refused(format!("{} has no ingress", self.name()));
        Box::pin(std::future::ready(Err(error)))
    }

    /// Joins those who admit the entries of a saga; `None`: the transport has no ingress.
    ///
    /// # Errors
    ///
    /// When the transport can't be reached, or refuses.
    fn entries<'a>(
        &'a self,
        saga: &'a str,
        options: DeliveryOptions,
    ) -> BoxFuture<'a, Result<Option<Box<dyn Entries>>, Error>> {
        let _ = (saga, options);
        Box::pin(std::future::ready(Ok(None)))
    }

    /// The largest record in bytes that [`append`](Self::append) takes.
    fn max_record(&self) -> usize;

    /// How this transport names itself in messages, without secrets: `nats://127.0.0.1:4222`, `embedded:`.
    fn name(&self) -> String;

    /// Flushes what is still on its way (acknowledgements), then lets go of connections and files.
    fn close(&self) -> BoxFuture<'_, Result<(), Error>>;
}
