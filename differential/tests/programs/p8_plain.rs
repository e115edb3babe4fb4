use sagaflow::Failure;
use sagaflow_differential::plain::*;

pub async fn p8(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    let v_1: u32 = bump((if !even(15u32).await.is_some() { (match num(total).await { Ok(n) => n, Err(_) => total }) } else { total }));
    match (even((num(4u32).await? % 7)).await.unwrap_or(3), Some(3u32)) {
        (low, Some(n)) if let Some(less) = low.checked_sub(n) && less != 3 => {
            let v_2 = (match num(num(({ let inner = less; inner.rotate_left(1) })).await?).await { Ok(n) => n, Err(_) => (match num(num(num(17u32).await?).await.unwrap_or(less)).await { Ok(n) => n, Err(_) => (if flag((0u32 > 1)).await { (match num(less).await { Ok(n) => n, Err(_) => order.id }) } else { add(num(num(low).await.unwrap_or(11u32)).await?, 14u32).await? }) }) });
            let Order { id: x, name: word, items: mut list_of, .. } = order.clone();
        } (n, _) => {
            let mut stack_3 = [v_1, [v_1, total][((5u32 ^ order.id) % 2) as usize]].to_vec();
            while let Some(top) = stack_3.pop() {
                let Some(word) = Some(3u32) else { return Ok((bump(Some(top).unwrap_or((if true { top } else { top }))), "moved".to_owned(), vec![])); };
                let a = &order;
                let item = ((n > 4) || !(15u32 > 1));
            }
        }
    }
    let word = order.id.wrapping_add(v_1);
    let v_4 = &total;
    if let Some(v_5) = items.first().copied() && v_5 > 4 {
        match &order.kind {
            Kind::Gift(card) => {
                match &order {
                    whole @ Order { id: 0..=1, .. } => {
                    } Order { items: some, note: Some(card), id: small @ 2..=5, .. } => {
                    } Order { name: title, .. } => {
                    }
                }
            } Kind::Parcel { weight, .. } => {
            } Kind::Plain => {
            }
        }
    }
    Ok((twice!((Some(v_1).unwrap_or(v_1) % 7)), name, items))
}
