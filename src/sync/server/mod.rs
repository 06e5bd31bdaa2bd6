//! The server: connections of clients, their requests, and the output and state that they get.
//!
//! Its parts, from the bottom up; each knows only those before it:
//!
//! - [`work`], [`size`], [`pacer`]: decisions without input or output; [`figures`]: what is counted and measured;
//! - [`pages`], [`reports`]: what a listener serves over HTTP;
//! - [`attachment`], [`state_subscription`], [`notice_subscription`]: what a client gets of a terminal, of the state,
//!   and of notices;
//! - [`client`]: one connection, with [`incoming`] for a message that is being decoded and [`timers`] for its deadlines;
//! - [`admission`], [`unfinished`]: bounds over all connections;
//! - [`clients`]: the table of connections, and how each ends;
//! - [`handshake`], [`decode`], [`reader`]: from bytes to requests;
//! - [`fanout`], [`state_sync`], [`notices`]: from terminals and the state to frames;
//! - here: [`Server`], which owns the parts and passes each call to one of them.

mod admission;
mod attachment;
mod client;
mod clients;
mod decode;
mod fanout;
mod figures;
mod handshake;
mod incoming;
mod listener;
mod metrics;
mod notice_subscription;
mod notices;
mod observers;
mod options;
mod pacer;
mod pages;
mod reader;
mod reports;
mod size;
mod state_subscription;
mod state_sync;
#[cfg(test)]
mod tests;
mod timers;
mod unfinished;
mod work;

/// Bounds that [`super::manual`] compares with `docs/PROTOCOL.md`.
#[cfg(test)]
pub(super) mod bounds {
    pub(crate) use crate::sync::server::client::{COST, HELLO_BYTES, REPLY_ROOM};
    pub(crate) use crate::sync::server::clients::{LARGEST_MESSAGE, QUEUED_FRAMES_MAX};
    pub(crate) use crate::sync::server::fanout::attach::{WINDOW, WINDOW_MIN};
    pub(crate) use crate::sync::server::handshake::NAME_MAX;
    pub(crate) use crate::sync::server::reader::{MALFORMED_MAX, UNVERIFIED_COST};
}

pub(crate) use clients::Effect;
pub(crate) use handshake::collections_of;
pub use listener::ListenerState;
pub(crate) use observers::MadeFigures;
pub use options::{ListenAddress, ListenerOptions};
pub(crate) use reader::{Body, Request};
pub(crate) use reports::{Report, ReportReply, ReportRequest};

use std::ops::Range;
use std::time::{Duration, Instant};

use self::clients::Clients;
use self::fanout::Fanout;
use self::handshake::Handshake;
use self::listener::{Accepted, Listeners};
use self::notices::Notices;
use self::observers::Observers;
use self::reader::Reader;
use self::size::Grid;
use self::state_sync::StateSync;
use crate::error::{Error, Result};
use crate::id::{ClientId, ListenerId, TerminalId, WatchId};
use crate::limits::Limits;
use crate::observe::{ClientMetrics, HealthPart, HealthReason, Metrics, Notes, Reasons};
use crate::policy::Slice;
use crate::reactor::Reactor;
use crate::state::{ApplicationState, Collections, StateVersion};
use crate::sync::access::{Access, Action, Scopes};
use crate::sync::protocol::{About, Applied, Attach, CloseCode, ErrorCode, Health, ServerMessage};
use crate::terminal::{NoticeKinds, Terminals};

/// Connections accepted in one turn.
const ACCEPTS_PER_TURN: usize = 32;
/// What writing to a socket costs, beside a quarter of a nanosecond for each byte.
const FLUSH_COST: u64 = 5_000;

/// A client that has authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientState {
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
    /// Bytes of memory that it takes, about: what waits to be sent, and messages that are not whole yet.
    pub memory_bytes: usize,
}

/// The server side of the protocol. It never blocks and keeps no thread; sockets, timers and the clock are those of
/// the [`Reactor`] that is passed to it.
///
/// - `handle_*` takes in what the kernel reported or which timer fired. It accepts connections, notes what is to be
///   read, and closes what has had its time; it reads no messages.
/// - [`poll_request`](Self::poll_request) reads messages and gives out one request at a time, until its slice is over.
///   The caller carries each out, at once or over several turns, and calls the method for it: `attach`, `credit`,
///   `subscribe` and so on. These take effect at once and queue replies; output and diffs wait.
/// - [`transmit`](Self::transmit) is called once, last in a turn: it queues output and diffs and writes to the sockets.
/// - [`poll_effect`](Self::poll_effect) gives out what the caller has to do outside of the server. Call it until there is
///   none, after `transmit`.
/// - Queries (`has_work`, `is_behind`, `client_infos`) change nothing. While `has_work` is true, the next turn must
///   not wait for the kernel.
///
/// Calls between turns (`add_listener`, `disconnect`, `close_revoked`) may come at any time; what they cause comes out in the
/// next turn. An id that is gone is an error where the host names it, and ignored where a client's request does, since
/// connections end at any moment.
pub(crate) struct Server {
    pub(crate) access: Access,
    listeners: Listeners,
    clients: Clients,
    reader: Reader,
    fanout: Fanout,
    state_sync: StateSync,
    notices: Notices,
    observers: Observers,
}

impl Server {
    pub(crate) fn new(limits: Limits, now: Instant) -> Self {
        Server {
            access: Access::default(),
            listeners: Listeners::new(),
            clients: Clients::new(limits),
            reader: Reader::new(now),
            fanout: Fanout::default(),
            state_sync: StateSync::default(),
            notices: Notices::default(),
            observers: Observers::new(now),
        }
    }

    // Listeners.

    pub(crate) fn add_listener(
        &mut self,
        options: &ListenerOptions,
        reactor: &mut Reactor,
    ) -> Result<ListenerId> {
        let max = self.clients.limits.listeners;
        if self.listeners.len() >= max {
            return Err(Error::limit(format!("{max} addresses are listened on already")));
        }
        self.listeners.add(options, self.clients.limits.resource_bytes, reactor)
    }

    pub(crate) fn address(&self, id: ListenerId) -> Result<ListenAddress> {
        self.listeners.get(id)?.address()
    }

    pub(crate) fn listener_state(&self, id: ListenerId) -> Result<ListenerState> {
        Ok(self.listeners.get(id)?.state())
    }

    pub(crate) fn listener_ids(&self) -> Vec<ListenerId> {
        self.listeners.ids()
    }

    /// Listens on an address no longer. Connections stay.
    pub(crate) fn remove_listener(&mut self, id: ListenerId, reactor: &mut Reactor) -> Result<()> {
        self.listeners.remove(id, reactor)?;
        self.clients.notes.gone(HealthPart::Listener(id));
        Ok(())
    }

    /// Listens no longer and takes no connection in; those that are there stay until
    /// [`close_all`](Self::close_all).
    pub(crate) fn stop_listening(&mut self, reactor: &mut Reactor) {
        self.clients.is_closing = true;
        for id in self.listeners.ids() {
            self.clients.notes.gone(HealthPart::Listener(id));
        }
        self.listeners.remove_all(reactor);
    }

    // What the kernel and the clock report.

    pub(crate) fn handle_listener_ready(&mut self, id: ListenerId, reactor: &mut Reactor) {
        for _ in 0..ACCEPTS_PER_TURN {
            let Ok(listener) = self.listeners.get(id) else { return };
            let accepted = listener.accept();
            match accepted {
                Accepted::Socket(socket) => {
                    self.listeners.on_progress(id, reactor.now());
                    self.note_accepting(id);
                    self.handshake().begin(id, socket, reactor);
                }
                Accepted::Gone => self.listeners.on_progress(id, reactor.now()),
                Accepted::Nobody => {
                    if let Some(line) = self.listeners.on_drained(id, reactor) {
                        self.clients.log(line);
                    }
                    return self.note_accepting(id);
                }
                Accepted::Exhausted(errno) => {
                    if let Some(line) = self.listeners.on_exhausted(id, errno, reactor) {
                        self.clients.warn(line);
                    }
                    return self.note_accepting(id);
                }
            }
        }
        // Not in this turn: others have theirs.
        self.listeners.accept_soon(id, reactor);
    }

    /// Notes whether a listener can accept, if that has changed.
    fn note_accepting(&mut self, id: ListenerId) {
        if let Some(accepts) = self.listeners.take_accepting(id) {
            let facts = Reasons::default().with(HealthReason::OutOfDescriptors, !accepts);
            self.clients.notes.facts(HealthPart::Listener(id), facts);
        }
    }

    pub(crate) fn handle_listener_alarm(&mut self, id: ListenerId, reactor: &mut Reactor) {
        self.listeners.handle_alarm(id);
        self.handle_listener_ready(id, reactor);
    }

    /// Whether [`accept_again`](Self::accept_again) would try something.
    pub(crate) fn may_accept_again(&self, reactor: &Reactor) -> bool {
        self.listeners.may_accept_again(reactor)
    }

    /// Accepts connections that wait for a descriptor, if the engine has closed one.
    pub(crate) fn accept_again(&mut self, reactor: &mut Reactor) {
        if self.listeners.may_accept_again(reactor) {
            for id in self.listeners.exhausted(reactor) {
                self.handle_listener_ready(id, reactor);
            }
        }
    }

    pub(crate) fn handle_client_ready(
        &mut self,
        id: ClientId,
        readable: bool,
        writable: bool,
        hung_up: bool,
        reactor: &Reactor,
    ) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.has_hung_up |= hung_up;
            if readable {
                client.received_at = reactor.now();
            }
        }
        if readable || hung_up {
            self.clients.read_later(id);
        }
        if writable {
            // Written at the end of the turn, with what comes until then.
            self.clients.flush_later(id);
            self.clients.wake(id);
        }
    }

    pub(crate) fn handle_client_alarm(&mut self, id: ClientId, reactor: &mut Reactor) {
        self.clients.handle_alarm(id, reactor);
    }

    /// The timer of state sync has fired.
    pub(crate) fn handle_state_alarm(&mut self) {
        self.state_sync.handle_alarm();
    }

    /// Clients that observe the engine are due.
    pub(crate) fn handle_observers_alarm(&mut self) {
        self.observers.handle_alarm();
    }

    /// The timer of a terminal that clients follow has fired.
    pub(crate) fn handle_terminal_alarm(&mut self, terminal: TerminalId) {
        self.fanout.handle_alarm(terminal);
    }

    // Requests.

    /// The next request of a client, if one can be read without waiting. `None` also when the slice is over;
    /// whoever has more is read in the next turn.
    pub(crate) fn poll_request(
        &mut self,
        slice: &mut Slice,
        state: &ApplicationState,
        reactor: &mut Reactor,
    ) -> Option<Request> {
        let Server { clients, listeners, access, reader, .. } = self;
        let mut handshake = Handshake { clients, listeners, access };
        reader.poll_request(&mut handshake, state, slice, reactor)
    }

    fn handshake(&mut self) -> Handshake<'_> {
        let Server { clients, listeners, access, .. } = self;
        Handshake { clients, listeners, access }
    }

    /// Something was done for a client, in nanoseconds of estimated work. It is read on once it has paid; those that have
    /// shown no valid token pay together.
    pub(crate) fn charge(&mut self, id: ClientId, cost: u64, now: Instant) {
        match self.clients.get_mut(id) {
            Ok(client) if client.is_unverified() => self.reader.charge_unverified(cost, now),
            Ok(client) => client.cost.charge(cost, now),
            Err(_) => {}
        }
    }

    /// Does not read a client before [`resume_reading`](Self::resume_reading): what it sends comes after
    /// what is being done for it.
    pub(crate) fn pause_reading(&mut self, id: ClientId) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.is_paused = true;
        }
    }

    /// Reads a client on.
    pub(crate) fn resume_reading(&mut self, id: ClientId) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.is_paused = false;
        }
        self.clients.read_later(id);
    }

    // Reports.

    /// A request for a report: [`answer_report`](Self::answer_report) it. `only_short`: not if its report is long.
    pub(crate) fn poll_report(&mut self, only_short: bool) -> Option<ReportRequest> {
        self.clients.reports.pop(only_short)
    }

    /// Whether a report is waited for that nobody has begun to make.
    pub(crate) fn has_report(&self) -> bool {
        !self.clients.reports.is_empty()
    }

    /// Whether a connection still waits for its report.
    pub(crate) fn awaits_report(&self, id: ClientId) -> bool {
        handshake::awaits_report(&self.clients, id)
    }

    /// Answers a request for a report; the connection ends with it.
    pub(crate) fn answer_report(&mut self, id: ClientId, reply: ReportReply, is_head: bool) {
        handshake::answer_report(&mut self.clients, id, reply, is_head);
    }

    // Permission.

    /// Whether the client's token allows an action.
    pub(crate) fn may(&self, id: ClientId, action: Action<'_>) -> bool {
        self.clients.get(id).is_ok_and(|client| client.scopes().allow(action))
    }

    /// [`may`](Self::may), with the error for the client.
    pub(crate) fn authorize(&self, id: ClientId, action: Action<'_>) -> Result<()> {
        let client = self.clients.get(id);
        client.map_or(Scopes::NONE, |client| client.scopes()).authorize(action)
    }

    // Replies.

    /// Sends a client a message.
    pub(crate) fn send(&mut self, id: ClientId, message: &ServerMessage) {
        self.clients.send(id, message);
    }

    /// Reports an error to a client that belongs to no request with a result, and what it is about.
    pub(crate) fn send_error_about(
        &mut self,
        id: ClientId,
        about: About,
        code: ErrorCode,
        message: &str,
    ) {
        self.clients.send_error_about(id, about, code, message);
    }

    /// Whether a reply may be queued; `None` when the client is gone or is being closed.
    pub(crate) fn has_reply_room(&self, id: ClientId) -> Option<bool> {
        self.clients.get_open(id).map(|client| client.has_reply_room())
    }

    // Terminals.

    /// Attaches a client to a terminal, or attaches it anew.
    pub(crate) fn attach(
        &mut self,
        id: ClientId,
        attach: &Attach,
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.fanout.attach(&mut self.clients, id, attach, terminals, reactor)
    }

    /// Ends an attachment, if there is one.
    pub(crate) fn detach(&mut self, id: ClientId, terminal: TerminalId) {
        self.fanout.detach(&mut self.clients, id, terminal);
    }

    /// Whether a client is attached to a terminal.
    pub(crate) fn is_attached(&self, id: ClientId, terminal: TerminalId) -> bool {
        self.clients.get(id).is_ok_and(|client| client.attachment_of(terminal).is_some())
    }

    /// A client has consumed output up to an offset.
    pub(crate) fn credit(&mut self, id: ClientId, terminal: TerminalId, offset: u64) {
        self.fanout.credit(&mut self.clients, id, terminal, offset);
    }

    /// A client in the mode `screen` looks at what is so many rows above the top of the screen.
    pub(crate) fn scroll(
        &mut self,
        id: ClientId,
        to: (TerminalId, u32),
        terminals: &mut Terminals,
    ) -> Result<()> {
        self.fanout.scroll(&mut self.clients, id, to, terminals)
    }

    /// A client interrupts a program: output that it was not sent yet is dropped.
    pub(crate) fn interrupt(
        &mut self,
        id: ClientId,
        terminal: TerminalId,
        terminals: &Terminals,
        now: Instant,
    ) {
        self.fanout.interrupt(&mut self.clients, id, terminal, terminals, now);
    }

    /// A client has typed into a terminal: what comes next is its echo.
    pub(crate) fn expect_echo(&mut self, id: ClientId, terminal: TerminalId, now: Instant) {
        self.fanout.expect_echo(terminal);
        if let Ok(client) = self.clients.get_mut(id) {
            client.typed_at = Some(now);
        }
    }

    /// A client types into a terminal, which gets the size of its window by the policy `Latest`.
    pub(crate) fn note_typing(
        &mut self,
        id: ClientId,
        terminal: TerminalId,
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) {
        self.fanout.note_typing(&mut self.clients, id, terminal, terminals, reactor);
    }

    /// A client reports the grid of its window for a terminal that it is attached to.
    pub(crate) fn report_grid(
        &mut self,
        id: ClientId,
        terminal: TerminalId,
        (cols, rows): (u16, u16),
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let grid = Grid { cols, rows };
        self.fanout.report_grid(&mut self.clients, id, terminal, grid, terminals, reactor)
    }

    /// Gives a terminal the size that its viewers ask for by its policy, if it has another one.
    pub(crate) fn resize(
        &mut self,
        terminal: TerminalId,
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) {
        self.fanout.resize_if_open(terminal, &self.clients, terminals, reactor);
    }

    /// A client wants notices of these kinds from now on, of all terminals.
    pub(crate) fn want_notices(
        &mut self,
        id: ClientId,
        kinds: NoticeKinds,
        terminals: &mut Terminals,
        now: Instant,
    ) {
        self.notices.want(id, kinds, &mut self.clients, terminals, now);
    }

    // Observers.

    /// A client wants figures each so many milliseconds (0: never), and the health when it changes.
    pub(crate) fn observe(&mut self, id: ClientId, figures_ms: u32, health: bool, now: Instant) {
        let interval = (figures_ms > 0).then(|| Duration::from_millis(figures_ms.into()));
        self.observers.subscribe(id, interval, health, now);
    }

    /// The health of the engine has changed.
    pub(crate) fn note_health(&mut self) {
        self.observers.note_health();
    }

    /// Whether figures are to be made for clients in this turn, and whether the health.
    pub(crate) fn observers_due(&self, now: Instant) -> (bool, bool) {
        self.observers.due(&self.clients, now)
    }

    /// Sends figures and health to whom they are due; after [`transmit`](Self::transmit), for which they are never in the
    /// way.
    pub(crate) fn send_to_observers(
        &mut self,
        figures: Option<MadeFigures>,
        health: Option<&Health>,
        slice: &mut Slice,
        reactor: &mut Reactor,
    ) {
        let clients = &mut self.clients;
        if self.observers.transmit(clients, figures, health, slice, reactor) > 0 {
            self.flush(slice, reactor);
        }
    }

    // The state.

    /// Whether clients wait for what was committed since they were looked at.
    pub(crate) fn is_behind(&self, version: StateVersion) -> bool {
        self.client_count() > 0 && !self.state_sync.has_seen(version)
    }

    /// A change set of this client was committed: it is reported with its effect.
    pub(crate) fn report_applied(&mut self, id: ClientId, applied: Applied) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.state.applied.push(applied);
        }
        self.clients.wake(id);
    }

    /// The client wants these collections from now on, all of them anew.
    pub(crate) fn subscribe(&mut self, id: ClientId, collections: Collections) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.state.collections = collections;
        }
        self.resend_state(id);
    }

    /// The client wants everything anew.
    pub(crate) fn resend_state(&mut self, id: ClientId) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.state.restart();
        }
        self.clients.wake(id);
    }

    /// The client has applied this version.
    pub(crate) fn acknowledge(&mut self, id: ClientId, version: u64, now: Instant) {
        let Clients { table, totals, .. } = &mut self.clients;
        if let Ok(client) = table.get_mut(id)
            && let Some(after) = client.state.pacer.on_acknowledged(version, now)
        {
            totals.on_acknowledged(&mut client.figures, after);
            self.clients.wake(id);
        }
    }

    // Watches that clients asked for.

    /// The watches of a client.
    pub(crate) fn watches_of(&mut self, id: ClientId) -> Result<&mut Vec<WatchId>> {
        Ok(&mut self.clients.get_mut(id)?.watches)
    }

    /// The host has ended a watch: no client has it any more.
    pub(crate) fn remove_watch(&mut self, watch: WatchId) {
        for client in self.clients.table.values_mut() {
            client.watches.retain(|known| *known != watch);
        }
    }

    // The end of a turn.

    /// Sends what is new, until the slice is over; the rest waits for the next turn. `touched`: terminals
    /// that something happened to.
    pub(crate) fn transmit(
        &mut self,
        touched: &[TerminalId],
        terminals: &mut Terminals,
        state: &ApplicationState,
        slice: &mut Slice,
        reactor: &mut Reactor,
    ) {
        let Server { clients, fanout, state_sync, notices, .. } = self;
        for (terminal, client) in clients.take_departed() {
            fanout.leave(terminal, client);
        }
        let (woken, served) = fanout.transmit(clients, touched, terminals, slice, reactor);
        let served_clients = woken.get(..served).unwrap_or_default();
        state_sync.transmit(clients, served_clients, state, slice, reactor);
        clients.work.put_back(woken, served);
        notices.transmit(clients, touched, terminals, slice, reactor);
        self.flush(slice, reactor);
    }

    /// Writes what is queued to the sockets that have something new.
    fn flush(&mut self, slice: &mut Slice, reactor: &mut Reactor) {
        let clients = &mut self.clients;
        for flushed in 0..clients.work.unflushed_count() {
            if flushed > 0 && slice.is_over() {
                break;
            }
            let Some(id) = clients.work.next_unflushed() else { break };
            let before = clients.get(id).map_or(0, |client| client.transport.total_written());
            clients.flush(id, reactor);
            let after = clients.get(id).map_or(before, |client| client.transport.total_written());
            slice.charge(FLUSH_COST + after.saturating_sub(before) / 4);
        }
    }

    /// What changed of clients and listeners, for their health and the flight recorder.
    pub(crate) fn notes(&mut self) -> &mut Notes {
        &mut self.clients.notes
    }

    pub(crate) fn poll_effect(&mut self) -> Option<Effect> {
        self.clients.poll_effect()
    }

    // Figures.

    /// Whether times and sizes are recorded.
    pub(crate) fn set_observing(&mut self, on: bool) {
        self.clients.totals.is_on = on;
    }

    /// The engine has reported an error to a client in a result.
    pub(crate) fn count_error(&mut self, code: ErrorCode) {
        self.clients.totals.errors.add(code.name());
    }

    /// The server's part of the figures of the engine.
    pub(crate) fn fill_metrics(&self, metrics: &mut Metrics) {
        metrics.listeners = self.listeners.len() as u64;
        self.clients.fill_metrics(metrics);
    }

    /// The figures of a client.
    pub(crate) fn metrics(&self, id: ClientId) -> Result<ClientMetrics> {
        self.clients.metrics(id)
    }

    // Queries.

    /// Whether a turn would do something that the kernel does not know of.
    pub(crate) fn has_work(&self) -> bool {
        self.clients.has_work()
            || self.fanout.has_work()
            || self.state_sync.has_work()
            || self.notices.has_work()
            || self.observers.has_work()
    }

    /// Whether a connection waits to be read.
    pub(crate) fn has_readable(&self) -> bool {
        self.clients.work.has_readable()
    }

    /// Whether there are connections, those included that are being closed.
    pub(crate) fn has_connections(&self) -> bool {
        self.clients.table.len() > 0
    }

    /// Whether there are connections that are not being closed.
    pub(crate) fn has_unclosed(&self) -> bool {
        self.clients.admission.count() > 0
    }

    /// Whether a client has authenticated, and is not being closed.
    pub(crate) fn is_authenticated(&self, id: ClientId) -> bool {
        self.clients.get_open(id).is_some()
    }

    /// How many clients have authenticated.
    pub(crate) fn client_count(&self) -> usize {
        self.clients.admission.authenticated_count()
    }

    /// Bytes that wait to be sent to a client.
    pub(crate) fn queued_bytes(&self, id: ClientId) -> usize {
        self.clients.get(id).map_or(0, |client| client.transport.queued_bytes())
    }

    /// The ids of all clients that have authenticated.
    pub(crate) fn client_ids(&self) -> impl Iterator<Item = ClientId> + '_ {
        self.clients.table.ids().filter(|id| self.is_authenticated(*id))
    }

    /// Those in some slots of the table of connections, and how many slots it has.
    pub(crate) fn client_ids_in(&self, slots: Range<usize>) -> impl Iterator<Item = ClientId> + '_ {
        self.clients.table.ids_in(slots).filter(|id| self.is_authenticated(*id))
    }

    pub(crate) fn client_slots(&self) -> usize {
        self.clients.table.slots()
    }

    /// Every client that has authenticated.
    pub(crate) fn client_infos(&self) -> Vec<ClientState> {
        let clients = self.clients.table.ids().filter_map(|id| self.clients.get_open(id));
        clients
            .map(|client| ClientState {
                id: client.id,
                name: client.name.clone(),
                scopes: client.scopes(),
                terminals: client.attachments.len(),
                queued_bytes: client.transport.queued_bytes(),
                memory_bytes: client.memory(),
            })
            .collect()
    }

    // Memory.

    /// Bytes that connections take, about, and those of the resources of listeners.
    pub(crate) fn memory(&self) -> (usize, usize) {
        (self.clients.memory(), self.listeners.resource_memory())
    }

    /// All memory of the engine has room for so many bytes more.
    pub(crate) fn set_memory_room(&mut self, bytes: usize) {
        self.clients.set_memory_room(bytes);
    }

    /// Closes the client for which the most waits. How many bytes that frees.
    pub(crate) fn give_up_client(&mut self, reactor: &mut Reactor) -> usize {
        self.clients.give_up_client(reactor)
    }

    /// The ids of all connections.
    pub(crate) fn connection_ids(&self) -> Vec<ClientId> {
        self.clients.table.ids().collect()
    }

    /// Writes the line of a connection for `Engine::dump`.
    pub(crate) fn describe_client(&self, id: ClientId, now: Instant, out: &mut String) {
        if let Ok(client) = self.clients.get(id) {
            client.describe(now, out);
        }
    }

    /// Writes the line of a listener for `Engine::dump`.
    pub(crate) fn describe_listener(&self, id: ListenerId, out: &mut String) {
        if let Ok(listener) = self.listeners.get(id) {
            listener.describe(id, out);
        }
    }

    // The end of connections.

    /// Closes a client's connection because the host wants it.
    pub(crate) fn disconnect(
        &mut self,
        id: ClientId,
        reason: &str,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.clients.get(id)?;
        self.clients.close(id, CloseCode::Bye, reason, reactor);
        Ok(())
    }

    /// Closes the clients whose tokens are no longer valid.
    pub(crate) fn close_revoked(&mut self, reactor: &mut Reactor) {
        self.clients.close_revoked(&self.access.tokens, reactor);
    }

    /// Closes every connection.
    pub(crate) fn close_all(&mut self, reactor: &mut Reactor) {
        self.clients.close_all(reactor);
    }

    /// Lets go of everything without touching what is shared with a parent process.
    pub(crate) fn leak_after_fork(&mut self) {
        self.clients.leak_after_fork();
        self.listeners.leak_after_fork();
    }

    /// Lets go of everything at once.
    pub(crate) fn teardown(&mut self, reactor: &mut Reactor) {
        self.clients.teardown(reactor);
        self.listeners.remove_all(reactor);
    }
}
