//! Expressions, by the type of their value. With `Generator::awaits`, at most so many of them await.

use super::Generator;
use super::scope::Type;

/// How deep expressions go.
const DEEP: usize = 3;

impl Generator {
    /// One of these numbers, from 0.
    pub(super) fn pick(&mut self, end: usize) -> usize {
        self.random.usize(0..end.max(1))
    }

    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.random.u32(0..100) < percent
    }

    fn may_await(&mut self, awaits: bool) -> bool {
        let may = awaits && self.awaits < 14 && self.chance(45);
        self.awaits += usize::from(may);
        may
    }

    pub(super) fn one_of(&mut self, vars: &[usize]) -> Option<String> {
        let index = *vars.get(self.pick(vars.len()))?;
        Some(self.scope.vars[index].name.clone())
    }

    /// A `u32`.
    pub(super) fn number(&mut self, depth: usize, awaits: bool) -> String {
        if self.may_await(awaits) {
            return self.awaited_number(depth + 1);
        }
        let deep = depth < DEEP;
        match self.pick(if deep { 22 } else { 7 }) {
            0 | 1 => format!("{}u32", self.random.u32(0..20)),
            2..=4 => {
                let vars = self.scope.readable(Type::Number);
                self.one_of(&vars).unwrap_or_else(|| "LIMIT".to_owned())
            }
            5 => {
                let vars = self.scope.readable(Type::NumberRef);
                self.one_of(&vars).map_or_else(|| "4u32".to_owned(), |name| format!("(*{name})"))
            }
            6 => {
                let vars = self.scope.with_field("id");
                self.one_of(&vars).map_or_else(|| "8u32".to_owned(), |name| format!("{name}.id"))
            }
            7 => format!("{}.wrapping_add({})", self.number(depth + 1, awaits), self.number(depth + 1, awaits)),
            8 => format!("({} ^ {})", self.number(depth + 1, awaits), self.number(depth + 1, awaits)),
            9 => format!("({} % 7)", self.number(depth + 1, awaits)),
            10 => {
                let condition = self.flag(depth + 1, awaits);
                let (one, other) = (self.number(depth + 1, awaits), self.number(depth + 1, awaits));
                format!("if {condition} {{ {one} }} else {{ {other} }}").parenthesized()
            }
            11 => {
                let value = self.maybe(depth + 1, awaits);
                format!("match {value} {{ Some(n) if n > 2 => n, Some(_) => LIMIT, None => 0 }}").parenthesized()
            }
            12 => format!("bump({})", self.number(depth + 1, awaits)),
            13 => format!("twice!({})", self.number(depth + 1, false)),
            14 => format!(
                "[{}, {}][({} % 2) as usize]",
                self.number(depth + 1, awaits),
                self.number(depth + 1, awaits),
                self.number(depth + 1, awaits)
            ),
            15 => format!("({}, {}).{}", self.number(depth + 1, awaits), self.number(depth + 1, awaits), self.pick(2)),
            16 => format!("{}.unwrap_or({})", self.maybe(depth + 1, awaits), self.number(depth + 1, awaits)),
            17 => format!("({}.len() as u32)", self.numbers_place()),
            18 => format!("({}.len() as u32)", self.text_place()),
            19 => {
                let label = self.fresh("'block");
                let (condition, one) = (self.flag(depth + 1, awaits), self.number(depth + 1, awaits));
                let other = self.number(depth + 1, awaits);
                format!("{label}: {{ if {condition} {{ break {label} {one}; }} {other} }}").parenthesized()
            }
            20 => {
                let value = self.number(depth + 1, awaits);
                format!("{{ let inner = {value}; inner.rotate_left(1) }}").parenthesized()
            }
            _ => format!("{}.iter().fold(0u32, |a, b| a.wrapping_add(*b))", self.numbers_place()),
        }
    }

    fn awaited_number(&mut self, depth: usize) -> String {
        match self.pick(8) {
            0 | 1 => format!("num({}).await?", self.number(depth, true)),
            2 => format!("add({}, {}).await?", self.number(depth, true), self.number(depth, true)),
            3 => format!("num({}).await.unwrap_or({})", self.number(depth, true), self.number(depth, false)),
            4 => {
                let (value, other) = (self.number(depth, true), self.number(depth, true));
                format!("match num({value}).await {{ Ok(n) => n, Err(_) => {other} }}").parenthesized()
            }
            5 => format!("even({}).await.unwrap_or(3)", self.number(depth, true)),
            6 => format!("find({}).await?.id", self.number(depth, true)),
            _ => format!("num({}).await?.wrapping_mul({})", self.number(depth, true), self.number(depth, true)),
        }
    }

    /// A `String`.
    pub(super) fn text(&mut self, depth: usize, awaits: bool) -> String {
        if self.may_await(awaits) {
            return match self.pick(3) {
                0 => format!("find({}).await?.name", self.number(depth + 1, true)),
                _ => format!("text({}).await?", self.text(depth + 1, true)),
            };
        }
        match self.pick(if depth < DEEP { 9 } else { 4 }) {
            0 => format!("\"t{}\".to_owned()", self.pick(5)),
            1 => format!("{}.clone()", self.text_place()),
            2 => format!("format!(\"{{}}-{{}}\", {}, {})", self.number(DEEP, false), self.text_place()),
            3 => {
                let vars = self.scope.readable(Type::Number);
                self.one_of(&vars)
                    .map_or_else(|| "String::new()".to_owned(), |name| format!("format!(\"<{{{name}}}>\")"))
            }
            4 => {
                let loops = self.loops.len();
                let vars = self.scope.movable(Type::Text, loops);
                self.moved(&vars).unwrap_or_else(|| "\"moved\".to_owned()".to_owned())
            }
            5 => {
                let loops = self.loops.len();
                let vars: Vec<_> = (self.scope.with_field("name").into_iter())
                    .filter(|index| {
                        let var = &self.scope.vars[*index];
                        var.ty == Type::Order && var.loops == loops && var.borrowed == 0
                    })
                    .collect();
                match vars.first() {
                    Some(index) => {
                        self.scope.vars[*index].moved_fields.push("name");
                        format!("{}.name", self.scope.vars[*index].name)
                    }
                    None => "\"name\".to_owned()".to_owned(),
                }
            }
            6 => format!("({} + &{})", self.text(depth + 1, awaits), self.text_place()),
            7 => {
                let condition = self.flag(depth + 1, awaits);
                format!("if {condition} {{ {} }} else {{ \"no\".to_owned() }}", self.text(DEEP, false)).parenthesized()
            }
            _ => format!("{}.to_string()", self.number(depth + 1, awaits)),
        }
    }

    /// Moves a variable.
    fn moved(&mut self, vars: &[usize]) -> Option<String> {
        let index = *vars.get(self.pick(vars.len()))?;
        self.scope.vars[index].moved = true;
        Some(self.scope.vars[index].name.clone())
    }

    /// A `bool`.
    pub(super) fn flag(&mut self, depth: usize, awaits: bool) -> String {
        if self.may_await(awaits) {
            return match self.pick(3) {
                0 => format!("even({}).await.is_some()", self.number(depth + 1, true)),
                _ => format!("flag({}).await", self.flag(depth + 1, true)),
            };
        }
        match self.pick(if depth < DEEP { 10 } else { 4 }) {
            0 => "true".to_owned(),
            1..=3 => {
                let vars = self.scope.readable(Type::Flag);
                let other = format!("({} > {})", self.number(DEEP, false), self.pick(9));
                self.one_of(&vars).unwrap_or(other)
            }
            4 => format!("({} && {})", self.flag(depth + 1, awaits), self.flag(depth + 1, awaits)),
            5 => format!("({} || {})", self.flag(depth + 1, awaits), self.flag(depth + 1, awaits)),
            6 => format!("!{}", self.flag(depth + 1, awaits)),
            7 => format!("({} < {})", self.number(depth + 1, awaits), self.number(depth + 1, awaits)),
            8 => format!("{}.is_empty()", self.numbers_place()),
            _ => format!("matches!({}, Some(1..=9))", self.maybe(depth + 1, false)),
        }
    }

    /// An `Option<u32>`.
    pub(super) fn maybe(&mut self, depth: usize, awaits: bool) -> String {
        if self.may_await(awaits) {
            return format!("even({}).await", self.number(depth + 1, true));
        }
        match self.pick(6) {
            0 => "None::<u32>".to_owned(),
            1 | 2 => {
                let vars = self.scope.readable(Type::Maybe);
                self.one_of(&vars).unwrap_or_else(|| "Some(3u32)".to_owned())
            }
            3 => format!("{}.first().copied()", self.numbers_place()),
            4 if depth < DEEP => {
                format!("{}.checked_sub({})", self.number(depth + 1, awaits), self.number(depth + 1, awaits))
            }
            _ => format!("Some({})", self.number(depth + 1, awaits)),
        }
    }

    /// A `Vec<u32>`.
    pub(super) fn numbers(&mut self, depth: usize, awaits: bool) -> String {
        if self.may_await(awaits) {
            return match self.pick(3) {
                0 => format!("find({}).await?.items", self.number(depth + 1, true)),
                _ => format!("list({}).await?", self.number(depth + 1, true)),
            };
        }
        match self.pick(5) {
            0 => format!("[{}, {}].to_vec()", self.number(depth + 1, awaits), self.number(depth + 1, awaits)),
            1 => {
                let loops = self.loops.len();
                let vars = self.scope.movable(Type::Numbers, loops);
                self.moved(&vars).unwrap_or_else(|| "vec![2, 3]".to_owned())
            }
            2 => format!("{}.iter().map(|n| n ^ 1).collect::<Vec<u32>>()", self.numbers_place()),
            3 => format!("Vec::from([{}])", self.number(depth + 1, awaits)),
            _ => format!("{}.clone()", self.numbers_place()),
        }
    }

    /// An `Order`.
    pub(super) fn order(&mut self, depth: usize, awaits: bool) -> String {
        if self.may_await(awaits) {
            return match self.pick(3) {
                0 => {
                    let (id, other) = (self.number(depth + 1, true), self.number(depth + 1, true));
                    format!("Order {{ id: {id}, ..find({other}).await? }}")
                }
                _ => format!("find({}).await?", self.number(depth + 1, true)),
            };
        }
        let vars = self.scope.readable(Type::Order);
        match self.one_of(&vars) {
            Some(name) if self.chance(60) => format!("{name}.clone()"),
            _ => {
                let (id, name) = (self.number(depth + 1, awaits), self.text(depth + 1, awaits));
                let items = self.numbers(depth + 1, awaits);
                format!("Order {{ id: {id}, name: {name}, items: {items}, note: None, kind: Kind::Plain }}")
            }
        }
    }

    /// A place of type `String` or `&String`.
    pub(super) fn text_place(&mut self) -> String {
        let mut vars = self.scope.readable(Type::Text);
        vars.extend(self.scope.readable(Type::TextRef));
        let orders = self.scope.with_field("name");
        if vars.is_empty() || self.chance(30) {
            return self
                .one_of(&orders)
                .map_or_else(|| "\"x\"".to_owned() + ".to_owned()", |name| format!("{name}.name"));
        }
        self.one_of(&vars).unwrap_or_default()
    }

    /// A place of type `Vec<u32>` or `&Vec<u32>`.
    pub(super) fn numbers_place(&mut self) -> String {
        let mut vars = self.scope.readable(Type::Numbers);
        vars.extend(self.scope.readable(Type::NumbersRef));
        let orders = self.scope.with_field("items");
        if vars.is_empty() || self.chance(30) {
            return self.one_of(&orders).map_or_else(|| "vec![1u32]".to_owned(), |name| format!("{name}.items"));
        }
        self.one_of(&vars).unwrap_or_default()
    }

    /// An expression of a type.
    pub(super) fn expression(&mut self, ty: Type, awaits: bool) -> String {
        match ty {
            Type::Number | Type::NumberRef => self.number(0, awaits),
            Type::Text | Type::TextRef => self.text(0, awaits),
            Type::Flag => self.flag(0, awaits),
            Type::Numbers | Type::NumbersRef => self.numbers(0, awaits),
            Type::Maybe => self.maybe(0, awaits),
            Type::Order | Type::OrderRef => self.order(0, awaits),
        }
    }

    /// A name that no other has.
    pub(super) fn fresh(&mut self, name: &str) -> String {
        self.names += 1;
        format!("{name}_{}", self.names)
    }
}

trait Parenthesized {
    fn parenthesized(self) -> String;
}

impl Parenthesized for String {
    fn parenthesized(self) -> String {
        format!("({self})")
    }
}
