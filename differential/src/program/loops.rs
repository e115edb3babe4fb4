//! Loops. Each comes to its end: over a few items, or with a counter of its own.

use super::scope::Type;
use super::{Generator, Loop, Stmt};

impl Generator {
    pub(super) fn loop_(&mut self, stmts: &mut Vec<Stmt>) {
        if self.loops.len() >= 2 {
            return;
        }
        match self.pick(13) {
            0 => self.over_range(stmts),
            1 => {
                let items = self.numbers(0, true);
                self.for_(stmts, "n", &items, &[("n", Type::Number, None)], None);
            }
            2 => self.over_borrow(stmts),
            3 => self.over_borrow_of_order(stmts),
            4 => {
                self.for_(stmts, "side", "[\"north\", \"south\"]", &[], Some("note(side.to_owned()).await;"));
            }
            5 => self.that_changes(stmts),
            11 => self.over_owned(stmts),
            12 => self.over_pieces(stmts),
            6 | 7 => self.while_(stmts),
            8 => self.while_let(stmts),
            _ => self.endless(stmts),
        }
    }

    fn label(&mut self) -> Option<String> {
        self.chance(35).then(|| self.fresh("'l"))
    }

    fn body(&mut self, this: Loop, binds: &[(&str, Type, Option<usize>)]) -> Vec<Stmt> {
        self.loops.push(this);
        let body = self.block_with(binds, 3);
        self.loops.pop();
        body
    }

    fn for_(
        &mut self,
        stmts: &mut Vec<Stmt>,
        pattern: &str,
        items: &str,
        binds: &[(&str, Type, Option<usize>)],
        first: Option<&str>,
    ) {
        let label = self.label();
        let head = label.as_ref().map(|label| format!("{label}: ")).unwrap_or_default();
        let mut body: Vec<_> = first.map(|line| Stmt::Line(line.to_owned())).into_iter().collect();
        body.extend(self.body(Loop { label, can_continue: true, has_value: false }, binds));
        let blocks = vec![(format!("{head}for {pattern} in {items}"), body)];
        stmts.push(Stmt::Blocks { blocks, end: String::new() });
    }

    pub(super) fn over_range(&mut self, stmts: &mut Vec<Stmt>) {
        let name = self.name();
        let from = self.pick(3);
        let range = match self.pick(4) {
            0 => format!("{from}..={}", from + self.pick(3)),
            1 => format!("({from}..{}).rev()", from + self.pick(4)),
            2 => format!("{from}..({} % 4)", self.number(1, true)),
            _ => format!("{from}..{}", from + self.pick(4)),
        };
        // The type of the numbers of a range comes from its use.
        let range = range.replacen(&from.to_string(), &format!("{from}u32"), 1);
        self.for_(stmts, &name.clone(), &range, &[(&name, Type::Number, None)], None);
    }

    fn over_borrow(&mut self, stmts: &mut Vec<Stmt>) {
        let vars = self.scope.readable(Type::Numbers);
        let Some(&base) = vars.get(self.pick(vars.len())) else { return };
        let of = self.scope.vars[base].name.clone();
        let item = [("n", Type::NumberRef, Some(base))];
        match self.pick(5) {
            0 => self.for_(stmts, "n", &format!("&{of}"), &item, None),
            1 => self.for_(stmts, "n", &format!("{of}.iter().rev()"), &item, None),
            2 => self.for_(stmts, "&n", &format!("{of}.iter()"), &[("n", Type::Number, Some(base))], None),
            3 => {
                let binds = [("n", Type::NumberRef, Some(base))];
                let first = "note(format!(\"{at}\")).await;";
                self.for_(stmts, "(at, n)", &format!("{of}.iter().enumerate()"), &binds, Some(first));
            }
            _ => self.for_(stmts, "n", &format!("{of}.iter().copied()"), &[("n", Type::Number, Some(base))], None),
        }
    }

    fn over_borrow_of_order(&mut self, stmts: &mut Vec<Stmt>) {
        let vars = self.scope.with_field("items");
        let Some(&base) = vars.get(self.pick(vars.len())) else { return };
        let of = self.scope.vars[base].name.clone();
        let binds = [("n", Type::NumberRef, Some(base))];
        self.for_(stmts, "n", &format!("&{of}.items"), &binds, Some("num(*n).await?;"));
    }

    fn over_owned(&mut self, stmts: &mut Vec<Stmt>) {
        let items = self.numbers(1, true);
        let binds = [("n", Type::Number, None)];
        let first = "note(format!(\"{at}\")).await;";
        match self.pick(3) {
            0 => self.for_(stmts, "(at, n)", &format!("{items}.into_iter().enumerate()"), &binds, Some(first)),
            1 => self.for_(stmts, "(n, at)", &format!("{items}.into_iter().zip(['a', 'b'])"), &binds, Some(first)),
            _ => self.for_(stmts, "n", &format!("{items}.into_iter().rev().filter(|n| n % 3 != 1)"), &binds, None),
        }
    }

    /// Pieces of a list, characters of a text.
    fn over_pieces(&mut self, stmts: &mut Vec<Stmt>) {
        let (ty, items) = if self.chance(50) { (Type::Numbers, ".chunks(2)") } else { (Type::Text, ".chars()") };
        let vars = self.scope.readable(ty);
        let Some(&base) = vars.get(self.pick(vars.len())) else { return };
        let of = self.scope.vars[base].name.clone();
        let (name, hidden) = (self.fresh("piece"), self.fresh("length"));
        let first = match ty {
            Type::Numbers => format!("let {hidden} = num({name}.len() as u32 ^ {name}[0]).await?;"),
            _ => format!("let {hidden} = num({name} as u32 ^ 1).await?;"),
        };
        self.for_(stmts, &name, &format!("{of}{items}"), &[(&hidden, Type::Number, Some(base))], Some(&first));
    }

    /// A loop that changes its items: what it goes through can't be used in it.
    fn that_changes(&mut self, stmts: &mut Vec<Stmt>) {
        let vars = self.scope.changeable(Type::Numbers);
        let Some(&base) = vars.get(self.pick(vars.len())) else { return };
        let of = self.scope.vars[base].name.clone();
        self.scope.vars[base].moved = true;
        let value = self.number(1, true);
        let first = format!("*slot ^= {value};");
        self.for_(stmts, "slot", &format!("&mut {of}"), &[], Some(&first));
        if let Some(Stmt::Blocks { blocks, .. }) = stmts.last_mut() {
            blocks[0].1.push(Stmt::Line("*slot = slot.wrapping_add(1);".to_owned()));
        }
        self.scope.vars[base].moved = false;
    }

    fn while_(&mut self, stmts: &mut Vec<Stmt>) {
        let (counter, end) = (self.fresh("count"), 1 + self.pick(3));
        stmts.push(Stmt::Line(format!("let mut {counter} = 0;")));
        let condition = if self.chance(50) {
            self.loops.push(Loop { label: None, can_continue: false, has_value: false });
            let flag = self.flag(1, true);
            self.loops.pop();
            format!("{counter} < {end} && {flag}")
        } else {
            format!("{counter} < {end}")
        };
        let label = self.label();
        let head = label.as_ref().map(|label| format!("{label}: ")).unwrap_or_default();
        let mut body = vec![Stmt::Line(format!("{counter} += 1;"))];
        body.extend(self.body(Loop { label, can_continue: true, has_value: false }, &[]));
        stmts.push(Stmt::Blocks { blocks: vec![(format!("{head}while {condition}"), body)], end: String::new() });
    }

    fn while_let(&mut self, stmts: &mut Vec<Stmt>) {
        let (stack, numbers) = (self.fresh("stack"), self.numbers(0, true));
        stmts.push(Stmt::Line(format!("let mut {stack} = {numbers};")));
        let this = Loop { label: None, can_continue: true, has_value: false };
        let body = self.body(this, &[("top", Type::Number, None)]);
        let blocks = vec![(format!("while let Some(top) = {stack}.pop()"), body)];
        stmts.push(Stmt::Blocks { blocks, end: String::new() });
    }

    /// `let value = loop { … break value; … };`
    fn endless(&mut self, stmts: &mut Vec<Stmt>) {
        let (counter, end, name) = (self.fresh("count"), 1 + self.pick(3), self.name());
        stmts.push(Stmt::Line(format!("let mut {counter} = 0;")));
        let label = self.label();
        let head = label.as_ref().map(|label| format!("{label}: ")).unwrap_or_default();
        self.loops.push(Loop { label: None, can_continue: false, has_value: true });
        let value = self.number(1, true);
        self.loops.pop();
        let leave = Stmt::Blocks {
            blocks: vec![(format!("if {counter} > {end}"), vec![Stmt::Line(format!("break {value};"))])],
            end: String::new(),
        };
        let mut body = vec![Stmt::Line(format!("{counter} += 1;")), leave];
        body.extend(self.body(Loop { label, can_continue: true, has_value: true }, &[]));
        let blocks = vec![(format!("let {name} = {head}loop"), body)];
        stmts.push(Stmt::Blocks { blocks, end: ";".to_owned() });
        let loops = self.loops.len();
        self.scope.declare(&name, Type::Number, false, loops);
    }
}
