//! The newer build: each saga has one step more, in the middle or at the beginning.

use sagaflow::prelude::*;

pub use super::old::{pack, ship};
use super::say;

/// New.
#[step]
pub async fn label(#[inject] cx: &StepContext, parcel: String) -> Result<String, Failure> {
    say("does", cx);
    Ok(format!("labelled {parcel}"))
}

/// A parcel on its way.
#[saga]
pub async fn delivery(parcel: String) -> Result<String, Failure> {
    let packed = pack(parcel).await?;
    let labelled = label(packed).await?;
    ship(labelled).await
}

/// A parcel that is fetched.
#[saga]
pub async fn pickup(parcel: String) -> Result<String, Failure> {
    let labelled = label(parcel).await?;
    pack(labelled).await
}
