//! The budget of all memory: what it is used for, and who gives way when it is used up. Pure.
//!
//! Each subsystem counts its bytes as they come and go; this decides on the sums, by marks below the limit:
//!
//! - From [`STRAINED`] on, what nobody needs is given up, in the order of [`Yield`]: history of logs that every
//!   reader has passed, the oldest rows of scrollbacks, then tombstones and caches, until less than [`EASED`] is used.
//! - From [`FULL`] on, new things are refused, logs and screens grow no further (their PTYs are paused), and the
//!   client for which the most bytes wait is closed.
//! - From [`CRITICAL`] on, no PTY is read: the screens of terminals that are there have grown.
//! - The rest is for what is made between two looks and cannot be refused: replies, events.
//!
//! What is unread is never dropped here. A look that finds less than [`STRAINED`] costs a comparison.

/// The marks, in parts of the limit.
const EASED: usize = 26;
const STRAINED: usize = 28;
const FULL: usize = 30;
const CRITICAL: usize = 31;
const PARTS: usize = 32;

/// Less than this is no room: it is the largest piece that is asked for at once, a segment of a log.
const GRAIN: usize = 64 << 10;

/// What one look frees at most, so that it takes no longer than any other unit of work.
const RELIEF_BYTES: usize = 1 << 20;

/// What memory is used for, in bytes, about.
///
/// The engine counts what grows with use: content, and what keeps it. What every engine has (some 100 KiB) and
/// what an allocator adds are not in it, nor is what the host lends or keeps itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// Output logs of terminals.
    pub logs: usize,
    /// Screens of terminals with their scrollback.
    pub screens: usize,
    /// Input that waits for programs, and what those are started with that are started again.
    pub input: usize,
    /// Entries of the application state.
    pub state: usize,
    /// What the state remembers of entries that were removed.
    pub tombstones: usize,
    /// Trees of watches, with their rules and with changes that are not reported yet.
    pub watches: usize,
    /// Connections of the server: what waits to be sent, and messages that are not whole yet.
    pub clients: usize,
    /// What clients have asked for and is not done yet: batches, searches, rows, changes under review.
    pub requests: usize,
    /// Other engines: copies of their states, events that the host has not read, and what waits to be sent.
    pub peers: usize,
    /// Resources that listeners serve, with their compressed forms.
    pub resources: usize,
    /// Commands of senders that wait for a turn.
    pub inbox: usize,
    /// Completions and log lines that the host has not read.
    pub events: usize,
    /// [`Limits::memory_bytes_total`](crate::Limits::memory_bytes_total).
    pub limit: usize,
    /// New things are refused and PTYs are paused: fifteen sixteenths of the limit are used and nothing that
    /// may be given up is left.
    pub is_full: bool,
    /// How often each kind of memory was given up since the engine was made.
    pub gave_way: GaveWay,
}

/// How often memory was given up, by its kind and in that order. See [`MemoryUse`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GaveWay {
    /// Looks that dropped history of output logs.
    pub log_history: u64,
    /// Looks that dropped the oldest rows of scrollbacks.
    pub scrollback: u64,
    /// Looks that dropped tombstones and caches.
    pub tombstones: u64,
    /// Clients that were closed.
    pub clients: u64,
    /// Calls and requests that were refused.
    pub refused: u64,
}

impl MemoryUse {
    /// The bytes of each subsystem by its name, in the order of the fields.
    pub fn parts(&self) -> [(&'static str, usize); 12] {
        [
            ("logs", self.logs),
            ("screens", self.screens),
            ("input", self.input),
            ("state", self.state),
            ("tombstones", self.tombstones),
            ("watches", self.watches),
            ("clients", self.clients),
            ("requests", self.requests),
            ("peers", self.peers),
            ("resources", self.resources),
            ("inbox", self.inbox),
            ("events", self.events),
        ]
    }

    /// Bytes of all subsystems together.
    pub fn total(&self) -> usize {
        self.parts().into_iter().map(|(_, bytes)| bytes).sum()
    }
}

/// What gives way, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Yield {
    /// History of output logs that every reader has passed.
    LogHistory,
    /// The oldest rows of scrollbacks.
    Scrollback,
    /// Tombstones of the state and of watches, and what is kept only to be faster.
    Tombstones,
    /// The client for which the most bytes wait.
    Client,
}

/// The order in which memory is given up.
const ORDER: [Yield; 4] = [Yield::LogHistory, Yield::Scrollback, Yield::Tombstones, Yield::Client];

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    limit: usize,
    /// Bytes are being given up until less than [`EASED`] is used.
    is_relieving: bool,
    /// Nothing was left to be given up when so much was used; asked again when more is.
    exhausted_at: Option<usize>,
    is_full: bool,
    gave_way: GaveWay,
}

/// What is left of all memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemoryRoom {
    /// So many bytes more may be used by what can be refused.
    pub(crate) bytes: usize,
    /// What cannot be refused has taken most of what is kept for it: what makes it grow stops.
    pub(crate) is_critical: bool,
}

/// What to give up now: so many bytes of the first kind that has any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Relief {
    next: usize,
    bytes: usize,
    may_close_clients: bool,
}

impl MemoryBudget {
    pub(crate) fn new(limit: usize) -> Self {
        MemoryBudget {
            limit,
            is_relieving: false,
            exhausted_at: None,
            is_full: false,
            gave_way: GaveWay::default(),
        }
    }

    fn mark(&self, parts: usize) -> usize {
        self.limit / PARTS * parts
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(crate) fn gave_way(&self) -> GaveWay {
        self.gave_way
    }

    /// What is left for what may be refused or paused.
    pub(crate) fn room(&self, used: usize) -> MemoryRoom {
        let left = self.mark(FULL).saturating_sub(used);
        let bytes = if left < GRAIN { 0 } else { left };
        MemoryRoom { bytes, is_critical: used >= self.mark(CRITICAL) }
    }

    fn has_no_room(&self, used: usize) -> bool {
        self.room(used).bytes == 0
    }

    /// Whether so many bytes more are refused. Counts it.
    pub(crate) fn refuses(&mut self, used: usize, more: usize) -> bool {
        let refuses = self.room(used).bytes <= more;
        self.gave_way.refused += u64::from(refuses);
        refuses
    }

    /// A subsystem has refused something for want of memory.
    pub(crate) fn note_refusal(&mut self) {
        self.gave_way.refused += 1;
    }

    /// A turn begins: what had nothing to give up may have something now, and what is paused may go on.
    pub(crate) fn begin_turn(&mut self, used: usize) {
        if self.is_full || self.has_no_room(used) {
            self.exhausted_at = None;
        }
    }

    /// Whether a look would have something given up.
    pub(crate) fn wants_relief(&self, used: usize) -> bool {
        let may_ask = self.exhausted_at.is_none_or(|at| used > at.saturating_add(self.limit / 64));
        let mark = if self.is_relieving { EASED } else { STRAINED };
        used >= self.mark(mark) && may_ask
    }

    /// A look at what is used: what is to be given up, if anything.
    pub(crate) fn look(&mut self, used: usize) -> Option<Relief> {
        if !self.wants_relief(used) {
            if used < self.mark(EASED) {
                (self.is_relieving, self.exhausted_at) = (false, None);
            }
            // What was paused goes on once there is more than a little room.
            self.is_full &= used >= self.mark(STRAINED);
            return None;
        }
        self.is_relieving = true;
        let bytes = (used - self.mark(EASED)).clamp(1, RELIEF_BYTES);
        Some(Relief { next: 0, bytes, may_close_clients: self.has_no_room(used) })
    }

    /// So many bytes of this kind were given up.
    pub(crate) fn note(&mut self, kind: Yield, freed: usize) {
        let count = match kind {
            Yield::LogHistory => &mut self.gave_way.log_history,
            Yield::Scrollback => &mut self.gave_way.scrollback,
            Yield::Tombstones => &mut self.gave_way.tombstones,
            Yield::Client => &mut self.gave_way.clients,
        };
        *count += u64::from(freed > 0);
    }

    /// A look is over, after which so much is used; `freed`: what was given up in it.
    pub(crate) fn end_look(&mut self, used: usize, freed: usize) {
        if freed == 0 {
            self.exhausted_at = Some(used);
        }
        self.is_full = freed == 0 && self.has_no_room(used);
    }
}

impl Relief {
    /// The kind that is to give way next, and how many bytes of it; `None` when enough was freed, or nothing is left.
    pub(crate) fn next(&mut self, freed: usize) -> Option<(Yield, usize)> {
        let kind = *ORDER.get(self.next)?;
        let left = self.bytes.checked_sub(freed).filter(|left| *left > 0)?;
        if kind == Yield::Client && !self.may_close_clients {
            return None;
        }
        self.next += 1;
        Some((kind, left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 16 << 20;
    const PART: usize = LIMIT / 16;

    /// What can be given up of each kind, and what cannot.
    struct Model {
        budget: MemoryBudget,
        /// By their place in [`ORDER`].
        soft: [usize; 4],
        hard: usize,
    }

    impl Model {
        fn new(soft: [usize; 4], hard: usize) -> Model {
            Model { budget: MemoryBudget::new(LIMIT), soft, hard }
        }

        fn used(&self) -> usize {
            self.soft.iter().sum::<usize>() + self.hard
        }

        /// One look; which kinds gave way.
        fn look(&mut self) -> Vec<Yield> {
            let mut gave = Vec::new();
            let Some(mut relief) = self.budget.look(self.used()) else { return gave };
            let mut freed = 0;
            while let Some((kind, bytes)) = relief.next(freed) {
                let at = ORDER.iter().position(|each| *each == kind).unwrap();
                let taken = bytes.min(self.soft[at]);
                self.soft[at] -= taken;
                freed += taken;
                self.budget.note(kind, taken);
                gave.extend((taken > 0).then_some(kind));
            }
            self.budget.end_look(self.used(), freed);
            gave
        }

        /// Looks until nothing gives way any more.
        fn settle(&mut self) -> Vec<Yield> {
            let mut all = Vec::new();
            while self.budget.wants_relief(self.used()) {
                all.extend(self.look());
            }
            self.look();
            all.dedup();
            all
        }
    }

    /// `(history, scrollback, tombstones, clients)` and the rest in sixteenths; who gives way; what is left; whether
    /// new things are refused.
    #[test]
    fn who_gives_way_and_in_which_order() {
        use Yield::{Client, LogHistory, Scrollback, Tombstones};
        type Row = ([usize; 4], usize, &'static [Yield], usize, bool);
        let table: [Row; 8] = [
            ([9, 0, 0, 0], 4, &[], 13, false),
            ([10, 0, 0, 0], 4, &[LogHistory], 12, false),
            ([1, 9, 0, 0], 4, &[LogHistory, Scrollback], 12, false),
            ([0, 1, 1, 0], 13, &[Scrollback, Tombstones], 13, false),
            // Not yet full: no client is closed for it.
            ([0, 0, 0, 4], 10, &[], 14, false),
            ([0, 0, 0, 5], 10, &[Client], 14, false),
            ([0, 0, 0, 0], 14, &[], 14, false),
            ([0, 0, 1, 1], 15, &[Tombstones, Client], 15, true),
        ];
        for (soft, hard, expected, left, is_full) in table {
            let mut model = Model::new(soft.map(|parts| parts * PART), hard * PART);
            let gave = model.settle();
            assert_eq!(gave, expected, "{soft:?} {hard}");
            let slack = model.used().abs_diff(left * PART);
            assert!(slack <= PART, "{soft:?} {hard}: {} parts", model.used() / PART);
            assert_eq!(model.budget.is_full(), is_full, "{soft:?} {hard}");
        }
    }

    #[test]
    fn the_marks_are_exact() {
        let budget = MemoryBudget::new(LIMIT);
        assert!(!budget.wants_relief(14 * PART - 1) && budget.wants_relief(14 * PART));
        let room = |bytes, is_critical| MemoryRoom { bytes, is_critical };
        assert_eq!(budget.room(15 * PART - GRAIN), room(GRAIN, false));
        assert_eq!(budget.room(15 * PART - GRAIN + 1), room(0, false));
        assert_eq!(budget.room(15 * PART + PART / 2 - 1), room(0, false));
        assert_eq!(budget.room(15 * PART + PART / 2), room(0, true));
        assert_eq!(budget.room(usize::MAX), room(0, true));
        let mut budget = budget;
        let left = 15 * PART - GRAIN;
        assert!(!budget.refuses(left, GRAIN - 1) && budget.refuses(left, GRAIN));
        assert_eq!(budget.gave_way().refused, 1);
    }

    #[test]
    fn who_has_nothing_to_give_is_not_asked_again_at_once() {
        let mut model = Model::new([0; 4], 15 * PART);
        assert!(model.look().is_empty() && model.budget.is_full());
        assert!(!model.budget.wants_relief(model.used()), "a host that polls does not spin");
        model.budget.begin_turn(model.used());
        assert!(model.budget.wants_relief(model.used()), "once a turn");
        model.soft[0] = PART;
        assert_eq!(model.settle(), [Yield::LogHistory]);
        // What is freed elsewhere is enough, too.
        model.hard = 12 * PART;
        model.look();
        assert!(!model.budget.is_full() && model.budget.room(model.used()).bytes > 0);
    }

    #[test]
    fn what_is_paused_goes_on_where_nothing_is_given_up() {
        let mut model = Model::new([0; 4], 15 * PART);
        model.look();
        assert!(model.budget.is_full());
        // More than the mark of relief stays used for good.
        model.hard = 14 * PART + PART / 2;
        model.budget.begin_turn(model.used());
        model.look();
        assert!(!model.budget.is_full());
        model.budget.begin_turn(model.used());
        assert!(!model.budget.wants_relief(model.used()), "it is not asked each turn");
    }

    #[test]
    fn one_look_frees_a_bounded_part() {
        let mut model = Model::new([16 * PART, 0, 0, 0], 0);
        let before = model.used();
        model.look();
        assert_eq!(before - model.used(), RELIEF_BYTES);
    }

    #[test]
    fn extremes_do_not_overflow() {
        for limit in [0, 1, 15, usize::MAX] {
            let mut budget = MemoryBudget::new(limit);
            for used in [0, 1, limit, usize::MAX] {
                budget.begin_turn(used);
                let relief = budget.look(used);
                budget.end_look(used, 0);
                assert!(relief.is_none_or(|mut relief| relief.next(usize::MAX).is_none()));
                let _ = (budget.room(used), budget.refuses(used, usize::MAX));
            }
        }
    }
}
