//! Pass 5: liveness. Which places are read after the beginning of each block, and so make up the frames.
//!
//! A place is a variable, or a field of one where only fields are read: after `create_user(request.name).await?`,
//! code that goes on with `request.items` keeps just that (and the move of `request.name` stays legal).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit_mut::VisitMut;
use syn::{Expr, Member, Stmt};

use super::graph::{BlockId, End, Graph, Jump, VarId};
use super::places::{Handler, Walk, as_place};

/// A path of fields, as text: `["items", "0"]`. Empty: the variable itself.
pub(crate) type Path = Vec<String>;

/// The places that are alive: per variable the paths that are read, none of them within another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Live(pub(crate) BTreeMap<VarId, BTreeSet<Path>>);

impl Live {
    /// Adds a place; one that contains others takes their place.
    pub(crate) fn add(&mut self, var: VarId, path: Path) {
        let paths = self.0.entry(var).or_default();
        if !paths.iter().any(|known| path.starts_with(known)) {
            paths.retain(|known| !known.starts_with(&path));
            paths.insert(path);
        }
    }

    fn extend(&mut self, other: &Self) {
        for (var, path) in other.places() {
            self.add(var, path.clone());
        }
    }

    fn remove(&mut self, var: VarId) {
        self.0.remove(&var);
    }

    /// All places, in order.
    pub(crate) fn places(&self) -> impl Iterator<Item = (VarId, &Path)> {
        self.0.iter().flat_map(|(var, paths)| paths.iter().map(move |path| (*var, path)))
    }
}

/// What a piece of code does to places.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    pub(crate) reads: Vec<(VarId, Path)>,
    /// Variables that are assigned as a whole.
    pub(crate) writes: Vec<VarId>,
    pub(crate) jumps: Vec<Jump>,
    /// Variables that are read, but made again instead of saved.
    pub(crate) remade: Vec<VarId>,
}

/// The result: what is alive at the beginning of each block.
#[derive(Debug)]
pub(crate) struct Liveness {
    pub(crate) at: Vec<Live>,
    pub(crate) reachable: HashSet<BlockId>,
}

/// Notes which variables are assigned as a whole, then iterates over the graph until nothing changes.
pub(crate) fn analyze(graph: &mut Graph) -> Liveness {
    note_reassigned(graph);
    let reachable = reachable(graph);
    let mut liveness = Liveness { at: vec![Live::default(); graph.blocks.len()], reachable };
    loop {
        let mut changed = false;
        for block in (0..graph.blocks.len()).rev() {
            let live = live_at_start(graph, block, &liveness.at);
            if live != liveness.at[block] {
                liveness.at[block] = live;
                changed = true;
            }
        }
        if !changed {
            return liveness;
        }
    }
}

fn note_reassigned(graph: &mut Graph) {
    let mut written = Vec::new();
    for block in &graph.blocks {
        let mut scope = (*block.scope).clone();
        for line in &block.lines {
            written.extend(uses_of_stmt(&line.stmt, &scope, graph).writes);
            declare(&mut scope, &line.binds, graph);
        }
        written.extend(uses_of_end(&block.end, &scope, graph).writes);
    }
    for var in written {
        graph.vars[var].reassigned = true;
    }
}

fn reachable(graph: &Graph) -> HashSet<BlockId> {
    let (mut reachable, mut open) = (HashSet::new(), vec![0]);
    while let Some(block) = open.pop() {
        if reachable.insert(block) {
            open.extend(successors(graph, block));
        }
    }
    reachable
}

/// The blocks that may come after a block, jumps included.
pub(crate) fn successors(graph: &Graph, block: BlockId) -> Vec<BlockId> {
    let mut targets = graph.blocks[block].end.targets();
    targets.extend(jumps(graph, block).into_iter().map(|jump| jump.to));
    targets
}

/// The jumps in a block's verbatim code.
pub(crate) fn jumps(graph: &Graph, block: BlockId) -> Vec<Jump> {
    let block = &graph.blocks[block];
    let mut jumps: Vec<_> =
        block.lines.iter().flat_map(|line| uses_of_stmt(&line.stmt, &block.scope, graph).jumps).collect();
    jumps.extend(uses_of_end(&block.end, &block.scope, graph).jumps);
    jumps
}

/// Names that a line declares hide older ones in the lines after it.
pub(crate) fn declare(scope: &mut HashMap<String, VarId>, binds: &[VarId], graph: &Graph) {
    for var in binds {
        scope.insert(graph.vars[*var].ident.to_string(), *var);
    }
}

fn live_at_start(graph: &Graph, id: BlockId, at: &[Live]) -> Live {
    let block = &graph.blocks[id];
    // The scope before each line.
    let mut scopes = vec![(*block.scope).clone()];
    for line in &block.lines {
        let mut scope = scopes.last().expect("there is a first").clone();
        declare(&mut scope, &line.binds, graph);
        scopes.push(scope);
    }
    let mut live = Live::default();
    for target in block.end.targets() {
        live.extend(&at[target]);
    }
    let (bound, last_scope) = (bound_by_end(&block.end, graph), scopes.last().expect("there is a last"));
    bound.iter().for_each(|var| live.remove(*var));
    gen_uses(&mut live, uses_of_end(&block.end, last_scope, graph), at);
    for (line, scope) in block.lines.iter().zip(&scopes).rev() {
        line.binds.iter().for_each(|var| live.remove(*var));
        let uses = uses_of_stmt(&line.stmt, scope, graph);
        if let Some(var) = assigned_outright(&line.stmt, scope) {
            live.remove(var);
        }
        gen_uses(&mut live, uses, at);
    }
    if let Some((_, reply)) = block.reply {
        live.remove(reply);
    }
    live
}

fn gen_uses(live: &mut Live, uses: Uses, at: &[Live]) {
    for jump in uses.jumps {
        let mut target = at[jump.to].clone();
        if let Some(var) = jump.defines {
            target.remove(var);
        }
        live.extend(&target);
    }
    for (var, path) in uses.reads {
        live.add(var, path);
    }
}

/// The variables that a block's end binds for its targets.
fn bound_by_end(end: &End, graph: &Graph) -> Vec<VarId> {
    match end {
        End::If { binds, .. } | End::LetElse { binds, .. } => binds.clone(),
        End::Match { arms, .. } => arms.iter().flat_map(|arm| arm.binds.iter().copied()).collect(),
        End::Suspend { then, .. } => graph.blocks[*then].reply.iter().map(|(_, reply)| *reply).collect(),
        End::Open | End::Goto(_) | End::Return(_) => Vec::new(),
    }
}

/// `x = …;` as a statement: from here on the old value is gone.
fn assigned_outright(stmt: &Stmt, scope: &HashMap<String, VarId>) -> Option<VarId> {
    let Stmt::Expr(Expr::Assign(assign), _) = stmt else { return None };
    let (root, fields) = as_place(&assign.left)?;
    if fields.is_empty() { scope.get(&root.to_string()).copied() } else { None }
}

pub(crate) fn uses_of_stmt(stmt: &Stmt, scope: &HashMap<String, VarId>, graph: &Graph) -> Uses {
    collect(scope, graph, |walk| walk.visit_stmt_mut(&mut stmt.clone()))
}

/// The uses of a block's end, what its targets do not included.
pub(crate) fn uses_of_end(end: &End, scope: &HashMap<String, VarId>, graph: &Graph) -> Uses {
    match end {
        End::Open | End::Goto(_) => Uses::default(),
        // What a condition or pattern binds is visible in its later parts.
        End::If { cond, binds, .. } => {
            let mut scope = scope.clone();
            declare(&mut scope, binds, graph);
            let mut uses = collect(&scope, graph, |walk| walk.visit_expr_mut(&mut cond.clone()));
            uses.reads.retain(|(var, _)| !binds.contains(var));
            uses
        }
        End::Match { scrutinee, arms } => {
            let mut uses = collect(scope, graph, |walk| walk.visit_expr_mut(&mut scrutinee.clone()));
            for arm in arms {
                let mut scope = scope.clone();
                declare(&mut scope, &arm.binds, graph);
                let mut guard = collect(&scope, graph, |walk| walk.visit_pat_mut(&mut arm.pat.clone()));
                guard.reads.retain(|(var, _)| !arm.binds.contains(var));
                uses.reads.extend(guard.reads);
                uses.writes.extend(guard.writes);
                uses.jumps.extend(guard.jumps);
                uses.remade.extend(guard.remade);
            }
            uses
        }
        End::LetElse { local, .. } => {
            collect(scope, graph, |walk| walk.visit_stmt_mut(&mut Stmt::Local(local.clone())))
        }
        End::Suspend { call, .. } => collect(scope, graph, |walk| walk.visit_expr_mut(&mut call.clone())),
        End::Return(value) => collect(scope, graph, |walk| walk.visit_expr_mut(&mut value.clone())),
    }
}

fn collect(scope: &HashMap<String, VarId>, graph: &Graph, walk: impl FnOnce(&mut Walk<'_, Collect<'_>>)) -> Uses {
    let mut collect = Collect { scope, graph, uses: Uses::default() };
    walk(&mut Walk::new(&mut collect));
    collect.uses
}

struct Collect<'a> {
    scope: &'a HashMap<String, VarId>,
    graph: &'a Graph,
    uses: Uses,
}

impl Collect<'_> {
    /// Notes a read; of a variable that is made again, the place that it is made from.
    fn read(&mut self, var: VarId, path: Path) {
        let variable = &self.graph.vars[var];
        match &variable.remake {
            None => self.uses.reads.push((var, if variable.reassigned { Path::new() } else { path })),
            Some(remake) => {
                self.uses.remade.push(var);
                if let Some((place, path)) = &remake.place {
                    self.read(*place, path.clone());
                }
            }
        }
    }
}

impl Handler for Collect<'_> {
    fn place(&mut self, root: &Ident, fields: &[Member]) -> Option<(Ident, usize)> {
        if let Some(var) = self.scope.get(&root.to_string()) {
            self.read(*var, path(fields));
        }
        None
    }

    fn assigned(&mut self, root: &Ident) -> Option<Ident> {
        if let Some(var) = self.scope.get(&root.to_string()) {
            self.uses.writes.push(*var);
        }
        None
    }

    fn jump(&mut self, jump: Jump) -> Option<Expr> {
        self.uses.jumps.push(jump);
        None
    }
}

/// The fields as text.
pub(crate) fn path(fields: &[Member]) -> Path {
    fields.iter().map(|field| field.to_token_stream().to_string()).collect()
}
