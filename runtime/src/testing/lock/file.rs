//! The lock file as text: sorted, one thing a line, so that differences are small.
//!
//! ```text
//! saga checkout
//!   arguments Request { items: [Item { article: string, price: u64 }], name: string }
//!   returns enum Result { Err(Failure { … }), Ok(u64) }
//!   state create_order
//!     awaits Call
//!     calls step create_order
//!     after create_user
//!     total: u64
//!   step create_order
//!     arguments create_order { total: u64, user: u64 }
//!     returns enum Result { Err(Failure { … }), Ok(u64) }
//!     undone by cancel_order
//! ```

use super::described::{Code, Described, Saga, State, Step, Variable};
use super::parse::{Text, parse};
use super::shape::Shape;

const HEADER: &str = "\
# What instances of the sagas that run now have in their records. Made by `sagaflow::testing::lock!`; commit it.
# A change that they would not survive fails the test. Write it anew with SAGAFLOW_BLESS=1 when you deploy.
format 1
";

/// The text of a lock file.
pub(super) fn write(described: &Described) -> String {
    let mut file = Writer { text: HEADER.to_owned() };
    for (name, saga) in &described.sagas {
        file.text.push('\n');
        let (own, nested): (Vec<_>, Vec<_>) = saga.bodies.iter().partition(|((body, _), _)| body == name);
        for ((name, version), code) in own {
            file.code("saga", name, *version, code);
        }
        for ((name, version), code) in nested {
            file.code("  nested", name, *version, code);
        }
        for (name, step) in &saga.steps {
            file.line(2, &format!("step {name}"));
            file.shape(4, "arguments ", &step.arguments);
            file.shape(4, "returns ", &step.returns);
            if let Some(undo) = &step.undone_by {
                file.line(4, &format!("undone by {undo}"));
            }
        }
    }
    file.text
}

struct Writer {
    text: String,
}

impl Writer {
    fn line(&mut self, indent: usize, text: &str) {
        self.text += &format!("{}{text}\n", " ".repeat(indent));
    }

    fn shape(&mut self, indent: usize, before: &str, shape: &Shape) {
        let text = Text::in_lines(shape, indent + before.len(), indent);
        self.line(indent, &format!("{before}{text}"));
    }

    fn code(&mut self, kind: &str, name: &str, version: u32, code: &Code) {
        let version = if version == 1 { String::new() } else { format!(" version {version}") };
        self.line(0, &format!("{kind} {name}{version}"));
        let indent = if kind == "saga" { 2 } else { 4 };
        self.shape(indent, "arguments ", &code.arguments);
        self.shape(indent, "returns ", &code.returns);
        for (name, state) in &code.states {
            self.line(indent, &format!("state {name}"));
            self.line(indent + 2, &format!("awaits {}", state.form));
            let listed = |word: &str, names: &std::collections::BTreeSet<String>| {
                let names: Vec<_> = names.iter().map(|name| format!("{word}{name}")).collect();
                names.join(", ")
            };
            let calls =
                [listed("step ", &state.steps), listed("saga ", &state.sagas), listed("child ", &state.children)];
            let calls: Vec<_> = calls.into_iter().filter(|calls| !calls.is_empty()).collect();
            if !calls.is_empty() {
                self.line(indent + 2, &format!("calls {}", calls.join(", ")));
            }
            self.line(indent + 2, &format!("after {}", listed("", &state.after)));
            for (name, variable) in &state.variables {
                let default = if variable.has_default { "default " } else { "" };
                self.shape(indent + 2, &format!("{default}{name}: "), &variable.shape);
            }
        }
    }
}

/// Reads a lock file.
///
/// # Errors
///
/// What is wrong with it, and in which line.
pub(super) fn read(text: &str) -> Result<Described, String> {
    let mut reader = Reader { described: Described::default(), at: At::default() };
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mut statement = line.trim().to_owned();
        if statement.is_empty() || statement.starts_with('#') {
            continue;
        }
        while opened(&statement) > 0 {
            let Some((_, more)) = lines.next() else { break };
            statement += " ";
            statement += more.trim();
        }
        reader.statement(&statement).map_err(|error| format!("line {}: {error}", number + 1))?;
    }
    Ok(reader.described)
}

/// How many brackets are open. (Those in quoted texts are closed there, too: only samples and types' names are quoted.)
fn opened(text: &str) -> usize {
    let count = |brackets: [char; 3]| text.chars().filter(|c| brackets.contains(c)).count();
    count(['{', '[', '(']).saturating_sub(count(['}', ']', ')']))
}

/// Where the reader is.
#[derive(Default)]
struct At {
    saga: String,
    body: Option<(String, u32)>,
    state: Option<String>,
    step: Option<String>,
}

struct Reader {
    described: Described,
    at: At,
}

impl Reader {
    fn statement(&mut self, text: &str) -> Result<(), String> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        match word {
            "format" if rest == "1" => Ok(()),
            "format" => Err(format!("this is a lock file of format {rest}: a newer version of sagaflow has made it")),
            "saga" => {
                let (name, version) = name_and_version(rest)?;
                self.described.sagas.entry(name.clone()).or_default();
                self.at = At { saga: name.clone(), ..At::default() };
                self.body(name, version)
            }
            "nested" => {
                let (name, version) = name_and_version(rest)?;
                self.body(name, version)
            }
            "state" => {
                self.code()?.states.insert(rest.to_owned(), State::default());
                self.at.state = Some(rest.to_owned());
                Ok(())
            }
            "step" => {
                let step = Step { arguments: Shape::word("()"), returns: Shape::word("()"), undone_by: None };
                self.saga()?.steps.insert(rest.to_owned(), step);
                (self.at.step, self.at.body, self.at.state) = (Some(rest.to_owned()), None, None);
                Ok(())
            }
            "arguments" => {
                let shape = parse(rest)?;
                match self.at.step.clone() {
                    Some(name) => self.step(&name)?.arguments = shape,
                    None => self.code()?.arguments = shape,
                }
                Ok(())
            }
            "returns" => {
                let shape = parse(rest)?;
                match self.at.step.clone() {
                    Some(name) => self.step(&name)?.returns = shape,
                    None => self.code()?.returns = shape,
                }
                Ok(())
            }
            "undone" => {
                let undo = rest.strip_prefix("by ").ok_or("`undone by` is expected")?.to_owned();
                let name = self.at.step.clone().ok_or("this belongs to a step")?;
                self.step(&name)?.undone_by = Some(undo);
                Ok(())
            }
            "awaits" => {
                rest.clone_into(&mut self.state()?.form);
                Ok(())
            }
            "after" => {
                self.state()?.after = names(rest).map(str::to_owned).collect();
                Ok(())
            }
            "calls" => {
                for called in names(rest) {
                    match called.split_once(' ') {
                        Some(("step", name)) => self.state()?.steps.insert(name.to_owned()),
                        Some(("saga", name)) => self.state()?.sagas.insert(name.to_owned()),
                        Some(("child", name)) => self.state()?.children.insert(name.to_owned()),
                        _ => return Err(format!("`step`, `saga` or `child` is expected where `{called}` stands")),
                    };
                }
                Ok(())
            }
            "default" => self.variable(rest, true),
            _ => self.variable(text, false),
        }
    }

    fn variable(&mut self, text: &str, has_default: bool) -> Result<(), String> {
        let (name, shape) = text.split_once(": ").ok_or_else(|| format!("`{text}` is not known here"))?;
        let variable = Variable { shape: parse(shape)?, has_default };
        self.state()?.variables.insert(name.to_owned(), variable);
        Ok(())
    }

    fn body(&mut self, name: String, version: u32) -> Result<(), String> {
        let code = Code { arguments: Shape::word("()"), returns: Shape::word("()"), states: Default::default() };
        self.saga()?.bodies.insert((name.clone(), version), code);
        (self.at.body, self.at.state, self.at.step) = (Some((name, version)), None, None);
        Ok(())
    }

    fn saga(&mut self) -> Result<&mut Saga, String> {
        self.described.sagas.get_mut(&self.at.saga).ok_or_else(|| "this belongs to a saga".to_owned())
    }

    fn step(&mut self, name: &str) -> Result<&mut Step, String> {
        self.saga()?.steps.get_mut(name).ok_or_else(|| "this belongs to a step".to_owned())
    }

    fn code(&mut self) -> Result<&mut Code, String> {
        let body = self.at.body.clone().ok_or("this belongs to a saga")?;
        self.saga()?.bodies.get_mut(&body).ok_or_else(|| "this belongs to a saga".to_owned())
    }

    fn state(&mut self) -> Result<&mut State, String> {
        let name = self.at.state.clone().ok_or("this belongs to a state")?;
        self.code()?.states.get_mut(&name).ok_or_else(|| "this belongs to a state".to_owned())
    }
}

fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(", ").map(str::trim).filter(|name| !name.is_empty())
}

/// `checkout version 2`.
fn name_and_version(text: &str) -> Result<(String, u32), String> {
    match text.split_once(" version ") {
        None => Ok((text.to_owned(), 1)),
        Some((name, version)) => {
            let version = version.parse().map_err(|_| format!("`{version}` is no version"))?;
            Ok((name.to_owned(), version))
        }
    }
}
