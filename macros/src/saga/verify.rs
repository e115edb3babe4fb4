//! The graph checks itself, in debug builds of the compiler: a bug shows here, and not in somebody's saga.

use std::collections::{BTreeSet, HashSet};

use super::analyze::{self, Deferred, Live, Liveness, Path};
use super::graph::{BlockId, End, Graph, VarId};

/// Panics when the graph or its liveness can't be right.
pub(crate) fn verify(graph: &Graph, liveness: &Liveness) {
    let problems = problems(graph, liveness);
    assert!(problems.is_empty(), "bug in sagaflow's compiler, please report it: {}", problems.join("; "));
}

/// What is wrong, if anything is.
pub(crate) fn problems(graph: &Graph, liveness: &Liveness) -> Vec<String> {
    let mut problems = Vec::new();
    let deferred = Deferred::new(graph, liveness);
    for (id, block) in graph.blocks.iter().enumerate() {
        if !liveness.reachable.contains(&id) {
            continue;
        }
        let mut note = |what: String| problems.push(format!("block {id} (`{}`) {what}", block.origin));
        if matches!(block.end, End::Open) {
            note("has no end".to_owned());
        }
        if let End::Suspend { site, then, .. } = &block.end
            && graph.blocks.get(*then).and_then(|then| then.reply).is_none_or(|(known, _)| known != *site)
        {
            note(format!("suspends at `{}` and is not resumed there", graph.sites[*site].state));
        }
        for target in liveness.successors(graph, id) {
            if target >= graph.blocks.len() {
                note(format!("leads to a block {target} that is not there"));
            }
        }
        for (var, _) in liveness.at[id].places().filter(|(var, _)| !deferred.may_have(id, *var)) {
            note(format!("reads `{}` before it is assigned", graph.vars[var].ident));
        }
        let own = own(graph, liveness, id);
        for (target, defined) in targets(graph, liveness, id) {
            for (var, path) in liveness.at[target].places() {
                if !own.contains(&var) && defined != Some(var) && !covers(&liveness.at[id], var, path) {
                    note(format!("does not have `{}`, which block {target} reads", graph.vars[var].ident));
                }
            }
        }
    }
    if let Some((var, _)) = liveness.at.first().and_then(|live| live.places().next()) {
        problems.push(format!("`{}` is read before the beginning", graph.vars[var].ident));
    }
    problems
}

/// Variables without a value on a way to where they are read. That is the user's mistake, and rustc's to find; but it
/// finds it too late, as nothing can be generated for such a way.
pub(crate) fn unassigned(graph: &Graph, liveness: &Liveness) -> BTreeSet<VarId> {
    let deferred = Deferred::new(graph, liveness);
    let missing = |id: BlockId| {
        let own = own(graph, liveness, id);
        let read = targets(graph, liveness, id).into_iter().flat_map(|(target, defined)| {
            liveness.at[target].places().map(|(var, _)| var).filter(move |var| defined != Some(*var))
        });
        let missing = read.filter(|var| !own.contains(var) && !deferred.may_have(id, *var));
        missing.collect::<Vec<_>>()
    };
    liveness.reachable.iter().flat_map(|id| missing(*id)).collect()
}

/// The variables that get a value in the block.
fn own(graph: &Graph, liveness: &Liveness, id: BlockId) -> HashSet<VarId> {
    let block = &graph.blocks[id];
    let mut own: HashSet<_> = block.lines.iter().flat_map(|line| line.binds.iter().copied()).collect();
    own.extend(block.reply.iter().map(|(_, reply)| *reply));
    own.extend(analyze::bound_by_end(&block.end, graph));
    own.extend(liveness.uses(id).flat_map(|uses| uses.writes.iter().copied()));
    own
}

/// Where the block may lead, with what a jump defines on the way.
fn targets(graph: &Graph, liveness: &Liveness, id: BlockId) -> Vec<(BlockId, Option<VarId>)> {
    let mut targets: Vec<_> = graph.blocks[id].end.targets().into_iter().map(|to| (to, None)).collect();
    targets.extend(liveness.jumps(id).map(|jump| (jump.to, jump.defines)));
    targets
}

/// Whether a place, or one that it is a part of, is alive.
fn covers(live: &Live, var: VarId, path: &Path) -> bool {
    live.0.get(&var).is_some_and(|paths| paths.iter().any(|known| path.starts_with(known)))
}
