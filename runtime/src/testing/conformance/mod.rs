//! What every transport has to do, as a suite of tests: one named property, one function, one test.
//!
//! An author of a transport writes a [`Harness`] that opens it, and one line:
//!
//! ```
//! use std::sync::Arc;
//!
//! use futures::future::BoxFuture;
//! use sagaflow::testing::conformance::Harness;
//! use sagaflow::transport::{Transport, embedded};
//!
//! struct InMemory;
//!
//! impl Harness for InMemory {
//!     fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>, sagaflow::Error>> {
//!         Box::pin(async { Ok(embedded::memory() as _) })
//!     }
//! }
//!
//! sagaflow::conformance_suite!(InMemory);
//! # fn main() {
//! #     let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
//! #     runtime.block_on(sagaflow::testing::conformance::a_fresh_append_is_stored(&InMemory));
//! # }
//! ```
//!
//! Each test makes a harness of its own with the given expression (which may `.await`), so the tests may run at the
//! same time. A property panics where a transport breaks it, with a text that says what was expected.
//!
//! The suite asks only what [`Transport`] promises. Where the contract leaves a choice (a record may come before its
//! time, a terminal record may be delivered) the suite does what a worker does. It waits for events, with a patience
//! that only a hanging transport exhausts; that something does *not* happen is shown by waiting a little longer than
//! the ack wait.

mod appends;
mod deliveries;
mod feeds;
mod kit;
mod lifetimes;
mod logs;
mod mail;
mod notes;
mod parking;
mod redelivery;
mod superseding;
mod watches;

pub use appends::*;
pub use deliveries::*;
pub use feeds::*;
pub use lifetimes::*;
pub use logs::*;
pub use mail::*;
pub use notes::*;
pub use parking::*;
pub use redelivery::*;
pub use superseding::*;
pub use watches::*;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::Error;
use crate::transport::Transport;

/// Opens the transport under test, and says how patient its tests have to be.
pub trait Harness: Send + Sync {
    /// Opens a transport in which there is nothing yet. Called once for each property.
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>, Error>>;

    /// Ends `old` and what carries its records, and opens the same records again, as after a restart.
    /// `None` (the default): the records end with the transport.
    fn reopen(&self, old: Arc<dyn Transport>) -> BoxFuture<'_, Result<Option<Arc<dyn Transport>>, Error>> {
        Box::pin(async move {
            drop(old);
            Ok(None)
        })
    }

    /// The ack wait of the tests that wait for it: the shorter, the faster the suite, but no shorter than the
    /// transport can keep exactly. Default 400 ms.
    fn ack_wait(&self) -> Duration {
        Duration::from_millis(400)
    }

    /// The shortest time for which the transport can keep a terminal record. Default 1 second.
    fn shortest_keep(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// A wait that is long enough for the transport to do something of its own when a delivery is
    /// [parked](crate::transport::Ack::park) for it. Default 700 ms.
    fn long_wait(&self) -> Duration {
        Duration::from_millis(700)
    }

    /// How long to wait for what has to happen. Default 20 seconds.
    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }
}

/// Makes the tests of a transport's conformance: one `#[tokio::test]` for each property of
/// [`testing::conformance`](crate::testing::conformance), whose page has an example.
///
/// Takes an expression that makes a harness; it is evaluated in each test,
/// and may `.await`. The crate that uses it needs `tokio` with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! conformance_suite {
    ($harness:expr $(,)?) => {
        $crate::conformance_suite! { @tests $harness;
            a_fresh_append_is_stored
            a_payload_comes_back_unchanged
            a_second_start_is_refused
            a_stale_append_is_refused
            an_append_after_an_unknown_revision_is_refused
            latest_is_the_last_append
            revisions_grow
            of_concurrent_appends_one_wins
            of_concurrent_starts_one_wins
            ids_are_unique_within_a_saga_only
            odd_ids_work
            a_record_that_is_too_large_is_refused
            the_largest_record_is_taken

            a_record_is_delivered
            a_record_that_came_first_is_delivered
            each_record_goes_to_one_worker
            other_sagas_are_not_delivered
            many_instances_are_delivered_once
            prefetch_is_respected
            a_cancelled_next_loses_nothing
            dropped_deliveries_are_handed_back
            leaving_returns_or_hands_back_what_was_not_taken

            an_unsettled_delivery_comes_again
            a_delivery_of_a_lost_worker_comes_again
            a_heartbeat_prevents_redelivery
            an_acknowledged_record_is_not_delivered_again
            a_terminated_record_is_not_delivered_again
            nak_hands_back_after_the_delay
            nak_without_delay_hands_back_at_once
            a_delivery_is_worth_its_time

            a_superseded_record_is_not_delivered
            a_superseded_record_does_not_come_again_after_nak
            a_superseded_record_does_not_come_again_after_the_ack_wait
            a_late_settlement_of_a_superseded_delivery_harms_nothing
            an_append_makes_room_for_the_next_delivery
            a_record_is_delivered_after_its_not_before
            a_sleeping_record_can_be_superseded

            a_parked_record_comes_at_its_time
            a_parked_record_takes_no_room
            a_parked_record_can_be_superseded
            a_parked_record_that_came_comes_again_from_a_lost_worker

            notes_come_back_in_order
            a_second_note_of_a_number_is_refused
            of_concurrent_notes_one_wins
            notes_end_where_a_number_is_missing
            notes_belong_to_one_record
            notes_vanish_some_time_after_their_record
            a_thousand_notes_come_back
            a_note_that_is_too_large_is_refused
            notes_survive_a_restart

            mail_is_kept_in_order_until_it_is_discarded
            the_queues_of_an_instance_are_apart
            mail_with_the_same_key_is_dropped
            a_remembered_key_is_dropped_after_its_mail_is_taken
            a_mailbox_lists_all_queues
            of_concurrent_posts_with_a_key_one_is_kept
            odd_queues_and_keys_work
            names_that_cannot_be_are_refused
            mail_that_is_too_large_is_refused
            mail_is_told_with_the_last_record
            a_notice_comes_again_until_it_is_settled
            a_notice_does_not_disturb_the_records_delivery
            mail_without_an_instance_disturbs_nobody
            a_record_that_waits_for_mail_is_delivered_at_once
            a_terminal_record_can_be_delivered
            mail_survives_a_restart
            what_is_discarded_with_its_instance_is_gone
            answers_are_kept_for_their_time

            lines_are_read_in_order
            a_thousand_lines_are_read
            a_line_is_written_once
            a_line_is_kept_for_its_time
            lines_that_cannot_be_are_refused
            lines_survive_a_restart

            a_terminal_record_protects_the_id
            a_terminal_record_expires
            a_terminal_record_blocks_nobody
            records_survive_a_restart
            revisions_continue_after_a_restart
            live_records_are_delivered_after_a_restart
            closing_ends_deliveries_and_watches

            a_watch_yields_the_present_record
            a_watch_yields_the_first_record
            a_watch_yields_later_records
            a_watch_sees_the_last_of_quick_appends
            several_watches_all_see

            a_feed_shows_the_last_record_of_each_instance
            a_feed_goes_on_after_its_position
            a_feed_goes_on_after_a_restart
            records_are_the_last_of_each_instance
        }
    };
    (@tests $harness:expr; $($property:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $property() {
                $crate::testing::conformance::$property(&$harness).await;
            }
        )*
    };
}
