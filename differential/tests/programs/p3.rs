use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p3(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    note(find(add(9u32, total).await?).await?.id.to_string()).await;
    let mut count_1 = 0;
    let v_2 = loop {
        count_1 += 1;
        if count_1 > 2 {
            break (({ let inner = add(total, 4u32).await?; inner.rotate_left(1) }), num(even(add((match num(num(add(2u32, find((match num(total).await { Ok(n) => n, Err(_) => even(2u32).await.unwrap_or(3) })).await?.id).await?).await?).await { Ok(n) => n, Err(_) => num(10u32).await.unwrap_or(4u32) }), 16u32).await?).await.unwrap_or(3)).await?).0;
        }
        let mut count_3 = 0;
        while count_3 < 1 && (true && flag((4u32 > 0)).await) {
            count_3 += 1;
            let _ = Some(3u32);
            let v_4 = &name;
            let item = match items.first().copied() {
                Some(found) if found > 1 => {
                    if (true && ((found > 4) || (found > 8))) {
                        let text_5 = order.note.as_ref().unwrap_or(&order.name).as_str();
                        let number_6 = num(((match Some(3u32) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }) % 7)).await?;
                        let v_7 = number_6.wrapping_add(text_5.len() as u32);
                        4u32
                    } else {
                        5u32
                    }
                } Some(found) => {
                    continue;
                } None => {
                    note((if (((5u32 > 8) && (total > 0)) && matches!(None::<u32>, Some(1..=9))) { v_4.clone() } else { "no".to_owned() })).await;
                    return Err(Failure::new("left"));
                }
            };
        }
        (total, _) = (('block_8: { if (order.id < (order.id ^ total)) { break 'block_8 (if ((6u32 > 5) && (total > 4)) { (order.name.len() as u32) } else { (if true { 9u32 } else { total }) }); } (name.len() as u32) }), 0);
        let Some(v_10) = Some((('block_9: { if (4u32 > 0) { break 'block_9 order.id; } total }) % 7)) else { return Ok((total, order.name.clone(), vec![])); };
    };
    let name = Ok::<_, Failure>(add(bump(order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b))), (order.name.len() as u32)).await)??;
     {
        let item = items.clone();
    }
    Ok((total, (((format!("<{name}>") + &order.name) + &order.name) + &order.name), items.clone()))
}
