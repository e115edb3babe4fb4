//! Makes orders by chance: the same for the same seed.

use fastrand::Rng;

use crate::domain::{Card, Item, Money, Order};

/// Names that have accounts from before.
pub(crate) const TAKEN_NAMES: [&str; 3] = ["admin", "support", "sales"];
/// A card that the gateway declines for good.
pub(crate) const DECLINED_CARD: &str = "card_declined";
/// An article that can't be had any more.
pub(crate) const SOLD_OUT: &str = "typewriter";

const FIRST: [&str; 12] = [
    "ada",
    "barbara",
    "edsger",
    "frances",
    "grace",
    "hedy",
    "john",
    "katherine",
    "leslie",
    "margaret",
    "niklaus",
    "tony",
];
const LAST: [&str; 12] = [
    "allen", "dijkstra", "hamilton", "hoare", "hopper", "johnson", "lamarr", "lamport", "liskov", "lovelace", "backus",
    "wirth",
];
/// Articles with their prices in cents.
const ARTICLES: [(&str, u64); 10] = [
    ("pencil", 120),
    ("notebook", 450),
    ("eraser", 95),
    ("lamp", 3990),
    ("desk", 24900),
    ("chair", 12950),
    ("keyboard", 8900),
    ("mouse", 3450),
    ("monitor", 31900),
    (SOLD_OUT, 19900),
];

/// Orders without end.
pub(crate) fn orders(seed: u64) -> impl Iterator<Item = Order> {
    let mut rng = Rng::with_seed(seed);
    (1..).map(move |number: u32| Order {
        id: format!("order-{seed}-{number}"),
        name: name(&mut rng, number),
        card: Card(if rng.u8(..100) < 5 { DECLINED_CARD.to_owned() } else { format!("card_{:08x}", rng.u32(..)) }),
        items: (0..rng.u8(1..=3)).map(|_| item(&mut rng)).collect(),
    })
}

/// Three in a hundred want a name that is taken; the others' are their own.
fn name(rng: &mut Rng, number: u32) -> String {
    let (taken, first, last) = (rng.usize(..TAKEN_NAMES.len()), rng.usize(..FIRST.len()), rng.usize(..LAST.len()));
    if rng.u8(..100) < 3 { TAKEN_NAMES[taken].to_owned() } else { format!("{}.{}.{number}", FIRST[first], LAST[last]) }
}

/// One in a hundred is the article that is sold out, the last of the list.
fn item(rng: &mut Rng) -> Item {
    let (usual, last) = (rng.usize(..ARTICLES.len() - 1), ARTICLES.len() - 1);
    let (article, price) = ARTICLES[if rng.u8(..100) < 1 { last } else { usual }];
    Item { article: article.to_owned(), quantity: rng.u32(1..=4), price: Money(price) }
}
