//! Loops that await over a borrow: what is saved is the position, and the item is made again from its collection.

use std::collections::{BTreeMap, BTreeSet, LinkedList, VecDeque};
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

/// The next item of a loop, and one more to the position.
pub fn next<I: IntoIterator>(items: I, position: &mut usize) -> Option<I::Item> {
    let item = nth(items, *position);
    *position += usize::from(item.is_some());
    item
}

/// The item at a position.
pub fn nth<I: IntoIterator>(items: I, position: usize) -> Option<I::Item> {
    items.into_iter().nth(position)
}

/// Where a borrow can't be made again.
///
/// # Panics
///
/// Always: the place has changed while it was borrowed, which only a bug can bring about.
pub fn changed() -> ! {
    panic!("bug in sagaflow: what a variable borrows from has changed during a step; please report it")
}
