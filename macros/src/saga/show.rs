//! `SAGAFLOW_EXPAND=checkout cargo check`: prints what is made of one saga, and which state comes after which.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use proc_macro2::TokenStream;
use quote::quote;

use super::outline::{Node, Outline, Way};
use crate::function::Function;
use crate::message::unraw;

const VARIABLE: &str = "SAGAFLOW_EXPAND";

/// An item that reads the variable, so that cargo compiles the crate again when it changes.
pub(super) fn tracked() -> TokenStream {
    quote! {
        const _: ::core::option::Option<&'static ::core::primitive::str> = ::core::option_env!(#VARIABLE);
    }
}

/// Prints on standard error, if the function's name is the one that was asked for.
pub(super) fn show_if_asked(function: &Function, expansion: &TokenStream, outline: &Outline) {
    let name = unraw(&function.ident);
    if std::env::var(VARIABLE).is_ok_and(|asked| asked == name) {
        eprintln!("{}", shown(&name, &formatted(&expansion.to_string()), outline));
    }
}

/// What is printed.
fn shown(name: &str, expansion: &str, outline: &Outline) -> String {
    format!("// what `#[saga]` makes of `{name}`\n\n{}\n\n{}", expansion.trim_end(), listed(name, outline))
}

/// One line per way, as comments.
pub(super) fn listed(name: &str, Outline(nodes): &Outline) -> String {
    let mut text = format!("// which state of `{name}` comes after which\n//");
    for Node { name, label, ways } in nodes {
        let label = if label.is_empty() { String::new() } else { format!(" ({label})") };
        let _ = write!(text, "\n// {name}{label}");
        for Way { to, when } in ways {
            let when = if when.is_empty() { String::new() } else { format!("  when  {}", when.replace('\n', " ")) };
            let _ = write!(text, "\n//     -> {to}{when}");
        }
    }
    text
}

/// Formatted by rustfmt; without it, as the compiler prints tokens.
fn formatted(code: &str) -> String {
    let run = || -> std::io::Result<Option<String>> {
        let mut rustfmt = Command::new("rustfmt")
            .args(["--edition", "2024", "--quiet"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        if let Some(mut input) = rustfmt.stdin.take() {
            input.write_all(code.as_bytes())?;
        }
        let output = rustfmt.wait_with_output()?;
        Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
    };
    run().ok().flatten().unwrap_or_else(|| code.to_owned())
}
