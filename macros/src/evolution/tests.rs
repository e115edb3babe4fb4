//! What is said of attributes that make no sense.

use proc_macro2::TokenStream;
use syn::Item;

type Expand = fn(TokenStream, TokenStream) -> TokenStream;

/// The messages of the errors of an expansion.
fn errors(expand: Expand, options: &str, source: &str) -> Vec<String> {
    let parse = |text: &str| text.parse::<TokenStream>().expect("it is Rust");
    let file: syn::File = syn::parse2(expand(parse(options), parse(source))).expect("the expansion is Rust");
    let message = |item: Item| match item {
        Item::Macro(item) if item.mac.path.segments.last()?.ident == "compile_error" => {
            Some(item.mac.parse_body::<syn::LitStr>().expect("it is a message").value())
        }
        _ => None,
    };
    file.items.into_iter().filter_map(message).collect()
}

#[test]
fn options_of_the_function() {
    let cases = [
        ("version = 0", "a version is a number from 1, such as `version = 2`"),
        ("version = \"2\"", "a version is a number from 1, such as `version = 2`"),
        ("version = 2, version = 3", "`version` is given twice: keep one"),
        ("version", "`version` needs a value: `version = …`"),
        ("before = buy_v1", "there is no version before the first one: write `version = 2`, or a greater number"),
        (
            "version = 1, migrate = f",
            "there is no version before the first one: write `version = 2`, or a greater number",
        ),
        (
            "version = 2, before = \"buy_v1\"",
            "`before` is the name of the saga of the version before, without quotes or brackets",
        ),
        ("version = 2, migrate = f()", "`migrate` is the name of a function, without quotes or brackets"),
        ("alias = 7", "an alias is a string, or a list of strings: `alias = \"old_name\"`"),
        ("alias = []", "an alias is a string, or a list of strings: `alias = \"old_name\"`"),
        ("alias = \"a.b\"", "`a.b` can't be a name in messages: it has 1 to 128 ASCII letters, digits, `_` and `-`"),
        ("history = \"0s\"", "with no time at all nothing is kept: give it some, or leave `history` out"),
        ("history = \"1h\", history = \"2h\"", "`history` is given twice: keep one"),
        ("on_stuck = \"alert\"", "`on_stuck` is the name of a step that takes a `Report`, without quotes or brackets"),
        ("on_failed = one, on_failed = two", "`on_failed` is given twice: keep one"),
        ("on_failed", "`on_failed` needs a value: `on_failed = …`"),
        ("concurrency = 0", "so many instances at a time are a number from 1 to 1000, such as `concurrency = 2`"),
        ("concurrency = 5000", "so many instances at a time are a number from 1 to 1000, such as `concurrency = 2`"),
        ("concurrency = 1, concurrency = 2", "`concurrency` is given twice: keep one"),
        ("concurrency = 1, key = n, key = n", "`key` is given twice: keep one"),
        (
            "key = n",
            "`key` says among which instances `concurrency` is counted: write `concurrency = 2`, too, or leave it out",
        ),
        ("keep = \"undo\"", "`keep` lists steps that undo, such as `keep = [cancel_order]`"),
    ];
    for (options, expected) in cases {
        let found = errors(crate::saga::expand, options, "async fn buy(n: u32) -> Result<u32, Failure> { Ok(n) }");
        assert_eq!(found, [expected], "{options}");
    }
    let limits = [
        ("concurrency = 0", "so many attempts at a time are a number from 1, such as `concurrency = 10`"),
        ("concurrency = \"10\"", "so many attempts at a time are a number from 1, such as `concurrency = 10`"),
        ("concurrency = 1, concurrency = 2", "`concurrency` is given twice: keep one"),
        ("rate = 100", "a rate is a number of attempts and a time: `rate = \"100/s\"`, `\"20/m\"`, `\"1/10s\"`"),
        ("rate = \"0/s\"", "a rate is a number of attempts and a time: `rate = \"100/s\"`, `\"20/m\"`, `\"1/10s\"`"),
        (
            "rate = \"100/fortnight\"",
            "a rate is a number of attempts and a time: `rate = \"100/s\"`, `\"20/m\"`, `\"1/10s\"`",
        ),
        ("rate = \"1/s\", rate = \"2/s\"", "`rate` is given twice: keep one"),
        ("rate", "`rate` needs a value: `rate = …`"),
        (
            "shared",
            "`shared` says that limits hold for all workers together: write `concurrency = 10` or `rate = \"100/s\"`, too",
        ),
        ("rate = \"1/s\", shared = true", "`shared` has no value: write `#[step(concurrency = 10, shared)]`"),
    ];
    for (options, expected) in limits {
        assert_eq!(errors(crate::step::expand, options, "async fn pay(n: u32) -> u32 { n }"), [expected], "{options}");
    }
    let found = errors(crate::step::expand, "concurrency = 2, key = n", "async fn pay(n: u32) -> u32 { n }");
    assert_eq!(found.len(), 1, "{found:?}");
    let found = errors(crate::step::expand, "version = 2", "async fn pay(n: u32) -> u32 { n }");
    assert_eq!(
        found,
        [
            "unknown option `version`: allowed here: `name`, `blocking`, `transaction`, `concurrency`, `rate`, `shared`, `alias`, `crate`"
        ]
    );
}

#[test]
fn variables_and_awaits() {
    let nothing = "nothing is awaited here, so no record holds what this speaks of: leave it out, or put it at the `let` whose variable is read after a step";
    let cases = [
        ("if n > 3 { #[saga(default)] let m = n; return Ok(m); } pay(n).await; Ok(n)", nothing),
        (
            "#[saga(state = \"a\")] let m = n; pay(m).await; Ok(m)",
            "nothing is awaited here that could have this state's name",
        ),
        (
            "#[saga(state = \"a\")] let m = pay(n).await + pay(n).await; Ok(m)",
            "more than one thing is awaited here: divide the statement, so that the name stands for one state",
        ),
        (
            "#[saga(state = \"a\")] let m = pay(n).await; #[saga(state = \"a\")] let o = pay(n).await; Ok(m + o)",
            "there is a state `a` already: give this one a name of its own",
        ),
        (
            "#[saga(state = \"a b\")] let m = pay(n).await; Ok(m)",
            "`a b` can't be a state's name: it has 1 to 128 ASCII letters, digits, `_`, `-` and `#`",
        ),
        (
            "#[saga(alias = \"o\")] let m = &n; pay(n).await; Ok(*m)",
            "`m` is made again after each step and is in no record, so that nothing has to be said of older ones: leave this out",
        ),
        (
            "#[saga(alias = \"o\")] let (a, b) = (n, n); pay(n).await; Ok(a + b)",
            "an alias stands for one variable: bind the others with a `let` of their own",
        ),
        ("#[saga(alias = \"1\")] let m = n + 1; pay(n).await; Ok(m)", "`1` can't have been the name of a variable"),
        ("#[saga(alias)] let m = n + 1; pay(n).await; Ok(m)", "`alias` is a string here: write `alias = \"…\"`"),
        (
            "#[saga] let m = n + 1; pay(n).await; Ok(m)",
            "`#[saga(…)]` says something here, such as `default` or `alias = \"…\"` or `state = \"…\"`",
        ),
        (
            "#[saga(since = 3)] let m = n + 1; pay(n).await; Ok(m)",
            "unknown option `since`: allowed here: `default`, `alias`, `state`",
        ),
        ("#[saga(default)] for m in 0..n { pay(m).await; } Ok(n)", "unknown option `default`: allowed here: `alias`"),
        ("#[saga(default)] pay(n).await; Ok(n)", "unknown option `default`: allowed here: `state`"),
    ];
    for (body, expected) in cases {
        let source = format!("async fn buy(n: u32) -> Result<u32, Failure> {{ {body} }}");
        assert_eq!(errors(crate::saga::expand, "", &source), [expected], "{body}");
    }
}

#[test]
fn parameters() {
    let cases = [
        (
            "#[inject] #[step(default)] bank: &Bank",
            "a dependency is in no message, so there is nothing to read from an older one: leave this out",
        ),
        ("#[step(state = \"a\")] n: u32", "unknown option `state`: allowed here: `default`, `alias`"),
        ("#[step(default, default = 3)] n: u32", "`default` is given twice: keep one"),
        (
            "#[saga(default)] n: u32",
            "an argument of a message takes no attributes here: wrap it in a type of your own, and put them there",
        ),
    ];
    for (parameter, expected) in cases {
        let source = format!("async fn pay({parameter}) -> u32 {{ 1 }}");
        assert_eq!(errors(crate::step::expand, "", &source), [expected], "{parameter}");
    }
}
