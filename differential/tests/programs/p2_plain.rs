use sagaflow::Failure;
use sagaflow_differential::plain::*;

pub async fn p2(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    let v_1 = add(even(add(2u32, 18u32).await?).await.unwrap_or(3), if true { return Err(Failure::new("early")) } else { (match num(num(total).await?).await { Ok(n) => n, Err(_) => total }) }).await?;
     {
        let calls_2: Vec<_> = items.clone().into_iter().take(3).map(num).collect();
        let mut sum_3 = 0u32;
        for call in calls_2 {
            sum_3 = sum_3.wrapping_add(call.await?);
        }
        let mut v_4 = flag(matches!(Some(order.id), Some(1..=9))).await;
    }
     {
        match &order {
            whole @ Order { id: 0..=1, .. } => {
                let word = even((items.len() as u32)).await.is_some() || (flag((whole.id < whole.id)).await && num([total, 3u32][(8u32 % 2) as usize]).await? > 5);
                let v_6 = 'part_5: {
                    if flag(flag(even((match num(num(num((match num(v_1).await { Ok(n) => n, Err(_) => num(v_1).await? })).await?.wrapping_mul(total)).await?.wrapping_mul(v_1)).await { Ok(n) => n, Err(_) => 11u32 })).await.is_some()).await).await {
                        let mut stack_7 = Vec::from([4u32]);
                        while let Some(top) = stack_7.pop() {
                            let item = add(twice!(v_1), if word { return Err(Failure::new("early")) } else { 2u32 }).await?;
                            let mut a = 2u32;
                            let v_8 = ({ let inner = items.first().copied().unwrap_or((if word { v_1 } else { v_1 })); inner.rotate_left(1) });
                        }
                        for n in items.iter().map(|n| n ^ 1).collect::<Vec<u32>>().into_iter().rev().filter(|n| n % 3 != 1) {
                        }
                    }
                    if (10u32 < 3u32) {
                        break 'part_5 total;
                    }
                    for item in 0u32..=2 {
                    }
                    (if (whole.id < order.id) { (name.len() as u32) } else { whole.items.iter().fold(0u32, |a, b| a.wrapping_add(*b)) })
                };
            } Order { items: some, note: Some(card), id: small @ 2..=5, .. } => {
            } Order { name: title, .. } => {
            }
        }
    }
    Ok(([('block_9: { if items.is_empty() { break 'block_9 twice!(v_1); } (match Some(3u32) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }) }), total][(v_1 % 2) as usize], format!("<{total}>"), items.clone()))
}
