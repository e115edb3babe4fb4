//! What instances would meet that were made by the code which the lock file describes, if the code of now took them up.
//!
//! This asks the same questions as the worker (`engine/fit.rs`), about all records that there can be instead of one.

use std::collections::BTreeSet;

use super::described::{Code, Described, Saga, State, Variable};
use super::shape::Shape;
use crate::definition::{SagaDefinition, StateDefinition};
use crate::misfit::{Misfit, form, is_same_form, outermost};

/// A change that running instances would not survive.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) misfit: Misfit,
    /// What can be done that is special to it.
    pub(super) hints: Vec<String>,
}

impl From<Misfit> for Finding {
    fn from(misfit: Misfit) -> Self {
        Self { misfit, hints: Vec::new() }
    }
}

/// Compares the code with what the lock file says.
pub(super) fn compare(locked: &Described, definitions: &[SagaDefinition]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, locked) in &locked.sagas {
        match definitions.iter().find(|definition| definition.name() == name) {
            Some(definition) => Comparison { name, definition, locked, findings: &mut findings }.compare(),
            None => findings.push(Misfit::NotServed { saga: name.clone() }.into()),
        }
    }
    findings
}

/// One saga that is served.
struct Comparison<'c> {
    name: &'c str,
    definition: &'c SagaDefinition,
    locked: &'c Saga,
    findings: &'c mut Vec<Finding>,
}

impl Comparison<'_> {
    fn compare(&mut self) {
        let now = Described::of(std::slice::from_ref(self.definition));
        let Some(now) = now.sagas.get(self.name) else { return };
        let locked = self.locked;
        for ((saga, version), there) in &locked.bodies {
            self.body(saga, *version, there, now);
        }
        for (name, there) in &locked.steps {
            let Some(step) = self.definition.step(name) else {
                // A forward step that is gone is a state that is gone, or that waits for another one.
                if locked.steps.values().any(|step| step.undone_by.as_deref() == Some(name)) {
                    let hint = format!(
                        "keep `{name}` until no instance can need it: `#[saga(keep = [{name}])]`; if it was renamed: `#[step(alias = \"{name}\")]`"
                    );
                    let misfit = Misfit::UnknownStep { saga: self.name.to_owned(), step: name.clone() };
                    self.findings.push(Finding { misfit, hints: vec![hint] });
                }
                continue;
            };
            let of = format!("step `{}`", step.name());
            // In a join, the results of those that have ended wait for the others.
            let may_wait = |state: &State| state.form.contains("Join") && state.steps.contains(name);
            if locked.bodies.values().flat_map(|code| code.states.values()).any(may_wait)
                && let Err(why) = (step.returns)().reads(&there.returns, "")
            {
                self.findings.push(Misfit::OtherResult { of: of.clone(), why }.into());
            }
            self.arguments(of, "step", &(step.arguments)(), &there.arguments);
        }
    }

    fn body(&mut self, saga: &str, version: u32, there: &Code, now: &Saga) {
        let Some(versions) = self.definition.versions(saga) else {
            // A nested saga that is gone: so is the state that awaits it, or it waits for something else.
            return;
        };
        let (newest, newest_body) = match versions.last_key_value() {
            Some((newest, body)) => (*newest, body),
            None => return,
        };
        let (Some(body), Some(here)) = (versions.get(&version), code(now, self.definition, saga, version)) else {
            if version > newest || newest_body.migration().is_none() {
                let known = versions.keys().copied().collect();
                let misfit = Misfit::UnknownVersion { saga: saga.to_owned(), version, known };
                let hint = format!(
                    "let them end on the code of version {version}: `#[saga(version = {newest}, before = {saga}_v{version})]`, or migrate them: `migrate = …`"
                );
                self.findings.push(Finding { misfit, hints: vec![hint] });
            }
            return;
        };
        self.arguments(format!("saga `{saga}`"), "saga", &here.arguments, &there.arguments);
        if saga != self.name
            && let Err(why) = here.returns.reads(&there.returns, "")
        {
            self.findings.push(Misfit::OtherResult { of: format!("saga `{saga}`"), why }.into());
        }
        for (name, locked) in &there.states {
            match body.state(name, |awaited| self.definition.aliases(awaited)) {
                Some(state) => {
                    let now = &here.states[state.name];
                    self.number(saga, name, there, here);
                    self.state(saga, state, now, locked);
                }
                None => {
                    let misfit = Misfit::UnknownState { saga: saga.to_owned(), state: name.clone() };
                    self.findings.push(Finding { misfit, hints: gone(name, locked) });
                }
            }
        }
    }

    fn arguments(&mut self, of: String, attribute: &str, here: &Shape, there: &Shape) {
        if let Err(why) = here.reads(there, "") {
            let hints = vec![
                format!(
                    "an argument that was added: make it an `Option`, or give it a value where messages have none: `#[{attribute}(default)] name: …`"
                ),
                format!("an argument that was renamed: `#[{attribute}(alias = \"…\")] name: …`"),
            ];
            self.findings.push(Finding { misfit: Misfit::OtherArguments { of, why }, hints });
        }
    }

    fn state(&mut self, saga: &str, state: &StateDefinition, now: &State, locked: &State) {
        let other = |here: String, there: String| Misfit::OtherCall {
            saga: saga.to_owned(),
            state: state.name.to_owned(),
            here,
            there,
        };
        if !is_same_form(&now.form, &locked.form) {
            let (here, there) = match (in_words(&now.form), in_words(&locked.form)) {
                (here, there) if here == there => (format!("`{}`", now.form), format!("`{}`", locked.form)),
                words => words,
            };
            self.findings.push(other(here, there).into());
        }
        let calls = |names: &BTreeSet<String>, old: &str| {
            names.iter().any(|name| name == old || self.definition.aliases(name).contains(&old))
        };
        let (steps, sagas) = (&locked.steps, &locked.sagas);
        let gone = steps.iter().filter(|step| !calls(&now.steps, step)).map(|step| ("step", step));
        let gone = gone.chain(sagas.iter().filter(|saga| !calls(&now.sagas, saga)).map(|saga| ("saga", saga)));
        // A child is known by its saga's name alone.
        let children = locked.children.difference(&now.children);
        self.findings.extend(children.map(|name| other(called(now), format!("child `{name}`")).into()));
        for (kind, name) in gone.collect::<Vec<_>>() {
            let misfit = other(called(now), format!("{kind} `{name}`"));
            let hint = format!("if `{name}` was renamed: `#[{kind}(alias = \"{name}\")]`");
            self.findings.push(Finding { misfit, hints: vec![hint] });
        }
        for variable in &state.variables {
            let here = &now.variables[variable.name].shape;
            match variable.keys().find_map(|key| find(locked, key)) {
                Some(there) => {
                    if let Err(why) = here.reads(there, "") {
                        self.findings.push(Finding {
                            misfit: Misfit::OtherVariable {
                                saga: saga.to_owned(),
                                state: state.name.to_owned(),
                                variable: variable.name.to_owned(),
                                why,
                            },
                            hints: vec!["give fields that were added a `#[serde(default)]`, and renamed ones a `#[serde(alias = \"…\")]`".to_owned()],
                        });
                    }
                }
                None if variable.has_default => {}
                None => {
                    let misfit = Misfit::MissingVariable {
                        saga: saga.to_owned(),
                        state: state.name.to_owned(),
                        variable: variable.name.to_owned(),
                    };
                    let hints = missing(variable.name, here, now, locked);
                    self.findings.push(Finding { misfit, hints });
                }
            }
        }
        let known = |name: &str| state.variables.iter().any(|variable| variable.keys().any(|key| key == name));
        for (name, _) in locked.variables.iter().filter(|(name, variable)| variable.has_default && !known(name)) {
            let misfit =
                Misfit::UnknownVariable { saga: saga.to_owned(), state: state.name.to_owned(), variable: name.clone() };
            let hint = format!(
                "take the `default` of `{name}` away first, and the variable when no instance is older than that"
            );
            self.findings.push(Finding { misfit, hints: vec![hint] });
        }
    }

    /// Whether a state that has its name by its number is still the same call.
    fn number(&mut self, saga: &str, name: &str, there: &Code, here: &Code) {
        let base = base_of(name);
        let of_base = |code: &Code| code.states.keys().filter(|state| base_of(state) == base).count();
        let (Some(locked), Some(now)) = (there.states.get(name), here.states.get(name)) else { return };
        let before =
            |state: &State| -> BTreeSet<String> { state.after.iter().map(|state| base_of(state).to_owned()).collect() };
        let (count, count_there) = (of_base(here), of_base(there));
        if count < 2 && count_there < 2 || before(now) == before(locked) {
            return;
        }
        let has_moved = here
            .states
            .iter()
            .any(|(other, state)| other != name && base_of(other) == base && before(state) == before(locked));
        if count != count_there || has_moved {
            let misfit = Misfit::OtherNumber { saga: saga.to_owned(), state: name.to_owned() };
            let hints = vec![
                format!(
                    "a call of `{base}` was added before it: give the new one a name of its own, `#[saga(state = \"…\")] let …`"
                ),
                format!("one before it was removed: keep this one's name, `#[saga(state = \"{name}\")] let …`"),
            ];
            self.findings.push(Finding { misfit, hints });
        }
    }
}

/// The description of one compiled function.
fn code<'n>(now: &'n Saga, definition: &SagaDefinition, saga: &str, version: u32) -> Option<&'n Code> {
    let has = |name: &str| name == saga || definition.aliases(name).contains(&saga);
    now.bodies.iter().find(|((name, of), _)| *of == version && has(name)).map(|(_, code)| code)
}

/// The form of a variable in the records of a state; as a part of another one, too.
fn find<'l>(locked: &'l State, key: &str) -> Option<&'l Shape> {
    if let Some(Variable { shape, .. }) = locked.variables.get(key) {
        return Some(shape);
    }
    let dots = key.match_indices('.').map(|(at, _)| at).rev().collect::<Vec<_>>();
    let (whole, fields) = dots.into_iter().find_map(|at| Some((locked.variables.get(&key[..at])?, &key[at + 1..])))?;
    fields.split('.').try_fold(&whole.shape, |shape, field| shape.part(field))
}

/// `reserve#2` without its number.
fn base_of(state: &str) -> &str {
    state.split('#').next().unwrap_or(state)
}

fn gone(name: &str, locked: &State) -> Vec<String> {
    let mut hints = Vec::new();
    for awaited in locked.steps.iter().filter(|step| *step == base_of(name)) {
        hints.push(format!("if `{awaited}` was renamed: `#[step(alias = \"{awaited}\")]`"));
    }
    hints
        .push(format!("if what is awaited has another name only: `#[saga(state = \"{name}\")] let …` at its `.await`"));
    hints
}

fn missing(name: &str, shape: &Shape, now: &State, locked: &State) -> Vec<String> {
    let is_gone = |old: &&String| !now.variables.contains_key(*old);
    let fits = |old: &&String| shape.reads(&locked.variables[*old].shape, "").is_ok();
    let renamed: Vec<_> = locked.variables.keys().filter(is_gone).filter(fits).collect();
    let variable = name.split('.').next().unwrap_or(name);
    let mut hints = Vec::new();
    if let Some(old) = variable.strip_prefix('@') {
        let (kind, item) = old.split_once("_of_").unwrap_or(("value", old));
        hints.push(format!("this is the {kind} of a loop over `{item}`, or a value that is held over the step; if the loop's variable was renamed: `#[saga(alias = \"…\")] for {item} in …`"));
        return hints;
    }
    for old in renamed {
        let old = old.split('.').next().unwrap_or(old);
        hints.push(format!("if `{old}` was renamed: `#[saga(alias = \"{old}\")] let {variable} = …`"));
    }
    hints.push(format!(
        "give it a value where records have none: `#[saga(default)] let {variable} = …`, or `#[saga(default = …)]`"
    ));
    hints
}

fn called(state: &State) -> String {
    let steps = state.steps.iter().map(|step| format!("step `{step}`"));
    let sagas = state.sagas.iter().map(|saga| format!("saga `{saga}`"));
    let children = state.children.iter().map(|saga| format!("child `{saga}`"));
    let called: Vec<_> = steps.chain(sagas).chain(children).collect();
    if called.is_empty() { "none".to_owned() } else { called.join(" or ") }
}

fn in_words(text: &str) -> String {
    let words = outermost(text).and_then(|(outer, _)| form(outer));
    words.map_or_else(|| format!("`{text}`"), str::to_owned)
}
