use sagaflow::Failure;
use sagaflow_differential::plain::*;

pub async fn p7(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    let v_1 = &total;
    let [mut x, _] = [total, 15u32];
    let v_2 = Ok::<_, Failure>(add(find((match num(num(add(4u32, total).await?).await?.wrapping_mul(order.id)).await { Ok(n) => n, Err(_) => find(3u32).await?.id })).await?.id, twice!(order.id)).await)??;
    let v_3 = &order.name;
    note("t4".to_owned()).await;
    const CONST_4: u32 = 8;
    let item = inner_5(num(CONST_4).await?, (x % 7));
    fn inner_5(a: u32, b: u32) -> u32 { a.rotate_left(3) ^ b }
    { let f = |m: u32| m ^ (if (item < x) { (order.id, 15u32).0 } else { 2u32.wrapping_add(8u32) }); let value = f(7); x = value; }
    let mut v_6 = find((match num(((match num(num(find(add(num(find(find(item).await?.id).await?.id).await?, total).await?).await?.id).await?).await { Ok(n) => n, Err(_) => 15u32 }), x).0).await { Ok(n) => n, Err(_) => order.items.iter().fold(0u32, |a, b| a.wrapping_add(*b)) })).await?.items;
    Ok(((name.len() as u32), name, v_6))
}
