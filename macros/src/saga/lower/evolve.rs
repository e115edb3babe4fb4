//! What the user says about older records, at statements: [`Evolution`].

use std::collections::HashSet;

use syn::visit::{self, Visit};
use syn::visit_mut::VisitMut;
use syn::{Block, Expr, ExprForLoop, Item, Local, Stmt};

use super::super::graph::VarId;
use super::super::suspends;
use super::{Lower, flatten};
use crate::diagnostics::Diagnostics;
use crate::evolution::{self, Evolution};

/// The names that the user gives to states.
pub(super) struct Named {
    /// All of them: no other state gets one of these.
    all: HashSet<String>,
    /// The one for the next state, until that has it.
    next: Option<String>,
}

impl Named {
    /// The names in a body.
    pub(super) fn in_body(body: &Block) -> Self {
        struct Find(HashSet<String>);
        impl<'ast> Visit<'ast> for Find {
            fn visit_stmt(&mut self, stmt: &'ast Stmt) {
                let attrs = match stmt {
                    Stmt::Local(local) => local.attrs.clone(),
                    Stmt::Expr(expr, _) => evolution::attributes(&mut expr.clone()).cloned().unwrap_or_default(),
                    Stmt::Item(_) | Stmt::Macro(_) => Vec::new(),
                };
                // Errors are told where it is read for good.
                let said = Evolution::read("saga", &attrs, OPTIONS, &mut Diagnostics::default());
                self.0.extend(said.state.map(|state| state.value()));
                visit::visit_stmt(self, stmt);
            }

            fn visit_item(&mut self, _: &'ast Item) {}
        }
        let mut find = Find(HashSet::new());
        find.visit_block(body);
        Self { all: find.0, next: None }
    }
}

const OPTIONS: &[&str] = &["default", "alias", "state"];

impl Lower<'_> {
    /// What is said at a `let`.
    pub(super) fn said_of_local(&mut self, local: &mut Local) -> Evolution {
        let attrs = evolution::take("saga", &mut local.attrs);
        if let Some(init) = &mut local.init
            && !suspends::expr(&init.expr)
        {
            let inner = evolution::strip(|strip| strip.visit_expr_mut(&mut init.expr));
            self.say_nothing_awaited(&inner);
        }
        Evolution::read("saga", &attrs, OPTIONS, self.diagnostics)
    }

    /// What is said at an expression that is a statement.
    pub(super) fn said_of_expr(&mut self, expr: &mut Expr) -> Evolution {
        if !suspends::expr(expr) {
            let mut stmt = Stmt::Expr(std::mem::replace(expr, syn::parse_quote!(())), None);
            let inner = evolution::strip(|strip| strip.visit_stmt_mut(&mut stmt));
            if let Stmt::Expr(stripped, _) = stmt {
                *expr = stripped;
            }
            self.say_nothing_awaited(&inner);
            return Evolution::default();
        }
        // That of a loop speaks of its items.
        if matches!(expr, Expr::ForLoop(_)) {
            return Evolution::default();
        }
        let attrs = evolution::attributes(expr).map(|attrs| evolution::take("saga", attrs)).unwrap_or_default();
        Evolution::read("saga", &attrs, &["state"], self.diagnostics)
    }

    /// What is said at a `for` loop: how its items were called.
    pub(super) fn said_of_loop(&mut self, inner: &mut ExprForLoop) -> Evolution {
        let attrs = evolution::take("saga", &mut inner.attrs);
        Evolution::read("saga", &attrs, &["alias"], self.diagnostics)
    }

    fn say_nothing_awaited(&mut self, attrs: &[syn::Attribute]) {
        for attr in attrs {
            self.diagnostics.error(
                attr,
                "nothing is awaited here, so no record holds what this speaks of: leave it out, or put it at the `let` whose variable is read after a step",
            );
        }
    }

    /// Lowers a statement whose one `.await` may have a name of the user's.
    pub(super) fn naming(&mut self, evolution: Evolution, lower: impl FnOnce(&mut Self)) {
        let Some(state) = evolution.state else { return lower(self) };
        let before = self.graph.sites.len();
        if self.graph.sites.iter().any(|site| site.state == state.value()) {
            self.diagnostics.error(
                &state,
                format!("there is a state `{}` already: give this one a name of its own", state.value()),
            );
        }
        self.named.next = Some(state.value());
        lower(self);
        self.named.next = None;
        match self.graph.sites.len() - before {
            1 => {}
            0 => self.diagnostics.error(&state, "nothing is awaited here that could have this state's name"),
            _ => {
                let message =
                    "more than one thing is awaited here: divide the statement, so that the name stands for one state";
                self.diagnostics.error(&state, message);
            }
        }
    }

    /// The name of the state that awaits a call.
    pub(super) fn state_name(&mut self, call: &Expr) -> String {
        if let Some(name) = self.named.next.take() {
            return name;
        }
        let name = flatten::call_name(call);
        loop {
            let count = self.counters.entry(format!("await {name}")).or_default();
            *count += 1;
            let state = if *count == 1 { name.clone() } else { format!("{name}#{count}") };
            if !self.named.all.contains(&state) {
                return state;
            }
        }
    }

    /// Notes what is said of variables.
    pub(super) fn note_evolution(&mut self, vars: &[VarId], evolution: &Evolution) {
        if evolution.default.is_none() && evolution.alias.is_empty() {
            return;
        }
        if vars.len() > 1 && !evolution.alias.is_empty() {
            let ident = &self.graph.vars[vars[1]].ident;
            self.diagnostics
                .error(ident, "an alias stands for one variable: bind the others with a `let` of their own");
        }
        for var in vars {
            let var = &mut self.graph.vars[*var];
            if var.remake.is_some() {
                let message = format!(
                    "`{0}` is made again after each step and is in no record, so that nothing has to be said of older ones: leave this out",
                    var.ident
                );
                self.diagnostics.error(&var.ident, message);
            }
            var.evolution = evolution.clone();
        }
    }

    /// Notes how the items of a loop were called. What is made again needs nothing.
    pub(super) fn note_evolution_of_items(&mut self, vars: &[VarId], evolution: &Evolution) {
        if let [var] = vars
            && self.graph.vars[*var].remake.is_none()
        {
            self.graph.vars[*var].evolution = evolution.clone();
        }
    }
}
