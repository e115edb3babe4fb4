use sagaflow::Failure;
use sagaflow_differential::plain::*;

pub async fn p2(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    match (even(add(2u32, 18u32).await?).await.unwrap_or(3), even(add(find(17u32).await?.id, add(7u32, 4u32).await?).await?).await) {
        (low, Some(n)) if let Some(less) = low.checked_sub(n) && less != 1 => {
            for n in find(less).await?.items {
                total ^= if (matches!(Some(n), Some(1..=9)) || items.is_empty()) {
                    let mut a = even(('block_1: { if flag(flag(true).await).await { break 'block_1 num(num(num(order.id).await?.wrapping_mul(total)).await?).await?; } order.id })).await;
                    num((name.len() as u32)).await?.wrapping_mul(bump(less))
                } else {
                    return Err(Failure::new("left"));
                };
                total = total.wrapping_add(([[9u32, 4u32][(less % 2) as usize], [2u32, 11u32][(17u32 % 2) as usize]][(n % 2) as usize], (match None::<u32> { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })).0);
                 {
                    let mut v_3 = bump(18u32);
                    for (at, n) in order.items.iter().map(|n| n ^ 1).collect::<Vec<u32>>().into_iter().enumerate() {
                        note(format!("{at}")).await;
                        Order { id: total, .. } = find(4u32).await?;
                         {
                            let call_4 = num(items.iter().fold(0u32, |a, b| a.wrapping_add(*b)));
                            note((format!("<{total}>") + &name)).await;
                            let a = call_4.await?;
                            let a = &order;
                        }
                    }
                }
            }
            let Order { id: id_5, name: ref text_6, .. } = order;
        } (n, _) => {
        }
    }
    Ok((({ let inner = [items.iter().fold(0u32, |a, b| a.wrapping_add(*b)), total][(order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b)) % 2) as usize]; inner.rotate_left(1) }), ((if items.is_empty() { format!("{}-{}", total, name) } else { "no".to_owned() }) + &order.name), [total, order.id.wrapping_add(total)].to_vec()))
}
