//! The command line.

use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use sagaflow_examples::{Journal, Setting};

use crate::agency::Agency;
use crate::domain::Wish;

/// The hotels of the city, the most wanted one first.
const HOTELS: [&str; 4] = ["Grand Hotel", "Harbour Inn", "Hotel Alba", "Pension Rosa"];

/// Books a car, a hotel and a flight as one durable saga, and pays; or undoes all of it.
///
/// Tells what is done (+) and undone (-) as it happens, and checks in the end that exactly that was done which a plain run
/// of the same function does.
#[derive(Debug, Parser)]
#[command(name = "trip")]
pub(crate) struct Options {
    /// What can't be had, so that the trip is undone
    #[arg(long, value_enum, value_name = "STEP")]
    pub(crate) fail: Option<Failing>,
    /// How many of the hotels are full: the next one is tried
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=4))]
    pub(crate) full: u8,
    /// How many in a hundred calls get no answer, and are made again
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=90))]
    pub(crate) flaky: u8,
    /// How long each call takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 200)]
    pub(crate) call_ms: u64,
    /// Who travels
    #[arg(long, default_value = "Ada")]
    pub(crate) traveller: String,
    /// Where to
    #[arg(long, default_value = "Lisbon")]
    pub(crate) city: String,
    /// For how long
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub(crate) days: u32,
    /// The instance's id: a trip is booked once for each
    #[arg(long, default_value = "trip-1")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) setting: Setting,
}

/// A step that fails for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Failing {
    /// There is no car
    Car,
    /// All hotels are full
    Hotel,
    /// There is no seat
    Flight,
    /// The card is declined
    Payment,
    /// The itinerary can't be sent, after all else was done
    Itinerary,
}

impl Options {
    pub(crate) fn wish(&self) -> Wish {
        let (traveller, city) = (self.traveller.clone(), self.city.clone());
        Wish { traveller, city, days: self.days, hotels: HOTELS.map(str::to_owned).to_vec() }
    }

    pub(crate) fn agency(&self, journal: Arc<Journal>) -> Agency {
        let full = if self.fail == Some(Failing::Hotel) { HOTELS.len() } else { self.full.into() };
        Agency {
            journal,
            full: HOTELS[..full].iter().map(|hotel| (*hotel).to_owned()).collect(),
            failing: self.fail,
            flaky: self.flaky,
            latency: Duration::from_millis(self.call_ms),
        }
    }
}
