//! Lists as trees of shared chunks.
//!
//! A list that is made of another by appending or replacing elements shares with it all that is as before,
//! and [`List::differences`] skips what is shared: so the cost of a change to a long list, and that of finding
//! out what changed, is that of the change (times the height of the tree, which is 4 at a million elements).
//! Persistent vectors of others (imbl, rpds) share as well, but have no way to ask for what two of them
//! share.

use std::fmt;
use std::iter::FusedIterator;
use std::ops::{ControlFlow, Index, Range};
use std::sync::{Arc, LazyLock};

use super::Value;

const BITS: usize = 5;
/// Elements of a leaf, and children of a branch.
const WIDTH: usize = 1 << BITS;

/// An immutable list of values of one type. What looks like a change makes a new list that shares all else.
#[derive(Clone)]
pub struct List(Arc<Node>);

/// All leaves are equally deep, and all nodes full but for those at the right edge: so the shape of a list
/// follows from its length.
#[derive(Clone)]
enum Node {
    Leaf(Vec<Value>),
    Branch {
        /// Levels below.
        height: usize,
        /// Elements below.
        len: usize,
        children: Vec<Arc<Node>>,
    },
}

impl Node {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(values) => values.len(),
            Self::Branch { len, .. } => *len,
        }
    }

    fn height(&self) -> usize {
        match self {
            Self::Leaf(_) => 0,
            Self::Branch { height, .. } => *height,
        }
    }

    fn is_full(&self) -> bool {
        self.len() == WIDTH << (BITS * self.height())
    }

    /// A node of that height with one element.
    fn single(height: usize, value: Value) -> Self {
        (1..=height).fold(Self::Leaf(vec![value]), |below, height| Self::Branch {
            height,
            len: 1,
            children: vec![Arc::new(below)],
        })
    }

    /// Appends to a node that is not full.
    fn push(&mut self, value: Value) {
        match self {
            Self::Leaf(values) => values.push(value),
            Self::Branch {
                height,
                len,
                children,
            } => {
                *len += 1;
                match children.last_mut() {
                    Some(last) if !last.is_full() => Arc::make_mut(last).push(value),
                    _ => children.push(Arc::new(Self::single(*height - 1, value))),
                }
            }
        }
    }

    fn slot(&mut self, at: usize) -> Option<&mut Value> {
        match self {
            Self::Leaf(values) => values.get_mut(at),
            Self::Branch {
                height, children, ..
            } => {
                let shift = BITS * *height;
                let child = children.get_mut(at >> shift)?;
                Arc::make_mut(child).slot(at & ((1 << shift) - 1))
            }
        }
    }

    /// Shortens it to that many elements, at least one.
    fn truncate(&mut self, to: usize) {
        match self {
            Self::Leaf(values) => values.truncate(to),
            Self::Branch {
                height,
                len,
                children,
            } => {
                let shift = BITS * *height;
                children.truncate(((to - 1) >> shift) + 1);
                *len = to;
                if let Some(last) = children.last_mut() {
                    let rest = ((to - 1) & ((1 << shift) - 1)) + 1;
                    if rest < last.len() {
                        Arc::make_mut(last).truncate(rest);
                    }
                }
            }
        }
    }
}

impl List {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at that place.
    pub fn get(&self, at: usize) -> Option<&Value> {
        if at < self.len() {
            self.leaf(at)?.get(at % WIDTH)
        } else {
            None
        }
    }

    /// The leaf that holds the element at that place, which there is.
    fn leaf(&self, at: usize) -> Option<&[Value]> {
        let mut node = &*self.0;
        let mut at = at;
        loop {
            match node {
                Node::Leaf(values) => return Some(values),
                Node::Branch {
                    height, children, ..
                } => {
                    let shift = BITS * height;
                    node = children.get(at >> shift)?;
                    at &= (1 << shift) - 1;
                }
            }
        }
    }

    /// The elements in order.
    pub fn iter(
        &self,
    ) -> impl ExactSizeIterator<Item = &Value> + DoubleEndedIterator + FusedIterator {
        Elements {
            left: self.len(),
            elements: (0..self.len().div_ceil(WIDTH))
                .flat_map(|leaf| self.leaf(leaf * WIDTH).unwrap_or_default()),
        }
    }

    /// Whether an element equals that value.
    pub fn contains(&self, value: &Value) -> bool {
        self.iter().any(|element| element == value)
    }

    /// Appends an element.
    pub fn push(&mut self, value: Value) {
        if self.0.is_full() {
            let height = self.0.height();
            self.0 = Arc::new(Node::Branch {
                height: height + 1,
                len: self.len(),
                children: vec![Arc::clone(&self.0)],
            });
        }
        Arc::make_mut(&mut self.0).push(value);
    }

    /// Replaces the element at that place; nothing happens if there is none.
    pub fn set(&mut self, at: usize, value: Value) {
        if at < self.len()
            && let Some(slot) = Arc::make_mut(&mut self.0).slot(at)
        {
            *slot = value;
        }
    }

    /// Removes all but the first so many elements.
    pub fn truncate(&mut self, to: usize) {
        if to >= self.len() {
            return;
        }
        if to == 0 {
            *self = Self::default();
            return;
        }
        Arc::make_mut(&mut self.0).truncate(to);
        while let Node::Branch { children, .. } = &*self.0
            && let [only] = &children[..]
        {
            self.0 = Arc::clone(only);
        }
    }

    /// The elements at these places; nothing if they reach beyond the list.
    pub fn slice(&self, range: Range<usize>) -> Option<Self> {
        if range.start > range.end || range.end > self.len() {
            return None;
        }
        if range.start > 0 {
            return Some(range.map(|at| self[at].clone()).collect());
        }
        let mut beginning = self.clone();
        beginning.truncate(range.end);
        Some(beginning)
    }

    /// Whether both are the very same list in memory, which is cheaper to ask than equality.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Calls `each` with the places, in order, of the elements that are not the same ([`Value::is_same`]) in
    /// both lists, as far as both go, until it breaks. What the lists share is not looked at.
    pub fn differences(
        &self,
        other: &Self,
        mut each: impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        differences(&self.0, &other.0, 0, &mut each)
    }

    /// Whether replacing one by the other can not be observed; see [`Value::is_same`].
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .differences(other, |_| ControlFlow::Break(()))
                .is_continue()
    }
}

fn differences(
    a: &Arc<Node>,
    b: &Arc<Node>,
    at: usize,
    each: &mut impl FnMut(usize) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if Arc::ptr_eq(a, b) {
        return ControlFlow::Continue(());
    }
    match (&**a, &**b) {
        (Node::Leaf(a), Node::Leaf(b)) => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                if !a.is_same(b) {
                    each(at + i)?;
                }
            }
        }
        // What the lower one can hold is below the first child of the higher one.
        (
            Node::Branch {
                height, children, ..
            },
            other,
        ) if *height > other.height() => {
            if let Some(first) = children.first() {
                differences(first, b, at, each)?;
            }
        }
        (
            other,
            Node::Branch {
                height, children, ..
            },
        ) if *height > other.height() => {
            if let Some(first) = children.first() {
                differences(a, first, at, each)?;
            }
        }
        (
            Node::Branch {
                height, children, ..
            },
            Node::Branch {
                children: others, ..
            },
        ) => {
            for (i, (a, b)) in children.iter().zip(others).enumerate() {
                differences(a, b, at + (i << (BITS * height)), each)?;
            }
        }
        // One of them is higher.
        (Node::Branch { .. }, Node::Leaf(_)) | (Node::Leaf(_), Node::Branch { .. }) => {}
    }
    ControlFlow::Continue(())
}

/// An iterator that knows how many elements it has left.
struct Elements<I> {
    left: usize,
    elements: I,
}

impl<'l, I: Iterator<Item = &'l Value>> Iterator for Elements<I> {
    type Item = &'l Value;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.elements.next()?;
        self.left -= 1;
        Some(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<'l, I: DoubleEndedIterator<Item = &'l Value>> DoubleEndedIterator for Elements<I> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let next = self.elements.next_back()?;
        self.left -= 1;
        Some(next)
    }
}

impl<'l, I: Iterator<Item = &'l Value>> ExactSizeIterator for Elements<I> {}

impl<'l, I: FusedIterator<Item = &'l Value>> FusedIterator for Elements<I> {}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// All empty lists are one.
static EMPTY: LazyLock<List> = LazyLock::new(|| List(Arc::new(Node::Leaf(Vec::new()))));

impl Default for List {
    fn default() -> Self {
        EMPTY.clone()
    }
}

impl Index<usize> for List {
    type Output = Value;

    fn index(&self, at: usize) -> &Value {
        match self.get(at) {
            Some(value) => value,
            None => panic!("a list of {} elements has none at {at}", self.len()),
        }
    }
}

impl Extend<Value> for List {
    fn extend<I: IntoIterator<Item = Value>>(&mut self, values: I) {
        for value in values {
            self.push(value);
        }
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        let mut list = Self::default();
        list.extend(values);
        list
    }
}

impl From<Vec<Value>> for List {
    fn from(values: Vec<Value>) -> Self {
        if values.is_empty() {
            Self::default()
        } else if values.len() <= WIDTH {
            Self(Arc::new(Node::Leaf(values)))
        } else {
            values.into_iter().collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ints(range: std::ops::Range<i64>) -> List {
        range.map(Value::Int).collect()
    }

    fn differing(a: &List, b: &List) -> Vec<usize> {
        let mut places = Vec::new();
        let _ = a.differences(b, |at| {
            places.push(at);
            ControlFlow::Continue(())
        });
        places
    }

    /// How many leaves and branches of a list are no part of another.
    fn own(list: &List, other: &List) -> usize {
        fn nodes(node: &Arc<Node>, into: &mut Vec<*const Node>) {
            into.push(Arc::as_ptr(node));
            if let Node::Branch { children, .. } = &**node {
                for child in children {
                    nodes(child, into);
                }
            }
        }
        let (mut mine, mut others) = (Vec::new(), Vec::new());
        nodes(&list.0, &mut mine);
        nodes(&other.0, &mut others);
        mine.iter().filter(|node| !others.contains(node)).count()
    }

    #[test]
    fn a_change_shares_all_but_its_path() {
        let long = ints(0..100_000);
        let mut longer = long.clone();
        longer.push(Value::Int(7));
        let mut other = long.clone();
        other.set(50_000, Value::Int(-1));
        let mut shorter = long.clone();
        shorter.truncate(99_999);
        for changed in [&longer, &other, &shorter] {
            assert!(own(changed, &long) <= 4);
        }
        assert!(differing(&longer, &long).is_empty());
        assert_eq!(differing(&other, &long), [50_000]);
        assert_eq!(long.len(), 100_000);
        assert_eq!(long[50_000], Value::Int(50_000));
    }

    #[test]
    fn a_taller_list_shares_with_a_lower_one() {
        for len in [32, 1024, 32_768] {
            let full = ints(0..len);
            let mut taller = full.clone();
            taller.push(Value::Int(len));
            assert_eq!(own(&full, &taller), 0);
            assert!(differing(&full, &taller).is_empty());
            assert!(differing(&taller, &full).is_empty());
        }
    }

    #[derive(Clone, Debug)]
    enum Edit {
        Push(i64),
        Extend(Vec<i64>),
        Set(prop::sample::Index, i64),
        Truncate(prop::sample::Index),
    }

    fn edit() -> impl Strategy<Value = Edit> {
        prop_oneof![
            any::<i64>().prop_map(Edit::Push),
            prop::collection::vec(any::<i64>(), 0..2000).prop_map(Edit::Extend),
            (any::<prop::sample::Index>(), any::<i64>()).prop_map(|(at, to)| Edit::Set(at, to)),
            any::<prop::sample::Index>().prop_map(Edit::Truncate),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// The model is a vector.
        #[test]
        fn lists_do_what_vectors_do(edits in prop::collection::vec(edit(), 0..12)) {
            let (mut list, mut model) = (List::default(), Vec::new());
            for edit in edits {
                let before = (list.clone(), model.clone());
                match edit {
                    Edit::Push(value) => {
                        list.push(Value::Int(value));
                        model.push(value);
                    }
                    Edit::Extend(values) => {
                        list.extend(values.iter().copied().map(Value::Int));
                        model.extend(values);
                    }
                    Edit::Set(at, value) => if !model.is_empty() {
                        let at = at.index(model.len());
                        list.set(at, Value::Int(value));
                        model[at] = value;
                    }
                    Edit::Truncate(to) => {
                        let to = to.index(model.len() + 1);
                        list.truncate(to);
                        model.truncate(to);
                    }
                }
                let ints = |list: &List| list.iter().filter_map(Value::as_int).collect::<Vec<_>>();
                prop_assert_eq!(list.len(), model.len());
                prop_assert_eq!(&ints(&list), &model);
                prop_assert!(list.iter().rev().filter_map(Value::as_int).eq(model.iter().rev().copied()));
                prop_assert_eq!(list.get(model.len()), None);
                prop_assert_eq!(&ints(&before.0), &before.1, "a change of one list changed another");
                let fresh: List = model.iter().copied().map(Value::Int).collect();
                prop_assert!(list.is_same(&fresh));
                let places: Vec<usize> = before.1.iter().zip(&model).enumerate()
                    .filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect();
                prop_assert_eq!(&differing(&before.0, &list), &places);
                prop_assert_eq!(&differing(&list, &before.0), &places);
            }
        }
    }
}
