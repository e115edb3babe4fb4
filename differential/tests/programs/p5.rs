use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
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
                let (v_11, _) = ( {
                    if let Some(found) = even(total).await {
                        let v_5 = (top > 5) || (flag(!((*v_1) > 7)).await && num((*v_1)).await? > 2);
                        (match num(({ let inner = num(top).await?; inner.rotate_left(1) })).await { Ok(n) => n, Err(_) => even(num(num(top).await?.wrapping_mul(num(18u32).await?)).await?.wrapping_mul(9u32)).await.unwrap_or(3) })
                    } else {
                        let mut count_6 = 0u32;
                        while let Some(top) = even(count_6).await && count_6 < 1 {
                            count_6 += 2;
                            let text_7 = order.note.as_deref().unwrap_or("none");
                            let number_8 = num(twice!(items.iter().fold(0u32, |a, b| a.wrapping_add(*b)))).await?;
                            let item = number_8.wrapping_add(text_7.len() as u32);
                            match ((None::<u32>.unwrap_or(1u32) % 7), None::<u32>) {
                                (low, Some(n)) if let Some(less) = low.checked_sub(n) && less != 1 => {
                                     {
                                        let v_9 = &whole.items;
                                        let late_10;
                                        if !(n > 3) {
                                            late_10 = top;
                                        } else {
                                            late_10 = twice!(bump((whole.items.len() as u32)));
                                        }
                                    }
                                } (n, _) => {
                                }
                            }
                        }
                        if (bump(total) < (*v_1)) {
                            twice!(total)
                        } else if !((*v_1) > 4) {
                            ({ let inner = (*v_1); inner.rotate_left(1) })
                        } else {
                            return Err(Failure::new("left"));
                        }
                    }
                }, 'x');
            } Order { items: some, note: Some(card), id: small @ 2..=5, .. } => {
            } Order { name: title, .. } => {
            }
        }
    }
    Ok(((*v_1), format!("<{total}>"), [((*v_1), (*v_1)).0.wrapping_add(twice!(18u32)), 10u32].to_vec()))
}
