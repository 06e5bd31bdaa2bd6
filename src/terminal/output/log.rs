//! The log: segments of bytes, oldest first.
//!
//! A PTY is read straight into the last segment, and readers get slices of the segments, so a byte
//! is copied once, by the kernel. When the log is full its oldest segment becomes its newest: in
//! steady state nothing is allocated. The first segment is a page, so that a terminal that has only
//! shown a prompt stays small.
//!
//! What was read is *staged* behind the end until the screen has taken it in; nobody but the screen sees it before.

use std::collections::VecDeque;

const FIRST_SEGMENT_BYTES: usize = 4 << 10;
const SEGMENT_BYTES_MAX: usize = 64 << 10;
const SEGMENTS: usize = 16;
/// Places to cut that are remembered of a whole log.
const CUTS: usize = 256;

/// The bytes that all logs of an engine may hold together.
pub(crate) struct LogBudget {
    used: usize,
    /// The bound now, and what it is while there is memory for it.
    max: usize,
    limit: usize,
}

impl LogBudget {
    pub(crate) fn new(limit: usize) -> Self {
        LogBudget { used: 0, max: limit, limit }
    }

    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// All memory of the engine has room for so many bytes more.
    pub(crate) fn set_room(&mut self, bytes: usize) {
        self.max = self.limit.min(self.used.saturating_add(bytes));
    }

    /// Whether so many bytes more fit.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.used + bytes <= self.max
    }

    fn take(&mut self, bytes: usize) -> bool {
        let fits = self.has_room(bytes);
        if fits {
            self.used += bytes;
        }
        fits
    }

    fn give_back(&mut self, bytes: usize) {
        invariant!(self.used >= bytes, "what is given back was taken");
        self.used -= bytes;
    }
}

struct Segment {
    /// Offset of the first byte.
    start: u64,
    /// Bytes in use.
    len: usize,
    data: Box<[u8]>,
}

impl Segment {
    fn end(&self) -> u64 {
        self.start + self.len as u64
    }
}

/// See the module's documentation.
pub(crate) struct OutputLog {
    segments: VecDeque<Segment>,
    segment_bytes: usize,
    capacity: usize,
    /// Sum of the segments' sizes, at most `capacity`.
    allocated: usize,
    end: u64,
    /// Bytes behind the end, in the last segment, that were read and are not counted in yet.
    staged: usize,
}

impl OutputLog {
    pub(crate) fn new(capacity: usize) -> Self {
        let segment_bytes = (capacity / SEGMENTS).clamp(FIRST_SEGMENT_BYTES, SEGMENT_BYTES_MAX);
        OutputLog {
            segments: VecDeque::new(),
            segment_bytes,
            capacity,
            allocated: 0,
            end: 0,
            staged: 0,
        }
    }

    /// Offset of the oldest byte that is still here.
    pub(crate) fn start(&self) -> u64 {
        self.segments.front().map_or(self.end, |segment| segment.start)
    }

    /// Offset after the newest byte.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Offset of the first byte that must be kept, when the slowest lossless reader is there. A reader
    /// that came late may wait for a gap: what it lost is not kept for it.
    pub(crate) fn keep_from(&self, slowest: Option<u64>) -> u64 {
        slowest.map_or(self.end, |cursor| cursor.max(self.start()))
    }

    /// Bytes between offsets that are remembered as places to cut.
    pub(crate) fn cut_distance(&self) -> u64 {
        (self.capacity / CUTS) as u64
    }

    /// How much may be unread so that there is always room for it: two segments, the first and the
    /// last one of what is unread, may be in use only in part.
    pub(crate) fn unread_max(&self) -> u64 {
        (self.capacity - 2 * self.segment_bytes) as u64
    }

    /// Room for new bytes at the end, at least one; history before `keep_from` may go for it.
    /// `None` when the budget of all logs is used up and this log has no history to give.
    pub(crate) fn read_buffer(
        &mut self,
        keep_from: u64,
        budget: &mut LogBudget,
    ) -> Option<&mut [u8]> {
        let full = self.segments.back().is_none_or(|last| last.len == last.data.len());
        if full {
            let segment = self.new_segment(keep_from, budget)?;
            self.segments.push_back(segment);
        }
        let last = self.segments.back_mut()?;
        Some(&mut last.data[last.len..])
    }

    /// The first `n` bytes of the room have been read. They are counted in by [`commit`](Self::commit).
    pub(crate) fn stage(&mut self, n: usize) {
        let Some(last) = self.segments.back() else { return broken!("room was taken before") };
        invariant!(n <= last.data.len() - last.len, "as much was read as there was room for");
        self.staged = n;
    }

    /// The bytes that are staged.
    pub(crate) fn staged(&self) -> &[u8] {
        let last = self.segments.back();
        last.and_then(|last| last.data.get(last.len..last.len + self.staged)).unwrap_or(&[])
    }

    /// Counts in the first `n` of the bytes that are staged.
    pub(crate) fn commit(&mut self, n: usize) {
        let Some(last) = self.segments.back_mut() else { return broken!("room was taken before") };
        invariant!(n <= self.staged, "what is counted in was staged");
        last.len += n;
        self.staged -= n;
        self.end += n as u64;
    }

    /// Drops the bytes that are staged.
    pub(crate) fn unstage(&mut self) {
        self.staged = 0;
    }

    /// Contiguous bytes from `offset` on, at most `max`. Empty where the log has none.
    pub(crate) fn slice(&self, offset: u64, max: usize) -> &[u8] {
        let index = self.segments.partition_point(|segment| segment.end() <= offset);
        let Some(segment) = self.segments.get(index) else { return &[] };
        let Some(skip) = offset.checked_sub(segment.start) else { return &[] };
        let bytes = &segment.data[skip as usize..segment.len];
        &bytes[..bytes.len().min(max)]
    }

    /// Bytes of the segment that is made next.
    pub(crate) fn next_segment_bytes(&self) -> usize {
        if self.segments.is_empty() { FIRST_SEGMENT_BYTES } else { self.segment_bytes }
    }

    /// Whether [`release_oldest`](Self::release_oldest) would free something.
    pub(crate) fn has_history(&self, keep_from: u64) -> bool {
        let has_staged = self.staged > 0 && self.segments.len() == 1;
        !has_staged && self.segments.front().is_some_and(|oldest| oldest.end() <= keep_from)
    }

    /// Frees the oldest segment if all of it is before `keep_from`; whether it did.
    pub(crate) fn release_oldest(&mut self, keep_from: u64, budget: &mut LogBudget) -> bool {
        match self.detach_oldest(keep_from) {
            Some(segment) => {
                budget.give_back(segment.data.len());
                true
            }
            None => false,
        }
    }

    /// Frees everything; for a terminal that goes away.
    pub(crate) fn release_all(&mut self, budget: &mut LogBudget) {
        budget.give_back(self.allocated);
        (self.allocated, self.staged) = (0, 0);
        self.segments.clear();
    }

    fn new_segment(&mut self, keep_from: u64, budget: &mut LogBudget) -> Option<Segment> {
        let bytes = self.next_segment_bytes();
        let mut recycled = None;
        while self.allocated + bytes > self.capacity {
            let segment = self.detach_oldest(keep_from)?;
            if segment.data.len() == bytes {
                recycled = Some(segment.data);
            } else {
                budget.give_back(segment.data.len());
            }
        }
        let data = match recycled {
            Some(data) => data,
            None if budget.take(bytes) => vec![0; bytes].into_boxed_slice(),
            // No memory of our own to be had: the oldest history makes room, of any size.
            None => self.detach_oldest(keep_from)?.data,
        };
        self.allocated += data.len();
        Some(Segment { start: self.end, len: 0, data })
    }

    fn detach_oldest(&mut self, keep_from: u64) -> Option<Segment> {
        if !self.has_history(keep_from) {
            return None;
        }
        let oldest = self.segments.pop_front()?;
        self.allocated -= oldest.data.len();
        Some(oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn append(log: &mut OutputLog, keep_from: u64, budget: &mut LogBudget, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            let Some(room) = log.read_buffer(keep_from, budget) else { break };
            let n = room.len().min(bytes.len() - written);
            room[..n].copy_from_slice(&bytes[written..written + n]);
            log.stage(n);
            assert_eq!(log.staged(), &bytes[written..written + n]);
            // Counted in by parts, and nothing that is staged makes room for others.
            for part in [n / 3, n - n / 3] {
                let released = log.has_history(log.end()) && log.segments.len() == 1;
                assert!(!released || log.staged().is_empty());
                log.commit(part);
            }
            written += n;
        }
        written
    }

    fn read_all(log: &OutputLog, mut offset: u64) -> Vec<u8> {
        let mut out = Vec::new();
        loop {
            let bytes = log.slice(offset, usize::MAX);
            if bytes.is_empty() {
                return out;
            }
            out.extend_from_slice(bytes);
            offset += bytes.len() as u64;
        }
    }

    fn pattern(from: u64, n: usize) -> Vec<u8> {
        (from..from + n as u64).map(|i| (i * 31 % 251) as u8).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Against the plain list of all bytes: what the log has is a suffix of it, it is bounded,
        /// and nothing at or after `keep_from` is ever dropped.
        #[test]
        fn is_a_bounded_suffix(
            steps in prop::collection::vec((0..30_000usize, 0..60_000u64), 1..60),
            capacity in prop_oneof![Just(64 << 10), Just(100_000usize), Just(256 << 10)],
        ) {
            let mut budget = LogBudget::new(usize::MAX);
            let mut log = OutputLog::new(capacity);
            let mut keep_from = 0u64;
            for (n, advance) in steps {
                let allowed = (log.unread_max() - (log.end() - keep_from)) as usize;
                let n = n.min(allowed);
                let bytes = pattern(log.end(), n);
                prop_assert_eq!(append(&mut log, keep_from, &mut budget, &bytes), n);
                prop_assert!(log.allocated <= capacity);
                prop_assert_eq!(log.allocated, budget.used());
                prop_assert!(log.start() <= keep_from);
                let kept = (log.end() - log.start()) as usize;
                prop_assert_eq!(read_all(&log, log.start()), pattern(log.start(), kept));
                keep_from = (keep_from + advance).min(log.end());
            }
            log.release_all(&mut budget);
            prop_assert_eq!(budget.used(), 0);
        }
    }

    #[test]
    fn without_budget_its_own_history_makes_room() {
        let mut budget = LogBudget::new(FIRST_SEGMENT_BYTES);
        let mut log = OutputLog::new(64 << 10);
        let bytes = pattern(0, FIRST_SEGMENT_BYTES);
        assert_eq!(append(&mut log, 0, &mut budget, &bytes), FIRST_SEGMENT_BYTES);
        assert!(log.read_buffer(0, &mut budget).is_none(), "all of it is unread");
        assert!(log.read_buffer(log.end(), &mut budget).is_some());
        assert_eq!(log.start(), FIRST_SEGMENT_BYTES as u64);
    }

    #[test]
    fn slices_outside_are_empty() {
        let mut budget = LogBudget::new(usize::MAX);
        let mut log = OutputLog::new(64 << 10);
        assert!(log.slice(0, 9).is_empty());
        append(&mut log, 0, &mut budget, b"abc");
        assert_eq!(log.slice(1, 9), b"bc");
        assert!(log.slice(3, 9).is_empty() && log.slice(u64::MAX, 9).is_empty());
        assert!(!log.release_oldest(0, &mut budget));
        assert!(log.release_oldest(3, &mut budget));
        assert!(log.slice(1, 9).is_empty());
    }
}
