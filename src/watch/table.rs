//! The table of watches: what the engine holds.

use std::ops::Range;
use std::time::Duration;

use super::event::PendingEvent;
use super::figures::Totals;
use super::key::{Alarm, Source};
use super::mounts::Mounts;
use super::options::WatchOptions;
use super::saved::WatchSave;
use super::tree::{FileChanges, FileCursor, FileVersion};
use super::{Watch, WatchEvent, WatchState};
use crate::error::{Error, Result};
use crate::id::{IdTable, WatchId};
use crate::limits::Limits;
use crate::observe::{HealthPart, HealthReason, Notes, Recorded};
use crate::policy::Slice;
use crate::reactor::Reactor;

/// How long the kernel works on descriptors that were given back; closing before waits for it.
const CLOSING_WAIT: Duration = Duration::from_millis(500);

/// See the module's documentation.
pub(crate) struct Watches {
    pub(super) table: IdTable<WatchId, Watch>,
    limits: Limits,
    /// For the kernel's events; made with the first watch.
    buffer: Vec<u8>,
    /// The event that was reported last, and its watch.
    last_event: Option<(WatchId, PendingEvent)>,
    /// Which file systems are mounted, while there is a watch; and where some came or went.
    mounts: Option<Mounts>,
    mounted: Vec<Vec<u8>>,
    /// The kernel's sides of watches that were removed and had very many descriptors.
    retired: Vec<Retired>,
    /// Whose turn it is, to report and to work.
    next: usize,
    next_busy: usize,
    /// Watches with an event, and watches with work: so that asking costs nothing.
    with_event: usize,
    with_work: usize,
    /// Bytes of all watches, those included that are being freed.
    bytes: usize,
    /// All memory of the engine is used up.
    is_memory_full: bool,
    /// What changed of watches, for their health and the flight recorder.
    pub(crate) notes: Notes,
    pub(super) totals: Totals,
    /// [`Reactor::freed`] when directories that could not be opened were tried last.
    freed: u64,
}

/// What is left of a watch: it is freed in slices.
struct Retired {
    id: WatchId,
    watch: Box<Watch>,
    /// Its descriptors are given back; it is closed when the kernel has done its part.
    is_empty: bool,
}

impl Retired {
    /// Frees a part; what that cost, 0 when there is nothing left.
    fn shed(&mut self) -> u64 {
        self.watch.shed()
    }
}

impl Watches {
    pub(crate) fn new(limits: Limits) -> Self {
        Watches {
            table: IdTable::new(),
            limits,
            buffer: Vec::new(),
            last_event: None,
            mounts: None,
            mounted: Vec::new(),
            retired: Vec::new(),
            next: 0,
            next_busy: 0,
            with_event: 0,
            with_work: 0,
            bytes: 0,
            is_memory_full: false,
            notes: Notes::default(),
            totals: Totals::new(),
            freed: 0,
        }
    }

    /// Counts a watch anew; after everything that may change its work or its events.
    fn count(&mut self, id: WatchId) {
        let Ok(watch) = self.table.get_mut(id) else { return };
        self.totals.record(&mut watch.latency);
        let (event, work, bytes) = (watch.has_event(), watch.has_work(), watch.memory());
        let counted = watch.counted();
        let had_event = std::mem::replace(&mut counted.event, event);
        let had_work = std::mem::replace(&mut counted.work, work);
        self.bytes = self.bytes + bytes - std::mem::replace(&mut counted.bytes, bytes);
        self.with_event = self.with_event + usize::from(event) - usize::from(had_event);
        self.with_work = self.with_work + usize::from(work) - usize::from(had_work);
    }

    /// Notes what is wrong with a watch, if that has changed; after everything that may have looked at the disk.
    fn note_problems(&mut self, id: WatchId) {
        let Ok(watch) = self.table.get_mut(id) else { return };
        let (facts, overflows) = (watch.facts(), watch.overflows());
        let counted = watch.counted();
        if std::mem::replace(&mut counted.facts, facts) != facts {
            self.notes.facts(HealthPart::Watch(id), facts);
        }
        if std::mem::replace(&mut counted.overflows, overflows) != overflows {
            self.notes.record(Recorded::Rescan { watch: id });
        }
    }

    /// The host has tried to save the tree of a watch.
    pub(crate) fn note_saved(&mut self, id: WatchId, problem: Option<HealthReason>) -> Result<()> {
        self.table.get_mut(id)?.note_saved(problem);
        self.note_problems(id);
        Ok(())
    }

    pub(crate) fn add(&mut self, options: &WatchOptions, reactor: &mut Reactor) -> Result<WatchId> {
        if self.table.len() >= self.limits.watches {
            return Err(Error::limit(format!("{} watches exist already", self.limits.watches)));
        }
        let id = self.table.next_id()?;
        let mut made = Watch::new(id, options, &self.limits, reactor.now());
        if made.as_ref().is_err_and(Error::is_limit_reached) && !self.retired.is_empty() {
            // What is about to be closed may be what is missing.
            self.drop_retired(|_| true);
            made = Watch::new(id, options, &self.limits, reactor.now());
        }
        let mut watch = made?;
        watch.set_memory_full(self.is_memory_full);
        watch.register(reactor)?;
        self.look_for_mounts(reactor);
        watch.start();
        watch.arm(reactor);
        self.buffer.resize(self.limits.watch_read_bytes, 0);
        self.table.insert(id, watch);
        self.count(id);
        self.note_problems(id);
        Ok(id)
    }

    pub(crate) fn remove(&mut self, id: WatchId, reactor: &mut Reactor) -> Result<()> {
        self.table.get(id)?;
        if let Some(mut watch) = self.table.remove(id) {
            self.notes.gone(HealthPart::Watch(id));
            let counted = *watch.counted();
            self.with_event -= usize::from(counted.event);
            self.with_work -= usize::from(counted.work);
            self.totals.gone.add(&watch.counters);
            watch.teardown(reactor);
            if watch.is_small() {
                reactor.note_freed();
                self.bytes -= counted.bytes;
            } else {
                self.retired.push(Retired { id, watch: Box::new(watch), is_empty: false });
            }
        }
        if self.table.len() == 0 {
            self.drop_mounts(reactor);
        }
        Ok(())
    }

    /// Registers the list of mounts with the reactor. Without that, such changes are found at a sync point.
    fn look_for_mounts(&mut self, reactor: &Reactor) {
        if self.mounts.is_none() {
            let registered = |mounts: &Mounts| {
                reactor.register(mounts.as_fd(), Source::Mounts, mio::Interest::READABLE).is_ok()
            };
            self.mounts = Mounts::new().filter(registered);
        }
    }

    fn drop_mounts(&mut self, reactor: &Reactor) {
        self.mounted.clear();
        if let Some(mounts) = self.mounts.take() {
            reactor.release(mounts.as_fd());
        }
    }

    /// File systems may have come or gone.
    pub(crate) fn on_mounts(&mut self) {
        if let Some(mounts) = &mut self.mounts {
            mounts.on_changed();
        }
    }

    /// Finds out where file systems came or went, and has the watches look there. Whether that is done.
    fn read_mounts(&mut self, slice: &mut Slice) -> bool {
        while let Some(mounts) = self.mounts.as_mut().filter(|mounts| mounts.is_pending()) {
            let mut cost = mounts.step(&mut self.mounted);
            let ids: Vec<WatchId> = self.table.ids().filter(|_| !self.mounted.is_empty()).collect();
            for id in ids {
                let Ok(watch) = self.table.get_mut(id) else {
                    return broken!("listed above", true);
                };
                cost += self.mounted.iter().map(|place| watch.on_mount(place)).sum::<u64>();
                self.count(id);
            }
            self.mounted.clear();
            slice.charge(cost);
            if slice.is_over() {
                return false;
            }
        }
        true
    }

    /// Lets go of removed watches.
    fn drop_retired(&mut self, which: impl Fn(WatchId) -> bool) {
        let bytes = &mut self.bytes;
        self.retired.retain_mut(|retired| {
            let goes = which(retired.id);
            *bytes -= if goes { retired.watch.counted().bytes } else { 0 };
            !goes
        });
    }

    // Memory.

    /// Bytes of all watches, about, with what the host was given last.
    pub(crate) fn memory(&self) -> usize {
        self.bytes + self.last_event.as_ref().map_or(0, |(_, event)| event.memory())
    }

    /// Whether all memory of the engine is used up: then nothing new is taken into the trees.
    pub(crate) fn set_memory_full(&mut self, is_full: bool, reactor: &mut Reactor) {
        if std::mem::replace(&mut self.is_memory_full, is_full) == is_full {
            return;
        }
        let ids: Vec<WatchId> = self.table.ids().collect();
        for id in ids {
            let outcome = self.command(id, reactor, |watch| {
                watch.set_memory_full(is_full);
                Ok(())
            });
            invariant!(outcome.is_ok(), "it was listed above");
        }
    }

    /// Forgets entries that were removed, of one watch after the other, until so many bytes are free.
    pub(crate) fn give_up_tombstones(&mut self, bytes: usize) -> usize {
        let mut freed = 0;
        for watch in self.table.values_mut() {
            if freed >= bytes {
                break;
            }
            let by_this = watch.forget_tombstones();
            watch.counted().bytes -= by_this;
            freed += by_this;
        }
        self.bytes -= freed;
        freed
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = WatchId> + '_ {
        self.table.ids()
    }

    /// The ids in some slots of the table.
    pub(crate) fn ids_in(&self, slots: Range<usize>) -> impl Iterator<Item = WatchId> + '_ {
        self.table.ids_in(slots)
    }

    pub(crate) fn slots(&self) -> usize {
        self.table.slots()
    }

    pub(crate) fn state(&self, id: WatchId) -> Result<WatchState> {
        self.table.get(id).map(Watch::state)
    }

    /// Runs a call on a watch and sets its timer afterwards.
    pub(crate) fn command<T>(
        &mut self,
        id: WatchId,
        reactor: &mut Reactor,
        command: impl FnOnce(&mut Watch) -> Result<T>,
    ) -> Result<T> {
        let watch = self.table.get_mut(id)?;
        watch.set_now(reactor.now());
        let outcome = command(watch);
        watch.arm(reactor);
        self.count(id);
        self.note_problems(id);
        outcome
    }

    pub(crate) fn changes(
        &mut self,
        id: WatchId,
        cursor: &mut FileCursor,
        max: usize,
        out: &mut FileChanges,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.command(id, reactor, |watch| {
            watch.changes(cursor, max, out);
            Ok(())
        })
    }

    /// Appends a part of a watch's saved tree. Whether there is more.
    pub(crate) fn save(
        &mut self,
        id: WatchId,
        save: &mut WatchSave,
        max: usize,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        self.table.get_mut(id)?.save(save, max, out)
    }

    /// The state of a watch's tree.
    pub(crate) fn version(&self, id: WatchId) -> Result<FileVersion> {
        self.table.get(id).map(Watch::version)
    }

    /// [`changes`](Self::changes) for somebody who gets no batches.
    pub(crate) fn read_changes(
        &mut self,
        id: WatchId,
        cursor: &mut FileCursor,
        max: usize,
        out: &mut FileChanges,
    ) -> Result<()> {
        self.table.get_mut(id)?.read_changes(cursor, max, out);
        Ok(())
    }

    /// Looks at the roots of a watch again: no event shows that a path leads elsewhere now.
    pub(crate) fn look_at_roots(&mut self, id: WatchId, reactor: &mut Reactor) -> Result<()> {
        self.command(id, reactor, |watch| {
            watch.start();
            Ok(())
        })
    }

    // Readiness.

    pub(crate) fn on_readable(&mut self, id: WatchId) {
        if let Ok(watch) = self.table.get_mut(id) {
            watch.on_readable();
        }
        self.count(id);
    }

    pub(crate) fn on_alarm(&mut self, id: WatchId, reactor: &Reactor) {
        if let Ok(watch) = self.table.get_mut(id) {
            watch.on_alarm();
        } else {
            self.drop_retired(|retired| retired == id);
            reactor.note_freed();
        }
        self.count(id);
    }

    /// Whether [`open_again`](Self::open_again) would have something tried.
    pub(crate) fn may_open_again(&self, reactor: &Reactor) -> bool {
        let has_refused = |id| self.table.get(id).is_ok_and(Watch::has_refused);
        self.freed != reactor.freed() && self.table.ids().any(has_refused)
    }

    /// Has directories listed that could not be for want of a descriptor, if the engine has closed one.
    pub(crate) fn open_again(&mut self, reactor: &mut Reactor) {
        if self.may_open_again(reactor) {
            let ids: Vec<WatchId> = self.table.ids().collect();
            for id in ids {
                let Ok(watch) = self.table.get_mut(id) else { continue };
                watch.set_now(reactor.now());
                watch.retry_refused();
                watch.arm(reactor);
                self.count(id);
            }
        }
        self.freed = reactor.freed();
    }

    /// Whether [`work`](Self::work) would do something now.
    pub(crate) fn has_work(&self) -> bool {
        let mounts = self.mounts.as_ref().is_some_and(Mounts::is_pending);
        mounts || self.with_work > 0 || self.retired.iter().any(|retired| !retired.is_empty)
    }

    /// Lets the watches that have something to do use parts of the slice, in turns.
    pub(crate) fn work(&mut self, slice: &mut Slice, reactor: &mut Reactor) {
        if self.shed(slice, reactor) && slice.is_over() {
            return;
        }
        // What is looked at after this is looked at as it is mounted now.
        if !self.read_mounts(slice) {
            return;
        }
        let has_work = |id: &WatchId| self.table.get(*id).is_ok_and(Watch::has_work);
        let mut busy: Vec<WatchId> = self.table.ids().filter(has_work).collect();
        let count = busy.len();
        busy.rotate_left(self.next_busy.checked_rem(count).unwrap_or(0));
        for (done, id) in busy.into_iter().enumerate() {
            let Ok(watch) = self.table.get_mut(id) else { return broken!("it was listed above") };
            let mut part = slice.part(count - done);
            watch.set_now(reactor.now());
            watch.work(&mut part, reactor, &mut self.buffer);
            watch.arm(reactor);
            self.count(id);
            self.note_problems(id);
            slice.join(&part);
            self.next_busy = self.next_busy.wrapping_add(1);
            if slice.is_over() {
                break;
            }
        }
    }

    /// Takes removed watches apart. Whether there was anything to do.
    fn shed(&mut self, slice: &mut Slice, reactor: &mut Reactor) -> bool {
        let Some(retired) = self.retired.iter_mut().find(|retired| !retired.is_empty) else {
            return false;
        };
        while !retired.is_empty {
            let cost = retired.shed();
            retired.is_empty = cost == 0;
            slice.charge(cost);
            if slice.is_over() {
                break;
            }
        }
        let bytes = retired.watch.memory();
        let before = std::mem::replace(&mut retired.watch.counted().bytes, bytes);
        self.bytes = self.bytes + bytes - before;
        if retired.is_empty {
            let closing = reactor.now() + CLOSING_WAIT;
            reactor.set_timer(closing, Alarm::Files(retired.id));
        }
        true
    }

    // Events.

    pub(crate) fn has_event(&self) -> bool {
        self.with_event > 0
    }

    /// Takes the next event; [`last_event`](Self::last_event) gives it. Watches take turns.
    pub(crate) fn take_event(&mut self, reactor: &mut Reactor) -> Option<(WatchId, u64)> {
        if let Some((id, event)) = self.last_event.take()
            && let Ok(watch) = self.table.get_mut(id)
        {
            watch.recycle(event);
        }
        if !self.has_event() {
            return None;
        }
        let ids: Vec<WatchId> = self.table.ids().collect();
        for turn in 0..ids.len() {
            let at = (self.next + turn) % ids.len();
            let id = ids.get(at).copied()?;
            let Ok(watch) = self.table.get_mut(id) else { return broken!("listed above", None) };
            let Some(event) = watch.take_event() else { continue };
            let tag = watch.tag();
            watch.arm(reactor);
            self.count(id);
            self.last_event = Some((id, event));
            self.next = at + 1;
            return Some((id, tag));
        }
        None
    }

    /// The event that was taken last.
    pub(crate) fn last_event(&self) -> Option<WatchEvent<'_>> {
        self.last_event.as_ref().map(|(_, event)| event.event())
    }

    /// Lets go of everything without touching what is shared with a parent process.
    pub(crate) fn leak_after_fork(&mut self) {
        (self.with_event, self.with_work) = (0, 0);
        self.mounts = None;
        self.table.drain().for_each(drop);
    }

    /// Lets go of everything; the kernel takes its time for it.
    pub(crate) fn teardown(&mut self, reactor: &mut Reactor) {
        (self.with_event, self.with_work) = (0, 0);
        self.drop_mounts(reactor);
        for mut watch in self.table.drain() {
            watch.teardown(reactor);
        }
    }
}
