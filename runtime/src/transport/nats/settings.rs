//! Comparing a stream's settings with those that sagaflow needs, and which of them can be changed.

use async_nats::jetstream::stream::Config;

use super::layout::{LAYOUT, SHARDS};
use crate::{Error, ErrorKind};

/// One setting that matters; the others are the operator's choice.
struct Setting {
    name: &'static str,
    show: fn(&Config) -> String,
    /// Takes it over from the settings that are needed. Without it, it is for ever what it was when the stream was made.
    change: Option<fn(&mut Config, &Config)>,
}

const SETTINGS: [Setting; 18] = [
    fixed("metadata `sagaflow.layout`", |c| metadata(c, LAYOUT)),
    fixed("metadata `sagaflow.shards`", |c| metadata(c, SHARDS)),
    fixed("subjects", |c| c.subjects.join(", ")),
    fixed("retention", |c| format!("{:?}", c.retention)),
    fixed("storage", |c| format!("{:?}", c.storage)),
    changeable("num_replicas", |c| c.num_replicas.to_string(), |c, n| c.num_replicas = n.num_replicas),
    changeable(
        "max_msgs_per_subject",
        // The server writes "no limit" as -1; 0 means the same.
        |c| c.max_messages_per_subject.max(0).to_string(),
        |c, n| c.max_messages_per_subject = n.max_messages_per_subject,
    ),
    changeable(
        "discard_new_per_subject",
        |c| c.discard_new_per_subject.to_string(),
        |c, n| c.discard_new_per_subject = n.discard_new_per_subject,
    ),
    changeable("discard", |c| format!("{:?}", c.discard), |c, n| c.discard = n.discard),
    changeable("max_msgs", |c| c.max_messages.max(0).to_string(), |c, n| c.max_messages = n.max_messages),
    changeable("max_bytes", |c| c.max_bytes.max(0).to_string(), |c, n| c.max_bytes = n.max_bytes),
    changeable("max_age", |c| format!("{:?}", c.max_age), |c, n| c.max_age = n.max_age),
    changeable("allow_direct", |c| c.allow_direct.to_string(), |c, n| c.allow_direct = n.allow_direct),
    changeable("allow_msg_ttl", |c| c.allow_message_ttl.to_string(), |c, n| c.allow_message_ttl = n.allow_message_ttl),
    fixed("allow_msg_schedules", |c| c.allow_message_schedules.to_string()),
    changeable("allow_rollup_hdrs", |c| c.allow_rollup.to_string(), |c, n| c.allow_rollup = n.allow_rollup),
    changeable(
        "subject_transform",
        |c| c.subject_transform.as_ref().map_or("nothing", |t| &t.destination).to_owned(),
        |c, n| c.subject_transform.clone_from(&n.subject_transform),
    ),
    changeable("no_ack", |c| c.no_ack.to_string(), |c, n| c.no_ack = n.no_ack),
];

const fn fixed(name: &'static str, show: fn(&Config) -> String) -> Setting {
    Setting { name, show, change: None }
}

const fn changeable(name: &'static str, show: fn(&Config) -> String, change: fn(&mut Config, &Config)) -> Setting {
    Setting { name, show, change: Some(change) }
}

fn metadata(config: &Config, key: &str) -> String {
    config.metadata.get(key).cloned().unwrap_or_else(|| "nothing".to_owned())
}

/// A setting of a stream that is not as it should be.
pub(super) struct Difference {
    setting: &'static Setting,
    pub(super) found: String,
    pub(super) needed: String,
}

impl Difference {
    pub(super) fn name(&self) -> &'static str {
        self.setting.name
    }
}

/// What differs.
pub(super) fn differences(found: &Config, needed: &Config) -> Vec<Difference> {
    let differences = SETTINGS.iter().map(|setting| Difference {
        setting,
        found: (setting.show)(found),
        needed: (setting.show)(needed),
    });
    differences.filter(|difference| difference.found != difference.needed).collect()
}

/// Refuses a stream that is not as it should be.
pub(super) fn check(found: &Config, needed: &Config) -> Result<(), Error> {
    match differences(found, needed).first() {
        None => Ok(()),
        Some(difference) => Err(mismatch(&needed.name, difference)),
    }
}

/// The settings that were found, with what differs changed.
///
/// # Errors
///
/// Names the first that can't be changed.
pub(super) fn changed(found: &Config, needed: &Config) -> Result<Config, Error> {
    let mut changed = found.clone();
    for difference in differences(found, needed) {
        match difference.setting.change {
            Some(change) => change(&mut changed, needed),
            None => return Err(mismatch(&needed.name, &difference)),
        }
    }
    Ok(changed)
}

fn mismatch(stream: &str, difference: &Difference) -> Error {
    let Difference { setting, found, needed } = difference;
    let advice = match setting.change {
        Some(_) => {
            "connect with the options that it was made with, or have an administrator change it (`nats::provision` with `update`)"
        }
        None => "it can't be changed: connect with the options that it was made with, or use another prefix",
    };
    Error::new(
        ErrorKind::Mismatch,
        format!(
            "the stream `{stream}` exists with other settings: {} is {found}, sagaflow needs {needed}; {advice}",
            setting.name
        ),
    )
}
