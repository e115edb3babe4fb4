//! smoke
#![allow(missing_docs)]
use sagaflow::Failure;
use sagaflow::prelude::*;
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
#[retry(exponential, base = "10ms", factor = 1.0, max_delay = "5m", max_attempts = 3)]
#[compensate(delete_user(output.id))]
async fn create_user(#[inject] db: &Db, name: String) -> Result<User, Failure> {
    Ok(User { id: db.0, name })
}
#[step]
async fn delete_user(id: u32) {
    println!("delete {id}");
}
#[step]
#[retry(fixed, delay = "5ms", max_attempts = 2)]
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
async fn durable() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let worker = Worker::builder(transport.clone()).serve::<checkout>().provide(Db(7)).build().unwrap().spawn();
    let client = Client::new(transport);
    let order = client.start(checkout(Request { name: "a".into(), items: vec![1, 0, 2] })).id("order-1").await.unwrap();
    assert_eq!(order.outcome().await.unwrap().unwrap(), "total 7 30 300 a");
    let order =
        client.start(checkout(Request { name: "a".into(), items: vec![1, 0, 13] })).id("order-2").await.unwrap();
    println!("{:?}", order.outcome().await.unwrap());
    println!("{:?}", order.status().await.unwrap());
    worker.shutdown().await.unwrap();
}
