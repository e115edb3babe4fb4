use sagaflow::prelude::*;

#[derive(serde::Serialize, serde::Deserialize)]
struct Tenant {
    name: String,
}

#[saga(concurrency = 2, key = tenant)]
async fn backup(tenant: Tenant) -> Result<(), Failure> {
    Ok(())
}

#[saga(concurrency = 2, key = tenant.nam)]
async fn restore(tenant: Tenant) -> Result<(), Failure> {
    Ok(())
}

#[saga(concurrency = 0, key = tenant.name, key = 1)]
async fn check(tenant: Tenant) -> Result<(), Failure> {
    Ok(())
}

#[saga(key = tenant.name)]
async fn list(tenant: Tenant) -> Result<(), Failure> {
    Ok(())
}

fn main() {}
