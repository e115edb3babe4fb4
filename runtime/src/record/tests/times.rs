//! Times are written and read as jiff does it.

use jiff::{SignedDuration, Timestamp};

use crate::record::{HandBack, time};

fn as_jiff_writes(time: Timestamp) -> String {
    serde_json::to_string(&time).unwrap()
}

fn written(time: Timestamp) -> String {
    let hand_back = HandBack { times: 1, until: time };
    let text = serde_json::to_string(&hand_back).unwrap();
    let text = text.strip_prefix(r#"{"times":1,"until":"#).unwrap();
    text.strip_suffix('}').unwrap().to_owned()
}

fn loaded(time: &str) -> Result<Timestamp, String> {
    let text = serde_json::json!({ "times": 1, "until": time }).to_string();
    serde_json::from_str::<HandBack>(&text).map(|hand_back| hand_back.until).map_err(|error| error.to_string())
}

#[test]
fn times_are_written_and_read_as_jiff_does_it() {
    let mut times = vec![Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH];
    // Around the turn of the eras, of a century without a leap day, and of one with it.
    for at in ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1900-03-01T00:00:00Z", "2000-03-01T00:00:00Z"] {
        let at: Timestamp = at.parse().unwrap();
        times.extend([-1, 0, 1, 1_000, -86_400_000_000_000].map(|by| at + SignedDuration::from_nanos(by)));
    }
    let seed = fastrand::get_seed();
    let mut random = fastrand::Rng::with_seed(seed);
    let (first, last) = (Timestamp::MIN.as_second() + 1, Timestamp::MAX.as_second() - 1);
    for _ in 0..10_000 {
        let coarse = 10_i32.pow(random.u32(0..9));
        let fraction = random.i32(0..1_000_000_000) / coarse * coarse;
        times.push(Timestamp::new(random.i64(first..last), fraction).unwrap_or_default());
    }
    for time in times {
        let text = as_jiff_writes(time);
        assert_eq!(written(time), text, "seed {seed}");
        assert_eq!(loaded(text.trim_matches('"')), Ok(time), "seed {seed}");
        // Our own reader knows what our own writer writes, so that the other is not needed for it.
        let mut room = [0; 30];
        room.copy_from_slice(b"0000-00-00T00:00:00.000000000Z");
        let own = time::write(time, &mut room);
        assert_eq!(own.is_some(), !text.starts_with("\"-"), "{text}");
        assert_eq!(own.and_then(time::read), own.map(|_| time), "{text}");
    }
}

#[test]
fn times_of_other_forms_are_what_jiff_makes_of_them() {
    let forms = [
        "2026-11-22T14:03:51.5+01:00",
        "2026-11-22t14:03:51z",
        "2026-11-22 14:03:51Z",
        "2026-11-22T14:03:60Z",
        "2026-11-22T14:03:51,25Z",
        "2026-11-22T14:03Z",
        "20261122T140351Z",
        "2026-11-22T14:03:51Z[UTC]",
        "+002026-11-22T14:03:51Z",
        "-002026-11-22T14:03:51Z",
        "2026-11-22T14:03:51.Z",
        "2026-11-22T14:03:51.1234567891Z",
        "2026-11-22T14:03:51",
        "2026-02-29T14:03:51Z",
        "2024-02-29T14:03:51Z",
        "2026-13-22T14:03:51Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T14:+3:51Z",
        "9999-12-31T23:59:59Z",
        "2026-11-22T14:03:5é",
        "Z",
        "",
    ];
    for form in forms {
        let quoted = serde_json::Value::from(form).to_string();
        let theirs = serde_json::from_str::<Timestamp>(&quoted).map_err(|_| ());
        assert_eq!(loaded(form).map_err(|_| ()), theirs, "{form}");
    }
    assert_eq!(loaded("2026-11-22T14:03:51Z").unwrap().as_second(), 1_795_356_231);
}
