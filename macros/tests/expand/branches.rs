async fn branches(n: u32) -> Result<u32, Failure> {
    let found = if let Some(x) = even(n).await { x } else { 0 };
    let Some(half) = found.checked_div(2) else { return Ok(0) };
    let x = match half {
        0 => return num(n).await,
        n if n > 5 => num(n).await?,
        other => other,
    };
    num(x + n).await
}
