use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p1(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    let Some(v_1) = find((name.len() as u32)).await?.id.checked_sub(num(find(total).await?.id).await?) else { return Ok(((match items.first().copied() { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }), (if matches!(order.items.first().copied(), Some(1..=9)) { "t0".to_owned() } else { "no".to_owned() }), vec![])); };
    let mut count_2 = 0;
    while count_2 < 3 {
        count_2 += 1;
        let v_3 = find(num(num(num(num(even(2u32).await.unwrap_or(3)).await?).await?).await?).await?).await?.name;
        'l_4: for &n in items.iter() {
            let mut item = even((match num(items.first().copied().unwrap_or(add(12u32, n).await?)).await { Ok(n) => n, Err(_) => twice!(v_1) })).await.is_some();
            match (add(num(6u32).await?.wrapping_mul(({ let inner = n; inner.rotate_left(1) })), n).await?, items.first().copied()) {
                (0 | 1, _) => {
                    let (v_7, _) = ( {
                        if item {
                            total
                        } else if item {
                            if order.items.is_empty() {
                                let Some(v_5) = Some(0u32) else { return Ok((twice!(({ let inner = twice!(9u32); inner.rotate_left(1) })), "t0".to_owned(), vec![])); };
                                if true {
                                    match &order {
                                        whole @ Order { id: 0..=1, .. } => {
                                            if let Some(b) = Some(3u32) && items.is_empty() {
                                                let (v_6, _) = ( {
                                                    match items.first().copied() {
                                                        Some(found) if found > 7 => {
                                                            bump(4u32).wrapping_add((whole.name.len() as u32))
                                                        } Some(found) => {
                                                            return Ok((items.iter().fold(0u32, |a, b| a.wrapping_add(*b)), format!("<{b}>"), vec![1]));
                                                        } None => {
                                                            (n.wrapping_add(18u32) % 7)
                                                        }
                                                    }
                                                }, 'x');
                                                if !true {
                                                }
                                            }
                                        } Order { items: some, note: Some(card), id: small @ 2..=5, .. } => {
                                        } Order { name: title, .. } => {
                                        }
                                    }
                                } else {
                                }
                            } else {
                            }
                            ({ let inner = 18u32; inner.rotate_left(1) })
                        } else {
                            (13u32, total).0
                        }
                    }, 'x');
                } (low @ 2..=9, Some(n)) if low > 0 && n != 3 => {
                } (n, None) | (_, Some(n)) => {
                }
            }
        }
    }
    Ok(((twice!(9u32) % 7), format!("{}-{}", 16u32, name), Vec::from([total])))
}
