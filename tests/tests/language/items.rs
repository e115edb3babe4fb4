//! Items in the body, sagas in modules.

use sagaflow::prelude::*;

use crate::support::{check, note, num};

const FACTOR: u32 = 3;

#[saga]
async fn items_in_the_body(n: u32) -> Result<u32, Failure> {
    const LIMIT: u32 = 5;
    static NAMES: [&str; 2] = ["a", "b"];
    use std::cmp::min;
    #[derive(Clone, Copy)]
    struct Local(u32);
    impl Local {
        fn double(self) -> u32 {
            self.0 * 2
        }
    }
    let x = num(min(n, LIMIT)).await?;
    fn helper(x: u32) -> u32 {
        if x > 3 {
            return 1;
        }
        x + FACTOR
    }
    note(NAMES[(x % 2) as usize].to_owned()).await;
    let y = Local(helper(x)).double();
    for i in 0..y {
        fn inner(i: u32) -> u32 {
            i + FACTOR
        }
        if inner(i) > LIMIT {
            break;
        }
        note(format!("{i}")).await;
    }
    num(y).await
}

#[saga]
async fn items_in_verbatim_blocks(n: u32) -> Result<u32, Failure> {
    const LIMIT: u32 = 1;
    let x = {
        const LIMIT: u32 = 2;
        LIMIT + n
    };
    let y = if n > 3 {
        const LIMIT: u32 = 3;
        LIMIT
    } else {
        LIMIT
    };
    num(x + y + LIMIT).await
}

mod inner {
    use super::{FACTOR, Failure, saga};
    use crate::support::{check, num};

    pub(super) mod deeper {
        use sagaflow::prelude::*;

        #[step(name = "triple_it")]
        pub(super) async fn triple(n: u32) -> u32 {
            n * super::super::FACTOR
        }

        #[saga]
        pub(in super::super) async fn tripled(n: u32) -> Result<u32, Failure> {
            let x = triple(n).await;
            let y = super::num(x).await?;
            Ok(super::local(y) + super::super::FACTOR)
        }
    }

    fn local(n: u32) -> u32 {
        n + 1
    }

    #[saga]
    async fn first(n: u32) -> Result<u32, Failure> {
        let x = deeper::triple(n).await;
        num(local(x) * FACTOR).await
    }

    #[saga(name = "the_second")]
    async fn second(n: u32) -> Result<u32, Failure> {
        crate::support::num(n).await
    }

    #[tokio::test]
    async fn of_a_module() {
        check!(first: (1), (4));
        check!(second: (1));
    }
}

use inner::deeper::tripled;

#[tokio::test]
async fn items() {
    check!(items_in_the_body: (1), (4), (9), (13));
    check!(items_in_verbatim_blocks: (1), (4));
    check!(tripled: (1), (4));
}
