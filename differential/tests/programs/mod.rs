//! A batch of random programs, as sagas and as plain functions.

#[rustfmt::skip]
mod p1;
#[rustfmt::skip]
mod p1_plain;
#[rustfmt::skip]
mod p2;
#[rustfmt::skip]
mod p2_plain;
#[rustfmt::skip]
mod p3;
#[rustfmt::skip]
mod p3_plain;
#[rustfmt::skip]
mod p4;
#[rustfmt::skip]
mod p4_plain;
#[rustfmt::skip]
mod p5;
#[rustfmt::skip]
mod p5_plain;
#[rustfmt::skip]
mod p6;
#[rustfmt::skip]
mod p6_plain;
#[rustfmt::skip]
mod p7;
#[rustfmt::skip]
mod p7_plain;
#[rustfmt::skip]
mod p8;
#[rustfmt::skip]
mod p8_plain;
#[rustfmt::skip]
mod p9;
#[rustfmt::skip]
mod p9_plain;
#[rustfmt::skip]
mod p10;
#[rustfmt::skip]
mod p10_plain;

/// Compares the two forms of each program; yields the number of runs, or the first difference.
pub(crate) async fn compare() -> Result<usize, String> {
    let mut runs = 0;
    let compared = sagaflow_differential::compare::compare(p1::p1, p1_plain::p1).await;
    runs += compared.map_err(|text| format!("p1: {text}"))?;
    let compared = sagaflow_differential::compare::compare(p2::p2, p2_plain::p2).await;
    runs += compared.map_err(|text| format!("p2: {text}"))?;
    let compared = sagaflow_differential::compare::compare(p3::p3, p3_plain::p3).await;
    runs += compared.map_err(|text| format!("p3: {text}"))?;
    let compared = sagaflow_differential::compare::compare(p4::p4, p4_plain::p4).await;
    runs += compared.map_err(|text| format!("p4: {text}"))?;
    let compared = sagaflow_differential::compare::compare(p5::p5, p5_plain::p5).await;
    runs += compared.map_err(|text| format!("p5: {text}"))?;
    let compared = sagaflow_differential::compare::compare(p6::p6, p6_plain::p6).await;
    runs += compared.map_err(|text| format!("p6: {text}"))?;
    let compared = sagaflow_differential::compare::compare(p7::p7, p7_plain::p7).await;
    runs += compared.map_err(|text| format!("p7: {text}"))?;
    let compared = sagaflow_differential::compare::compare(p8::p8, p8_plain::p8).await;
    runs += compared.map_err(|text| format!("p8: {text}"))?;
    let compared = sagaflow_differential::compare::compare(p9::p9, p9_plain::p9).await;
    runs += compared.map_err(|text| format!("p9: {text}"))?;
    let compared = sagaflow_differential::compare::compare(p10::p10, p10_plain::p10).await;
    runs += compared.map_err(|text| format!("p10: {text}"))?;
    Ok(runs)
}
