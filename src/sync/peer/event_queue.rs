//! Events of a peer that wait for the host. Pure.
//!
//! A queue that is bounded in bytes: when it is full, the socket is not read any further, so one message
//! more than the bound is the most that is ever in it. Our own events (a connection that was lost,
//! replies that will not come) are small and always taken.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::event::PeerEvent;
use super::options::RemoteMode;
use super::request::{RemoteCode, RemoteOutcome};
use crate::state::StateVersion;
use crate::terminal::{ExitStatus, LinePosition, ScreenUpdate, TerminalNotice};

/// What an item costs beside its content, about.
const ITEM_BYTES: usize = 128;
/// An event that owns its data.
#[derive(Debug)]
pub(super) enum QueuedEvent {
    Connected {
        resumed: bool,
    },
    Disconnected {
        reason: String,
        retry_in: Option<Duration>,
    },
    State {
        version: StateVersion,
        full: bool,
    },
    Attached {
        terminal: u64,
        offset: u64,
    },
    DeliveryChanged {
        terminal: u64,
        mode: RemoteMode,
        offset: u64,
    },
    Detached {
        terminal: u64,
    },
    Output {
        id: AttachmentId,
        offset: u64,
        bytes: Bytes,
    },
    Gap {
        id: AttachmentId,
        from: u64,
        to: u64,
    },
    Snapshot {
        id: AttachmentId,
        offset: u64,
        size: (u16, u16),
        line: LinePosition,
        bytes: Vec<u8>,
        more: bool,
    },
    Screen {
        terminal: u64,
        update: Box<ScreenUpdate>,
    },
    Ended {
        terminal: u64,
        final_offset: u64,
        status: ExitStatus,
    },
    Notice {
        terminal: u64,
        seq: u64,
        notice: Box<TerminalNotice>,
    },
    Answer {
        request: u64,
        outcome: Box<RemoteOutcome>,
    },
    Applied {
        mutation: u64,
        version: u64,
    },
    Rejected {
        mutation: u64,
        code: RemoteCode,
        message: Cow<'static, str>,
    },
    Problem {
        terminal: Option<u64>,
        message: String,
    },
}

/// Whose output it is: a terminal may be attached to again while output of before is unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AttachmentId {
    pub(super) terminal: u64,
    /// Counts attachments.
    pub(super) serial: u64,
}

impl QueuedEvent {
    /// Bytes that it takes in the queue, about.
    pub(super) fn bytes(&self) -> usize {
        ITEM_BYTES
            + match self {
                QueuedEvent::Output { bytes, .. } => bytes.len(),
                QueuedEvent::Snapshot { bytes, .. } => bytes.len(),
                QueuedEvent::Screen { update, .. } => update.bytes(),
                QueuedEvent::Notice { notice, .. } => notice.text_bytes(),
                QueuedEvent::Answer { outcome, .. } => outcome.bytes(),
                QueuedEvent::Disconnected { reason: text, .. }
                | QueuedEvent::Problem { message: text, .. } => text.len(),
                QueuedEvent::Rejected { message, .. } => message.len(),
                _ => 0,
            }
    }

    /// The event as the host sees it.
    pub(super) fn as_event(&self) -> PeerEvent<'_> {
        match self {
            QueuedEvent::Connected { resumed } => PeerEvent::Connected { resumed: *resumed },
            QueuedEvent::Disconnected { reason, retry_in } => {
                PeerEvent::Disconnected { reason, retry_in: *retry_in }
            }
            QueuedEvent::State { version, full } => {
                PeerEvent::State { version: *version, full: *full }
            }
            QueuedEvent::Attached { terminal, offset } => {
                PeerEvent::Attached { terminal: *terminal, offset: *offset }
            }
            QueuedEvent::DeliveryChanged { terminal, mode, offset } => {
                PeerEvent::DeliveryChanged { terminal: *terminal, mode: *mode, offset: *offset }
            }
            QueuedEvent::Detached { terminal } => PeerEvent::Detached { terminal: *terminal },
            QueuedEvent::Output { id, offset, bytes } => {
                PeerEvent::Output { terminal: id.terminal, offset: *offset, bytes }
            }
            QueuedEvent::Gap { id, from, to } => {
                PeerEvent::Gap { terminal: id.terminal, from: *from, to: *to }
            }
            QueuedEvent::Snapshot { id, offset, size, line, bytes, more } => PeerEvent::Snapshot {
                terminal: id.terminal,
                offset: *offset,
                cols: size.0,
                rows: size.1,
                line: *line,
                bytes,
                more: *more,
            },
            QueuedEvent::Screen { terminal, update } => {
                PeerEvent::Screen { terminal: *terminal, update }
            }
            QueuedEvent::Ended { terminal, final_offset, status } => PeerEvent::Exited {
                terminal: *terminal,
                final_offset: *final_offset,
                status: *status,
            },
            QueuedEvent::Notice { terminal, seq, notice } => {
                PeerEvent::Notice { terminal: *terminal, seq: *seq, notice }
            }
            QueuedEvent::Answer { request, outcome } => {
                PeerEvent::Reply { request: *request, outcome }
            }
            QueuedEvent::Applied { mutation, version } => {
                PeerEvent::Applied { mutation: *mutation, version: *version }
            }
            QueuedEvent::Rejected { mutation, code, message } => {
                PeerEvent::Rejected { mutation: *mutation, code: *code, message }
            }
            QueuedEvent::Problem { terminal, message } => {
                PeerEvent::Problem { terminal: *terminal, message }
            }
        }
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct EventQueue {
    items: VecDeque<QueuedEvent>,
    bytes: usize,
    bytes_max: usize,
}

impl EventQueue {
    pub(super) fn new(bytes_max: usize) -> Self {
        EventQueue { items: VecDeque::new(), bytes: 0, bytes_max }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bytes that wait, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether another message may be read.
    pub(super) fn has_room(&self) -> bool {
        self.bytes < self.bytes_max
    }

    /// Adds an event. What only repeats or replaces the one before it takes its id.
    pub(super) fn push(&mut self, item: QueuedEvent) {
        match (self.items.back_mut(), item) {
            (
                Some(QueuedEvent::State { version: last, full: was_full }),
                QueuedEvent::State { version, full },
            ) => (*last, *was_full) = (version, *was_full || full),
            (
                Some(last @ QueuedEvent::Disconnected { .. }),
                item @ QueuedEvent::Disconnected { .. },
            ) => {
                self.bytes = self.bytes - last.bytes() + item.bytes();
                *last = item;
            }
            (_, item) => {
                self.bytes += item.bytes();
                self.items.push_back(item);
            }
        }
    }

    pub(super) fn push_output(&mut self, id: AttachmentId, offset: u64, bytes: &[u8]) {
        // Kept as it was read, it would keep the whole buffer of the socket, however large.
        let bytes = Bytes::copy_from_slice(bytes);
        self.push(QueuedEvent::Output { id, offset, bytes });
    }

    pub(super) fn pop(&mut self) -> Option<QueuedEvent> {
        let item = self.items.pop_front()?;
        self.bytes -= item.bytes();
        if self.items.is_empty() {
            // A flood is no reason to keep its memory.
            self.items.shrink_to(64);
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(n: u64) -> StateVersion {
        StateVersion { epoch: 1, n }
    }

    #[test]
    fn the_newest_state_takes_the_place_of_the_one_before() {
        let mut events = EventQueue::new(1 << 20);
        events.push(QueuedEvent::State { version: version(1), full: true });
        events.push(QueuedEvent::State { version: version(2), full: false });
        events.push(QueuedEvent::Applied { mutation: 1, version: 2 });
        events.push(QueuedEvent::State { version: version(3), full: false });
        let shown: Vec<_> =
            std::iter::from_fn(|| events.pop()).map(|i| format!("{:?}", i.as_event())).collect();
        assert_eq!(shown.len(), 3);
        assert!(shown[0].contains("n: 2") && shown[0].contains("full: true"), "{shown:?}");
        assert!(shown[2].contains("n: 3") && shown[2].contains("full: false"), "{shown:?}");
        assert_eq!(events.bytes(), 0);
    }

    #[test]
    fn failures_in_a_row_are_one_event() {
        let mut events = EventQueue::new(1 << 20);
        for (reason, retry_in) in [("a long one", Some(Duration::ZERO)), ("b", None)] {
            events.push(QueuedEvent::Disconnected { reason: reason.into(), retry_in });
        }
        assert!(matches!(
            events.pop().unwrap().as_event(),
            PeerEvent::Disconnected { reason: "b", retry_in: None }
        ));
        assert!(events.is_empty() && events.bytes() == 0);
    }

    #[test]
    fn bounded_in_bytes() {
        let mut events = EventQueue::new(1000);
        let id = AttachmentId { terminal: 1, serial: 1 };
        let whole = Bytes::from(vec![0; 100_000]);
        events.push_output(id, 0, &whole.slice(..500));
        assert!(events.has_room());
        events.push_output(id, 500, &whole.slice(500..1000));
        assert!(!events.has_room());
        events.pop();
        assert!(events.has_room());
        events.push_output(id, 1000, &whole.slice(1000..50_000));
        assert!(whole.is_unique(), "nothing keeps what was read");
    }
}
