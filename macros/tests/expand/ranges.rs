async fn ranges(n: u32) -> u32 {
    let mut total = 0;
    for row in (0..n).rev() {
        for column in row..=n {
            total += num(row * column).await.unwrap_or(0);
        }
    }
    total
}
