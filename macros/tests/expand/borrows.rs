async fn borrows(mut order: Order) -> Result<u64, Failure> {
    let name = &order.name;
    let mut total = 0;
    for (index, line) in order.lines.iter().enumerate() {
        total += reserve(line.item, index).await?.price;
        log(name, line);
    }
    match &mut order.kind {
        Kind::Gift { note, .. } => {
            total += wrap(total).await?;
            note.push('!');
        }
        _ => {}
    }
    Ok(total)
}
