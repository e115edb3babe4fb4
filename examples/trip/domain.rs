//! What is wished for and booked, and what can go wrong.

use std::fmt;

use sagaflow_examples::JournalError;
use serde::{Deserialize, Serialize};

/// What the traveller wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wish {
    pub(crate) traveller: String,
    pub(crate) city: String,
    pub(crate) days: u32,
    /// Any of them, in this order.
    pub(crate) hotels: Vec<String>,
}

/// Something that is booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Booking {
    pub(crate) what: String,
    /// In euros.
    pub(crate) price: u32,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Itinerary {
    pub(crate) car: Booking,
    pub(crate) hotel: Booking,
    pub(crate) flight: Booking,
    /// In euros.
    pub(crate) paid: u32,
}

/// Why something can't be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum TripError {
    #[error("the {hotel} is full")]
    Full { hotel: String },
    #[error("there is no room in {city}")]
    NoRoom { city: String },
    #[error("{0}")]
    Refused(String),
    /// To be tried again.
    #[error("nobody answers")]
    NoAnswer,
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} wants to go to {} for {} days", self.traveller, self.city, self.days)
    }
}

impl fmt::Display for Booking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {} euros", self.what, self.price)
    }
}

impl fmt::Display for Itinerary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}; {} euros were paid", self.car.what, self.hotel.what, self.flight.what, self.paid)
    }
}
