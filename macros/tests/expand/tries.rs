async fn tries(order: Order) -> Result<Receipt, Failure> {
    Ok(Receipt {
        paid: charge(price(&order).await?.cents, rate(order.country).await??).await?,
        sent: match order.address {
            Some(address) if !address.is_empty() => Some(ship(address, pack(order.items).await?).await?),
            _ => None,
        },
    })
}
