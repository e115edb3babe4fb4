//! Two versions of a saga, and instances of the first that stop at each of its records and are taken up by workers of the second: what
//! happens to them, and what the lock file says of it, must be the same. Each row of the table in `docs/evolution.md` is a
//! test here.

#[path = "evolution/support.rs"]
mod support;

#[path = "evolution/attributes.rs"]
mod attributes;
#[path = "evolution/edits.rs"]
mod edits;
#[path = "evolution/lock_file.rs"]
mod lock_file;
#[path = "evolution/records.rs"]
mod records;
#[path = "evolution/stranding.rs"]
mod stranding;
#[path = "evolution/types.rs"]
mod types;
#[path = "evolution/versions.rs"]
mod versions;
#[path = "evolution/waiting.rs"]
mod waiting;
