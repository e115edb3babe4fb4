//! States that wait for something else than before, and arguments that are renamed.

use crate::support::{builds, row, strands};

builds!(timeout_removed {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        Ok(pay(cents).timeout("1h").await?)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        Ok(pay(cents).await)
    }
});

#[tokio::test]
async fn a_timeout_that_is_removed() {
    let says = "state `pay` of saga `trip` waits for a call, and the record for something with a `.timeout(…)`";
    row!(strands, timeout_removed, trip(5), says, &["pay"]);
}

builds!(argument_renamed {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        note("begun".to_owned()).await;
        Ok(pay(cents).await)
    }
} {
    #[saga]
    pub(crate) async fn trip(price: u32) -> Result<u32, Failure> {
        note("begun".to_owned()).await;
        Ok(pay(price).await)
    }
});

#[tokio::test]
async fn an_argument_that_is_renamed() {
    let says = "state `note` of saga `trip` needs the variable `price`, which the record doesn't have";
    row!(strands, argument_renamed, trip(5), says, &["note"]);
}

builds!(sleep_for_step {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        #[saga(state = "pause")]
        note("begun".to_owned()).await;
        Ok(pay(cents).await)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        #[saga(state = "pause")]
        sleep("1ms").await;
        Ok(pay(cents).await)
    }
});

#[tokio::test]
async fn a_step_that_becomes_a_sleep() {
    row!(strands, sleep_for_step, trip(5), "state `pause` of saga `trip` waits for", &["pause"]);
}
