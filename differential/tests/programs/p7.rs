use sagaflow::{Failure, saga};
use sagaflow_differential::steps::*;

#[saga]
pub async fn p7(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) -> Result<(u32, String, Vec<u32>), Failure> {
    const LIMIT: u32 = 5;
    fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }
    macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }
    let v_1 = &total;
    let late_2;
    if even(num(15u32).await.unwrap_or((name.len() as u32))).await.is_some() {
        let v_3 = Ok::<_, Failure>(add(num((order.name.len() as u32)).await.unwrap_or(total), twice!(total)).await)??;
        late_2 = ({ let inner = find((*v_1)).await?.id; inner.rotate_left(1) });
    } else {
        for n in Vec::from([num(total).await?]).into_iter().rev().filter(|n| n % 3 != 1) {
            match &order {
                whole @ Order { id: 0..=1, .. } => {
                    let a = if let Some(found) = Some(3u32) {
                        let mut a = flag(flag(flag(flag((order.id > 3)).await).await).await).await;
                        num(num(add(whole.id, (match num(num(whole.id).await?).await { Ok(n) => n, Err(_) => order.id })).await?).await?).await?
                    } else {
                        return Ok(((name.len() as u32), "moved".to_owned(), vec![1]));
                    };
                    match (whole.items.iter().fold(0u32, |a, b| a.wrapping_add(*b)), ({ let inner = (name.len() as u32); inner.rotate_left(1) }).checked_sub((match items.first().copied() { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }))) {
                        (0 | 1, _) => {
                            let mut v_4 = order.clone();
                        } (low @ 2..=9, Some(n)) if low > 2 && n != 3 => {
                            for (at, n) in vec![2, 3].into_iter().enumerate() {
                                note(format!("{at}")).await;
                                match &order.kind {
                                    Kind::Gift(card) => {
                                        let call_5 = num((total % 7));
                                        note("name".to_owned()).await;
                                        let v_6 = call_5.await?;
                                        let mut v_7 = order.clone();
                                    } Kind::Parcel { weight, .. } => {
                                        if (None::<u32>.unwrap_or(bump(n)) < [(match items.first().copied() { Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }), a][(bump(order.id) % 2) as usize]) {
                                        } else {
                                        }
                                    } Kind::Plain => {
                                    }
                                }
                            }
                        } (n, None) | (_, Some(n)) => {
                        }
                    }
                } Order { items: some, note: Some(card), id: small @ 2..=5, .. } => {
                } Order { name: title, .. } => {
                }
            }
        }
        late_2 = twice!(([total, 7u32][(total % 2) as usize], twice!(0u32)).1);
    }
    Ok(((if (order.id > 7) { (*v_1) } else { 0u32 }), (if order.items.is_empty() { format!("<{late_2}>") } else { "no".to_owned() }), items.clone()))
}
