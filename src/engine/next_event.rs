//! The next event of an engine: notices first, then terminals, watches and peers, then how parts are.

use super::Engine;
use super::event::{Event, Notice};
use crate::error::Result;

impl Engine {
    /// The next event, or `None` when no event is left before the next turn.
    ///
    /// Reading an event consumes it; a lossless reader moves on, which may let its PTY be read again.
    /// Unread output stays in the log and stops the PTY, it is never dropped.
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked), [`System`](crate::ErrorKind::System).
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>> {
        self.check_process()?;
        if let Some(notice) = self.notices.pop() {
            self.finish_call_or_log();
            return Ok(Some(match notice {
                Notice::Completed { tag, result } => Event::Completed { tag, result },
                Notice::Log { level, client, text } => {
                    self.log_line = text;
                    Event::Log { level, client, text: &self.log_line }
                }
            }));
        }
        if let Some(slow) = self.turns.take_slow() {
            self.finish_call()?;
            return Ok(Some(Event::SlowTurn(slow)));
        }
        if self.has_unreported_review() {
            self.finish_call_or_log();
            let review = self.unreported_review();
            return Ok(review.map(|review| Event::Review {
                review: review.number,
                client: review.client,
                changes: &review.changes,
            }));
        }
        let pending = self.terminals.take_event(&mut self.reactor);
        if pending.is_none()
            && let Some((id, tag)) = self.watches.take_event(&mut self.reactor)
        {
            self.finish_call_or_log();
            let event = self.watches.last_event();
            return Ok(event.map(|event| Event::Watch { id, tag, event }));
        }
        if pending.is_none()
            && let Some((id, tag)) = self.peers.poll_event(&mut self.reactor)
        {
            self.finish_call_or_log();
            return Ok(self.peers.event().map(|event| Event::Peer { id, tag, event }));
        }
        if pending.is_none()
            && let Some(health) = self.take_health_event()
        {
            self.finish_call_or_log();
            return Ok(Some(Event::Health(health)));
        }
        if pending.is_none() && self.is_shutdown_complete() {
            self.shutdown = super::Shutdown::Reported;
            self.finish_call_or_log();
            return Ok(Some(Event::ShutdownComplete));
        }
        self.finish_call_or_log();
        Ok(pending.map(|(id, tag, pending)| {
            let event = self.terminals.resolve(id, pending);
            Event::Terminal { id, tag, event }
        }))
    }
}
