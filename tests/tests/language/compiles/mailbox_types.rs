#![deny(warnings)]
//! Signals and requests by another path of sagaflow, under their own names, and in no build at all.

use sagaflow::{Request, Signal};
use serde::{Deserialize, Serialize};

mod facade {
    pub(crate) use sagaflow as durable;
}

#[sagaflow::signal(crate = facade::durable)]
#[derive(Serialize, Deserialize)]
enum Weather {
    Sun,
    Rain { litres: u64 },
}

#[sagaflow::request(crate = facade::durable, reply = Option<u64>)]
#[derive(Serialize, Deserialize)]
struct Forecast {
    day: u64,
}

#[sagaflow::request(reply = (), name = "r#try")]
#[derive(Serialize, Deserialize)]
struct Named;

#[sagaflow::request(reply = u64)]
#[derive(Serialize, Deserialize)]
#[expect(non_camel_case_types, reason = "a raw name")]
struct r#try;

#[sagaflow::signal(crate = facade::durable)]
#[cfg(any())]
struct UnknownSignal(Unknown);

#[sagaflow::request(crate = facade::durable, reply = u64)]
#[cfg(any())]
struct UnknownRequest(Unknown);

#[test]
fn names() {
    assert_eq!(<Weather as Signal>::NAME, "Weather");
    assert_eq!(<Forecast as Request>::NAME, "Forecast");
    assert_eq!(<Named as Request>::NAME, "r#try");
    assert_eq!(<r#try as Request>::NAME, "try", "a raw name is the name");
    let (_, _, Forecast { day }) = (Weather::Sun, Weather::Rain { litres: 1 }, Forecast { day: 2 });
    let reply: <Forecast as Request>::Reply = Some(day);
    assert_eq!(reply, Some(2));
}
