//! Borrows that are alive across a step: they can't be saved, but made again from the place that they borrow from.
//!
//! ```text
//! let name = &order.name;                            // name: &order.name
//! let city = order.city.as_str();                    // city: order.city.as_str()
//! let Address { city, .. } = &order.address;         // city: match &order.address { Address { city, .. } => city }
//! match &order.kind { Gift(note) => { … } }          // note: match &order.kind { Gift(note) => note, _ => … }
//! ```
//!
//! While a borrow is alive nobody else changes its place, as rustc checks in the inline form: what is made again is what
//! was there. That holds for what borrows, and not for what is copied out of a place (`&Gift(count)`): that is saved.

use std::rc::Rc;

use proc_macro2::Ident;
use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Lit, Local, Member, Pat, PatIdent, UnOp, parse_quote};

use super::super::analyze::{self, Path};
use super::super::graph::{Remake, VarId};
use super::super::pattern::is_binding;
use super::super::places::{Handler, Walk, as_place};
use super::Lower;

/// What an expression is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A reference: what a pattern binds in it are references, too.
    Reference { mutable: bool },
    /// A place: only what is bound by `ref` borrows from it.
    Place,
    /// The same at all times.
    Constant,
    /// Two in one: of `.enumerate()`, of `.zip(…)`.
    Pair(Box<Shape>, Box<Shape>),
}

/// An expression that can be evaluated again, with the same result.
pub(super) struct Source {
    pub(super) init: Expr,
    pub(super) shape: Shape,
}

impl Lower<'_> {
    /// How the variables of `let pat = init;` can be made again.
    pub(super) fn remakes_of_local(&mut self, local: &Local) -> Vec<(Ident, Remake)> {
        // What only some builds have can't be made again in all.
        let is_conditional = local.attrs.iter().any(|attr| attr.path().is_ident("cfg"));
        let Some(init) = local.init.as_ref().filter(|_| !is_conditional) else { return Vec::new() };
        let (pat, ty) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some((*typed.ty).clone())),
            pat => (pat, None),
        };
        match pat {
            Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() && is_binding(pat) => {
                let source = self.source(&init.expr).filter(|source| source.shape != Shape::Place);
                match source {
                    Some(Source { init, shape }) if pat.mutability.is_none() => {
                        let places = self.places(&init);
                        vec![(pat.ident.clone(), Remake { init, ty, places, pattern: None, shape })]
                    }
                    _ => Vec::new(),
                }
            }
            pat => self.remakes(pat, &init.expr),
        }
    }

    /// How what a pattern binds in the value of an expression can be made again.
    pub(super) fn remakes(&mut self, pat: &Pat, expr: &Expr) -> Vec<(Ident, Remake)> {
        match (pat, expr) {
            (Pat::Paren(pat), expr) => self.remakes(&pat.pat, expr),
            (pat, Expr::Paren(expr)) => self.remakes(pat, &expr.expr),
            (Pat::Guard(guard), _) if has_alternatives(&guard.pat) => Vec::new(),
            (Pat::Guard(guard), expr) => self.remakes(&guard.pat, expr),
            (Pat::Tuple(pat), Expr::Tuple(expr))
                if pat.elems.len() == expr.elems.len() && !pat.elems.iter().any(|pat| matches!(pat, Pat::Rest(_))) =>
            {
                let pairs = pat.elems.iter().zip(&expr.elems);
                pairs.flat_map(|(pat, expr)| self.remakes(pat, expr)).collect()
            }
            (pat, expr) => match self.source(expr) {
                Some(source) => self.taken_apart(pat, source),
                None => Vec::new(),
            },
        }
    }

    /// The variables that a pattern binds in what a source yields, and that borrow from it.
    pub(super) fn taken_apart(&mut self, pat: &Pat, source: Source) -> Vec<(Ident, Remake)> {
        let mut names = Vec::new();
        borrowing(pat, &source.shape, &mut names);
        names.dedup_by(|(one, _), (other, _)| one == other);
        let pattern = Rc::new(pat.clone());
        let places = self.places(&source.init);
        let remake = |(ident, shape): (Ident, Shape)| {
            let pattern = Some(pattern.clone());
            (ident, Remake { init: source.init.clone(), ty: None, places: places.clone(), pattern, shape })
        };
        names.into_iter().map(remake).collect()
    }

    /// Notes how variables that have just been bound can be made again.
    pub(super) fn note_remakes(&mut self, vars: &[VarId], remakes: Vec<(Ident, Remake)>) {
        for (ident, remake) in remakes {
            let var = vars.iter().find(|var| self.graph.vars[**var].ident == ident);
            if let Some(var) = var.map(|var| &mut self.graph.vars[*var]).filter(|var| !var.mutable) {
                var.remake = Some(remake);
            }
        }
    }

    /// The expression, if evaluating it again yields the same while its result is alive, and does nothing else.
    pub(super) fn source(&self, expr: &Expr) -> Option<Source> {
        let shape = match expr {
            Expr::Paren(inner) => return self.source(&inner.expr),
            Expr::Group(inner) => return self.source(&inner.expr),
            Expr::MethodCall(call) => return self.accessor(call),
            Expr::Reference(inner) if self.is_place(&inner.expr) => {
                Shape::Reference { mutable: inner.mutability.is_some() }
            }
            Expr::Reference(inner) if inner.mutability.is_none() && is_constant(&inner.expr) => Shape::Constant,
            Expr::Lit(_) | Expr::Array(_) | Expr::Tuple(_) if is_constant(expr) && has_text(expr) => Shape::Constant,
            Expr::Path(_) => match &self.graph.vars[self.variable(&as_place(expr)?.0)?].remake {
                // A mutable reference is lent, not moved, so that it can be made again.
                Some(Remake { shape: Shape::Reference { mutable: true }, .. }) => {
                    let init = parse_quote!(&mut *#expr);
                    return Some(Source { init, shape: Shape::Reference { mutable: true } });
                }
                Some(remake) => remake.shape.clone(),
                None => Shape::Place,
            },
            expr if self.is_place(expr) => Shape::Place,
            _ => return None,
        };
        Some(Source { init: expr.clone(), shape })
    }

    /// Gives a value that is borrowed right away a variable: `match &find(id).await?.kind { … }`.
    pub(super) fn own(&mut self, mut expr: Expr) -> Expr {
        if let Expr::Reference(inner) = &mut expr
            && self.is_value(&inner.expr)
        {
            let value = std::mem::replace(&mut *inner.expr, parse_quote!(()));
            *inner.expr = self.hold_now(value, inner.mutability.is_some());
        }
        expr
    }

    /// The same for the value of a `let`: `let order = &find(id).await?;`, `let ref city = find(id).await?.city;`. What is
    /// constant stays where it is: it lives for ever.
    pub(super) fn own_what_is_borrowed(&mut self, expr: Expr, only_refs: bool) -> Expr {
        let is_ours = |expr: &Expr| match expr {
            // Others may stand for places.
            Expr::Macro(call) => call.mac.path.is_ident("vec") || call.mac.path.is_ident("format"),
            expr => !is_constant_but_for_types(expr),
        };
        match &expr {
            Expr::Reference(inner) if is_ours(&inner.expr) => self.own(expr),
            expr if only_refs && is_ours(expr) && self.is_value(expr) => self.hold_now(expr.clone(), true),
            _ => expr,
        }
    }

    /// Whether an expression is surely a value that nobody else has: it can be moved.
    pub(super) fn is_value(&self, expr: &Expr) -> bool {
        fn is_part_of_reply(expr: &Expr) -> bool {
            match expr {
                Expr::Field(inner) => is_part_of_reply(&inner.base),
                Expr::Try(inner) => is_part_of_reply(&inner.expr),
                Expr::Paren(inner) => is_part_of_reply(&inner.expr),
                expr => as_place(expr).is_some_and(|(root, _)| root.to_string().starts_with("__reply")),
            }
        }
        match expr {
            Expr::Paren(inner) => self.is_value(&inner.expr),
            Expr::Group(inner) => self.is_value(&inner.expr),
            Expr::Field(inner) => !self.is_place(expr) && is_part_of_reply(&inner.base),
            Expr::Call(_) | Expr::MethodCall(_) | Expr::Try(_) | Expr::Macro(_) => true,
            Expr::Array(_) => !is_constant(expr),
            _ => false,
        }
    }

    /// A variable, fields, `*` and indices of it.
    pub(super) fn is_place(&self, expr: &Expr) -> bool {
        if let Some((root, _)) = as_place(expr) {
            return self.variable(&root).is_some();
        }
        match expr {
            Expr::Index(inner) => self.is_place(&inner.expr) && self.is_fixed(&inner.index),
            Expr::Unary(inner) => matches!(inner.op, UnOp::Deref(_)) && self.is_place(&inner.expr),
            Expr::Field(inner) => self.is_place(&inner.base),
            Expr::Paren(inner) => self.is_place(&inner.expr),
            Expr::Group(inner) => self.is_place(&inner.expr),
            _ => false,
        }
    }

    /// What has the same value for as long as it is visible: a literal, a variable that isn't `mut`.
    pub(super) fn is_fixed(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Lit(_) => true,
            Expr::Paren(inner) => self.is_fixed(&inner.expr),
            Expr::Group(inner) => self.is_fixed(&inner.expr),
            // Not of a variable: it may be moved while what was found with it is still borrowed.
            Expr::Reference(inner) => inner.mutability.is_none() && is_constant(&inner.expr),
            Expr::Range(inner) => {
                let mut ends = inner.start.iter().chain(&inner.end);
                ends.all(|end| self.is_fixed(end))
            }
            expr => match as_place(expr) {
                Some((root, _)) => match self.variable(&root) {
                    Some(var) => !self.graph.vars[var].mutable,
                    None => is_constant(expr),
                },
                None => false,
            },
        }
    }

    /// The places that an expression reads.
    pub(super) fn places(&self, expr: &Expr) -> Vec<(VarId, Path)> {
        struct Read<'l, 'd>(&'l Lower<'d>, Vec<(VarId, Path)>);
        impl Handler for Read<'_, '_> {
            fn place(&mut self, root: &Ident, fields: &[Member]) -> Option<(Ident, usize)> {
                self.1.extend(self.0.variable(root).map(|var| (var, analyze::path(fields))));
                None
            }
        }
        let mut read = Read(self, Vec::new());
        Walk::new(&mut read).visit_expr_mut(&mut expr.clone());
        read.1
    }
}

/// A string, a path whose last part is written like a constant (`LIMITS`, `config::LIMITS`), arrays and tuples of those.
/// No number without a type: what it is depends on where it stands.
pub(super) fn is_constant(expr: &Expr) -> bool {
    constant(expr, false)
}

/// The same with numbers of any kind.
pub(super) fn is_constant_but_for_types(expr: &Expr) -> bool {
    constant(expr, true)
}

fn constant(expr: &Expr, all_numbers: bool) -> bool {
    match expr {
        Expr::Path(path) => {
            path.path.segments.last().is_some_and(|segment| segment.ident.to_string().starts_with(char::is_uppercase))
        }
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => all_numbers || !number.suffix().is_empty(),
            Lit::Float(number) => all_numbers || !number.suffix().is_empty(),
            _ => true,
        },
        Expr::Array(inner) => !inner.elems.is_empty() && inner.elems.iter().all(|elem| constant(elem, all_numbers)),
        Expr::Tuple(inner) => !inner.elems.is_empty() && inner.elems.iter().all(|elem| constant(elem, all_numbers)),
        Expr::Reference(inner) => inner.mutability.is_none() && constant(&inner.expr, all_numbers),
        _ => false,
    }
}

/// Whether there are strings among constants: those are borrows, and can't be saved.
pub(super) fn has_text(expr: &Expr) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_lit(&mut self, literal: &'ast Lit) {
            self.0 |= matches!(literal, Lit::Str(_) | Lit::ByteStr(_) | Lit::CStr(_));
        }
    }
    let mut find = Find(false);
    find.visit_expr(expr);
    find.0
}

/// The variables of a pattern that borrow from a value of this shape, and what they are themselves.
fn borrowing(pat: &Pat, shape: &Shape, names: &mut Vec<(Ident, Shape)>) {
    match pat {
        Pat::Ident(inner) => {
            if is_binding(inner) {
                names.extend(borrows(inner, shape).map(|shape| (inner.ident.clone(), shape)));
            }
            if let Some((_, inner)) = &inner.subpat {
                borrowing(inner, shape, names);
            }
        }
        Pat::Reference(inner) => {
            let inside = if *shape == Shape::Constant { Shape::Constant } else { Shape::Place };
            borrowing(&inner.pat, &inside, names);
        }
        Pat::Tuple(inner) => match shape {
            Shape::Pair(first, second) => {
                let rest = inner.elems.iter().position(|pat| matches!(pat, Pat::Rest(_)));
                for (index, elem) in inner.elems.iter().enumerate() {
                    let is_first = index == 0 && rest != Some(0);
                    borrowing(elem, if is_first { first } else { second }, names);
                }
            }
            shape => inner.elems.iter().for_each(|elem| borrowing(elem, shape, names)),
        },
        Pat::TupleStruct(inner) => inner.elems.iter().for_each(|elem| borrowing(elem, shape, names)),
        Pat::Slice(inner) => inner.elems.iter().for_each(|elem| borrowing(elem, shape, names)),
        Pat::Or(inner) => inner.cases.iter().for_each(|case| borrowing(case, shape, names)),
        Pat::Struct(inner) => inner.fields.iter().for_each(|field| borrowing(&field.pat, shape, names)),
        Pat::Paren(inner) => borrowing(&inner.pat, shape, names),
        Pat::Type(inner) => borrowing(&inner.pat, shape, names),
        Pat::Guard(inner) => borrowing(&inner.pat, shape, names),
        _ => {}
    }
}

/// What an identifier in a pattern is, if it borrows.
fn borrows(pat: &PatIdent, shape: &Shape) -> Option<Shape> {
    match (shape, &pat.by_ref) {
        (Shape::Constant, _) => Some(Shape::Constant),
        (_, Some(_)) => Some(Shape::Reference { mutable: pat.mutability.is_some() }),
        (Shape::Place, None) => None,
        (shape, None) => Some(shape.clone()),
    }
}

fn has_alternatives(pat: &Pat) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_pat_or(&mut self, _: &'ast syn::PatOr) {
            self.0 = true;
        }
    }
    let mut find = Find(false);
    find.visit_pat(pat);
    find.0
}

/// The pattern, with `_` instead of all variables but these.
pub(crate) fn only(pat: &Pat, names: &[&Ident]) -> Pat {
    struct Only<'a>(&'a [&'a Ident]);
    impl VisitMut for Only<'_> {
        fn visit_pat_mut(&mut self, pat: &mut Pat) {
            if let Pat::Guard(guard) = pat {
                *pat = (*guard.pat).clone();
            }
            if let Pat::Ident(inner) = pat
                && is_binding(inner)
                && !self.0.contains(&&inner.ident)
            {
                *pat = match inner.subpat.take() {
                    Some((_, inside)) => *inside,
                    None => parse_quote!(_),
                };
                return self.visit_pat_mut_again(pat);
            }
            visit_mut::visit_pat_mut(self, pat);
        }

        fn visit_field_pat_mut(&mut self, field: &mut syn::FieldPat) {
            let before = field.pat.clone();
            visit_mut::visit_field_pat_mut(self, field);
            if field.pat != before {
                field.colon_token.get_or_insert_default();
            }
        }

        fn visit_expr_mut(&mut self, _: &mut Expr) {}
    }
    impl Only<'_> {
        fn visit_pat_mut_again(&mut self, pat: &mut Pat) {
            if !matches!(pat, Pat::Wild(_)) {
                self.visit_pat_mut(pat);
            }
        }
    }
    let mut pat = pat.clone();
    Only(names).visit_pat_mut(&mut pat);
    pat
}
