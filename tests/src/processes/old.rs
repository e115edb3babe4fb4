//! The older build.

use sagaflow::prelude::*;

use super::say;

/// Packs a parcel.
#[step]
pub async fn pack(#[inject] cx: &StepContext, parcel: String) -> Result<String, Failure> {
    say("does", cx);
    Ok(format!("packed {parcel}"))
}

/// Sends it away.
#[step]
pub async fn ship(#[inject] cx: &StepContext, parcel: String) -> Result<String, Failure> {
    say("does", cx);
    Ok(format!("shipped {parcel}"))
}

/// A parcel on its way.
#[saga]
pub async fn delivery(parcel: String) -> Result<String, Failure> {
    let packed = pack(parcel).await?;
    ship(packed).await
}

/// A parcel that is fetched.
#[saga]
pub async fn pickup(parcel: String) -> Result<String, Failure> {
    pack(parcel).await
}
