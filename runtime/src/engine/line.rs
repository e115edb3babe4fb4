//! Standing in a line: an instance waits at its beginning until it is its turn. See [`turns`](crate::turns) for the line itself.

use jiff::Timestamp;

use super::Halt;
use super::children::fnv;
use crate::definition::SagaDefinition;
use crate::record::{InLine, Record, StartedBy};
use crate::transport::InstanceId;

/// The name of the saga that all lines are instances of.
pub(crate) const LINE: &str = "sagaflow-line";

/// The queue in which an instance hears that it is its turn.
pub(crate) const TURN: &str = "$turn";

/// Puts an instance that stands at its beginning into its line, if there is one for it. The line is told of its end, whatever that is.
///
/// # Errors
///
/// That its key can't be made.
pub(super) fn enter(record: &mut Record, definition: &SagaDefinition) -> Result<bool, Halt> {
    let Some(frame) = &record.frame else { return Ok(false) };
    let Some((most, key)) = definition.line(frame).map_err(Halt::Pause)? else { return Ok(false) };
    let of = id_of_line(&record.saga, key.as_deref());
    // The line outlives its own instances: it is told whenever it was started.
    record.attached.push(StartedBy {
        saga: LINE.to_owned(),
        id: of.clone(),
        started: Timestamp::UNIX_EPOCH,
        call: 0,
        detached: false,
    });
    record.line = Some(InLine { of, most });
    Ok(true)
}

/// The id of a line: the saga, and the key if that can stand in an id, so that people can read it.
fn id_of_line(saga: &str, key: Option<&str>) -> String {
    let Some(key) = key else { return saga.to_owned() };
    let id = format!("{saga}@{key}");
    match key.starts_with('~') || InstanceId::new(LINE, id.as_str()).is_err() {
        // A name of 128 bytes leaves no room for any key.
        true => format!("{}@~{:032x}", &saga[..saga.len().min(64)], fnv(id.as_bytes())),
        false => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_lines_are_valid_and_differ() {
        let long = "x".repeat(InstanceId::MAX_LEN);
        let ids = [
            ("order", None),
            ("order", Some("acme")),
            ("order", Some("")),
            ("order", Some("a.b")),
            ("order", Some("a b")),
            ("order", Some("~")),
            (&*long, Some("a")),
            (&*long, Some("b")),
        ]
        .map(|(saga, key)| id_of_line(saga, key));
        for id in &ids {
            InstanceId::new(LINE, id.as_str()).unwrap();
        }
        assert_eq!(ids[..3], ["order", "order@acme", "order@"]);
        let different: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(different.len(), ids.len(), "{ids:?}");
    }
}
