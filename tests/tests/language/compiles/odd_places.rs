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

mod deep {
    use super::*;
    #[saga]
    async fn deep(n: u32) -> Result<u32, Failure> {
        if n > 1 {
            if n > 2 {
                if n > 3 {
                    if n > 4 {
                        if n > 5 {
                            for a in 0..n {
                                for b in 0..a {
                                    for c in 0..b {
                                        while c > 1 {
                                            loop {
                                                match num(c).await? {
                                                    1 => break,
                                                    2 => return Ok(3),
                                                    3 => continue,
                                                    _ => {
                                                        num(1).await?;
                                                        break;
                                                    }
                                                }
                                            }
                                            break;
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        Ok(1)
    }
}

mod macros_between_steps {
    use super::*;
    #[saga]
    async fn stmts_mac(n: u32) -> Result<u32, Failure> {
        macro_rules! sq {
            ($e:expr) => {
                $e * $e
            };
        }
        let x = sq!(n);
        let y = num(x).await?;
        assert!(y == x, "{y} {x}");
        println!("{}", sq!(y));
        let v = vec![x; 3];
        let s = format!("{x:>0$}", 3);
        num(v.len() as u32 + sq!(s.len() as u32)).await
    }
}

mod patterns_with_alternatives {
    use super::*;
    #[saga]
    async fn letchain_or(n: u32) -> Result<u32, Failure> {
        let x @ (1 | 2 | 3..) = num(n).await? else { return Ok(0) };
        let (Ok(v) | Err(v)) = num(x).await.map_err(|_| 3);
        let c = |a: &mut u32| *a += v;
        let mut k = v;
        c(&mut k);
        Ok(num(k).await? + v)
    }
}

mod call_in_an_option {
    use super::*;
    #[saga]
    async fn tryblock(n: u32) -> Result<u32, Failure> {
        let x = Some(num(n));
        let y = x.unwrap().await?;
        num(3).await
    }
}

mod functions_as_values {
    use super::*;
    #[saga]
    async fn paren(n: u32) -> Result<u32, Failure> {
        let x = (((num)(n)).await)?;
        let f = num;
        let g = f(x).await?;
        let h: fn(u32) -> Call<num> = num;
        Ok(h(g).await? as u32 as u64 as u32)
    }
}

mod ranges_and_operators {
    use super::*;
    #[saga]
    async fn ranges(n: u32) -> Result<u32, Failure> {
        let v = vec![1u32, 2, 3, 4];
        let s = &v[..num(2).await? as usize];
        let l = s.len() as u32;
        let a = [num(1).await?; 3];
        for i in num(0).await?..=num(3).await? {
            num(a[i as usize % 3]).await?;
        }
        Ok(l + -(num(1).await? as i32) as u32 + !num(3).await? & *&num(2).await?)
    }
}

mod short_circuits {
    use super::*;
    #[saga]
    async fn unwound(n: u32) -> Result<u32, Failure> {
        let x = if yes(n > 1).await && !(yes(true).await || num(n).await? > 3) || n == 9 && yes(false).await {
            1
        } else {
            2
        };
        let b = n > 1 || yes(false).await;
        let b2 = b & yes(true).await | (b ^ yes(b).await);
        Ok(x + b2 as u32)
    }
}

mod threads_and_channels {
    use super::*;
    #[saga]
    async fn thr(n: u32) -> Result<u32, Failure> {
        let (tx, rx) = std::sync::mpsc::channel();
        tx.send(1u32).unwrap();
        let k = rx.recv().unwrap();
        num(k).await?;
        let t = std::thread::spawn(move || k).join().unwrap();
        num(t).await
    }
}

mod cells {
    use super::*;
    #[saga]
    async fn cell(n: u32) -> Result<u32, Failure> {
        let c = std::cell::RefCell::new(vec![n]);
        let k = num(2).await?;
        c.borrow_mut().push(k);
        let l = c.borrow().len() as u32;
        num(l).await?;
        let k = std::cell::Cell::new(3);
        k.set(num(1).await?);
        Ok(k.get() + c.into_inner().len() as u32)
    }
}

mod receivers_that_are_places {
    use super::*;
    #[saga]
    async fn method_on_place(mut p: P) -> Result<u32, Failure> {
        p.z.1.push(num(2).await?);
        p.z.1.extend([num(1).await?, num(2).await?]);
        p.z.1.iter_mut().for_each(|n| *n += 1);
        p.y.get_or_insert(num(1).await?);
        p.z.1[num(0).await? as usize].pow(num(2).await?);
        Ok(p.z.1.len() as u32)
    }
}

mod entries_of_a_map {
    use super::*;
    #[saga]
    async fn map_entry(n: u32) -> Result<u32, Failure> {
        let mut m = std::collections::BTreeMap::new();
        for i in 0..n {
            *m.entry(i % 3).or_insert(0) += i;
            let v = num(i).await?;
            m.entry(v).and_modify(|x| *x += 1).or_insert_with(|| v);
        }
        for (k, v) in &m {
            num(*k + *v).await?;
        }
        for v in m.values_mut() {
            *v = num(*v).await?;
        }
        let best = m.iter().max_by_key(|(_, v)| **v).map(|(k, _)| *k);
        Ok(best.unwrap_or(0))
    }
}

mod boxed_recursion {
    use super::*;
    #[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
    enum Kind {
        A { v: Vec<u32>, name: String },
        B(Box<Kind>),
        C,
    }
    #[saga]
    async fn boxes(k: Kind) -> Result<u32, Failure> {
        let mut k = k;
        let mut t = 0;
        loop {
            k = match k {
                Kind::A { v, name } if v.is_empty() => {
                    num(name.len() as u32).await?;
                    Kind::C
                }
                Kind::A { mut v, name } => {
                    t += num(v.pop().unwrap()).await?;
                    Kind::A { v, name }
                }
                Kind::B(inner) => {
                    yes(true).await;
                    *inner
                }
                Kind::C => return Ok(t),
            }
        }
    }
}

mod options_of_structs {
    use super::*;
    #[saga]
    async fn opts(p: Option<P>) -> Result<u32, Failure> {
        let Some(ref q) = p else { return Ok(0) };
        let x = num(q.x).await?;
        let y = match q {
            P { y: Some(y @ 1..=5), .. } => num(*y).await?,
            P { z: (_, v), .. } if v.len() > 2 => v[0],
            _ => 0,
        };
        let r = p.as_ref().map(|p| p.x);
        num(y).await?;
        let z = if let Some(P { z: (a, b), .. }) = &p {
            num(*a).await?;
            b.len() as u32
        } else {
            0
        };
        Ok(x + r.unwrap() + z)
    }
}

mod lines_and_characters {
    use super::*;
    #[saga]
    async fn text(s: String) -> Result<String, Failure> {
        let mut out = String::new();
        for (i, line) in s.lines().enumerate() {
            let n = num(line.len() as u32).await?;
            out.push_str(&format!("{i}:{line}:{n}\n"));
        }
        for word in s.split(',').map(str::trim).map(String::from).collect::<Vec<_>>() {
            out += &word;
            out += &num(1).await?.to_string();
        }
        for c in s.chars() {
            num(c as u32).await?;
            out.push(c);
        }
        for (i, b) in s.bytes().enumerate() {
            num(b as u32 + i as u32).await?;
        }
        Ok(out)
    }
}

mod blocks_with_values {
    use super::*;
    #[saga]
    async fn early(n: u32) -> Result<u32, Failure> {
        let x = {
            let t = num(n).await?;
            if t == 3 {
                return Err(Failure::new("x"));
            }
            t
        } + match n {
            0 => return Ok(1),
            _ => num(1).await?,
        };
        let v: Vec<u32> = {
            let mut v = Vec::new();
            for i in 0..3 {
                v.push(num(i).await?);
            }
            v
        };
        Ok(v.into_iter().sum::<u32>() + x)
    }
}

mod items_of_iterators {
    use super::*;
    #[saga]
    async fn iter_rest(v: Vec<P>) -> Result<u32, Failure> {
        let mut t = 0;
        for P { x, y, z: (a, b) } in v.iter().cloned().filter(|p| p.x > 1) {
            t += num(x + a).await? + b.len() as u32 + y.unwrap_or(1);
        }
        for p in v.iter().filter(|p| p.x > 2).cloned().collect::<Vec<_>>().iter().rev() {
            t += num(p.x).await?;
        }
        for p in v {
            let P { x, .. } = p;
            num(x).await?;
            let w = p.z.1;
            t += num(w.len() as u32).await?;
        }
        Ok(t)
    }
}

mod slices_of_a_vector {
    use super::*;
    #[saga]
    async fn sort_of(mut v: Vec<u32>) -> Result<u32, Failure> {
        v.sort();
        v.dedup();
        let (a, b) = v.split_at(v.len() / 2);
        let (a, b) = (a.to_vec(), b.to_vec());
        let x = num(a.len() as u32).await?;
        let m = a.iter().zip(&b).map(|(a, b)| a * b).max();
        for (a, b) in a.iter().zip(b.iter()) {
            num(a + b).await?;
        }
        while let [first, rest @ ..] = &v[..] {
            num(*first).await?;
            v = rest.to_vec();
        }
        Ok(x + m.unwrap_or_default())
    }
}

#[test]
fn compiles() {}
