//! The ready queue: sources that are believed readable and wait for their share of a turn.
//!
//! Three classes. `Typing` holds sources that got input a moment ago; they are served before all others,
//! so that an echo does not wait behind a flood. While somebody types few of the others are served at a
//! time: those are `Open`, the rest waits in `Bulk`. Inside a class it is round-robin: a source that used up
//! its share goes to the back.
//!
//! Each source keeps its own [`QueueLink`], so that it is queued at most once, can change its class
//! or leave without a search, and the queue knows its exact length. Entries that were left behind
//! are skipped when they come up.

use std::collections::VecDeque;

/// How urgent a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Typing,
    Open,
    Bulk,
}

/// Where a source stands in the queue; kept by the source.
#[derive(Debug, Default)]
pub(crate) struct QueueLink(Option<Class>);

impl QueueLink {
    pub(crate) fn is_queued(&self) -> bool {
        self.0.is_some()
    }
}

/// See the module's documentation.
pub(crate) struct ReadyQueue<T> {
    typing: VecDeque<T>,
    open: VecDeque<T>,
    bulk: VecDeque<T>,
    /// Sources queued in each class, without the entries left behind.
    live_typing: usize,
    live_open: usize,
    live_bulk: usize,
    /// `Open` and `Bulk` wait.
    is_held: bool,
    /// `Bulk` waits.
    is_narrow: bool,
}

impl<T> ReadyQueue<T> {
    pub(crate) fn new() -> Self {
        ReadyQueue {
            typing: VecDeque::new(),
            open: VecDeque::new(),
            bulk: VecDeque::new(),
            live_typing: 0,
            live_open: 0,
            live_bulk: 0,
            is_held: false,
            is_narrow: false,
        }
    }

    /// Whether nobody has a turn now.
    pub(crate) fn is_empty(&self) -> bool {
        let has_bulk = self.live_bulk > 0 && !self.is_narrow;
        self.live_typing == 0 && (self.is_held || (self.live_open == 0 && !has_bulk))
    }

    /// Has the classes `Open` and `Bulk` wait, or `Bulk` alone, or both go on.
    pub(crate) fn hold(&mut self, is_held: bool, is_narrow: bool) {
        (self.is_held, self.is_narrow) = (is_held, is_narrow);
    }

    /// Whether somebody waits because of a hold.
    pub(crate) fn has_held(&self) -> bool {
        (self.is_held && self.live_open > 0)
            || ((self.is_held || self.is_narrow) && self.live_bulk > 0)
    }

    /// Puts a source at the back of its class. One that is queued moves only to a more urgent class.
    pub(crate) fn push(&mut self, link: &mut QueueLink, id: T, class: Class) {
        match (link.0, class) {
            (None, _) => {}
            (Some(Class::Bulk), Class::Typing | Class::Open) => self.live_bulk -= 1,
            (Some(Class::Open), Class::Typing) => self.live_open -= 1,
            _ => return,
        }
        *self.live(class) += 1;
        link.0 = Some(class);
        self.list(class).push_back(id);
    }

    /// Takes a source out of the queue.
    pub(crate) fn remove(&mut self, link: &mut QueueLink) {
        if let Some(class) = link.0.take() {
            *self.live(class) -= 1;
        }
    }

    /// Whether a source of the class `Typing` may wait.
    pub(crate) fn has_typing(&self) -> bool {
        !self.typing.is_empty()
    }

    /// The next candidate of the class `Typing`. It counts only if [`claim`](Self::claim) agrees.
    pub(crate) fn next_typing(&mut self) -> Option<T> {
        self.typing.pop_front()
    }

    /// The next candidate, the most urgent first. It counts only if [`claim`](Self::claim) agrees.
    pub(crate) fn next(&mut self) -> Option<(T, Class)> {
        if let Some(id) = self.typing.pop_front() {
            return Some((id, Class::Typing));
        }
        if self.is_held {
            return None;
        }
        if let Some(id) = self.open.pop_front() {
            return Some((id, Class::Open));
        }
        if self.is_narrow {
            return None;
        }
        self.bulk.pop_front().map(|id| (id, Class::Bulk))
    }

    /// Takes a candidate out of the queue if it is still queued in the class it came up in.
    pub(crate) fn claim(&mut self, link: &mut QueueLink, class: Class) -> bool {
        let current = link.0 == Some(class);
        if current {
            self.remove(link);
        }
        current
    }

    fn live(&mut self, class: Class) -> &mut usize {
        match class {
            Class::Typing => &mut self.live_typing,
            Class::Open => &mut self.live_open,
            Class::Bulk => &mut self.live_bulk,
        }
    }

    fn list(&mut self, class: Class) -> &mut VecDeque<T> {
        match class {
            Class::Typing => &mut self.typing,
            Class::Open => &mut self.open,
            Class::Bulk => &mut self.bulk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_comes_first_and_each_source_once() {
        let mut queue = ReadyQueue::new();
        let (mut a, mut b) = (QueueLink::default(), QueueLink::default());
        queue.push(&mut a, 1, Class::Bulk);
        queue.push(&mut a, 1, Class::Bulk);
        queue.push(&mut b, 2, Class::Bulk);
        queue.push(&mut b, 2, Class::Typing);
        assert_eq!(queue.next(), Some((2, Class::Typing)));
        assert!(queue.claim(&mut b, Class::Typing));
        assert_eq!(queue.next(), Some((1, Class::Bulk)));
        assert!(queue.claim(&mut a, Class::Bulk));
        assert!(queue.is_empty());
        // The entry that b left behind in the lower class is not claimed.
        assert_eq!(queue.next(), Some((2, Class::Bulk)));
        assert!(!queue.claim(&mut b, Class::Bulk));
        assert_eq!(queue.next(), None);
    }

    #[test]
    fn bulk_can_be_held() {
        let mut queue = ReadyQueue::new();
        let (mut a, mut b) = (QueueLink::default(), QueueLink::default());
        queue.push(&mut a, 1, Class::Bulk);
        queue.hold(true, false);
        assert!(queue.is_empty() && queue.has_held() && queue.next().is_none());
        queue.hold(false, true);
        assert!(queue.is_empty() && queue.has_held() && queue.next().is_none());
        queue.push(&mut b, 2, Class::Typing);
        assert!(!queue.is_empty());
        assert_eq!(queue.next(), Some((2, Class::Typing)));
        assert!(queue.claim(&mut b, Class::Typing));
        // One that is open goes on, and leaves its old entry behind.
        queue.push(&mut a, 1, Class::Open);
        assert_eq!(queue.next(), Some((1, Class::Open)));
        assert!(queue.claim(&mut a, Class::Open));
        assert!(queue.is_empty() && !queue.has_held());
        queue.push(&mut a, 1, Class::Bulk);
        queue.hold(false, false);
        assert_eq!(queue.next(), Some((1, Class::Bulk)));
    }

    #[test]
    fn a_removed_source_leaves_the_queue_empty() {
        let mut queue = ReadyQueue::new();
        let mut a = QueueLink::default();
        queue.push(&mut a, 1, Class::Bulk);
        queue.remove(&mut a);
        queue.remove(&mut a);
        assert!(queue.is_empty() && !a.is_queued());
    }
}
