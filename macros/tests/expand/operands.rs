async fn operands(n: u32) -> Result<u32, Failure> {
    let mut x = n;
    let y = add(total(n), x, num(x).await?) + num(next(&mut x)).await?;
    Ok(x + y)
}
