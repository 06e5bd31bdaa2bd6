//! The memory of unfinished messages, of all clients together.
//!
//! It is bounded by `client_partial_bytes_total`. When that is used up, a client whose unfinished message is
//! more than small is *starved*: it is read again once others have finished theirs or are gone. One at a time
//! may exceed the bound, by one message at most, so that somebody always finishes. A message that makes no
//! progress for `client_stall_time` closes its client, twice that if it is starved, so that this does not last.

use std::collections::VecDeque;

use super::client::{Client, READ_BYTES};
use super::incoming::IncomingMessage;
use super::work::WorkLists;
use crate::id::{ClientId, IdTable};

/// Bytes of an unfinished message that a client always has.
const SMALL_BYTES: usize = 16 << 10;

type Table = IdTable<ClientId, Box<Client>>;

/// See the module's documentation.
pub(super) struct UnfinishedBudget {
    bytes_max: usize,
    /// What it is while there is memory for it.
    limit: usize,
    /// Bytes of all unfinished messages.
    bytes: usize,
    /// Clients that are read again when there is room, and some that are gone.
    starved: VecDeque<ClientId>,
    /// The client whose unfinished message may exceed the bound.
    exempt: Option<ClientId>,
}

impl UnfinishedBudget {
    pub(super) fn new(bytes_max: usize) -> Self {
        UnfinishedBudget {
            bytes_max,
            limit: bytes_max,
            bytes: 0,
            starved: VecDeque::new(),
            exempt: None,
        }
    }

    /// Bytes of all unfinished messages.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// All memory of the engine has room for so many bytes more.
    pub(super) fn set_room(&mut self, bytes: usize, table: &mut Table, work: &mut WorkLists) {
        self.bytes_max = self.limit.min(self.bytes.saturating_add(bytes));
        self.release(0, table, work);
    }

    /// Whether a client may be read, as far as its unfinished message goes. It may become the one that exceeds the
    /// bound.
    pub(super) fn may_read(&mut self, id: ClientId, table: &Table) -> bool {
        let held = table.get(id).map_or(0, |client| client.frames.held());
        if held <= SMALL_BYTES || self.bytes + READ_BYTES <= self.bytes_max {
            return true;
        }
        // Without its message there would be room: whole, it exceeds the bound by no more than its size.
        let others = self.bytes.saturating_sub(held);
        let is_free = self.exempt.is_none_or(|exempt| exempt == id || table.get(exempt).is_err());
        let may_exceed = is_free && others <= self.bytes_max;
        if may_exceed {
            self.exempt = Some(id);
        }
        may_exceed
    }

    /// The client is read again when there is room.
    pub(super) fn starve(&mut self, client: &mut Client) {
        if !std::mem::replace(&mut client.is_starved, true) {
            self.starved.push_back(client.id);
        }
        self.exempt = self.exempt.filter(|exempt| *exempt != client.id);
    }

    /// Counts what a client's unfinished message has by now.
    pub(super) fn count(&mut self, id: ClientId, table: &mut Table, work: &mut WorkLists) {
        let Ok(client) = table.get_mut(id) else { return };
        let held =
            client.frames.held() + client.incoming.as_ref().map_or(0, IncomingMessage::bytes);
        let before = std::mem::replace(&mut client.unfinished_bytes, held);
        self.bytes += held;
        self.release(before, table, work);
        if held == 0 {
            self.pass_on(id, table, work);
        }
    }

    /// So many bytes are not held any more: those that wait for room have it.
    pub(super) fn release(&mut self, bytes: usize, table: &mut Table, work: &mut WorkLists) {
        self.bytes -= bytes;
        if self.starved.is_empty() {
            return;
        }
        let free = self.bytes_max.saturating_sub(self.bytes);
        for _ in 0..(free / READ_BYTES).min(self.starved.len()) {
            if let Some(id) = self.starved.pop_front() {
                read_again(id, table, work);
            }
        }
    }

    /// A client that exceeded the bound needs it no longer, or waits for its own bytes: the next one may.
    pub(super) fn pass_on(&mut self, id: ClientId, table: &mut Table, work: &mut WorkLists) {
        if self.exempt != Some(id) {
            return;
        }
        self.exempt = None;
        let next = self.starved.iter().position(|id| {
            let held = table.get(*id).map(|client| client.unfinished_bytes);
            held.is_ok_and(|held| self.bytes.saturating_sub(held) <= self.bytes_max)
        });
        if let Some(id) = next.and_then(|at| self.starved.remove(at)) {
            read_again(id, table, work);
        }
    }
}

fn read_again(id: ClientId, table: &mut Table, work: &mut WorkLists) {
    if let Ok(client) = table.get_mut(id) {
        client.is_starved = false;
        // It was the server that did not go on.
        client.unfinished = None;
        work.read_later(client);
    }
}
