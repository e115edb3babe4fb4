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
            total ^= match items.first().copied() {
                Some(found) if found > 1 => {
                    if (true && ((found > 4) || (found > 8))) {
                        ;
                        let v_5 = {
                            ;
                            async { 1u32 };
                            (match Some(3u32) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })
                        };
                        twice!((match Some(3u32) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }))
                    } else {
                        9u32
                    }
                } Some(found) => {
                    11u32.wrapping_add(10u32)
                } None => {
                    ((total ^ total) % 7)
                }
            };
        }
        let v_7 = items.is_empty() || (flag((total > 2)).await && num(Some(3u32).unwrap_or(total)).await? > 5);
        let mut count_8 = 0u32;
        while let Some(top) = even(count_8).await && count_8 < 5 {
            count_8 += 2;
            if let Some(item) = Some(3u32) && item > 3 {
                let (v_10, _) = ( {
                    if let Some(found) = None::<u32> {
                        let Some(a) = items.first().copied() else { return Ok(((order.name.len() as u32), format!("{}-{}", item, order.name), vec![])); };
                        order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b))
                    } else {
                        (('block_9: { if v_7 { break 'block_9 order.id; } top }) % 7)
                    }
                }, 'x');
            }
        }
    };
    Ok((v_2, "t4".to_owned(), items.iter().map(|n| n ^ 1).collect::<Vec<u32>>()))
}
