//! A new version beside the old one: instances of the old one end on its code, or are migrated.

use sagaflow::Status;

use crate::support::{builds, continued, findings, outcomes, row, survives};

builds!(before {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        note("old".to_owned()).await;
        Ok(pay(cents).await)
    }
} {
    #[saga(name = "trip")]
    async fn trip_v1(cents: u32) -> Result<u32, Failure> {
        note("old".to_owned()).await;
        Ok(pay(cents).await)
    }

    /// Its arguments and states have nothing in common with those of the first.
    #[saga(version = 2, before = trip_v1)]
    pub(crate) async fn trip(places: Vec<String>) -> Result<u32, Failure> {
        for place in places {
            book(place).await?;
        }
        Ok(1)
    }
});

#[tokio::test]
async fn instances_end_on_the_code_of_their_version() {
    let all = row!(survives, before, trip(5));
    assert_eq!(outcomes(&all), ["Ok(5)", "Ok(5)"]);
    assert!(all.iter().all(|one| one.trace == ["note old", "pay 5"]), "{all:#?}");
}

/// One that was started by newer code.
#[tokio::test]
async fn older_workers_leave_newer_instances_alone() {
    let all = continued::<before::new::trip, before::old::trip>(|| before::new::trip(vec!["a".to_owned()])).await;
    for one in &all {
        assert_eq!(one.status, Status::Paused);
        let reason = one.reason.as_deref().unwrap_or_default();
        assert!(reason.starts_with("unknown version 2 of saga `trip`: this code has version 1"), "{reason}");
        assert_eq!(one.trace, one.before);
    }
    let same = row!(continued, same, trip(vec!["a".to_owned()]));
    assert_eq!(outcomes(&same), ["Ok(1)"]);
    let said = findings::<before::new::trip, before::old::trip>();
    assert!(said.contains(&"unknown version 2 of saga `trip`: this code has version 1".to_owned()), "{said:?}");
}

builds!(same {
    #[saga(version = 2)]
    pub(crate) async fn trip(places: Vec<String>) -> Result<u32, Failure> {
        for place in places {
            book(place).await?;
        }
        Ok(1)
    }
} {
    #[saga(version = 2)]
    pub(crate) async fn trip(places: Vec<String>) -> Result<u32, Failure> {
        for place in places {
            book(place).await?;
        }
        Ok(1)
    }
});

builds!(migrated {
    #[saga]
    async fn stay(place: String) -> Result<String, Failure> {
        let nights = place.len();
        let place = book(place).await?;
        note(format!("{place} {nights}")).await;
        Ok(place)
    }

    #[saga]
    pub(crate) async fn trip(euros: u32) -> Result<String, Failure> {
        let label = format!("{euros} euros");
        let hotel = stay("hotel".to_owned()).await?;
        note(label).await;
        pay(euros).await;
        Ok(hotel)
    }
} {
    use sagaflow::definition::Migration;

    /// Nested sagas have versions of their own.
    #[saga(version = 2, migrate = to_text)]
    async fn stay(place: String) -> Result<String, Failure> {
        let nights = format!("{} nights", place.len());
        let place = book(place).await?;
        note(format!("{place} {nights}")).await;
        Ok(place)
    }

    fn to_text(old: &mut Migration) -> Result<(), Failure> {
        if old.state() == "book" {
            let nights: usize = old.take("nights")?;
            old.put("nights", &format!("{nights} old nights"))?;
        }
        Ok(())
    }

    #[saga(version = 3, migrate = to_cents)]
    pub(crate) async fn trip(cents: u32) -> Result<String, Failure> {
        let lines = vec![format!("{cents} cents")];
        let hotel = stay("hotel".to_owned()).await?;
        for line in &lines {
            #[saga(state = "remark")]
            note(line.clone()).await;
        }
        pay(cents).await;
        Ok(hotel)
    }

    fn to_cents(old: &mut Migration) -> Result<(), Failure> {
        assert_eq!(old.version(), 1);
        if old.has("euros") {
            let euros: u32 = old.take("euros")?;
            old.put("cents", &(euros * 100))?;
        }
        match old.state() {
            "stay" => {
                let label: String = old.take("label")?;
                old.put("lines", &[label])?;
            }
            "note" => {
                old.rename_state("remark");
                old.put("lines", &["unread"])?;
                old.put("@position_of_line", &1)?;
            }
            _ => {}
        }
        Ok(())
    }
});

#[tokio::test]
async fn instances_are_migrated_where_they_stand() {
    assert_eq!(findings::<migrated::old::trip, migrated::new::trip>(), Vec::<String>::new());
    let all = row!(continued, migrated, trip(5));
    let traces: Vec<_> = all.iter().map(|one| one.trace.join(", ")).collect();
    assert_eq!(
        traces,
        [
            "book hotel, note hotel 5 old nights, note 5 euros, pay 500",
            "book hotel, note hotel 5, note 5 euros, pay 500",
            "book hotel, note hotel 5, note 5 euros, pay 500",
            "book hotel, note hotel 5, note 5 euros, pay 5",
        ]
    );
    assert!(all.iter().all(|one| one.outcome.as_deref() == Some(r#"Ok("hotel")"#)), "{all:#?}");
}

builds!(migrated_badly {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let label = format!("{cents}");
        pay(cents).await;
        note(label).await;
        Ok(cents)
    }
} {
    use sagaflow::definition::Migration;

    #[saga(version = 2, migrate = forgetful)]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let text = format!("{cents}");
        pay(cents).await;
        note(text).await;
        Ok(cents)
    }

    fn forgetful(old: &mut Migration) -> Result<(), Failure> {
        match old.state() {
            "pay" => old.rename("text", "label"),
            "note" => panic!("nobody has thought of this"),
            _ => Ok(()),
        }
    }
});

#[tokio::test]
async fn what_a_migration_fails_at_is_paused_as_it_was() {
    let all = row!(continued, migrated_badly, trip(5));
    let reasons: Vec<_> = all.iter().map(|one| one.reason.as_deref().unwrap_or_default()).collect();
    assert_eq!(
        reasons,
        [
            "an instance of version 1 of saga `trip` can't be migrated: there is no variable `text` in state `pay` (no worker knew better in 2 hand-backs)",
            "an instance of version 1 of saga `trip` can't be migrated: it panicked: nobody has thought of this (no worker knew better in 2 hand-backs)",
        ]
    );
    assert!(all.iter().all(|one| one.trace == one.before), "{all:#?}");
}
