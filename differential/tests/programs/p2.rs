use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p2(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    let v_1 = add(even(add(2u32, 18u32).await?).await.unwrap_or(3), if true { return Err(Failure::new("early")) } else { (match num(num(total).await?).await { Ok(n) => n, Err(_) => total }) }).await?;
    let Some(v_2) = Some(3u32) else { return Ok((({ let inner = 4u32; inner.rotate_left(1) }), order.name, vec![])); };
    note("x".to_owned().clone()).await;
    let b = num( {
        if (matches!(Some(v_2), Some(1..=9)) || items.is_empty()) {
            let mut a = even(('block_3: { if flag(flag(true).await).await { break 'block_3 num(num(num(order.id).await?.wrapping_mul(total)).await?).await?; } order.id })).await;
            num(num((match num(v_1).await { Ok(n) => n, Err(_) => num(v_2).await? })).await?.wrapping_mul(total)).await?.wrapping_mul((total, 8u32).1)
        } else if (order.id > 6) {
            for b in 0u32..=0 {
                let (a, mut b) = (((match None::<u32> { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }) ^ 18u32), "t0".to_owned());
                let v_6 = (twice!(order.id) ^ {
                    match items.first().copied() {
                        Some(found) if found > 4 => {
                            total
                        } Some(found) => {
                            for n in &order.items {
                                num(*n).await?;
                                let v_4 = ((found.to_string() + &b) + &b);
                                let name = (3u32 > 3);
                            }
                            match Some([order.id, 4u32][(13u32 % 2) as usize]) {
                                Some(found) if found > 5 => {
                                    'l_5: for (n, at) in items.clone().into_iter().zip(['a', 'b']) {
                                        note(format!("{at}")).await;
                                    }
                                    (match Some(3u32) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })
                                } Some(found) => {
                                    break;
                                } None => {
                                    return Err(Failure::new("left"));
                                }
                            }
                        } None => {
                            4u32
                        }
                    }
                });
            }
            return Ok(((if (v_2 > 3) { (name.len() as u32) } else { [4u32, total][(v_2 % 2) as usize] }), "t2".to_owned(), vec![1]));
        } else {
            ("x".to_owned().len() as u32).wrapping_add(v_1)
        }
    }).await?.wrapping_add(1);
    Ok(((items.len() as u32), ((match None::<u32> { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }) ^ (items.len() as u32)).to_string(), items.clone()))
}
