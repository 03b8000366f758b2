//! A table that grows page by page.

use std::ops::{Index, IndexMut};

/// Items of a page.
const PAGE: usize = 512;

/// A table whose items never move. One more item costs the same however many there are, and at most a page
/// is allocated in vain; a `Vec` would copy all and hold up to twice the memory.
#[derive(Debug)]
pub struct Pages<T> {
    pages: Vec<Vec<T>>,
}

impl<T> Pages<T> {
    /// Appends an item and tells its place.
    pub fn push(&mut self, item: T) -> usize {
        let full = self.pages.last().is_none_or(|page| page.len() == PAGE);
        if full {
            // The first page grows with small programs.
            let capacity = if self.pages.is_empty() { 0 } else { PAGE };
            self.pages.push(Vec::with_capacity(capacity));
        }
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
        self.len() - 1
    }

    pub fn len(&self) -> usize {
        match self.pages.last() {
            Some(last) => (self.pages.len() - 1) * PAGE + last.len(),
            None => 0,
        }
    }

    pub fn get(&self, at: usize) -> Option<&T> {
        self.pages.get(at / PAGE)?.get(at % PAGE)
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flatten()
    }
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { pages: Vec::new() }
    }
}

impl<T> Index<usize> for Pages<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        &self.pages[at / PAGE][at % PAGE]
    }
}

impl<T> IndexMut<usize> for Pages<T> {
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut self.pages[at / PAGE][at % PAGE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_their_places() {
        let mut pages = Pages::default();
        for at in 0..3 * PAGE + 1 {
            assert_eq!(pages.push(at), at);
            assert_eq!(pages.len(), at + 1);
        }
        pages[PAGE] = 7;
        assert_eq!(pages[PAGE], 7);
        assert_eq!(pages.get(3 * PAGE), Some(&(3 * PAGE)));
        assert_eq!(pages.get(3 * PAGE + 1), None);
        assert_eq!(pages.iter().count(), pages.len());
    }
}
