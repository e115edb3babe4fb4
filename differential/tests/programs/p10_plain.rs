use sagaflow::Failure;
use sagaflow_differential::plain::*;

pub async fn p10(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    ;
    let a = {
        ;
        async { 1u32 };
        (total % 7)
    };
    let mut x = true;
    if even(total.wrapping_add(twice!(total))).await.is_some() {
        const CONST_1: u32 = 2;
        let name = inner_2(num(CONST_1).await?, 4u32);
        fn inner_2(a: u32, b: u32) -> u32 { a.rotate_left(3) ^ b }
        if x {
            x = ((even((match num(num(name).await.unwrap_or(4u32)).await { Ok(n) => n, Err(_) => order.id })).await.unwrap_or(3) < add(add(num(num(total).await?).await?, num(total).await?.wrapping_mul(19u32)).await?, a).await?) || (name < find(num(0u32).await?.wrapping_mul(a)).await?.id));
            'l_3: for &n in items.iter() {
                let Some(name) = None::<u32> else { return Ok((twice!((order.name.len() as u32)), format!("{}-{}", 1u32, order.name), vec![])); };
                if even(total).await.is_some() {
                    for &n in items.iter() {
                        order.items = find(twice!(name.wrapping_add(n))).await?.items;
                        match &order {
                            whole @ Order { id: 0..=1, .. } => {
                                let mut a: u32 = order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b));
                                let v_4 = [even(8u32).await.unwrap_or((match None::<u32> { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 })), twice!((a, 17u32).1)].to_vec();
                            } Order { items: some, note: Some(card), id: small @ 2..=5, .. } => {
                            } Order { name: title, .. } => {
                            }
                        }
                    }
                } else {
                }
            }
        } else {
        }
    } else {
    }
    Ok(((({ let inner = ({ let inner = 9u32; inner.rotate_left(1) }); inner.rotate_left(1) }) ^ (8u32 ^ 17u32).wrapping_add(bump(8u32))), format!("<{a}>"), items.clone()))
}
