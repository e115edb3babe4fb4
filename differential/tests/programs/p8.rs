use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p8(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    let v_1: u32 = bump((if !even(15u32).await.is_some() { (match num(total).await { Ok(n) => n, Err(_) => total }) } else { total }));
    match (even((num(4u32).await? % 7)).await.unwrap_or(3), Some(3u32)) {
        (low, Some(n)) if let Some(less) = low.checked_sub(n) && less != 3 => {
            let v_2 = (match num(num(({ let inner = less; inner.rotate_left(1) })).await?).await { Ok(n) => n, Err(_) => (match num(num(num(17u32).await?).await.unwrap_or(less)).await { Ok(n) => n, Err(_) => (if flag((0u32 > 1)).await { (match num(less).await { Ok(n) => n, Err(_) => order.id }) } else { add(num(num(low).await.unwrap_or(11u32)).await?, 14u32).await? }) }) });
            let Order { id: x, name: word, items: mut list_of, .. } = order.clone();
        } (n, _) => {
            let mut stack_3 = [v_1, [v_1, total][((5u32 ^ order.id) % 2) as usize]].to_vec();
            while let Some(top) = stack_3.pop() {
                 {
                    if let Some(total) = None::<u32> && total > 3 {
                        if true {
                            return Err(Failure::new("left"));
                        }
                        let Order { id: id_4, name: ref text_5, .. } = order;
                    } else {
                         {
                            let late_6;
                            if order.items.is_empty() {
                                let v_7 = (bump(4u32) % 7);
                                late_6 = [order.id, (if (4u32 > 4) { 1u32 } else { total.wrapping_add(5u32) })][(items.iter().fold(0u32, |a, b| a.wrapping_add(*b)) % 2) as usize];
                            } else {
                                (total, _) = ((v_1, (twice!(4u32) ^ n)).1, 0);
                                late_6 = ('block_8: { if (((4u32 > 0) && (n > 7)) && ((v_1 > 5) && true)) { break 'block_8 4u32; } order.id });
                            }
                            match &order.kind {
                                Kind::Gift(card) => {
                                } Kind::Parcel { weight, .. } => {
                                } Kind::Plain => {
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    Ok((v_1, (order.name + &name), items.clone()))
}
