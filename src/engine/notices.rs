//! Notices and figures for clients.

use super::Engine;
use crate::id::ClientId;
use crate::sync::protocol::{About, NoticeKind as WireKind, Stats};
use crate::sync::{Action, convert};
use crate::terminal::{NoticeKind, NoticeKinds};

impl Engine {
    /// A client wants these notices from now on, if its token allows them all.
    pub(super) fn want_notices_for(&mut self, client: ClientId, kinds: &[WireKind]) {
        let kinds = convert::notice_kinds(kinds);
        let outcome = if kinds.contains(NoticeKind::Clipboard) {
            self.server.authorize(client, Action::ReadClipboard)
        } else {
            Ok(())
        };
        if outcome.is_ok() {
            self.want_notices(client, kinds);
        }
        self.complain_about(client, About::default(), outcome);
    }

    /// A new client wants these notices. Those that its token does not allow are left out.
    pub(super) fn greet_notices_for(&mut self, client: ClientId, kinds: &[WireKind]) {
        let mut kinds = convert::notice_kinds(kinds);
        if !self.server.may(client, Action::ReadClipboard) {
            kinds = kinds.without(NoticeKind::Clipboard);
        }
        if !kinds.is_empty() && self.server.may(client, Action::ReadNotices) {
            self.want_notices(client, kinds);
        }
    }

    fn want_notices(&mut self, client: ClientId, kinds: NoticeKinds) {
        self.server.want_notices(client, kinds, &mut self.terminals, self.reactor.now());
    }

    /// Figures of the engine, and of the client that asks.
    pub(super) fn figures_for(&self, client: ClientId) -> Stats {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let (turns, longest) = self.turns.count_and_longest();
        let uptime = self.reactor.now().saturating_duration_since(self.started);
        Stats {
            uptime_ms: u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX),
            turns,
            longest_turn_us: u64::try_from(longest.as_micros()).unwrap_or(u64::MAX),
            clients: count(self.server.client_count()),
            terminals: count(self.terminals.len()),
            watches: count(self.watches.ids().count()),
            queued_bytes: self.server.queued_bytes(client) as u64,
        }
    }
}
