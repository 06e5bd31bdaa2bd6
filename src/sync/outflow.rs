//! What one round of sending shares: the terminals, and frames that several clients need.

use bytes::Bytes;

use super::screens;
use crate::reactor::{Reactor, TerminalId};
use crate::terminal::Terminals;

/// So many frames are looked through; clients that go on together are few offsets apart.
const LOOK_MAX: usize = 64;

/// A frame with output, and what it holds: terminal, offset and length.
pub(super) type MadeFrame = ((TerminalId, u64, usize), Bytes);

/// What sending needs besides the client.
pub(super) struct Outflow<'a> {
    pub(super) terminals: &'a mut Terminals,
    pub(super) reactor: &'a mut Reactor,
    /// Frames that were made in this round.
    pub(super) frames: Vec<MadeFrame>,
    /// Updates of screens that were made in this round.
    pub(super) screens: screens::Made,
}

impl Outflow<'_> {
    pub(super) fn forget_made(&mut self) {
        self.frames.clear();
        self.screens.clear();
    }
}

/// A frame that was made for another client a moment ago.
pub(super) fn find_made(made: &[MadeFrame], wanted: (TerminalId, u64, usize)) -> Option<Bytes> {
    let mut latest = made.iter().rev().take(LOOK_MAX);
    latest.find(|(holds, _)| *holds == wanted).map(|(_, frame)| frame.clone())
}
