//! Where sagaflow's tables are.

use crate::driver::Dialect;
use crate::error::{Error, ErrorKind};

/// What tables' names usually begin with.
pub(crate) const USUAL: &str = "sagaflow_";

/// The names of the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    schema: Option<String>,
    prefix: String,
}

impl Names {
    pub(crate) fn new(schema: Option<String>, prefix: String, dialect: &Dialect) -> Result<Self, Error> {
        let invalid = |message: String| Err(Error::new(ErrorKind::InvalidName, message));
        for name in schema.iter().chain([&prefix]) {
            let first = |c: char| c.is_ascii_lowercase() || c == '_';
            let rest = |c: char| first(c) || c.is_ascii_digit();
            if name.is_empty() || name.len() > 30 || !name.starts_with(first) || !name.chars().all(rest) {
                return invalid(format!(
                    "`{name}` can't be a schema or a prefix of tables: it has 1 to 30 lower-case letters, digits and `_`, and begins with no digit"
                ));
            }
        }
        if let (Some(schema), false) = (&schema, dialect.is_server) {
            let name = dialect.name;
            return invalid(format!("{name} has no schemas: leave out `{schema}`, and set a prefix of the tables"));
        }
        Ok(Self { schema, prefix })
    }

    /// The usual names.
    pub(crate) fn usual() -> Self {
        Self { schema: None, prefix: USUAL.to_owned() }
    }

    /// A table or view, as it is written in a statement.
    pub(crate) fn table(&self, name: &str) -> String {
        match &self.schema {
            Some(schema) => format!("\"{schema}\".{}{name}", self.prefix),
            None => format!("{}{name}", self.prefix),
        }
    }

    /// The same name without its schema: of an index, a constraint or a channel.
    pub(crate) fn plain(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub(crate) fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// The channel on which a server tells of new rows in the outbox.
    pub(crate) fn channel(&self) -> String {
        format!(
            "{}{}outbox",
            self.schema.as_deref().map(|schema| format!("{schema}.")).unwrap_or_default(),
            self.prefix
        )
    }

    /// Fills a statement in: `{table:inbox}`, `{plain:inbox}`, and what the dialect brings.
    pub(crate) fn fill(&self, sql: &str, dialect: &Dialect) -> String {
        let mut filled = String::with_capacity(sql.len() + 64);
        let mut rest = sql;
        while let Some((before, after)) = rest.split_once("{") {
            let (hole, after) = after.split_once("}").unwrap_or((after, ""));
            filled.push_str(before);
            match hole.split_once(':') {
                Some(("table", name)) => filled.push_str(&self.table(name)),
                Some(("plain", name)) => filled.push_str(&self.plain(name)),
                _ => filled.push_str(match hole {
                    "time" => dialect.time,
                    "serial" => dialect.serial,
                    "json" => dialect.json,
                    "now_ms" => dialect.now_ms,
                    "skip_locked" => dialect.skip_locked,
                    other => unreachable!("a hole `{other}` in a statement"),
                }),
            }
            rest = after;
        }
        filled + rest
    }
}
