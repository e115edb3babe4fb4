use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p9(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
     {
        if (flag(flag((total > 8)).await).await || items.is_empty()) {
            let Some(total) = even(((match num(11u32).await { Ok(n) => n, Err(_) => total }) % 7)).await else { return Ok((total, name, vec![])); };
            if flag(flag((4u32 > 4)).await).await {
                for side in ["north", "south"] {
                    note(side.to_owned()).await;
                    'l_1: for n in list(num(total).await?).await?.into_iter().rev().filter(|n| n % 3 != 1) {
                        if matches!(Some(3u32), Some(1..=9)) {
                            return Ok(((match even(find(n).await?.id).await { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }), format!("{}-{}", total, order.name), vec![1]));
                        }
                        let _ = format!("{}-{}", 4u32, order.name);
                        match (n, items.first().copied()) {
                            (0 | 1, _) => {
                                note("t0".to_owned()).await;
                            } (low @ 2..=9, Some(n)) if low > 5 && n != 3 => {
                                let [mut x, _] = [num(num(find(12u32).await?.id).await?).await?, num((18u32, (match Some(low) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })).0).await.unwrap_or((match Some(order.id) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }))];
                            } (n, None) | (_, Some(n)) => {
                                let v_3 = 'part_2: {
                                    let total = None::<u32>;
                                    if true {
                                        break 'part_2 ((match Some(order.id) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }) ^ items.first().copied().unwrap_or(n));
                                    }
                                    Some(4u32).unwrap_or((n, order.id).1)
                                };
                            }
                        }
                    }
                }
            }
        }
    }
    Ok((order.id, "moved".to_owned(), Vec::from([total])))
}
