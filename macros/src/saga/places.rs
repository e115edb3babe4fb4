//! Walks code that stays verbatim, and meets every place in it: a variable, or a field of one.
//!
//! The walk knows scopes: what a closure, an inner block or a pattern binds hides the variable of that name outside.
//! Identifiers in macro calls and in their format strings count as places, too.

use std::collections::HashSet;

use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream, TokenTree};
use syn::visit_mut::{self, VisitMut};
use syn::{Arm, Block, Expr, ExprClosure, ExprForLoop, ExprIf, ExprStruct, ExprWhile, Macro, Member, Pat, Stmt};

use super::graph::Jump;
use super::pattern::{bindings, condition_bindings};

/// What is to be done with the places of a piece of code.
pub(crate) trait Handler {
    /// Meets a place: a variable and a path of fields. Returns what to write instead of the first
    /// `n` of its parts (the variable and `n - 1` fields).
    fn place(&mut self, root: &Ident, fields: &[Member]) -> Option<(Ident, usize)>;

    /// Meets an assignment to a variable as a whole, which does not read it.
    fn assigned(&mut self, root: &Ident) -> Option<Ident> {
        self.place(root, &[]).map(|(ident, _)| ident)
    }

    /// Meets a jump out of this code; returns what to write for it.
    fn jump(&mut self, jump: Jump) -> Option<Expr> {
        let _ = jump;
        None
    }

    /// Meets a string in a macro call other than those whose strings are known to be formats.
    fn unknown_format(&mut self, literal: &Literal, name: &str) {
        let _ = (literal, name);
    }
}

/// What the strings in the tokens of a macro call are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strings {
    /// That of this argument is a format string, others are just strings.
    FormatAt(usize),
    /// It can't be told.
    Unknown,
}

/// The macros of the standard library and of common crates that take a format string.
fn strings_of(macro_name: &Ident) -> Strings {
    Strings::FormatAt(match macro_name.to_string().as_str() {
        "format" | "format_args" | "print" | "println" | "eprint" | "eprintln" | "panic" | "unreachable" | "todo"
        | "unimplemented" | "anyhow" | "bail" | "eyre" => 0,
        "write" | "writeln" | "assert" | "debug_assert" | "ensure" => 1,
        "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" => 2,
        _ => return Strings::Unknown,
    })
}

/// The walk; see the [module's page](self).
pub(crate) struct Walk<'h, H> {
    handler: &'h mut H,
    /// The names bound by inner scopes, innermost last.
    hidden: Vec<HashSet<String>>,
}

impl<'h, H: Handler> Walk<'h, H> {
    pub(crate) fn new(handler: &'h mut H) -> Self {
        Self { handler, hidden: Vec::new() }
    }

    fn is_hidden(&self, name: &Ident) -> bool {
        self.hidden.iter().any(|scope| scope.contains(&name.to_string()))
    }

    fn hide(&mut self, names: impl IntoIterator<Item = super::pattern::Binding>) {
        let scope = self.hidden.last_mut().expect("a scope is open");
        scope.extend(names.into_iter().map(|binding| binding.ident.to_string()));
    }

    fn scoped(&mut self, walk: impl FnOnce(&mut Self)) {
        self.hidden.push(HashSet::new());
        walk(self);
        self.hidden.pop();
    }

    /// Walks the rest of a scope, in which a later `let` of the same name hides the variable.
    pub(crate) fn statements(&mut self, stmts: &mut [Stmt]) {
        self.scoped(|walk| stmts.iter_mut().for_each(|stmt| walk.visit_stmt_mut(stmt)));
    }

    /// Replaces a place; false if the expression is none.
    fn replace_place(&mut self, expr: &mut Expr) -> bool {
        let Some((root, fields)) = as_place(expr) else { return false };
        if self.is_hidden(&root) {
            return true;
        }
        if let Some((ident, parts)) = self.handler.place(&root, &fields) {
            let mut place = expr;
            for _ in parts..fields.len() + 1 {
                let Expr::Field(field) = unparen(place) else {
                    unreachable!("a place has as many fields as were found")
                };
                place = &mut field.base;
            }
            *unparen(place) = syn::parse_quote!(#ident);
        }
        true
    }

    /// The tokens of a macro call.
    fn tokens(&mut self, tokens: TokenStream, in_struct: bool, strings: Strings) -> TokenStream {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut output = TokenStream::new();
        let mut index = 0;
        let mut argument = 0;
        while index < tokens.len() {
            let before = index.checked_sub(1).map(|before| &tokens[before]);
            match &tokens[index] {
                TokenTree::Ident(ident) if self.is_place_token(&tokens, index, in_struct) => {
                    let steps = token_fields(&tokens[index + 1..]);
                    let fields: Vec<_> = steps.iter().map(|step| step.member.clone()).collect();
                    match self.handler.place(ident, &fields) {
                        Some((new, parts)) => {
                            if in_struct && is_shorthand(&tokens, index) {
                                output.extend(quote::quote!(#ident: #new));
                            } else {
                                output.extend([TokenTree::Ident(new)]);
                            }
                            if let Some(last) = parts.checked_sub(2).map(|last| &steps[last]) {
                                index += last.tokens;
                                output.extend(last.rest.clone());
                            }
                        }
                        None => output.extend([tokens[index].clone()]),
                    }
                }
                TokenTree::Group(group) => {
                    let inner_struct = group.delimiter() == Delimiter::Brace && before.is_some_and(is_type_name);
                    let strings = match (strings, macro_name(&tokens[..index])) {
                        (_, Some(name)) => strings_of(name),
                        (Strings::FormatAt(at), None) if group.delimiter() == Delimiter::None && at == argument => {
                            Strings::FormatAt(0)
                        }
                        _ => Strings::Unknown,
                    };
                    let mut inner = Group::new(group.delimiter(), self.tokens(group.stream(), inner_struct, strings));
                    inner.set_span(group.span());
                    output.extend([TokenTree::Group(inner)]);
                }
                TokenTree::Literal(literal) => {
                    let new = match strings {
                        Strings::FormatAt(at) if at != argument => literal.clone(),
                        _ => self.literal(literal, strings != Strings::Unknown),
                    };
                    output.extend([TokenTree::Literal(new)]);
                }
                TokenTree::Punct(punct) => {
                    argument += usize::from(punct.as_char() == ',');
                    output.extend([TokenTree::Punct(punct.clone())]);
                }
                other @ TokenTree::Ident(_) => output.extend([other.clone()]),
            }
            index += 1;
        }
        output
    }

    /// Whether an identifier in a macro call can be a variable: no field, method, macro, path or label.
    fn is_place_token(&self, tokens: &[TokenTree], index: usize, in_struct: bool) -> bool {
        let punct = |at: Option<&TokenTree>, c| matches!(at, Some(TokenTree::Punct(punct)) if punct.as_char() == c);
        let TokenTree::Ident(ident) = &tokens[index] else { return false };
        let (before, next, after) =
            (index.checked_sub(1).and_then(|at| tokens.get(at)), tokens.get(index + 1), tokens.get(index + 2));
        // A field or method, but not the end of a range.
        let is_member = punct(before, '.') && !(index >= 2 && punct(tokens.get(index - 2), '.'));
        let is_path = (punct(next, ':') && punct(after, ':'))
            || (punct(before, ':') && index >= 2 && punct(tokens.get(index - 2), ':'));
        let is_field_name = in_struct && punct(next, ':') && !punct(after, ':');
        let is_macro = punct(next, '!') && matches!(after, Some(TokenTree::Group(_)));
        let is_label = punct(before, '\'');
        !(is_member || is_path || is_field_name || is_macro || is_label || self.is_hidden(ident))
    }

    /// Meets the variables named in a format string: `"{total:>width$}"`.
    fn literal(&mut self, literal: &Literal, is_format: bool) -> Literal {
        let text = literal.to_string();
        if !text.starts_with(['"', 'r']) {
            return literal.clone();
        }
        let mut output = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, inside)) = rest.split_once('{') {
            output.push_str(before);
            output.push('{');
            rest = inside;
            if let Some(after) = rest.strip_prefix('{') {
                output.push('{');
                rest = after;
                continue;
            }
            let Some((placeholder, after)) = rest.split_once('}') else { break };
            if before.ends_with("\\u") {
                // A character by its number.
                continue;
            }
            output.push_str(&self.placeholder(placeholder, literal, is_format));
            output.push('}');
            rest = after;
        }
        output.push_str(rest);
        if output == text {
            return literal.clone();
        }
        let mut new: Literal = output.parse().unwrap_or_else(|_| literal.clone());
        new.set_span(literal.span());
        new
    }

    /// `total`, `total:?`, `total:>width$.digits$`, `:width$`, `0`.
    fn placeholder(&mut self, placeholder: &str, literal: &Literal, is_format: bool) -> String {
        let (argument, options) = match placeholder.split_once(':') {
            Some((argument, options)) => (argument, Some(options)),
            None => (placeholder, None),
        };
        let mut output = self.format_name(argument, literal, is_format);
        let Some(options) = options else { return output };
        output.push(':');
        let mut pieces = options.split('$').peekable();
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_none() {
                output.push_str(piece);
                break;
            }
            let start = piece
                .rfind(|c: char| !c.is_alphanumeric() && c != '_')
                .map_or(0, |at| at + piece[at..].chars().next().map_or(1, char::len_utf8));
            // Flags may stand before the name: `08width$`.
            let start = start + piece[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
            output.push_str(&piece[..start]);
            output.push_str(&self.format_name(&piece[start..], literal, is_format));
            output.push('$');
        }
        output
    }

    fn format_name(&mut self, name: &str, literal: &Literal, is_format: bool) -> String {
        let plain = name.trim();
        let ident = match syn::parse_str::<Ident>(plain) {
            Ok(_) => Ident::new(plain, literal.span()),
            // `{type}` means the variable `r#type`.
            Err(_) if syn::parse_str::<Ident>(&format!("r#{plain}")).is_ok() => Ident::new_raw(plain, literal.span()),
            Err(_) => return name.to_owned(),
        };
        if self.is_hidden(&ident) {
            return name.to_owned();
        }
        match self.handler.place(&ident, &[]) {
            Some((new, _)) if is_format => crate::message::unraw(&new),
            Some(_) => {
                self.handler.unknown_format(literal, plain);
                name.to_owned()
            }
            None => name.to_owned(),
        }
    }

    /// The left side of an assignment: `x`, `x.field`, `(x, _)`, `[x, ..]`, `Pair { a: x, .. }`.
    fn target(&mut self, target: &mut Expr) {
        match target {
            Expr::Tuple(inner) => inner.elems.iter_mut().for_each(|elem| self.target(elem)),
            Expr::Array(inner) => inner.elems.iter_mut().for_each(|elem| self.target(elem)),
            Expr::Call(inner) => inner.args.iter_mut().for_each(|arg| self.target(arg)),
            Expr::Paren(inner) => self.target(&mut inner.expr),
            Expr::Group(inner) => self.target(&mut inner.expr),
            Expr::Struct(inner) => {
                for field in &mut inner.fields {
                    let before = field.expr.clone();
                    self.target(&mut field.expr);
                    if field.expr != before {
                        field.colon_token.get_or_insert_default();
                    }
                }
            }
            Expr::Infer(_) => {}
            Expr::Range(inner) if inner.start.is_none() && inner.end.is_none() => {}
            other => match as_place(other) {
                Some((root, fields)) if fields.is_empty() => {
                    if !self.is_hidden(&root)
                        && let Some(new) = self.handler.assigned(&root)
                    {
                        *other = syn::parse_quote!(#new);
                    }
                }
                _ => self.visit_expr_mut(other),
            },
        }
    }
}

impl<H: Handler> VisitMut for Walk<'_, H> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Some(jump) = Jump::read(expr) {
            if let Some(new) = self.handler.jump(jump) {
                *expr = new;
            }
            return;
        }
        if let Expr::Assign(assign) = expr {
            self.visit_expr_mut(&mut assign.right);
            return self.target(&mut assign.left);
        }
        if !self.replace_place(expr) {
            visit_mut::visit_expr_mut(self, expr);
        }
    }

    fn visit_expr_struct_mut(&mut self, expr: &mut ExprStruct) {
        for field in &mut expr.fields {
            let before = field.expr.clone();
            self.visit_expr_mut(&mut field.expr);
            if field.expr != before {
                field.colon_token.get_or_insert_default();
            }
        }
        if let Some(rest) = &mut expr.rest {
            self.visit_expr_mut(rest);
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        self.statements(&mut block.stmts);
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        let Stmt::Local(local) = stmt else { return visit_mut::visit_stmt_mut(self, stmt) };
        if let Some(init) = &mut local.init {
            self.visit_expr_mut(&mut init.expr);
            if let Some((_, diverge)) = &mut init.diverge {
                self.visit_expr_mut(diverge);
            }
        }
        self.visit_pat_mut(&mut local.pat);
        if !self.hidden.is_empty() {
            self.hide(bindings(&local.pat));
        }
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        self.scoped(|walk| {
            closure.inputs.iter().for_each(|input| walk.hide(bindings(input)));
            walk.visit_expr_mut(&mut closure.body);
        });
    }

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        self.scoped(|walk| {
            walk.hide(bindings(&arm.pat));
            walk.visit_pat_mut(&mut arm.pat);
            walk.visit_expr_mut(&mut arm.body);
        });
    }

    fn visit_expr_if_mut(&mut self, expr: &mut ExprIf) {
        self.scoped(|walk| {
            walk.visit_expr_mut(&mut expr.cond);
            walk.visit_block_mut(&mut expr.then_branch);
        });
        if let Some((_, otherwise)) = &mut expr.else_branch {
            self.visit_expr_mut(otherwise);
        }
    }

    fn visit_expr_while_mut(&mut self, expr: &mut ExprWhile) {
        self.scoped(|walk| {
            walk.visit_expr_mut(&mut expr.cond);
            walk.visit_block_mut(&mut expr.body);
        });
    }

    fn visit_expr_let_mut(&mut self, expr: &mut syn::ExprLet) {
        self.visit_expr_mut(&mut expr.expr);
        if !self.hidden.is_empty() {
            self.hide(condition_bindings(&Expr::Let(expr.clone())));
        }
    }

    fn visit_expr_for_loop_mut(&mut self, expr: &mut ExprForLoop) {
        self.visit_expr_mut(&mut expr.expr);
        self.scoped(|walk| {
            walk.hide(bindings(&expr.pat));
            walk.visit_block_mut(&mut expr.body);
        });
    }

    fn visit_pat_mut(&mut self, pat: &mut Pat) {
        // Only guards and constants hold expressions; the names that a pattern binds are no places.
        if let Pat::Guard(guard) = pat {
            self.visit_expr_mut(&mut guard.guard);
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        let strings = mac.path.segments.last().map_or(Strings::Unknown, |segment| strings_of(&segment.ident));
        mac.tokens = self.tokens(std::mem::take(&mut mac.tokens), false, strings);
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {
        // An item sees no variables.
    }
}

/// The variable and the fields, if the expression is nothing else: `request.customer.name`.
pub(crate) fn as_place(expr: &Expr) -> Option<(Ident, Vec<Member>)> {
    match expr {
        Expr::Path(path) if path.qself.is_none() && path.attrs.is_empty() => {
            Some((path.path.get_ident()?.clone(), Vec::new()))
        }
        Expr::Field(field) => {
            let (root, mut fields) = as_place(&field.base)?;
            fields.push(field.member.clone());
            Some((root, fields))
        }
        Expr::Paren(paren) => as_place(&paren.expr),
        Expr::Group(group) => as_place(&group.expr),
        _ => None,
    }
}

fn unparen(mut expr: &mut Expr) -> &mut Expr {
    loop {
        match expr {
            Expr::Paren(paren) => expr = &mut paren.expr,
            Expr::Group(group) => expr = &mut group.expr,
            other => return other,
        }
    }
}

/// A field in the tokens of a macro call.
struct Step {
    member: Member,
    /// How many tokens it goes on to, counted from the variable.
    tokens: usize,
    /// What has to be written again where the path ends here: the `.0` of `1.0`, which is one token.
    rest: Option<TokenStream>,
}

/// The fields that follow a variable in a macro call: `.customer.name`, `.0`, but no method.
fn token_fields(tokens: &[TokenTree]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = tokens;
    let unnamed = |index: &str| index.parse().ok().map(|index: usize| Member::Unnamed(index.into()));
    while let [TokenTree::Punct(dot), field, after @ ..] = rest {
        if dot.as_char() != '.' {
            break;
        }
        let count = tokens.len() - after.len();
        match field {
            TokenTree::Ident(field) => {
                let is_call = match after {
                    [TokenTree::Group(group), ..] => group.delimiter() == Delimiter::Parenthesis,
                    [TokenTree::Punct(a), TokenTree::Punct(b), ..] => a.as_char() == ':' && b.as_char() == ':',
                    _ => false,
                };
                if is_call || field == "await" {
                    break;
                }
                steps.push(Step { member: Member::Named(field.clone()), tokens: count, rest: None });
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let (first, second) = text.split_once('.').map_or((&*text, None), |(a, b)| (a, Some(b)));
                let Some(member) = unnamed(first) else { break };
                let Some(second) = second else {
                    steps.push(Step { member, tokens: count, rest: None });
                    rest = after;
                    continue;
                };
                let Some(last) = unnamed(second) else { break };
                steps.push(Step { member, tokens: count, rest: Some(quote::quote!(.#last)) });
                steps.push(Step { member: last, tokens: count, rest: None });
            }
            _ => break,
        }
        rest = after;
    }
    steps
}

/// `name!` at the end of the tokens.
fn macro_name(before: &[TokenTree]) -> Option<&Ident> {
    match before {
        [.., TokenTree::Ident(name), TokenTree::Punct(bang)] if bang.as_char() == '!' => Some(name),
        _ => None,
    }
}

/// `Foo { x }` or `Foo { x, y }`: the field's name stands for the variable.
fn is_shorthand(tokens: &[TokenTree], index: usize) -> bool {
    let comma = |at: Option<&TokenTree>| {
        at.is_none_or(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','))
    };
    comma(index.checked_sub(1).and_then(|at| tokens.get(at))) && comma(tokens.get(index + 1))
}

fn is_type_name(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident.to_string().starts_with(char::is_uppercase))
}
