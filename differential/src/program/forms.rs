//! Statements that are rarer: short circuits, calls that wait in variables, labelled blocks, patterns of all kinds.

use super::scope::Type;
use super::{Generator, Loop, Stmt};

impl Generator {
    pub(super) fn form(&mut self, stmts: &mut Vec<Stmt>) {
        match self.pick(17) {
            0 | 1 => self.short_circuit(stmts),
            2 => self.labelled_block(stmts),
            3 => self.let_ok_else(stmts),
            4 => self.while_let_awaits(stmts),
            5 => self.call_in_a_variable(stmts),
            6 => self.calls_by_constructor(stmts),
            7 => self.twice_in_question(stmts),
            8 => self.fields_by_reference(stmts),
            9 => self.exchange(stmts),
            10 => self.inner_items(stmts),
            11 => self.early_return(stmts),
            12 => self.guard_that_binds(stmts),
            13 => self.borrowed_reply(stmts),
            14 => self.odd_block(stmts),
            15 => self.accessor(stmts),
            _ => self.at_pattern(stmts),
        }
    }

    fn let_number(&mut self, stmts: &mut Vec<Stmt>, value: &str) {
        let name = self.name();
        stmts.push(Stmt::Line(format!("let {name} = {value};")));
        self.declare(&name, Type::Number);
    }

    fn declare(&mut self, name: &str, ty: Type) {
        let loops = self.loops.len();
        self.scope.declare(name, ty, false, loops);
    }

    /// `let yes = a < 3 && flag(…).await;`: the right side awaits, and must not where the left one decides.
    fn short_circuit(&mut self, stmts: &mut Vec<Stmt>) {
        let (left, right, last) = (self.flag(1, true), self.flag(2, false), self.number(2, false));
        let (one, other) = if self.chance(50) { ("&&", "||") } else { ("||", "&&") };
        let name = self.name();
        stmts.push(Stmt::Line(format!(
            "let {name} = {left} {one} (flag({right}).await {other} num({last}).await? > {});",
            self.pick(6)
        )));
        self.declare(&name, Type::Flag);
    }

    /// `let value = 'block: { …; if … { break 'block …; } … };`
    fn labelled_block(&mut self, stmts: &mut Vec<Stmt>) {
        let (label, name) = (self.fresh("'part"), self.name());
        let this = Loop { label: Some(label.clone()), can_continue: false, has_value: true };
        let from = self.scope.vars.len();
        // A loop around can be left from here by its label only.
        self.loops.push(this.clone());
        let mut body = self.statements(1);
        self.loops.pop();
        let (condition, value) = (self.flag(1, true), self.number(1, true));
        body.push(Stmt::Blocks {
            blocks: vec![(format!("if {condition}"), vec![Stmt::Line(format!("break {label} {value};"))])],
            end: String::new(),
        });
        // In a loop within, `break 'block value` leaves both. What is moved there may be needed after it.
        if self.loops.len() < 2 {
            self.loops.push(this);
            self.over_range(&mut body);
            self.loops.pop();
        }
        let last = self.number(1, true);
        body.push(Stmt::Line(last));
        self.scope.end(from);
        stmts.push(Stmt::Blocks { blocks: vec![(format!("let {name} = {label}:"), body)], end: ";".to_owned() });
        self.declare(&name, Type::Number);
    }

    fn let_ok_else(&mut self, stmts: &mut Vec<Stmt>) {
        let (value, text, name) = (self.number(1, true), self.text(3, false), self.name());
        let from = self.scope.vars.len();
        let mut otherwise = self.statements(1);
        self.scope.end(from);
        otherwise.push(Stmt::Line(format!("return Err(Failure::new({text}));")));
        let head = format!("let Ok({name}) = num({value}).await else");
        stmts.push(Stmt::Blocks { blocks: vec![(head, otherwise)], end: ";".to_owned() });
        self.declare(&name, Type::Number);
    }

    /// A condition that awaits, and binds.
    fn while_let_awaits(&mut self, stmts: &mut Vec<Stmt>) {
        if self.loops.len() >= 2 {
            return;
        }
        let (counter, end) = (self.fresh("count"), 1 + 2 * self.pick(3));
        stmts.push(Stmt::Line(format!("let mut {counter} = 0u32;")));
        self.loops.push(Loop { label: None, can_continue: true, has_value: false });
        let mut body = vec![Stmt::Line(format!("{counter} += 2;"))];
        body.extend(self.block_with(&[("top", Type::Number, None)], 2));
        self.loops.pop();
        let head = format!("while let Some(top) = even({counter}).await && {counter} < {end}");
        stmts.push(Stmt::Blocks { blocks: vec![(head, body)], end: String::new() });
    }

    /// `let call = num(…); …; let value = call.await?;`
    fn call_in_a_variable(&mut self, stmts: &mut Vec<Stmt>) {
        let (call, value) = (self.fresh("call"), self.number(1, true));
        stmts.push(Stmt::Line(format!("let {call} = num({value});")));
        let text = self.text(2, false);
        stmts.push(Stmt::Line(format!("note({text}).await;")));
        self.let_number(stmts, &format!("{call}.await?"));
    }

    fn calls_by_constructor(&mut self, stmts: &mut Vec<Stmt>) {
        let (calls, numbers) = (self.fresh("calls"), self.numbers(1, true));
        stmts.push(Stmt::Line(format!("let {calls}: Vec<_> = {numbers}.into_iter().take(3).map(num).collect();")));
        let total = self.fresh("sum");
        stmts.push(Stmt::Line(format!("let mut {total} = 0u32;")));
        let line = format!("{total} = {total}.wrapping_add(call.await?);");
        let blocks = vec![(format!("for call in {calls}"), vec![Stmt::Line(line)])];
        stmts.push(Stmt::Blocks { blocks, end: String::new() });
        self.declare(&total, Type::Number);
    }

    fn twice_in_question(&mut self, stmts: &mut Vec<Stmt>) {
        let (one, other) = (self.number(1, true), self.number(2, false));
        self.let_number(stmts, &format!("Ok::<_, Failure>(add({one}, {other}).await)??"));
    }

    /// `let Order { id, ref name, .. } = order;`
    fn fields_by_reference(&mut self, stmts: &mut Vec<Stmt>) {
        let orders = self.scope.readable(Type::Order);
        let Some(&base) = orders.get(self.pick(orders.len())) else { return };
        let (of, loops) = (self.scope.vars[base].name.clone(), self.loops.len());
        let (id, text) = (self.fresh("id"), self.fresh("text"));
        stmts.push(Stmt::Line(format!("let Order {{ id: {id}, name: ref {text}, .. }} = {of};")));
        self.declare(&id, Type::Number);
        self.scope.declare_reference(&text, Type::TextRef, base, loops);
    }

    /// `(a, b) = (b, a);` and `[a, b] = […];`
    fn exchange(&mut self, stmts: &mut Vec<Stmt>) {
        let (one, other) = (self.number(2, true), self.number(2, true));
        let vars = self.scope.changeable(Type::Number);
        let [first, .., last] = &vars[..] else { return };
        let (first, last) = (&self.scope.vars[*first].name, &self.scope.vars[*last].name);
        let line = match self.random.usize(0..3) {
            0 => format!("({first}, {last}) = ({last}, {first} ^ {one});"),
            1 => format!("[{first}, {last}] = [{one}, {other}];"),
            _ => format!("Order {{ id: {first}, .. }} = find({one}).await?;"),
        };
        stmts.push(Stmt::Line(line));
    }

    /// A constant and a function that only the block sees, whose names nothing else has.
    fn inner_items(&mut self, stmts: &mut Vec<Stmt>) {
        let (constant, function) = (self.fresh("CONST"), self.fresh("inner"));
        let value = self.number(1, true);
        stmts.push(Stmt::Line(format!("const {constant}: u32 = {};", self.pick(9))));
        let name = self.name();
        stmts.push(Stmt::Line(format!("let {name} = {function}(num({constant}).await?, {value});")));
        stmts.push(Stmt::Line(format!("fn {function}(a: u32, b: u32) -> u32 {{ a.rotate_left(3) ^ b }}")));
        self.declare(&name, Type::Number);
    }

    fn early_return(&mut self, stmts: &mut Vec<Stmt>) {
        let (one, other) = (self.number(2, true), self.number(2, true));
        let condition = self.flag(2, true);
        let early = "return Err(Failure::new(\"early\"))";
        self.let_number(stmts, &format!("add({one}, if {condition} {{ {early} }} else {{ {other} }}).await?"));
    }

    /// `match (a, b) { (low, Some(n)) if let Some(less) = low.checked_sub(n) => …, … }`
    fn guard_that_binds(&mut self, stmts: &mut Vec<Stmt>) {
        let (number, value, limit) = (self.number(1, true), self.maybe(1, true), self.pick(5));
        let outer = self.scope.readable(Type::Number);
        // What the guard binds may hide a variable that is read in it.
        let less = self.one_of(&outer).filter(|_| self.chance(50)).unwrap_or_else(|| "less".to_owned());
        let arms = vec![
            (format!("(low, Some(n)) if let Some({less}) = low.checked_sub(n) && {less} != {limit} =>"), {
                let binds = [("low", Type::Number, None), ("n", Type::Number, None), (&*less, Type::Number, None)];
                self.block_with(&binds, 2)
            }),
            ("(n, _) =>".to_owned(), self.block_with(&[("n", Type::Number, None)], 1)),
        ];
        let inner = Stmt::Blocks { blocks: arms, end: String::new() };
        let head = format!("match ({number}, {value})");
        stmts.push(Stmt::Blocks { blocks: vec![(head, vec![inner])], end: String::new() });
    }

    /// `let order = &find(…).await?;`, `let ref text = find(…).await?.name;`
    fn borrowed_reply(&mut self, stmts: &mut Vec<Stmt>) {
        let (id, name) = (self.number(1, true), self.name());
        let (line, ty) = match self.pick(4) {
            0 => (format!("let {name} = &find({id}).await?;"), Type::OrderRef),
            1 => (format!("let ref {name} = find({id}).await?.name;"), Type::TextRef),
            2 => (format!("let Order {{ items: ref {name}, .. }} = find({id}).await?;"), Type::NumbersRef),
            _ => (format!("let {name} = &find({id}).await?.name;"), Type::TextRef),
        };
        stmts.push(Stmt::Line(line));
        self.declare(&name, ty);
    }

    /// `let text = order.name.trim(); …await…; text.len()`: a borrow by a method, alive across a step.
    fn accessor(&mut self, stmts: &mut Vec<Stmt>) {
        // The value first: it may move what could have been read.
        let value = self.number(1, true);
        let mut texts = self.scope.readable(Type::Text);
        texts.extend(self.scope.readable(Type::TextRef));
        let mut places: Vec<_> = texts.iter().map(|var| self.scope.vars[*var].name.clone()).collect();
        places.extend(self.scope.with_field("name").iter().map(|var| format!("{}.name", self.scope.vars[*var].name)));
        let orders = self.scope.readable(Type::Order);
        let by_option = self.chance(40);
        let of = if by_option { self.one_of(&orders) } else { places.get(self.pick(places.len())).cloned() };
        let Some(of) = of else { return };
        let lent = match (by_option, self.pick(4)) {
            (true, 0) => format!("{of}.note.as_deref().unwrap_or(\"none\")"),
            (true, 1) => format!("{of}.note.as_deref().unwrap_or_default().trim()"),
            (true, _) => format!("{of}.note.as_ref().unwrap_or(&{of}.name).as_str()"),
            (false, 0) => format!("{of}.as_str()"),
            (false, 1) => format!("{of}.trim_end().as_bytes()"),
            (false, _) => format!("{of}.trim()"),
        };
        let (text, number) = (self.fresh("text"), self.fresh("number"));
        stmts.push(Stmt::Line(format!("let {text} = {lent};")));
        stmts.push(Stmt::Line(format!("let {number} = num({value}).await?;")));
        self.let_number(stmts, &format!("{number}.wrapping_add({text}.len() as u32)"));
    }

    /// Empty statements, blocks within blocks, an unused closure that awaits nothing.
    fn odd_block(&mut self, stmts: &mut Vec<Stmt>) {
        let (name, value) = (self.name(), self.number(1, true));
        let inner = vec![Stmt::Line(";".to_owned()), Stmt::Line("async { 1u32 };".to_owned()), Stmt::Line(value)];
        stmts.push(Stmt::Line(";".to_owned()));
        stmts.push(Stmt::Blocks { blocks: vec![(format!("let {name} ="), inner)], end: ";".to_owned() });
        self.declare(&name, Type::Number);
    }

    /// `match &order { whole @ Order { id: 0..=3, .. } => …, Order { items, note: Some(card), .. } => …, _ => … }`
    fn at_pattern(&mut self, stmts: &mut Vec<Stmt>) {
        let orders = self.scope.readable(Type::Order);
        let Some(&base) = orders.get(self.pick(orders.len())) else { return };
        let of = self.scope.vars[base].name.clone();
        let arms = vec![
            ("whole @ Order { id: 0..=1, .. } =>".to_owned(), {
                self.block_with(&[("whole", Type::OrderRef, Some(base))], 2)
            }),
            ("Order { items: some, note: Some(card), id: small @ 2..=5, .. } =>".to_owned(), {
                let binds = [
                    ("some", Type::NumbersRef, Some(base)),
                    ("card", Type::TextRef, Some(base)),
                    ("small", Type::NumberRef, Some(base)),
                ];
                self.block_with(&binds, 2)
            }),
            ("Order { name: title, .. } =>".to_owned(), self.block_with(&[("title", Type::TextRef, Some(base))], 1)),
        ];
        let inner = Stmt::Blocks { blocks: arms, end: String::new() };
        stmts.push(Stmt::Blocks { blocks: vec![(format!("match &{of}"), vec![inner])], end: String::new() });
    }
}
