use sagaflow::Failure;
use sagaflow_differential::plain::*;

pub async fn p4(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    for n in [num(num(total).await?.wrapping_mul(num(9u32).await?)).await.unwrap_or(total), num(total).await?].to_vec().into_iter().rev().filter(|n| n % 3 != 1) {
        ;
        let name = {
            ;
            async { 1u32 };
            (order.name.len() as u32)
        };
        let [mut x, _] = [num(num((19u32 ^ 4u32)).await?).await?, order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b))];
        if let Some(v_1) = even(add(twice!(8u32), find((match num(4u32).await { Ok(n) => n, Err(_) => find(4u32).await?.id })).await?.id).await?).await {
            match (num((match even((match num(total).await { Ok(n) => n, Err(_) => n })).await { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })).await?, None::<u32>) {
                (0 | 1, _) => {
                    let (a, _) = ( {
                        match items.first().copied() {
                            Some(found) if found > 3 => {
                                if (3u32 > 4) {
                                    let name = ((if (v_1 > 0) { ('block_2: { if true { break 'block_2 4u32; } 2u32 }) } else { twice!(4u32) }) % 7);
                                    if (order.id > 7) {
                                        for slot in &mut items {
                                            *slot ^= (if true { ('block_3: { if (4u32 > 7) { break 'block_3 found; } order.id }) } else { (match Some(3u32) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }) });
                                            let word = 'part_4: {
                                                let total = match Some(name) {
                                                    Some(found) if found > 1 => {
                                                        ('block_5: { if ((v_1 > 8) && (n > 2)) { break 'block_5 twice!(total); } order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b)) })
                                                    } Some(found) => {
                                                        v_1
                                                    } None => {
                                                        found
                                                    }
                                                };
                                                if ((9u32 ^ 5u32) < (5u32, x).0) {
                                                    break 'part_4 bump((match Some(5u32) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }));
                                                }
                                                Some(3u32).unwrap_or((order.name.len() as u32))
                                            };
                                            if matches!(Some(3u32), Some(1..=9)) {
                                                return Ok((v_1, 17u32.to_string(), vec![1]));
                                            }
                                            let word = if (x < Some(found).unwrap_or(order.id)) {
                                                (if (order.id > 7) { total } else { total }).wrapping_add((5u32 ^ 19u32))
                                            } else {
                                                return Ok(((if (n > 0) { order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b)) } else { n }), 8u32.wrapping_add(18u32).to_string(), vec![1]));
                                            };
                                            *slot = slot.wrapping_add(1);
                                        }
                                    } else if true {
                                    }
                                }
                                (match x.checked_sub(x) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })
                            } Some(found) => {
                                found
                            } None => {
                                total
                            }
                        }
                    }, 'x');
                } (low @ 2..=9, Some(n)) if low > 2 && n != 3 => {
                } (n, None) | (_, Some(n)) => {
                }
            }
        }
    }
    Ok((('block_6: { if (14u32 > 3) { break 'block_6 ('block_7: { if (4u32 > 4) { break 'block_7 total; } 4u32 }); } 14u32 }).wrapping_add((if ((3u32 > 5) && (4u32 > 6)) { total } else { (if (total > 8) { 2u32 } else { 7u32 }) })), format!("<{total}>"), [('block_8: { if (4u32 > 1) { break 'block_8 (order.id % 7); } [total, 8u32][(total % 2) as usize] }), ({ let inner = total; inner.rotate_left(1) })].to_vec()))
}
