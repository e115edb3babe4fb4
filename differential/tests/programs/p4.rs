use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p4(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    for n in [num(num(total).await?.wrapping_mul(num(9u32).await?)).await.unwrap_or(total), num(total).await?].to_vec().into_iter().rev().filter(|n| n % 3 != 1) {
        let text_1 = order.name.trim_end().as_bytes();
        let number_2 = num((match num((order.name.len() as u32)).await { Ok(n) => n, Err(_) => ({ let inner = num(num(n).await?).await?; inner.rotate_left(1) }) })).await?;
        let x = number_2.wrapping_add(text_1.len() as u32);
        let late_3;
        if matches!(Some((order.id ^ 19u32)), Some(1..=9)) {
            'l_4: for n in &order.items {
                num(*n).await?;
                let Ok(item) = num(num((find(4u32).await?.id, x).0).await?.wrapping_mul(num(total).await?)).await else {
                    (total, _) = (order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b)), 0);
                    return Err(Failure::new(name.clone()));
                };
                if let Some(card) = order.note.as_ref() {
                    let _ = Some(3u32);
                    if let Some(card) = &order.note {
                        let v_5 = flag((2u32 < 4u32)).await && (flag(true).await || num(twice!(7u32)).await? > 5);
                        if !((v_5 && even(num((match num(x).await { Ok(n) => n, Err(_) => (*n) })).await?.wrapping_mul(6u32)).await.is_some()) && matches!(Some((*n)), Some(1..=9))) {
                            continue;
                        }
                    }
                }
                if matches!(bump(order.id).checked_sub((total, 12u32).1), Some(1..=9)) {
                    break 'l_4;
                }
            }
            late_3 = order.id;
        } else {
            let Order { id: x, name: word, items: mut list_of, .. } = order.clone();
            late_3 = x;
        }
        let v_6 = Some(Some(3u32).unwrap_or(twice!(5u32)));
    }
    Ok((total, order.name.clone(), items.iter().map(|n| n ^ 1).collect::<Vec<u32>>()))
}
