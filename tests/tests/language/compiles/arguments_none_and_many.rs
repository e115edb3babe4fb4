use sagaflow::prelude::*;

#[step]
async fn nothing() {}

#[step]
async fn optional(number: Option<u64>, text: std::option::Option<String>) -> Option<u64> {
    text.map(|text| text.len() as u64).or(number)
}

#[step]
async fn many(a: u8, b: u16, mut c: u32, d: u64, e: i8, f: i16, g: i32, h: i64, i: bool, r#type: String) -> u64 {
    c += u32::from(a) + u32::from(b);
    u64::from(c) + d + e as u64 + f as u64 + g as u64 + h as u64 + u64::from(i) + r#type.len() as u64
}

#[saga]
async fn none() -> Result<(), Failure> {
    nothing().await;
    let _ = optional(None, None).await;
    many(1, 2, 3, 4, 5, 6, 7, 8, true, String::new()).await;
    Ok(())
}

#[test]
fn compiles() {
    let _ = Client::start::<none>;
}
