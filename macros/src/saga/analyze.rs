//! Pass 5: liveness. Which places are read after the beginning of each block, and so make up the frames.
//!
//! A place is a variable, or a field of one where only fields are read: after `create_user(request.name).await?`,
//! code that goes on with `request.items` keeps just that (and the move of `request.name` stays legal).

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit_mut::VisitMut;
use syn::{Expr, Member, Stmt};

use super::assigned;
use super::graph::{BlockId, End, Graph, Jump, Line, Scope, VarId};
use super::places::{Handler, Walk};
use super::regions;

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

/// What the lines of a block do, and its end.
#[derive(Debug)]
struct Facts {
    lines: Vec<LineFacts>,
    end: Uses,
}

#[derive(Debug)]
struct LineFacts {
    uses: Uses,
    /// Variables whose old value is gone after it, on every way through it.
    assigned: Vec<VarId>,
}

/// The result: what is alive at the beginning of each block.
#[derive(Debug)]
pub(crate) struct Liveness {
    pub(crate) at: Vec<Live>,
    pub(crate) reachable: HashSet<BlockId>,
    facts: Vec<Facts>,
}

impl Liveness {
    /// All that the code of a block does to places.
    pub(crate) fn uses(&self, block: BlockId) -> impl Iterator<Item = &Uses> {
        let facts = &self.facts[block];
        facts.lines.iter().map(|line| &line.uses).chain([&facts.end])
    }

    /// The jumps in a block's verbatim code.
    pub(crate) fn jumps(&self, block: BlockId) -> impl Iterator<Item = Jump> {
        self.uses(block).flat_map(|uses| uses.jumps.iter().copied())
    }

    /// The blocks that may come after a block, jumps included.
    pub(crate) fn successors(&self, graph: &Graph, block: BlockId) -> Vec<BlockId> {
        let mut targets = graph.blocks[block].end.targets();
        targets.extend(self.jumps(block).map(|jump| jump.to));
        targets
    }
}

/// Iterates over the graph until nothing changes.
pub(crate) fn analyze(graph: &Graph) -> Liveness {
    let facts: Vec<_> = (0..graph.blocks.len()).map(|block| facts(graph, block)).collect();
    let at = vec![Live::default(); graph.blocks.len()];
    let mut liveness = Liveness { at, reachable: HashSet::new(), facts };
    let mut open = vec![0];
    while let Some(block) = open.pop() {
        if liveness.reachable.insert(block) {
            open.extend(liveness.successors(graph, block));
        }
    }
    let writes = regions::writes(graph, &liveness);
    loop {
        let mut changed = false;
        for block in (0..graph.blocks.len()).rev() {
            let mut live = live_at_start(graph, block, &liveness);
            // An arm that assigns a variable as a whole has it as a whole.
            for var in writes.get(&block).into_iter().flatten() {
                if live.0.contains_key(var) {
                    live.add(*var, Path::new());
                }
            }
            if live != liveness.at[block] {
                liveness.at[block] = live;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    // `let x; step().await?; …`: where nothing can have been assigned yet, there is nothing to keep.
    let deferred = Deferred::new(graph, &liveness);
    for (block, live) in liveness.at.iter_mut().enumerate() {
        live.0.retain(|var, _| deferred.may_have(block, *var));
    }
    liveness
}

/// Which of the variables that are declared without a value may have one at the beginning of each block.
pub(crate) struct Deferred {
    vars: HashSet<VarId>,
    assigned: Vec<HashSet<VarId>>,
}

impl Deferred {
    pub(crate) fn new(graph: &Graph, liveness: &Liveness) -> Self {
        let lines = graph.blocks.iter().flat_map(|block| &block.lines);
        let vars = lines.filter(|line| is_deferred(&line.stmt)).flat_map(|line| line.binds.iter().copied()).collect();
        let mut deferred = Self { vars, assigned: vec![HashSet::new(); graph.blocks.len()] };
        if !deferred.vars.is_empty() {
            deferred.flow(graph, liveness);
        }
        deferred
    }

    /// Whether a variable may have a value at the beginning of a block.
    pub(crate) fn may_have(&self, block: BlockId, var: VarId) -> bool {
        !self.vars.contains(&var) || self.assigned[block].contains(&var)
    }

    fn flow(&mut self, graph: &Graph, liveness: &Liveness) {
        let mut open = VecDeque::from([0]);
        let mut seen = HashSet::from([0]);
        while let Some(id) = open.pop_front() {
            for (to, assigned) in self.leave(graph, liveness, id) {
                let before = self.assigned[to].len();
                self.assigned[to].extend(assigned);
                if seen.insert(to) || self.assigned[to].len() != before {
                    open.push_back(to);
                }
            }
        }
    }

    /// What may have a value where a block leads to.
    fn leave(&self, graph: &Graph, liveness: &Liveness, id: BlockId) -> Vec<(BlockId, HashSet<VarId>)> {
        let (block, facts) = (&graph.blocks[id], &liveness.facts[id]);
        let mut assigned = self.assigned[id].clone();
        let mut reached = Vec::new();
        let mut run = |uses: &Uses, assigned: &mut HashSet<VarId>| {
            assigned.extend(uses.writes.iter().filter(|var| self.vars.contains(var)));
            reached.extend(uses.jumps.iter().map(|jump| (jump.to, assigned.clone())));
        };
        for (line, facts) in block.lines.iter().zip(&facts.lines) {
            if is_deferred(&line.stmt) {
                line.binds.iter().for_each(|var| _ = assigned.remove(var));
            }
            run(&facts.uses, &mut assigned);
        }
        run(&facts.end, &mut assigned);
        reached.extend(block.end.targets().into_iter().map(|to| (to, assigned.clone())));
        reached
    }
}

/// `let x;`
fn is_deferred(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Local(local) if local.init.is_none())
}

/// What each piece of a block does.
fn facts(graph: &Graph, id: BlockId) -> Facts {
    let block = &graph.blocks[id];
    let mut scope = block.scope.clone();
    let mut lines = Vec::new();
    for line in &block.lines {
        let mut uses = uses_of_stmt(&line.stmt, &scope, graph);
        uses.reads.extend(hidden_by_some(line, &scope, graph));
        let assigned = assigned::by_stmt(&line.stmt);
        let assigned = assigned.iter().filter_map(|name| scope.get(name)).collect();
        declare(&mut scope, &line.binds, graph);
        lines.push(LineFacts { uses, assigned });
    }
    Facts { lines, end: uses_of_end(&block.end, &scope, graph) }
}

/// What a `let` hides in some builds only: in the others the code after it reads that.
fn hidden_by_some(line: &Line, scope: &Scope, graph: &Graph) -> Vec<(VarId, Path)> {
    match &line.stmt {
        Stmt::Local(local) if local.attrs.iter().any(|attr| attr.path().is_ident("cfg")) => {
            let names = line.binds.iter().map(|var| graph.vars[*var].ident.to_string());
            names.filter_map(|name| Some((scope.get(&name)?, Path::new()))).collect()
        }
        _ => Vec::new(),
    }
}

/// Names that a line declares hide older ones in the lines after it.
pub(crate) fn declare(scope: &mut Scope, binds: &[VarId], graph: &Graph) {
    for var in binds {
        scope.insert(graph.vars[*var].ident.to_string(), *var);
    }
}

fn live_at_start(graph: &Graph, id: BlockId, liveness: &Liveness) -> Live {
    let (block, facts, at) = (&graph.blocks[id], &liveness.facts[id], &liveness.at);
    let mut live = Live::default();
    for target in block.end.targets() {
        live.extend(&at[target]);
    }
    bound_by_end(&block.end, graph).iter().for_each(|var| live.remove(*var));
    gen_uses(&mut live, &facts.end, at);
    for (line, facts) in block.lines.iter().zip(&facts.lines).rev() {
        line.binds.iter().chain(&facts.assigned).for_each(|var| live.remove(*var));
        gen_uses(&mut live, &facts.uses, at);
    }
    if let Some((_, reply)) = block.reply {
        live.remove(reply);
    }
    live
}

fn gen_uses(live: &mut Live, uses: &Uses, at: &[Live]) {
    for jump in &uses.jumps {
        let mut target = at[jump.to].clone();
        if let Some(var) = jump.defines {
            target.remove(var);
        }
        live.extend(&target);
    }
    for (var, path) in &uses.reads {
        live.add(*var, path.clone());
    }
}

/// The variables that a block's end binds for its targets.
pub(crate) fn bound_by_end(end: &End, graph: &Graph) -> Vec<VarId> {
    match end {
        End::If { binds, .. } | End::LetElse { binds, .. } => binds.clone(),
        End::Match { arms, .. } => arms.iter().flat_map(|arm| arm.binds.iter().copied()).collect(),
        End::Suspend { then, .. } => graph.blocks[*then].reply.iter().map(|(_, reply)| *reply).collect(),
        End::Open | End::Never | End::Goto(_) | End::Return(_) => Vec::new(),
    }
}

fn uses_of_stmt(stmt: &Stmt, scope: &Scope, graph: &Graph) -> Uses {
    collect(scope, graph, |walk| walk.visit_stmt_mut(&mut stmt.clone()))
}

/// The uses of a block's end, what its targets do not included.
fn uses_of_end(end: &End, scope: &Scope, graph: &Graph) -> Uses {
    match end {
        End::Open | End::Never | End::Goto(_) => Uses::default(),
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

fn collect(scope: &Scope, graph: &Graph, walk: impl FnOnce(&mut Walk<'_, Collect<'_>>)) -> Uses {
    let mut collect = Collect { scope, graph, uses: Uses::default() };
    walk(&mut Walk::new(&mut collect));
    collect.uses
}

struct Collect<'a> {
    scope: &'a Scope,
    graph: &'a Graph,
    uses: Uses,
}

impl Collect<'_> {
    /// Notes a read; of a variable that is made again, the place that it is made from.
    fn read(&mut self, var: VarId, path: Path) {
        match &self.graph.vars[var].remake {
            // Its default is all of it.
            None if self.graph.vars[var].evolution.default.is_some() => self.uses.reads.push((var, Path::new())),
            None => self.uses.reads.push((var, path)),
            Some(remake) => {
                self.uses.remade.push(var);
                for (place, path) in &remake.places {
                    self.read(*place, path.clone());
                }
            }
        }
    }
}

impl Handler for Collect<'_> {
    fn place(&mut self, root: &Ident, fields: &[Member]) -> Option<(Ident, usize)> {
        if let Some(var) = self.scope.get(&root.to_string()) {
            self.read(var, path(fields));
        }
        None
    }

    fn assigned(&mut self, root: &Ident) -> Option<Ident> {
        if let Some(var) = self.scope.get(&root.to_string()) {
            self.uses.writes.push(var);
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
