//! Reads the evidence from its files. Of what was sent, only what no server has told of is kept.

use std::collections::{HashMap, HashSet};
use std::fs;

use super::chain::{Seen, Sent};
use super::record::Record;
use super::{Evidence, Source};
use crate::Failed;
use crate::effects::{self, Line};
use crate::evidence::{Captured, Published, read as lines};

pub(super) fn read(source: &Source) -> Result<Evidence, Failed> {
    let mut evidence = Evidence::default();
    let mut known = HashMap::new();
    for line in lines::<Captured>(&source.captured)? {
        let Captured { instance, revision, after, stored, record } = line?;
        known.insert((instance.clone(), revision), after);
        let record = Record::read(&record);
        let seen = Seen { revision, after, stored, record, told: true };
        evidence.instances.entry(instance).or_default().seen.push(seen);
    }
    published(source, &known, &mut evidence)?;
    for path in &source.effects {
        // A worker that was killed at once has none.
        if !path.exists() {
            continue;
        }
        let text = fs::read_to_string(path)?;
        // A killed worker's last line may be half a line.
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let effect = effects::parse(line).ok_or_else(|| format!("{}: `{line}`", path.display()))?;
            match effect {
                Line::Effect(effect) => evidence.executions.take(effect),
                Line::Late(late) => evidence.late.push(late),
            }
        }
    }
    Ok(evidence)
}

/// What was sent: kept if it was answered and is not known, or not answered and of an instance with a gap.
fn published(
    source: &Source,
    known: &HashMap<(String, u64), Option<u64>>,
    evidence: &mut Evidence,
) -> Result<(), Failed> {
    let gaps = gaps(known);
    let mut open = HashMap::new();
    for line in lines::<Published>(&source.published)? {
        match line? {
            Published::Sent { reply, instance, after, at, record } => {
                open.insert(reply, (instance, after, at, record));
            }
            Published::Refused { reply, .. } => {
                open.remove(&reply);
            }
            Published::Stored { reply, revision } => {
                let Some((instance, after, stored, record)) = open.remove(&reply) else { continue };
                // Kept also if the conditions differ, which is found when the chain is made.
                if known.get(&(instance.clone(), revision)) != Some(&after) {
                    let record = Record::read(&record);
                    let seen = Seen { revision, after, stored, record, told: false };
                    evidence.instances.entry(instance).or_default().seen.push(seen);
                }
            }
        }
    }
    for (instance, after, at, record) in open.into_values() {
        if gaps.contains(&instance) {
            let record = Record::read(&record);
            evidence.instances.entry(instance).or_default().sent.push(Sent { after, at, record });
        }
    }
    Ok(())
}

/// The instances of which a record follows one that is not known.
fn gaps(known: &HashMap<(String, u64), Option<u64>>) -> HashSet<String> {
    let gap = |((instance, _), after): (&(String, u64), &Option<u64>)| match after {
        Some(after) if *after != 0 && !known.contains_key(&(instance.clone(), *after)) => Some(instance.clone()),
        _ => None,
    };
    known.iter().filter_map(gap).collect()
}
