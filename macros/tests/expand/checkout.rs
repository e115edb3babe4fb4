async fn checkout(request: Request) -> Result<String, Failure> {
    let user = create_user(request.name).await?;
    let label = "total";
    let mut total = 0;
    for item in request.items {
        if item == 0 { continue; }
        let line = reserve(item).await?;
        total += line;
        if total > 1000 { break; }
    }
    let again = reserve(total).await?;
    Ok(format!("{label} {} {total} {again} {}", user.id, user.name))
}
