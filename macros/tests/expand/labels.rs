async fn labels(rows: Vec<Vec<u32>>) -> Result<u32, Failure> {
    let mut total = 0;
    'rows: for row in rows {
        for item in &row {
            if *item == 0 {
                continue 'rows;
            }
        }
        let last = loop {
            total += num(total).await?;
            if total > 10 {
                break total;
            }
        };
        total -= last;
    }
    Ok(total)
}
