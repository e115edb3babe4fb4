//! One arm: a block, and what is written into it because nothing else leads there.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::visit_mut::VisitMut;
use syn::{Expr, Member, Pat, Stmt};

use super::super::analyze::{self, Live, Path, Uses};
use super::super::graph::{Arm, BlockId, End, Jump, Remake, Scope, VarId};
use super::super::lower::borrows;
use super::super::places::{Handler, Walk};
use super::super::regions;
use super::{Emitter, passed};

/// How a variable is at hand in this arm.
#[derive(Debug)]
enum Held {
    /// As itself.
    Whole,
    /// Some of its fields, each in a variable of its own.
    Fields(Vec<Path>),
    /// Not at all: it stays in its slots.
    InSlots,
}

pub(super) struct Region<'e, 'g> {
    emitter: &'e Emitter<'g>,
    pub(super) head: BlockId,
    blocks: Vec<BlockId>,
    held: BTreeMap<VarId, Held>,
    /// The places that are taken out of their slots at the beginning.
    taken: Vec<(VarId, Path)>,
    /// Variables that are assigned here and were declared elsewhere.
    pub(super) declared: Vec<VarId>,
    /// Variables that are made again here, in the order in which they were made first.
    remade: Vec<VarId>,
}

impl<'e, 'g> Region<'e, 'g> {
    pub(super) fn new(emitter: &'e Emitter<'g>, head: BlockId) -> Self {
        let mut region = Self {
            emitter,
            head,
            blocks: Vec::new(),
            held: BTreeMap::new(),
            taken: Vec::new(),
            declared: Vec::new(),
            remade: Vec::new(),
        };
        region.blocks = regions::members(emitter.graph, &emitter.is_head, head);
        region.find_held();
        region
    }

    /// Decides for each variable how it is at hand.
    fn find_held(&mut self) {
        let (graph, liveness) = (self.emitter.graph, self.emitter.liveness);
        let mut uses = Uses::default();
        let mut exits: Vec<&Live> = Vec::new();
        let mut bound = HashSet::new();
        for id in self.blocks.clone() {
            let block = &graph.blocks[id];
            bound.extend(block.reply.iter().map(|(_, reply)| *reply));
            bound.extend(block.lines.iter().flat_map(|line| line.binds.iter().copied()));
            // The reply is bound by the block that takes it.
            if !matches!(block.end, End::Suspend { .. }) {
                bound.extend(analyze::bound_by_end(&block.end, graph));
            }
            liveness.uses(id).for_each(|more| merge(&mut uses, more));
            let targets = block.end.targets().into_iter().filter(|target| self.emitter.is_head.contains(target));
            exits.extend(targets.map(|target| &liveness.at[target]));
        }
        exits.extend(uses.jumps.iter().map(|jump| &liveness.at[jump.to]));
        for var in &bound {
            self.held.insert(*var, Held::Whole);
        }
        for (var, path) in liveness.at[self.head].places() {
            if bound.contains(&var) {
                continue;
            }
            let overlaps = |other: &Path| other.starts_with(path) || path.starts_with(other);
            let is_used =
                uses.reads.iter().any(|(read, other)| *read == var && overlaps(other)) || uses.writes.contains(&var);
            let is_divided = exits.iter().any(|live| {
                live.0.get(&var).is_some_and(|paths| paths.iter().any(|other| other != path && overlaps(other)))
            });
            if is_used || is_divided {
                self.taken.push((var, path.clone()));
                match self.held.entry(var).or_insert(Held::InSlots) {
                    held if path.is_empty() => *held = Held::Whole,
                    Held::Fields(paths) => paths.push(path.clone()),
                    held => *held = Held::Fields(vec![path.clone()]),
                }
            } else {
                self.held.entry(var).or_insert(Held::InSlots);
            }
        }
        for var in uses.writes {
            if !bound.contains(&var) && !matches!(self.held.get(&var), Some(Held::Whole)) {
                self.held.insert(var, Held::Whole);
                self.declared.push(var);
            }
        }
        self.remade = uses.remade.into_iter().filter(|var| !bound.contains(var)).collect();
        self.remade.sort_unstable();
        self.remade.dedup();
    }

    pub(super) fn emit(&self, linked: &HashSet<VarId>) -> TokenStream {
        let Emitter { graph, names, .. } = self.emitter;
        let (machine, label) = (&names.machine, &names.label);
        let mut output = Vec::new();
        if let Some((site, reply)) = graph.blocks[self.head].reply {
            let (local, name) = (&graph.vars[reply].ident, self.emitter.site(site));
            let span = graph.sites[site].span;
            output.push(quote_spanned! { span =>
                let ::core::option::Option::Some(#local) = #name.reply(#machine) else { break #label };
            });
        }
        for (var, path) in &self.taken {
            let (slot, local) = (self.slot(*var, path), self.local(*var, path));
            let mutability = graph.vars[*var].mutable.then(|| quote!(mut));
            output.push(quote!(let #mutability #local = #slot.take();));
        }
        for var in &self.declared {
            let (local, mutability) = (&graph.vars[*var].ident, graph.vars[*var].mutable.then(|| quote!(mut)));
            let ty = graph.vars[*var].ty.as_ref().map(|ty| quote!(: #ty));
            output.push(quote!(let #mutability #local #ty;));
            output.push(self.link(*var));
        }
        output.push(self.made_again());
        if self.head == 0 {
            // The first line takes the arguments out of the machine, by a name that only it uses.
            let arguments = format_ident!("__arguments");
            output.push(quote! {
                let ::core::option::Option::Some(#arguments) = #machine.arguments() else { break #label };
            });
        }
        output.push(self.block(self.head, linked));
        output.into_iter().collect()
    }

    /// The variables that are made again.
    ///
    /// ```text
    /// let name = &order.name;
    /// let (key, value) = match nth(ordered(&order.items), position - 1) { Some((key, value)) => (key, value), _ => … };
    /// ```
    fn made_again(&self) -> TokenStream {
        let graph = self.emitter.graph;
        let remakes: Vec<_> =
            self.remade.iter().filter_map(|var| Some((*var, graph.vars[*var].remake.as_ref()?))).collect();
        let mut output = Vec::new();
        let mut made = HashSet::new();
        for (var, remake) in &remakes {
            let mut init = remake.init.clone();
            self.rewrite(&graph.blocks[self.head].scope, |walk| walk.visit_expr_mut(&mut init));
            let Some(pattern) = &remake.pattern else {
                let (local, ty) = (&graph.vars[*var].ident, remake.ty.as_ref().map(|ty| quote!(: #ty)));
                output.push(quote!(let #local #ty = #init;));
                continue;
            };
            if !made.insert(Rc::as_ptr(pattern)) {
                continue;
            }
            let is_same = |other: &Remake| other.pattern.as_ref().is_some_and(|other| Rc::ptr_eq(other, pattern));
            let locals: Vec<_> = remakes
                .iter()
                .filter(|(_, other)| is_same(other))
                .map(|(other, _)| &graph.vars[*other].ident)
                .collect();
            let (pattern, root) = (borrows::only(pattern, &locals), &graph.root);
            let links = remakes
                .iter()
                .filter(|(other, remake)| is_same(remake) && graph.vars[*other].is_constant_item())
                .map(|(other, _)| self.link(*other));
            output.push(quote! {
                let (#(#locals,)*) = match #init {
                    #pattern => (#(#locals,)*),
                    _ => #root::__private::changed(),
                };
                #(#links)*
            });
        }
        output.into_iter().collect()
    }

    /// Lends a variable the type of its slot, where no value goes the one way or the other: it is assigned anew in
    /// several arms, and never alive between them, or is made in several arms out of a constant. Never run; what rustc can't reach may use what has no value.
    fn link(&self, var: VarId) -> TokenStream {
        let (local, slot) = (&self.emitter.graph.vars[var].ident, self.slot(var, &Path::new()));
        quote!(if false { loop {} #slot.put(#local); })
    }

    fn slot(&self, var: VarId, path: &Path) -> Ident {
        self.emitter.slots.borrow_mut().get(self.emitter.graph, var, path)
    }

    fn local(&self, var: VarId, path: &Path) -> Ident {
        self.emitter.slots.borrow_mut().local(self.emitter.graph, var, path)
    }

    fn block(&self, id: BlockId, linked: &HashSet<VarId>) -> TokenStream {
        let graph = self.emitter.graph;
        let block = &graph.blocks[id];
        let mut scope = block.scope.clone();
        let mut output = Vec::new();
        for line in &block.lines {
            let mut stmt = line.stmt.clone();
            self.rewrite(&scope, |walk| walk.visit_stmt_mut(&mut stmt));
            analyze::declare(&mut scope, &line.binds, graph);
            output.push(stmt.into_token_stream());
            output.extend(line.binds.iter().filter(|var| linked.contains(var)).map(|var| self.link(*var)));
        }
        output.push(self.end(&block.end, &scope, linked));
        output.into_iter().collect()
    }

    fn end(&self, end: &End, scope: &Scope, linked: &HashSet<VarId>) -> TokenStream {
        let to = |target: BlockId, binds: &[VarId]| {
            let links = binds.iter().filter(|var| linked.contains(var)).map(|var| self.link(*var));
            let code = self.to(target, linked);
            quote!(#(#links)* #code)
        };
        let expr = |expr: &Expr, binds: &[VarId]| {
            let (mut expr, mut scope) = (expr.clone(), scope.clone());
            analyze::declare(&mut scope, binds, self.emitter.graph);
            self.rewrite(&scope, |walk| walk.visit_expr_mut(&mut expr));
            expr
        };
        match end {
            End::Open => quote!(::core::unreachable!()),
            End::Never => TokenStream::new(),
            End::Goto(target) => to(*target, &[]),
            End::If { cond, binds, then, otherwise } => {
                let (cond, then, otherwise) = (expr(cond, binds), to(*then, binds), to(*otherwise, &[]));
                quote!(if #cond { #then } else { #otherwise })
            }
            End::Match { scrutinee, arms } => {
                let scrutinee = expr(scrutinee, &[]);
                let code = arms.iter().map(|arm| {
                    let (mut pat, mut scope) = (arm.pat.clone(), scope.clone());
                    analyze::declare(&mut scope, &arm.binds, self.emitter.graph);
                    self.rewrite(&scope, |walk| walk.visit_pat_mut(&mut pat));
                    let (attrs, body) = (&arm.attrs, to(arm.block, &arm.binds));
                    quote!(#(#attrs)* #pat => { #body })
                });
                let rest = (!covers_all(arms)).then(|| quote!(_ => loop {}));
                quote!(match #scrutinee { #(#code)* #rest })
            }
            End::LetElse { local, otherwise, then, binds } => {
                let mut stmt = Stmt::Local(local.clone());
                self.rewrite(scope, |walk| walk.visit_stmt_mut(&mut stmt));
                let Stmt::Local(syn::Local { attrs, pat, init, .. }) = &stmt else { unreachable!("it was a `let`") };
                let init = init.as_ref().map(|init| &init.expr);
                let (otherwise, then) = (to(*otherwise, &[]), to(*then, binds));
                quote!(#(#attrs)* let #pat = #init else { #otherwise }; #then)
            }
            End::Suspend { site, call, then } => self.suspend(*site, &expr(call, &[]), *then),
            End::Return(value) => {
                let value = expr(value, &[]);
                quote!(return #value;)
            }
        }
    }

    /// A block that only this one leads to is written here; to another one it goes through the machine's loop.
    fn to(&self, target: BlockId, linked: &HashSet<VarId>) -> TokenStream {
        if self.emitter.is_head.contains(&target) { self.goto(target, None) } else { self.block(target, linked) }
    }

    /// Puts what is alive there into its slots, and goes on there.
    fn goto(&self, target: BlockId, defines: Option<VarId>) -> TokenStream {
        let Emitter { liveness, variants, names, .. } = self.emitter;
        let (at, label, variant) = (&names.at, &names.label, &variants[&target]);
        let moves = liveness.at[target].places().filter_map(|(var, path)| {
            let (value, slot) = (self.place(var, path, defines)?, self.slot(var, path));
            Some(quote!(#slot.put(#value);))
        });
        quote! {
            #(#moves)*
            #at = __At::#variant;
            continue #label;
        }
    }

    /// Writes what is read later into the frame, and stops.
    fn suspend(&self, site: usize, call: &Expr, then: BlockId) -> TokenStream {
        let Emitter { graph, liveness, names, .. } = self.emitter;
        let (machine, label) = (&names.machine, &names.label);
        let span = graph.sites[site].span;
        let name = Ident::new("__call", span);
        let (mut before, mut after) = (TokenStream::new(), TokenStream::new());
        for (var, path) in liveness.at[then].places() {
            let Some(value) = self.place(var, path, None) else { continue };
            let slot = self.slot(var, path);
            let save = quote_spanned!(graph.vars[var].ident.span() => #slot.save(&#value););
            // What the call takes and is read later is the user's mistake, if it is not `Copy`: rustc reports it in the
            // function as it was written. It would do so here, too, if it were saved after that.
            if passed::only_passed(call, &value) { before.extend(save) } else { after.extend(save) }
        }
        let site = self.emitter.site(site);
        let suspend = quote_spanned!(span => #site.suspend(#machine, #name););
        quote! {
            #before
            let #name = #call;
            #after
            #suspend
            break #label;
        }
    }

    /// A place as an expression; none if it is still in its slot.
    fn place(&self, var: VarId, path: &Path, defines: Option<VarId>) -> Option<TokenStream> {
        let graph = self.emitter.graph;
        let ident = &graph.vars[var].ident;
        let fields = |path: &[String]| {
            let fields =
                path.iter().map(|field| syn::parse_str::<Member>(field).expect("a field's name was parsed before"));
            quote!(#(.#fields)*)
        };
        if defines == Some(var) {
            return Some(quote!(#ident));
        }
        match self.held.get(&var) {
            Some(Held::InSlots) => None,
            Some(Held::Fields(paths)) => {
                let taken = paths.iter().find(|taken| path.starts_with(taken))?;
                let (local, rest) = (self.local(var, taken), fields(&path[taken.len()..]));
                Some(quote!(#local #rest))
            }
            Some(Held::Whole) | None => {
                let rest = fields(path);
                Some(quote!(#ident #rest))
            }
        }
    }

    fn rewrite(&self, scope: &Scope, walk: impl FnOnce(&mut Walk<'_, Rewrite<'_, '_, '_>>)) {
        walk(&mut Walk::new(&mut Rewrite { region: self, scope }));
    }
}

/// Writes places as they are at hand, and jumps as they are made.
struct Rewrite<'r, 'e, 'g> {
    region: &'r Region<'e, 'g>,
    scope: &'r Scope,
}

impl Handler for Rewrite<'_, '_, '_> {
    fn place(&mut self, root: &Ident, fields: &[Member]) -> Option<(Ident, usize)> {
        let var = self.scope.get(&root.to_string())?;
        let Some(Held::Fields(paths)) = self.region.held.get(&var) else { return None };
        let path = analyze::path(fields);
        let taken = paths.iter().find(|taken| path.starts_with(taken))?;
        Some((self.region.local(var, taken), taken.len() + 1))
    }

    fn jump(&mut self, jump: Jump) -> Option<Expr> {
        let goto = self.region.goto(jump.to, jump.defines);
        Some(Expr::Verbatim(quote!({ #goto })))
    }
}

/// Whether a `match` covers all that there is, as far as one can see. What the user's does not, rustc says of the function as it was written; of
/// this one it would say it once more.
fn covers_all(arms: &[Arm]) -> bool {
    arms.last().is_none_or(|arm| match &arm.pat {
        Pat::Wild(_) => true,
        // Our own, of a loop.
        Pat::Path(path) => path.path.leading_colon.is_some(),
        _ => false,
    })
}

fn merge(uses: &mut Uses, more: &Uses) {
    uses.reads.extend(more.reads.iter().cloned());
    uses.writes.extend(&more.writes);
    uses.jumps.extend(&more.jumps);
    uses.remade.extend(&more.remade);
}
