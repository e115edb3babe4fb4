use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p6(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    for b in (2u32..4).rev() {
        ;
        let v_1 = {
            ;
            async { 1u32 };
            4u32
        };
        let Ok(v_2) = num([b, num(even(7u32).await.unwrap_or(3)).await?][(num(find(order.id).await?.id).await?.wrapping_add((match num(even(add(find((match num(num(v_1).await.unwrap_or(order.id)).await { Ok(n) => n, Err(_) => num(order.id).await? })).await?.id, order.id).await?).await.unwrap_or(3)).await { Ok(n) => n, Err(_) => 10u32 })) % 2) as usize]).await else {
            let mut b = even(twice!(bump(4u32))).await.is_some();
            return Err(Failure::new("t0".to_owned()));
        };
        'l_3: for n in items.iter().rev() {
            let v_4 = ((v_2 > 2) || even(add((*n), 19u32).await?).await.is_some()) || (flag((((*n) > 7) || (1u32 > 3))).await && num(b).await? > 3);
            let Some(v_5) = Some(items.iter().fold(0u32, |a, b| a.wrapping_add(*b))) else { return Ok((((Some(3u32).unwrap_or(v_1) % 7), total).0, v_2.wrapping_add(order.id).to_string(), vec![])); };
            let (a, mut b) = (order.id, "moved".to_owned());
        }
    }
    for piece_6 in name.chars() {
        let length_7 = num(piece_6 as u32 ^ 1).await?;
        let mut stack_8 = [total, [3u32, 9u32][(5u32 % 2) as usize]].to_vec();
        while let Some(top) = stack_8.pop() {
            match (('block_9: { if (17u32 < (11u32 ^ total)) { break 'block_9 (if matches!(Some(length_7), Some(1..=9)) { 4u32 } else { top }); } ('block_10: { if (true || (top > 8)) { break 'block_10 ({ let inner = 9u32; inner.rotate_left(1) }); } length_7 }) }), Some(3u32)) {
                (0 | 1, _) => {
                     {
                        if (13u32 > 1) {
                            let name = order.items.iter().map(|n| n ^ 1).collect::<Vec<u32>>();
                        } else {
                        }
                    }
                } (low @ 2..=9, Some(n)) if low > 3 && n != 3 => {
                } (n, None) | (_, Some(n)) => {
                }
            }
        }
    }
    Ok(([((5u32 ^ 16u32), total).0, (Some(3u32).unwrap_or(4u32), (match order.items.first().copied() { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })).1][(total % 2) as usize], "t3".to_owned(), items.iter().map(|n| n ^ 1).collect::<Vec<u32>>()))
}
