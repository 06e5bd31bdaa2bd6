//! The server: listeners, connections, and whose turn it is.
//!
//! Three lists hold what there is to do, so that nothing is looked for: connections to be *read*, to be
//! *woken* (they may get more: room in the queue, credit, an acknowledgement), and to be *flushed*. A turn
//! reads requests one by one ([`Server::next_request`]), the engine carries them out, and at its end
//! [`Server::pump`](super::pump) sends what is new.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::access::Tokens;
use super::client::{Client, CloseCode, Phase, READ_BYTES};
use super::deadline::arm;
use super::key::{Alarm, Source};
use super::lanes::{Lane, Lanes};
use super::listener::{Accepted, Listener};
use super::options::{ListenAddress, ListenOptions};
use super::paths::Roots;
use super::pump::Pump;
use super::reading::STRANGERS_COST;
use super::wire::{Flush, Wire};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::policy::Balance;
use crate::reactor::{ClientId, IdTable, ListenerId, Reactor, TerminalId, WatchId};
use crate::terminal::SpawnOptions;

/// Connections accepted in one turn.
const ACCEPTS_PER_TURN: usize = 32;
/// Frames that may wait for one client, however small they are: answers to its pings.
pub(super) const QUEUED_FRAMES_MAX: usize = 16 << 10;
/// What is queued for a client that costs little to write to.
const QUEUED_SMALL: usize = 16 << 10;
/// Bytes of one message for which the queue of a client need not have room: a client is not slow because an
/// answer is large. The largest are the statuses of a batch and whole screens.
pub(super) const LARGEST_MESSAGE: usize = 4 << 20;
/// How long nothing is accepted when the system has no descriptor left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// See the module's documentation.
pub(crate) struct Server {
    pub(super) limits: Limits,
    pub(super) listeners: IdTable<ListenerId, Listener>,
    pub(super) clients: IdTable<ClientId, Box<Client>>,
    pub(crate) tokens: Tokens,
    pub(crate) roots: Roots,
    /// Programs that clients may start.
    pub(crate) profiles: BTreeMap<String, SpawnOptions>,
    /// Clients to be read.
    pub(super) readable: Lanes,
    /// Clients whose queue has something new.
    pub(super) pushed: Lanes,
    pub(super) woken: Vec<ClientId>,
    /// Connections that are not let in yet, oldest first; some may be gone or let in. See
    /// [`admission`](super::admission).
    pub(super) waiting: VecDeque<ClientId>,
    /// Those who take a place of those who wait, and those who have shown a token.
    pub(super) pending_count: usize,
    pub(super) vouched_count: usize,
    pub(super) open_count: usize,
    pub(super) pump: Pump,
    /// Counts what viewers do, see [`super::viewers`].
    pub(super) activity: u64,
    /// What became of connections, for the engine.
    pub(super) news: VecDeque<News>,
    /// Nobody is let in any more.
    pub(super) is_closing: bool,
    /// What is done for all those who are not let in, see [`super::reading`].
    pub(super) strangers: Balance,
    /// Where all connections are read into.
    pub(super) scratch: Vec<u8>,
    /// Bytes of all unfinished messages.
    pub(super) partial_bytes: usize,
    /// Clients that are read on when there is room for unfinished messages, and some that are gone.
    pub(super) starving: VecDeque<ClientId>,
    /// The client whose unfinished message may go beyond their bound.
    pub(super) beyond: Option<ClientId>,
}

/// What the engine has to know.
#[derive(Debug)]
pub(crate) enum News {
    /// A line for the log.
    Log(String),
    /// A client is gone; these watches were begun for it.
    Gone(Vec<WatchId>),
}

impl Server {
    pub(crate) fn new(limits: Limits, now: Instant) -> Self {
        Server {
            limits,
            listeners: IdTable::new(),
            clients: IdTable::new(),
            tokens: Tokens::new(),
            roots: Roots::new(),
            profiles: BTreeMap::new(),
            readable: Lanes::default(),
            pushed: Lanes::default(),
            woken: Vec::new(),
            waiting: VecDeque::new(),
            pending_count: 0,
            vouched_count: 0,
            open_count: 0,
            pump: Pump::default(),
            activity: 0,
            news: VecDeque::new(),
            is_closing: false,
            strangers: Balance::new(STRANGERS_COST.0, STRANGERS_COST.1, now),
            scratch: vec![0; READ_BYTES],
            partial_bytes: 0,
            starving: VecDeque::new(),
            beyond: None,
        }
    }

    // Listeners.

    pub(crate) fn listen(
        &mut self,
        options: &ListenOptions,
        reactor: &mut Reactor,
    ) -> Result<ListenerId> {
        if self.listeners.len() >= self.limits.listeners {
            let max = self.limits.listeners;
            return Err(Error::limit(format!("{max} addresses are listened on already")));
        }
        let id = self.listeners.next_id()?;
        let listener = Listener::bind(options)?;
        let readable = mio::Interest::READABLE;
        if let Err(error) = reactor.register(listener.as_fd(), Source::Listener(id), readable) {
            listener.unlink();
            return Err(error);
        }
        self.listeners.insert(id, listener);
        Ok(id)
    }

    pub(crate) fn address(&self, id: ListenerId) -> Result<ListenAddress> {
        self.listeners.get(id)?.address()
    }

    /// Listens on an address no longer. Connections stay.
    pub(crate) fn unlisten(&mut self, id: ListenerId, reactor: &mut Reactor) -> Result<()> {
        self.listeners.get(id)?;
        if let Some(listener) = self.listeners.remove(id) {
            reactor.deregister(listener.as_fd());
            listener.unlink();
        }
        Ok(())
    }

    // Readiness.

    pub(crate) fn on_listener(&mut self, id: ListenerId, reactor: &mut Reactor) {
        for _ in 0..ACCEPTS_PER_TURN {
            let Ok(listener) = self.listeners.get(id) else { return };
            match listener.accept() {
                Accepted::Socket(socket) => self.admit(id, socket, reactor),
                Accepted::Gone => {}
                Accepted::Nobody => return,
                Accepted::Exhausted => {
                    self.log("a connection waits: the system has no descriptor left".into());
                    return self.accept_again(id, EXHAUSTED_PAUSE, reactor);
                }
            }
        }
        // More may wait, and the kernel does not tell again. Not in this turn: others have theirs.
        self.accept_again(id, Duration::from_nanos(1), reactor);
    }

    fn accept_again(&mut self, id: ListenerId, after: Duration, reactor: &mut Reactor) {
        let Ok(listener) = self.listeners.get_mut(id) else { return };
        if !std::mem::replace(&mut listener.is_waiting, true) {
            reactor.set_timer(reactor.now() + after, Alarm::Listener(id));
        }
    }

    pub(crate) fn on_listener_alarm(&mut self, id: ListenerId, reactor: &mut Reactor) {
        if let Ok(listener) = self.listeners.get_mut(id) {
            listener.is_waiting = false;
        }
        self.on_listener(id, reactor);
    }

    pub(crate) fn on_client(
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
                client.heard_at = reactor.now();
            }
        }
        if readable || hung_up {
            self.read_again(id);
        }
        if writable {
            // Written at the end of the turn, with what comes until then.
            self.mark_pushed(id);
            self.wake(id);
        }
    }

    // Queues.

    /// The client may get more.
    pub(super) fn wake(&mut self, id: ClientId) {
        if let Ok(client) = self.clients.get_mut(id)
            && client.is_open()
            && !std::mem::replace(&mut client.is_woken, true)
        {
            self.woken.push(id);
        }
    }

    /// The client's queue has something new.
    pub(super) fn mark_pushed(&mut self, id: ClientId) {
        if let Ok(client) = self.clients.get_mut(id)
            && !std::mem::replace(&mut client.is_pushed, true)
        {
            let is_small = client.wire.queued_bytes() <= QUEUED_SMALL;
            self.pushed.push(id, if is_small { client.lane() } else { Lane::Heavy });
        }
    }

    /// Writes what the socket takes.
    pub(super) fn flush(&mut self, id: ClientId, reactor: &mut Reactor) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        client.is_pushed = false;
        let outcome = client.wire.flush();
        let blocked = matches!(outcome, Ok(Flush::Blocked));
        if blocked != client.wants_write {
            client.wants_write = blocked;
            let interest = if blocked {
                mio::Interest::READABLE | mio::Interest::WRITABLE
            } else {
                mio::Interest::READABLE
            };
            let fd = client.wire.as_fd();
            client.is_broken |= reactor.reregister(fd, Source::Client(id), interest).is_err();
        }
        if outcome.is_err() {
            client.is_broken = true;
        }
        if client.is_broken {
            return self.drop_client(id, reactor);
        }
        if matches!(client.phase, Phase::Ending) {
            if !blocked {
                self.linger(id, reactor);
            }
            return;
        }
        if client.is_open()
            && let Some(why) = fullness(&client.wire, self.limits.client_queue_bytes)
        {
            self.close(id, CloseCode::TooSlow, &why, reactor);
        } else {
            arm(client, self.limits.client_stall_time, reactor);
            let wants_more = !blocked && std::mem::take(&mut client.wants_more);
            let reads_on = client.waits_for_room && client.has_answer_room();
            client.waits_for_room &= !reads_on;
            if wants_more {
                self.wake(id);
            }
            if reads_on {
                self.read_again(id);
            }
        }
    }

    pub(super) fn log(&mut self, line: String) {
        // The engine takes them every turn; a flood of connections is not worth more memory.
        if self.news.len() < 1024 {
            self.news.push_back(News::Log(line));
        }
    }

    pub(crate) fn take_news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    /// Whether somebody has not been told yet that it is over.
    pub(crate) fn has_guests(&self) -> bool {
        self.open_count + self.pending_count + self.vouched_count > 0
    }

    /// A client has typed into a terminal: what comes next is its echo.
    pub(crate) fn expect_echo(&mut self, id: ClientId, terminal: TerminalId, now: Instant) {
        self.pump.expect_echo(terminal);
        if let Ok(client) = self.clients.get_mut(id) {
            client.typed_at = Some(now);
        }
    }

    pub(crate) fn has_clients(&self) -> bool {
        self.clients.len() > 0
    }

    /// Whether a connection waits to be read.
    pub(crate) fn has_readable(&self) -> bool {
        !self.readable.is_empty()
    }

    /// Whether a turn would do something that the kernel does not know of.
    pub(crate) fn has_work(&self) -> bool {
        !self.readable.is_empty()
            || !self.woken.is_empty()
            || !self.pushed.is_empty()
            || !self.news.is_empty()
            || self.pump.has_work()
    }

    /// Notes that a connection was let in.
    pub(super) fn count_in(&mut self, id: ClientId) {
        self.leave_place(id);
        self.open_count += 1;
    }

    /// The feed of a terminal goes on for the clients that are there; see the pump.
    pub(crate) fn on_feed_alarm(&mut self, terminal: TerminalId) {
        self.pump.on_alarm(terminal);
    }
}

/// Which bound the queue of a client is beyond, if it is.
fn fullness(wire: &Wire, bytes_max: usize) -> Option<String> {
    let (bytes, frames) = (wire.queued_bytes(), wire.queued_frames());
    if bytes > bytes_max && bytes - wire.largest_frame().min(LARGEST_MESSAGE) > bytes_max {
        return Some(format!("client_queue_bytes: {bytes} bytes wait to be sent"));
    }
    let is_full = frames > QUEUED_FRAMES_MAX;
    is_full.then(|| format!("{frames} frames wait to be sent, {QUEUED_FRAMES_MAX} may"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::wire::Socket;

    /// A client is slow because much waits, not because one message is large.
    #[test]
    fn a_queue_is_full_beside_its_largest_message() {
        let (stream, _other) = mio::net::UnixStream::pair().unwrap();
        let mut wire = Wire::new(Socket::Unix(stream));
        let max = 256 << 10;
        let mut push = |bytes: usize| {
            wire.push(vec![0; bytes].into());
            fullness(&wire, max)
        };
        assert_eq!(push(max), None);
        assert_eq!(push(LARGEST_MESSAGE), None);
        let bytes = max + LARGEST_MESSAGE + 1;
        let expected = format!("client_queue_bytes: {bytes} bytes wait to be sent");
        assert_eq!(push(1), Some(expected));
        wire.drop_unwritten();
        wire.push(vec![0; bytes].into());
        assert!(fullness(&wire, max).is_some(), "one that is larger than any may be");
        wire.drop_unwritten();
        for _ in 0..QUEUED_FRAMES_MAX {
            wire.push(vec![0].into());
        }
        assert_eq!(fullness(&wire, max), None);
        wire.push(vec![0].into());
        let expected = "16385 frames wait to be sent, 16384 may";
        assert_eq!(fullness(&wire, max).as_deref(), Some(expected));
    }
}
