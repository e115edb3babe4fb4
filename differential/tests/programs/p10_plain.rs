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
    note(find(total.wrapping_add(twice!(total))).await?.name).await;
    const CONST_1: u32 = 2;
    let name = inner_2(num(CONST_1).await?, 4u32);
    fn inner_2(a: u32, b: u32) -> u32 { a.rotate_left(3) ^ b }
    if x {
        x = ((even((match num(num(name).await.unwrap_or(4u32)).await { Ok(n) => n, Err(_) => order.id })).await.unwrap_or(3) < add(add(num(num(total).await?).await?, num(total).await?.wrapping_mul(19u32)).await?, a).await?) || (name < find(num(0u32).await?.wrapping_mul(a)).await?.id));
        'l_3: for &n in items.iter() {
             {
                let Some(v_4) = even(find(even(a).await.unwrap_or(3)).await?.id).await else { return Ok((n, format!("{}-{}", order.id, order.name), vec![])); };
                let (a, mut b) = ((n, (twice!(13u32) % 7)).1, "moved".to_owned());
            }
            for side in ["north", "south"] {
                note(side.to_owned()).await;
            }
        }
    } else if (true && x) {
    } else {
    }
    Ok((2u32, (format!("<{name}>") + &order.name), items))
}
