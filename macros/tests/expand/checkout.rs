async fn checkout(request: Request) -> Result<Receipt, CheckoutError> {
    let user = create_user(request.name).await?;
    let mut total = 0;
    for item in request.items {
        if item == 0 {
            continue;
        }
        let line = reserve(item).await?;
        total += line.price;
    }
    let label = &user.label;
    let order = create_order(user.id, total).await?;
    Ok(Receipt { order: order.id, label: label.clone() })
}
