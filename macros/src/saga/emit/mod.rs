//! Pass 6: from the graph to `resume`, one function that is a loop over its states.
//!
//! ```text
//! async fn resume(machine: &mut Machine<'_>) -> Result<Receipt, CheckoutError> {
//!     enum __At { Start, create_user, …, Description }
//!     let mut slot_request_items = None; …              // what waits for its next reader
//!     let codec_request_items = Record::codec(); …       // asks for its traits, once
//!     let mut __call_create_user = None; …                // lends the replies their types
//!     let mut at = machine.enter(&[("create_user", __At::create_user), …], …).await;
//!     'machine: loop {
//!         match at {
//!             __At::Start => 'arm: { …; match machine.suspend("create_user", call, &mut __call_create_user, Durable::begin).await {} }
//!             __At::create_user => 'arm: { …; let user = reply?; … }
//!         }
//!     }
//! }
//! ```
//!
//! A block that is reached from one place only is written there; the others are arms. The arm that fills a slot
//! stands before every arm that reads it, so that rustc infers all types.

mod region;
mod slots;

use std::collections::{BTreeSet, HashMap, HashSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::analyze::{Liveness, Path};
use super::graph::{BlockId, End, Graph, Kind, Site, SiteId, VarId};
use super::outline::{Node, Outline, Way, outline};
use super::regions;
use region::Region;
use slots::Slots;

/// Emits the body of `resume`, and tells which state comes after which.
pub(crate) fn emit(graph: &Graph, liveness: &Liveness, is_fallible: bool) -> (TokenStream, Outline) {
    let emitter = Emitter::new(graph, liveness);
    let outline = outline(graph, liveness, &emitter.heads, is_fallible);
    let regions: Vec<_> = emitter.heads.iter().map(|head| Region::new(&emitter, *head)).collect();
    let mut linked: HashSet<_> = regions.iter().flat_map(|region| region.declared.iter().copied()).collect();
    linked.extend((0..graph.vars.len()).filter(|var| graph.vars[*var].is_constant_item()));
    let arms: Vec<_> = regions.iter().map(|region| emitter.arm(region, &linked)).collect();
    let items = &graph.items;
    let slots = emitter.slots.borrow().declarations();
    let Names { machine, at, label, .. } = &emitter.names;
    let variants = emitter.heads.iter().map(|head| &emitter.variants[head]);
    let calls = emitter.sites.iter().map(|site| emitter.call_slot(*site));
    let states = emitter.sites.iter().map(|site| {
        let (site, variant) = (&graph.sites[*site], &emitter.variants[&emitter.resumed_at(*site)]);
        let state = syn::LitStr::new(&site.state, site.span);
        quote!((#state, __At::#variant))
    });
    let describe = emitter.describe(&outline);
    let codecs = emitter.codecs();
    let resume = quote! {
        #[derive(::core::clone::Clone, ::core::marker::Copy)]
        enum __At { #(#variants,)* Description }
        #(#items)*
        #slots
        #codecs
        #(let mut #calls = ::core::option::Option::None;)*
        let mut #at = #machine.enter(&[#(#states),*], __At::Start, __At::Description).await;
        #label: loop {
            match #at {
                #(#arms)*
                __At::Description => { #describe }
            }
        }
    };
    (resume, outline)
}

/// The names of generated variables, apart from the user's by hygiene.
struct Names {
    machine: Ident,
    at: Ident,
    label: syn::Lifetime,
    arm: syn::Lifetime,
}

/// A name that no code of the user's can see.
fn hidden(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

struct Emitter<'g> {
    graph: &'g Graph,
    liveness: &'g Liveness,
    /// The blocks that are arms, in an order in which each comes after those that lead to it.
    heads: Vec<BlockId>,
    is_head: HashSet<BlockId>,
    /// The names of the arms.
    variants: HashMap<BlockId, Ident>,
    /// The reachable sites, in the order of the text.
    sites: Vec<SiteId>,
    /// The slots that keep the types of the sites' calls, and the blocks that go on after them.
    calls: HashMap<SiteId, (Ident, BlockId)>,
    slots: std::cell::RefCell<Slots>,
    names: Names,
}

impl<'g> Emitter<'g> {
    fn new(graph: &'g Graph, liveness: &'g Liveness) -> Self {
        let order = order(graph, liveness);
        let is_head = regions::heads(graph, liveness);
        let heads: Vec<_> = order.into_iter().filter(|block| is_head.contains(block)).collect();
        let mut sites: Vec<_> = liveness
            .reachable
            .iter()
            .filter_map(|block| match &graph.blocks[*block].end {
                End::Suspend { site, .. } => Some(*site),
                _ => None,
            })
            .collect();
        sites.sort_unstable();
        let mut call_names = Unique::default();
        let calls = sites.iter().map(|site| {
            let Site { state, span } = &graph.sites[*site];
            let name = call_names.name(format!("__call_{}", identifier(state)));
            // With the span of the `.await`: an error that concerns its type is reported there, once.
            (*site, Ident::new(&name, *span))
        });
        let calls: HashMap<_, _> = calls.collect();
        let resumed = heads.iter().filter_map(|head| Some((graph.blocks[*head].reply?.0, *head)));
        let calls = resumed.filter_map(|(site, head)| Some((site, (calls.get(&site)?.clone(), head)))).collect();
        let names = Names {
            machine: hidden("machine"),
            at: hidden("at"),
            label: syn::Lifetime::new("'machine", Span::mixed_site()),
            arm: syn::Lifetime::new("'arm", Span::mixed_site()),
        };
        let variants = variants(graph, &heads);
        Self { graph, liveness, heads, is_head, variants, sites, calls, slots: Slots::default().into(), names }
    }

    /// One arm of the machine.
    fn arm(&self, region: &Region<'_, '_>, linked: &HashSet<VarId>) -> TokenStream {
        let (variant, label) = (&self.variants[&region.head], &self.names.arm);
        let body = region.emit(linked);
        // The label keeps a `break` or `continue` that a macro hides from ever meaning the machine's own loop.
        quote!(__At::#variant => #label: { #body })
    }

    /// The slot that keeps the type of a site's call.
    fn call_slot(&self, site: SiteId) -> Ident {
        self.calls[&site].0.clone()
    }

    /// How a place is written and read.
    fn codec(&self, var: VarId, path: &Path) -> Ident {
        let slot = self.slots.borrow_mut().get(self.graph, var, path);
        hidden(&slot.to_string().replacen("slot", "codec", 1))
    }

    /// The codecs of all places that wait with a state. A type that can't be saved is an error here only, at the
    /// variable.
    fn codecs(&self) -> TokenStream {
        let places: BTreeSet<_> =
            self.sites.iter().flat_map(|site| self.liveness.at[self.resumed_at(*site)].places()).collect();
        let codecs = places.into_iter().map(|(var, path)| {
            let (codec, span) = (self.codec(var, path), self.graph.vars[var].ident.span());
            let root = self.graph.root.at(span);
            let make = match self.graph.vars[var].kind {
                Kind::Plain => {
                    quote_spanned!(span => <#root::__private::Record as #root::__private::Saved<_>>::codec())
                }
                Kind::Rest => quote_spanned!(span => #root::__private::SavedItems::codec()),
                Kind::Operand => {
                    quote_spanned!(span => <#root::__private::Record as #root::__private::SavedOperand<_>>::codec())
                }
            };
            quote!(let #codec = #make;)
        });
        quote!(#(#codecs)*)
    }

    /// The block that goes on after a site.
    fn resumed_at(&self, site: SiteId) -> BlockId {
        self.calls[&site].1
    }

    /// What each state awaits, the variables that wait with it, and what comes after what.
    fn describe(&self, outline: &Outline) -> TokenStream {
        let machine = &self.names.machine;
        let states = self.sites.iter().map(|site| {
            let (state, call) = (&self.graph.sites[*site].state, self.call_slot(*site));
            let live = &self.liveness.at[self.resumed_at(*site)];
            let variables = live.places().map(|(var, path)| {
                let (key, slot) =
                    (slots::key(self.graph, var, path), self.slots.borrow_mut().get(self.graph, var, path));
                let span = self.graph.vars[var].ident.span();
                let root = self.graph.root.at(span);
                let (codec, old) = (self.codec(var, path), slots::old_keys(self.graph, var, path));
                let old = (!old.is_empty()).then(|| quote!(.alias(&[#(#old),*])));
                let default = self.graph.vars[var].evolution.default.as_ref().map(|_| quote!(.with_default()));
                quote_spanned!(span => #root::__private::Variable::new(#key, #root::__private::Waiting(&#slot).type_name(), &#codec) #old #default)
            });
            let span = self.graph.sites[*site].span;
            let root = self.graph.root.at(span);
            quote_spanned!(span => #root::__private::Machine::describe(#machine, #state, &#call, &[#(#variables),*]);)
        });
        let states: Vec<_> = states.collect();
        let nodes = outline.0.iter().map(|Node { name, label, ways }| {
            let ways = ways.iter().map(|Way { to, when }| quote!((#to, #when)));
            quote!((#name, #label, &[#(#ways),*]))
        });
        quote! {
            #(#states)*
            match #machine.described(&[#(#nodes),*]).await {}
        }
    }
}

/// Reverse postorder: every block after those that lead to it, but for the way back in a loop.
fn order(graph: &Graph, liveness: &Liveness) -> Vec<BlockId> {
    let (mut order, mut seen) = (Vec::new(), HashSet::from([0]));
    let mut open = vec![(0, liveness.successors(graph, 0))];
    while let Some((block, successors)) = open.last_mut() {
        // The last successor first, so that the reversed order keeps the order of the text.
        match successors.pop() {
            Some(next) if seen.insert(next) => open.push((next, liveness.successors(graph, next))),
            Some(_) => {}
            None => {
                order.push(*block);
                open.pop();
            }
        }
    }
    order.reverse();
    order
}

/// Names for the arms: of the state after a step, of the origin otherwise.
fn variants(graph: &Graph, heads: &[BlockId]) -> HashMap<BlockId, Ident> {
    let mut names = Unique::default();
    names.name("Description".to_owned());
    let name = |block: &BlockId| {
        let name = match graph.blocks[*block].reply {
            Some((site, _)) => identifier(&graph.sites[site].state),
            None => camel_case(graph.blocks[*block].origin),
        };
        (*block, format_ident!("{}", names.name(name)))
    };
    heads.iter().map(name).collect()
}

/// Hands out names; one that is taken gets a number.
#[derive(Default)]
struct Unique {
    taken: HashSet<String>,
    last: HashMap<String, usize>,
}

impl Unique {
    fn name(&mut self, name: String) -> String {
        if self.taken.insert(name.clone()) {
            return name;
        }
        let last = self.last.entry(name.clone()).or_insert(1);
        loop {
            *last += 1;
            let numbered = format!("{name}_{last}");
            if self.taken.insert(numbered.clone()) {
                return numbered;
            }
        }
    }
}

/// `reserve#2` as an identifier.
fn identifier(state: &str) -> String {
    let name = state.replace(['#', '-'], "_");
    if syn::parse_str::<Ident>(&name).is_ok() { name } else { format!("_{name}") }
}

fn camel_case(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}
