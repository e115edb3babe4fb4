use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p7(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    let v_1 = &total;
    let late_2;
    if even(num(15u32).await.unwrap_or((name.len() as u32))).await.is_some() {
        let calls_3: Vec<_> = list((order.name.len() as u32)).await?.into_iter().take(3).map(num).collect();
        let mut sum_4 = 0u32;
        for call in calls_3 {
            sum_4 = sum_4.wrapping_add(call.await?);
        }
        late_2 = sum_4;
    } else {
        late_2 = ({ let inner = num(7u32).await.unwrap_or(10u32); inner.rotate_left(1) });
    }
    let v_6 = 'part_5: {
        let v_7 = &order.name;
        if !flag((order.id > 4)).await {
            break 'part_5 ({ let inner = (match num(num(find(find(num(order.id).await.unwrap_or(15u32)).await?.id).await?.id).await.unwrap_or(5u32)).await { Ok(n) => n, Err(_) => 8u32 }); inner.rotate_left(1) });
        }
        'l_9: for v_8 in 0u32..(add((match num(late_2).await { Ok(n) => n, Err(_) => total }), find(add(3u32, order.id).await?).await?.id).await? % 4) {
            note(format!("<{v_8}>")).await;
        }
        (items.len() as u32)
    };
    let v_10 = &find([(*v_1), twice!(v_6)][((4u32 % 7) % 2) as usize]).await?;
    if (v_6 > 2) {
        if (((true || (late_2 > 1)) && ((3u32 > 1) || (late_2 > 6))) && (late_2 > 8)) {
            let Some(word) = items.first().copied() else { return Ok((late_2, format!("<{total}>"), vec![])); };
            match (twice!(([total, 7u32][(late_2 % 2) as usize], twice!(0u32)).1), Some(3u32)) {
                (0 | 1, _) => {
                } (low @ 2..=9, Some(n)) if low > 5 && n != 3 => {
                } (n, None) | (_, Some(n)) => {
                }
            }
        } else {
        }
    } else if (total > 4) {
    }
    Ok(((bump(('block_11: { if (order.id > 0) { break 'block_11 (*v_1); } order.id })) ^ (match items.first().copied() { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })), order.name, [total, total].to_vec()))
}
