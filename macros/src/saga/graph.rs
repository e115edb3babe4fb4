//! The flow graph of a saga: plain data between the passes.
//!
//! Only what contains a suspension is split into blocks; everything else stays verbatim in their lines.

use std::collections::HashMap;
use std::rc::Rc;

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::{Expr, ExprLit, Lit, Pat, Stmt, Type};

use super::lower::borrows::Shape;
use crate::evolution::Evolution;
use crate::root::Root;

/// A variable of the saga that may live in several blocks.
pub(crate) type VarId = usize;
/// A block of the graph.
pub(crate) type BlockId = usize;
/// A place where the saga awaits.
pub(crate) type SiteId = usize;

/// Which variable a name means. Cheap to clone: every block has its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope(Option<Rc<Name>>);

#[derive(Debug)]
struct Name {
    name: String,
    var: VarId,
    before: Scope,
}

impl Scope {
    /// Declares a name; it hides those of before.
    pub(crate) fn insert(&mut self, name: String, var: VarId) {
        let before = std::mem::take(self);
        *self = Self(Some(Rc::new(Name { name, var, before })));
    }

    /// The variable of a name.
    pub(crate) fn get(&self, name: &str) -> Option<VarId> {
        let mut scope = self;
        while let Some(known) = &scope.0 {
            if known.name == name {
                return Some(known.var);
            }
            scope = &known.before;
        }
        None
    }
}

/// The whole function.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) vars: Vec<Var>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) sites: Vec<Site>,
    /// Items declared in the body (functions, constants, `use`): visible everywhere.
    pub(crate) items: Vec<Stmt>,
    /// Where what generated code names is found.
    pub(crate) root: Root,
    /// The names that were made up for variables that hide others, with those that the user wrote.
    pub(crate) renamed: HashMap<String, String>,
}

/// A variable, of the user or of the compiler.
#[derive(Debug)]
pub(crate) struct Var {
    /// Its name in the generated code.
    pub(crate) ident: Ident,
    pub(crate) mutable: bool,
    /// The type, where the user wrote one for a value that is assigned in several branches, or later (`let x: u8;`).
    pub(crate) ty: Option<Type>,
    pub(crate) kind: Kind,
    /// Set when it is not saved, but made again: `let name = &user.name;`, `let label = "paid";`
    pub(crate) remake: Option<Remake>,
    /// How it is read from records of older code.
    pub(crate) evolution: Evolution,
}

/// What is said when a variable can't be saved depends on what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The user's, mostly.
    Plain,
    /// What is left of a loop.
    Rest,
    /// A part of an expression that was evaluated before a step in it.
    Operand,
}

impl Var {
    /// Whether it is taken out of a constant that has no type of its own.
    pub(crate) fn is_constant_item(&self) -> bool {
        self.remake.as_ref().is_some_and(|remake| remake.shape == Shape::Constant && remake.pattern.is_some())
    }
}

/// How a variable is made again after a suspension.
#[derive(Debug, Clone)]
pub(crate) struct Remake {
    /// What it is made from.
    pub(crate) init: Expr,
    /// The type, where the user wrote one.
    pub(crate) ty: Option<Type>,
    /// The places that `init` reads.
    pub(crate) places: Vec<(VarId, Vec<String>)>,
    /// The pattern that takes `init` apart; none if the variable is all of it. Those that share one are made together.
    pub(crate) pattern: Option<Rc<Pat>>,
    /// What the variable is.
    pub(crate) shape: Shape,
}

/// A straight piece of code.
#[derive(Debug)]
pub(crate) struct Block {
    /// What it is, for its name in the generated code.
    pub(crate) origin: &'static str,
    /// The names at its beginning.
    pub(crate) scope: Scope,
    /// The site whose reply it begins with, and the variable that takes it.
    pub(crate) reply: Option<(SiteId, VarId)>,
    pub(crate) lines: Vec<Line>,
    pub(crate) end: End,
}

impl Block {
    /// Whether a loop leads here when it is done.
    pub(crate) fn is_after_loop(&self) -> bool {
        matches!(self.origin, "after_loop" | "after_while" | "after_for")
    }
}

/// One statement, and the variables that it declares.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) stmt: Stmt,
    pub(crate) binds: Vec<VarId>,
}

/// How a block ends.
#[derive(Debug)]
pub(crate) enum End {
    /// Not yet known, or never reached.
    Open,
    /// What stands before it never comes to an end: in the `else` of a `let … else`.
    Never,
    Goto(BlockId),
    If {
        cond: Expr,
        binds: Vec<VarId>,
        then: BlockId,
        otherwise: BlockId,
    },
    Match {
        scrutinee: Expr,
        arms: Vec<Arm>,
    },
    /// `let pat = init else { … };`
    LetElse {
        local: syn::Local,
        binds: Vec<VarId>,
        otherwise: BlockId,
        then: BlockId,
    },
    /// Awaits `call` at `site`, and goes on in `then`.
    Suspend {
        site: SiteId,
        call: Expr,
        then: BlockId,
    },
    Return(Expr),
}

/// An arm of a `match`.
#[derive(Debug)]
pub(crate) struct Arm {
    pub(crate) attrs: Vec<syn::Attribute>,
    pub(crate) pat: Pat,
    pub(crate) binds: Vec<VarId>,
    pub(crate) block: BlockId,
}

/// A place where the saga awaits.
#[derive(Debug)]
pub(crate) struct Site {
    /// The state's name: after the step; from the second on with a number (`reserve#2`).
    pub(crate) state: String,
    pub(crate) span: Span,
}

/// A `break` or `continue` in verbatim code whose target is a block. Stands in the code as a call that no user
/// writes. (Not as a macro call: read once more, that would be another kind of statement.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Jump {
    pub(crate) to: BlockId,
    /// The variable that is assigned right before, if the jump carries a value.
    pub(crate) defines: Option<VarId>,
}

const JUMP: &str = "__sagaflow_jump";

impl Jump {
    pub(crate) fn write(self, span: Span) -> Expr {
        let (name, to) = (format_ident!("{JUMP}", span = span), self.to);
        let defines = self.defines.map(|var| quote::quote!(, #var));
        syn::parse_quote!(#name(#to #defines))
    }

    pub(crate) fn read(expr: &Expr) -> Option<Self> {
        let Expr::Call(call) = expr else { return None };
        if !matches!(&*call.func, Expr::Path(func) if func.path.is_ident(JUMP)) {
            return None;
        }
        let mut numbers = call.args.iter().map(|arg| match arg {
            Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
            _ => None,
        });
        Some(Self { to: numbers.next()??, defines: numbers.next().flatten() })
    }
}

impl End {
    /// The blocks that may come next, jumps in verbatim code not included.
    pub(crate) fn targets(&self) -> Vec<BlockId> {
        match self {
            Self::Open | Self::Never | Self::Return(_) => Vec::new(),
            Self::Goto(to) | Self::Suspend { then: to, .. } => vec![*to],
            Self::If { then, otherwise, .. } | Self::LetElse { then, otherwise, .. } => vec![*then, *otherwise],
            Self::Match { arms, .. } => arms.iter().map(|arm| arm.block).collect(),
        }
    }
}
