//! The engine's calls for peers: other engines whose state and terminals are mirrored here.

use super::Engine;
use crate::error::Result;
use crate::id::PeerId;
use crate::state::{ChangeSet, Replica};
use crate::sync::{PeerOptions, PeerState, RemoteAttach, RemoteRequest};
use crate::terminal::Size;

impl Engine {
    /// Connects to the server of another engine, mirrors its state, and keeps at it: a connection that is
    /// lost is made anew by the retry policy, behind the circuit breaker, and goes on where it was. What
    /// happens comes as [`Event::Peer`](crate::Event::Peer); a peer whose events are not read is read no
    /// further ([`Limits::peer_queue_bytes`](crate::Limits)).
    ///
    /// A refusal that would only be repeated (a token that is not valid, another version of the protocol, a
    /// remote state larger than `state_bytes`) ends it with
    /// [`Disconnected { retry_in: None, .. }`](crate::PeerEvent::Disconnected).
    ///
    /// # Errors
    /// `InvalidArgument`, `LimitReached`, `EngineGone` after shutdown, `Forked`. That nobody listens is no
    /// error but an event.
    pub fn connect(&mut self, options: &PeerOptions) -> Result<PeerId> {
        self.check_accepts_new()?;
        self.admit(0)?;
        self.reactor.refresh_now();
        let outcome = self.peers.connect(options, &mut self.reactor);
        self.record_failure("connect", &outcome);
        self.finish_call_or_log();
        outcome
    }

    /// Lets go of a peer: its replica and its unread events are gone, and the id is stale. The other engine
    /// is notified.
    ///
    /// # Errors
    /// `StaleId`, `Forked`.
    pub fn disconnect(&mut self, id: PeerId) -> Result<()> {
        self.with_peers(|engine| engine.peers.disconnect(id, &mut engine.reactor))
    }

    /// All peers.
    pub fn peers(&self) -> Vec<PeerId> {
        self.peers.ids().collect()
    }

    /// How a peer is at the moment.
    ///
    /// # Errors
    /// `StaleId`.
    pub fn peer_state(&self, id: PeerId) -> Result<PeerState> {
        self.peers.state(id, self.reactor.measure_now())
    }

    /// The time that [`PeerStatus::Waiting`](crate::PeerStatus::Waiting) is compared with.
    pub(crate) fn now(&self) -> std::time::Instant {
        self.reactor.measure_now()
    }

    /// The copy of a peer's state. It changes within turns; between two
    /// [`State`](crate::PeerEvent::State) events it may be between two versions.
    ///
    /// # Errors
    /// `StaleId`.
    pub fn peer_replica(&self, id: PeerId) -> Result<&Replica> {
        self.peers.replica(id)
    }

    /// Attaches to a terminal of a peer, or attaches anew; without a connection as soon as there is one.
    /// It stays attached when the connection is made anew, and output goes on where it was. If the terminal
    /// does not exist there, [`Detached`](crate::PeerEvent::Detached) comes.
    ///
    /// # Errors
    /// `StaleId`, `LimitReached`, `InvalidArgument` for a grid without columns or rows, `Forked`.
    pub fn peer_attach(&mut self, id: PeerId, terminal: u64, options: &RemoteAttach) -> Result<()> {
        self.with_peers(|engine| engine.peers.attach(id, terminal, options, &mut engine.reactor))
    }

    /// Reports the columns and rows of the window that shows a terminal of a peer, as
    /// [`RemoteAttach::grid`] does when attaching; the attachment goes on. Without a connection it is reported
    /// with the next one. What the other engine refuses comes as [`Problem`](crate::PeerEvent::Problem).
    ///
    /// # Errors
    /// `StaleId`, also when it is not attached; `InvalidArgument` for a grid without columns or rows;
    /// `LimitReached` when too much waits to be sent; `Forked`.
    pub fn peer_set_grid(&mut self, id: PeerId, terminal: u64, grid: Size) -> Result<()> {
        self.with_peers(|engine| engine.peers.set_grid(id, terminal, grid, &mut engine.reactor))
    }

    /// Looks at what is so many rows above the top of a terminal of a peer that is attached in the mode
    /// [`Screen`](crate::RemoteMode::Screen), at most as many as there are; 0: at the screen. A full
    /// [`Screen`](crate::PeerEvent::Screen) follows with its `viewport`, which stays with its text. After the connection was
    /// made anew it is at the screen.
    ///
    /// # Errors
    /// `Disconnected` while there is no connection, `StaleId`, also when it is not attached, `InvalidArgument` in another
    /// mode, `LimitReached` when too much waits to be sent; `Forked`.
    pub fn peer_scroll(&mut self, id: PeerId, terminal: u64, rows: u32) -> Result<()> {
        self.with_peers(|engine| engine.peers.scroll(id, (terminal, rows), &mut engine.reactor))
    }

    /// Lets go of a terminal of a peer. What came before is still reported, then
    /// [`Detached`](crate::PeerEvent::Detached).
    ///
    /// # Errors
    /// `StaleId`, also when it is not attached; `Forked`.
    pub fn peer_detach(&mut self, id: PeerId, terminal: u64) -> Result<()> {
        self.with_peers(|engine| engine.peers.detach(id, terminal, &mut engine.reactor))
    }

    /// Types into a terminal of a peer: all of the bytes are queued, or none. There is no answer; what the
    /// other engine refuses comes as [`Problem`](crate::PeerEvent::Problem).
    ///
    /// # Errors
    /// `Disconnected` while there is no connection, `LimitReached` when too much waits to be sent,
    /// `StaleId`, `Forked`.
    pub fn peer_write(&mut self, id: PeerId, terminal: u64, bytes: &[u8]) -> Result<()> {
        self.with_peers(|engine| engine.peers.write(id, terminal, bytes, &mut engine.reactor))
    }

    /// Asks a peer for something. Returns the number under which the reply comes
    /// ([`Reply`](crate::PeerEvent::Reply)); it comes in any case.
    ///
    /// # Errors
    /// `Disconnected` while there is no connection, `LimitReached` (1,024 requests wait, too much waits to be
    /// sent, the request is too large for the other engine), `StaleId`, `Forked`.
    pub fn peer_request(&mut self, id: PeerId, request: &RemoteRequest) -> Result<u64> {
        self.with_peers(|engine| engine.peers.request(id, request, &mut engine.reactor))
    }

    /// Changes sessions and panes of a peer: all of the set or nothing. Returns the number under which
    /// [`Applied`](crate::PeerEvent::Applied) or [`Rejected`](crate::PeerEvent::Rejected) comes; when
    /// `Applied` is read, the effect is in the replica.
    ///
    /// # Errors
    /// As of [`peer_request`](Self::peer_request).
    pub fn peer_change(&mut self, id: PeerId, changes: &ChangeSet) -> Result<u64> {
        self.with_peers(|engine| engine.peers.change(id, changes, &mut engine.reactor))
    }

    /// A call between turns.
    fn with_peers<T>(&mut self, call: impl FnOnce(&mut Engine) -> Result<T>) -> Result<T> {
        self.check_process()?;
        self.reactor.refresh_now();
        let outcome = call(self);
        self.finish_call_or_log();
        outcome
    }
}
