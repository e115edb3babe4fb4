use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[request(reply = u64)]
#[derive(Serialize, Deserialize)]
struct AddAnItemToTheCartOfTheCustomerUnlessTheShopIsClosedForTheHolidays {
    price: u64,
}

fn main() {}
