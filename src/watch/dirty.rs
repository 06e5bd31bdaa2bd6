//! Names that something happened to, and when it is time to look at each.
//!
//! A name is due when it was quiet for the window (a shorter one after a writer closed it or it was moved
//! into place), at the latest after the maximum wait since its first event. The queue holds one entry for
//! each name, at the time that was true when it was put there; a name that was busy meanwhile goes back
//! into it when its entry comes up, so an event costs no more than finding its name.
//!
//! The number of names is bounded. Beyond it the directory is remembered as a whole, under an empty name.
//!
//! Pure: time is a parameter.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use hashbrown::DefaultHashBuilder;
use slab::Slab;

use super::index::Index;
use super::merge::{Evidence, evidence};
use super::tree::FileId;

/// How long a complete file waits for more.
const FINISHED_WINDOW: Duration = Duration::from_millis(10);
/// How long the departure of a name waits for its arrival.
pub(crate) const PAIRING: Duration = Duration::from_millis(10);
/// The first wait before a name is looked at again that could not be found; doubles.
const RETRY: Duration = Duration::from_millis(10);
const RETRIES_MAX: u32 = 10;
/// What freeing a name costs.
const FREE_COST: u64 = 100;
/// Old entries of the queue that are taken away when its deadline is asked for.
const DEADLINE_STEPS: u32 = 64;

/// A name that something happened to.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) dir: FileId,
    /// Empty: any name in the directory.
    pub(crate) name: Box<[u8]>,
    pub(crate) evidence: Evidence,
    /// Counts up with each new name.
    pub(crate) order: u64,
    /// How many events.
    pub(crate) count: u32,
    first: Instant,
    last: Instant,
    /// Not to be looked at before, whatever the windows say.
    hold: Option<Instant>,
    /// To be looked at at once, if nothing holds it.
    urgent: bool,
    pub(crate) tries: u32,
    /// When its entry in the queue comes up.
    queued: Instant,
}

/// See the module's documentation.
pub(crate) struct DirtyNames {
    marks: Slab<Mark>,
    by_name: Index,
    hasher: DefaultHashBuilder,
    queue: BinaryHeap<Reverse<(Instant, u64, u32)>>,
    order: u64,
    window: Duration,
    max_wait: Duration,
    names_max: usize,
    /// Names up to an order are being made urgent: the next slot to look at, and the order.
    urging: Option<(usize, u64)>,
    burst: Burst,
}

impl DirtyNames {
    pub(crate) fn new(window: Duration, max_wait: Duration, names_max: usize) -> Self {
        DirtyNames {
            marks: Slab::new(),
            by_name: Index::new(),
            hasher: DefaultHashBuilder::default(),
            queue: BinaryHeap::new(),
            order: 0,
            window,
            max_wait: max_wait.max(window),
            names_max,
            urging: None,
            burst: Burst::default(),
        }
    }

    /// When the burst is over that names belong to, if no more come.
    pub(crate) fn burst_until(&self) -> Option<Instant> {
        self.burst.until(self.window)
    }

    pub(crate) fn len(&self) -> usize {
        self.marks.len()
    }

    /// Names marked from now on have an order above this one.
    pub(crate) fn order(&self) -> u64 {
        self.order
    }

    /// The order of the oldest name; looks at all of them.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.marks.iter().map(|(_, mark)| mark.order).min()
    }

    pub(crate) fn get(&self, dir: FileId, name: &[u8]) -> Option<&Mark> {
        self.find(dir, name).and_then(|slot| self.marks.get(slot as usize))
    }

    /// Notes an event.
    pub(crate) fn mark(&mut self, dir: FileId, name: &[u8], seen: Evidence, now: Instant) {
        let order = self.order;
        let Some(slot) = self.find_or_add(dir, name, now) else { return };
        if self.order != order {
            self.burst.note(now, self.window);
        }
        let (window, max_wait) = (self.window, self.max_wait);
        let Some(mark) = self.marks.get_mut(slot as usize) else { return broken!("just found") };
        mark.last = now;
        mark.count = mark.count.saturating_add(1);
        let finished = seen.has(evidence::FINISHED);
        mark.evidence.kinds &= !evidence::FINISHED;
        mark.evidence.add(seen);
        if finished {
            let due = mark.due(window, max_wait);
            self.hurry(slot, due);
        }
    }

    /// Notes a name that left, and may arrive somewhere.
    pub(crate) fn mark_left(&mut self, dir: FileId, name: &[u8], seen: Evidence, now: Instant) {
        self.mark(dir, name, seen, now);
        let slot = self.find(dir, name);
        if let Some(mark) = slot.and_then(|slot| self.marks.get_mut(slot as usize)) {
            mark.hold = Some(now + PAIRING);
        }
    }

    /// What left has arrived: its old place need not wait for that any more.
    pub(crate) fn release(&mut self, dir: FileId, name: &[u8]) {
        let (window, max_wait) = (self.window, self.max_wait);
        if let Some(slot) = self.find(dir, name)
            && let Some(mark) = self.marks.get_mut(slot as usize)
        {
            mark.hold = None;
            let due = mark.due(window, max_wait);
            self.hurry(slot, due);
        }
    }

    /// Notes a name that is to be looked at without a wait.
    pub(crate) fn mark_urgent(&mut self, dir: FileId, name: &[u8], now: Instant) {
        let Some(slot) = self.find_or_add(dir, name, now) else { return };
        let (window, max_wait) = (self.window, self.max_wait);
        if let Some(mark) = self.marks.get_mut(slot as usize) {
            mark.urgent = true;
            let due = mark.due(window, max_wait);
            self.hurry(slot, due);
        }
    }

    /// Notes another name of a file that has changed, to be looked at without a wait; `tries` have failed
    /// before at the names before it, and then it waits a little. It counts as older than every sync point: the change may be.
    pub(crate) fn mark_link(&mut self, dir: FileId, name: &[u8], tries: u32, now: Instant) {
        self.mark_urgent(dir, name, now);
        let slot = self.find(dir, name);
        if let Some(mark) = slot.and_then(|slot| self.marks.get_mut(slot as usize)) {
            mark.order = 0;
            if tries > 0 {
                mark.tries = mark.tries.max(tries);
                mark.hold = Some(now + RETRY);
            }
        }
    }

    /// Has every name that is dirty now looked at at once: [`urge`](Self::urge) does it.
    pub(crate) fn mark_all_urgent(&mut self) {
        self.urging = Some((0, self.order));
    }

    pub(crate) fn is_urging(&self) -> bool {
        self.urging.is_some()
    }

    /// Makes names urgent that are to be; looks at `max` slots at most.
    pub(crate) fn urge(&mut self, max: usize) {
        let Some((first, order)) = self.urging else { return };
        let (window, max_wait) = (self.window, self.max_wait);
        let end = self.marks.capacity();
        for slot in first..(first + max).min(end) {
            if let Some(mark) = self.marks.get_mut(slot).filter(|mark| mark.order <= order) {
                mark.urgent = true;
                let due = mark.due(window, max_wait);
                self.hurry(slot as u32, due);
            }
        }
        self.urging = (first + max < end).then_some((first + max, order));
    }

    /// Puts a name back that could not be looked at; later each time.
    pub(crate) fn retry(&mut self, mut mark: Mark, now: Instant) {
        let wait = RETRY * (1 << mark.tries.min(RETRIES_MAX));
        mark.tries = mark.tries.saturating_add(1);
        self.put_back(mark, now + wait);
    }

    /// Puts a name back that is not to be looked at yet.
    pub(crate) fn put_off(&mut self, mark: Mark, now: Instant) {
        self.put_back(mark, now + RETRY);
    }

    fn put_back(&mut self, mut mark: Mark, until: Instant) {
        if let Some(slot) = self.find(mark.dir, &mark.name) {
            if let Some(newer) = self.marks.get_mut(slot as usize) {
                let mut all = mark.evidence;
                all.add(newer.evidence);
                newer.evidence = all;
                newer.order = newer.order.min(mark.order);
                newer.tries = newer.tries.max(mark.tries);
                newer.hold = Some(until);
            }
            return;
        }
        (mark.hold, mark.queued) = (Some(until), until);
        self.insert(mark);
    }

    /// Takes a name out.
    pub(crate) fn take(&mut self, dir: FileId, name: &[u8]) -> Option<Mark> {
        let slot = self.find(dir, name)?;
        self.remove(slot)
    }

    /// Takes out a name that is due at `now`. It takes at most so many steps, and counts them down: at 0
    /// there may be more.
    pub(crate) fn take_due(&mut self, now: Instant, steps: &mut u32) -> Option<Mark> {
        while *steps > 0 {
            *steps -= 1;
            let &Reverse((at, order, slot)) = self.queue.peek()?;
            let due = match self.live(at, order, slot) {
                Some(mark) => mark.due(self.window, self.max_wait),
                None => {
                    self.queue.pop();
                    continue;
                }
            };
            if at > now {
                return None;
            }
            self.queue.pop();
            if due <= now {
                return self.remove(slot);
            }
            if let Some(mark) = self.marks.get_mut(slot as usize) {
                mark.queued = due;
                self.queue.push(Reverse((due, order, slot)));
            }
        }
        None
    }

    /// No name is due before this.
    pub(crate) fn deadline(&mut self) -> Option<Instant> {
        for _ in 0..DEADLINE_STEPS {
            let &Reverse((at, order, slot)) = self.queue.peek()?;
            if self.live(at, order, slot).is_some() {
                return Some(at);
            }
            self.queue.pop();
        }
        // Old entries are in front; whoever is woken by them takes them away.
        self.queue.peek().map(|Reverse((at, ..))| *at)
    }

    /// Frees a part of the names of a watch that is gone; what that cost, 0 when nothing is left.
    pub(crate) fn shed(&mut self) -> u64 {
        let Some(slots) = self.by_name.pop_shard() else { return 0 };
        let cost = 1 + slots.len() as u64 * FREE_COST;
        slots.into_iter().for_each(|slot| drop(self.marks.try_remove(slot as usize)));
        cost
    }

    /// The mark of an entry of the queue, if it is not an old one.
    fn live(&self, at: Instant, order: u64, slot: u32) -> Option<&Mark> {
        let mark = self.marks.get(slot as usize)?;
        (mark.queued == at && mark.order <= order).then_some(mark)
    }

    /// Brings a name's entry forward.
    fn hurry(&mut self, slot: u32, due: Instant) {
        if let Some(mark) = self.marks.get_mut(slot as usize)
            && due < mark.queued
        {
            mark.queued = due;
            self.queue.push(Reverse((due, self.order, slot)));
        }
    }

    fn hash(&self, dir: FileId, name: &[u8]) -> u64 {
        self.hasher.hash_one((dir.to_u64(), name))
    }

    fn find(&self, dir: FileId, name: &[u8]) -> Option<u32> {
        let same = |slot: &u32| {
            let mark = self.marks.get(*slot as usize);
            mark.is_some_and(|mark| mark.dir == dir && *mark.name == *name)
        };
        self.by_name.find(self.hash(dir, name), same)
    }

    /// `None` when the directory is remembered as a whole: then a name in it need not be.
    fn find_or_add(&mut self, dir: FileId, name: &[u8], now: Instant) -> Option<u32> {
        if let Some(slot) = self.find(dir, name) {
            return Some(slot);
        }
        let full = self.marks.len() >= self.names_max && dir != FileId::ROOT_PARENT;
        let name = if full { &[][..] } else { name };
        if full && self.find(dir, name).is_some() {
            return None;
        }
        self.order += 1;
        let mark = Mark {
            dir,
            name: name.into(),
            evidence: Evidence::default(),
            order: self.order,
            count: 0,
            first: now,
            last: now,
            hold: None,
            urgent: false,
            tries: 0,
            queued: now + self.window,
        };
        Some(self.insert(mark))
    }

    fn insert(&mut self, mark: Mark) -> u32 {
        let (hash, queued) = (self.hash(mark.dir, &mark.name), mark.queued);
        let slot = self.marks.insert(mark) as u32;
        let (marks, hasher) = (&self.marks, &self.hasher);
        self.by_name.insert(hash, slot, |slot| {
            let mark = marks.get(slot as usize);
            mark.map_or(0, |mark| hasher.hash_one((mark.dir.to_u64(), &*mark.name)))
        });
        self.queue.push(Reverse((queued, self.order, slot)));
        slot
    }

    fn remove(&mut self, slot: u32) -> Option<Mark> {
        let mark = self.marks.get(slot as usize)?;
        let hash = self.hash(mark.dir, &mark.name);
        self.by_name.remove(hash, slot);
        self.marks.try_remove(slot as usize)
    }
}

impl Mark {
    /// When the first thing happened to it.
    pub(crate) fn first(&self) -> Instant {
        self.first
    }

    /// Whether it is, or may be, one of the two names of a rename.
    pub(crate) fn is_rename(&self) -> bool {
        self.evidence.has(evidence::MOVED)
    }

    fn due(&self, window: Duration, max_wait: Duration) -> Instant {
        let window = match self.evidence.has(evidence::FINISHED) {
            _ if self.urgent => Duration::ZERO,
            true => window.min(FINISHED_WINDOW),
            false => window,
        };
        let due = (self.last + window).min(self.first + max_wait);
        self.hold.map_or(due, |hold| due.max(hold))
    }
}

/// So many names are a burst; more than an editor touches to save one file.
const BURST_NAMES: u32 = 8;

/// Many names that become dirty one soon after the other, as in a checkout or a build. What a burst brings is
/// reported together; a save, which touches a few names, does not wait.
#[derive(Debug, Default)]
struct Burst {
    /// Names that became dirty, each within the window after the one before, and the time of the last one.
    names: u32,
    last: Option<Instant>,
}

impl Burst {
    /// A name has become dirty that was not.
    fn note(&mut self, now: Instant, window: Duration) {
        let goes_on = self.last.is_some_and(|last| now <= last + window);
        self.names = if goes_on { self.names.saturating_add(1) } else { 1 };
        self.last = Some(now);
    }

    /// When it is over, if no more names come; `None` for too few.
    fn until(&self, window: Duration) -> Option<Instant> {
        self.last.filter(|_| self.names >= BURST_NAMES).map(|last| last + window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::tree::Tree;

    const MS: Duration = Duration::from_millis(1);

    fn names() -> (DirtyNames, Instant) {
        let reactor = crate::reactor::Reactor::new().unwrap();
        (DirtyNames::new(50 * MS, 500 * MS, 4), reactor.now())
    }

    fn seen(kinds: u16) -> Evidence {
        let written_in = u32::from(kinds & evidence::WRITTEN != 0);
        Evidence { kinds, written_in, ..Evidence::default() }
    }

    fn due(names: &mut DirtyNames, now: Instant) -> Vec<String> {
        std::iter::from_fn(|| names.take_due(now, &mut 64))
            .map(|mark| String::from_utf8_lossy(&mark.name).into_owned())
            .collect()
    }

    #[test]
    fn a_name_is_due_when_it_was_quiet() {
        let (mut names, t) = names();
        names.mark(FileId::ROOT_PARENT, b"a", seen(evidence::WRITTEN), t);
        names.mark(FileId::ROOT_PARENT, b"a", seen(evidence::WRITTEN), t + 40 * MS);
        assert!(due(&mut names, t + 60 * MS).is_empty());
        assert_eq!(names.deadline(), Some(t + 90 * MS));
        assert_eq!(due(&mut names, t + 90 * MS), ["a"]);
        assert_eq!((names.len(), names.deadline()), (0, None));
    }

    #[test]
    fn a_busy_name_is_due_after_the_maximum_wait() {
        let (mut names, t) = names();
        for ms in (0..500).step_by(25) {
            names.mark(FileId::ROOT_PARENT, b"a", seen(evidence::WRITTEN), t + ms * MS);
            assert!(due(&mut names, t + ms * MS).is_empty(), "{ms}");
        }
        assert!(due(&mut names, t + 499 * MS).is_empty());
        assert_eq!(due(&mut names, t + 500 * MS), ["a"]);
    }

    #[test]
    fn a_complete_file_is_due_sooner_until_it_is_written_again() {
        let (mut names, t) = names();
        names.mark(FileId::ROOT_PARENT, b"a", seen(evidence::WRITTEN), t);
        names.mark(FileId::ROOT_PARENT, b"a", seen(evidence::FINISHED), t + 3 * MS);
        names.mark(FileId::ROOT_PARENT, b"b", seen(evidence::FINISHED), t);
        names.mark(FileId::ROOT_PARENT, b"b", seen(evidence::WRITTEN), t + 5 * MS);
        assert_eq!(due(&mut names, t + 13 * MS), ["a"]);
        assert_eq!(names.deadline(), Some(t + 55 * MS));
        assert_eq!(due(&mut names, t + 55 * MS), ["b"]);
    }

    #[test]
    fn a_departure_waits_for_its_arrival() {
        let (mut names, t) = names();
        names = DirtyNames::new(Duration::ZERO, Duration::ZERO, names.names_max);
        names.mark_left(FileId::ROOT_PARENT, b"a", seen(evidence::MOVED), t);
        names.mark_left(FileId::ROOT_PARENT, b"b", seen(evidence::MOVED), t);
        names.release(FileId::ROOT_PARENT, b"b");
        assert_eq!(due(&mut names, t), ["b"]);
        assert_eq!(names.deadline(), Some(t + PAIRING));
        assert_eq!(due(&mut names, t + PAIRING), ["a"]);
    }

    #[test]
    fn names_beyond_the_bound_stand_for_their_directory() {
        let (mut names, t) = names();
        let mut tree = Tree::new(0);
        let kind = crate::watch::tree::FileType::Directory;
        let stat = crate::watch::tree::Stat {
            ino: 1,
            size: 0,
            mtime: 0,
            ctime: 0,
            dev: 0,
            mode: 0,
            kind,
            linked: false,
        };
        let dir = tree.insert(FileId::ROOT_PARENT, b"/r", stat);
        for name in [b"a", b"b", b"c", b"d", b"e", b"f", b"a"] {
            names.mark(dir, name, seen(evidence::WRITTEN), t);
        }
        assert_eq!(names.len(), 5);
        names.mark_all_urgent();
        while names.is_urging() {
            names.urge(2);
        }
        let mut all = due(&mut names, t);
        all.sort();
        assert_eq!(all, ["", "a", "b", "c", "d"]);
    }

    #[test]
    fn what_could_not_be_looked_at_comes_again_later_and_later() {
        let (mut names, t) = names();
        names.mark_urgent(FileId::ROOT_PARENT, b"a", t);
        let first = names.take_due(t, &mut 64).unwrap();
        names.retry(first, t);
        assert_eq!(names.deadline(), Some(t + 10 * MS));
        let again = names.take_due(t + 10 * MS, &mut 64).unwrap();
        names.retry(again, t + 10 * MS);
        assert!(names.take_due(t + 29 * MS, &mut 64).is_none());
        assert!(names.take_due(t + 30 * MS, &mut 64).is_some());
    }

    #[test]
    fn many_names_one_soon_after_the_other() {
        let (window, t) = (50 * MS, crate::reactor::Reactor::new().unwrap().now());
        let mut burst = Burst::default();
        (0..BURST_NAMES - 1).for_each(|n| burst.note(t + n * 50 * MS, window));
        assert_eq!(burst.until(window), None);
        burst.note(t + 350 * MS, window);
        assert_eq!(burst.until(window), Some(t + 400 * MS));
        burst.note(t + 401 * MS, window);
        assert_eq!(burst.until(window), None, "a name on its own");
    }
}
