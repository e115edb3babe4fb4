//! Items, macros, attributes and names in and around sagas.

use sagaflow::prelude::*;

use crate::support::{Order, check, even, find, half, note, num, text};

macro_rules! checked {
    ($value:expr, $limit:literal $(, $text:ident)?) => {{
        let value = $value;
        if value > $limit {
            return Err(Failure::new(concat!("more than ", $limit $(, " ", stringify!($text))?)));
        }
        value
    }};
}

macro_rules! saga_of {
    ($(#[$attr:meta])* $vis:vis $name:ident($($arg:ident: $ty:ty),*) -> $out:ty $body:block) => {
        $(#[$attr])*
        #[saga]
        $vis async fn $name($($arg: $ty),*) -> Result<$out, Failure> $body
    };
    (twice $name:ident of $step:path, $first:expr, $($more:tt)*) => {
        #[saga]
        async fn $name(n: u32) -> Result<u32, Failure> {
            let first = $step($first).await?;
            let value = num(n).await?;
            Ok(first + value + $($more)*)
        }
    };
}

saga_of! {
    /// Made with a body of its caller's.
    pub(super) body_of_the_caller(n: u32, name: String) -> String {
        let x = num(n).await?;
        let name = text(name).await?;
        Ok(format!("{name} {x} {n}"))
    }
}

saga_of!(twice twice_of_a_path of crate::support::num, 1 + 2 * 3, { 4 } * 2);

#[saga]
async fn inner_attributes(n: u32) -> Result<u32, Failure> {
    #![allow(unused_variables, clippy::let_and_return)]
    //! Also documentation.
    let unused = num(n).await?;
    let x = num(n + 1).await?;
    x_plus_one(x)
}

fn x_plus_one(x: u32) -> Result<u32, Failure> {
    Ok(x + 1)
}

#[saga]
async fn macros_with_control_flow(n: u32) -> Result<u32, Failure> {
    let a = checked!(num_of(n), 20, start);
    let b = num(checked!(a + 1, 30)).await?;
    let c = checked!(b * 2, 25);
    note(format!("{a}{{}}{b:>1$}{c:#x}{n}{0}", c, 3, n = n)).await;
    let d = match b {
        0..=3 => checked!(c + a, 9, small),
        _ => num(checked!(c, 21, large)).await?,
    };
    Ok(a + d)
}

fn num_of(n: u32) -> u32 {
    n
}

#[saga]
async fn items_of_all_kinds(n: u32) -> Result<u32, Failure> {
    use std::fmt::Write as _;

    use crate::support::num as number;

    const STEPS: [u32; 2] = [1, 2];
    static NAME: &str = "static";
    type Numbers = Vec<u32>;

    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
    struct Local<T> {
        inner: T,
    }

    impl<T: Copy + Into<u64>> Local<T> {
        fn wide(&self) -> u64 {
            self.inner.into()
        }
    }

    trait Shout {
        fn shout(&self) -> String;
    }

    impl Shout for str {
        fn shout(&self) -> String {
            self.to_uppercase()
        }
    }

    enum Choice {
        One,
        Other(u32),
    }

    #[step]
    async fn local_step(n: u32) -> u32 {
        n + 1
    }

    async fn not_called() -> u32 {
        async { 1 }.await
    }

    mod inside {
        pub(super) const THREE: u32 = 3;
    }

    macro_rules! one {
        () => {
            1
        };
    }

    let local = Local { inner: number(n).await? };
    let mut out: Numbers = Vec::new();
    for step in STEPS {
        out.push(local_step(step).await + one!());
    }
    let mut line = String::new();
    write!(line, "{}", NAME.shout()).map_err(|error| Failure::new(error.to_string()))?;
    note(line).await;
    let choice = if local.wide() > 2 { Choice::Other(inside::THREE) } else { Choice::One };
    let chosen = match choice {
        Choice::One => number(1).await?,
        Choice::Other(n) => local_step(n).await,
    };
    let _ = not_called;
    Ok(out.iter().sum::<u32>() + chosen + const { one!() + STEPS[1] })
}

#[saga]
async fn async_values(n: u32) -> Result<u32, Failure> {
    let before = num(n).await?;
    // Never polled, but legal.
    let future = async { before + 1 };
    drop(future);
    let lazy = async |x: u32| x + before;
    drop(lazy);
    let after = num(before + 1).await?;
    drop(async move { after });
    Ok(after)
}

#[saga]
async fn configured(n: u32) -> Result<u32, Failure> {
    let mut x = num(n).await?;
    #[cfg(any())]
    {
        x += not_there(x);
    }
    #[cfg(not(any()))]
    {
        x += 1;
    }
    let y = if cfg!(any()) { num(100).await? } else { num(x).await? };
    #[cfg_attr(any(), not_an_attribute)]
    let z = y + 1;
    num(z).await?;
    let out = (
        #[cfg(any())]
        1,
        z,
    );
    match z {
        #[cfg(any())]
        _ => unreachable!(),
        #[cfg(not(any()))]
        1.. => Ok(out.0),
        #[allow(unreachable_patterns)]
        _ => num(0).await,
    }
}

#[saga]
async fn names_like_others(machine: u32, at: u32, reply: u32) -> Result<String, Failure> {
    let slot_at = num(at).await?;
    let codec_at = num(machine).await?;
    let call = num(reply).await?;
    let order = find(2).await?;
    let order_name = text("own".to_owned()).await?;
    let item = num(order.id).await?;
    let rest_of_item = num(item).await?;
    for item in [1, rest_of_item] {
        let rest_of_item = num(item).await?;
        note(format!("{rest_of_item} {}", order.name)).await;
    }
    let self_ = num(1).await?;
    let std = num(2).await?;
    let core = num(std).await?;
    let sagaflow = num(core).await?;
    let Start = num(3).await?;
    let Description = num(sagaflow + 1).await?;
    Ok(format!(
        "{slot_at}{codec_at}{call}{order_name}{}{self_}{std}{core}{sagaflow}{Start}{Description}{at}",
        order.name
    ))
}

#[saga]
#[allow(non_snake_case)]
async fn unusual_names(r#type: u32, größe: u32, X: u32) -> Result<u32, Failure> {
    let r#match = num(r#type).await?;
    let ähnlich = num(größe).await?;
    let Upper = num(X).await?;
    let _leading = num(Upper).await?;
    let r#async = even(_leading).await;
    let trailing_ = num(r#match + ähnlich).await?;
    if let Some(r#async) = r#async {
        return Ok(num(r#async).await? + trailing_ + Upper + X);
    }
    Ok(trailing_ + Upper + _leading + X)
}

#[saga]
async fn names_of_steps(n: u32) -> Result<u32, Failure> {
    let mut out = 0;
    for text in 0..n {
        let num = num(text).await?;
        let half = half(num * 2).await.unwrap_or(num);
        let even = if half > 1 { even(half).await } else { None };
        out += half + even.unwrap_or_default() + text;
    }
    {
        let find = find(out).await?;
        let Order { id: num, .. } = find;
        out += num;
    }
    let note = note("last".to_owned()).await;
    let () = note;
    let num = num(out).await?;
    Ok(num)
}

mod sagas_in_functions {
    use super::{Failure, check, num, saga};

    pub(super) async fn run() {
        #[saga]
        async fn inner(n: u32) -> Result<u32, Failure> {
            #[saga]
            async fn innermost(n: u32) -> Result<u32, Failure> {
                Ok(num(n).await? + 1)
            }
            let a = innermost(n).await?;
            Ok(a + innermost(a).await?)
        }
        check!(inner: (1), (12), (13));
    }
}

#[tokio::test]
async fn items() {
    check!(body_of_the_caller: (1, "a".to_owned()), (1, "bad".to_owned()));
    check!(twice_of_a_path: (1), (13));
    check!(inner_attributes: (1), (13));
    check!(macros_with_control_flow: (1), (4), (10), (11), (12), (13), (40));
    check!(items_of_all_kinds: (1), (3), (13));
    check!(async_values: (1), (12));
    check!(configured: (1), (12), (13));
    check!(names_like_others: (1, 2, 3), (1, 2, 13));
    check!(unusual_names: (1, 2, 4), (1, 2, 3), (13, 1, 1));
    check!(names_of_steps: (0), (3), (6), (14));
    sagas_in_functions::run().await;
}
