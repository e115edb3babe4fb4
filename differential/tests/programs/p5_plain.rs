use sagaflow::Failure;
use sagaflow_differential::plain::*;

pub async fn p5(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    let v_1 = &total;
    let v_2 = Some((order.id ^ twice!(total)));
    let mut stack_3 = Vec::from([(add(18u32, total).await? ^ add(total, 17u32).await?)]);
    while let Some(top) = stack_3.pop() {
        match &order {
            whole @ Order { id: 0..=1, .. } => {
                let call_4 = num(add((match num(total).await { Ok(n) => n, Err(_) => num(num(top).await?).await?.wrapping_mul(11u32) }), add(total, 14u32).await?).await?);
                note("name".to_owned()).await;
                let a = call_4.await?;
                let v_8 = add((bump(total), (*v_1)).1, {
                    if let Some(found) = even(total).await {
                        let v_5 = (top > 5) || (flag(!((*v_1) > 7)).await && num((*v_1)).await? > 2);
                        (match num(({ let inner = num(top).await?; inner.rotate_left(1) })).await { Ok(n) => n, Err(_) => even(num(num(top).await?.wrapping_mul(num(18u32).await?)).await?.wrapping_mul(9u32)).await.unwrap_or(3) })
                    } else {
                        let mut count_6 = 0u32;
                        while let Some(top) = even(count_6).await && count_6 < 1 {
                            count_6 += 2;
                            ;
                            let v_7 = {
                                ;
                                async { 1u32 };
                                items.iter().fold(0u32, |a, b| a.wrapping_add(*b))
                            };
                            if let Some(item) = v_2 && item > 3 && (4u32 < items.iter().fold(0u32, |a, b| a.wrapping_add(*b))) {
                            }
                        }
                        bump((whole.items.len() as u32))
                    }
                }).await?;
            } Order { items: some, note: Some(card), id: small @ 2..=5, .. } => {
                let v_9 = &total;
                items.push((some.len() as u32));
            } Order { name: title, .. } => {
            }
        }
    }
    Ok((({ let inner = (*v_1); inner.rotate_left(1) }), ("t3".to_owned() + &name), order.items.clone()))
}
