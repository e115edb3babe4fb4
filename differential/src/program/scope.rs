//! Which variables there are, and what may be done with them: the borrow checker's rules, as far as programs need them.

/// The types of variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Number,
    Text,
    Flag,
    Numbers,
    Maybe,
    Order,
    /// `&String`, `&Vec<u32>`, `&u32`, `&Order`.
    TextRef,
    NumbersRef,
    NumberRef,
    OrderRef,
}

/// A variable.
#[derive(Debug, Clone)]
pub(crate) struct Var {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) mutable: bool,
    /// It has been moved, or perhaps.
    pub(crate) moved: bool,
    /// Fields that have been moved.
    pub(crate) moved_fields: Vec<&'static str>,
    /// How many borrows of it are alive.
    pub(crate) borrowed: usize,
    /// How many loops were around its declaration.
    pub(crate) loops: usize,
    /// The variable that it borrows from.
    pub(crate) base: Option<usize>,
}

/// All variables, in order of declaration; the later of two with the same name hides the earlier.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(crate) vars: Vec<Var>,
}

impl Scope {
    pub(crate) fn declare(&mut self, name: &str, ty: Type, mutable: bool, loops: usize) {
        let name = name.to_owned();
        let moved_fields = Vec::new();
        self.vars.push(Var { name, ty, mutable, moved: false, moved_fields, borrowed: 0, loops, base: None });
    }

    /// Declares a reference to (a part of) another variable.
    pub(crate) fn declare_reference(&mut self, name: &str, ty: Type, base: usize, loops: usize) {
        self.declare(name, ty, false, loops);
        self.vars[base].borrowed += 1;
        if let Some(var) = self.vars.last_mut() {
            var.base = Some(base);
        }
    }

    /// Ends a scope: the variables from here on are gone.
    pub(crate) fn end(&mut self, from: usize) {
        for var in self.vars.split_off(from) {
            if let Some(base) = var.base.and_then(|base| self.vars.get_mut(base)) {
                base.borrowed -= 1;
            }
        }
    }

    fn is_visible(&self, index: usize) -> bool {
        let name = &self.vars[index].name;
        !self.vars[index + 1..].iter().any(|later| later.name == *name)
    }

    /// The variables that can be read, by type.
    pub(crate) fn readable(&self, ty: Type) -> Vec<usize> {
        (0..self.vars.len())
            .filter(|index| {
                let var = &self.vars[*index];
                var.ty == ty && !var.moved && var.moved_fields.is_empty() && self.is_visible(*index)
            })
            .collect()
    }

    /// Those that have a field that can be read.
    pub(crate) fn with_field(&self, field: &str) -> Vec<usize> {
        (0..self.vars.len())
            .filter(|index| {
                let var = &self.vars[*index];
                let has_it = var.ty == Type::Order && !var.moved_fields.contains(&field);
                (has_it || var.ty == Type::OrderRef) && !var.moved && self.is_visible(*index)
            })
            .collect()
    }

    /// The variables that can be changed.
    pub(crate) fn changeable(&self, ty: Type) -> Vec<usize> {
        let is_free = |index: &usize| self.vars[*index].mutable && self.vars[*index].borrowed == 0;
        self.readable(ty).into_iter().filter(is_free).collect()
    }

    /// The variables that can be moved: not out of a loop.
    pub(crate) fn movable(&self, ty: Type, loops: usize) -> Vec<usize> {
        let is_free = |index: &usize| self.vars[*index].loops == loops && self.vars[*index].borrowed == 0;
        self.readable(ty).into_iter().filter(is_free).collect()
    }
}
