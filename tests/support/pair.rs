//! Two engines in one thread: one serves, the other one mirrors it as a peer.
//!
//! Both are driven by their descriptors alone, without a timeout but the watchdog. What the mirror reports
//! is kept as owned values; bytes of terminals are put together by their offsets.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orchflow::{
    Collections, Config, Engine, Event, ExitStatus, ListenAddress, ListenerOptions, PeerAddress,
    PeerEvent, PeerId, PeerOptions, RemoteCode, RemoteMode, RemoteOutcome, RetryPolicy, Scopes,
    StateVersion, TerminalEvent, TerminalNotice, TokenOptions,
};

use crate::support::WATCHDOG;

/// An event of the mirror.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reported {
    Connected(bool),
    Disconnected(String, Option<Duration>),
    State(StateVersion, bool),
    Attached(u64, u64),
    ModeChanged(u64, RemoteMode),
    Detached(u64),
    Output(u64),
    Gap(u64, u64, u64),
    Snapshot(u64, bool),
    Screen(u64),
    Ended(u64, u64, ExitStatus),
    Notice(u64, u64, TerminalNotice),
    Answer(u64, RemoteOutcome),
    Applied(u64, u64),
    Rejected(u64, RemoteCode, String),
    Problem(String),
}

/// Output of one terminal as it came.
#[derive(Default)]
pub(crate) struct Stream {
    pub(crate) bytes: Vec<u8>,
    /// Where it began, and the offset after the last byte.
    pub(crate) start: u64,
    pub(crate) next: u64,
    /// Bytes of snapshots, of the last one only.
    pub(crate) snapshot: Vec<u8>,
    /// How often it began somewhere else than where it was.
    pub(crate) restarts: usize,
    between: bool,
    /// What updates of the screen showed, row by row.
    pub(crate) rows: BTreeMap<i32, String>,
}

/// See the module's documentation.
pub(crate) struct Pair {
    /// Gone when it was killed.
    pub(crate) server: Option<Engine>,
    pub(crate) mirror: Engine,
    pub(crate) peer: PeerId,
    /// Events of the mirror that no test has asked for yet.
    pub(crate) reported: Vec<Reported>,
    pub(crate) streams: BTreeMap<u64, Stream>,
    /// The mirror does not read its events.
    pub(crate) is_deaf: bool,
}

const SECRET: [u8; 32] = [7; 32];

/// An engine that listens, and the address and token for it.
pub(crate) fn server(config: Config, options: &ListenerOptions) -> (Engine, PeerAddress, String) {
    let mut engine = Engine::new(config).unwrap();
    let listener = engine.add_listener(options).unwrap();
    let address = match engine.listener_address(listener).unwrap() {
        ListenAddress::Tcp(address) => PeerAddress::Tcp(address),
        ListenAddress::Unix(path) => PeerAddress::Unix(path),
        other => panic!("{other:?}"),
    };
    let token =
        TokenOptions { scopes: Scopes::ALL, secret: Some(SECRET), ..TokenOptions::default() };
    let (_, token) = engine.add_token(token).unwrap();
    (engine, address, token)
}

pub(crate) fn loopback() -> ListenerOptions {
    ListenerOptions::tcp("127.0.0.1:0".parse().unwrap())
}

/// Options that try again soon.
pub(crate) fn eager(address: PeerAddress, token: &str) -> PeerOptions {
    let (initial, max) = (Duration::from_micros(200), Duration::from_millis(2));
    PeerOptions::new(address, token).retry(RetryPolicy::new(initial, max).unwrap())
}

impl Pair {
    /// Both, connected.
    pub(crate) fn new() -> Self {
        Pair::with(Config::default(), |options| options)
    }

    pub(crate) fn with(config: Config, options: impl FnOnce(PeerOptions) -> PeerOptions) -> Self {
        let (engine, address, token) = server(config, &loopback());
        let mut pair = Pair::to(Some(engine), &options(eager(address, &token)));
        pair.wait("the connection", |reported| {
            matches!(reported, Reported::Connected(_)).then_some(())
        });
        pair
    }

    /// A mirror with these options, which has only begun to connect.
    pub(crate) fn to(server: Option<Engine>, options: &PeerOptions) -> Self {
        let mut mirror = Engine::new(Config::default()).unwrap();
        let peer = mirror.connect(options).unwrap();
        let (reported, streams) = (Vec::new(), BTreeMap::new());
        Pair { server, mirror, peer, reported, streams, is_deaf: false }
    }

    pub(crate) fn server(&mut self) -> &mut Engine {
        self.server.as_mut().expect("the server is there")
    }

    /// Waits until one of the engines has something to do, and lets it.
    pub(crate) fn step(&mut self) {
        let engines = self.server.iter().chain([&self.mirror]);
        let mut fds: Vec<_> =
            engines.map(|engine| PollFd::new(engine.as_fd(), PollFlags::POLLIN)).collect();
        let timeout = PollTimeout::try_from(WATCHDOG).unwrap();
        match poll(&mut fds, timeout) {
            Ok(0) => panic!("nothing happens any more; reported: {:?}", self.reported),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => panic!("poll: {errno}"),
        }
        if let Some(server) = &mut self.server {
            server.turn(Some(Duration::ZERO)).unwrap();
            while let Some(event) = server.next_event().unwrap() {
                if let Event::Terminal { event: TerminalEvent::Closed, .. } = event {}
            }
        }
        self.mirror.turn(Some(Duration::ZERO)).unwrap();
        while !self.is_deaf && self.read_event() {}
    }

    /// Reads one event of the mirror.
    pub(crate) fn read_event(&mut self) -> bool {
        let Some(event) = self.mirror.next_event().unwrap() else { return false };
        let (id, event) = match event {
            Event::Peer { id, event, .. } => (id, event),
            Event::SlowTurn(_) | Event::Health(_) => return true,
            other => panic!("{other:?}"),
        };
        assert_eq!(id, self.peer);
        let reported = take(event, &mut self.streams);
        // Output is in the streams.
        if self.reported.last() != Some(&reported)
            || !matches!(reported, Reported::Output(_) | Reported::Screen(_))
        {
            self.reported.push(reported);
        }
        true
    }

    /// Steps until an event gives a value. The events up to there are dropped.
    pub(crate) fn wait<T>(
        &mut self,
        what: &str,
        mut check: impl FnMut(&Reported) -> Option<T>,
    ) -> T {
        let end = std::time::Instant::now() + WATCHDOG;
        loop {
            let reported = std::mem::take(&mut self.reported);
            let mut rest = reported.into_iter();
            for reported in rest.by_ref() {
                if let Some(value) = check(&reported) {
                    self.reported = rest.collect();
                    return value;
                }
            }
            assert!(std::time::Instant::now() < end, "waited in vain for {what}");
            self.step();
        }
    }

    /// Steps until this is true of both.
    pub(crate) fn until(&mut self, what: &str, mut done: impl FnMut(&mut Pair) -> bool) {
        let end = std::time::Instant::now() + WATCHDOG;
        while !done(self) {
            assert!(
                std::time::Instant::now() < end,
                "waited in vain for {what}: {:?} {:?}",
                self.mirror.peer_state(self.peer),
                self.reported
            );
            self.step();
        }
    }

    /// Steps until the replica is the server's state.
    pub(crate) fn until_equal(&mut self) {
        self.until("equal states", |pair| pair.is_equal());
    }

    /// Whether the replica is the server's state as it is now.
    pub(crate) fn is_equal(&mut self) -> bool {
        let all = Collections::ALL;
        let state = self.server.as_mut().unwrap().application_state().unwrap();
        let (version, hash) = (state.version(), state.hash(all));
        let replica = self.mirror.peer_replica(self.peer).unwrap();
        replica.version() == Some(version) && replica.hash(all) == hash
    }

    /// The bytes of a terminal so far.
    pub(crate) fn bytes(&self, terminal: u64) -> &[u8] {
        self.streams.get(&terminal).map_or(&[], |stream| &stream.bytes)
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask(&mut self, request: &orchflow::RemoteRequest) -> RemoteOutcome {
        let number = self.mirror.peer_request(self.peer, request).unwrap();
        self.wait("an answer", |reported| match reported {
            Reported::Answer(known, outcome) if *known == number => Some(outcome.clone()),
            _ => None,
        })
    }
}

/// An event as an owned value; output goes to the streams, whose rules are looked after here.
fn take(event: PeerEvent<'_>, streams: &mut BTreeMap<u64, Stream>) -> Reported {
    match event {
        PeerEvent::Connected { resumed } => Reported::Connected(resumed),
        PeerEvent::Disconnected { reason, retry_in } => {
            Reported::Disconnected(reason.into(), retry_in)
        }
        PeerEvent::State { version, full } => Reported::State(version, full),
        PeerEvent::Attached { terminal, offset } => {
            let stream = streams.entry(terminal).or_insert_with(|| Stream {
                start: offset,
                next: offset,
                ..Stream::default()
            });
            if offset != stream.next {
                let restarts = stream.restarts + 1;
                *stream = Stream { start: offset, next: offset, restarts, ..Stream::default() };
            }
            Reported::Attached(terminal, offset)
        }
        PeerEvent::DeliveryChanged { terminal, mode, .. } => Reported::ModeChanged(terminal, mode),
        PeerEvent::Detached { terminal } => Reported::Detached(terminal),
        PeerEvent::Output { terminal, offset, bytes } => {
            let stream = streams.get_mut(&terminal).expect("attached before");
            assert!(!bytes.is_empty() && offset >= stream.next, "{offset} {}", stream.next);
            stream.next = offset + bytes.len() as u64;
            stream.bytes.extend_from_slice(bytes);
            Reported::Output(terminal)
        }
        PeerEvent::Gap { terminal, from, to } => {
            let stream = streams.get_mut(&terminal).expect("attached before");
            assert!(from >= stream.next && to > from);
            stream.next = to;
            Reported::Gap(terminal, from, to)
        }
        PeerEvent::Snapshot { terminal, offset, bytes, more, .. } => {
            let stream = streams.get_mut(&terminal).expect("attached before");
            if !std::mem::replace(&mut stream.between, more) {
                stream.snapshot.clear();
            }
            stream.snapshot.extend_from_slice(bytes);
            stream.next = offset;
            Reported::Snapshot(terminal, more)
        }
        PeerEvent::Screen { terminal, update } => {
            let stream = streams.entry(terminal).or_default();
            if update.full {
                stream.rows.clear();
            }
            for row in update.rows.iter() {
                stream.rows.insert(row.index(), row.text());
            }
            Reported::Screen(terminal)
        }
        PeerEvent::Exited { terminal, final_offset, status } => {
            Reported::Ended(terminal, final_offset, status)
        }
        PeerEvent::Notice { terminal, seq, notice } => {
            Reported::Notice(terminal, seq, notice.clone())
        }
        PeerEvent::Reply { request, outcome } => Reported::Answer(request, outcome.clone()),
        PeerEvent::Applied { mutation, version } => Reported::Applied(mutation, version),
        PeerEvent::Rejected { mutation, code, message } => {
            Reported::Rejected(mutation, code, message.into())
        }
        PeerEvent::Problem { message, .. } => Reported::Problem(message.into()),
        other => panic!("{other:?}"),
    }
}
