//! The ways out: what is said at a variable, an argument, a step or an await, so that instances survive the edit.

use crate::support::{builds, continued, findings, outcomes, row, strands, survives};

builds!(defaults {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        note("begun".to_owned()).await;
        Ok(pay(cents).await)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32, #[saga(default = 3)] tip: u32) -> Result<u32, Failure> {
        #[saga(default)]
        let discount = cents / 2;
        #[saga(default = Some("old".to_owned()))]
        let (label, _) = (Some(format!("new {cents}")), cents);
        note("begun".to_owned()).await;
        note(label.unwrap_or_default()).await;
        Ok(pay(cents - discount + tip).await)
    }
});

#[tokio::test]
async fn variables_and_arguments_that_are_added_have_defaults() {
    let all = row!(survives, defaults, trip(5));
    assert_eq!(all[0].trace, ["note begun", "note old", "pay 8"]);
    assert_eq!(all[1].trace, ["note begun", "pay 5"]);
}

/// An older worker would go on without what the newer code has saved, and a newer one would then take the default for it.
#[tokio::test]
async fn what_has_a_default_is_not_lost_by_older_code() {
    let all = continued::<defaults::new::trip, defaults::old::trip>(|| defaults::new::trip(5, 0)).await;
    assert_eq!(all[0].status, sagaflow::Status::Paused, "{all:#?}");
    assert_eq!(
        all[0].reason.as_deref(),
        Some(
            "state `note` of saga `trip` doesn't know the variable `tip`, which has a default in the code that made the record, \
             and would be lost (no worker knew better in 2 hand-backs)"
        )
    );
    let said = findings::<defaults::new::trip, defaults::old::trip>();
    assert!(said.iter().any(|said| said.contains("doesn't know the variable `discount`")), "{said:?}");
}

builds!(renamed_variables {
    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
    pub(crate) struct Ticket {
        pub(crate) cents: u32,
        pub(crate) seat: String,
    }

    #[saga]
    pub(crate) async fn trip(ticket: Ticket, places: Vec<String>) -> Result<u32, Failure> {
        let mut sum = 0;
        for place in places {
            let label = format!("to {place}");
            book(place).await?;
            note(label).await;
            sum += ticket.cents;
        }
        note(ticket.seat).await;
        Ok(pay(sum).await)
    }
} {
    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
    pub(crate) struct Pass {
        pub(crate) cents: u32,
        pub(crate) seat: String,
    }

    #[saga]
    pub(crate) async fn trip(#[saga(alias = "ticket")] pass: Pass, places: Vec<String>) -> Result<u32, Failure> {
        #[saga(alias = "sum")]
        let mut total = 0;
        #[saga(alias = "place")]
        for stop in places {
            #[saga(alias = ["text", "label"])]
            let line = format!("to {stop}");
            book(stop).await?;
            note(line).await;
            total += pass.cents;
        }
        note(pass.seat).await;
        Ok(pay(total).await)
    }
});

#[tokio::test]
async fn variables_arguments_and_loop_variables_that_are_renamed_have_aliases() {
    let ticket = || renamed_variables::old::Ticket { cents: 5, seat: "7a".to_owned() };
    let places = || vec!["a".to_owned(), "b".to_owned()];
    let all = row!(survives, renamed_variables, trip(ticket(), places()));
    assert_eq!(all.len(), 6);
    for one in &all {
        assert_eq!(one.trace, ["book a", "note to a", "book b", "note to b", "note 7a", "pay 10"], "{one:#?}");
    }
}

builds!(renamed_steps {
    #[step]
    #[compensate(leave(output))]
    async fn check_in(#[inject] trace: &Trace, seat: String) -> Result<String, Failure> {
        trace.add(format!("check in {seat}"));
        Ok(seat)
    }

    #[step]
    async fn leave(#[inject] trace: &Trace, seat: String) {
        trace.add(format!("leave {seat}"));
    }

    #[saga]
    async fn both(seats: (String, String)) -> Result<String, Failure> {
        let first = check_in(seats.0).await?;
        let second = check_in(seats.1).await?;
        Ok(first + &second)
    }

    #[saga]
    pub(crate) async fn trip(first: String, second: String) -> Result<String, Failure> {
        let both = both((first, second)).await?;
        book(both).await?;
        book("full".to_owned()).await
    }
} {
    #[step(alias = "check_in")]
    #[compensate(stand_up(output))]
    async fn sit_down(#[inject] trace: &Trace, #[step(alias = "seat")] place: String) -> Result<String, Failure> {
        trace.add(format!("check in {place}"));
        Ok(place)
    }

    #[step(alias = "leave")]
    async fn stand_up(#[inject] trace: &Trace, #[step(alias = "seat")] place: String) {
        trace.add(format!("leave {place}"));
    }

    #[saga(alias = ["both", "all"])]
    async fn couple(seats: (String, String)) -> Result<String, Failure> {
        let first = sit_down(seats.0).await?;
        let second = sit_down(seats.1).await?;
        Ok(first + &second)
    }

    #[saga]
    pub(crate) async fn trip(first: String, second: String) -> Result<String, Failure> {
        let both = couple((first, second)).await?;
        book(both).await?;
        book("full".to_owned()).await
    }
});

#[tokio::test]
async fn steps_sagas_and_arguments_that_are_renamed_have_aliases() {
    let all = row!(survives, renamed_steps, trip("1".to_owned(), "2".to_owned()));
    let trace = ["check in 1", "check in 2", "book 12", "book full", "free 12", "leave 2", "leave 1"];
    assert!(all.len() > 5);
    for one in &all {
        assert_eq!(one.trace, trace, "{one:#?}");
    }
}

builds!(named_states {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        pay(cents).await;
        note("one".to_owned()).await;
        note("two".to_owned()).await;
        note("three".to_owned()).await;
        Ok(cents)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        #[saga(state = "note_first")]
        note("zero".to_owned()).await;
        pay(cents).await;
        note("one".to_owned()).await;
        #[saga(state = "note#3")]
        let () = note("three".to_owned()).await;
        Ok(cents)
    }
});

#[tokio::test]
async fn states_keep_their_names_when_calls_come_and_go() {
    let said = findings::<named_states::old::trip, named_states::new::trip>();
    assert_eq!(said[0], "unknown state `note#2` of saga `trip`");
    let all = row!(continued, named_states, trip(5));
    let traces: Vec<_> = all.iter().map(|one| one.trace.join(", ")).collect();
    assert_eq!(
        traces,
        [
            "pay 5, note one, note three",
            "pay 5, note one, note three",
            // Paused.
            "pay 5, note one",
            "pay 5, note one, note two, note three",
        ]
    );
}

builds!(kept {
    #[saga]
    pub(crate) async fn trip(place: String) -> Result<String, Failure> {
        book(place).await?;
        note("booked".to_owned()).await;
        Err(Failure::new("no"))
    }
} {
    #[saga(keep = [free])]
    pub(crate) async fn trip(place: String) -> Result<String, Failure> {
        #[saga(state = "book")]
        let () = note(place).await;
        note("booked".to_owned()).await;
        Err(Failure::new("no"))
    }
});

#[tokio::test]
async fn steps_that_undo_are_kept() {
    let says = "state `book` of saga `trip` waits for step `note`, and the record for step `book`";
    assert_eq!(findings::<kept::old::trip, kept::new::trip>(), [says]);
    let all = row!(continued, kept, trip("hotel".to_owned()));
    assert_eq!(all[1].trace, ["book hotel", "note booked", "free hotel"]);
}

builds!(default_removed {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        #[saga(default)]
        let discount = cents / 2;
        note("begun".to_owned()).await;
        Ok(pay(cents - discount).await)
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
async fn a_default_may_be_taken_away_once_all_records_have_the_variable() {
    assert_eq!(outcomes(&row!(survives, default_removed, trip(5))), ["Ok(3)", "Ok(3)"]);
}

builds!(defaulted_variable_removed {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        #[saga(default)]
        let discount = cents / 2;
        note("begun".to_owned()).await;
        Ok(pay(cents - discount).await)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        note("begun".to_owned()).await;
        Ok(pay(cents).await)
    }
});

#[tokio::test]
async fn a_variable_is_not_removed_together_with_its_default() {
    let says = "state `note` of saga `trip` doesn't know the variable `discount`";
    row!(strands, defaulted_variable_removed, trip(5), says, &["note"]);
}
