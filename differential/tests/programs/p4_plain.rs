use sagaflow::Failure;
use sagaflow_differential::plain::*;

pub async fn p4(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    for n in [num(num(total).await?.wrapping_mul(num(9u32).await?)).await.unwrap_or(total), num(total).await?].to_vec().into_iter().rev().filter(|n| n % 3 != 1) {
        ;
        let name = {
            ;
            async { 1u32 };
            (order.name.len() as u32)
        };
        let [mut x, _] = [num(num((19u32 ^ 4u32)).await?).await?, order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b))];
        if even(even(add(find(num(num(total).await?.wrapping_mul(total)).await?).await?.id, find(order.id).await?.id).await?).await.unwrap_or(3)).await.is_some() {
            let Some(v_1) = Some(3u32) else { return Ok((order.id.wrapping_add(twice!(name)), "t2".to_owned(), vec![])); };
            match (({ let inner = (n % 7); inner.rotate_left(1) }), even((n, 4u32).0).await) {
                (low, Some(n)) if let Some(n) = low.checked_sub(n) && n != 2 => {
                    let v_2 = items.is_empty() && (flag((15u32 < 4u32)).await || num(n).await? > 0);
                    let late_3;
                    if v_2 {
                        let mut count_4 = 0;
                        let v_5 = 'l_6: loop {
                            count_4 += 1;
                            if count_4 > 2 {
                                break 2u32;
                            }
                            let word = &find((match Some(name) { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })).await?.name;
                             {
                                if let Some(v_7) = Some(3u32) {
                                    match &order {
                                        whole @ Order { id: 0..=1, .. } => {
                                            let v_8 = matches!(Some(3u32), Some(1..=9)) && (flag(v_2).await || num(bump(order.id)).await? > 1);
                                        } Order { items: some, note: Some(card), id: small @ 2..=5, .. } => {
                                        } Order { name: title, .. } => {
                                        }
                                    }
                                } else {
                                }
                            }
                        };
                        late_3 = [twice!(18u32.wrapping_add(order.id)), (v_1, (name ^ 4u32)).1][((order.name.len() as u32) % 2) as usize];
                    } else {
                        late_3 = (4u32 ^ 5u32);
                    }
                } (n, _) => {
                }
            }
        } else {
        }
    }
    Ok((total, order.name.clone(), items.iter().map(|n| n ^ 1).collect::<Vec<u32>>()))
}
