//! What a saga says of itself: which state comes after which, and when.
//!
//! The nodes are those of the machine: its start, its states, and the places where several ways meet (a loop's head, what
//! follows a branch), so that the outline grows no faster than the saga. A place with just one way on is left out.
//!
//! ```text
//! let user = create_user(name).await?;        @start       → create_user
//! for item in items {                         create_user  → @failed (Err), @for (Ok)
//!     if item == 0 { continue; }              @for         → @for (item == 0), reserve (next), …
//! ```

use std::collections::{HashMap, HashSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Block as SynBlock, Expr, Pat, Stmt};

use super::analyze::Liveness;
use super::graph::{BlockId, End, Graph, Jump};
use super::text::text;

/// Where every instance begins.
const START: &str = "@start";
/// Returned its value.
const COMPLETED: &str = "@completed";
/// Returned `Err`.
const FAILED: &str = "@failed";

/// The nodes, each after those that lead to it, but for the way back in a loop.
#[derive(Debug)]
pub(crate) struct Outline(pub(crate) Vec<Node>);

/// A state, or a place between states, whose name begins with `@`.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// What a place is: `for item`. None for states.
    pub(crate) label: String,
    pub(crate) ways: Vec<Way>,
}

/// One way on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Way {
    pub(crate) to: String,
    /// Under which condition, as short source text; empty if it is the only way.
    pub(crate) when: String,
}

/// The outline of a graph whose machine has arms for `heads`.
pub(crate) fn outline(graph: &Graph, liveness: &Liveness, heads: &[BlockId], is_fallible: bool) -> Outline {
    let names = names(graph, heads);
    let nodes = heads.iter().map(|head| {
        let mut walk = Walk { graph, liveness, names: &names, is_fallible, conditions: Vec::new(), ways: Vec::new() };
        walk.block(*head);
        let label = if graph.blocks[*head].reply.is_some() { String::new() } else { label(graph, *head) };
        Node { name: names[head].clone(), label, ways: walk.ways }
    });
    without_detours(nodes.collect())
}

fn names(graph: &Graph, heads: &[BlockId]) -> HashMap<BlockId, String> {
    let mut counts = HashMap::<&str, usize>::new();
    let mut name = |head: BlockId| {
        let block = &graph.blocks[head];
        let kind = match (block.reply, block.origin) {
            (Some((site, _)), _) => return graph.sites[site].state.clone(),
            (None, _) if head == 0 => return START.to_owned(),
            (None, "next_item") => "@for",
            (None, "again") => "@loop",
            (None, _) => "@join",
        };
        let count = counts.entry(kind).or_default();
        *count += 1;
        if *count == 1 { kind.to_owned() } else { format!("{kind}#{count}") }
    };
    heads.iter().map(|head| (*head, name(*head))).collect()
}

fn label(graph: &Graph, head: BlockId) -> String {
    match (graph.blocks[head].origin, &graph.blocks[head].end) {
        ("next_item", End::Match { arms, .. }) => format!("for {}", as_written(&text(item_of(&arms[0].pat)), graph)),
        ("again", _) => "loop".to_owned(),
        _ => String::new(),
    }
}

/// Source text with the names that the user wrote.
fn as_written(text: &str, graph: &Graph) -> String {
    let words = text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_');
    let words = words.map(|word| {
        let name = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
        match graph.renamed.get(name) {
            Some(own) => own.to_owned() + &word[name.len()..],
            None => word.to_owned(),
        }
    });
    words.collect()
}

/// The user's pattern in `Option::Some(pattern)`.
fn item_of(pat: &Pat) -> &Pat {
    match pat {
        Pat::TupleStruct(some) if some.elems.len() == 1 => &some.elems[0],
        other => other,
    }
}

/// Leaves out the places that just lead on, and ways that are there twice.
fn without_detours(nodes: Vec<Node>) -> Outline {
    let detours: HashMap<String, String> = nodes
        .iter()
        .filter(|node| node.name.starts_with('@') && node.name != START)
        .filter_map(|node| match &node.ways[..] {
            [way] if way.when.is_empty() && way.to != node.name => Some((node.name.clone(), way.to.clone())),
            _ => None,
        })
        .collect();
    let end_of = |to: &str| {
        let (mut to, mut seen) = (to.to_owned(), HashSet::new());
        while let Some(next) = detours.get(&to) {
            if !seen.insert(to.clone()) {
                break;
            }
            to.clone_from(next);
        }
        to
    };
    let kept = nodes.into_iter().map(|mut node| {
        let mut seen = HashSet::new();
        for way in &mut node.ways {
            way.to = end_of(&way.to);
        }
        node.ways.retain(|way| seen.insert(way.clone()));
        node
    });
    let kept: Vec<_> = kept.collect();
    // A ring of detours (`loop {}` around nothing) keeps those that something leads to.
    let wanted: HashSet<String> = kept
        .iter()
        .filter(|node| !detours.contains_key(&node.name))
        .flat_map(|node| node.ways.iter().map(|way| way.to.clone()))
        .collect();
    Outline(kept.into_iter().filter(|node| !detours.contains_key(&node.name) || wanted.contains(&node.name)).collect())
}

/// A walk from one node to the next ones.
struct Walk<'g> {
    graph: &'g Graph,
    liveness: &'g Liveness,
    names: &'g HashMap<BlockId, String>,
    is_fallible: bool,
    /// What holds here.
    conditions: Vec<String>,
    ways: Vec<Way>,
}

impl Walk<'_> {
    fn block(&mut self, id: BlockId) {
        let (graph, liveness, names) = (self.graph, self.liveness, self.names);
        let (depth, block, before) = (self.conditions.len(), &graph.blocks[id], self.ways.len());
        let mut is_over = false;
        for line in &block.lines {
            self.visit_stmt(&line.stmt);
            is_over |= stmt_diverges(&line.stmt);
            if self.conditions.is_empty() {
                self.conditions.extend(stays_on_condition(&line.stmt));
            }
        }
        match &block.end {
            _ if is_over => {}
            End::Open | End::Never => {}
            End::Goto(to) => self.go(*to),
            End::If { cond, then, otherwise, .. } => {
                self.visit_expr(cond);
                self.when(condition(cond), |walk| walk.go(*then));
                self.when("else".to_owned(), |walk| walk.go(*otherwise));
            }
            End::Match { scrutinee, arms } => {
                self.visit_expr(scrutinee);
                for (index, arm) in arms.iter().enumerate() {
                    let when = match (block.origin, index) {
                        ("next_item", 0) => "next".to_owned(),
                        ("next_item", _) => "done".to_owned(),
                        _ => text(&arm.pat),
                    };
                    self.when(when, |walk| {
                        walk.visit_pat(&arm.pat);
                        walk.go(arm.block);
                    });
                }
            }
            End::LetElse { local, otherwise, then, .. } => {
                if let Some(init) = &local.init {
                    self.visit_expr(&init.expr);
                }
                self.when("else".to_owned(), |walk| walk.go(*otherwise));
                self.when(text(&local.pat), |walk| walk.go(*then));
            }
            End::Suspend { site, call, .. } => {
                self.visit_expr(call);
                self.way(graph.sites[*site].state.clone());
            }
            End::Return(value) => self.returned(value),
        }
        // A jump that stands where no syntax is looked at.
        for jump in liveness.jumps(id) {
            let to = &names[&jump.to];
            if !self.ways[before..].iter().any(|way| way.to == *to) {
                self.way(to.clone());
            }
        }
        self.conditions.truncate(depth);
    }

    fn go(&mut self, to: BlockId) {
        match self.names.get(&to) {
            Some(name) => self.way(name.clone()),
            None => self.block(to),
        }
    }

    /// What happens under a condition.
    fn when(&mut self, condition: String, walk: impl FnOnce(&mut Self)) {
        let depth = self.conditions.len();
        self.conditions.push(condition);
        walk(self);
        self.conditions.truncate(depth);
    }

    fn way(&mut self, to: String) {
        let Some((last, before)) = self.conditions.split_last() else {
            return self.ways.push(Way { to, when: String::new() });
        };
        // That other ways were not taken before goes without saying.
        let before = before.iter().filter(|when| !matches!(&***when, "else" | "Ok" | "next" | "done"));
        let when = before.chain([last]).cloned().collect::<Vec<_>>().join(", ");
        let when = as_written(&when, self.graph);
        self.ways.push(Way { to, when });
    }

    /// The end, by a value that may be `Ok` or `Err`.
    fn ended(&mut self) {
        if self.is_fallible {
            self.when("Ok".to_owned(), |walk| walk.way(COMPLETED.to_owned()));
            self.when("Err".to_owned(), |walk| walk.way(FAILED.to_owned()));
        } else {
            self.way(COMPLETED.to_owned());
        }
    }

    /// The end by `?`; of an `Option`, it is a value like others.
    fn failed(&mut self, when: String) {
        let (to, when) = if self.is_fallible { (FAILED, when) } else { (COMPLETED, "None".to_owned()) };
        self.when(when, |walk| walk.way(to.to_owned()));
    }

    fn returned(&mut self, value: &Expr) {
        let depth = self.conditions.len();
        match value {
            Expr::Paren(inner) => self.returned(&inner.expr),
            Expr::Group(inner) => self.returned(&inner.expr),
            Expr::Block(inner) if inner.label.is_none() => self.returned_block(&inner.block),
            Expr::Unsafe(inner) => self.returned_block(&inner.block),
            Expr::If(inner) if inner.else_branch.is_some() => {
                self.visit_expr(&inner.cond);
                self.when(condition(&inner.cond), |walk| walk.returned_block(&inner.then_branch));
                if let Some((_, otherwise)) = &inner.else_branch {
                    self.when("else".to_owned(), |walk| walk.returned(otherwise));
                }
            }
            Expr::Match(inner) => {
                self.visit_expr(&inner.expr);
                for arm in &inner.arms {
                    self.when(text(&arm.pat), |walk| {
                        walk.visit_pat(&arm.pat);
                        walk.returned(&arm.body);
                    });
                }
            }
            Expr::Return(inner) => self.visit_expr_return(inner),
            Expr::Macro(inner) if never_ends(&inner.mac) => self.visit_expr(value),
            Expr::Call(_) if Jump::read(value).is_some() => self.visit_expr(value),
            Expr::Call(call) if self.is_fallible && (is_named(&call.func, "Ok") || is_named(&call.func, "Err")) => {
                call.args.iter().for_each(|arg| self.visit_expr(arg));
                self.way(if is_named(&call.func, "Ok") { COMPLETED } else { FAILED }.to_owned());
            }
            other => {
                self.visit_expr(other);
                self.ended();
            }
        }
        self.conditions.truncate(depth);
    }

    fn returned_block(&mut self, block: &SynBlock) {
        let depth = self.conditions.len();
        let (last, before) = match block.stmts.split_last() {
            Some((Stmt::Expr(last, None), before)) => (Some(last), before),
            _ => (None, &block.stmts[..]),
        };
        before.iter().for_each(|stmt| self.visit_stmt(stmt));
        match last {
            Some(last) => self.returned(last),
            // `()`, or it never comes to its end.
            None if !self.is_fallible && !block_diverges(block) => self.way(COMPLETED.to_owned()),
            None => {}
        }
        self.conditions.truncate(depth);
    }
}

/// Verbatim code: what leaves it.
impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match (Jump::read(expr), expr) {
            (Some(jump), _) => self.way(self.names[&jump.to].clone()),
            (None, Expr::Try(inner)) => {
                self.visit_expr(&inner.expr);
                if is_reply(&inner.expr) {
                    self.failed("Err".to_owned());
                    if self.conditions.last().is_none_or(|last| last != "Ok") {
                        self.conditions.push("Ok".to_owned());
                    }
                } else {
                    self.failed(text(expr));
                }
            }
            (None, Expr::If(inner)) => {
                self.visit_expr(&inner.cond);
                self.when(condition(&inner.cond), |walk| walk.visit_block(&inner.then_branch));
                if let Some((_, otherwise)) = &inner.else_branch {
                    self.when("else".to_owned(), |walk| walk.visit_expr(otherwise));
                }
            }
            (None, Expr::While(inner)) => {
                self.visit_expr(&inner.cond);
                self.when(condition(&inner.cond), |walk| walk.visit_block(&inner.body));
            }
            (None, Expr::Match(inner)) => {
                self.visit_expr(&inner.expr);
                for arm in &inner.arms {
                    self.when(text(&arm.pat), |walk| {
                        walk.visit_pat(&arm.pat);
                        walk.visit_expr(&arm.body);
                    });
                }
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        let Some(init) = &local.init else { return };
        self.visit_expr(&init.expr);
        if let Some((_, diverge)) = &init.diverge {
            self.when("else".to_owned(), |walk| walk.visit_expr(diverge));
        }
    }

    fn visit_expr_return(&mut self, inner: &'ast syn::ExprReturn) {
        match &inner.expr {
            Some(value) => self.returned(value),
            None => self.way(COMPLETED.to_owned()),
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if leaves_by_error(call) {
            self.failed(text(&call.path) + "!");
        } else if contains(&call.tokens, &|token| matches!(token, TokenTree::Punct(sign) if sign.as_char() == '?')) {
            self.failed(text(call));
        }
        if contains(&call.tokens, &|token| matches!(token, TokenTree::Ident(word) if word == "return")) {
            self.when(text(&call.path) + "!", Self::ended);
        }
    }

    fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}

    fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

/// Whether what stands after a statement is never reached. Not all that rustc knows, but what people write.
fn stmt_diverges(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Expr(expr, _) => diverges(expr),
        Stmt::Macro(call) => never_ends(&call.mac),
        Stmt::Local(local) => local.init.as_ref().is_some_and(|init| diverges(&init.expr)),
        Stmt::Item(_) => false,
    }
}

fn diverges(expr: &Expr) -> bool {
    match expr {
        Expr::Return(_) => true,
        Expr::Macro(call) => never_ends(&call.mac),
        Expr::Call(_) => Jump::read(expr).is_some(),
        Expr::Paren(inner) => diverges(&inner.expr),
        Expr::Group(inner) => diverges(&inner.expr),
        Expr::Block(inner) if inner.label.is_none() => block_diverges(&inner.block),
        Expr::If(inner) => {
            block_diverges(&inner.then_branch) && inner.else_branch.as_ref().is_some_and(|(_, other)| diverges(other))
        }
        Expr::Match(inner) => inner.arms.iter().all(|arm| diverges(&arm.body)),
        _ => false,
    }
}

fn block_diverges(block: &SynBlock) -> bool {
    block.stmts.iter().any(stmt_diverges)
}

/// After `if cond { return …; }` or `let pat = … else { return …; };`: on which condition it goes on.
fn stays_on_condition(stmt: &Stmt) -> Option<String> {
    match stmt {
        Stmt::Expr(Expr::If(inner), _) if inner.else_branch.is_none() && block_diverges(&inner.then_branch) => {
            Some("else".to_owned())
        }
        Stmt::Local(local) if local.init.as_ref().is_some_and(|init| init.diverge.is_some()) => Some(text(&local.pat)),
        _ => None,
    }
}

/// A condition's text; of an answer that is the condition itself, just that it is true.
fn condition(cond: &Expr) -> String {
    match cond {
        Expr::Path(_) | Expr::Try(_) if is_reply(cond) => "true".to_owned(),
        _ => text(cond),
    }
}

/// Whether a value is what a step has replied, or made from that by methods.
fn is_reply(value: &Expr) -> bool {
    match value {
        Expr::Path(path) => path.path.get_ident().is_some_and(|name| name.to_string().starts_with("__reply")),
        Expr::Paren(inner) => is_reply(&inner.expr),
        Expr::Group(inner) => is_reply(&inner.expr),
        Expr::Try(inner) => is_reply(&inner.expr),
        Expr::MethodCall(call) => is_reply(&call.receiver),
        _ => false,
    }
}

fn is_named(function: &Expr, name: &str) -> bool {
    matches!(function, Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

fn macro_name(call: &syn::Macro) -> String {
    call.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default()
}

/// The macros that everybody uses to return an `Err`.
fn leaves_by_error(call: &syn::Macro) -> bool {
    matches!(&*macro_name(call), "bail" | "ensure")
}

fn never_ends(call: &syn::Macro) -> bool {
    matches!(&*macro_name(call), "bail" | "panic" | "unreachable" | "todo" | "unimplemented")
}

fn contains(tokens: &TokenStream, is: &impl Fn(&TokenTree) -> bool) -> bool {
    tokens.clone().into_iter().any(|token| match &token {
        TokenTree::Group(group) => contains(&group.stream(), is),
        token => is(token),
    })
}
