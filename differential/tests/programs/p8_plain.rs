use sagaflow::Failure;
use sagaflow_differential::plain::*;

pub async fn p8(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    let v_1: u32 = bump((if !even(15u32).await.is_some() { (match num(total).await { Ok(n) => n, Err(_) => total }) } else { total }));
    let ref v_2 = find(even((num(4u32).await? % 7)).await.unwrap_or(3)).await?.name;
    match (total, Some(3u32)) {
        (low, Some(n)) if let Some(less) = low.checked_sub(n) && less != 3 => {
            let v_10 = (12u32 ^ {
                if order.items.is_empty() {
                    match Some(3u32) {
                        Some(found) if found > 2 => {
                            let v_3 = ((if (4u32 > 4) { 1u32 } else { total.wrapping_add(5u32) }) ^ {
                                if items.is_empty() {
                                    let x = even(even(order.id).await.unwrap_or(3).wrapping_add((match num(add(num(num(num(total).await.unwrap_or(n)).await.unwrap_or(found)).await?, (match num(add(v_1, less).await?).await { Ok(n) => n, Err(_) => v_1 })).await?).await { Ok(n) => n, Err(_) => add(5u32, order.id).await? }))).await;
                                    Some(less).unwrap_or((if true { found } else { less }))
                                } else if matches!(Some(3u32), Some(1..=9)) {
                                    (match 18u32.checked_sub(n) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })
                                } else {
                                    bump((7u32 % 7))
                                }
                            });
                            ('block_4: { if items.is_empty() { break 'block_4 (9u32, less).1; } 4u32 })
                        } Some(found) => {
                            match &order {
                                whole @ Order { id: 0..=1, .. } => {
                                    let v_5 = Ok::<_, Failure>(add((4u32.wrapping_add(14u32) ^ twice!(less)), (name.len() as u32)).await)??;
                                    if (!(0u32 > 5) && matches!(Some(3u32), Some(1..=9))) {
                                        let v_6 = [[twice!(v_5), items.iter().fold(0u32, |a, b| a.wrapping_add(*b))][(4u32 % 2) as usize], (name.len() as u32)][((v_2.len() as u32) % 2) as usize];
                                        let v_7 = (found > 1);
                                    } else {
                                        let mut count_8 = 0;
                                        while count_8 < 2 {
                                            count_8 += 1;
                                            let v_9 = format!("<{low}>");
                                            match &order {
                                                whole @ Order { id: 0..=1, .. } => {
                                                } Order { items: some, note: Some(card), id: small @ 2..=5, .. } => {
                                                } Order { name: title, .. } => {
                                                }
                                            }
                                        }
                                    }
                                } Order { items: some, note: Some(card), id: small @ 2..=5, .. } => {
                                } Order { name: title, .. } => {
                                }
                            }
                            match None::<u32> {
                                Some(found) if found > 7 => {
                                    bump(order.id)
                                } Some(found) => {
                                    return Ok((5u32, order.name, vec![1]));
                                } None => {
                                    (if matches!(Some(4u32), Some(1..=9)) { n } else { total })
                                }
                            }
                        } None => {
                            n
                        }
                    }
                } else if true {
                    return Ok((("x".to_owned().len() as u32), "t4".to_owned(), vec![1]));
                } else {
                    Some(n).unwrap_or(4u32)
                }
            });
        } (n, _) => {
        }
    }
    Ok((Some(3u32).unwrap_or(total), name, [twice!((10u32 % 7)), v_1].to_vec()))
}
