//! Types that grow or shrink while values of them wait in records.

use crate::support::{builds, outcomes, row, strands, survives};

builds!(wider {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u64, Failure> {
        let (fee, rate) = (7_u32, 0.5_f32);
        let signed = -3_i8;
        note("begun".to_owned()).await;
        pay(cents).await;
        Ok(u64::from(fee) + u64::from(rate > 0.0) + u64::from(signed < 0))
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u64) -> Result<u64, Failure> {
        let (fee, rate) = (7_u64, 0.5_f64);
        let signed = -3_i64;
        note("begun".to_owned()).await;
        pay(u32::try_from(cents)?).await;
        Ok(fee + u64::from(rate > 0.0) + u64::from(signed < 0))
    }
});

#[tokio::test]
async fn numbers_may_get_wider() {
    let all = row!(survives, wider, trip(5));
    assert_eq!(outcomes(&all), ["Ok(9)", "Ok(9)"]);
}

builds!(narrower {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let fee = 70_000_u32;
        note("begun".to_owned()).await;
        Ok(pay(cents + fee).await)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let fee = 70_u16;
        note("begun".to_owned()).await;
        Ok(pay(cents + u32::from(fee)).await)
    }
});

#[tokio::test]
async fn a_number_that_gets_narrower() {
    let says = "the variable `fee` of state `note` of saga `trip` doesn't fit: it was `u32`, and is `u16` now";
    row!(strands, narrower, trip(5), says, &["note"]);
}

builds!(signed {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let left = -1_i32;
        note("begun".to_owned()).await;
        Ok(pay(cents + u32::from(left < 0)).await)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let left = 1_u64;
        note("begun".to_owned()).await;
        Ok(pay(cents + u32::from(left > 0)).await)
    }
});

#[tokio::test]
async fn a_number_that_loses_its_sign() {
    let says = "the variable `left` of state `note` of saga `trip` doesn't fit: it was `i32`, and is `u64` now";
    row!(strands, signed, trip(5), says, &["note"]);
}

builds!(optional {
    #[saga]
    pub(crate) async fn trip(cents: u32, seat: String) -> Result<String, Failure> {
        let label = format!("{cents}");
        note("begun".to_owned()).await;
        note(label).await;
        Ok(seat)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32, seat: Option<String>) -> Result<String, Failure> {
        let label = Some(format!("{cents}")).filter(|label| !label.is_empty());
        note("begun".to_owned()).await;
        note(label.unwrap_or_default()).await;
        Ok(seat.unwrap_or_default())
    }
});

#[tokio::test]
async fn a_variable_or_argument_may_become_optional() {
    let all = row!(survives, optional, trip(5, "7a".to_owned()));
    assert_eq!(outcomes(&all), [r#"Ok("7a")"#, r#"Ok("7a")"#]);
    assert_eq!(all[0].trace, ["note begun", "note 5"]);
}

builds!(not_optional {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let seat: Option<String> = None;
        note("begun".to_owned()).await;
        Ok(pay(cents + u32::from(seat.is_some())).await)
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<u32, Failure> {
        let seat = "7a".to_owned();
        note("begun".to_owned()).await;
        Ok(pay(cents + u32::from(!seat.is_empty())).await)
    }
});

#[tokio::test]
async fn a_variable_that_is_optional_no_more() {
    row!(strands, not_optional, trip(5), "the variable `seat` of state `note` of saga `trip` doesn't fit", &["note"]);
}

builds!(variants {
    #[derive(Debug, serde::Serialize, serde::Deserialize)]
    pub(crate) enum Class {
        Second,
        First { lounge: bool },
    }

    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<String, Failure> {
        let class = if cents > 3 { Class::First { lounge: true } } else { Class::Second };
        pay(cents).await;
        Ok(format!("{class:?}"))
    }
} {
    #[derive(Debug, serde::Serialize, serde::Deserialize)]
    pub(crate) enum Class {
        Third,
        Second,
        First { lounge: bool },
    }

    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<String, Failure> {
        let class = match cents {
            0 => Class::Third,
            1..=3 => Class::Second,
            _ => Class::First { lounge: true },
        };
        pay(cents).await;
        Ok(format!("{class:?}"))
    }
});

#[tokio::test]
async fn a_variant_may_be_added() {
    assert_eq!(outcomes(&row!(survives, variants, trip(5))), [r#"Ok("First { lounge: true }")"#]);
    assert_eq!(outcomes(&row!(survives, variants, trip(2))), [r#"Ok("Second")"#]);
}

builds!(renamed_type {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(crate) struct Seat(pub(crate) String);

    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<String, Failure> {
        let seat = Seat("7a".to_owned());
        pay(cents).await;
        Ok(seat.0)
    }
} {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(crate) struct Place(pub(crate) String);

    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<String, Failure> {
        let seat = Place("7a".to_owned());
        pay(cents).await;
        Ok(seat.0)
    }
});

#[tokio::test]
async fn a_type_may_be_renamed() {
    assert_eq!(outcomes(&row!(survives, renamed_type, trip(5))), [r#"Ok("7a")"#]);
}

builds!(collections {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<usize, Failure> {
        let places = vec!["b".to_owned(), "a".to_owned()];
        let pair = (1_u8, 2_u8);
        pay(cents).await;
        Ok(places.len() + format!("{pair:?}").len())
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<usize, Failure> {
        let places = std::collections::BTreeSet::from(["b".to_owned(), "a".to_owned()]);
        let pair = [1_u8, 2];
        pay(cents).await;
        Ok(places.len() + format!("{pair:?}").len())
    }
});

#[tokio::test]
async fn a_list_may_become_another_kind_of_list() {
    assert_eq!(outcomes(&row!(survives, collections, trip(5))), ["Ok(8)"]);
}

builds!(map_for_list {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<usize, Failure> {
        let places = vec!["a".to_owned()];
        pay(cents).await;
        Ok(places.len())
    }
} {
    #[saga]
    pub(crate) async fn trip(cents: u32) -> Result<usize, Failure> {
        let places = std::collections::BTreeMap::from([("a".to_owned(), 1_u8)]);
        pay(cents).await;
        Ok(places.len())
    }
});

#[tokio::test]
async fn a_list_that_becomes_a_map() {
    row!(strands, map_for_list, trip(5), "the variable `places` of state `pay` of saga `trip` doesn't fit", &["pay"]);
}
