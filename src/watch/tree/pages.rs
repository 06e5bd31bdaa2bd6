//! Entries in pages: a slab that never moves what it has when it grows, and is freed page by page.
//!
//! The names of a page's entries lie in one text, one after the other: a piece of memory for each of them would take
//! more than most names are long. What is freed in a text is a gap; when the gaps are more than half of it, the
//! page's names are written anew, which is bounded by the size of a page.

use slab::Slab;

use super::node::Packed;

/// Slots of a page.
const PAGE: usize = 1024;
/// Gaps of a text that are not worth the work.
const GAPS: usize = 1024;
/// A text grows by this part of itself.
const GROWTH: usize = 8;
/// In place of a length below: the length follows in four bytes.
const LONG: u8 = u8::MAX;

/// See the module's documentation.
pub(super) struct Pages {
    pages: Vec<Page>,
    /// Pages with room.
    open: Vec<usize>,
    len: usize,
    /// Bytes of the texts of all pages.
    text_bytes: usize,
}

#[derive(Default)]
struct Page {
    slots: Slab<Packed>,
    names: Text,
}

/// Names, each behind its length.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    gaps: usize,
}

impl Pages {
    pub(super) fn new() -> Self {
        Pages { pages: Vec::new(), open: Vec::new(), len: 0, text_bytes: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes that the pages take, about.
    pub(super) fn bytes(&self) -> usize {
        self.pages.len() * PAGE * size_of::<Packed>() + self.text_bytes
    }

    #[inline]
    pub(super) fn get(&self, slot: u32) -> Option<&Packed> {
        let slot = slot as usize;
        self.pages.get(slot / PAGE)?.slots.get(slot % PAGE)
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Packed> {
        let slot = slot as usize;
        self.pages.get_mut(slot / PAGE)?.slots.get_mut(slot % PAGE)
    }

    /// An entry and its name.
    #[inline]
    pub(super) fn named(&self, slot: u32) -> Option<(&Packed, &[u8])> {
        let page = self.pages.get(slot as usize / PAGE)?;
        let node = page.slots.get(slot as usize % PAGE)?;
        Some((node, page.names.get(node.name)))
    }

    /// Puts an entry into a free slot.
    pub(super) fn insert(&mut self, mut node: Packed, name: &[u8]) -> u32 {
        let at = self.open.last().copied().unwrap_or_else(|| {
            self.pages.push(Page::default());
            self.open.push(self.pages.len() - 1);
            self.pages.len() - 1
        });
        self.len += 1;
        let Some(page) = self.pages.get_mut(at) else { return broken!("an open page", u32::MAX) };
        let before = page.names.bytes.capacity();
        node.name = page.names.push(name);
        self.text_bytes = self.text_bytes + page.names.bytes.capacity() - before;
        let index = page.slots.insert(node);
        if page.slots.len() == PAGE {
            self.open.pop();
        }
        (at * PAGE + index) as u32
    }

    /// Gives an entry another name.
    pub(super) fn rename(&mut self, slot: u32, name: &[u8]) {
        let Some(page) = self.pages.get_mut(slot as usize / PAGE) else { return };
        let Some(node) = page.slots.get_mut(slot as usize % PAGE) else { return };
        let before = page.names.bytes.capacity();
        page.names.free(node.name);
        node.name = page.names.push(name);
        page.close_gaps();
        self.text_bytes = self.text_bytes + page.names.bytes.capacity() - before;
    }

    pub(super) fn try_remove(&mut self, slot: u32) -> Option<Packed> {
        let at = slot as usize / PAGE;
        let page = self.pages.get_mut(at)?;
        let was_full = page.slots.len() == PAGE;
        let node = page.slots.try_remove(slot as usize % PAGE)?;
        let before = page.names.bytes.capacity();
        page.names.free(node.name);
        page.close_gaps();
        self.text_bytes = self.text_bytes + page.names.bytes.capacity() - before;
        if was_full {
            self.open.push(at);
        }
        self.len -= 1;
        Some(node)
    }

    /// Frees a page with all that is in it; how many entries that were, `None` at the end.
    pub(super) fn drop_page(&mut self) -> Option<usize> {
        self.open.clear();
        let page = self.pages.pop()?;
        let count = page.slots.len();
        self.len -= count;
        self.text_bytes -= page.names.bytes.capacity();
        Some(count)
    }
}

impl Page {
    /// Writes the names anew if the gaps between them are more than they are.
    fn close_gaps(&mut self) {
        let Text { bytes, gaps } = &self.names;
        if *gaps < GAPS || *gaps * 2 <= bytes.len() {
            return;
        }
        let old = std::mem::take(&mut self.names);
        self.names.bytes.reserve_exact(old.bytes.len() - old.gaps);
        for (_, node) in &mut self.slots {
            node.name = self.names.push(old.get(node.name));
        }
    }
}

impl Text {
    /// Appends a name; where it is.
    fn push(&mut self, name: &[u8]) -> u32 {
        let room = name.len() + 5;
        if self.bytes.capacity() - self.bytes.len() < room {
            self.bytes.reserve_exact(room.max(self.bytes.len() / GROWTH));
        }
        invariant!(self.bytes.len() < u32::MAX as usize, "a page of names is small");
        let at = self.bytes.len() as u32;
        match u8::try_from(name.len()) {
            Ok(len) if len < LONG => self.bytes.push(len),
            _ => {
                self.bytes.push(LONG);
                self.bytes.extend_from_slice(&(name.len() as u32).to_le_bytes());
            }
        }
        self.bytes.extend_from_slice(name);
        at
    }

    /// The name that is there.
    #[inline]
    fn get(&self, at: u32) -> &[u8] {
        let Some((len, rest)) = self.bytes.get(at as usize..).and_then(<[u8]>::split_first) else {
            return &[];
        };
        let name = match *len {
            LONG => rest
                .split_first_chunk()
                .and_then(|(len, rest)| rest.get(..u32::from_le_bytes(*len) as usize)),
            len => rest.get(..usize::from(len)),
        };
        name.unwrap_or_default()
    }

    /// The name that is there is not needed any more.
    fn free(&mut self, at: u32) {
        let len = self.get(at).len();
        self.gaps += len + if len < usize::from(LONG) { 1 } else { 5 };
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FileType, Stat};
    use super::*;

    fn node() -> Packed {
        let kind = FileType::File;
        let stat =
            Stat { ino: 1, size: 0, mtime: 0, ctime: 0, dev: 0, mode: 0, kind, linked: false };
        Packed::new(&stat, 0, 1)
    }

    /// Names of all lengths.
    fn name(n: usize) -> Vec<u8> {
        n.to_string().repeat(n % 90).into_bytes()
    }

    fn holds(pages: &Pages, slot: u32, expected: &[u8]) -> bool {
        pages.named(slot).is_some_and(|(_, name)| name == expected)
    }

    #[test]
    fn slots_are_found_freed_and_used_again() {
        let mut pages = Pages::new();
        let slots: Vec<u32> = (0..3000).map(|n| pages.insert(node(), &name(n))).collect();
        assert!(slots.iter().enumerate().all(|(n, slot)| holds(&pages, *slot, &name(n))));
        for slot in slots.iter().step_by(2) {
            assert!(pages.try_remove(*slot).is_some() && pages.try_remove(*slot).is_none());
        }
        assert_eq!(pages.len(), 1500);
        let again: Vec<u32> = (0..1500).map(|n| pages.insert(node(), &name(n + 7))).collect();
        assert!(again.iter().all(|slot| *slot < 3 * PAGE as u32), "free slots are used first");
        let left = slots.iter().enumerate().skip(1).step_by(2);
        assert!(left.clone().all(|(n, slot)| holds(&pages, *slot, &name(n))));
        assert!(again.iter().enumerate().all(|(n, slot)| holds(&pages, *slot, &name(n + 7))));
        assert!(pages.get(u32::from(u16::MAX)).is_none());
        let freed: usize = std::iter::from_fn(|| pages.drop_page()).sum();
        assert_eq!((freed, pages.len()), (3000, 0));
    }

    /// Names that come and go do not fill the memory.
    #[test]
    fn the_gaps_between_names_are_closed() {
        let mut pages = Pages::new();
        let slots: Vec<u32> = (0..PAGE).map(|n| pages.insert(node(), &name(n))).collect();
        let most = |pages: &Pages| pages.pages.iter().map(|page| page.names.bytes.capacity()).max();
        let before = most(&pages).unwrap();
        for round in 1..50 {
            for (n, slot) in slots.iter().enumerate() {
                pages.rename(*slot, &name(n + round));
            }
            let all = slots.iter().enumerate();
            assert!(all.clone().all(|(n, slot)| holds(&pages, *slot, &name(n + round))));
        }
        assert!(most(&pages).unwrap() < 3 * before, "{} from {before}", most(&pages).unwrap());
        for slot in slots {
            pages.try_remove(slot);
        }
        assert!(most(&pages).unwrap() <= 2 * GAPS);
    }
}
