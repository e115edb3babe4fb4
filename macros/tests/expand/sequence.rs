async fn sequence(n: u32) -> Result<u32, Failure> {
    let first = num(n).await?;
    let second = num(first + 1).await?;
    Ok(first + second)
}
