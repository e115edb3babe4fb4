async fn deferred(n: u32) -> Result<u8, Failure> {
    let mut x: u8 = 1;
    num(u32::from(x)).await?;
    x = 200;
    let late;
    num(n).await?;
    if n > 3 { late = x } else { late = 1 }
    Ok(late)
}
