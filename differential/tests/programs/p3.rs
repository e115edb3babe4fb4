use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p3(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    note(find(add(9u32, total).await?).await?.id.to_string()).await;
    let mut count_1 = 0;
    let v_2 = loop {
        count_1 += 1;
        if count_1 > 2 {
            break (({ let inner = add(total, 4u32).await?; inner.rotate_left(1) }), num(even(add((match num(num(add(2u32, find((match num(total).await { Ok(n) => n, Err(_) => even(2u32).await.unwrap_or(3) })).await?.id).await?).await?).await { Ok(n) => n, Err(_) => num(10u32).await.unwrap_or(4u32) }), 16u32).await?).await.unwrap_or(3)).await?).0;
        }
        let mut count_3 = 0;
        while count_3 < 1 && (true && flag((4u32 > 0)).await) {
            count_3 += 1;
            let _ = Some(3u32);
            let late_4;
            if true {
                match ([items.iter().fold(0u32, |a, b| a.wrapping_add(*b)), (match 0u32.checked_sub(4u32) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })][(total % 2) as usize], Some(19u32)) {
                    (0 | 1, _) => {
                        let late_5;
                        if (true && (((total > 6) || (total > 6)) || items.is_empty())) {
                             {
                                match (1u32, order.items.first().copied()) {
                                    (0 | 1, _) => {
                                        let _ = 9u32.to_string();
                                    } (low @ 2..=9, Some(n)) if low > 3 && n != 3 => {
                                        if (11u32 > 0) {
                                            return Err(Failure::new("left"));
                                        }
                                        let calls_6: Vec<_> = order.items.iter().map(|n| n ^ 1).collect::<Vec<u32>>().into_iter().take(3).map(num).collect();
                                        let mut sum_7 = 0u32;
                                        for call in calls_6 {
                                            sum_7 = sum_7.wrapping_add(call.await?);
                                        }
                                    } (n, None) | (_, Some(n)) => {
                                        match (('block_8: { if true { break 'block_8 twice!(order.id); } 4u32 }), Some(5u32)) {
                                            (0 | 1, _) => {
                                                let Ok(name) = num([Some(3u32).unwrap_or(n), 4u32][(('block_9: { if (n > 3) { break 'block_9 3u32; } total }) % 2) as usize]).await else {
                                                    return Err(Failure::new(order.name.clone()));
                                                };
                                            } (low @ 2..=9, Some(n)) if low > 2 && n != 3 => {
                                            } (n, None) | (_, Some(n)) => {
                                            }
                                        }
                                    }
                                }
                            }
                            late_5 = 16u32;
                        } else {
                            late_5 = (match items.first().copied() { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 });
                        }
                    } (low @ 2..=9, Some(n)) if low > 2 && n != 3 => {
                    } (n, None) | (_, Some(n)) => {
                    }
                }
                late_4 = (order.name.len() as u32);
            } else {
                late_4 = (if true { 4u32 } else { bump(order.id) });
            }
        }
    };
    Ok((items.iter().fold(0u32, |a, b| a.wrapping_add(*b)), order.name, items.iter().map(|n| n ^ 1).collect::<Vec<u32>>()))
}
