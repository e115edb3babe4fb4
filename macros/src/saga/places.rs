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

/// The macros of the standard library and of common crates whose first string is a format string.
const FORMAT_MACROS: [&str; 30] = [
    "format",
    "format_args",
    "print",
    "println",
    "eprint",
    "eprintln",
    "write",
    "writeln",
    "panic",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "unreachable",
    "todo",
    "unimplemented",
    "trace",
    "debug",
    "info",
    "warn",
    "error",
    "log",
    "event",
    "span",
    "anyhow",
    "bail",
    "ensure",
    "eyre",
];

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

    fn tokens(&mut self, tokens: TokenStream, in_struct: bool, formats: bool) -> TokenStream {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut output = TokenStream::new();
        let mut index = 0;
        let mut strings = 0;
        while index < tokens.len() {
            let before = index.checked_sub(1).map(|before| &tokens[before]);
            match &tokens[index] {
                TokenTree::Ident(ident) if self.is_place_token(&tokens, index, in_struct) => {
                    let fields = token_fields(&tokens[index + 1..]);
                    match self.handler.place(ident, &fields) {
                        Some((new, parts)) => {
                            if in_struct && is_shorthand(&tokens, index) {
                                output.extend(quote::quote!(#ident: #new));
                            } else {
                                output.extend([TokenTree::Ident(new)]);
                            }
                            index += 2 * (parts - 1);
                        }
                        None => output.extend([tokens[index].clone()]),
                    }
                }
                TokenTree::Group(group) => {
                    let inner_struct = group.delimiter() == Delimiter::Brace && before.is_some_and(is_type_name);
                    let formats = formats && group.delimiter() == Delimiter::None;
                    let mut inner = Group::new(group.delimiter(), self.tokens(group.stream(), inner_struct, formats));
                    inner.set_span(group.span());
                    output.extend([TokenTree::Group(inner)]);
                }
                TokenTree::Literal(literal) => {
                    let is_string = literal.to_string().starts_with(['"', 'r']);
                    output.extend([TokenTree::Literal(self.literal(literal, formats && strings == 0))]);
                    strings += usize::from(is_string);
                }
                other => output.extend([other.clone()]),
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

    /// Meets the variables named in a format string: `"{total:>8}"`.
    fn literal(&mut self, literal: &Literal, is_format: bool) -> Literal {
        let text = literal.to_string();
        if !text.starts_with(['"', 'r']) {
            return literal.clone();
        }
        let mut output = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(open) = rest.find('{') {
            let (head, tail) = rest.split_at(open + 1);
            output.push_str(head);
            rest = tail;
            if let Some(escaped) = rest.strip_prefix('{') {
                output.push('{');
                rest = escaped;
                continue;
            }
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let name = &rest[..end];
            let is_name = matches!(rest[end..].chars().next(), Some('}' | ':'))
                && !name.starts_with(|c: char| c.is_ascii_digit());
            if is_name
                && let Ok(ident) = syn::parse_str::<Ident>(name)
                && !self.is_hidden(&ident)
            {
                let ident = Ident::new(name, literal.span());
                let new = self.handler.place(&ident, &[]);
                if let Some((new, _)) = new {
                    if is_format {
                        output.push_str(&new.to_string());
                        rest = &rest[end..];
                        continue;
                    }
                    self.handler.unknown_format(literal, name);
                }
            }
            output.push_str(name);
            rest = &rest[end..];
        }
        output.push_str(rest);
        if output == text {
            return literal.clone();
        }
        let mut new: Literal = output.parse().unwrap_or_else(|_| literal.clone());
        new.set_span(literal.span());
        new
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
        if let Expr::Assign(assign) = expr
            && let Some((root, fields)) = as_place(&assign.left)
            && fields.is_empty()
        {
            self.visit_expr_mut(&mut assign.right);
            if !self.is_hidden(&root)
                && let Some(new) = self.handler.assigned(&root)
            {
                *assign.left = syn::parse_quote!(#new);
            }
            return;
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
        let formats =
            mac.path.segments.last().is_some_and(|segment| FORMAT_MACROS.contains(&segment.ident.to_string().as_str()));
        mac.tokens = self.tokens(std::mem::take(&mut mac.tokens), false, formats);
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

/// The fields that follow a variable in a macro call: `.customer.name`, but no method.
fn token_fields(tokens: &[TokenTree]) -> Vec<Member> {
    let mut fields = Vec::new();
    let mut rest = tokens;
    while let [TokenTree::Punct(dot), TokenTree::Ident(field), after @ ..] = rest {
        let is_call = match after {
            [TokenTree::Group(group), ..] => group.delimiter() == Delimiter::Parenthesis,
            [TokenTree::Punct(a), TokenTree::Punct(b), ..] => a.as_char() == ':' && b.as_char() == ':',
            _ => false,
        };
        if dot.as_char() != '.' || is_call || field == "await" {
            break;
        }
        fields.push(Member::Named(field.clone()));
        rest = after;
    }
    fields
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
