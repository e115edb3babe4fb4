//! Edits that instances survive without anything being said about them.

use crate::support::{builds, outcomes, row, survives};

builds!(step_added_after {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let paid = pay(cents).await;
        Ok(paid)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let paid = pay(cents).await;
        note(format!("paid {paid}")).await;
        Ok(paid)
    }
});

#[tokio::test]
async fn a_step_that_is_added_is_run_by_those_before_it() {
    let all = row!(survives, step_added_after, trip(5));
    assert_eq!(outcomes(&all), ["Ok(5)"]);
    assert_eq!(all[0].trace, ["pay 5", "note paid 5"]);
}

builds!(step_added_before {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        Ok(pay(cents).await)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        note("begun".to_owned()).await;
        Ok(pay(cents).await)
    }
});

#[tokio::test]
async fn a_step_that_is_added_is_not_run_by_those_after_it() {
    let all = row!(survives, step_added_before, trip(5));
    assert_eq!(all[0].trace, ["pay 5"]);
}

builds!(variable_not_alive {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let label = format!("{cents} cents");
        let paid = pay(cents).await;
        note(label).await;
        Ok(paid)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let paid = pay(cents).await;
        note("paid".to_owned()).await;
        Ok(paid)
    }
});

#[tokio::test]
async fn a_variable_that_is_not_alive_any_more_is_passed_over() {
    let all = row!(survives, variable_not_alive, trip(5));
    assert_eq!(outcomes(&all), ["Ok(5)", "Ok(5)"]);
}

builds!(part_of_a_variable {
    #[saga]
    pub(crate) async fn trip(ticket: (u32, String)) -> Result<u32, Failure> {
        pay(ticket.0).await;
        note(format!("{ticket:?}")).await;
        Ok(ticket.0)
    }
} {
    #[saga]
    pub(crate) async fn trip(ticket: (u32, String)) -> Result<u32, Failure> {
        pay(ticket.0).await;
        note(ticket.1).await;
        Ok(ticket.0)
    }
});

#[tokio::test]
async fn a_part_of_a_variable_that_was_saved_as_a_whole() {
    let all = row!(survives, part_of_a_variable, trip((5, "A".to_owned())));
    assert_eq!(outcomes(&all), ["Ok(5)", "Ok(5)"]);
    assert_eq!(all[0].trace, ["pay 5", "note A"]);
}

builds!(blocks_in_another_order {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        if cents > 3 {
            book("hotel".to_owned()).await?;
            Ok(pay(cents).await)
        } else {
            note("cheap".to_owned()).await;
            Ok(0)
        }
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        if cents <= 3 {
            note("cheap".to_owned()).await;
            Ok(0)
        } else {
            book("hotel".to_owned()).await?;
            Ok(pay(cents).await)
        }
    }
});

#[tokio::test]
async fn blocks_may_change_their_order() {
    assert_eq!(outcomes(&row!(survives, blocks_in_another_order, trip(5))), ["Ok(5)", "Ok(5)"]);
    assert_eq!(outcomes(&row!(survives, blocks_in_another_order, trip(2))), ["Ok(0)"]);
}

builds!(fields {
    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    pub(crate) struct Ticket {
        pub(crate) cents: u32,
        pub(crate) seat: String,
        pub(crate) gone: bool,
    }

    #[saga]
    pub(crate) async fn trip(ticket: Ticket) -> Result<String, Failure> {
        pay(ticket.cents).await;
        Ok(describe(ticket.clone()))
    }

    fn describe(ticket: Ticket) -> String {
        format!("{} {}", ticket.seat, ticket.gone)
    }
} {
    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    pub(crate) struct Pass {
        pub(crate) cents: u64,
        #[serde(alias = "seat")]
        pub(crate) place: String,
        pub(crate) class: Option<u8>,
        #[serde(default)]
        pub(crate) extras: Vec<String>,
    }

    #[saga]
    pub(crate) async fn trip(ticket: Pass) -> Result<String, Failure> {
        pay(u32::try_from(ticket.cents)?).await;
        Ok(describe(ticket.clone()))
    }

    fn describe(pass: Pass) -> String {
        format!("{} {:?} {:?}", pass.place, pass.class, pass.extras)
    }
});

#[tokio::test]
async fn types_may_grow() {
    let ticket = || fields::old::Ticket { cents: 5, seat: "7a".to_owned(), gone: false };
    let all = row!(survives, fields, trip(ticket()));
    assert_eq!(outcomes(&all), [r#"Ok("7a None []")"#]);
}

builds!(policies {
    #[step]
    #[retry(fixed, delay = "1ms", max_attempts = 2)]
    async fn check_in(#[inject] trace: &Trace, seat: String) -> Result<String, Failure> {
        trace.add(format!("check in {seat}"));
        Ok(seat)
    }

    #[saga]
    pub(crate) async fn trip(seat: String) -> Result<String, Failure> {
        let seat = check_in(seat).await?;
        note(seat.clone()).await;
        Ok(seat)
    }
} {
    /// With a compensation, and more patience.
    #[step]
    #[retry(exponential, base = "1s", max_attempts = 20, timeout = "60s")]
    #[compensate(free(output))]
    async fn check_in(#[inject] trace: &Trace, seat: String) -> Result<String, Failure> {
        trace.add(format!("check in {seat}"));
        Ok(seat)
    }

    #[saga(deadline = "1h")]
    pub(crate) async fn trip(seat: String) -> Result<String, Failure> {
        let seat = check_in(seat).outcome().await.map_err(|error| Failure::new(error.to_string()))?;
        note(seat.clone()).await;
        Ok(seat)
    }
});

#[tokio::test]
async fn policies_compensations_and_outcomes_may_be_added() {
    assert_eq!(outcomes(&row!(survives, policies, trip("7a".to_owned()))), [r#"Ok("7a")"#, r#"Ok("7a")"#]);
}

builds!(optional_arguments {
    #[step]
    async fn check_in(#[inject] trace: &Trace, seat: String, gone: bool) -> String {
        trace.add(format!("{seat} {gone}"));
        seat
    }

    #[saga]
    pub(crate) async fn trip(seat: String) -> Result<String, Failure> {
        Ok(check_in(seat, true).await)
    }
} {
    #[step]
    async fn check_in(#[inject] trace: &Trace, seat: String, class: Option<u8>) -> String {
        trace.add(format!("{seat} {class:?}"));
        seat
    }

    #[saga]
    pub(crate) async fn trip(seat: String, class: Option<u8>) -> Result<String, Failure> {
        Ok(check_in(seat, class).await)
    }
});

#[tokio::test]
async fn arguments_may_go_and_optional_ones_may_come() {
    let all = row!(survives, optional_arguments, trip("7a".to_owned()));
    assert_eq!(all[0].trace, ["7a None"]);
}

builds!(joined {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let (paid, hotel) = sagaflow::join!(pay(cents), book("hotel".to_owned())).await;
        note(hotel?).await;
        Ok(paid)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let label = "joined";
        let (paid, hotel) = sagaflow::join!(pay(cents), book("hotel".to_owned())).await;
        note(format!("{label} {}", hotel?)).await;
        note("done".to_owned()).await;
        Ok(paid)
    }
});

#[tokio::test]
async fn code_around_a_join_may_change() {
    for outcome in outcomes(&row!(survives, joined, trip(5))) {
        assert_eq!(outcome, "Ok(5)");
    }
}
