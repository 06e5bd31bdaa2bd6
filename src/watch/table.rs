//! The table of watches: what the engine holds.

use std::time::Duration;

use super::event::Telling;
use super::kernel::Kernel;
use super::options::WatchOptions;
use super::tree::{FileChanges, FileCursor, FileVersion};
use super::{Slice, Watch, WatchEvent, WatchState};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::reactor::{Alarm, IdTable, Reactor, WatchId};

/// Descriptors that the kernel closes in no time.
const CLOSED_AT_ONCE: usize = 256;
/// How long the kernel works on descriptors that were given back; closing before waits for it.
const CLOSING_WAIT: Duration = Duration::from_millis(500);

/// See the module's documentation.
pub(crate) struct Watches {
    table: IdTable<WatchId, Watch>,
    limits: Limits,
    /// For the kernel's events; made with the first watch.
    buffer: Vec<u8>,
    /// What was told last, and by whom.
    told: Option<(WatchId, Telling)>,
    /// The kernel's sides of watches that were removed and had very many descriptors.
    retired: Vec<Retired>,
    /// Whose turn it is.
    next: usize,
    /// Watches with an event, and watches with work: so that asking costs nothing.
    with_event: usize,
    with_work: usize,
}

/// What is left of a watch.
struct Retired {
    id: WatchId,
    kernel: Kernel,
    /// Its descriptors are given back; it is closed when the kernel has done its part.
    is_empty: bool,
}

/// Which of the counts of the table a watch is in; kept by the watch.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counted {
    event: bool,
    work: bool,
}

impl Watches {
    pub(crate) fn new(limits: Limits) -> Self {
        Watches {
            table: IdTable::new(),
            limits,
            buffer: Vec::new(),
            told: None,
            retired: Vec::new(),
            next: 0,
            with_event: 0,
            with_work: 0,
        }
    }

    /// Counts a watch anew; after everything that may change what it has to do or to tell.
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
            let kernel = watch.dismantle(reactor);
            if kernel.len() > CLOSED_AT_ONCE {
                self.retired.push(Retired { id, kernel, is_empty: false });
            }
        }
        Ok(())
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
        self.with_work > 0 || self.retired.iter().any(|retired| !retired.is_empty)
    }

    /// Lets every watch that has something to do use a part of the slice.
    pub(crate) fn work(&mut self, slice: Duration, reactor: &mut Reactor) {
        self.shed(slice, reactor);
        let has_work = |id: &WatchId| self.table.get(*id).is_ok_and(Watch::has_work);
        let busy: Vec<WatchId> = self.table.ids().filter(has_work).collect();
        let share = slice / busy.len().max(1) as u32;
        for id in busy {
            let Ok(watch) = self.table.get_mut(id) else { continue };
            let deadline = reactor.measure_now() + share;
            watch.set_now(reactor.now());
            watch.work(Slice { reactor, deadline }, &mut self.buffer);
            watch.arm(reactor);
            self.count(id);
        }
    }

    /// Gives descriptors of removed watches back.
    fn shed(&mut self, slice: Duration, reactor: &mut Reactor) {
        let Some(retired) = self.retired.iter_mut().find(|retired| !retired.is_empty) else {
            return;
        };
        let deadline = reactor.measure_now() + slice;
        retired.is_empty = retired.kernel.shed(|| reactor.measure_now() >= deadline);
        if retired.is_empty {
            let closing = reactor.now() + CLOSING_WAIT;
            reactor.set_timer(closing, Alarm::Files(retired.id));
        }
    }

    // Events.

    pub(crate) fn has_event(&self) -> bool {
        self.with_event > 0
    }

    /// Takes the next event; [`told`](Self::told) gives it. Watches take turns.
    pub(crate) fn pick_event(&mut self, reactor: &mut Reactor) -> Option<(WatchId, u64)> {
        if let Some((id, telling)) = self.told.take()
            && let Ok(watch) = self.table.get_mut(id)
        {
            watch.recycle(telling);
        }
        if !self.has_event() {
            return None;
        }
        let ids: Vec<WatchId> = self.table.ids().collect();
        for turn in 0..ids.len() {
            let at = (self.next + turn) % ids.len();
            let id = ids.get(at).copied()?;
            let Ok(watch) = self.table.get_mut(id) else { continue };
            let Some(telling) = watch.take_telling() else { continue };
            let tag = watch.tag();
            watch.arm(reactor);
            self.count(id);
            self.told = Some((id, telling));
            self.next = at + 1;
            return Some((id, tag));
        }
        None
    }

    /// The event that was taken last.
    pub(crate) fn told(&self) -> Option<WatchEvent<'_>> {
        self.told.as_ref().map(|(_, telling)| telling.event())
    }

    /// Lets go of everything without touching what is shared with a parent process.
    pub(crate) fn forget(&mut self) {
        (self.with_event, self.with_work) = (0, 0);
        self.table.drain().for_each(drop);
    }

    /// Lets go of everything; the kernel takes its time for it.
    pub(crate) fn dismantle(&mut self, reactor: &mut Reactor) {
        (self.with_event, self.with_work) = (0, 0);
        for watch in self.table.drain() {
            drop(watch.dismantle(reactor));
        }
    }
}
