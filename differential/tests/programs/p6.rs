use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p6(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    for b in (2u32..4).rev() {
        let v_8 = match Some((10u32 ^ num(b).await?.wrapping_mul(b))) {
            Some(found) if found > 1 => {
                match Some(3u32) {
                    Some(found) if found > 2 => {
                        'l_3: for piece_1 in items.chunks(2) {
                            let length_2 = num(piece_1.len() as u32 ^ piece_1[0]).await?;
                            if (length_2 > 7) {
                                let v_4 = Ok::<_, Failure>(add((num(order.id).await?.wrapping_mul(order.id) % 7), length_2).await)??;
                            }
                            let v_5 = flag((even(found).await.is_some() && (total > 6))).await && (flag((total > 1)).await || num(b).await? > 1);
                            if v_5 {
                                if ((flag(v_5).await || flag(true).await) && true) {
                                    let mut v_6 = items.clone();
                                    match (4u32, even(num(11u32).await?).await) {
                                        (0 | 1, _) => {
                                            if matches!(Some((19u32, b).1), Some(1..=9)) {
                                                let b = [num([13u32, num(num(5u32).await?).await?][(find(17u32).await?.id % 2) as usize]).await?, length_2].to_vec();
                                                ;
                                                let v_7 = {
                                                    ;
                                                    async { 1u32 };
                                                    4u32
                                                };
                                            }
                                        } (low @ 2..=9, Some(n)) if low > 5 && n != 3 => {
                                        } (n, None) | (_, Some(n)) => {
                                        }
                                    }
                                }
                            }
                        }
                        match even(({ let inner = num(2u32).await.unwrap_or(found); inner.rotate_left(1) })).await {
                            Some(found) if found > 4 => {
                                found.wrapping_add(found)
                            } Some(found) => {
                                bump(b)
                            } None => {
                                (match order.items.first().copied() { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })
                            }
                        }
                    } Some(found) => {
                        if (16u32 > 1) {
                            Some(3u32).unwrap_or((name.len() as u32))
                        } else {
                            return Err(Failure::new("left"));
                        }
                    } None => {
                        (items.iter().fold(0u32, |a, b| a.wrapping_add(*b)) % 7)
                    }
                }
            } Some(found) => {
                found
            } None => {
                order.id
            }
        };
    }
    Ok((order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b)), order.name, Vec::from([[order.id, (name.len() as u32)][((match Some(order.id) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }) % 2) as usize]])))
}
