//! Values that come of blocks: their statements stand before the value, and some of them never come to it, but leave a loop or the function.

use super::scope::Type;
use super::{Generator, Stmt};

impl Generator {
    pub(super) fn value_of_blocks(&mut self, stmts: &mut Vec<Stmt>) {
        let (blocks, name) = (self.branches(2), self.name());
        let (head, end) = match self.pick(7) {
            0 => (format!("let {name} = add({}, ", self.number(1, true)), ").await?;"),
            1 => (format!("let {name} = ({} ^ ", self.number(1, true)), ");"),
            2 => (format!("let {name} = num("), ").await?.wrapping_add(1);"),
            3 => (format!("let ({name}, _) = ("), ", 'x');"),
            4 => {
                let vars = self.scope.changeable(Type::Number);
                match self.one_of(&vars) {
                    Some(changed) => return stmts.push(whole(&format!("{changed} ^= "), blocks, ";")),
                    None => (format!("let {name} = "), ";"),
                }
            }
            _ => (format!("let {name} = "), ";"),
        };
        stmts.push(whole(&head, blocks, end));
        let loops = self.loops.len();
        self.scope.declare(&name, Type::Number, false, loops);
    }

    /// A `match` or `if`, as its blocks. The first has a value, so that it is known of which type that is.
    fn branches(&mut self, depth: usize) -> Vec<(String, Vec<Stmt>)> {
        match self.pick(3) {
            0 => {
                let condition = self.flag(1, true);
                let mut blocks = vec![(format!("if {condition}"), self.value_block(&[], depth, false))];
                if self.chance(40) {
                    let condition = self.flag(1, true);
                    blocks.push((format!("else if {condition}"), self.value_block(&[], depth, true)));
                }
                blocks.push(("else".to_owned(), self.value_block(&[], depth, true)));
                blocks
            }
            1 => {
                let value = self.maybe(1, true);
                let bind = [("found", Type::Number)];
                let some = self.value_block(&bind, depth, false);
                vec![
                    (format!("if let Some(found) = {value}"), some),
                    ("else".to_owned(), self.value_block(&[], depth, true)),
                ]
            }
            _ => {
                let (value, limit) = (self.maybe(1, true), self.pick(9));
                let bind = [("found", Type::Number)];
                let arms = vec![
                    (format!("Some(found) if found > {limit} =>"), self.value_block(&bind, depth, false)),
                    ("Some(found) =>".to_owned(), self.value_block(&bind, depth, true)),
                    ("None =>".to_owned(), self.value_block(&[], depth, true)),
                ];
                vec![(format!("match {value}"), vec![Stmt::Blocks { blocks: arms, end: String::new() }])]
            }
        }
    }

    /// Statements, and then a number, or a way out.
    fn value_block(&mut self, binds: &[(&str, Type)], depth: usize, may_leave: bool) -> Vec<Stmt> {
        let (from, loops) = (self.scope.vars.len(), self.loops.len());
        for (name, ty) in binds {
            self.scope.declare(name, *ty, false, loops);
        }
        let count = self.pick(2);
        let mut stmts = self.statements(count);
        match self.pick(10) {
            0..=2 if may_leave => {
                let way = self.way_out();
                stmts.push(Stmt::Line(way));
            }
            3 | 4 if depth > 0 => {
                let blocks = self.branches(depth - 1);
                stmts.push(Stmt::Blocks { blocks, end: String::new() });
            }
            _ => {
                let value = self.number(1, true);
                stmts.push(Stmt::Line(value));
            }
        }
        self.scope.end(from);
        stmts
    }
}

/// Blocks with what stands before the first and after the last. Within brackets they stand in a block of their own, so that each can be left out.
fn whole(head: &str, mut blocks: Vec<(String, Vec<Stmt>)>, end: &str) -> Stmt {
    if end.starts_with([')', ',']) {
        let inner = Stmt::Blocks { blocks, end: String::new() };
        return Stmt::Blocks { blocks: vec![(head.trim_end().to_owned(), vec![inner])], end: end.to_owned() };
    }
    if let Some((first, _)) = blocks.first_mut() {
        first.insert_str(0, head);
    }
    Stmt::Blocks { blocks, end: end.to_owned() }
}
