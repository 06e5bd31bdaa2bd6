//! The input queue: bytes that wait until the program reads.
//!
//! A PTY master takes 11 to 14 KB before it says EAGAIN; the rest waits here, bounded. Writing
//! never blocks and never needs the program's output to be read first, so a program that floods and
//! does not read cannot lock up the engine.

use std::collections::VecDeque;
use std::io;

use super::line::{Line, LineRules};

/// Memory that an empty queue may keep for the next time.
const IDLE_CAPACITY: usize = 4096;

pub(crate) struct InputQueue {
    waiting: VecDeque<u8>,
    max: usize,
    /// All memory of the engine is used up.
    is_full: bool,
    /// The line that the PTY is collecting.
    line: Line,
    /// Bytes that the PTY took, ever.
    written: u64,
    /// A write was not accepted whole; an event reports when there is room again.
    refused: bool,
}

/// What a flush met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flushed {
    /// Bytes that the PTY took now.
    pub(crate) written: usize,
    /// A line longer than canonical mode keeps went out while the terminal was canonical.
    pub(crate) truncated: bool,
    /// The PTY is gone.
    pub(crate) broken: bool,
}

/// Where input goes: the PTY, or a model of it in a test.
pub(crate) trait Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// The rules for lines, or `None` when the PTY collects none.
    fn line_rules(&mut self) -> Option<LineRules>;
}

impl InputQueue {
    pub(crate) fn new(max: usize) -> Self {
        InputQueue {
            waiting: VecDeque::new(),
            max,
            is_full: false,
            line: Line::default(),
            written: 0,
            refused: false,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn free(&self) -> usize {
        self.max().saturating_sub(self.waiting.len())
    }

    /// Bytes that may wait now: what a person types, if all memory of the engine is used up.
    fn max(&self) -> usize {
        if self.is_full { IDLE_CAPACITY.min(self.max) } else { self.max }
    }

    /// Whether all memory of the engine is used up.
    pub(crate) fn set_full(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    /// Bytes that the queue takes.
    pub(crate) fn bytes(&self) -> usize {
        self.waiting.capacity()
    }

    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Writes what the sink takes at once and queues the rest as far as it fits. Returns how many
    /// bytes were accepted, the first ones, and what happened at the sink.
    pub(crate) fn push(&mut self, bytes: &[u8], sink: &mut impl Sink) -> (usize, Flushed) {
        let mut flushed = Flushed::default();
        let mut rest = bytes;
        if self.waiting.is_empty() {
            // The common case, a keystroke: straight to the PTY, no copy.
            flushed = self.write_out(bytes, sink);
            rest = &bytes[flushed.written..];
        }
        let queued = rest.len().min(self.free());
        self.waiting.extend(&rest[..queued]);
        let accepted = bytes.len() - rest.len() + queued;
        self.refused |= accepted < bytes.len();
        (accepted, flushed)
    }

    /// Writes what waits until the sink takes no more.
    pub(crate) fn flush(&mut self, sink: &mut impl Sink) -> Flushed {
        let mut total = Flushed::default();
        while !self.waiting.is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            let (front, _) = waiting.as_slices();
            let length = front.len();
            let step = self.write_out(front, sink);
            self.waiting = waiting;
            self.waiting.drain(..step.written);
            total.written += step.written;
            total.truncated |= step.truncated;
            total.broken |= step.broken;
            if step.written < length {
                break;
            }
        }
        if self.waiting.is_empty() && self.waiting.capacity() > IDLE_CAPACITY {
            self.waiting = VecDeque::new();
        }
        total
    }

    /// Whether the input so far, with what waits, ends inside a line by these rules.
    pub(crate) fn is_mid_line(&self, rules: &LineRules) -> bool {
        let mut line = self.line.clone();
        let (front, back) = self.waiting.as_slices();
        line.count(front, Some(rules));
        line.count(back, Some(rules));
        !line.is_empty()
    }

    /// Drops what waits; for a PTY that is gone.
    pub(crate) fn clear(&mut self) {
        self.waiting = VecDeque::new();
    }

    /// A write was refused; an event reports when there is room.
    pub(crate) fn refuse(&mut self) {
        self.refused = true;
    }

    /// Whether an event should report, after a refused write, that half of the queue is free now. Once.
    pub(crate) fn take_ready(&mut self) -> bool {
        let ready = self.refused && self.waiting.len() <= self.max() / 2;
        self.refused &= !ready;
        ready
    }

    fn write_out(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Flushed {
        let mut flushed = Flushed::default();
        while flushed.written < bytes.len() {
            // The rules before the write: it wakes the program, which may change them at once.
            let rules = sink.line_rules();
            match sink.write(&bytes[flushed.written..]) {
                Ok(0) => break,
                Ok(n) => {
                    let chunk = &bytes[flushed.written..flushed.written + n];
                    flushed.truncated |= self.line.count(chunk, rules.as_ref());
                    flushed.written += n;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    flushed.broken = true;
                    break;
                }
            }
        }
        self.written += flushed.written as u64;
        flushed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A PTY that takes `room` bytes and then blocks.
    #[derive(Default)]
    struct Model {
        taken: Vec<u8>,
        room: usize,
        canonical: bool,
        gone: bool,
    }

    impl Sink for Model {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.gone {
                return Err(io::Error::from_raw_os_error(libc::EIO));
            }
            if self.room == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let n = bytes.len().min(self.room).min(700);
            self.taken.extend_from_slice(&bytes[..n]);
            self.room -= n;
            Ok(n)
        }
        fn line_rules(&mut self) -> Option<LineRules> {
            let ends = [b'\n', b'\r', 4, 0, 0];
            self.canonical.then_some(LineRules { ends, ..LineRules::default() })
        }
    }

    proptest! {
        /// Whatever the PTY takes when: accepted bytes arrive in order, exactly once.
        #[test]
        fn accepted_bytes_arrive_in_order(
            steps in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..3000), 0..4000usize), 1..40),
        ) {
            let mut queue = InputQueue::new(4096);
            let mut sink = Model::default();
            let mut accepted = Vec::new();
            for (bytes, room) in steps {
                sink.room = room;
                let (n, _) = queue.push(&bytes, &mut sink);
                accepted.extend_from_slice(&bytes[..n]);
                prop_assert!(n == bytes.len() || queue.free() == 0);
                prop_assert!(queue.len() <= 4096);
                queue.flush(&mut sink);
                prop_assert!(accepted.starts_with(&sink.taken));
                prop_assert_eq!(accepted.len(), sink.taken.len() + queue.len());
                prop_assert_eq!(queue.written(), sink.taken.len() as u64);
            }
            sink.room = usize::MAX;
            queue.flush(&mut sink);
            prop_assert_eq!(accepted, sink.taken);
        }
    }

    #[test]
    fn a_refused_writer_learns_once_that_the_queue_has_room() {
        let mut queue = InputQueue::new(4096);
        let mut sink = Model::default();
        assert_eq!(queue.push(&[b'x'; 5000], &mut sink).0, 4096);
        assert!(!queue.take_ready());
        sink.room = 2048;
        queue.flush(&mut sink);
        assert!(queue.take_ready());
        assert!(!queue.take_ready());
    }

    /// Lines around the limit, whole and in two writes, in both modes.
    #[test]
    fn long_canonical_lines_are_noticed() {
        let table =
            [(4095, true, false), (4096, true, true), (9000, true, true), (9000, false, false)];
        for (bytes, canonical, truncated) in table {
            for cut in [0, 1, bytes / 2] {
                let mut queue = InputQueue::new(1 << 20);
                let mut sink = Model { room: usize::MAX, canonical, ..Model::default() };
                let mut line = vec![b'x'; bytes];
                line.push(b'\n');
                let first = queue.push(&line[..cut], &mut sink).1.truncated;
                let second = queue.push(&line[cut..], &mut sink).1.truncated;
                assert_eq!(first || second, truncated, "{bytes} {canonical} {cut}");
                assert!(!queue.push(b"short\n", &mut sink).1.truncated);
            }
        }
    }

    #[test]
    fn a_broken_pty_is_reported() {
        let mut queue = InputQueue::new(4096);
        let mut sink = Model { gone: true, ..Model::default() };
        assert!(queue.push(b"x", &mut sink).1.broken);
    }
}
