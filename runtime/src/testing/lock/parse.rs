//! Forms as text, and back.
//!
//! ```text
//! u64    string    string like "1970-01-01T00:00:00Z"    u64?    [Item]    (u32, string)    map(string, u64)
//! Item { article: string, price | cents: u64, note?: string? }    closed Item { … }
//! enum Kind { Card(string), Cash, Invoice { days: u32 } }    same as Item    type shop::Payload
//! ```

use super::shape::{Field, Shape, Struct};

/// So long a line may be before a form is divided into several.
const WIDTH: usize = 100;

/// A form that is being written.
pub(super) struct Text {
    text: String,
    /// The indentation of what is divided into lines; none if all stands in one.
    indent: Option<usize>,
}

impl Text {
    /// In one line.
    pub(super) fn in_one_line(shape: &Shape) -> String {
        let mut text = Self { text: String::new(), indent: None };
        text.shape(shape);
        text.text
    }

    /// In as many lines as it takes: the first one begins after `before` columns, the others are indented more than `indent`.
    pub(super) fn in_lines(shape: &Shape, before: usize, indent: usize) -> String {
        let line = Self::in_one_line(shape);
        if before + line.chars().count() <= WIDTH {
            return line;
        }
        let mut text = Self { text: String::new(), indent: Some(indent) };
        text.shape(shape);
        text.text
    }

    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Word(word) => self.text += word,
            Shape::Like(None) => self.text += "string like ?",
            Shape::Like(Some(sample)) => self.text += &format!("string like {sample:?}"),
            Shape::Option(inner) => {
                self.shape(inner);
                self.text.push('?');
            }
            Shape::Seq(inner) => {
                self.text.push('[');
                self.shape(inner);
                self.text.push(']');
            }
            Shape::Tuple(parts) => self.list("(", ")", parts, |text, part| text.shape(part)),
            Shape::Map(key, value) => self.list("map(", ")", &[key, value], |text, part| text.shape(part)),
            Shape::Struct(of) => {
                self.text += if of.closed { "closed " } else { "" };
                self.text += &quoted_if_odd(&of.name);
                self.list(" { ", " }", &of.fields, Self::field);
            }
            Shape::Enum(name, variants) => {
                self.text += "enum ";
                self.text += &quoted_if_odd(name);
                self.list(" { ", " }", variants, |text, (name, shape)| text.variant(name, shape));
            }
            Shape::Same(name) => self.text += &format!("same as {}", quoted_if_odd(name)),
            Shape::Type(name) => self.text += &format!("type {name:?}"),
        }
    }

    fn field(&mut self, field: &Field) {
        self.text += &quoted_if_odd(&field.name);
        for alias in &field.alias {
            self.text += &format!(" | {}", quoted_if_odd(alias));
        }
        self.text += if field.optional { "?: " } else { ": " };
        self.shape(&field.shape);
    }

    fn variant(&mut self, name: &str, shape: &Shape) {
        self.text += &quoted_if_odd(name);
        match shape {
            Shape::Word(word) if word == "()" => {}
            Shape::Struct(of) if of.name == name => self.list(" { ", " }", &of.fields, Self::field),
            other => self.list("(", ")", &[other], |text, part| text.shape(part)),
        }
    }

    /// One entry after another; each in a line of its own, if this can't all be in one.
    fn list<T>(&mut self, open: &str, close: &str, entries: &[T], mut write: impl FnMut(&mut Self, &T)) {
        if let Some(indent) = self.indent
            && !entries.is_empty()
        {
            self.text += open.trim_end();
            self.indent = Some(indent + 2);
            for entry in entries {
                self.text += &format!("\n{}", " ".repeat(indent + 2));
                // What is short stays in its line.
                let mut line = Self { text: String::new(), indent: None };
                write(&mut line, entry);
                if indent + line.text.chars().count() < WIDTH {
                    self.text += &line.text;
                } else {
                    write(self, entry);
                }
                self.text.push(',');
            }
            self.indent = Some(indent);
            self.text += &format!("\n{}{}", " ".repeat(indent), close.trim_start());
            return;
        }
        if entries.is_empty() {
            self.text += open.trim_end();
            self.text += close.trim_start();
            return;
        }
        self.text += open;
        for (index, entry) in entries.iter().enumerate() {
            self.text += if index > 0 { ", " } else { "" };
            write(self, entry);
        }
        self.text += close;
    }
}

/// What ends a word.
fn is_odd(c: char) -> bool {
    c.is_whitespace() || "{}[](),:?|\"".contains(c)
}

fn quoted_if_odd(name: &str) -> String {
    if name.is_empty() || name.contains(is_odd) { format!("{name:?}") } else { name.to_owned() }
}

/// Reads a form.
pub(super) fn parse(text: &str) -> Result<Shape, String> {
    let mut parser = Parser { rest: text };
    let shape = parser.shape()?;
    parser.skip();
    if parser.rest.is_empty() { Ok(shape) } else { parser.expected("the end") }
}

struct Parser<'t> {
    rest: &'t str,
}

impl<'t> Parser<'t> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn takes(&mut self, token: &str) -> bool {
        self.skip();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn needs(&mut self, token: &str) -> Result<(), String> {
        if self.takes(token) { Ok(()) } else { self.expected(&format!("`{token}`")) }
    }

    fn expected<T>(&self, what: &str) -> Result<T, String> {
        let found: String = self.rest.chars().take(20).collect();
        Err(format!("{what} is expected where `{found}` stands"))
    }

    /// A word: up to what has a meaning of its own.
    fn word(&mut self) -> Result<&'t str, String> {
        self.skip();
        let end = self.rest.find(is_odd).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if word.is_empty() {
            return self.expected("a name");
        }
        self.rest = rest;
        Ok(word)
    }

    /// A word, or a text in quotes.
    fn name(&mut self) -> Result<String, String> {
        self.skip();
        if self.rest.starts_with('"') { self.quoted() } else { self.word().map(str::to_owned) }
    }

    fn quoted(&mut self) -> Result<String, String> {
        self.skip();
        let mut quoted = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
        let Some(Ok(text)) = quoted.next() else { return self.expected("a text in quotes") };
        self.rest = &self.rest[quoted.byte_offset()..];
        Ok(text)
    }

    fn shape(&mut self) -> Result<Shape, String> {
        let mut shape = self.plain()?;
        while self.rest.starts_with('?') {
            self.rest = &self.rest[1..];
            shape = Shape::Option(Box::new(shape));
        }
        Ok(shape)
    }

    fn plain(&mut self) -> Result<Shape, String> {
        if self.takes("[") {
            let inner = self.shape()?;
            self.needs("]")?;
            return Ok(Shape::Seq(Box::new(inner)));
        }
        if self.takes("(") {
            let parts = self.list(")", Self::shape)?;
            return Ok(if parts.is_empty() { Shape::word("()") } else { Shape::Tuple(parts) });
        }
        self.skip();
        if self.rest.starts_with('"') {
            let name = self.quoted()?;
            self.needs("{")?;
            return self.fields(&name, false);
        }
        match self.word()? {
            "closed" if !self.rest.trim_start().starts_with('{') => {
                let name = self.name()?;
                self.needs("{")?;
                self.fields(&name, true)
            }
            "enum" => {
                let name = self.name()?;
                self.needs("{")?;
                Ok(Shape::Enum(name, self.list("}", Self::variant)?))
            }
            "same" if self.takes("as") => Ok(Shape::Same(self.name()?)),
            "type" => self.quoted().map(Shape::Type),
            "map" if self.takes("(") => {
                let (key, value) = (self.shape()?, self.needs(",").and_then(|()| self.shape())?);
                self.takes(",");
                self.needs(")")?;
                Ok(Shape::Map(Box::new(key), Box::new(value)))
            }
            "string" if self.takes("like") => {
                if self.takes("?") {
                    Ok(Shape::Like(None))
                } else {
                    self.quoted().map(|sample| Shape::Like(Some(sample)))
                }
            }
            name if self.takes("{") => self.fields(name, false),
            word => Ok(Shape::word(word)),
        }
    }

    fn list<T>(&mut self, close: &str, each: impl Fn(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        let mut entries = Vec::new();
        while !self.takes(close) {
            if !entries.is_empty() {
                self.needs(",")?;
                if self.takes(close) {
                    break;
                }
            }
            entries.push(each(self)?);
        }
        Ok(entries)
    }

    fn fields(&mut self, name: &str, closed: bool) -> Result<Shape, String> {
        let fields = self.list("}", |parser| {
            let name = parser.name()?;
            let mut alias = Vec::new();
            while parser.takes("|") {
                alias.push(parser.name()?);
            }
            let optional = parser.takes("?");
            parser.needs(":")?;
            Ok(Field { name, alias, optional, shape: parser.shape()? })
        })?;
        Ok(Shape::Struct(Struct { name: name.to_owned(), closed, fields }))
    }

    fn variant(&mut self) -> Result<(String, Shape), String> {
        let name = self.name()?;
        let shape = if self.takes("{") {
            self.fields(&name, false)?
        } else if self.takes("(") {
            let mut parts = self.list(")", Self::shape)?;
            if parts.len() == 1 { parts.remove(0) } else { Shape::Tuple(parts) }
        } else {
            Shape::word("()")
        };
        Ok((name, shape))
    }
}
