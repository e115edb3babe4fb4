//! Pass 6: from the graph to `resume`, one function that is a loop over its states.
//!
//! ```text
//! async fn resume(machine: &mut Machine<'_>) -> Result<Receipt, CheckoutError> {
//!     enum __At { Start, create_user, …, Description }
//!     machine.states(&[("create_user", &[0]), …]);                        // what waits with each state
//!     let mut slot_request_items = Record::slot(machine, "request.items"); …      // what waits for its next reader
//!     let __site_create_user = Durable::site(machine, "create_user"); …   // lends the replies their types
//!     let at = machine.enter([__At::create_user, …], __At::Start, __At::Description);
//!     if let Some(mut at) = at {
//!         'machine: loop {
//!             match at {
//!                 __At::Start => 'arm: { …; __site_create_user.suspend(machine, call); break 'machine; }
//!                 __At::create_user => 'arm: { …; let user = reply?; … }
//!             }
//!         }
//!     }
//!     machine.leave(Waiting(&mut slot_request_items).slot()); …           // goes into the next frame
//!     match machine.stop().await {}
//! }
//! ```
//!
//! A block that is reached from one place only is written there; the others are arms. The arm that fills a slot
//! stands before every arm that reads it, so that rustc infers all types.

mod passed;
mod region;
mod slots;

use std::collections::{HashMap, HashSet};

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::analyze::Liveness;
use super::boxed;
use super::graph::{BlockId, End, Graph, Site, SiteId, VarId};
use super::outline::{Node, Outline, Way, outline};
use super::regions;
use region::Region;
use slots::Slots;

/// Emits the body of `resume`, and tells which state comes after which.
pub(crate) fn emit(graph: &Graph, liveness: &Liveness, boxed: &[Ident], is_fallible: bool) -> (TokenStream, Outline) {
    let emitter = Emitter::new(graph, liveness);
    let outline = outline(graph, liveness, &emitter.heads, is_fallible);
    let regions: Vec<_> = emitter.heads.iter().map(|head| Region::new(&emitter, *head)).collect();
    let mut linked: HashSet<_> = regions.iter().flat_map(|region| region.declared.iter().copied()).collect();
    linked.extend((0..graph.vars.len()).filter(|var| graph.vars[*var].is_constant_item()));
    let arms: Vec<_> = regions.iter().map(|region| emitter.arm(region, &linked)).collect();
    let items = &graph.items;
    let saved = emitter.slots.borrow_mut().saved(graph);
    let slots = emitter.slots.borrow().declarations(graph, &emitter.names.machine);
    let Names { machine, at, label, .. } = &emitter.names;
    // With the place of the variable: a text that is borrowed is said there to be none that can be saved.
    let left = saved.iter().map(|(var, slot)| {
        let span = graph.vars[*var].ident.span();
        let root = graph.root.at(span);
        let waiting = quote_spanned!(span => #root::__private::Waiting(&mut #slot).slot());
        quote!(#machine.leave(#waiting);)
    });
    let variants = emitter.heads.iter().map(|head| &emitter.variants[head]);
    let awaits = emitter.sites.iter().map(|id| {
        let (Site { state, span }, name) = (&graph.sites[*id], emitter.site(*id));
        let root = graph.root.at(*span);
        quote_spanned!(*span => let #name = #root::__private::Durable::site(#machine, #state);)
    });
    let states = emitter.sites.iter().map(|id| {
        let (state, waits) = (&graph.sites[*id].state, emitter.waiting(*id));
        quote!((#state, &[#(#waits),*]))
    });
    let resumed = emitter.sites.iter().map(|id| &emitter.variants[&emitter.resumed_at(*id)]);
    let described = emitter.described(&outline);
    let boxed = boxed::left(boxed, &arms);
    let root = graph.root.at(Span::mixed_site());
    // In a block of their own: nothing is alive any more at the one `.await`.
    let resume = quote! {
        enum __At { #(#variants,)* Description }
        #(#items)*
        {
            #machine.states(&[#(#states),*]);
            #slots
            #(let #boxed = #root::__private::Machine::inside(#machine);)*
            #(#awaits)*
            let #at = #machine.enter([#(__At::#resumed),*], __At::Start, __At::Description);
            if let ::core::option::Option::Some(mut #at) = #at {
                #label: loop {
                    match #at {
                        #(#arms)*
                        __At::Description => {
                            #described
                            break #label;
                        }
                    }
                }
            }
            #(#left)*
        }
        match #machine.stop().await {}
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
    /// The variables that keep the types of what is awaited at the sites, and the blocks that go on after them.
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
            let name = call_names.name(format!("__site_{}", identifier(state)));
            // With the span of the `.await`: an error that concerns its type is reported there, once.
            (*site, Ident::new(&name, *span))
        });
        let calls: HashMap<_, _> = calls.collect();
        let resumed = heads.iter().filter_map(|head| Some((graph.blocks[*head].reply?.0, *head)));
        let calls: HashMap<SiteId, (Ident, BlockId)> =
            resumed.filter_map(|(site, head)| Some((site, (calls.get(&site)?.clone(), head)))).collect();
        let states = calls.values().map(|(_, resumed)| &liveness.at[*resumed]);
        let slots = Slots::new(states).into();
        let names = Names {
            machine: hidden("machine"),
            at: hidden("at"),
            label: syn::Lifetime::new("'machine", Span::mixed_site()),
            arm: syn::Lifetime::new("'arm", Span::mixed_site()),
        };
        let variants = variants(graph, &heads);
        Self { graph, liveness, heads, is_head, variants, sites, calls, slots, names }
    }

    /// One arm of the machine.
    fn arm(&self, region: &Region<'_, '_>, linked: &HashSet<VarId>) -> TokenStream {
        let (variant, label) = (&self.variants[&region.head], &self.names.arm);
        let body = region.emit(linked);
        // The label keeps a `break` or `continue` that a macro hides from ever meaning the machine's own loop.
        quote!(__At::#variant => #label: { #body })
    }

    /// The variable that keeps the type of what is awaited at a site.
    fn site(&self, site: SiteId) -> Ident {
        self.calls[&site].0.clone()
    }

    /// The block that goes on after a site.
    fn resumed_at(&self, site: SiteId) -> BlockId {
        self.calls[&site].1
    }

    /// The numbers of the slots that wait with a state.
    fn waiting(&self, site: SiteId) -> Vec<Literal> {
        self.slots.borrow().numbers(&self.liveness.at[self.resumed_at(site)])
    }

    /// What comes after what.
    fn described(&self, outline: &Outline) -> TokenStream {
        let machine = &self.names.machine;
        let nodes = outline.0.iter().map(|Node { name, label, ways }| {
            let ways = ways.iter().map(|Way { to, when }| quote!((#to, #when)));
            quote!((#name, #label, &[#(#ways),*]))
        });
        quote!(#machine.described(&[#(#nodes),*]);)
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
