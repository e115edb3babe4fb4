use sagaflow::Failure;
use sagaflow_differential::plain::*;

pub async fn p1(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
     {
        let total = &order;
    }
     {
        let Some(v_1) = items.first().copied() else { return Ok((({ let inner = (match Some(3u32) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }); inner.rotate_left(1) }), "t3".to_owned(), vec![])); };
        match &order.kind {
            Kind::Gift(card) => {
                 {
                    let v_2 = find(num(num(num(num(even(2u32).await.unwrap_or(3)).await?).await?).await?).await?).await?.name;
                    'l_3: for &n in items.iter() {
                        let mut item = even((match num(items.first().copied().unwrap_or(add(12u32, n).await?)).await { Ok(n) => n, Err(_) => twice!(v_1) })).await.is_some();
                        if let Some(item) = even((6u32, twice!(order.id)).1).await && item > 0 && (15u32 > 1) {
                            let v_4 = total;
                            if let Some(v_5) = even(twice!(3u32).wrapping_add(num((match num(order.id).await { Ok(n) => n, Err(_) => 9u32 })).await?)).await && v_5 > 0 && true {
                                match &order {
                                    whole @ Order { id: 0..=1, .. } => {
                                    } Order { items: some, note: Some(card), id: small @ 2..=5, .. } => {
                                    } Order { name: title, .. } => {
                                    }
                                }
                            } else {
                            }
                        } else {
                        }
                    }
                }
            } Kind::Parcel { weight, .. } => {
            } Kind::Plain => {
            }
        }
    }
    Ok(([('block_6: { if (order.id > 8) { break 'block_6 4u32; } ({ let inner = total; inner.rotate_left(1) }) }), order.id][(total.wrapping_add(bump(4u32)) % 2) as usize], (if (items.is_empty() || items.is_empty()) { format!("<{total}>") } else { "no".to_owned() }), [((order.items.len() as u32) % 7), (total.wrapping_add(18u32) % 7)].to_vec()))
}
