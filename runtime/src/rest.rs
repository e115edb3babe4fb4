//! What is left of a `for` loop that awaits: it is saved at each step.
//!
//! A range keeps its ends, so that a loop over a million numbers costs no more at each step than one over ten;
//! of everything else the remaining items are kept. They are made when the loop begins: an iterator that does more than
//! yield items (a `map` that counts, say) does it all before the first step, and one without an end is refused.
//! A loop over a borrow keeps its position instead (`borrowed.rs`), and finds its item here (`item_at`).

use std::ops::{Range, RangeFrom, RangeInclusive};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::machine::Machine;
use crate::record::Record;
use crate::slot::{Evolution, Saved, Slot};

/// What a `for` loop goes through. `.rest()` has a form of its own for ranges, and one for everything else
/// ([`AnyRest`]): an inherent method goes before one of a trait.
#[derive(Debug)]
pub struct Iterable<I>(pub I);

impl<T> Iterable<Range<T>>
where
    Range<T>: Iterator<Item = T>,
{
    /// The range itself.
    pub fn rest(self) -> Range<T> {
        self.0
    }
}

impl<T> Iterable<RangeFrom<T>>
where
    RangeFrom<T>: Iterator<Item = T>,
{
    /// The range itself.
    pub fn rest(self) -> RangeFrom<T> {
        self.0
    }
}

impl<T> Iterable<RangeInclusive<T>>
where
    RangeInclusive<T>: Iterator<Item = T>,
{
    /// The range, in a form that keeps whether it is exhausted.
    pub fn rest(self) -> InclusiveRest<T> {
        InclusiveRest(self.0)
    }
}

/// `.rest()` for everything that is no range; and what a loop over a borrow needs, which saves only its position.
pub trait AnyRest: Sized {
    /// What it goes through.
    type Item;

    /// The items.
    ///
    /// # Panics
    ///
    /// For an iterator that says itself that it has no end (`iter::repeat`, `cycle`).
    fn rest(self) -> Items<Self::Item>;

    /// The item at a position.
    fn item_at(self, position: usize) -> Option<Self::Item>;

    /// The next item, and one more to the position.
    fn next_at(self, position: &mut usize) -> Option<Self::Item> {
        let item = self.item_at(*position);
        *position += usize::from(item.is_some());
        item
    }
}

impl<I: IntoIterator> AnyRest for Iterable<I> {
    type Item = I::Item;

    fn rest(self) -> Items<I::Item> {
        let items = self.0.into_iter();
        assert!(
            items.size_hint().0 < usize::MAX,
            "a `for` loop that awaits keeps its remaining items, and these have no end: loop over a range (`0..`), \
             and make each item in the body"
        );
        Items(items.collect::<Vec<_>>().into_iter())
    }

    fn item_at(self, position: usize) -> Option<I::Item> {
        self.0.into_iter().nth(position)
    }
}

/// The same for what can't be gone through at all: rustc has said so of the loop as it was written, and need not say it again.
pub trait NoRest {
    /// What is no iterator.
    type Whole;

    /// Its items, as far as types go: it is mostly a number where a range was meant.
    ///
    /// # Panics
    ///
    /// Always; nobody comes here.
    fn rest(self) -> NoItems<Self::Whole>;

    /// Its items, in the same way.
    ///
    /// # Panics
    ///
    /// Always.
    fn item_at(self, position: usize) -> Option<Self::Whole>;

    /// Its items, in the same way.
    ///
    /// # Panics
    ///
    /// Always.
    fn next_at(self, position: &mut usize) -> Option<Self::Whole>;
}

const NOT_COMPILED: &str = "a loop over this does not compile";

/// By reference, which is looked at last.
impl<I> NoRest for &Iterable<I> {
    type Whole = I;

    fn rest(self) -> NoItems<I> {
        unreachable!("{NOT_COMPILED}")
    }

    fn item_at(self, _: usize) -> Option<I> {
        unreachable!("{NOT_COMPILED}")
    }

    fn next_at(self, _: &mut usize) -> Option<I> {
        unreachable!("{NOT_COMPILED}")
    }
}

/// The items of what can't be gone through.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct NoItems<I>(std::marker::PhantomData<fn() -> I>);

impl<I> Iterator for NoItems<I> {
    type Item = I;

    fn next(&mut self) -> Option<I> {
        None
    }
}

/// What is left of a loop, and can wait in a record.
#[diagnostic::on_unimplemented(
    message = "a loop that awaits saves the items that are left, and `{Self}` can't be saved",
    label = "its items can't be saved",
    note = "loop over a borrow of a place (`for item in &items`, `for item in items.iter()`), or over items that own their data, and have `Serialize` and `Deserialize`: with `.cloned()`, or `.clone()` in place of `&`"
)]
pub trait SavedItems: Sized {
    /// Its slot.
    fn slot(machine: &mut Machine<'_>, name: &'static str) -> Slot<Self>;

    /// The same with the names that it had before.
    fn evolved(machine: &mut Machine<'_>, name: &'static str, evolution: Evolution<Self>) -> Slot<Self>;
}

#[diagnostic::do_not_recommend]
impl<T> SavedItems for T
where
    Record: Saved<T>,
{
    fn slot(machine: &mut Machine<'_>, name: &'static str) -> Slot<T> {
        <Record as Saved<T>>::slot(machine, name)
    }

    fn evolved(machine: &mut Machine<'_>, name: &'static str, evolution: Evolution<T>) -> Slot<T> {
        <Record as Saved<T>>::evolved(machine, name, evolution)
    }
}

/// Items that are left.
#[derive(Debug)]
pub struct Items<T>(pub(crate) std::vec::IntoIter<T>);

impl<T> Iterator for Items<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.next()
    }
}

impl<T: Serialize> Serialize for Items<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_slice().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|items| Self(items.into_iter()))
    }
}

/// What is left of an inclusive range. (Serde writes only the ends of a `RangeInclusive`: an exhausted one would yield
/// its last number again.)
#[derive(Debug)]
pub struct InclusiveRest<T>(RangeInclusive<T>);

impl<T> Iterator for InclusiveRest<T>
where
    RangeInclusive<T>: Iterator<Item = T>,
{
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.next()
    }
}

impl<T: Serialize + PartialOrd> Serialize for InclusiveRest<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ends = if self.0.is_empty() { None } else { Some((self.0.start(), self.0.end())) };
        ends.serialize(serializer)
    }
}

/// An exhausted range of any type, to be read back from `null`.
impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for InclusiveRest<T>
where
    RangeInclusive<T>: Iterator<Item = T>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ends = Option::<(T, T)>::deserialize(deserializer)?;
        Ok(Self(match ends {
            Some((start, end)) => start..=end,
            None => {
                let mut exhausted = T::default()..=T::default();
                exhausted.next();
                exhausted
            }
        }))
    }
}
