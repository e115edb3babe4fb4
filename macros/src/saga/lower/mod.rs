//! Pass 4: from the body to the flow graph.
//!
//! ```text
//! let user = create_user(name).await?;      block 0: … suspend at `create_user`: create_user(name), then 1
//! log(&user);                               block 1: let user = reply?; log(&user); …
//! ```
//!
//! A statement without a suspension stays as it is, but for the `break`s and `continue`s that leave it for a loop that
//! has been split: those become [`Jump`]s.

mod control;
mod flatten;
mod held;
mod items;
mod jumps;

use std::collections::HashMap;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::{Block as SynBlock, Expr, ExprLit, Lifetime, Lit, Local, Pat, Stmt, Type, parse_quote};

use super::analyze;
use super::graph::{Block, BlockId, End, Graph, Jump, Line, Remake, Scope, Site, Var, VarId};
use super::pattern::{Binding, bindings};
use super::places::as_place;
use super::suspends;
use crate::diagnostics::Diagnostics;

/// Lowers a body. `params` are the function's arguments, already bound by `first`, the line that takes them apart.
pub(crate) fn lower(params: &[Binding], first: Stmt, body: SynBlock, diagnostics: &mut Diagnostics) -> Graph {
    let mut lower = Lower {
        graph: Graph::default(),
        scopes: vec![Scope::default()],
        current: 0,
        reachable: true,
        loops: Vec::new(),
        counters: HashMap::new(),
        words: items::words(&body.stmts),
        diagnostics,
    };
    lower.current = lower.block("start");
    let binds = lower.bind(params);
    lower.line(first, binds);
    lower.body(body.stmts, &Dest::Return);
    if lower.reachable {
        lower.finish(parse_quote!(()), &Dest::Return);
    }
    lower.graph
}

/// Where the value of an expression goes.
#[derive(Clone)]
pub(super) enum Dest {
    /// Nowhere: it is dropped.
    Ignore,
    /// Into a variable of the compiler's.
    Var(VarId),
    /// It is what the function returns.
    Return,
}

/// A split loop or labelled block that is being lowered.
struct Enclosing {
    label: Option<Ident>,
    /// The target of `continue`; none for a labelled block.
    head: Option<BlockId>,
    exit: BlockId,
    dest: Dest,
}

pub(super) struct Lower<'d> {
    graph: Graph,
    /// The open scopes, innermost last; each begins with the names of the one around it.
    scopes: Vec<Scope>,
    current: BlockId,
    /// Whether the current block can be reached: not after a `return` or `break`.
    reachable: bool,
    loops: Vec<Enclosing>,
    /// How many variables and states there are of a name.
    counters: HashMap<String, usize>,
    /// How often each word stands in the body.
    words: HashMap<String, usize>,
    diagnostics: &'d mut Diagnostics,
}

/// Building blocks.
impl Lower<'_> {
    fn block(&mut self, origin: &'static str) -> BlockId {
        let scope = self.scope();
        self.graph.blocks.push(Block { origin, scope, reply: None, lines: Vec::new(), end: End::Open });
        self.graph.blocks.len() - 1
    }

    /// The names that are visible here.
    fn scope(&self) -> Scope {
        self.scopes.last().expect("a scope is open").clone()
    }

    /// Goes on in a block, with the names that are visible now.
    fn enter(&mut self, block: BlockId) {
        self.graph.blocks[block].scope = self.scope();
        self.current = block;
        self.reachable = true;
    }

    fn line(&mut self, stmt: Stmt, binds: Vec<VarId>) {
        if self.reachable {
            self.graph.blocks[self.current].lines.push(Line { stmt, binds });
        }
    }

    /// Ends the current block.
    fn end(&mut self, end: End) {
        if self.reachable {
            self.graph.blocks[self.current].end = end;
        }
        self.reachable = false;
    }

    fn scoped(&mut self, lower: impl FnOnce(&mut Self)) {
        self.scopes.push(self.scope());
        lower(self);
        self.scopes.pop();
    }

    fn new_var(&mut self, ident: Ident, mutable: bool, ty: Option<Type>) -> VarId {
        self.graph.vars.push(Var { ident, mutable, reassigned: false, ty, remake: None });
        self.graph.vars.len() - 1
    }

    /// Declares the variables of a pattern in the innermost scope.
    fn bind(&mut self, bindings: &[Binding]) -> Vec<VarId> {
        let mut vars = Vec::new();
        for binding in bindings {
            if binding.ident.to_string().starts_with("__") {
                self.diagnostics.error(
                    &binding.ident,
                    "names that begin with two underscores are for generated code: use another one",
                );
            }
            let var = self.new_var(binding.ident.clone(), binding.mutable, None);
            let scope = self.scopes.last_mut().expect("a scope is open");
            scope.insert(binding.ident.to_string(), var);
            vars.push(var);
        }
        vars
    }

    /// A variable of the compiler's, visible where it is made.
    fn temporary(&mut self, name: &str, span: Span, mutable: bool, ty: Option<Type>) -> (VarId, Ident) {
        let count = self.counters.entry(format!("let {name}")).or_default();
        *count += 1;
        // Two underscores keep it apart from the user's names, in the scopes as in the frames.
        let mut ident = if *count == 1 { format_ident!("__{name}") } else { format_ident!("__{name}_{count}") };
        // The user's own span, so that an error here is the same one as in the inline form, and shown once.
        ident.set_span(span);
        let var = self.new_var(ident.clone(), mutable, ty);
        (var, ident)
    }

    /// The state's name for an await of this call.
    fn site(&mut self, call: &Expr, span: Span) -> usize {
        let name = flatten::call_name(call);
        let count = self.counters.entry(format!("await {name}")).or_default();
        *count += 1;
        let state = if *count == 1 { name } else { format!("{name}#{count}") };
        self.graph.sites.push(Site { state, span });
        self.graph.sites.len() - 1
    }

    /// Makes a name that only the compiler's variables have visible to the code that follows.
    fn reveal(&mut self, var: VarId) {
        let name = self.graph.vars[var].ident.to_string();
        self.scopes.last_mut().expect("a scope is open").insert(name, var);
    }
}

/// Statements.
impl Lower<'_> {
    /// The statements of a block, in a scope of its own; its value goes to `dest`.
    fn body(&mut self, stmts: Vec<Stmt>, dest: &Dest) {
        self.scoped(|lower| {
            lower.check_guards(&stmts);
            let stmts = lower.items(stmts);
            let last = stmts.len();
            for (index, stmt) in stmts.into_iter().enumerate() {
                match stmt {
                    Stmt::Expr(expr, None) if index + 1 == last => return lower.expr(expr, dest),
                    // A macro call without a semicolon at the end is the block's value.
                    Stmt::Macro(call) if index + 1 == last && call.semi_token.is_none() => {
                        let expr = Expr::Macro(syn::ExprMacro { attrs: call.attrs, mac: call.mac });
                        return lower.expr(expr, dest);
                    }
                    stmt => lower.statement(stmt),
                }
            }
            lower.end_of_body(last > 0, dest);
        });
    }

    /// A body without a value at its end has the value `()`, or none, if its last statement never comes to its end.
    fn end_of_body(&mut self, has_statements: bool, dest: &Dest) {
        let lines = &mut self.graph.blocks[self.current].lines;
        if matches!(dest, Dest::Ignore) || !has_statements || !self.reachable {
            return self.unit(dest);
        }
        match lines.pop_if(|line| line.binds.is_empty() && may_diverge(&line.stmt)) {
            None => self.unit(dest),
            Some(Line { stmt: Stmt::Expr(Expr::Return(inner), _), .. }) => {
                let value = inner.expr.map_or_else(|| parse_quote!(()), |value| *value);
                self.end(End::Return(value));
            }
            Some(line @ Line { stmt: Stmt::Expr(Expr::Macro(_), _), .. }) if is_jump(&line.stmt) => {
                lines.push(line);
                self.end(End::Never);
            }
            // rustc knows whether it comes to its end.
            Some(Line { stmt, .. }) => self.finish(parse_quote!({ #stmt }), dest),
        }
    }

    fn statement(&mut self, stmt: Stmt) {
        match stmt {
            Stmt::Local(local) => self.local(local),
            item @ Stmt::Item(_) => self.graph.items.push(item),
            Stmt::Expr(expr, semi) => {
                if suspends::expr(&expr) {
                    self.expr(expr, &Dest::Ignore);
                } else {
                    let expr = self.jumps(expr);
                    self.line(Stmt::Expr(expr, semi), Vec::new());
                }
            }
            Stmt::Macro(mut call) => {
                self.jumps_in_macro(&mut call.mac);
                self.line(Stmt::Macro(call), Vec::new());
            }
        }
    }

    /// `let _guard = lock();` and then a step: nothing reads it after the step, so it would be gone before its time.
    fn check_guards(&mut self, stmts: &[Stmt]) {
        let Some(last) = stmts.iter().rposition(suspends::stmt) else { return };
        for (index, stmt) in stmts[..last].iter().enumerate() {
            let Stmt::Local(Local { pat, init: Some(init), .. }) = stmt else { continue };
            let pat = if let Pat::Type(typed) = pat { &*typed.pat } else { pat };
            let Pat::Ident(pat) = pat else { continue };
            let (name, is_made) =
                (pat.ident.to_string(), !suspends::expr(&init.expr) && as_place(&init.expr).is_none());
            if name.starts_with('_') && is_made && !stmts[index + 1..].iter().any(|stmt| names(stmt, &pat.ident)) {
                self.diagnostics.error(
                    &pat.ident,
                    format!(
                        "`{name}` would be dropped at the next step and not at the end of its block, as only what is \
                         read later is kept: `drop({name})` before the step, or write `let _ = …` if it guards nothing"
                    ),
                );
            }
        }
    }

    /// `let pat = init;`, `let pat = init else { … };`, `let pat;`
    fn local(&mut self, mut local: Local) {
        let ty = match &local.pat {
            Pat::Type(pat) => Some((*pat.ty).clone()),
            _ => None,
        };
        let diverge = local.init.as_mut().and_then(|init| match &mut init.diverge {
            Some((_, diverge)) if !suspends::expr(diverge) => {
                **diverge = self.jumps(std::mem::replace(&mut **diverge, parse_quote!(())));
                None
            }
            diverge => diverge.take(),
        });
        let is_deferred = local.init.is_none();
        if let Some(init) = &mut local.init {
            let ty = ty.clone();
            *init.expr = self.value(std::mem::replace(&mut *init.expr, parse_quote!(())), ty);
        }
        match diverge {
            None => {
                let remake = self.remake(&local);
                let binds = self.bind(&bindings(&local.pat));
                if let [var] = &binds[..] {
                    let var = &mut self.graph.vars[*var];
                    var.remake = remake;
                    var.ty = ty.filter(|_| is_deferred);
                }
                self.line(Stmt::Local(local), binds);
            }
            Some((_, diverge)) => {
                let (otherwise, then) = (self.block("let_else"), self.block("then"));
                let from = (self.current, self.reachable);
                self.enter(otherwise);
                self.expr(*diverge, &Dest::Ignore);
                self.end(End::Never);
                (self.current, self.reachable) = from;
                let binds = self.bind(&bindings(&local.pat));
                self.end(End::LetElse { local, binds, otherwise, then });
                if from.1 {
                    self.enter(then);
                }
            }
        }
    }

    /// What is bound to a shared borrow of a place, or to a string literal, need not be saved: it can be made again.
    ///
    /// A shared borrow guarantees that its place has not changed while it was alive; rustc checks that in the inline form.
    fn remake(&self, local: &Local) -> Option<Remake> {
        let (pat, ty) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some((*typed.ty).clone())),
            pat => (pat, None),
        };
        let Pat::Ident(pat) = pat else { return None };
        if pat.mutability.is_some() || pat.by_ref.is_some() || pat.subpat.is_some() {
            return None;
        }
        let init = &*local.init.as_ref()?.expr;
        match init {
            Expr::Reference(reference) if reference.mutability.is_none() => {
                let place = as_place(&reference.expr)
                    .and_then(|(root, fields)| Some((self.variable(&root)?, analyze::path(&fields))));
                if place.is_none() && !is_constant(&reference.expr) {
                    return None;
                }
                Some(Remake { init: init.clone(), ty, place })
            }
            Expr::Lit(ExprLit { lit: Lit::Str(_) | Lit::ByteStr(_), .. }) => {
                Some(Remake { init: init.clone(), ty, place: None })
            }
            _ => None,
        }
    }

    /// An expression without suspension whose value goes to `dest`.
    fn finish(&mut self, expr: Expr, dest: &Dest) {
        match dest {
            Dest::Ignore => self.line(Stmt::Expr(expr, Some(Default::default())), Vec::new()),
            Dest::Return => self.end(End::Return(expr)),
            Dest::Var(var) => {
                let Var { ident, ty, .. } = &self.graph.vars[*var];
                let ty = ty.as_ref().map(|ty| quote::quote!(: #ty));
                self.line(parse_quote!(let #ident #ty = #expr;), vec![*var]);
            }
        }
    }

    /// The value `()`.
    fn unit(&mut self, dest: &Dest) {
        if !matches!(dest, Dest::Ignore) {
            self.finish(parse_quote!(()), dest);
        }
    }

    /// The variable that a name means here.
    fn variable(&self, name: &Ident) -> Option<VarId> {
        self.scope().get(&name.to_string())
    }

    /// The loop or labelled block that a `break` or `continue` means.
    fn enclosing(&self, label: Option<&Lifetime>) -> Option<&Enclosing> {
        self.loops.iter().rev().find(|enclosing| match label {
            Some(label) => enclosing.label.as_ref() == Some(&label.ident),
            None => enclosing.head.is_some(),
        })
    }
}

/// Whether only rustc can tell that a statement comes to its end.
fn may_diverge(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Macro(_) => true,
        Stmt::Expr(Expr::If(inner), _) => inner.else_branch.is_some(),
        Stmt::Expr(expr, _) => matches!(
            expr,
            Expr::Return(_)
                | Expr::Macro(_)
                | Expr::Call(_)
                | Expr::MethodCall(_)
                | Expr::Match(_)
                | Expr::Loop(_)
                | Expr::Block(_)
                | Expr::Unsafe(_)
                | Expr::Paren(_)
        ),
        Stmt::Local(_) | Stmt::Item(_) => false,
    }
}

fn is_jump(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Expr(expr, _) if Jump::read(expr).is_some())
}

/// Whether a statement contains a word.
fn names(stmt: &Stmt, word: &Ident) -> bool {
    fn any(tokens: TokenStream, word: &Ident) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => ident == *word,
            TokenTree::Group(group) => any(group.stream(), word),
            TokenTree::Literal(literal) => literal.to_string().contains(&word.to_string()),
            TokenTree::Punct(_) => false,
        })
    }
    any(stmt.to_token_stream(), word)
}

/// A path whose last part is written like a constant: `LIMITS`, `config::LIMITS`.
fn is_constant(expr: &Expr) -> bool {
    let Expr::Path(path) = expr else { return false };
    path.path.segments.last().is_some_and(|segment| segment.ident.to_string().starts_with(char::is_uppercase))
}
