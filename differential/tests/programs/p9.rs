use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p9(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    if flag(even(num(total).await?).await.is_some()).await {
        return Ok((num(11u32).await?.wrapping_mul(4u32), name, vec![1]));
    }
    match ((match num(total).await { Ok(n) => n, Err(_) => order.id }), even(order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b))).await) {
        (0 | 1, _) => {
            if flag(flag((4u32 > 4)).await).await {
                for side in ["north", "south"] {
                    note(side.to_owned()).await;
                    { let f = |m: u32| m ^ bump((items.len() as u32)); let value = f(7); total = value; }
                    let name = &order.items;
                    match &order.kind {
                        Kind::Gift(card) => {
                            let v_1 = &order.items;
                            match ((match even(find(total).await?.id).await { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }), even((add(19u32, num(add(total, 0u32).await?).await?).await? ^ 18u32)).await) {
                                (0 | 1, _) => {
                                    let [mut x, _] = [order.id, 18u32];
                                } (low @ 2..=9, Some(n)) if low > 3 && n != 3 => {
                                    for n in &order.items {
                                        num(*n).await?;
                                        let v_2 = 1u32;
                                    }
                                } (n, None) | (_, Some(n)) => {
                                }
                            }
                        } Kind::Parcel { weight, .. } => {
                        } Kind::Plain => {
                        }
                    }
                }
            } else {
            }
        } (low @ 2..=9, Some(n)) if low > 1 && n != 3 => {
        } (n, None) | (_, Some(n)) => {
        }
    }
    Ok(((18u32, (match total.checked_sub(13u32) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })).1, items.iter().fold(0u32, |a, b| a.wrapping_add(*b)).to_string(), items.iter().map(|n| n ^ 1).collect::<Vec<u32>>()))
}
