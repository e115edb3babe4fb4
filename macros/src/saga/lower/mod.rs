//! Pass 4: from the body to the flow graph.
//!
//! ```text
//! let user = create_user(name).await?;      block 0: … suspend at `create_user`: create_user(name), then 1
//! log(&user);                               block 1: let user = reply?; log(&user); …
//! ```
//!
//! A statement without a suspension stays as it is, but for the `break`s and `continue`s that leave it for a loop that
//! has been split: those become [`Jump`]s.

pub(super) mod accessors;
pub(super) mod borrows;
mod control;
mod evolve;
mod flatten;
mod held;
mod items;
mod iteration;
mod jumps;

use std::collections::HashMap;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::{Block as SynBlock, Expr, Lifetime, Local, Pat, Stmt, Type, parse_quote};

use super::graph::{Block, BlockId, End, Graph, Jump, Kind, Line, Scope, Site, Var, VarId};
use super::pattern::{Binding, of_local};
use super::places::as_place;
use super::suspends;
use crate::diagnostics::Diagnostics;
use crate::evolution::Evolution;
use crate::root::Root;

/// Lowers a body. `params` are the function's arguments, already bound by `first`, the line that takes them apart.
pub(crate) fn lower(
    params: &[Binding],
    first: Stmt,
    body: SynBlock,
    root: &Root,
    diagnostics: &mut Diagnostics,
) -> Graph {
    let mut lower = Lower {
        graph: Graph { root: root.clone(), ..Graph::default() },
        scopes: vec![Scope::default()],
        current: 0,
        reachable: true,
        loops: Vec::new(),
        counters: HashMap::new(),
        words: items::words(&body.stmts),
        named: evolve::Named::in_body(&body),
        diagnostics,
    };
    lower.current = lower.block("start");
    let binds = lower.bind(params);
    lower.line(first, binds);
    lower.body(body.stmts, &Dest::Return);
    if lower.reachable {
        lower.unit(&Dest::Return);
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
    /// The names that the user gives to states, and the one for the next state.
    named: evolve::Named,
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
        self.graph.vars.push(Var {
            ident,
            mutable,
            ty,
            kind: Kind::Plain,
            remake: None,
            evolution: Evolution::default(),
        });
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
        let state = self.state_name(call);
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
                    Stmt::Expr(mut expr, None) if index + 1 == last => {
                        let evolution = lower.said_of_expr(&mut expr);
                        return lower.naming(evolution, |lower| lower.expr(expr, dest));
                    }
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
            Some(line) if is_jump(&line.stmt) => {
                lines.push(line);
                self.end(End::Never);
            }
            // rustc knows whether it comes to its end.
            Some(Line { stmt, .. }) => self.finish(parse_quote!({ #stmt }), dest),
        }
    }

    fn statement(&mut self, stmt: Stmt) {
        match stmt {
            Stmt::Local(mut local) => {
                let evolution = self.said_of_local(&mut local);
                self.naming(evolution.clone(), |lower| lower.local(local, &evolution));
            }
            item @ Stmt::Item(_) => self.graph.items.push(item),
            // `;`
            Stmt::Expr(Expr::Verbatim(tokens), _) if tokens.is_empty() => {}
            Stmt::Expr(mut expr, semi) => {
                let evolution = self.said_of_expr(&mut expr);
                if suspends::expr(&expr) {
                    self.naming(evolution, |lower| lower.expr(expr, &Dest::Ignore));
                } else {
                    let expr = self.jumps(expr);
                    self.verbatim(expr, semi);
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
    fn local(&mut self, mut local: Local, evolution: &Evolution) {
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
        let only_refs = has_only_refs(&local);
        if let Some(init) = &mut local.init {
            let ty = ty.clone();
            let value = self.value(std::mem::replace(&mut *init.expr, parse_quote!(())), ty);
            *init.expr = self.own_what_is_borrowed(value, only_refs);
        }
        match diverge {
            None => {
                let remakes = self.remakes_of_local(&local);
                let binds = self.bind(&of_local(&local));
                self.note_remakes(&binds, remakes);
                self.note_evolution(&binds, evolution);
                if let [var] = &binds[..] {
                    self.graph.vars[*var].ty = ty.filter(|_| is_deferred);
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
                let remakes = self.remakes_of_local(&local);
                let binds = self.bind(&of_local(&local));
                self.note_remakes(&binds, remakes);
                self.note_evolution(&binds, evolution);
                self.end(End::LetElse { local, binds, otherwise, then });
                if from.1 {
                    self.enter(then);
                }
            }
        }
    }

    /// A statement that stays as it is. What stands behind one that leaves is not reached from it: else a variable that is read there would be taken
    /// for alive before it.
    ///
    /// ```text
    /// if full { reply.send(no).await; continue; }      block 1: continue.       Not: continue, then block 2
    /// reply.send(yes).await;                           block 2: …
    /// ```
    fn verbatim(&mut self, expr: Expr, semi: Option<syn::Token![;]>) {
        let leaves = leaves(&expr);
        self.line(Stmt::Expr(expr, semi), Vec::new());
        if leaves {
            self.end(End::Never);
        }
    }

    /// An expression without suspension whose value goes to `dest`.
    fn finish(&mut self, expr: Expr, dest: &Dest) {
        match dest {
            Dest::Ignore => self.verbatim(expr, Some(Default::default())),
            Dest::Return => self.end(End::Return(expr)),
            Dest::Var(var) => {
                let Var { ident, ty, .. } = &self.graph.vars[*var];
                let ty = ty.as_ref().map(|ty| quote::quote!(: #ty));
                self.line(parse_quote!(let #ident #ty = #expr;), vec![*var]);
            }
        }
    }

    /// The value `()`. Where the function returns something else, the inline form has an error, and this has none.
    fn unit(&mut self, dest: &Dest) {
        let root = &self.graph.root;
        match dest {
            Dest::Ignore => {}
            Dest::Return => self.finish(parse_quote!(#root::__private::unit()), dest),
            Dest::Var(_) => self.finish(parse_quote!(()), dest),
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

/// Whether a `let` only borrows: `let ref city = …`, `let Order { ref id, .. } = …`.
fn has_only_refs(local: &Local) -> bool {
    let bindings = of_local(local);
    !bindings.is_empty() && bindings.iter().all(|binding| binding.by_ref)
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

/// Whether an expression is a jump or `return`, or a block that ends with one.
fn leaves(expr: &Expr) -> bool {
    match expr {
        Expr::Return(_) => true,
        Expr::Block(inner) if inner.label.is_none() => {
            matches!(inner.block.stmts.last(), Some(Stmt::Expr(last, _)) if leaves(last))
        }
        expr => Jump::read(expr).is_some(),
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
