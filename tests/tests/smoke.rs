//! smoke
#![allow(missing_docs)]
use sagaflow::{Dependencies, Failure, saga, step};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct User {
    id: u32,
    name: String,
}
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Request {
    name: String,
    items: Vec<u32>,
}
struct Db(u32);

#[step]
#[retry(exponential, base = "1s", factor = 1.0, max_delay = "5m", max_attempts = 8)]
#[compensate(delete_user(output.id))]
async fn create_user(#[inject] db: &Db, name: String) -> Result<User, Failure> {
    Ok(User { id: db.0, name })
}
#[step]
async fn delete_user(id: u32) {
    let _ = id;
}
#[step]
async fn reserve(item: u32) -> Result<u32, Failure> {
    if item == 13 { Err(Failure::new("unlucky")) } else { Ok(item * 10) }
}

#[saga]
async fn checkout(request: Request) -> Result<String, Failure> {
    let user = create_user(request.name).await?;
    let label = "total";
    let mut total = 0;
    for item in request.items {
        if item == 0 {
            continue;
        }
        let line = reserve(item).await?;
        total += line;
        if total > 1000 {
            break;
        }
    }
    let again = reserve(total).await?;
    Ok(format!("{label} {} {total} {again} {}", user.id, user.name))
}

#[tokio::test]
async fn inline() {
    let deps = Dependencies::new().with(Db(7));
    let out = deps.scope(async { checkout(Request { name: "a".into(), items: vec![1, 0, 2] }).inline().await }).await;
    assert_eq!(out.unwrap(), "total 7 30 300 a");
}
