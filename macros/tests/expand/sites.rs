async fn sites(n: u32) -> Result<u32, Failure> {
    const LIMIT: u32 = 10;
    fn twice(n: u32) -> u32 {
        n * 2
    }
    let n = num(n).await?;
    let n = match num(twice(n)).await {
        Ok(same @ (0 | 1)) => same,
        Ok(n) if n > LIMIT => num(n).await?,
        Ok(other) => other,
        Err(error) => return Err(error),
    };
    let (left, mut right) = (num(n).await?, n);
    right += num(left).await?;
    Ok(left + right)
}
