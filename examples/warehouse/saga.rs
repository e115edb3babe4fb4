//! The saga: packing is started, and not waited for longer than the customer is patient.

use std::time::Duration;

use sagaflow::prelude::*;

use crate::domain::{Order, Shipment};
use crate::steps::{apologize, charge, hand_over, pack};

#[saga]
pub(crate) async fn ship(order: Order) -> Result<Shipment, Failure> {
    let (customer, items) = (order.customer, order.items.len());
    charge(customer.clone(), items).await?;
    let mut packing = pack(order.items).start();
    // `&mut`: when it loses, it isn't given up.
    let (boxes, late) = match race!(&mut packing, sleep(Duration::from_millis(order.patience_ms))).await {
        Winner::First(packed) => (packed?, false),
        Winner::Second(()) => {
            apologize(customer.clone()).await?;
            (packing.await?, true)
        }
    };
    hand_over(customer.clone(), boxes).await?;
    Ok(Shipment { customer, items, boxes, late })
}
