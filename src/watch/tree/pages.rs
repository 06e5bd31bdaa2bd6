//! Slots in pages: a slab that never moves what it has when it grows, and is freed page by page.

use slab::Slab;

/// Slots of a page.
const PAGE: usize = 1024;

/// See the module's documentation.
pub(super) struct Pages<T> {
    pages: Vec<Slab<T>>,
    /// Pages with room.
    open: Vec<usize>,
    len: usize,
}

impl<T> Pages<T> {
    pub(super) fn new() -> Self {
        Pages { pages: Vec::new(), open: Vec::new(), len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, slot: usize) -> Option<&T> {
        self.pages.get(slot / PAGE)?.get(slot % PAGE)
    }

    pub(super) fn get_mut(&mut self, slot: usize) -> Option<&mut T> {
        self.pages.get_mut(slot / PAGE)?.get_mut(slot % PAGE)
    }

    /// Puts a value into a free slot.
    pub(super) fn insert(&mut self, value: T) -> usize {
        let at = self.open.last().copied().unwrap_or_else(|| {
            self.pages.push(Slab::new());
            self.open.push(self.pages.len() - 1);
            self.pages.len() - 1
        });
        self.len += 1;
        let Some(page) = self.pages.get_mut(at) else { return broken!("an open page", usize::MAX) };
        let index = page.insert(value);
        if page.len() == PAGE {
            self.open.pop();
        }
        at * PAGE + index
    }

    pub(super) fn try_remove(&mut self, slot: usize) -> Option<T> {
        let page = self.pages.get_mut(slot / PAGE)?;
        let was_full = page.len() == PAGE;
        let value = page.try_remove(slot % PAGE)?;
        if was_full {
            self.open.push(slot / PAGE);
        }
        self.len -= 1;
        Some(value)
    }

    /// Frees a page with all that is in it; how many values that were, `None` at the end.
    pub(super) fn drop_page(&mut self) -> Option<usize> {
        self.open.clear();
        let count = self.pages.pop()?.len();
        self.len -= count;
        Some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_found_freed_and_used_again() {
        let mut pages = Pages::new();
        let slots: Vec<usize> = (0..3000).map(|n| pages.insert(n)).collect();
        assert!(slots.iter().enumerate().all(|(n, slot)| pages.get(*slot) == Some(&n)));
        for slot in slots.iter().step_by(2) {
            assert!(pages.try_remove(*slot).is_some() && pages.try_remove(*slot).is_none());
        }
        assert_eq!(pages.len(), 1500);
        let again: Vec<usize> = (0..1500).map(|n| pages.insert(n)).collect();
        assert!(again.iter().all(|slot| *slot < 3 * PAGE), "free slots are used first");
        assert!(slots.iter().skip(1).step_by(2).all(|slot| pages.get(*slot) == Some(slot)));
        assert_eq!(pages.get(usize::from(u16::MAX)), None);
        let freed: usize = std::iter::from_fn(|| pages.drop_page()).sum();
        assert_eq!((freed, pages.len()), (3000, 0));
    }
}
