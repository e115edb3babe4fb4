//! The saga: a hotel is looked for in a saga of its own, and flight and payment are all or nothing.

use sagaflow::prelude::*;

use crate::domain::{Booking, Itinerary, TripError, Wish};
use crate::steps::{book_car, book_flight, book_hotel, flight_price, pay, send_itinerary};

#[saga]
pub(crate) async fn trip(wish: Wish) -> Result<Itinerary, TripError> {
    let car = book_car(wish.city.clone(), wish.days).await?;
    let hotel = any_hotel(wish.city.clone(), wish.days, wish.hotels).await?;
    let total = car.price + hotel.price + flight_price(&wish.city);
    // When one of the two fails, the other is given up, and undone: then the hotel and the car are.
    let (flight, paid) = try_join!(book_flight(wish.city), pay(wish.traveller.clone(), total)).await?;
    let itinerary = Itinerary { car, hotel, flight, paid };
    send_itinerary(wish.traveller, itinerary.clone()).await?;
    Ok(itinerary)
}

/// The first hotel that has a room.
#[saga]
async fn any_hotel(city: String, days: u32, hotels: Vec<String>) -> Result<Booking, TripError> {
    for hotel in hotels {
        match book_hotel(hotel, days).await {
            Err(TripError::Full { .. }) => continue,
            booked_or_not => return booked_or_not,
        }
    }
    Err(TripError::NoRoom { city })
}
