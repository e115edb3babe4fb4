//! The steps: each does one thing, and says how it is retried and undone.

use sagaflow::prelude::*;

use crate::agency::Agency;
use crate::domain::{Booking, Itinerary, TripError};
use crate::options::Failing;

#[step]
#[retry(exponential, base = "100ms", max_delay = "2s", max_attempts = 10, only(TripError::NoAnswer | TripError::Journal(_)))]
#[compensate(cancel(output))]
pub(crate) async fn book_car(
    #[inject] agency: &Agency,
    #[inject] cx: &StepContext,
    city: String,
    days: u32,
) -> Result<Booking, TripError> {
    let booking = Booking { what: format!("a car in {city}"), price: days * 40 };
    agency.book(cx, booking, Failing::Car).await
}

#[step]
#[retry(exponential, base = "100ms", max_delay = "2s", max_attempts = 10, only(TripError::NoAnswer | TripError::Journal(_)))]
#[compensate(cancel(output))]
pub(crate) async fn book_hotel(
    #[inject] agency: &Agency,
    #[inject] cx: &StepContext,
    hotel: String,
    days: u32,
) -> Result<Booking, TripError> {
    if agency.full.contains(&hotel) {
        agency.journal.tell(format!("  the {hotel} is full"));
        return Err(TripError::Full { hotel });
    }
    let booking = Booking { what: format!("a room in the {hotel}"), price: days * 90 };
    agency.book(cx, booking, Failing::Hotel).await
}

#[step]
#[retry(exponential, base = "100ms", max_delay = "2s", max_attempts = 10, only(TripError::NoAnswer | TripError::Journal(_)))]
#[compensate(cancel(output))]
pub(crate) async fn book_flight(
    #[inject] agency: &Agency,
    #[inject] cx: &StepContext,
    city: String,
) -> Result<Booking, TripError> {
    let price = flight_price(&city);
    let booking = Booking { what: format!("a flight to {city}"), price };
    agency.book(cx, booking, Failing::Flight).await
}

/// Undone by its arguments: also when it is not known whether the money was taken.
#[step]
#[retry(exponential, base = "100ms", max_delay = "2s", max_attempts = 10, only(TripError::NoAnswer | TripError::Journal(_)))]
#[compensate(pay_back(traveller, euros))]
pub(crate) async fn pay(
    #[inject] agency: &Agency,
    #[inject] cx: &StepContext,
    traveller: String,
    euros: u32,
) -> Result<u32, TripError> {
    agency.call(cx).await?;
    agency.refuse(Failing::Payment, &format!("{traveller}'s card is declined"))?;
    let payment = payment(&traveller, euros);
    if agency.journal.once(cx, payment.as_str())? {
        agency.journal.tell(format!("+ {payment}"));
    }
    Ok(euros)
}

/// The last one: nothing has to be undone after it.
#[step]
#[retry(exponential, base = "100ms", max_delay = "2s", max_attempts = 10, only(TripError::NoAnswer | TripError::Journal(_)))]
pub(crate) async fn send_itinerary(
    #[inject] agency: &Agency,
    #[inject] cx: &StepContext,
    traveller: String,
    itinerary: Itinerary,
) -> Result<(), TripError> {
    agency.call(cx).await?;
    agency.refuse(Failing::Itinerary, &format!("{traveller} can't be reached"))?;
    let mail = format!("a mail to {traveller}: {itinerary}");
    if agency.journal.once(cx, mail)? {
        agency.journal.tell(format!("+ a mail to {traveller}"));
    }
    Ok(())
}

#[step]
#[retry(exponential, base = "100ms", max_delay = "10s", max_attempts = 100)]
pub(crate) async fn cancel(
    #[inject] agency: &Agency,
    #[inject] cx: &StepContext,
    booking: Booking,
) -> Result<(), TripError> {
    agency.undo(cx, &booking.to_string()).await
}

/// There may be nothing to pay back: then it does nothing.
#[step]
#[retry(exponential, base = "100ms", max_delay = "10s", max_attempts = 100)]
pub(crate) async fn pay_back(
    #[inject] agency: &Agency,
    #[inject] cx: &StepContext,
    traveller: String,
    euros: u32,
) -> Result<(), TripError> {
    agency.undo(cx, &payment(&traveller, euros)).await
}

/// In euros. Far away is expensive.
pub(crate) fn flight_price(city: &str) -> u32 {
    100 + 10 * u32::try_from(city.len()).unwrap_or(u32::MAX / 100)
}

fn payment(traveller: &str, euros: u32) -> String {
    format!("{euros} euros from {traveller}")
}
