//! Edits that strand instances: the lock file says so, and workers of the new build say the same when they meet one.

use crate::support::{builds, continued, findings, row, strands, strands_later};

builds!(state_gone {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        note("begun".to_owned()).await;
        Ok(pay(cents).await)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        Ok(pay(cents).await)
    }
});

#[tokio::test]
async fn a_step_that_is_removed() {
    row!(strands, state_gone, trip(5), "unknown state `note` of saga `trip`", &["note"]);
}

builds!(variable_added {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        note("begun".to_owned()).await;
        Ok(pay(cents).await)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let discount = cents / 2;
        note("begun".to_owned()).await;
        Ok(pay(cents - discount).await)
    }
});

#[tokio::test]
async fn a_variable_that_is_added() {
    let says = "state `note` of saga `trip` needs the variable `discount`, which the record doesn't have";
    row!(strands, variable_added, trip(5), says, &["note"]);
}

builds!(type_changed {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let total = cents;
        note("begun".to_owned()).await;
        Ok(pay(total).await)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let total = format!("{cents}");
        note("begun".to_owned()).await;
        Ok(pay(total.parse()?).await)
    }
});

#[tokio::test]
async fn a_variable_of_another_type() {
    let says = "the variable `total` of state `note` of saga `trip` doesn't fit: it was `u32`, and is `string` now";
    row!(strands, type_changed, trip(5), says, &["note"]);
}

builds!(field_added {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(crate) struct Ticket {
        pub(crate) cents: u32,
    }

    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let ticket = Ticket { cents };
        note("begun".to_owned()).await;
        Ok(pay(total(&ticket)).await)
    }

    fn total(ticket: &Ticket) -> u32 {
        ticket.cents
    }
} {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(crate) struct Ticket {
        pub(crate) cents: u32,
        pub(crate) tip: u32,
    }

    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let ticket = Ticket { cents, tip: 1 };
        note("begun".to_owned()).await;
        Ok(pay(total(&ticket)).await)
    }

    fn total(ticket: &Ticket) -> u32 {
        ticket.cents + ticket.tip
    }
});

#[tokio::test]
async fn a_field_that_is_added_to_a_type() {
    let says = "the variable `ticket` of state `note` of saga `trip` doesn't fit: `tip` is in no record";
    row!(strands, field_added, trip(5), says, &["note"]);
}

builds!(variant_gone {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(crate) enum Class {
        First,
        Second,
    }

    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let class = if cents > 3 { Class::First } else { Class::Second };
        note("begun".to_owned()).await;
        Ok(pay(match class { Class::First => 2, Class::Second => 1 }).await)
    }
} {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(crate) enum Class {
        Second,
    }

    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let class = only();
        note(format!("begun {cents}")).await;
        Ok(pay(match class { Class::Second => 1 }).await)
    }

    fn only() -> Class {
        Class::Second
    }
});

#[tokio::test]
async fn a_variant_that_is_removed() {
    let says = "the variable `class` of state `note` of saga `trip` doesn't fit: it can be `First` in a record";
    row!(strands, variant_gone, trip(5), says, &["note"]);
}

builds!(argument_added {
    #[step]
    async fn check_in(#[inject] trace: &Trace, seat: String) -> String {
        trace.add(&*seat);
        seat
    }

    #[saga]
    pub(crate) async fn trip(seat: String) -> Result<String, Failure> {
        Ok(check_in(seat).await)
    }
} {
    #[step]
    async fn check_in(#[inject] trace: &Trace, seat: String, class: u8) -> String {
        trace.add(format!("{seat} {class}"));
        seat
    }

    #[saga]
    pub(crate) async fn trip(seat: String) -> Result<String, Failure> {
        Ok(check_in(seat, 2).await)
    }
});

#[tokio::test]
async fn an_argument_that_is_added_to_a_step() {
    let says = "the arguments of step `check_in` don't fit: `class` is in no record";
    row!(strands, argument_added, trip("7a".to_owned()), says, &["check_in"]);
}

builds!(renamed {
    #[step]
    async fn check_in(#[inject] trace: &Trace, seat: String) -> String {
        trace.add(&*seat);
        seat
    }

    #[saga]
    pub(crate) async fn trip(seat: String) -> Result<String, Failure> {
        Ok(check_in(seat).await)
    }
} {
    #[step]
    async fn take_seat(#[inject] trace: &Trace, seat: String) -> String {
        trace.add(&*seat);
        seat
    }

    #[saga]
    pub(crate) async fn trip(seat: String) -> Result<String, Failure> {
        Ok(take_seat(seat).await)
    }
});

#[tokio::test]
async fn a_step_that_is_renamed() {
    row!(strands, renamed, trip("7a".to_owned()), "unknown state `check_in` of saga `trip`", &["check_in"]);
}

builds!(other_step {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        use pay as settle;
        Ok(settle(cents).await)
    }
} {
    #[step]
    async fn pay_by_card(#[inject] trace: &Trace, cents: u32) -> u32 {
        trace.add(format!("card {cents}"));
        cents
    }

    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        use pay_by_card as settle;
        let paid = settle(cents).await;
        Ok(pay(paid).await)
    }
});

#[tokio::test]
async fn a_state_that_waits_for_another_step() {
    let says = "state `settle` of saga `trip` waits for step `pay_by_card`, and the record for step `pay`";
    row!(strands, other_step, trip(5), says, &["settle"]);
}

builds!(timeout_added {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        Ok(pay(cents).await)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        Ok(pay(cents).timeout("1h").await?)
    }
});

#[tokio::test]
async fn a_timeout_that_is_added() {
    let says = "state `pay` of saga `trip` waits for something with a `.timeout(…)`, and the record for a call";
    row!(strands, timeout_added, trip(5), says, &["pay"]);
}

builds!(outcome_removed {
    #[saga]
    pub(crate) async fn trip(place: String) -> Result<String, Failure> {
        Ok(book(place).outcome().await.unwrap_or_default())
    }
} {
    #[saga]
    pub(crate) async fn trip(place: String) -> Result<String, Failure> {
        book(place).await
    }
});

#[tokio::test]
async fn an_outcome_that_is_removed() {
    let says = "state `book` of saga `trip` waits for a call, and the record for a call with `.outcome()`";
    row!(strands, outcome_removed, trip("hotel".to_owned()), says, &["book"]);
}

builds!(join_grows {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let (paid, _) = sagaflow::join!(pay(cents), note("a".to_owned())).await;
        Ok(paid)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let (paid, _, _) = sagaflow::join!(pay(cents), note("a".to_owned()), note("b".to_owned())).await;
        Ok(paid)
    }
});

#[tokio::test]
async fn a_branch_that_is_added_to_a_join() {
    let (said, all) =
        (findings::<join_grows::old::trip, join_grows::new::trip>(), row!(continued, join_grows, trip(5)));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].ends_with("waits for `Join<(Call, Call, Call)>`, and the record for `Join<(Call, Call)>`"),
        "{said:?}"
    );
    for one in all {
        assert_eq!(one.status, sagaflow::Status::Paused, "{one:#?}");
    }
}

builds!(loop_variable_renamed {
    #[saga]
    pub(crate) async fn trip(places: Vec<String>) -> Result<u32, Failure> {
        for place in places {
            book(place).await?;
        }
        Ok(1)
    }
} {
    #[saga]
    pub(crate) async fn trip(places: Vec<String>) -> Result<u32, Failure> {
        for stop in places {
            book(stop).await?;
        }
        Ok(1)
    }
});

#[tokio::test]
async fn a_loop_variable_that_is_renamed() {
    let places = || vec!["a".to_owned(), "b".to_owned()];
    let says = "state `book` of saga `trip` needs the variable `@rest_of_stop`, which the record doesn't have";
    row!(strands, loop_variable_renamed, trip(places()), says, &["book", "book"]);
}

builds!(compensation_changed {
    #[step]
    #[compensate(leave(output))]
    async fn check_in(#[inject] trace: &Trace, seat: String) -> Result<String, Failure> {
        trace.add(&*seat);
        Ok(seat)
    }

    #[step]
    async fn leave(#[inject] trace: &Trace, seat: String) {
        trace.add(format!("leave {seat}"));
    }

    #[saga]
    pub(crate) async fn trip(seat: String) -> Result<String, Failure> {
        check_in(seat).await?;
        book("full".to_owned()).await
    }
} {
    #[step]
    #[compensate(leave(output, 2))]
    async fn check_in(#[inject] trace: &Trace, seat: String) -> Result<String, Failure> {
        trace.add(&*seat);
        Ok(seat)
    }

    #[step]
    async fn leave(#[inject] trace: &Trace, seat: String, class: u8) {
        trace.add(format!("leave {seat} {class}"));
    }

    #[saga]
    pub(crate) async fn trip(seat: String) -> Result<String, Failure> {
        check_in(seat).await?;
        book("full".to_owned()).await
    }
});

#[tokio::test]
async fn a_compensation_with_other_arguments() {
    let says = "the arguments of step `leave` don't fit: `class` is in no record";
    // One that is stopped at `check_in` registers the new one.
    let all = row!(strands_later, compensation_changed, trip("7a".to_owned()), says, &["book", "book"]);
    assert_eq!(all[0].trace, ["7a", "book full", "leave 7a 2"]);
}

builds!(compensation_gone {
    #[saga]
    pub(crate) async fn trip(place: String) -> Result<String, Failure> {
        book(place).await?;
        note("booked".to_owned()).await;
        Err(Failure::new("no"))
    }
} {
    #[saga]
    pub(crate) async fn trip(place: String) -> Result<String, Failure> {
        note(place).await;
        Err(Failure::new("no"))
    }
});

#[tokio::test]
async fn a_compensation_that_is_gone() {
    let said = findings::<compensation_gone::old::trip, compensation_gone::new::trip>();
    assert_eq!(said, ["unknown state `book` of saga `trip`", "unknown step `free` in saga `trip`"]);
    row!(strands_later, compensation_gone, trip("hotel".to_owned()), "unknown st", &["book", "note", "note"]);
}

builds!(numbers_shift {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        pay(cents).await;
        note("paid".to_owned()).await;
        Ok(cents)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        note("begun".to_owned()).await;
        pay(cents).await;
        note("paid".to_owned()).await;
        Ok(cents)
    }
});

/// Nothing is paused here, and that is worse: the second `note` is taken for the first, and it pays twice.
#[tokio::test]
async fn a_call_of_the_same_step_that_is_added_before() {
    let said = findings::<numbers_shift::old::trip, numbers_shift::new::trip>();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("state `note` of saga `trip` is another one than before"), "{said:?}");
    let all = row!(continued, numbers_shift, trip(5));
    assert_eq!(all[1].trace, ["pay 5", "note paid", "pay 5", "note paid"]);
}

builds!(first_removed {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        note("begun".to_owned()).await;
        pay(cents).await;
        note("paid".to_owned()).await;
        Ok(cents)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        pay(cents).await;
        note("paid".to_owned()).await;
        Ok(cents)
    }
});

#[tokio::test]
async fn the_first_of_two_calls_that_is_removed() {
    row!(strands, first_removed, trip(5), "unknown state `note#2` of saga `trip`", &["note#2"]);
    let said = findings::<first_removed::old::trip, first_removed::new::trip>();
    assert!(
        said.iter().any(|said| said.contains("state `note` of saga `trip` is another one than before")),
        "{said:?}"
    );
}

builds!(nested_changed {
    #[saga]
    async fn stay(place: String) -> Result<String, Failure> {
        let place = book(place).await?;
        note(place.clone()).await;
        Ok(place)
    }

    #[saga]
    pub(crate) async fn trip(place: String) -> Result<String, Failure> {
        stay(place).await
    }
} {
    #[saga]
    async fn stay(place: String) -> Result<String, Failure> {
        let nights = place.len();
        let place = book(place).await?;
        note(format!("{place} {nights}")).await;
        Ok(place)
    }

    #[saga]
    pub(crate) async fn trip(place: String) -> Result<String, Failure> {
        stay(place).await
    }
});

#[tokio::test]
async fn a_variable_that_is_added_to_a_nested_saga() {
    let says = "state `book` of saga `stay` needs the variable `nights`, which the record doesn't have";
    row!(strands, nested_changed, trip("hotel".to_owned()), says, &["stay"]);
}

builds!(version_alone {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        Ok(pay(cents).await)
    }
} {
    #[saga(version = 2)]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        Ok(pay(cents).await)
    }
});

#[tokio::test]
async fn a_version_that_says_nothing_of_the_one_before() {
    let says = "unknown version 1 of saga `trip`: this code has version 2";
    row!(strands, version_alone, trip(5), says, &["pay"]);
}
