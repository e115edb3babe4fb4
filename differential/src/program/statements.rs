//! Statements, but for loops.

use super::scope::Type;
use super::{Generator, Loop, Stmt};

/// Names that are given to several variables, so that they hide one another.
const NAMES: [&str; 7] = ["a", "b", "x", "item", "name", "total", "word"];

impl Generator {
    pub(super) fn parameters(&mut self) {
        self.scope.declare("total", Type::Number, true, 0);
        self.scope.declare("name", Type::Text, false, 0);
        self.scope.declare("items", Type::Numbers, true, 0);
        self.scope.declare("order", Type::Order, true, 0);
    }

    pub(super) fn value_of_program(&mut self) -> String {
        let (number, text) = (self.number(0, true), self.text(0, true));
        format!("Ok(({number}, {text}, {}))", self.numbers(0, true))
    }

    pub(super) fn statements(&mut self, count: usize) -> Vec<Stmt> {
        let mut stmts = Vec::new();
        for _ in 0..count {
            if self.budget == 0 {
                break;
            }
            self.budget -= 1;
            self.statement(&mut stmts);
        }
        stmts
    }

    /// The statements of a block, in a scope of their own.
    pub(super) fn block(&mut self, count: usize) -> Vec<Stmt> {
        let from = self.scope.vars.len();
        let stmts = self.statements(count);
        self.scope.end(from);
        stmts
    }

    /// A block in which some variables are bound: name, type, and what they borrow from.
    pub(super) fn block_with(&mut self, binds: &[(&str, Type, Option<usize>)], count: usize) -> Vec<Stmt> {
        let from = self.scope.vars.len();
        let loops = self.loops.len();
        for (name, ty, base) in binds {
            match base {
                Some(base) => self.scope.declare_reference(name, *ty, *base, loops),
                None => self.scope.declare(name, *ty, false, loops),
            }
        }
        let stmts = self.statements(count);
        self.scope.end(from);
        stmts
    }

    pub(super) fn name(&mut self) -> String {
        if self.chance(35) { NAMES[self.pick(NAMES.len())].to_owned() } else { self.fresh("v") }
    }

    fn statement(&mut self, stmts: &mut Vec<Stmt>) {
        let line = |stmts: &mut Vec<Stmt>, text: String| stmts.push(Stmt::Line(text));
        match self.pick(37) {
            35 | 36 => self.value_of_blocks(stmts),
            0..=4 => self.let_(stmts),
            5 => self.destructure(stmts),
            6 => self.deferred(stmts),
            7 | 8 => self.borrow(stmts),
            9 | 10 => self.assign(stmts),
            11 => {
                let text = self.text(0, true);
                line(stmts, format!("note({text}).await;"));
            }
            12 | 13 => self.if_(stmts),
            14 => self.if_let(stmts),
            15 => self.match_(stmts),
            16 => self.match_borrowed(stmts),
            17 => self.leave(stmts),
            18 => {
                let body = self.block(2);
                stmts.push(Stmt::Blocks { blocks: vec![(String::new(), body)], end: String::new() });
            }
            19 => {
                let (value, number) = (self.maybe(0, true), self.number(0, false));
                let name = self.name();
                let text = self.text(1, false);
                line(stmts, format!("let Some({name}) = {value} else {{ return Ok(({number}, {text}, vec![])); }};"));
                let loops = self.loops.len();
                self.scope.declare(&name, Type::Number, false, loops);
            }
            20 => {
                let vars = self.scope.changeable(Type::Number);
                if let Some(name) = self.one_of(&vars) {
                    let bits = self.number(1, false);
                    line(stmts, format!("{{ let f = |m: u32| m ^ {bits}; let value = f(7); {name} = value; }}"));
                }
            }
            21..=26 => self.loop_(stmts),
            _ => self.form(stmts),
        }
    }

    fn let_(&mut self, stmts: &mut Vec<Stmt>) {
        let types = [Type::Number, Type::Number, Type::Text, Type::Flag, Type::Numbers, Type::Maybe, Type::Order];
        let ty = types[self.pick(types.len())];
        let value = self.expression(ty, true);
        let (name, mutable) = (self.name(), self.chance(40));
        let annotation = match ty {
            Type::Number if self.chance(30) => ": u32",
            Type::Text if self.chance(30) => ": String",
            _ => "",
        };
        let mutability = if mutable { "mut " } else { "" };
        stmts.push(Stmt::Line(format!("let {mutability}{name}{annotation} = {value};")));
        let loops = self.loops.len();
        self.scope.declare(&name, ty, mutable, loops);
    }

    fn destructure(&mut self, stmts: &mut Vec<Stmt>) {
        let loops = self.loops.len();
        let line = match self.pick(3) {
            0 => {
                let (one, other) = (self.number(0, true), self.text(0, true));
                self.scope.declare("a", Type::Number, false, loops);
                self.scope.declare("b", Type::Text, true, loops);
                format!("let (a, mut b) = ({one}, {other});")
            }
            1 => {
                let order = self.order(0, true);
                self.scope.declare("x", Type::Number, false, loops);
                self.scope.declare("word", Type::Text, false, loops);
                self.scope.declare("list_of", Type::Numbers, true, loops);
                format!("let Order {{ id: x, name: word, items: mut list_of, .. }} = {order};")
            }
            _ => {
                let (one, other) = (self.number(0, true), self.number(0, true));
                self.scope.declare("x", Type::Number, true, loops);
                format!("let [mut x, _] = [{one}, {other}];")
            }
        };
        stmts.push(Stmt::Line(line));
    }

    fn deferred(&mut self, stmts: &mut Vec<Stmt>) {
        let name = self.fresh("late");
        stmts.push(Stmt::Line(format!("let {name};")));
        let condition = self.flag(0, true);
        let (then, otherwise) = (self.assigning(&name), self.assigning(&name));
        let blocks = vec![(format!("if {condition}"), then), ("else".to_owned(), otherwise)];
        stmts.push(Stmt::Blocks { blocks, end: String::new() });
        let loops = self.loops.len();
        self.scope.declare(&name, Type::Number, false, loops);
    }

    /// A block that assigns a number at its end.
    fn assigning(&mut self, name: &str) -> Vec<Stmt> {
        let from = self.scope.vars.len();
        let mut stmts = self.statements(1);
        let value = self.number(0, true);
        stmts.push(Stmt::Line(format!("{name} = {value};")));
        self.scope.end(from);
        stmts
    }

    fn borrow(&mut self, stmts: &mut Vec<Stmt>) {
        let (field, ty, own, place) = match self.pick(4) {
            0 => ("name", Type::TextRef, Type::Text, ".name"),
            1 => ("items", Type::NumbersRef, Type::Numbers, ".items"),
            2 => ("id", Type::NumberRef, Type::Number, ".id"),
            _ => ("", Type::OrderRef, Type::Order, ""),
        };
        let mut bases: Vec<(usize, String)> =
            self.scope.readable(own).into_iter().map(|var| (var, String::new())).collect();
        if !field.is_empty() {
            let orders = self.scope.with_field(field).into_iter();
            bases.extend(orders.map(|var| (var, place.to_owned())));
        }
        if bases.is_empty() {
            return;
        }
        let (base, place) = bases[self.pick(bases.len())].clone();
        let of = self.scope.vars[base].name.clone();
        let name = self.name();
        stmts.push(Stmt::Line(format!("let {name} = &{of}{place};")));
        let loops = self.loops.len();
        self.scope.declare_reference(&name, ty, base, loops);
    }

    fn assign(&mut self, stmts: &mut Vec<Stmt>) {
        let types = [Type::Number, Type::Number, Type::Text, Type::Flag, Type::Numbers, Type::Maybe, Type::Order];
        let ty = types[self.pick(types.len())];
        // The value first: it may move what could have been changed.
        let value = self.expression(ty, true);
        let vars = self.scope.changeable(ty);
        let Some(name) = self.one_of(&vars) else {
            stmts.push(Stmt::Line(format!("let _ = {value};")));
            return;
        };
        let line = match ty {
            Type::Number => match self.pick(4) {
                0 => format!("{name} ^= {value};"),
                1 => format!("{name} = {name}.wrapping_add({value});"),
                2 => format!("({name}, _) = ({value}, 0);"),
                _ => format!("{name} = {value};"),
            },
            Type::Text if self.chance(40) => format!("{name} += &{value};"),
            Type::Numbers if self.chance(60) => {
                let item = self.number(0, true);
                format!("{name}.push({item});")
            }
            Type::Order => match self.pick(4) {
                0 => format!("{name}.id ^= {value}.id;"),
                1 => format!("{name}.items = {value}.items;"),
                2 => format!("{name}.name.push_str(&{value}.name);"),
                _ => format!("{name} = {value};"),
            },
            _ => format!("{name} = {value};"),
        };
        stmts.push(Stmt::Line(line));
    }

    fn if_(&mut self, stmts: &mut Vec<Stmt>) {
        let condition = self.flag(0, true);
        let mut blocks = vec![(format!("if {condition}"), self.block(2))];
        if self.chance(30) {
            let condition = self.flag(0, true);
            blocks.push((format!("else if {condition}"), self.block(2)));
        }
        if self.chance(50) {
            blocks.push(("else".to_owned(), self.block(2)));
        }
        stmts.push(Stmt::Blocks { blocks, end: String::new() });
    }

    fn if_let(&mut self, stmts: &mut Vec<Stmt>) {
        let value = self.maybe(0, true);
        let name = self.name();
        let mut head = format!("if let Some({name}) = {value}");
        if self.chance(40) {
            head += &format!(" && {name} > {}", self.pick(5));
        }
        if self.chance(30) {
            let from = self.scope.vars.len();
            let loops = self.loops.len();
            self.scope.declare(&name, Type::Number, false, loops);
            head += &format!(" && {}", self.flag(1, true));
            self.scope.end(from);
        }
        let mut blocks = vec![(head, self.block_with(&[(&name, Type::Number, None)], 2))];
        if self.chance(40) {
            blocks.push(("else".to_owned(), self.block(1)));
        }
        stmts.push(Stmt::Blocks { blocks, end: String::new() });
    }

    fn match_(&mut self, stmts: &mut Vec<Stmt>) {
        let (number, value) = (self.number(0, true), self.maybe(0, true));
        let guard = self.pick(6);
        let arms = vec![
            ("(0 | 1, _) =>".to_owned(), self.block(1)),
            (format!("(low @ 2..=9, Some(n)) if low > {guard} && n != 3 =>"), {
                self.block_with(&[("low", Type::Number, None), ("n", Type::Number, None)], 2)
            }),
            ("(n, None) | (_, Some(n)) =>".to_owned(), self.block_with(&[("n", Type::Number, None)], 2)),
        ];
        let inner = Stmt::Blocks { blocks: arms, end: String::new() };
        stmts.push(Stmt::Blocks {
            blocks: vec![(format!("match ({number}, {value})"), vec![inner])],
            end: String::new(),
        });
    }

    fn match_borrowed(&mut self, stmts: &mut Vec<Stmt>) {
        let vars = self.scope.readable(Type::Order);
        let Some(&base) = vars.get(self.pick(vars.len())) else { return };
        let name = self.scope.vars[base].name.clone();
        if self.chance(50) {
            let note = if self.chance(50) { format!("&{name}.note") } else { format!("{name}.note.as_ref()") };
            let mut blocks = vec![(format!("if let Some(card) = {note}"), {
                self.block_with(&[("card", Type::TextRef, Some(base))], 2)
            })];
            if self.chance(40) {
                blocks.push(("else".to_owned(), self.block(1)));
            }
            stmts.push(Stmt::Blocks { blocks, end: String::new() });
            return;
        }
        let arms = vec![
            ("Kind::Gift(card) =>".to_owned(), self.block_with(&[("card", Type::TextRef, Some(base))], 2)),
            ("Kind::Parcel { weight, .. } =>".to_owned(), {
                self.block_with(&[("weight", Type::NumberRef, Some(base))], 2)
            }),
            ("Kind::Plain =>".to_owned(), self.block(1)),
        ];
        let inner = Stmt::Blocks { blocks: arms, end: String::new() };
        stmts.push(Stmt::Blocks { blocks: vec![(format!("match &{name}.kind"), vec![inner])], end: String::new() });
    }

    /// `return`, `break`, `continue`, an error; mostly under a condition.
    fn leave(&mut self, stmts: &mut Vec<Stmt>) {
        let condition = self.flag(0, true);
        let line = self.way_out();
        let blocks = vec![(format!("if {condition}"), vec![Stmt::Line(line)])];
        stmts.push(Stmt::Blocks { blocks, end: String::new() });
    }

    /// Leaves a loop, or the function.
    pub(super) fn way_out(&mut self) -> String {
        match (self.pick(4), self.leavable()) {
            (0 | 1, Some(Loop { label, can_continue, has_value })) => {
                let label = label.map(|label| format!(" {label}")).unwrap_or_default();
                if can_continue && self.chance(50) {
                    format!("continue{label};")
                } else if has_value {
                    let value = self.number(1, true);
                    format!("break{label} {value};")
                } else {
                    format!("break{label};")
                }
            }
            (2, _) => "return Err(Failure::new(\"left\"));".to_owned(),
            _ => {
                let (number, text) = (self.number(1, true), self.text(1, false));
                format!("return Ok(({number}, {text}, vec![1]));")
            }
        }
    }

    /// A loop around that a `break` can mean: the innermost, or one with a label.
    fn leavable(&mut self) -> Option<Loop> {
        let last = self.loops.len().checked_sub(1)?;
        let labelled: Vec<_> =
            (0..=last).filter(|index| *index == last || self.loops[*index].label.is_some()).collect();
        let index = labelled[self.pick(labelled.len())];
        let mut found = self.loops[index].clone();
        // A labelled block is left by its label only.
        let is_block = found.has_value && !found.can_continue && found.label.is_some();
        if index == last && !is_block && self.chance(50) {
            found.label = None;
        }
        Some(found)
    }
}
