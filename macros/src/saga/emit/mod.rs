//! Pass 6: from the graph to `resume`, one function that is a loop over its states.
//!
//! ```text
//! async fn resume(machine: &mut Machine<'_>) -> Result<Receipt, CheckoutError> {
//!     enum __At { Start, create_user, …, Description }
//!     let mut slot_request_items = None; …              // what waits for its next reader
//!     let codec_request_items = Saved::codec(); …       // asks for its traits, once
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

use super::analyze::{self, Liveness, Path};
use super::graph::{BlockId, End, Graph, SiteId, VarId};
use region::Region;
use slots::Slots;

/// Emits the body of `resume`.
pub(crate) fn emit(graph: &Graph, liveness: &Liveness) -> TokenStream {
    let emitter = Emitter::new(graph, liveness);
    let arms: Vec<_> = emitter.heads.iter().map(|head| emitter.arm(*head)).collect();
    let items = &graph.items;
    let slots = emitter.slots.borrow().declarations();
    let Names { machine, at, label, .. } = &emitter.names;
    let variants = emitter.variants.values().collect::<BTreeSet<_>>();
    let calls = emitter.sites.iter().map(|site| emitter.call_slot(*site));
    let states = emitter.sites.iter().map(|site| {
        let (site, variant) = (&graph.sites[*site], &emitter.variants[&emitter.resumed_at(*site)]);
        let state = syn::LitStr::new(&site.state, site.span);
        quote!((#state, __At::#variant))
    });
    let describe = emitter.describe();
    let codecs = emitter.codecs();
    quote! {
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
    }
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
    slots: std::cell::RefCell<Slots>,
    names: Names,
}

impl<'g> Emitter<'g> {
    fn new(graph: &'g Graph, liveness: &'g Liveness) -> Self {
        let order = order(graph);
        let is_head = heads(graph, liveness);
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
        let names = Names {
            machine: hidden("machine"),
            at: hidden("at"),
            label: syn::Lifetime::new("'machine", Span::mixed_site()),
            arm: syn::Lifetime::new("'arm", Span::mixed_site()),
        };
        let variants = variants(graph, &heads);
        Self { graph, liveness, heads, is_head, variants, sites, slots: Slots::default().into(), names }
    }

    /// One arm of the machine.
    fn arm(&self, head: BlockId) -> TokenStream {
        let (variant, label) = (&self.variants[&head], &self.names.arm);
        let body = Region::new(self, head).emit();
        // The label keeps a `break` or `continue` that a macro hides from ever meaning the machine's own loop.
        quote!(__At::#variant => #label: { #body })
    }

    /// The slot that keeps the type of a site's call.
    fn call_slot(&self, site: SiteId) -> Ident {
        // With the span of the `.await`: an error that concerns its type is reported there, once.
        let site = &self.graph.sites[site];
        Ident::new(&format!("__call_{}", identifier(&site.state)), site.span)
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
            let make = quote_spanned!(span => ::sagaflow::__private::Saved::codec());
            quote!(let #codec = #make;)
        });
        quote!(#(#codecs)*)
    }

    /// The block that goes on after a site.
    fn resumed_at(&self, site: SiteId) -> BlockId {
        let resumes = |block: &BlockId| matches!(self.graph.blocks[*block].reply, Some((known, _)) if known == site);
        *self.heads.iter().find(|block| resumes(block)).expect("a reachable site is resumed")
    }

    /// What each state awaits, and the variables that wait with it.
    fn describe(&self) -> TokenStream {
        let machine = &self.names.machine;
        let states = self.sites.iter().map(|site| {
            let (state, call) = (&self.graph.sites[*site].state, self.call_slot(*site));
            let live = &self.liveness.at[self.resumed_at(*site)];
            let variables = live.places().map(|(var, path)| {
                let (key, slot) =
                    (slots::key(self.graph, var, path), self.slots.borrow_mut().get(self.graph, var, path));
                quote!((#key, ::sagaflow::__private::type_in(&#slot)))
            });
            let span = self.graph.sites[*site].span;
            quote_spanned!(span => ::sagaflow::__private::Machine::describe(#machine, #state, &#call, &[#(#variables),*]);)
        });
        let states: Vec<_> = states.collect();
        quote! {
            #(#states)*
            match #machine.described().await {}
        }
    }
}

/// Reverse postorder: every block after those that lead to it, but for the way back in a loop.
fn order(graph: &Graph) -> Vec<BlockId> {
    fn visit(graph: &Graph, block: BlockId, seen: &mut HashSet<BlockId>, order: &mut Vec<BlockId>) {
        if seen.insert(block) {
            // The last successor first, so that the reversed order keeps the order of the text.
            for next in analyze::successors(graph, block).into_iter().rev() {
                visit(graph, next, seen, order);
            }
            order.push(block);
        }
    }
    let mut order = Vec::new();
    visit(graph, 0, &mut HashSet::new(), &mut order);
    order.reverse();
    order
}

/// The start, what comes after a step, what several blocks or a jump lead to.
fn heads(graph: &Graph, liveness: &Liveness) -> HashSet<BlockId> {
    let mut heads = HashSet::from([0]);
    let mut led_to = HashMap::<BlockId, usize>::new();
    for block in &liveness.reachable {
        heads.extend(analyze::jumps(graph, *block).into_iter().map(|jump| jump.to));
        for target in graph.blocks[*block].end.targets() {
            *led_to.entry(target).or_default() += 1;
            if graph.blocks[target].reply.is_some() {
                heads.insert(target);
            }
        }
    }
    heads.extend(led_to.into_iter().filter(|(_, count)| *count > 1).map(|(block, _)| block));
    heads
}

/// Names for the arms: of the state after a step, of the origin otherwise.
fn variants(graph: &Graph, heads: &[BlockId]) -> HashMap<BlockId, Ident> {
    let mut counts = HashMap::<&str, usize>::new();
    let name = |block: &BlockId| {
        let ident = match graph.blocks[*block].reply {
            Some((site, _)) => {
                let site = &graph.sites[site];
                Ident::new(&identifier(&site.state), Span::call_site())
            }
            None => {
                let origin = graph.blocks[*block].origin;
                let count = counts.entry(origin).or_default();
                *count += 1;
                let name = camel_case(origin);
                if *count == 1 { format_ident!("{name}") } else { format_ident!("{name}{count}") }
            }
        };
        (*block, ident)
    };
    heads.iter().map(name).collect()
}

/// `reserve#2` as an identifier.
fn identifier(state: &str) -> String {
    let name = state.replace('#', "_");
    if syn::parse_str::<Ident>(&name).is_ok() { name } else { format!("_{name}") }
}

fn camel_case(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}
