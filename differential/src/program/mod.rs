//! Random programs: bodies of sagas, of all statements and expressions of the language, that always compile.
//!
//! A program is a tree of lines, so that it can be [shrunk](crate::shrink). All have the same signature.

mod expressions;
mod forms;
mod loops;
mod scope;
mod statements;
mod values;

use std::fmt::Write as _;

use scope::Scope;

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stmt {
    /// As it is, without line breaks within.
    Line(String),
    /// One with blocks: each with what stands before it.
    Blocks {
        /// `if ready`, `else`; `match x`, and so on.
        blocks: Vec<(String, Vec<Stmt>)>,
        /// What stands after the last.
        end: String,
    },
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// What it is called.
    pub name: String,
    /// Its statements; the last line is its value.
    pub body: Vec<Stmt>,
}

/// Writes a program.
#[must_use]
pub fn generate(seed: u64) -> Program {
    let mut generator = Generator {
        random: fastrand::Rng::with_seed(seed),
        scope: Scope::default(),
        names: 0,
        loops: Vec::new(),
        awaits: 0,
        budget: 14,
    };
    generator.parameters();
    let mut body = vec![
        Stmt::Line("const LIMIT: u32 = 5;".to_owned()),
        Stmt::Line("fn bump(n: u32) -> u32 { n.wrapping_mul(3) ^ 1 }".to_owned()),
        Stmt::Line("macro_rules! twice { ($n:expr) => { u32::wrapping_mul($n, 2) }; }".to_owned()),
    ];
    let count = 4 + generator.random.usize(0..6);
    body.extend(generator.statements(count));
    let value = generator.value_of_program();
    body.push(Stmt::Line(value));
    Program { name: format!("p{seed}"), body }
}

/// Writes statements and expressions at random.
pub(crate) struct Generator {
    random: fastrand::Rng,
    scope: Scope,
    /// How many names have been made up.
    names: usize,
    /// The loops around.
    loops: Vec<Loop>,
    /// How many awaits there are so far.
    awaits: usize,
    /// How many more statements there may be.
    budget: usize,
}

/// A loop that the next statement stands in.
#[derive(Clone)]
struct Loop {
    label: Option<String>,
    /// Whether `continue` comes to an end, too.
    can_continue: bool,
    /// Whether it is a `loop` whose `break` needs a number.
    has_value: bool,
}

impl Program {
    /// The body, with its braces.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::from("{\n");
        write(&self.body, 1, &mut text);
        text.push_str("}\n");
        text
    }

    /// How many lines it has.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.text().lines().count()
    }
}

/// The signature that all programs share, with the name of the function.
#[must_use]
pub fn signature(name: &str) -> String {
    format!(
        "pub async fn {name}(mut total: u32, name: String, mut items: Vec<u32>, mut order: Order) \
         -> Result<(u32, String, Vec<u32>), Failure>"
    )
}

/// The saga of a program, as a module.
#[must_use]
pub fn module(program: &Program) -> String {
    let (signature, body) = (signature(&program.name), program.text());
    format!("use sagaflow::{{Failure, saga}};\nuse sagaflow_differential::steps::*;\n\n#[saga]\n{signature} {body}")
}

/// The plain function of a program, as a module.
#[must_use]
pub fn plain(program: &Program) -> String {
    let (signature, body) = (signature(&program.name), program.text());
    format!("use sagaflow::Failure;\nuse sagaflow_differential::plain::*;\n\n{signature} {body}")
}

fn write(stmts: &[Stmt], depth: usize, text: &mut String) {
    let indent = "    ".repeat(depth);
    for stmt in stmts {
        match stmt {
            Stmt::Line(line) => {
                let _ = writeln!(text, "{indent}{line}");
            }
            Stmt::Blocks { blocks, end } => {
                for (index, (head, body)) in blocks.iter().enumerate() {
                    let start = if index == 0 { indent.as_str() } else { "" };
                    let _ = writeln!(text, "{start}{head} {{");
                    write(body, depth + 1, text);
                    let _ = write!(text, "{indent}}} ");
                }
                while text.ends_with(' ') {
                    text.pop();
                }
                let _ = writeln!(text, "{end}");
            }
        }
    }
}
