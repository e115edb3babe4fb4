//! The options of `#[step(…)]` and `#[saga(…)]`.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprArray, ExprLit, ExprPath, Lit, LitStr, Meta, MetaNameValue, Path, PathArguments, Token};

use crate::diagnostics::{Diagnostics, unknown};
use crate::duration;
use crate::root::Root;

/// What can be set on a step or saga.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The name in messages.
    pub(crate) name: Option<LitStr>,
    /// How long after its start an instance is to have ended: of sagas.
    pub(crate) deadline: Option<Duration>,
    /// How long former records are kept: of sagas.
    pub(crate) history: Option<Duration>,
    /// What is told when an instance gets stuck, or fails: of sagas.
    pub(crate) on_stuck: Option<Path>,
    pub(crate) on_failed: Option<Path>,
    /// Where it says that the function blocks its thread: of steps.
    pub(crate) blocking: Option<Path>,
    /// How many attempts a worker makes at a time, and in a time: of steps. How many instances run at a time, of those with the same key: of sagas.
    pub(crate) concurrency: Option<u32>,
    pub(crate) key: Option<Expr>,
    /// Where it says that its limits hold for all workers together: of steps.
    pub(crate) shared: Option<Path>,
    pub(crate) rate: Option<(u32, Duration)>,
    /// The names that it had before.
    pub(crate) alias: Vec<LitStr>,
    /// The version of a saga; the first one if it is not said.
    pub(crate) version: Option<u32>,
    /// The saga of the version before, which its instances end on.
    pub(crate) before: Option<Path>,
    /// The function that makes instances of versions before this one into instances of this one.
    pub(crate) migrate: Option<Path>,
    /// Steps that undo what older code has done.
    pub(crate) keep: Vec<Path>,
    /// Where it says that the function runs in a transaction of the user's database: of steps.
    pub(crate) transaction: Option<Path>,
    /// Where sagaflow is.
    path: Option<Path>,
}

const OF_STEPS: &[&str] = &["name", "blocking", "transaction", "concurrency", "rate", "shared", "alias", "crate"];
const OF_SAGAS: &[&str] = &[
    "name",
    "deadline",
    "history",
    "concurrency",
    "key",
    "on_stuck",
    "on_failed",
    "alias",
    "version",
    "before",
    "migrate",
    "keep",
    "crate",
];

/// Each instance that has its turn stands in the record of its line.
const MOST_INSTANCES: u32 = 1000;

impl Options {
    pub(crate) fn parse(attribute: &str, tokens: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let mut options = Self::default();
        let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
        let known = if attribute == "saga" { OF_SAGAS } else { OF_STEPS };
        let usage = match attribute {
            "saga" => {
                "`#[saga]` takes `name = \"…\"`, `deadline = \"1h\"`, `concurrency = 2`, `version = 2`, or nothing"
            }
            _ => {
                "`#[step]` takes `name = \"…\"`, `blocking`, `transaction`, `concurrency = 10`, `rate = \"100/s\"`, `alias = \"…\"`, or nothing"
            }
        };
        let Some(entries) =
            diagnostics.note(parser.parse2(tokens).map_err(|error| syn::Error::new(error.span(), usage)))
        else {
            return options;
        };
        for entry in &entries {
            let path = entry.path();
            let found = quote!(#path).to_string().replace(' ', "");
            match (found.as_str(), entry) {
                (other, _) if !known.contains(&other) => diagnostics.error(path, unknown("option", other, known)),
                ("blocking", Meta::Path(path)) => set_flag(&mut options.blocking, path, diagnostics),
                ("transaction", Meta::Path(path)) => set_flag(&mut options.transaction, path, diagnostics),
                ("transaction", _) => {
                    let text = "`transaction` has no value here: the type of the parameter says which one, as in `tx: &mut Transaction<Postgres>`";
                    diagnostics.error(path, text);
                }
                ("shared", Meta::Path(path)) => set_flag(&mut options.shared, path, diagnostics),
                ("shared", _) => {
                    let text = "`shared` has no value: write `#[step(concurrency = 10, shared)]`";
                    diagnostics.error(path, text);
                }
                ("blocking", _) => {
                    diagnostics.error(path, "`blocking` has no value: write `#[step(blocking)]`");
                }
                ("name", Meta::NameValue(pair)) => options.set_name(pair, diagnostics),
                ("deadline", Meta::NameValue(pair)) => options.set_deadline(pair, diagnostics),
                ("history", Meta::NameValue(pair)) => options.set_history(pair, diagnostics),
                ("concurrency", Meta::NameValue(pair)) if attribute == "saga" => {
                    options.set_instances(pair, diagnostics);
                }
                ("concurrency", Meta::NameValue(pair)) => options.set_concurrency(pair, diagnostics),
                ("key", Meta::NameValue(pair)) => options.set_key(pair, diagnostics),
                ("rate", Meta::NameValue(pair)) => options.set_rate(pair, diagnostics),
                ("alias", Meta::NameValue(pair)) => options.set_alias(pair, diagnostics),
                ("version", Meta::NameValue(pair)) => options.set_version(pair, diagnostics),
                ("on_stuck", Meta::NameValue(pair)) => set_function(&mut options.on_stuck, pair, diagnostics),
                ("on_failed", Meta::NameValue(pair)) => set_function(&mut options.on_failed, pair, diagnostics),
                ("before", Meta::NameValue(pair)) => set_function(&mut options.before, pair, diagnostics),
                ("migrate", Meta::NameValue(pair)) => set_function(&mut options.migrate, pair, diagnostics),
                ("keep", Meta::NameValue(pair)) => options.set_keep(pair, diagnostics),
                (_, Meta::NameValue(pair)) => options.set_path(pair, diagnostics),
                (found, _) => diagnostics.error(path, format!("`{found}` needs a value: `{found} = …`")),
            }
        }
        options.check_version(&entries, diagnostics);
        options.check_key(&entries, diagnostics);
        options.check_shared(&entries, diagnostics);
        options
    }

    /// What takes over older instances is of use to a later version only.
    fn check_version(&self, entries: &Punctuated<Meta, Token![,]>, diagnostics: &mut Diagnostics) {
        if self.version.is_none_or(|version| version == 1) {
            let paths = entries.iter().map(Meta::path);
            for path in paths.filter(|path| path.is_ident("before") || path.is_ident("migrate")) {
                diagnostics
                    .error(path, "there is no version before the first one: write `version = 2`, or a greater number");
            }
        }
    }

    /// A key says among which instances they are counted.
    fn check_key(&self, entries: &Punctuated<Meta, Token![,]>, diagnostics: &mut Diagnostics) {
        let counts = |path: &&Path| path.is_ident("concurrency");
        if let Some(key) = entries.iter().map(Meta::path).find(|path| path.is_ident("key"))
            && !entries.iter().map(Meta::path).any(|path| counts(&path))
        {
            let text = "`key` says among which instances `concurrency` is counted: write `concurrency = 2`, too, or leave it out";
            diagnostics.error(key, text);
        }
    }

    /// What is shared is a limit.
    fn check_shared(&self, entries: &Punctuated<Meta, Token![,]>, diagnostics: &mut Diagnostics) {
        let limits = |entry: &Meta| entry.path().is_ident("concurrency") || entry.path().is_ident("rate");
        if let Some(shared) = &self.shared
            && !entries.iter().any(limits)
        {
            let text = "`shared` says that limits hold for all workers together: write `concurrency = 10` or `rate = \"100/s\"`, too";
            diagnostics.error(shared, text);
        }
    }

    /// Where sagaflow is: as given, or as found. None if it is nowhere.
    pub(crate) fn root(&self, function: &Ident) -> Option<Root> {
        self.path.as_ref().map(|path| Root::given(path, function)).or_else(Root::find)
    }

    fn set_name(&mut self, pair: &MetaNameValue, diagnostics: &mut Diagnostics) {
        if self.name.is_some() {
            diagnostics.error(&pair.path, "`name` is given twice: keep one");
        } else if let Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) = &pair.value {
            check_name(name, diagnostics);
            self.name = Some(name.clone());
        } else {
            diagnostics.error(&pair.value, "a name is a string, such as `\"create-user\"`");
        }
    }

    fn set_deadline(&mut self, pair: &MetaNameValue, diagnostics: &mut Diagnostics) {
        if self.deadline.is_some() {
            return diagnostics.error(&pair.path, "`deadline` is given twice: keep one");
        }
        match diagnostics.note(duration::parse(&pair.value)) {
            Some(Duration::ZERO) => {
                diagnostics.error(&pair.value, "with no time at all no instance ever ends: give it some");
            }
            deadline => self.deadline = deadline,
        }
    }

    fn set_history(&mut self, pair: &MetaNameValue, diagnostics: &mut Diagnostics) {
        if self.history.is_some() {
            return diagnostics.error(&pair.path, "`history` is given twice: keep one");
        }
        match diagnostics.note(duration::parse(&pair.value)) {
            Some(Duration::ZERO) => {
                diagnostics
                    .error(&pair.value, "with no time at all nothing is kept: give it some, or leave `history` out");
            }
            history => self.history = history,
        }
    }

    fn set_concurrency(&mut self, pair: &MetaNameValue, diagnostics: &mut Diagnostics) {
        let most = match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Int(most), .. }) => most.base10_parse().ok().filter(|most| *most > 0),
            _ => None,
        };
        match most {
            _ if self.concurrency.is_some() => diagnostics.error(&pair.path, "`concurrency` is given twice: keep one"),
            Some(most) => self.concurrency = Some(most),
            None => {
                let text = "so many attempts at a time are a number from 1, such as `concurrency = 10`";
                diagnostics.error(&pair.value, text);
            }
        }
    }

    fn set_instances(&mut self, pair: &MetaNameValue, diagnostics: &mut Diagnostics) {
        let most = match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Int(most), .. }) => most.base10_parse().ok(),
            _ => None,
        };
        match most.filter(|most| (1..=MOST_INSTANCES).contains(most)) {
            _ if self.concurrency.is_some() => diagnostics.error(&pair.path, "`concurrency` is given twice: keep one"),
            Some(most) => self.concurrency = Some(most),
            None => {
                let text = format!(
                    "so many instances at a time are a number from 1 to {MOST_INSTANCES}, such as `concurrency = 2`"
                );
                diagnostics.error(&pair.value, text);
            }
        }
    }

    fn set_key(&mut self, pair: &MetaNameValue, diagnostics: &mut Diagnostics) {
        if self.key.is_some() {
            return diagnostics.error(&pair.path, "`key` is given twice: keep one");
        }
        self.key = Some(pair.value.clone());
    }

    fn set_rate(&mut self, pair: &MetaNameValue, diagnostics: &mut Diagnostics) {
        if self.rate.is_some() {
            return diagnostics.error(&pair.path, "`rate` is given twice: keep one");
        }
        let read = match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => rate(&text.value()),
            _ => None,
        };
        match read {
            Some(read) => self.rate = Some(read),
            None => {
                let text = "a rate is a number of attempts and a time: `rate = \"100/s\"`, `\"20/m\"`, `\"1/10s\"`";
                diagnostics.error(&pair.value, text);
            }
        }
    }

    fn set_alias(&mut self, pair: &MetaNameValue, diagnostics: &mut Diagnostics) {
        if !self.alias.is_empty() {
            return diagnostics.error(&pair.path, "`alias` is given twice: write `alias = [\"…\", \"…\"]`");
        }
        self.alias = diagnostics.note(names(&pair.value)).unwrap_or_default();
        for name in &self.alias {
            check_name(name, diagnostics);
        }
    }

    fn set_version(&mut self, pair: &MetaNameValue, diagnostics: &mut Diagnostics) {
        let number = match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok().filter(|number| *number > 0),
            _ => None,
        };
        match number {
            _ if self.version.is_some() => diagnostics.error(&pair.path, "`version` is given twice: keep one"),
            None => diagnostics.error(&pair.value, "a version is a number from 1, such as `version = 2`"),
            number => self.version = number,
        }
    }

    fn set_keep(&mut self, pair: &MetaNameValue, diagnostics: &mut Diagnostics) {
        let steps = match &pair.value {
            Expr::Array(ExprArray { elems, .. }) => elems.iter().map(as_function).collect::<Option<Vec<_>>>(),
            one => as_function(one).map(|step| vec![step]),
        };
        match steps {
            _ if !self.keep.is_empty() => diagnostics.error(&pair.path, "`keep` is given twice: write one list"),
            Some(steps) if !steps.is_empty() => self.keep = steps,
            _ => diagnostics.error(&pair.value, "`keep` lists steps that undo, such as `keep = [cancel_order]`"),
        }
    }

    fn set_path(&mut self, pair: &MetaNameValue, diagnostics: &mut Diagnostics) {
        let plain = |path: &Path| path.segments.iter().all(|segment| matches!(segment.arguments, PathArguments::None));
        match &pair.value {
            _ if self.path.is_some() => diagnostics.error(&pair.path, "`crate` is given twice: keep one"),
            Expr::Path(ExprPath { qself: None, path, .. }) if plain(path) => self.path = Some(path.clone()),
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.parse::<Path>().is_ok_and(|path| plain(&path)) => {
                let path = text.value();
                diagnostics.error(text, format!("the path of sagaflow has no quotes: write `crate = {path}`"));
            }
            other => diagnostics.error(other, "`crate` is the path of sagaflow, such as `crate = facade::sagaflow`"),
        }
    }
}

/// `"old"`, or `["old", "older"]`.
pub(crate) fn names(value: &Expr) -> syn::Result<Vec<LitStr>> {
    let name = |value: &Expr| match value {
        Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) => Some(name.clone()),
        _ => None,
    };
    let names = match value {
        Expr::Array(ExprArray { elems, .. }) => elems.iter().map(name).collect::<Option<Vec<_>>>(),
        one => name(one).map(|name| vec![name]),
    };
    let names = names.filter(|names| !names.is_empty());
    names.ok_or_else(|| {
        syn::Error::new_spanned(value, "an alias is a string, or a list of strings: `alias = \"old_name\"`")
    })
}

/// `checkout_v1`, or `shop::checkout_v1`.
fn as_function(value: &Expr) -> Option<Path> {
    match value {
        Expr::Path(ExprPath { qself: None, path, .. }) => Some(path.clone()),
        _ => None,
    }
}

fn set_function(slot: &mut Option<Path>, pair: &MetaNameValue, diagnostics: &mut Diagnostics) {
    let name = pair.path.get_ident().map(ToString::to_string).unwrap_or_default();
    let what = match name.as_str() {
        "before" => "the saga of the version before",
        "on_stuck" | "on_failed" => "a step that takes a `Report`",
        _ => "a function",
    };
    match as_function(&pair.value) {
        _ if slot.is_some() => diagnostics.error(&pair.path, format!("`{name}` is given twice: keep one")),
        Some(path) => *slot = Some(path),
        None => diagnostics.error(&pair.value, format!("`{name}` is the name of {what}, without quotes or brackets")),
    }
}

/// `100/s`, `1/10s`: a number and a time, neither of them nothing.
fn rate(text: &str) -> Option<(u32, Duration)> {
    let (count, per) = text.split_once('/')?;
    let count = count.trim().parse().ok().filter(|count| *count > 0)?;
    let per = per.trim();
    let per = if per.starts_with(|sign: char| sign.is_ascii_digit()) { per.to_owned() } else { format!("1{per}") };
    let per = humantime::parse_duration(&per).ok().filter(|per| !per.is_zero())?;
    Some((count, per))
}

/// A name becomes one token of a NATS subject, and part of idempotency keys.
fn check_name(name: &LitStr, diagnostics: &mut Diagnostics) {
    let text = name.value();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if text.is_empty() || text.len() > 128 || !text.chars().all(allowed) {
        diagnostics.error(
            name,
            format!("`{text}` can't be a name in messages: it has 1 to 128 ASCII letters, digits, `_` and `-`"),
        );
    }
}

/// An option without a value.
fn set_flag(flag: &mut Option<Path>, path: &Path, diagnostics: &mut Diagnostics) {
    if flag.is_some() {
        let name = quote!(#path);
        diagnostics.error(path, format!("`{name}` is given twice: keep one"));
    } else {
        *flag = Some(path.clone());
    }
}
