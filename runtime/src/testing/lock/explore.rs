//! Finds out what a type looks like in a record, by asking its `Deserialize` again and again.
//!
//! serde tells a deserializer what a type wants to read: a struct with these fields, a text, one of these variants. So the
//! type is read from nothing: what it asks for is noted in a tree of places, and it is given samples. Each reading visits more places,
//! until there is none that is new. Then each field is left out once, to see whether it may be missing. Types that take
//! only texts of a certain form are offered some that are common.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;

use super::asked::{Asked, Asking, Failed};
use super::shape::{Field, Shape, Struct};
use crate::message::{ErrorOf, Message, ValueOf};

/// So often a type is read at most.
const READINGS: usize = 2000;

/// The form of a type.
pub(crate) fn trace<T: DeserializeOwned>() -> Shape {
    let read = |places: &RefCell<Places>| T::deserialize(Asking::root(places)).map(drop);
    // The type's own code is run on samples that nobody has thought of.
    let shape = catch_unwind(AssertUnwindSafe(|| explore(&read))).ok().flatten();
    shape.unwrap_or_else(|| Shape::Type(std::any::type_name::<T>().to_owned()))
}

/// The form of what a function returns: `Result`, or a plain value.
pub(crate) fn trace_output<M: Message>() -> Shape {
    match trace::<ErrorOf<M>>() {
        Shape::Enum(_, variants) if variants.is_empty() => trace::<ValueOf<M>>(),
        error => {
            Shape::Enum("Result".to_owned(), vec![("Err".to_owned(), error), ("Ok".to_owned(), trace::<ValueOf<M>>())])
        }
    }
}

type Read<'r> = &'r dyn Fn(&RefCell<Places>) -> Result<(), Failed>;

/// The places that a type has asked for something at, and what they were given last.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) all: Vec<Place>,
    /// Where something was asked for last: most likely that is what a reading has failed at.
    pub(super) last: usize,
    /// A field that is not given in this reading.
    pub(super) left_out: Option<(usize, &'static str)>,
    /// A place that is given a field that no type has, in this reading.
    pub(super) stranger: Option<usize>,
    /// Whether the place of `left_out` or `stranger` was met.
    pub(super) met: bool,
    /// The variants to be given on the way to that place.
    pub(super) way: Vec<(usize, &'static str)>,
}

/// One place.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) asked: Option<Asked>,
    pub(super) parent: Option<usize>,
    /// The parts of it by field, variant or number.
    pub(super) parts: Vec<(&'static str, usize)>,
    pub(super) visits: usize,
    /// Which sample it is given.
    pub(super) sample: usize,
    /// No sample was right.
    pub(super) is_odd: bool,
    /// Other names of its fields, with those.
    pub(super) alias: Vec<(&'static str, &'static str)>,
    /// The field that was given last.
    pub(super) given: &'static str,
    /// The fields to be given first.
    pub(super) first: Vec<&'static str>,
    /// The fields that may be missing.
    optional: Vec<&'static str>,
    closed: bool,
    /// Which variant it is given where the type stands within itself.
    pub(super) shallow: usize,
    /// What it looks like, if it is a call.
    pub(super) call: Option<fn() -> Shape>,
}

impl Places {
    /// The part of a place; made when it is first asked for.
    pub(super) fn part(&mut self, of: usize, name: &'static str) -> usize {
        if let Some((_, part)) = self.all[of].parts.iter().find(|(known, _)| *known == name) {
            return *part;
        }
        self.all.push(Place { parent: Some(of), ..Place::default() });
        let part = self.all.len() - 1;
        self.all[of].parts.push((name, part));
        part
    }

    /// The variant to be given next: one that has parts which were not visited.
    pub(super) fn variant(&self, of: usize, variants: &'static [&'static str]) -> Option<&'static str> {
        if let Some((_, variant)) = self.way.iter().find(|(at, _)| *at == of) {
            return Some(variant);
        }
        let part = |name: &str| self.all[of].parts.iter().find(|(known, _)| *known == name).map(|(_, part)| *part);
        let visits = |name: &&&'static str| part(name).map_or(0, |part| self.all[part].visits);
        let is_open = |name: &&&'static str| part(name).is_none_or(|part| !self.is_done(part));
        // One that never comes to an end must not keep the others from their turn.
        variants
            .iter()
            .filter(is_open)
            .min_by_key(visits)
            .or_else(|| variants.iter().find(|name| !part(name).is_some_and(|part| self.is_stuck(part))))
            .or(variants.first())
            .copied()
    }

    fn is_stuck(&self, at: usize) -> bool {
        self.all[at].is_odd || self.all[at].parts.iter().any(|(_, part)| self.is_stuck(*part))
    }

    /// Whether all parts of a place were visited.
    fn is_done(&self, at: usize) -> bool {
        let place = &self.all[at];
        let names = match &place.asked {
            None => return false,
            Some(Asked::Struct(_, names, _) | Asked::Enum(_, names, _)) => *names,
            Some(Asked::Tuple(len)) if place.parts.len() < *len && place.visits <= 40 => return false,
            Some(_) => &[],
        };
        let is_known = |name: &&str| {
            place.alias.iter().any(|(alias, _)| alias == name) || place.parts.iter().any(|(known, _)| known == name)
        };
        place.visits > 40 || (names.iter().all(is_known) && place.parts.iter().all(|(_, part)| self.is_done(*part)))
    }

    /// How much is known. A reading after which this is the same was in vain.
    fn known(&self) -> (usize, usize, usize) {
        let samples = self.all.iter().map(|place| place.sample + usize::from(place.is_odd) + place.shallow).sum();
        let names = self.all.iter().map(|place| place.alias.len() + place.first.len() + place.parts.len()).sum();
        (self.all.iter().filter(|place| place.asked.is_some()).count(), samples, names)
    }

    /// A reading has failed: another sample, where it was most likely that.
    fn learn(&mut self, failed: &Failed) {
        match failed {
            Failed::Duplicate { at, given, field } if given == field => self.all[*at].first.push(field),
            Failed::Duplicate { at, given, field } => self.all[*at].alias.push((given, field)),
            Failed::Deep(at) => self.all[*at].shallow += 1,
            Failed::Missing | Failed::Stranger | Failed::Other => {
                let last = self.last;
                let place = &mut self.all[last];
                let samples = place.asked.as_ref().map_or(0, Asked::samples);
                if place.sample + 1 < samples {
                    place.sample += 1;
                } else {
                    (place.sample, place.is_odd) = (0, true);
                }
            }
        }
    }
}

fn explore(read: Read<'_>) -> Option<Shape> {
    let places = RefCell::new(Places { all: vec![Place::default()], ..Places::default() });
    for _ in 0..READINGS {
        let before = places.borrow().known();
        let result = read(&places);
        let mut places = places.borrow_mut();
        if let Err(failed) = &result {
            places.learn(failed);
        }
        if (result.is_ok() && places.is_done(0)) || (places.known() == before && places.all[0].visits > 100) {
            break;
        }
    }
    ask_for_fields(read, &places);
    let places = places.into_inner();
    match places.all[0].asked {
        None | Some(Asked::Anything) => None,
        Some(_) => Some(places.shape(0)),
    }
}

/// Which fields may be missing, and where others are refused.
fn ask_for_fields(read: Read<'_>, places: &RefCell<Places>) {
    let count = places.borrow().all.len();
    for at in 0..count {
        let Some(Asked::Struct(_, names, _)) = places.borrow().all[at].asked else { continue };
        let way = places.borrow().way_to(at);
        let again = |left_out, stranger| {
            let mut places = places.borrow_mut();
            (places.left_out, places.stranger, places.met, places.way) = (left_out, stranger, false, way.clone());
        };
        for name in names {
            again(Some((at, *name)), None);
            let result = read(places);
            let mut places = places.borrow_mut();
            if result.is_ok() && places.met {
                places.all[at].optional.push(name);
            }
        }
        again(None, Some(at));
        let result = read(places);
        places.borrow_mut().all[at].closed = matches!(result, Err(Failed::Stranger));
    }
}

impl Places {
    /// The variants on the way from the root to a place.
    fn way_to(&self, at: usize) -> Vec<(usize, &'static str)> {
        let mut way = Vec::new();
        let mut below = at;
        while let Some(parent) = self.all[below].parent {
            if let Some(Asked::Enum(..)) = self.all[parent].asked {
                way.extend(
                    self.all[parent].parts.iter().filter(|(_, part)| *part == below).map(|(name, _)| (parent, *name)),
                );
            }
            below = parent;
        }
        way
    }

    fn shape(&self, at: usize) -> Shape {
        let place = &self.all[at];
        let inner = |name: &str| {
            let part = place.parts.iter().find(|(known, _)| *known == name);
            part.map_or_else(|| Shape::word("?"), |(_, part)| self.shape(*part))
        };
        let boxed = |name: &str| Box::new(inner(name));
        match &place.asked {
            None => Shape::word("?"),
            Some(Asked::Word(word)) => Shape::word(word),
            Some(Asked::Text) if place.is_odd => Shape::Like(None),
            Some(Asked::Text) if place.sample > 0 => Shape::Like(Some(super::asked::TEXTS[place.sample].to_owned())),
            Some(Asked::Text) => Shape::word("string"),
            Some(Asked::Anything) => Shape::word("any"),
            Some(Asked::Option) => Shape::Option(boxed("")),
            Some(Asked::Seq) => Shape::Seq(boxed("")),
            Some(Asked::Map) => Shape::Map(boxed("key"), boxed("value")),
            Some(Asked::Tuple(_)) => Shape::Tuple(place.parts.iter().map(|(_, part)| self.shape(*part)).collect()),
            Some(Asked::Same(name)) => Shape::Same((*name).to_owned()),
            Some(Asked::Call) => place.call.map_or_else(|| Shape::word("?"), |shape| shape()),
            Some(Asked::Enum(name, variants, _)) => {
                let mut variants: Vec<_> = variants.iter().map(|name| ((*name).to_owned(), inner(name))).collect();
                variants.sort_by(|(a, _), (b, _)| a.cmp(b));
                Shape::Enum((*name).to_owned(), variants)
            }
            Some(Asked::Struct(name, names, _)) => {
                let is_alias = |name: &&&str| place.alias.iter().any(|(alias, _)| alias == *name);
                let field = |name: &&str| Field {
                    name: (*name).to_owned(),
                    alias: place
                        .alias
                        .iter()
                        .filter(|(_, of)| of == name)
                        .map(|(alias, _)| (*alias).to_owned())
                        .collect(),
                    optional: place.optional.contains(name),
                    shape: inner(name),
                };
                let mut fields: Vec<_> = names.iter().filter(|name| !is_alias(name)).map(field).collect();
                fields.sort_by(|a, b| a.name.cmp(&b.name));
                Shape::Struct(Struct { name: (*name).to_owned(), closed: place.closed, fields })
            }
        }
    }
}
