//! Mutated functions and options, thrown at the attributes: whatever comes in, tokens come out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

use crate::{saga, step};

/// Long enough to find what is easy to find; the count of rounds bounds it on a fast machine.
const TIME: Duration = Duration::from_secs(4);
const ROUNDS: u64 = 20_000;

const OPTIONS: [&str; 3] = [
    "name = \"create-user\"",
    "exponential, base = \"1s\", factor = 0.5, max_delay = \"5m\", max_attempts = 8, unless(Error::Taken { .. } | Error::Gone), jitter = full",
    "delete_user(output.id, name.clone())",
];

const FUNCTIONS: [&str; 4] = [
    r#"
    /// Documented.
    #[retry(fixed, delay = "1s", max_attempts = 3, exhausted = pause, timeout = "1m", only(Error::Busy(1..=3)))]
    #[compensate(delete_user(output.id, name))]
    pub(crate) async fn create_user(#[inject] db: &Db, mut name: Option<String>, ids: Vec<[u8; 16]>) -> Result<User, Error> {
        db.insert(name).await
    }"#,
    include_str!("../tests/expand/checkout.rs"),
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
];

#[test]
fn mutated_functions_never_panic() {
    let pool: Vec<TokenTree> = FUNCTIONS.iter().chain(&OPTIONS).flat_map(|text| flat(parse(text))).collect();
    let begin = Instant::now();
    for seed in 0..ROUNDS {
        if begin.elapsed() > TIME {
            break;
        }
        let mut random = Random(seed);
        let (options, function) = (OPTIONS[random.below(OPTIONS.len())], FUNCTIONS[random.below(FUNCTIONS.len())]);
        let options = random.mutated(parse(options), &pool, seed % 3 == 0);
        let function = random.mutated(parse(function), &pool, true);
        let entries: [(&str, &dyn Fn() -> TokenStream); 4] = [
            ("step", &|| step::expand(options.clone(), function.clone())),
            ("saga", &|| saga::expand(options.clone(), function.clone())),
            ("retry", &|| step::helper("retry", options.clone(), function.clone())),
            ("compensate", &|| step::helper("compensate", options.clone(), function.clone())),
        ];
        for (attribute, expand) in entries {
            let expanded = catch_unwind(AssertUnwindSafe(expand));
            let shown = || format!("seed {seed}: #[{attribute}({options})]\n{function}");
            assert!(expanded.is_ok(), "panicked at {}", shown());
            assert!(expanded.is_ok_and(|tokens| !tokens.is_empty()), "no tokens for {}", shown());
        }
    }
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

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    /// One to four changes, each somewhere in the tree.
    fn mutated(&mut self, tokens: TokenStream, pool: &[TokenTree], change: bool) -> TokenStream {
        let changes = if change { 1 + self.below(4) } else { 0 };
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
