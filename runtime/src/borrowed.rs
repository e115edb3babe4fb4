//! What is borrowed and made again after a step. Of a loop over a borrow the position is saved, and the item is found again in its
//! collection; a borrow by a method (`order.name.as_str()`) is asked for again.

use std::borrow::{Borrow, Cow};
use std::collections::{BTreeMap, BTreeSet, LinkedList, VecDeque};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// A collection that has the same items in the same order after it was saved.
#[diagnostic::on_unimplemented(
    message = "a loop over a borrow of `{Self}` can't await: its items may come in another order after a step",
    label = "has no order of its own",
    note = "a collection that is borrowed is saved at each step, and gone on with at the position in it: that works for a `Vec`, slice, array, `VecDeque`, `LinkedList`, `BTreeMap`, `BTreeSet`, `Option` and string",
    note = "loop over its items instead: with `.clone()` in place of `&`, or over a `Vec` of what the loop needs"
)]
pub trait Ordered {
    /// The collection that a loop borrows.
    fn ordered(&self) -> &Self {
        self
    }

    /// The same for a loop that changes its items.
    fn ordered_mut(&mut self) -> &mut Self {
        self
    }
}

impl<T> Ordered for Vec<T> {}
impl<T> Ordered for [T] {}
impl<T, const N: usize> Ordered for [T; N] {}
impl<T> Ordered for VecDeque<T> {}
impl<T> Ordered for LinkedList<T> {}
impl<K, V> Ordered for BTreeMap<K, V> {}
impl<T> Ordered for BTreeSet<T> {}
impl<T> Ordered for Option<T> {}
impl<T, E> Ordered for Result<T, E> {}
impl Ordered for str {}
impl Ordered for String {}
impl<T: Ordered + ?Sized> Ordered for Box<T> {}
impl<T: Ordered + ?Sized> Ordered for Rc<T> {}
impl<T: Ordered + ?Sized> Ordered for Arc<T> {}
impl<T: Ordered + ?Sized> Ordered for &T {}
impl<T: Ordered + ?Sized> Ordered for &mut T {}

/// A type of which `as_str`, `as_ref`, `trim` and the like are those of the standard library: they borrow what it owns, and do nothing else.
#[diagnostic::on_unimplemented(
    message = "what this borrows from `{Self}` is alive across a step and can't be saved",
    label = "can't be called again after the step",
    note = "what is used after a step's `.await` is stored while the step runs, and a borrow is not: own it (`.to_owned()`), or borrow it again after the step",
    note = "what `as_str`, `as_ref`, `as_deref`, `trim` and the like borrow from the standard library's types, such as `String` and `Option`, is borrowed again by itself"
)]
pub trait Lasting {
    /// The receiver of such a call.
    fn lasting(&self) -> &Self {
        self
    }
}

impl Lasting for str {}
impl Lasting for String {}
impl Lasting for OsStr {}
impl Lasting for OsString {}
impl Lasting for Path {}
impl Lasting for PathBuf {}
impl<T> Lasting for [T] {}
impl<T, const N: usize> Lasting for [T; N] {}
impl<T> Lasting for Vec<T> {}
impl<T> Lasting for Option<T> {}
impl<T, E> Lasting for Result<T, E> {}
impl<T: Lasting + ?Sized> Lasting for Box<T> {}
impl<T: Lasting + ?Sized> Lasting for Rc<T> {}
impl<T: Lasting + ?Sized> Lasting for Arc<T> {}
impl<T: Lasting + ToOwned + ?Sized> Lasting for Cow<'_, T> where T::Owned: Borrow<T> {}
impl<T: Lasting + ?Sized> Lasting for &T {}
impl<T: Lasting + ?Sized> Lasting for &mut T {}

/// Where a borrow can't be made again.
///
/// # Panics
///
/// Always: the place has changed while it was borrowed, which only a bug can bring about.
pub fn changed() -> ! {
    panic!("bug in sagaflow: what a variable borrows from has changed during a step; please report it")
}
