//! Trips: a loop over what must be there, one that stops at the first success, and what may be missing.

use std::collections::BTreeMap;

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Trace, check};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Trip {
    traveller: String,
    legs: Vec<(String, String)>,
    hotels: Vec<String>,
    car: Option<String>,
}

#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
#[compensate(cancel(output))]
async fn book(#[inject] trace: &Trace, what: String) -> Result<String, Failure> {
    trace.add(format_args!("book {what}"));
    if what.contains("full") { Err(Failure::new(format!("{what} isn't free"))) } else { Ok(format!("#{}", what.len())) }
}

#[step]
async fn cancel(#[inject] trace: &Trace, booking: String) {
    trace.add(format_args!("undo book {booking}"));
}

/// Trip booking: all flights, the first hotel that has a room, a car if there is one.
#[saga]
async fn book_trip(trip: Trip) -> Result<BTreeMap<String, String>, Failure> {
    let mut bookings = BTreeMap::new();
    for (index, (from, to)) in trip.legs.iter().enumerate() {
        let booking = book(format!("flight {from}-{to}")).await?;
        bookings.insert(format!("leg {}", index + 1), booking);
    }

    let hotel = 'found: {
        for hotel in trip.hotels {
            match book(format!("hotel {hotel}")).await {
                Ok(booking) => break 'found Some((hotel, booking)),
                Err(_) => continue,
            }
        }
        None
    };
    let Some((hotel, booking)) = hotel else {
        return Err(Failure::new(format!("no room for {}", trip.traveller)));
    };
    bookings.entry("hotel".to_owned()).or_insert(format!("{hotel} {booking}"));

    if let Some(class) = trip.car
        && let Ok(car) = book(format!("car {class}")).await
    {
        bookings.insert("car".into(), car);
    }
    Ok(bookings)
}

fn trip(hotels: &[&str], car: Option<&str>, legs: &[(&str, &str)]) -> Trip {
    Trip {
        traveller: "Bo".to_owned(),
        legs: legs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect(),
        hotels: hotels.iter().map(ToString::to_string).collect(),
        car: car.map(Into::into),
    }
}

#[tokio::test]
async fn trips_are_booked() {
    let legs = [("VIE", "LIS"), ("LIS", "OPO")];
    check!(book_trip:
        (trip(&["full inn", "Ritz"], Some("small"), &legs)),
        (trip(&["full inn"], None, &legs)),
        (trip(&["Ritz"], Some("full"), &legs)),
        (trip(&["Ritz"], None, &[("VIE", "full"), ("a", "b")])),
        (trip(&[], None, &[])),
    );
}
