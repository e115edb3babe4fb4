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
                let calls_5: Vec<_> = list(num((*v_1)).await?).await?.into_iter().take(3).map(num).collect();
                let mut sum_6 = 0u32;
                for call in calls_5 {
                    sum_6 = sum_6.wrapping_add(call.await?);
                }
            } Order { items: some, note: Some(card), id: small @ 2..=5, .. } => {
                for n in list(add(find(order.id).await?.id, (*small)).await?).await? {
                    let item = &order.items;
                    let a = Order { id: bump(add(total, order.id).await?), ..find(({ let inner = 9u32; inner.rotate_left(1) })).await? };
                    items.push(order.id);
                }
                ;
                let v_7 = {
                    ;
                    async { 1u32 };
                    items.iter().fold(0u32, |a, b| a.wrapping_add(*b))
                };
            } Order { name: title, .. } => {
                if (4u32 > 4) {
                    'l_8: for slot in &mut items {
                        *slot ^= 4u32;
                        let v_9: String = "name".to_owned();
                        *slot = slot.wrapping_add(1);
                    }
                }
            }
        }
    }
    Ok((v_2.unwrap_or([total, (name.len() as u32)][(total % 2) as usize]), order.name, items.iter().map(|n| n ^ 1).collect::<Vec<u32>>()))
}
