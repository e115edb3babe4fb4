use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p10(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    let text_1 = name.trim_end().as_bytes();
    let number_2 = num(num((11u32 % 7)).await?).await?;
    let name = number_2.wrapping_add(text_1.len() as u32);
    if let Some(v_3) = even([total, total][(twice!(total) % 2) as usize]).await {
        let _ = items.is_empty();
        let _ = text(format!("{}-{}", total, order.name)).await?;
    }
    let Order { id: x, name: word, items: mut list_of, .. } = find(num([4u32, order.id][(add(add(num(num(total).await?).await?, num(total).await?.wrapping_mul(19u32)).await?, name).await? % 2) as usize]).await.unwrap_or(name)).await?;
    let word = &order.name;
    let late_4;
    if (0u32 > 4) {
         {
            match (num((if flag(true).await { find(even(total).await.unwrap_or(3)).await?.id } else { x })).await?, Some(3u32)) {
                (0 | 1, _) => {
                    let (a, mut b) = (total, (word.clone() + &word));
                } (low @ 2..=9, Some(n)) if low > 5 && n != 3 => {
                    let text_5 = order.name.trim();
                    let number_6 = num((match Some(3u32) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })).await?;
                    let v_7 = number_6.wrapping_add(text_5.len() as u32);
                } (n, None) | (_, Some(n)) => {
                    'l_8: for slot in &mut items {
                        *slot ^= 4u32;
                        let v_9 = &x;
                        *slot = slot.wrapping_add(1);
                    }
                }
            }
        }
        late_4 = twice!(((order.id % 7), 4u32).1);
    } else {
        late_4 = ({ let inner = 4u32; inner.rotate_left(1) });
    }
    Ok(((({ let inner = order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b)); inner.rotate_left(1) }), ({ let inner = ({ let inner = 9u32; inner.rotate_left(1) }); inner.rotate_left(1) })).0, format!("<{total}>"), Vec::from([17u32])))
}
