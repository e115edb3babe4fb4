//! Mutated functions and options, thrown at the attributes: whatever comes in, tokens come out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

use crate::{lab_test, request, saga, signal, step};

/// Long enough to find what is easy to find; the count of inputs bounds it on a fast machine.
const TIME: Duration = Duration::from_secs(4);
const INPUTS: u64 = 100_000;

const OPTIONS: [&str; 5] = [
    "name = \"create-user\"",
    "transaction, name = \"debit\"",
    "exponential, base = \"1s\", factor = 0.5, max_delay = \"5m\", max_attempts = 8, unless(Error::Taken { .. } | Error::Gone), jitter = full",
    "delete_user(output.id, name.clone())",
    "reply = Result<u64, String>, name = \"add\", crate = facade::sagaflow",
];

const FUNCTIONS: [&str; 12] = [
    r#"
    /// Documented.
    #[retry(fixed, delay = "1s", max_attempts = 3, exhausted = pause, timeout = "1m", only(Error::Busy(1..=3)))]
    #[compensate(delete_user(output.id, name))]
    pub(crate) async fn create_user(#[inject] db: &Db, mut name: Option<String>, ids: Vec<[u8; 16]>) -> Result<User, Error> {
        db.insert(name).await
    }"#,
    r#"
    #[compensate(credit(account, amount))]
    async fn debit(tx: &mut Transaction<Postgres>, #[inject] db: &Db, account: i64, amount: i64) -> Result<(), Error> {
        db.insert(&mut *tx, account).await
    }"#,
    include_str!("../tests/expand/checkout.rs"),
    include_str!("../tests/expand/borrows.rs"),
    include_str!("../tests/expand/deferred.rs"),
    include_str!("../tests/expand/labels.rs"),
    include_str!("../tests/expand/operands.rs"),
    r#"
    async fn nested(request: Request, mut left: u32) -> Result<u64, Failure> {
        let Request { name, items: [first, .., last], .. } = request else { return Ok(0) };
        let label = &name;
        'outer: while let Some(item) = next(left).await? {
            match item {
                Item::One(n) if n > left => { left += one(n).await?; continue 'outer; }
                Item::Two { a, b: Some(b) } => { let a = two(a, b).await?; break 'outer; }
                other => drop(other),
            }
            for (index, part) in (0..left).zip(parts(left).await) {
                total += if part == 0 { three(index).await? } else { label.len() };
            }
        }
        let value = loop { if check(first).await? && ready { break sum(left, four(last).await?, &name) } };
        println!("{value} {name:?}");
        Ok(value)
    }"#,
    r#"
    async fn odd(number: Option<u64>, Upper: u64) -> Result<u64, Failure> {
        #![allow(unused_variables)]
        ;;
        let ref name = find(Upper).await?.name;
        let Order { ref id, .. } = find(2).await?;
        let order = &mut find(*id).await?;
        match number {
            Some(x) if let Some(y) = x.checked_sub(order.id) && y > 1 => order.id += double(x + y).await?,
            Some(x) | None if let x @ 1.. = Upper => drop(double(x).await),
            _ => { async { 1 }; }
        }
        let (a, B);
        (a, B) = (double(1).await?, 'out: { if a() { break 'out double(name.len()).await?; } 2 });
        Ok(a + B + order.id)
    }"#,
    r#"
    async fn closures(numbers: Vec<u64>) -> Result<u64, Failure> {
        let sum: u64 = numbers.iter().map(|number| number + 1).sum();
        let block = 'found: { if sum > 3 { break 'found double(sum).await?; } 0 };
        let held = Held { a: pure(block), b: double(block).await?, ..Held::default() };
        let [x, y] = [double(1).await?, double(held.a as u64).await?];
        numbers[x as usize] = y;
        const LIMIT: u64 = 3;
        fn helper(n: u64) -> u64 { n }
        return Ok(helper(x) + LIMIT);
    }"#,
    r#"
    /// Asked.
    #[cfg(unix)]
    #[request(reply = ())]
    pub(crate) struct Add { #[serde(default)] price: u64, items: Vec<[u8; 16]> }"#,
    "#[signal(name = \"answer\")] #[derive(Serialize, Deserialize)] enum Answer { Yes(u64), No { why: String } }",
];

/// What inputs are made of.
struct Material {
    options: Vec<TokenStream>,
    functions: Vec<TokenStream>,
    /// All their tokens.
    pool: Vec<TokenTree>,
}

impl Material {
    fn new() -> Self {
        let parsed = |texts: &[&str]| texts.iter().map(|text| parse(text)).collect::<Vec<_>>();
        let (options, functions) = (parsed(&OPTIONS), parsed(&FUNCTIONS));
        let pool = functions.iter().chain(&options).cloned().flat_map(flat).collect();
        Self { options, functions, pool }
    }

    /// The entry of a fuzzer: any bytes make an attribute, its options and an item. Panics if the attribute does, or
    /// has nothing to say.
    fn run(&self, bytes: &[u8]) {
        let mut choices = Choices(bytes);
        let attribute = ["step", "saga", "saga", "retry", "compensate", "signal", "request", "test"][choices.below(8)];
        let options = self.options[choices.below(self.options.len())].clone();
        let changes = choices.below(3);
        let options = choices.mutated(options, &self.pool, changes);
        let function = self.functions[choices.below(self.functions.len())].clone();
        let changes = 1 + choices.below(4);
        let function = choices.mutated(function, &self.pool, changes);
        let expand = || match attribute {
            "step" => step::expand(options.clone(), function.clone()),
            "saga" => saga::expand(options.clone(), function.clone()),
            "signal" => signal::expand(options.clone(), function.clone()),
            "request" => request::expand(options.clone(), function.clone()),
            "test" => lab_test::expand(options.clone(), function.clone()),
            helper => step::helper(helper, options.clone(), function.clone()),
        };
        let expanded = catch_unwind(AssertUnwindSafe(expand));
        let shown = || format!("bytes {bytes:?}: #[{attribute}({options})]\n{function}");
        assert!(expanded.is_ok(), "panicked at {}", shown());
        assert!(expanded.is_ok_and(|tokens| !tokens.is_empty()), "no tokens for {}", shown());
    }
}

/// `SAGAFLOW_INPUTS=10000000` for a long run, `SAGAFLOW_SEED` for others than before.
#[test]
fn mutated_functions_never_panic() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (inputs, seed) = (number("SAGAFLOW_INPUTS"), number("SAGAFLOW_SEED").unwrap_or(0));
    let material = Material::new();
    let begin = Instant::now();
    for input in 0..inputs.unwrap_or(INPUTS) {
        if inputs.is_none() && begin.elapsed() > TIME {
            break;
        }
        material.run(&bytes(seed.wrapping_add(input)));
    }
}

/// 64 bytes by SplitMix64.
fn bytes(mut state: u64) -> Vec<u8> {
    let next = |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..8).map(next).flat_map(u64::to_le_bytes).collect()
}

fn parse(text: &str) -> TokenStream {
    text.parse().expect("the text is made of tokens")
}

/// All tokens at any depth.
fn flat(tokens: TokenStream) -> Vec<TokenTree> {
    let inner = |token: TokenTree| match &token {
        TokenTree::Group(group) => {
            let stream = group.stream();
            std::iter::once(token).chain(flat(stream)).collect()
        }
        _ => vec![token],
    };
    tokens.into_iter().flat_map(inner).collect()
}

/// Choices that bytes make; the first of each when they have come to their end.
struct Choices<'b>(&'b [u8]);

impl Choices<'_> {
    fn below(&mut self, end: usize) -> usize {
        let Some((bytes, rest)) = self.0.split_first_chunk::<2>() else { return 0 };
        self.0 = rest;
        usize::from(u16::from_le_bytes(*bytes)) % end.max(1)
    }

    /// Changes, each somewhere in the tree.
    fn mutated(&mut self, tokens: TokenStream, pool: &[TokenTree], changes: usize) -> TokenStream {
        (0..changes).fold(tokens, |tokens, _| self.change(tokens, pool))
    }

    fn change(&mut self, tokens: TokenStream, pool: &[TokenTree]) -> TokenStream {
        let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
        if tokens.is_empty() {
            return self.token(pool).into();
        }
        let at = self.below(tokens.len());
        // Mostly go down into a group, as the most interesting code is deep.
        let groups: Vec<usize> = (0..tokens.len()).filter(|at| matches!(tokens[*at], TokenTree::Group(_))).collect();
        if !groups.is_empty() && self.below(4) > 0 {
            let at = groups[self.below(groups.len())];
            if let TokenTree::Group(group) = &tokens[at] {
                tokens[at] = Group::new(group.delimiter(), self.change(group.stream(), pool)).into();
            }
            return tokens.into_iter().collect();
        }
        match self.below(6) {
            0 => drop(tokens.remove(at)),
            1 => tokens.insert(at, self.token(pool)),
            2 => tokens[at] = self.token(pool),
            3 => {
                let other = self.below(tokens.len());
                tokens.swap(at, other);
            }
            4 => tokens.insert(at, tokens[at].clone()),
            _ => tokens.truncate(at),
        }
        tokens.into_iter().collect()
    }

    fn token(&mut self, pool: &[TokenTree]) -> TokenTree {
        match self.below(12) {
            0 => Ident::new(
                ["await", "self", "r#fn", "_x", "output", "async", "__reply"][self.below(7)].trim_start_matches("r#"),
                Span::call_site(),
            )
            .into(),
            1 => Literal::u64_unsuffixed(u64::MAX).into(),
            2 => Punct::new(['.', '?', '#', '\'', ';', '=', '|', '&'][self.below(8)], Spacing::Alone).into(),
            3 => Group::new(Delimiter::None, pool[self.below(pool.len())].clone().into()).into(),
            4 => Literal::string(["1x", "", "users.create", "{name}"][self.below(4)]).into(),
            _ => pool[self.below(pool.len())].clone(),
        }
    }
}
