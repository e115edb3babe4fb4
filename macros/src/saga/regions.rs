//! Which blocks become arms of the machine, and which are written into those: an arm and what is in it is a region.

use std::collections::{HashMap, HashSet};

use super::analyze::Liveness;
use super::graph::{BlockId, Graph, VarId};

/// The start, what comes after a step, what several blocks or a jump lead to; and what comes after a loop: its code stands
/// after that of the loop in the user's function, and rustc, which learns the types of variables in that order, may need
/// what the loop's later arms say (`let mut found = Vec::new(); while … { found.push(ask().await); } found.sort_by(…)`).
pub(crate) fn heads(graph: &Graph, liveness: &Liveness) -> HashSet<BlockId> {
    let mut heads = HashSet::from([0]);
    let mut led_to = HashMap::<BlockId, usize>::new();
    for block in &liveness.reachable {
        if graph.blocks[*block].is_after_loop() {
            heads.insert(*block);
        }
        heads.extend(liveness.jumps(*block).map(|jump| jump.to));
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

/// A head, and the blocks that are written inline.
pub(crate) fn members(graph: &Graph, heads: &HashSet<BlockId>, head: BlockId) -> Vec<BlockId> {
    let (mut members, mut open) = (Vec::new(), vec![head]);
    while let Some(block) = open.pop() {
        members.push(block);
        let targets = graph.blocks[block].end.targets();
        open.extend(targets.into_iter().filter(|target| !heads.contains(target)));
    }
    members
}

/// The variables that are assigned as a whole in each region, by its head.
pub(crate) fn writes(graph: &Graph, liveness: &Liveness) -> HashMap<BlockId, HashSet<VarId>> {
    let heads = heads(graph, liveness);
    let of_region = |head: &BlockId| {
        let members = members(graph, &heads, *head);
        let writes =
            members.iter().flat_map(|block| liveness.uses(*block)).flat_map(|uses| uses.writes.iter().copied());
        (*head, writes.collect())
    };
    heads.iter().filter(|head| liveness.reachable.contains(head)).map(of_region).collect()
}
