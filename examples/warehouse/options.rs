//! The command line.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use sagaflow_examples::{Journal, Setting};

use crate::domain::Order;
use crate::hall::Hall;

/// What lies on the shelves.
const ARTICLES: [&str; 5] = ["lamp", "clock", "chair", "kettle", "mirror"];

/// Packs and ships an order as one durable saga.
///
/// Packing takes long and saves how far it has come: a process that is killed meanwhile (`--kills`) goes on where it stopped. In the end it is
/// checked that each item was packed once.
#[derive(Debug, Parser)]
#[command(name = "warehouse", args_override_self = true)]
pub(crate) struct Options {
    /// How many items are packed
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub(crate) items: u16,
    /// How long each of them takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 40)]
    pub(crate) item_ms: u64,
    /// After how long the customer is told that it takes longer, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    pub(crate) patience_ms: u64,
    /// How many in a hundred attempts of the small steps fail, and are made again; and before how many items the robot jams
    #[arg(long, value_name = "PERCENT", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=50))]
    pub(crate) flaky: u8,
    /// Has another process pack, kills it so many times on the way, and starts it again
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) kills: usize,
    /// The instance's id: an order is shipped once for each
    #[arg(long, default_value = "order-1")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) setting: Setting,
}

impl Options {
    pub(crate) fn order(&self) -> Order {
        let articles = ARTICLES.iter().cycle().take(self.items.into());
        Order {
            customer: "Grace".to_owned(),
            items: articles.map(|article| (*article).to_owned()).collect(),
            patience_ms: self.patience_ms,
        }
    }

    pub(crate) fn hall(&self, journal: Arc<Journal>) -> Hall {
        Hall { journal, each: Duration::from_millis(self.item_ms), flaky: self.flaky }
    }
}
