//! `for` loops that await.
//!
//! Over items that are owned, the rest of them is saved; over a borrow, it is the position, and the item is made again:
//!
//! ```text
//! for item in items { … }
//! let mut rest = Iterable(items).rest(); loop { match Iterator::next(&mut rest) { Some(item) => { … } None => break } }
//!
//! for item in &order.items { … }
//! let mut position = 0; loop { match Iterable(ordered(&order.items)).next_at(&mut position) { Some(item) => { … } None => break } }
//! ```

use proc_macro2::{Ident, Span};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprForLoop, ExprMethodCall, parse_quote};

use super::super::graph::{Arm, End, Kind};
use super::super::pattern::irrefutable;
use super::super::places::as_place;
use super::borrows::{Shape, Source, has_text, is_constant, is_constant_but_for_types};
use super::control::label_of;
use super::{Dest, Enclosing, Lower};
use crate::evolution::Evolution;

/// The methods that begin an iteration over a borrow. Those of a type that is no standard collection are none of ours:
/// rustc is asked for that.
const SHARED: [&str; 8] = ["iter", "keys", "values", "lines", "split_whitespace", "chunks", "windows", "as_slice"];
const MUTABLE: [&str; 3] = ["iter_mut", "values_mut", "chunks_mut"];
/// Those of iterators that can be called again without anybody's noticing: they run no code of the user's.
const ADAPTORS: [&str; 6] = ["enumerate", "rev", "skip", "take", "step_by", "zip"];

/// How a loop finds its next item.
struct Items {
    /// The next one, or `None`.
    next: Expr,
    /// How the item of a loop over a borrow is made again.
    again: Option<Source>,
}

impl Lower<'_> {
    pub(super) fn for_(&mut self, mut inner: ExprForLoop, dest: &Dest) {
        let span = inner.expr.span();
        let evolution = self.said_of_loop(&mut inner);
        let iterable = self.flatten(*inner.expr);
        let iterable = self.own_items(iterable);
        let iterable = self.fix_arguments(iterable);
        let (names, pat) = (irrefutable(&inner.pat), inner.pat);
        let pat = parse_quote!(::core::option::Option::Some(#pat));
        let name = names.first().map(|binding| crate::message::unraw(&binding.ident));
        let items = match self.items_of_borrow(&iterable) {
            Some(source) => self.by_position(source, name.as_deref(), span, &evolution),
            None => self.by_rest(&iterable, name.as_deref(), span, &evolution),
        };
        let (head, exit) = (self.block("next_item"), self.block("after_for"));
        self.end(End::Goto(head));
        self.enter(head);
        let mut body = 0;
        let (mut binds, reachable) = (Vec::new(), self.reachable);
        self.loops.push(Enclosing {
            label: label_of(inner.label.as_ref()),
            head: Some(head),
            exit,
            dest: Dest::Ignore,
        });
        self.scoped(|lower| {
            let remakes = match items.again {
                Some(source) => lower.taken_apart(&pat, source),
                None => Vec::new(),
            };
            body = lower.block("item");
            binds = lower.bind(&names);
            lower.note_remakes(&binds, remakes);
            lower.note_evolution_of_items(&binds, &evolution);
            lower.enter(body);
            lower.body(inner.body.stmts, &Dest::Ignore);
            lower.end(End::Goto(head));
        });
        self.loops.pop();
        let done = self.block("done");
        let arms = vec![
            Arm { attrs: Vec::new(), pat, binds, block: body },
            Arm { attrs: Vec::new(), pat: parse_quote!(::core::option::Option::None), binds: Vec::new(), block: done },
        ];
        (self.current, self.reachable) = (head, reachable);
        self.end(End::Match { scrutinee: items.next, arms });
        self.enter(done);
        self.end(End::Goto(exit));
        self.enter(exit);
        self.unit(dest);
    }

    /// Saves the rest.
    fn by_rest(&mut self, iterable: &Expr, name: Option<&str>, span: Span, evolution: &Evolution) -> Items {
        let name = name.map_or_else(|| "rest".to_owned(), |name| format!("rest_of_{name}"));
        let (rest, ident) = self.temporary(&name, span, true, None);
        self.reveal(rest);
        self.graph.vars[rest].kind = Kind::Rest;
        self.graph.vars[rest].evolution.alias = evolution.alias.iter().map(|old| format!("@rest_of_{old}")).collect();
        let root = &self.graph.root;
        let begin = parse_quote!(let mut #ident = #root::__private::Iterable(#iterable).rest(););
        self.line(begin, vec![rest]);
        Items { next: parse_quote!(::core::iter::Iterator::next(&mut #ident)), again: None }
    }

    /// Saves the position.
    fn by_position(&mut self, source: Source, name: Option<&str>, span: Span, evolution: &Evolution) -> Items {
        let name = name.map_or_else(|| "position".to_owned(), |name| format!("position_of_{name}"));
        let (position, ident) = self.temporary(&name, span, true, None);
        self.reveal(position);
        let old = evolution.alias.iter().map(|old| format!("@position_of_{old}"));
        self.graph.vars[position].evolution.alias = old.collect();
        self.line(parse_quote!(let mut #ident = 0usize;), vec![position]);
        let (Source { init, shape }, root) = (source, &self.graph.root);
        let again = parse_quote!(#root::__private::Iterable(#init).item_at(#ident - 1));
        let next = parse_quote!(#root::__private::Iterable(#init).next_at(&mut #ident));
        Items { next, again: Some(Source { init: again, shape }) }
    }

    /// Gives a collection that is borrowed right away a variable: `for item in &find(id).await?.items { … }`.
    fn own_items(&mut self, mut iterable: Expr) -> Expr {
        if let Expr::MethodCall(call) = &mut iterable {
            let is_any = |names: &[&str]| names.iter().any(|name| call.method == name);
            let receiver = std::mem::replace(&mut *call.receiver, parse_quote!(()));
            *call.receiver = if is_any(&ADAPTORS) {
                self.own_items(receiver)
            } else if (is_any(&SHARED) || is_any(&MUTABLE)) && self.is_value(&receiver) {
                self.hold_now(receiver, is_any(&MUTABLE))
            } else {
                receiver
            };
            return iterable;
        }
        self.own(iterable)
    }

    /// Gives the arguments of a loop over a borrow variables, so that they stay what they are: the `size.max(1)` of
    /// `items.chunks(size.max(1))`.
    fn fix_arguments(&mut self, mut iterable: Expr) -> Expr {
        fn each(expr: &mut Expr, fix: &mut impl FnMut(&mut Expr)) {
            if let Expr::MethodCall(call) = expr {
                each(&mut call.receiver, fix);
                if call.method != "zip" {
                    call.args.iter_mut().for_each(fix);
                }
            }
        }
        let mut fixed = iterable.clone();
        each(&mut fixed, &mut |arg| *arg = parse_quote!(1usize));
        if self.items_of_borrow(&iterable).is_none() && self.items_of_borrow(&fixed).is_some() {
            each(&mut iterable, &mut |arg| {
                if !self.is_fixed(arg) {
                    *arg = self.hold_now(arg.clone(), false);
                }
            });
        }
        iterable
    }

    /// What a loop goes through, if that is a borrow of a place, or a constant.
    fn items_of_borrow(&self, expr: &Expr) -> Option<Source> {
        match expr {
            Expr::Paren(inner) => self.items_of_borrow(&inner.expr),
            Expr::Group(inner) => self.items_of_borrow(&inner.expr),
            Expr::MethodCall(call) => self.items_of_call(call),
            // What is constant can be gone through by its items, too, but for borrows among them.
            expr if self.is_constant_list(expr) => Some(Source { init: expr.clone(), shape: Shape::Constant }),
            expr => {
                let source = self.source(expr)?;
                let Shape::Reference { mutable } = source.shape else { return None };
                Some(self.ordered(source.init, mutable, expr.span()))
            }
        }
    }

    fn items_of_call(&self, call: &ExprMethodCall) -> Option<Source> {
        let is_any = |names: &[&str]| names.iter().any(|name| call.method == name);
        let mut call = call.clone();
        if is_any(&ADAPTORS) {
            let mut shape = self.items_of_borrow(&call.receiver).map(|source| {
                *call.receiver = source.init;
                source.shape
            })?;
            if call.method == "enumerate" {
                shape = Shape::Pair(Box::new(Shape::Place), Box::new(shape));
            } else if call.method == "zip" {
                let other = self.items_of_borrow(call.args.first()?)?;
                call.args[0] = other.init;
                shape = Shape::Pair(Box::new(shape), Box::new(other.shape));
            } else if !call.args.iter().all(|arg| self.is_fixed(arg)) {
                return None;
            }
            return Some(Source { init: Expr::MethodCall(call), shape });
        }
        // A constant is made anew for each item.
        if call.method == "into_iter" && call.args.is_empty() && self.is_constant_list(&call.receiver) {
            return Some(Source { init: Expr::MethodCall(call), shape: Shape::Constant });
        }
        let mutable = is_any(&MUTABLE);
        if !(mutable || is_any(&SHARED)) || !call.args.iter().all(|arg| self.is_fixed(arg)) {
            return None;
        }
        if self.is_constant_list(&call.receiver) {
            return Some(Source { init: Expr::MethodCall(call), shape: Shape::Constant });
        }
        if !self.is_place(&call.receiver) {
            return None;
        }
        let receiver = &call.receiver;
        let is_lent = as_place(receiver).is_some_and(|(root, fields)| {
            let var = self.variable(&root).map(|var| &self.graph.vars[var]);
            let remake = var.and_then(|var| var.remake.as_ref());
            fields.is_empty() && remake.is_some_and(|remake| remake.shape == Shape::Reference { mutable: true })
        });
        let span = receiver.span();
        let borrow = match (mutable, is_lent) {
            (true, true) => quote_spanned!(span => &mut *#receiver),
            (true, false) => quote_spanned!(span => &mut #receiver),
            (false, _) => quote_spanned!(span => &#receiver),
        };
        let Source { init, shape } = self.ordered(borrow, mutable, span);
        *call.receiver = init;
        Some(Source { init: Expr::MethodCall(call), shape })
    }

    /// Whether an expression is a constant whose items may be borrows.
    fn is_constant_list(&self, expr: &Expr) -> bool {
        is_constant_list(expr) && !self.is_place(expr)
    }

    /// A reference to a collection that keeps its order when it is saved: rustc says so if it is none, at the user's words.
    fn ordered(&self, borrow: impl ToTokens, mutable: bool, span: Span) -> Source {
        let (name, root) = (if mutable { "ordered_mut" } else { "ordered" }, self.graph.root.at(span));
        let name = Ident::new(name, span);
        let init = syn::parse2(quote_spanned!(span => #root::__private::Ordered::#name(#borrow)));
        Source { init: init.expect("a call is an expression"), shape: Shape::Reference { mutable } }
    }
}

fn is_constant_list(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => is_constant(expr),
        Expr::Reference(inner) => inner.mutability.is_none() && is_constant_list(&inner.expr),
        // Numbers get the same type wherever the items are made: see `Region::link`.
        expr => has_text(expr) && is_constant_but_for_types(expr),
    }
}
