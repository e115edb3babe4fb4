use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p6(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    for b in (2u32..4).rev() {
        let v_11 = match Some((10u32 ^ num(b).await?.wrapping_mul(b))) {
            Some(found) if found > 1 => {
                match Some(3u32) {
                    Some(found) if found > 2 => {
                        'l_3: for piece_1 in items.chunks(2) {
                            let length_2 = num(piece_1.len() as u32 ^ piece_1[0]).await?;
                            if (length_2 > 7) {
                                let calls_4: Vec<_> = order.items.iter().map(|n| n ^ 1).collect::<Vec<u32>>().into_iter().take(3).map(num).collect();
                                let mut sum_5 = 0u32;
                                for call in calls_4 {
                                    sum_5 = sum_5.wrapping_add(call.await?);
                                }
                            } else {
                                let v_6 = (19u32 > 7);
                                let mut v_8: u32 = num(('block_7: { if flag(v_6).await { break 'block_7 even(num(3u32).await.unwrap_or(10u32)).await.unwrap_or(3); } num(add(found, add(add(total, found).await?, order.id).await?).await?).await? })).await?;
                            }
                            let v_9 = "t1".to_owned();
                            { let f = |m: u32| m ^ items.iter().fold(0u32, |a, b| a.wrapping_add(*b)); let value = f(7); total = value; }
                        }
                        even(add(num(11u32).await?, add(order.id, num(3u32).await?).await?).await?).await.unwrap_or((total % 7))
                    } Some(found) => {
                        let x = add(total, {
                            if (13u32 > 5) {
                                if let Some(found) = None::<u32> {
                                    let word = "t0".to_owned();
                                    (found ^ (19u32, order.id).1)
                                } else {
                                    let v_10 = &name;
                                    bump(found)
                                }
                            } else {
                                ;
                                let b = {
                                    ;
                                    async { 1u32 };
                                    (b % 7)
                                };
                                match items.first().copied() {
                                    Some(found) if found > 3 => {
                                        found
                                    } Some(found) => {
                                        bump(b)
                                    } None => {
                                        (match order.items.first().copied() { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })
                                    }
                                }
                            }
                        }).await?;
                        continue;
                    } None => {
                        match Some((match items.first().copied() { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })) {
                            Some(found) if found > 1 => {
                                7u32
                            } Some(found) => {
                                items.iter().fold(0u32, |a, b| a.wrapping_add(*b))
                            } None => {
                                found
                            }
                        }
                    }
                }
            } Some(found) => {
                order.id
            } None => {
                order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b))
            }
        };
    }
    Ok(([order.id, (name.len() as u32)][((match Some(order.id) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }) % 2) as usize], name, order.items.clone()))
}
