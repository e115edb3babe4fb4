//! Forms that a compiler of this kind stumbles over. `tests/language` runs the like; here it matters that they compile.

#![expect(warnings, clippy::all, reason = "the odd forms are what is tested")]

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[step]
async fn num(n: u32) -> Result<u32, Failure> {
    Ok(n)
}

#[step]
async fn yes(n: bool) -> bool {
    n
}

#[step]
async fn r#type(r#match: u32) -> u32 {
    r#match
}

#[step]
async fn größe(länge: u32) -> u32 {
    länge
}

#[derive(Clone, Serialize, Deserialize)]
struct P {
    x: u32,
    y: Option<u32>,
    z: (u32, Vec<u32>),
}

const fn twice(n: u32) -> u32 {
    n * 2
}

mod raw_identifiers {
    use super::*;
    #[saga]
    async fn raw(r#fn: u32, r#loop: u32) -> Result<u32, Failure> {
        let r#struct = r#type(r#fn).await;
        let r#in = r#type(r#struct + r#loop).await;
        Ok(r#in + r#struct + r#fn)
    }
}

mod names_in_other_scripts {
    use super::*;
    #[saga]
    async fn uni(länge: u32) -> Result<u32, Failure> {
        let ñ = größe(länge).await;
        let 数 = größe(ñ).await;
        Ok(ñ + 数 + länge)
    }
}

mod own_function_named_ok {
    use super::*;
    fn Ok<T>(t: T) -> Result<T, Failure> {
        core::result::Result::Ok(t)
    }
    #[saga]
    async fn shadowed_ok(n: u32) -> Result<u32, Failure> {
        let n = num(n).await?;
        Ok(n)
    }
}

mod const_blocks {
    use super::*;
    #[saga]
    async fn konst(n: u32) -> Result<u32, Failure> {
        let k = const { twice(4) };
        let m = num(k).await?;
        let l = num(const { twice(5) } + m).await?;
        Ok(l + k)
    }
}

mod loop_as_scrutinee {
    use super::*;
    #[saga]
    async fn scrut(n: u32) -> Result<u32, Failure> {
        Ok(
            match loop {
                let k = num(n).await?;
                if k > 0 {
                    break k;
                }
            } {
                1 => num(2).await?,
                k => k,
            },
        )
    }
}

mod awaits_in_heads_of_loops {
    use super::*;
    #[saga]
    async fn in_while(n: u32) -> Result<u32, Failure> {
        let mut i = n;
        while {
            i = num(i).await? + 1;
            i < 10
        } {
            num(i).await?;
        }
        if {
            let t = num(i).await?;
            t > 3
        } {
            return Ok(1);
        }
        Ok(i)
    }
}

mod attributes_on_statements {
    use super::*;
    #[saga]
    async fn attrs(n: u32) -> Result<u32, Failure> {
        #[allow(unused_variables)]
        let x = num(n).await?;
        #[cfg(all())]
        let y = 3;
        #[allow(unused)]
        {
            num(y).await?;
        }
        #[allow(clippy::all)]
        if n > 1 {
            num(2).await?;
        }
        #[inline]
        fn f() -> u32 {
            3
        }
        #[allow(unused)]
        match n {
            #[allow(unused)]
            1 => {
                num(1).await?;
            }
            _ => {}
        }
        Ok(f() + y)
    }
}

mod labelled_blocks {
    use super::*;
    #[saga]
    async fn blocks(n: u32) -> Result<u32, Failure> {
        let x = 'a: {
            'b: {
                if num(n).await? > 3 {
                    break 'b;
                }
                if yes(true).await {
                    break 'a 7;
                }
            }
            num(1).await?
        };
        Ok(x)
    }
}

mod return_in_an_argument {
    use super::*;
    #[saga]
    async fn ret_in_arg(n: u32) -> Result<u32, Failure> {
        let x = num(if n > 3 { return Ok(2) } else { num(n).await? }).await?;
        Ok(x)
    }
}

mod calls_in_variables {
    use super::*;
    #[saga]
    async fn stored(n: u32) -> Result<u32, Failure> {
        let c = num(n);
        let d = num(n + 1);
        let e = num(n + 2).await?;
        let x = d.await?;
        Ok(c.await? + x + e)
    }
}

mod calls_in_vectors {
    use super::*;
    #[saga]
    async fn vec_of_calls(n: u32) -> Result<u32, Failure> {
        let mut t = 0;
        let calls: Vec<_> = (0..n).map(num).collect();
        for call in calls {
            t += call.await?;
        }
        let mut all = vec![num(1), num(2)];
        while let Some(c) = all.pop() {
            t += c.await?;
        }
        Ok(t)
    }
}

mod chains_of_lets {
    use super::*;
    #[saga]
    async fn chains(n: u32) -> Result<u32, Failure> {
        if let Some(x) = Some(num(n).await?)
            && x > 2
            && let Ok(y) = num(x).await
            && yes(y > 3).await
        {
            return Ok(y);
        }
        Ok(num(n).await.ok().filter(|n| *n > 2).map(|n| n + 1).unwrap_or_default())
    }
}

mod references_by_pattern {
    use super::*;
    #[saga]
    async fn refs(p: P) -> Result<u32, Failure> {
        let P { x, ref y, z: (a, ref v) } = p;
        num(x).await?;
        let t = v.len() as u32 + y.unwrap_or(a);
        let [first, rest @ ..] = &v[..] else { return Ok(t) };
        num(*first).await?;
        Ok(rest.len() as u32 + t)
    }
}

mod question_marks {
    use super::*;
    #[saga]
    async fn nested_q(n: u32) -> Result<u32, Failure> {
        let o = Some(num(n).await?);
        let f = |o: Option<u32>| -> Option<u32> { Some(o? + 1) };
        let x = f(o).ok_or_else(|| Failure::new("no"))?;
        let r: Result<Result<u32, Failure>, Failure> = Ok(num(x).await);
        Ok(r??)
    }
}

mod assignments_that_take_apart {
    use super::*;
    #[saga]
    async fn assignments(mut p: P) -> Result<u32, Failure> {
        (p.x, p.z.0) = (num(1).await?, num(2).await?);
        [p.x, _] = [num(p.x).await?, 3];
        P { x: p.x, .. } = P { x: num(9).await?, y: None, z: (1, vec![]) };
        p.x <<= num(1).await?;
        p.z.1.push(num(3).await?);
        p.y = p.y.or(Some(num(1).await?));
        Ok(p.x + p.z.0)
    }
}

mod items_in_a_body {
    use super::*;
    #[saga]
    async fn recursive(n: u32) -> Result<u32, Failure> {
        fn fact(n: u32) -> u32 {
            if n == 0 { 1 } else { n * fact(n - 1) }
        }
        struct L {
            v: u32,
        }
        impl L {
            fn get(&self) -> u32 {
                self.v
            }
        }
        enum E {
            A,
            B,
        }
        use E::*;
        let l = L { v: 3 }.get();
        let e = match n {
            0 => A,
            _ => B,
        };
        let k = match e {
            A => 1,
            B => 2,
        };
        num(fact(l) + k).await
    }
}

mod results_of_all_kinds {
    use super::*;
    #[saga]
    async fn unit(n: u32) {
        yes(n > 1).await;
    }
    #[saga]
    async fn unit2() {}
    #[saga]
    async fn never_fails(n: u32) -> u32 {
        if yes(true).await { 3 } else { n }
    }
}

#[test]
fn compiles() {}
