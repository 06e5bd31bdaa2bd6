//! The fan-out: output of terminals goes to the clients that follow them, and their windows give the terminals
//! their sizes.
//!
//! A terminal that clients follow is a [`Source`]: who they are, and a batcher that decides up to where output is
//! sent now. Clients at the same offset share one frame, made once. A client that has no room, no credit or a
//! resync before it goes on when it is woken.
//!
//! All clients of a source are one unit of the turn, as long as they share what is made. A snapshot and a part of the
//! scrollback are made for one client: that client is woken and served alone, charged by what it costs.
//!
//! Calls on behalf of clients (`attach`, `credit`, `report_grid`) take effect at once and send nothing but their
//! replies; [`Fanout::transmit`] sends output, at the end of the turn.

pub(super) mod attach;
mod backpressure;
mod resize;
mod round;
mod send;
mod source;

use std::collections::HashMap;
use std::time::Instant;

use self::round::{Round, SharedFrame};
use self::send::{advance, finish, go_on, is_served_alone};
use self::source::Source;
use super::clients::Clients;
use super::size::Grid;
use super::work::recycled;
use crate::error::{Error, Result};
use crate::id::{ClientId, TerminalId};
use crate::policy::{Slice, UNIT_COST_MAX};
use crate::reactor::Reactor;
use crate::sync::protocol::{Attach, DetachReason, ServerMessage};
use crate::terminal::{SizePolicy, Terminals};

/// What looking at a source costs, and sending to one client.
const SOURCE_COST: u64 = 3_000;
const CLIENT_COST: u64 = 3_000;
/// What may be made for one client, beside that, before its other terminals wait for the next unit.
const MADE_COST: u64 = UNIT_COST_MAX / 4;

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Fanout {
    sources: HashMap<TerminalId, Source>,
    /// Sources to look at although nothing touched their terminals.
    due: Vec<TerminalId>,
    /// Sources that were sent to single clients of theirs in this round.
    unsettled: Vec<TerminalId>,
    /// An empty list that keeps its memory, see [`Round`].
    frames: Vec<SharedFrame>,
    /// Counts what viewers do: the order decides over sizes.
    activity: u64,
}

impl Fanout {
    pub(super) fn has_work(&self) -> bool {
        !self.due.is_empty()
    }

    pub(super) fn handle_alarm(&mut self, terminal: TerminalId) {
        if let Some(source) = self.sources.get_mut(&terminal) {
            source.handle_alarm();
            self.due.push(terminal);
        }
    }

    /// A client has typed into a terminal: what comes next is its echo.
    pub(super) fn expect_echo(&mut self, terminal: TerminalId) {
        if let Some(source) = self.sources.get_mut(&terminal) {
            source.awaits_echo = true;
        }
    }

    // Attachments.

    /// Attaches a client to a terminal, or attaches it anew.
    pub(super) fn attach(
        &mut self,
        clients: &mut Clients,
        id: ClientId,
        attach: &Attach,
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let terminal = TerminalId::from_u64(attach.terminal);
        let (now, time) = (reactor.now(), self.next_activity());
        let limits = &clients.limits;
        let client = clients.table.get_mut(id)?;
        let Ok(state) = terminals.output_state(terminal) else {
            let reason = DetachReason::Closed;
            clients.send(id, &ServerMessage::Detached { terminal: attach.terminal, reason });
            return Ok(());
        };
        attach::check(client, attach, &state, limits)?;
        let grid = resize::grid_of(attach, terminal, terminals)?;
        let mut attachment = attach::attachment(attach, &state, limits, now);
        let offset = attachment.consumer.cursor();
        let known = client.attachment_of(terminal).map(|known| known.viewer);
        attachment.viewer = known.unwrap_or_default();
        attachment.viewer.attach_anew(grid, time);
        client.attachments.retain(|known| known.terminal != terminal);
        client.attachments.push(attachment);
        let mode = attach.mode;
        let attached = ServerMessage::Attached { terminal: attach.terminal, mode, offset };
        client.send_of(terminal, &attached);
        self.join(terminal, id, state.end);
        self.resize_if_open(terminal, clients, terminals, reactor);
        if grid.is_some()
            && let Some(attachment) = clients.get_mut(id)?.attachment(terminal)
        {
            attachment.begins_at = resize::begins_at(terminal, terminals, now);
        }
        clients.flush_later(id);
        clients.wake(id);
        Ok(())
    }

    /// Ends an attachment, if there is one.
    pub(super) fn detach(&mut self, clients: &mut Clients, id: ClientId, terminal: TerminalId) {
        let Ok(client) = clients.get_mut(id) else { return };
        client.attachments.retain(|known| known.terminal != terminal);
        let reason = DetachReason::Asked;
        client.send_of(terminal, &ServerMessage::Detached { terminal: terminal.to_u64(), reason });
        clients.flush_later(id);
        self.leave(terminal, id);
    }

    /// A client has consumed output.
    pub(super) fn credit(
        &mut self,
        clients: &mut Clients,
        id: ClientId,
        terminal: TerminalId,
        offset: u64,
    ) {
        let Ok(client) = clients.table.get_mut(id) else { return };
        // One that was detached meanwhile is no mistake.
        if let Some(attachment) = client.attachment(terminal) {
            attachment.on_credit(offset);
            if attachment.viewer.wake() {
                self.review_size(terminal);
            }
            clients.work.wake(client);
        }
    }

    /// A client looks at what is so many rows above the top of a screen; it is sent all of that.
    pub(super) fn scroll(
        &self,
        clients: &mut Clients,
        id: ClientId,
        (terminal, rows): (TerminalId, u32),
        terminals: &mut Terminals,
    ) -> Result<()> {
        terminals.output_state(terminal)?;
        let client = clients.table.get_mut(id)?;
        let attachment = client.attachment(terminal);
        let viewer = attachment.and_then(|a| Some((a.consumer.view()?, &mut a.viewport)));
        let Some((view, viewport)) = viewer else {
            return Err(Error::invalid("the client is not attached in the mode `screen`"));
        };
        terminals.scroll_view(terminal, viewport, rows as usize)?;
        view.turn();
        clients.work.wake(client);
        Ok(())
    }

    /// A client interrupts a program: what it was not sent yet is dropped.
    pub(super) fn interrupt(
        &self,
        clients: &mut Clients,
        id: ClientId,
        terminal: TerminalId,
        terminals: &Terminals,
        now: Instant,
    ) {
        let Ok(client) = clients.table.get_mut(id) else { return };
        attach::drop_unsent(client, terminal, terminals, now);
        clients.work.wake(client);
    }

    /// A client follows this terminal from now on.
    fn join(&mut self, terminal: TerminalId, client: ClientId, end: u64) {
        let source = self.sources.entry(terminal).or_insert_with(|| Source::new(end));
        if !source.clients.contains(&client) {
            source.clients.push(client);
        }
        self.due.push(terminal);
    }

    /// It no longer does.
    pub(super) fn leave(&mut self, terminal: TerminalId, client: ClientId) {
        if let Some(source) = self.sources.get_mut(&terminal) {
            source.clients.retain(|id| *id != client);
            self.review_size(terminal);
        }
    }

    // Sizes.

    /// A client reports the grid of its window for a terminal that it is attached to.
    pub(super) fn report_grid(
        &mut self,
        clients: &mut Clients,
        id: ClientId,
        terminal: TerminalId,
        grid: Grid,
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) -> Result<()> {
        resize::check_grid(grid, terminal, terminals)?;
        let time = self.next_activity();
        if let Some(attachment) = clients.get_mut(id)?.attachment(terminal) {
            attachment.viewer.report(grid, time);
        }
        self.resize(terminal, clients, terminals, reactor)
    }

    /// A client types into a terminal, which gets the size of its window by the policy `Latest`.
    pub(super) fn note_typing(
        &mut self,
        clients: &mut Clients,
        id: ClientId,
        terminal: TerminalId,
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) {
        let time = self.next_activity();
        let Ok(client) = clients.get_mut(id) else { return };
        let Some(attachment) = client.attachment(terminal) else { return };
        let was_stalled = attachment.viewer.wake();
        attachment.viewer.note_typing(time);
        let decides = terminals.size_policy(terminal).is_ok_and(|p| p == SizePolicy::Latest)
            && terminals.size(terminal).is_ok_and(|size| attachment.viewer.may_resize(size));
        if was_stalled || decides {
            self.resize_if_open(terminal, clients, terminals, reactor);
        }
    }

    /// Gives a terminal the size that its viewers ask for, if it has another one.
    fn resize(
        &self,
        terminal: TerminalId,
        clients: &Clients,
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let followers = self.sources.get(&terminal).map_or(&[][..], |source| &source.clients);
        resize::resize(terminal, followers, clients, terminals, reactor)
    }

    /// As [`resize`](Self::resize), of a terminal that may have ended: then its size matters no more.
    pub(super) fn resize_if_open(
        &self,
        terminal: TerminalId,
        clients: &Clients,
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) {
        // A size that is too large was refused when it was reported, so there is no other reason to fail.
        let _ = self.resize(terminal, clients, terminals, reactor);
    }

    /// The viewers of a terminal are not those that its size was chosen for.
    fn review_size(&mut self, terminal: TerminalId) {
        if let Some(source) = self.sources.get_mut(&terminal) {
            source.is_size_stale = true;
            self.due.push(terminal);
        }
    }

    fn next_activity(&mut self) -> u64 {
        self.activity += 1;
        self.activity
    }

    // Sending.

    /// Sends what is new, until the slice is over; the rest waits for the next turn. `touched`: terminals
    /// that something happened to. Gives the clients that were woken, since they may get more, and how many of them were
    /// served.
    pub(super) fn transmit(
        &mut self,
        clients: &mut Clients,
        touched: &[TerminalId],
        terminals: &mut Terminals,
        slice: &mut Slice,
        reactor: &mut Reactor,
    ) -> (Vec<ClientId>, usize) {
        self.note_due(touched);
        let frames = std::mem::take(&mut self.frames);
        let mut round = Round { terminals, reactor, frames, screens: Vec::new(), cost: 0 };
        self.transmit_due(clients, &mut round, slice);
        round.clear();
        let woken = clients.work.take_woken();
        let mut served = 0;
        for id in &woken {
            if served > 0 && slice.is_over() {
                break;
            }
            self.transmit_to(clients, *id, &mut round);
            served += 1;
            slice.charge(CLIENT_COST + std::mem::take(&mut round.cost));
        }
        self.settle(clients, &mut round);
        round.clear();
        self.frames = round.frames;
        (woken, served)
    }

    /// Sources of these terminals are due, those that an echo is expected from before all others.
    fn note_due(&mut self, touched: &[TerminalId]) {
        let sources = &self.sources;
        self.due.extend(touched.iter().filter(|id| sources.contains_key(id)));
        let may_wait = |id: &TerminalId| sources.get(id).is_none_or(|source| !source.awaits_echo);
        self.due.sort_unstable_by_key(|id| (may_wait(id), *id));
        self.due.dedup();
    }

    /// Sends what is new in the terminals that are due, the echo of what was typed first.
    fn transmit_due(&mut self, clients: &mut Clients, round: &mut Round<'_>, slice: &mut Slice) {
        let due = std::mem::take(&mut self.due);
        let mut served = 0;
        for id in &due {
            if served > 0 && slice.is_over() {
                break;
            }
            round.clear();
            let count = self.transmit_source(clients, *id, round);
            served += 1;
            let cost = SOURCE_COST + count as u64 * CLIENT_COST;
            slice.charge(cost + std::mem::take(&mut round.cost));
        }
        let new = std::mem::take(&mut self.due);
        self.due = recycled(due, served, new);
    }

    /// Sends what is new in one terminal to everybody who follows it, and wakes those who are served alone. Gives how many
    /// follow it.
    fn transmit_source(
        &mut self,
        clients: &mut Clients,
        id: TerminalId,
        round: &mut Round<'_>,
    ) -> usize {
        let source = self.sources.get_mut(&id);
        if source.is_some_and(|source| std::mem::take(&mut source.is_size_stale)) {
            self.resize_if_open(id, clients, round.terminals, round.reactor);
        }
        let Some(source) = self.sources.get_mut(&id) else { return 0 };
        let now = round.reactor.now();
        let state = match round.terminals.output_state(id) {
            Ok(state) if !source.clients.is_empty() => state,
            Ok(_) => {
                self.end_source(id, round);
                return 0;
            }
            Err(_) => {
                self.forget_source(id, round.reactor);
                return 0;
            }
        };
        source.release(&state, now);
        let is_over = source.is_over(id, &state, &clients.table, now);
        for client in &source.clients {
            let Ok(client) = clients.table.get_mut(*client) else {
                broken!("who follows a terminal is there");
                continue;
            };
            if is_served_alone(client, id, round) {
                // One without room is woken when there is some.
                if client.has_room() {
                    clients.work.wake(client);
                }
            } else {
                advance(client, id, &state, source.released, round);
            }
            if is_over {
                finish(client, id, &state);
            }
        }
        if !is_over {
            source.settle(id, &state, &mut clients.table, &clients.limits, round);
        }
        for client in &source.clients {
            clients.flush_later(*client);
        }
        let count = source.clients.len();
        if is_over {
            self.end_source(id, round);
        }
        count
    }

    /// Nobody follows a terminal any more, or it is over.
    fn end_source(&mut self, id: TerminalId, round: &mut Round<'_>) {
        let _ = round.terminals.unsubscribe_from_output(id, round.reactor);
        self.forget_source(id, round.reactor);
    }

    fn forget_source(&mut self, id: TerminalId, reactor: &mut Reactor) {
        if let Some(source) = self.sources.remove(&id) {
            source.end(reactor);
        }
    }

    /// Sends one client what it may have of what it follows; it is woken again for what is too much for one unit. Its
    /// sources have to be settled.
    fn transmit_to(&mut self, clients: &mut Clients, id: ClientId, round: &mut Round<'_>) {
        let Ok(client) = clients.table.get_mut(id) else { return };
        client.is_woken = false;
        let mut attachments = std::mem::take(&mut client.attachments);
        let mut served = 0;
        for attachment in &mut attachments {
            if round.cost >= MADE_COST {
                clients.work.wake(client);
                break;
            }
            served += 1;
            let terminal = attachment.terminal;
            let Ok(state) = round.terminals.output_state(terminal) else { continue };
            let Some(source) = self.sources.get_mut(&terminal) else { continue };
            go_on(client, attachment, &state, source.released, round);
            if !std::mem::replace(&mut source.is_unsettled, true) {
                self.unsettled.push(terminal);
            }
        }
        // Who is the first has the room first, so another one is the first next time.
        let is_through = served == attachments.len();
        attachments.rotate_left(if is_through { served.min(1) } else { served });
        client.attachments = attachments;
        clients.work.flush_later(client);
    }

    /// Settles the sources of which single clients were sent something, once each however many clients there were.
    fn settle(&mut self, clients: &mut Clients, round: &mut Round<'_>) {
        let mut unsettled = std::mem::take(&mut self.unsettled);
        for id in unsettled.drain(..) {
            let Some(source) = self.sources.get_mut(&id) else { continue };
            source.is_unsettled = false;
            let Ok(state) = round.terminals.output_state(id) else { continue };
            if source.settle(id, &state, &mut clients.table, &clients.limits, round) {
                // Seldom: somebody is warned, or had its time.
                for client in &source.clients {
                    clients.flush_later(*client);
                }
            }
        }
        self.unsettled = unsettled;
    }
}
