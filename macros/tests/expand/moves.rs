async fn moves(order: Order) -> Result<(Vec<u32>, String), Failure> {
    let user = create_user(order.customer.name).await?;
    let cheap = |price: u32| price < order.limit;
    let items: Vec<u32> = order.items.into_iter().filter(|price| cheap(*price)).collect();
    reserve(items.clone()).await?;
    Ok((items, format!("{} {}", user.id, order.customer.city)))
}
