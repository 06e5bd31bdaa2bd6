//! What one round of sending shares: the terminals, and frames that several clients need.

use bytes::Bytes;

use crate::id::TerminalId;
use crate::reactor::Reactor;
use crate::sync::codec::Codec;
use crate::terminal::Terminals;

/// So many frames are looked through; clients that go on together are few offsets apart.
const LOOK_MAX: usize = 64;

/// A frame with output, and what it holds: terminal, offset and length.
pub(super) type SharedFrame = ((TerminalId, u64, usize), Bytes);

/// Changes of a screen in a frame: of which terminal, from which generation, how encoded; and to which
/// generation.
pub(super) type SharedScreen = ((TerminalId, u64, Codec, bool), u64, Bytes);

/// What sending needs besides the client.
pub(super) struct Round<'a> {
    pub(super) terminals: &'a mut Terminals,
    pub(super) reactor: &'a mut Reactor,
    /// Frames that were made in this round.
    pub(super) frames: Vec<SharedFrame>,
    /// Updates of screens that were made in this round.
    pub(super) screens: Vec<SharedScreen>,
    /// What was made since it was charged last cost so much, in nanoseconds of estimated work.
    pub(super) cost: u64,
}

impl Round<'_> {
    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.screens.clear();
    }
}

/// A frame that was made for another client a moment ago.
pub(super) fn find_shared(made: &[SharedFrame], wanted: (TerminalId, u64, usize)) -> Option<Bytes> {
    let mut latest = made.iter().rev().take(LOOK_MAX);
    latest.find(|(holds, _)| *holds == wanted).map(|(_, frame)| frame.clone())
}
