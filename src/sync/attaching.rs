//! What clients ask of the server itself: attachments, and who is there.

use std::time::{Duration, Instant};

use super::attachment::Attachment;
use super::client::{Client, CloseCode};
use super::protocol::{Attach, DetachReason, Mode, ServerMessage};
use super::server::Server;
use super::viewers::begins_at;
use crate::error::{Error, ErrorKind, Result};
use crate::reactor::{ClientId, Reactor, TerminalId};
use crate::sync::Scopes;
use crate::terminal::Terminals;

/// The window of an attachment that asks for none.
pub(super) const WINDOW: u64 = 256 << 10;
/// The smallest window: less would be stop and go.
pub(super) const WINDOW_MIN: u64 = 4 << 10;
/// After an interrupt what the program had written before is still coming for about so long; a snapshot
/// of the screen waits for it.
const INTERRUPT_TAIL: Duration = Duration::from_millis(50);

/// A client that is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientInfo {
    /// Which one.
    pub id: ClientId,
    /// The name that it gave itself, at most 64 bytes.
    pub name: String,
    /// What its token allows.
    pub scopes: Scopes,
    /// Terminals that it is attached to.
    pub terminals: usize,
    /// Bytes that wait to be sent to it.
    pub queued_bytes: usize,
}

impl Server {
    /// Attaches a client to a terminal, or attaches it anew.
    pub(crate) fn attach(
        &mut self,
        id: ClientId,
        attach: &Attach,
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let terminal = TerminalId::from_u64(attach.terminal);
        let (now, time) = (reactor.now(), self.next_activity());
        let client = self.clients.get_mut(id)?;
        let Ok(state) = terminals.output_state(terminal) else {
            let reason = DetachReason::Closed;
            client.send(&ServerMessage::Detached { terminal: attach.terminal, reason });
            self.mark_pushed(id);
            return Ok(());
        };
        if attach.mode == Mode::Screen && !state.has_screen {
            let text = format!("terminal {} was made without a screen", attach.terminal);
            return Err(Error::new(ErrorKind::NoScreen, text));
        }
        let max = self.limits.client_attachments;
        if client.attachments.len() >= max && client.attachment_of(terminal).is_none() {
            let text = format!("terminal {}: {max} are attached already", attach.terminal);
            return Err(Error::limit(text));
        }
        let grid = Server::grid_of(attach, terminal, terminals)?;
        let window_max = self.limits.client_window_bytes as u64;
        let window = if attach.window == 0 { WINDOW } else { attach.window };
        let window = window.clamp(WINDOW_MIN, window_max.max(WINDOW_MIN));
        let (mode, start) = (attach.mode, attach.start);
        let mut attachment = Attachment::new(terminal, mode, start, window, &state, now);
        let offset = attachment.consumer.cursor();
        let known = client.attachment_of(terminal).map(|known| known.viewer);
        attachment.viewer = known.unwrap_or_default();
        attachment.viewer.attach_anew(grid, time);
        client.attachments.retain(|known| known.terminal != terminal);
        client.attachments.push(attachment);
        let attached = ServerMessage::Attached { terminal: attach.terminal, mode, offset };
        client.send_of(terminal, &attached);
        self.pump.join(terminal, id, state.end);
        self.settle_size_if_open(terminal, terminals, reactor);
        if grid.is_some()
            && let Some(attachment) = self.clients.get_mut(id)?.attachment(terminal)
        {
            attachment.begins_at = begins_at(terminal, terminals, now);
        }
        self.mark_pushed(id);
        self.wake(id);
        Ok(())
    }

    /// Ends an attachment, if there is one.
    pub(crate) fn detach(&mut self, id: ClientId, terminal: TerminalId) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        client.attachments.retain(|known| known.terminal != terminal);
        let reason = DetachReason::Asked;
        client.send_of(terminal, &ServerMessage::Detached { terminal: terminal.to_u64(), reason });
        self.pump.leave(terminal, id);
        self.mark_pushed(id);
    }

    /// A client interrupts a program: what it was not sent yet is dropped, from the queue, and from the log by
    /// a resync. Nothing is dropped where nothing waits, so an interrupt at a prompt shows as always.
    pub(crate) fn interrupt(
        &mut self,
        id: ClientId,
        terminal: TerminalId,
        terminals: &Terminals,
        now: Instant,
    ) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        drop_unsent(client, terminal, terminals, now);
        self.wake(id);
    }

    /// A client has worked off output.
    pub(crate) fn credit(&mut self, id: ClientId, terminal: TerminalId, offset: u64) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        // One that was detached meanwhile is no mistake.
        if let Some(attachment) = client.attachment(terminal) {
            attachment.on_credit(offset);
            if attachment.viewer.wake() {
                self.pump.look_at_size(terminal);
            }
            self.wake(id);
        }
    }

    /// Everybody who is let in.
    pub(crate) fn infos(&self) -> Vec<ClientInfo> {
        let clients = self.clients.ids().filter_map(|id| self.clients.get(id).ok());
        let open = clients.filter(|client| client.is_open());
        open.map(|client| ClientInfo {
            id: client.id,
            name: client.name.clone(),
            scopes: client.grant.map_or(Scopes::NONE, |grant| grant.scopes),
            terminals: client.attachments.len(),
            queued_bytes: client.wire.queued_bytes(),
        })
        .collect()
    }

    /// Closes a client's connection because the host wants it.
    pub(crate) fn expel(
        &mut self,
        id: ClientId,
        reason: &str,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.clients.get(id)?;
        self.close(id, CloseCode::Bye, reason, reactor);
        Ok(())
    }

    // Watches that clients asked for.

    /// The watches of a client.
    pub(crate) fn watches_of(&mut self, id: ClientId) -> Result<&mut Vec<crate::WatchId>> {
        Ok(&mut self.clients.get_mut(id)?.watches)
    }

    /// The host has ended a watch: no client has it any more.
    pub(crate) fn forget_watch(&mut self, watch: crate::WatchId) {
        for client in self.clients.values_mut() {
            client.watches.retain(|known| *known != watch);
        }
    }
}

fn drop_unsent(client: &mut Client, id: TerminalId, terminals: &Terminals, now: Instant) {
    let Ok(state) = terminals.output_state(id) else { return };
    let taken_back = client.wire.take_back_output(id);
    let Some(attachment) = client.attachment(id).filter(|a| !a.consumer.is_viewer()) else {
        return;
    };
    if let Some(offset) = taken_back {
        attachment.consumer.take_back(offset);
    }
    if attachment.consumer.cursor() >= state.end {
        return;
    }
    if !state.has_screen {
        // At once: a later gap would swallow the prompt, which no snapshot shows again.
        let (from, to) = attachment.skip_to_end(state.end);
        client.send_of(id, &ServerMessage::Gap { terminal: id.to_u64(), from, to });
    } else if !attachment.consumer.is_resyncing() {
        // One that waits already is not put off by a key that is held down.
        attachment.consumer.resync(0);
        attachment.resync_at = Some(now + INTERRUPT_TAIL);
    }
}
