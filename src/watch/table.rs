//! The table of watches: what the engine holds.

use std::time::Duration;

use super::event::PendingEvent;
use super::key::{Alarm, Source};
use super::mounts::Mounts;
use super::options::WatchOptions;
use super::saved::WatchSave;
use super::tree::{FileChanges, FileCursor, FileVersion};
use super::{Counted, Watch, WatchEvent, WatchState};
use crate::error::{Error, Result};
use crate::id::{IdTable, WatchId};
use crate::limits::Limits;
use crate::policy::Slice;
use crate::reactor::Reactor;

/// How long the kernel works on descriptors that were given back; closing before waits for it.
const CLOSING_WAIT: Duration = Duration::from_millis(500);

/// See the module's documentation.
pub(crate) struct Watches {
    table: IdTable<WatchId, Watch>,
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
        }
    }

    /// Counts a watch anew; after everything that may change its work or its events.
    fn count(&mut self, id: WatchId) {
        let Ok(watch) = self.table.get_mut(id) else { return };
        let new = Counted { event: watch.has_event(), work: watch.has_work() };
        let old = std::mem::replace(watch.counted(), new);
        self.with_event = self.with_event + usize::from(new.event) - usize::from(old.event);
        self.with_work = self.with_work + usize::from(new.work) - usize::from(old.work);
    }

    pub(crate) fn add(&mut self, options: &WatchOptions, reactor: &mut Reactor) -> Result<WatchId> {
        if self.table.len() >= self.limits.watches {
            return Err(Error::limit(format!("{} watches exist already", self.limits.watches)));
        }
        let id = self.table.next_id()?;
        let mut made = Watch::new(id, options, &self.limits, reactor.now());
        if made.as_ref().is_err_and(Error::is_limit_reached) && !self.retired.is_empty() {
            // What is about to be closed may be what is missing.
            self.retired.clear();
            made = Watch::new(id, options, &self.limits, reactor.now());
        }
        let mut watch = made?;
        watch.register(reactor)?;
        self.look_for_mounts(reactor);
        watch.start();
        watch.arm(reactor);
        self.buffer.resize(self.limits.watch_read_bytes, 0);
        self.table.insert(id, watch);
        self.count(id);
        Ok(id)
    }

    pub(crate) fn remove(&mut self, id: WatchId, reactor: &mut Reactor) -> Result<()> {
        self.table.get(id)?;
        if let Some(mut watch) = self.table.remove(id) {
            let counted = *watch.counted();
            self.with_event -= usize::from(counted.event);
            self.with_work -= usize::from(counted.work);
            watch.teardown(reactor);
            if !watch.is_small() {
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
            reactor.deregister(mounts.as_fd());
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

    pub(crate) fn ids(&self) -> impl Iterator<Item = WatchId> + '_ {
        self.table.ids()
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

    pub(crate) fn on_alarm(&mut self, id: WatchId) {
        if let Ok(watch) = self.table.get_mut(id) {
            watch.on_alarm();
        } else {
            self.retired.retain(|retired| retired.id != id);
        }
        self.count(id);
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
