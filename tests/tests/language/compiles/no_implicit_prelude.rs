#![deny(warnings)]

mod bare {
    #![no_implicit_prelude]

    use ::sagaflow::{Failure, saga, step};
    use ::std::result::Result::{self, Err, Ok};
    use ::std::string::String;
    use ::std::vec::Vec;

    #[step]
    #[retry(fixed, delay = "1s", max_attempts = 2, only(Refused::Busy))]
    #[compensate(release(output))]
    pub(crate) async fn reserve(#[inject] stock: &u64, item: u64) -> Result<u64, Refused> {
        if item > *stock { Err(Refused::Busy) } else { Ok(item) }
    }

    #[step]
    pub(crate) async fn release(item: u64) {
        let _ = item;
    }

    #[derive(Debug, ::serde::Serialize, ::serde::Deserialize)]
    pub(crate) enum Refused {
        Busy,
    }

    impl ::std::fmt::Display for Refused {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str("busy")
        }
    }

    impl ::std::convert::From<Refused> for Failure {
        fn from(_: Refused) -> Self {
            Failure::new("busy")
        }
    }

    #[saga]
    pub(crate) async fn order(name: String, items: Vec<u64>) -> Result<u64, Failure> {
        let mut total = 0;
        for item in &items {
            total += reserve(*item).await?;
            total += *item;
        }
        for item in items {
            total += if reserve(item).await? > 2 && reserve(total).await? > 1 { 1 } else { 2 };
        }
        match &name {
            name if name.is_empty() => {
                release(total).await;
                Ok(name.len() as u64)
            }
            name => {
                release(total).await;
                Ok(total + name.len() as u64)
            }
        }
    }
}

#[test]
fn compiles() {
    let _ = bare::order(String::new(), Vec::new());
    let _ = bare::reserve(1);
}
