//! Tests of sessions, with messages made by hand.

#![allow(clippy::disallowed_methods)] // An origin for times; nothing is measured.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::event_queue::QueuedEvent as Event;
use super::options::{PeerAddress, PeerOptions, RemoteAttach};
use super::session::{Session, Step as Handled};
use crate::limits::Limits;
use crate::state::{
    self, ApplicationState, Budget, ChangeOp, ChangeSet, Collections, StateCursor, StateVersion,
};
use crate::sync::protocol::values::{Hex, Octets};
use crate::sync::protocol::{
    Applied, Bounds, ClientMessage, DetachReason, Diff, ErrorCode, Exit, Hello, LinePosition, Mode,
    Outcome, PROTOCOL, Rejected, ServerMessage, SessionEntry, TerminalSnapshot, Version, Welcome,
};

const EPOCH: u64 = 7;

/// A session and what it has sent.
struct Rig {
    session: Session,
    now: Instant,
    out: Vec<ClientMessage>,
}

impl Rig {
    fn new() -> Self {
        let session = Session::new(Collections::ALL, 1 << 20, 1 << 20);
        Rig { session, now: Instant::now(), out: Vec::new() }
    }

    /// One that has authenticated.
    fn open() -> Self {
        let mut rig = Rig::new();
        rig.on(welcome(EPOCH)).unwrap();
        rig.on(ServerMessage::Pong { id: 1 }).unwrap();
        rig
    }

    fn on(&mut self, message: ServerMessage) -> Handled {
        self.session.on_message(message, self.now, &mut self.out)
    }

    fn output(&mut self, terminal: u64, offset: u64, bytes: &[u8]) -> Handled {
        self.session.on_output(terminal, offset, bytes)
    }

    fn attach(&mut self, terminal: u64) {
        let options = RemoteAttach { window: 10, ..RemoteAttach::default() };
        self.session.attach(terminal, &options, self.now, &mut self.out).unwrap();
    }

    /// What it said, in words.
    fn said(&mut self) -> Vec<String> {
        let short = |message: &ClientMessage| match message {
            ClientMessage::Attach(a) => format!("attach {} {:?}", a.terminal, a.start),
            ClientMessage::Detach { terminal } => format!("detach {terminal}"),
            ClientMessage::Ping { id } => format!("ping {id}"),
            ClientMessage::Ack { version } => format!("ack {version}"),
            ClientMessage::Credit { terminal, offset } => format!("credit {terminal} {offset}"),
            ClientMessage::Snapshot => "snapshot".into(),
            other => panic!("{other:?}"),
        };
        let said = self.out.iter().map(short).collect();
        self.out.clear();
        said
    }

    /// The events that wait, in words.
    fn reported(&mut self) -> Vec<String> {
        let mut reported = Vec::new();
        while let Some(item) = self.session.poll_event(&mut self.out) {
            reported.push(match item {
                Event::Connected { resumed } => format!("connected {resumed}"),
                Event::State { version, full } => format!("state {} {full}", version.n),
                Event::Attached { terminal, offset } => format!("attached {terminal} {offset}"),
                Event::DeliveryChanged { terminal, mode, offset } => {
                    format!("mode {terminal} {mode:?} {offset}")
                }
                Event::Detached { terminal } => format!("detached {terminal}"),
                Event::Output { id, offset, bytes } => {
                    format!("output {} {offset} {}", id.terminal, bytes.len())
                }
                Event::Gap { from, to, .. } => format!("gap {from} {to}"),
                Event::Snapshot { offset, more, .. } => format!("snapshot {offset} {more}"),
                Event::Ended { final_offset, .. } => format!("ended {final_offset}"),
                Event::Answer { request, outcome } => format!("answer {request} {outcome:?}"),
                Event::Applied { mutation, version } => format!("applied {mutation} {version}"),
                Event::Rejected { mutation, code, .. } => format!("rejected {mutation} {code:?}"),
                Event::Problem { message, .. } => format!("problem {message}"),
                other => panic!("{other:?}"),
            });
        }
        reported
    }

    fn hello(&self) -> Hello {
        let address = PeerAddress::Unix("/x".into());
        match self.session.hello(&PeerOptions::new(address, "token")) {
            ClientMessage::Hello(hello) => hello,
            other => panic!("{other:?}"),
        }
    }
}

fn welcome(epoch: u64) -> ServerMessage {
    ServerMessage::Welcome(Welcome {
        protocol: PROTOCOL,
        server: "orchflow/1".into(),
        client: 1,
        scopes: Vec::new(),
        version: Version { epoch, n: 0 },
        resumed: false,
        profiles: Vec::new(),
        limits: Bounds {
            message_bytes: 1 << 20,
            inflated_bytes: 1 << 20,
            messages_per_second: 1000,
            bytes_per_second: 1 << 20,
            attachments: 10,
            window_bytes: 1 << 20,
        },
    })
}

fn diff(from: u64, to: u64, full: bool) -> Diff {
    Diff { epoch: EPOCH, from, to, full, ..Diff::default() }
}

fn entry(id: &str, version: u64) -> SessionEntry {
    SessionEntry {
        id: id.into(),
        version,
        name: String::new(),
        panes: Vec::new(),
        metadata: Default::default(),
    }
}

fn attached(terminal: u64, offset: u64) -> ServerMessage {
    ServerMessage::Attached { terminal, mode: Mode::Lossless, offset }
}

#[test]
fn nothing_comes_before_the_welcome() {
    let mut rig = Rig::new();
    assert!(!rig.on(ServerMessage::Pong { id: 1 }).unwrap_err().is_final);
    assert!(!rig.output(1, 0, b"x").unwrap_err().is_final);
    let ServerMessage::Welcome(mut other) = welcome(EPOCH) else { panic!() };
    other.protocol = PROTOCOL + 1;
    assert!(rig.on(ServerMessage::Welcome(other)).unwrap_err().is_final);
    assert!(!rig.session.is_open);
    rig.on(welcome(EPOCH)).unwrap();
    assert!(!rig.on(welcome(EPOCH)).unwrap_err().is_final);
    assert_eq!(rig.reported(), ["connected false"]);
}

#[test]
fn the_state_is_applied_acknowledged_and_resumed() {
    let mut rig = Rig::open();
    assert_eq!(rig.hello().resume, None);
    rig.said();
    assert!(rig.on(ServerMessage::Diff(diff(0, 1, false))).is_err(), "to what?");
    let first = Diff { more: true, sessions: vec![entry("a", 1)], ..diff(0, 1, true) };
    rig.on(ServerMessage::Diff(first)).unwrap();
    assert!(rig.said().is_empty() && rig.session.replica.version().is_none());
    let second = Diff { sessions: vec![entry("b", 2)], ..diff(0, 2, false) };
    rig.on(ServerMessage::Diff(second)).unwrap();
    assert_eq!(
        (rig.said(), rig.reported()),
        (vec!["ack 2".into()], words("connected false, state 2 true"))
    );
    // Broken off between parts.
    let third = Diff { more: true, sessions: vec![entry("c", 3)], ..diff(2, 3, false) };
    rig.on(ServerMessage::Diff(third)).unwrap();
    rig.session.on_lost();
    assert_eq!(rig.hello().resume, Some(Version { epoch: EPOCH, n: 2 }));
    assert_eq!(rig.hello().token.as_deref(), Some("token"));
    // In the middle of one that came anew.
    rig.on(welcome(EPOCH)).unwrap();
    let fourth = Diff { more: true, ..diff(0, 4, true) };
    rig.on(ServerMessage::Diff(fourth)).unwrap();
    rig.session.on_lost();
    assert_eq!(rig.hello().resume, None);
    rig.on(welcome(EPOCH)).unwrap();
    let other = Diff { epoch: EPOCH + 1, ..diff(0, 1, true) };
    assert!(rig.on(ServerMessage::Diff(other)).is_err());
}

#[test]
fn a_hash_that_differs_has_the_state_sent_anew() {
    let mut rig = Rig::open();
    let full = |n| Diff { hash: Some(Hex(0)), ..diff(0, n, true) };
    rig.on(ServerMessage::Diff(full(1))).unwrap();
    rig.said();
    rig.reported();
    let wrong = |n| Diff { hash: Some(Hex(n)), ..diff(n - 1, n, false) };
    rig.on(ServerMessage::Diff(wrong(2))).unwrap();
    // One that was in flight.
    rig.on(ServerMessage::Diff(wrong(3))).unwrap();
    assert_eq!(rig.said(), ["ack 2", "snapshot", "ack 3"]);
    assert!(rig.reported().is_empty());
    assert_eq!((rig.session.mismatches, rig.hello().resume), (2, None));
    rig.on(ServerMessage::Diff(full(4))).unwrap();
    assert_eq!((rig.said(), rig.reported()), (words("ack 4"), words("state 4 true")));
    assert_eq!(rig.hello().resume, Some(Version { epoch: EPOCH, n: 4 }));
    // One that differs as it comes anew would do so for ever.
    let broken = Diff { hash: Some(Hex(1)), ..diff(0, 5, true) };
    assert!(!rig.on(ServerMessage::Diff(broken)).unwrap_err().is_final);
    assert_eq!(rig.hello().resume, None);
}

#[test]
fn a_state_that_is_too_large_ends_it() {
    let mut rig = Rig::open();
    let name = "x".repeat(64 << 10);
    let large = |n: u64| SessionEntry { name: name.clone(), ..entry(&n.to_string(), n) };
    let large = Diff { sessions: (0..20).map(large).collect(), ..diff(0, 1, true) };
    assert!(rig.on(ServerMessage::Diff(large)).unwrap_err().is_final);
}

#[test]
fn attachments_are_made_after_the_welcome_and_go_on() {
    let mut rig = Rig::new();
    rig.attach(1);
    assert!(rig.said().is_empty());
    rig.on(welcome(EPOCH)).unwrap();
    assert_eq!(rig.said(), ["attach 1 Default", "ping 1"]);
    rig.attach(2);
    rig.attach(3);
    assert_eq!(rig.said(), ["attach 2 Default", "ping 2", "attach 3 Default", "ping 3"]);
    rig.on(attached(1, 100)).unwrap();
    rig.on(ServerMessage::Pong { id: 1 }).unwrap();
    // The second one is refused.
    let text = "no terminal".to_string();
    rig.on(ServerMessage::Error {
        code: ErrorCode::NotFound,
        message: text,
        id: None,
        terminal: None,
    })
    .unwrap();
    rig.on(ServerMessage::Pong { id: 2 }).unwrap();
    rig.on(attached(3, 0)).unwrap();
    rig.on(ServerMessage::Pong { id: 3 }).unwrap();
    rig.output(1, 100, b"12345").unwrap();
    rig.output(2, 0, b"nobody's").unwrap();
    let expected = "connected false, attached 1 100, problem no terminal, detached 2, \
                    attached 3 0, output 1 100 5";
    assert_eq!(rig.reported(), words(expected));
    assert_eq!(rig.said(), ["credit 1 105"]);
    rig.session.on_lost();
    rig.on(welcome(EPOCH)).unwrap();
    assert_eq!(rig.said(), ["attach 1 Offset(105)", "attach 3 Offset(0)", "ping 4"]);
    rig.on(attached(1, 105)).unwrap();
    assert!(rig.output(1, 104, b"again").is_err());
    // Another engine has other terminals.
    rig.session.on_lost();
    rig.attach(9);
    rig.reported();
    rig.on(welcome(EPOCH + 1)).unwrap();
    assert_eq!(rig.reported(), ["connected false", "detached 1", "detached 3"]);
    assert_eq!(rig.said(), ["attach 9 Default", "ping 5"]);
}

#[test]
fn the_answer_to_an_earlier_wish_is_not_that_to_a_later_one() {
    let mut rig = Rig::open();
    rig.attach(1);
    rig.attach(1);
    rig.on(attached(1, 50)).unwrap();
    rig.output(1, 50, b"old").unwrap();
    rig.on(ServerMessage::Pong { id: 2 }).unwrap();
    rig.on(attached(1, 0)).unwrap();
    rig.on(ServerMessage::Pong { id: 3 }).unwrap();
    rig.output(1, 0, b"new!").unwrap();
    assert_eq!(rig.reported(), words("connected false, attached 1 0, output 1 0 4"));
}

#[test]
fn what_was_read_of_an_earlier_attachment_is_no_credit_for_a_later_one() {
    let mut rig = Rig::open();
    rig.attach(1);
    rig.on(attached(1, 0)).unwrap();
    rig.on(ServerMessage::Pong { id: 2 }).unwrap();
    rig.output(1, 0, b"0123456789").unwrap();
    rig.attach(1);
    rig.on(attached(1, 0)).unwrap();
    rig.said();
    rig.reported();
    assert!(rig.said().is_empty());
}

#[test]
fn the_end_of_a_terminal() {
    let mut rig = Rig::open();
    rig.attach(1);
    rig.on(attached(1, 0)).unwrap();
    let ended = || ServerMessage::Ended { terminal: 1, final_offset: 9, exit: Exit::Code(0) };
    rig.on(ended()).unwrap();
    rig.on(ended()).unwrap();
    rig.on(ServerMessage::Gap { terminal: 1, from: 0, to: 9 }).unwrap();
    assert!(rig.on(ServerMessage::Gap { terminal: 1, from: 0, to: 9 }).is_err());
    let snapshot = |more| {
        ServerMessage::TerminalSnapshot(TerminalSnapshot {
            terminal: 1,
            offset: 9,
            cols: 80,
            rows: 24,
            line: LinePosition { line: 0, col: 0 },
            data: Octets(Vec::new()),
            more,
        })
    };
    rig.on(snapshot(true)).unwrap();
    rig.on(snapshot(false)).unwrap();
    rig.on(ServerMessage::Detached { terminal: 1, reason: DetachReason::Asked }).unwrap();
    rig.on(ServerMessage::Detached { terminal: 1, reason: DetachReason::Closed }).unwrap();
    rig.on(ServerMessage::Detached { terminal: 1, reason: DetachReason::Closed }).unwrap();
    let expected = "connected false, attached 1 0, ended 9, gap 0 9, snapshot 9 true, \
                    snapshot 9 false, detached 1";
    assert_eq!(rig.reported(), words(expected));
}

#[test]
fn letting_go() {
    let mut rig = Rig::open();
    rig.attach(1);
    rig.on(attached(1, 0)).unwrap();
    rig.output(1, 0, b"x").unwrap();
    rig.said();
    rig.session.detach(1, &mut rig.out).unwrap();
    assert!(rig.session.detach(1, &mut rig.out).unwrap_err().is_stale_id());
    assert_eq!(rig.said(), ["detach 1"]);
    rig.output(1, 1, b"late").unwrap();
    assert_eq!(rig.reported(), words("connected false, attached 1 0, output 1 0 1, detached 1"));
}

#[test]
fn every_request_is_answered_once() {
    let mut rig = Rig::open();
    for (expected, is_change) in [(1, false), (2, true), (3, false), (4, true), (5, true)] {
        assert_eq!(rig.session.next_number(), Ok(expected));
        rig.session.note_request(is_change);
    }
    let done = |id| ServerMessage::Result { id, outcome: Outcome::Done };
    rig.on(done(1)).unwrap();
    rig.on(done(1)).unwrap();
    rig.on(done(77)).unwrap();
    let rejected = Rejected {
        mutation: 4,
        code: ErrorCode::Conflict,
        message: String::new(),
        op: 0,
        session: None,
        pane: None,
    };
    rig.on(ServerMessage::Rejected(rejected)).unwrap();
    let applied = vec![Applied { mutation: 2, version: 3 }, Applied { mutation: 9, version: 3 }];
    rig.on(ServerMessage::Diff(Diff { applied, ..diff(0, 3, true) })).unwrap();
    rig.session.on_lost();
    let reported = rig.reported();
    assert_eq!(
        reported[1..5],
        ["answer 1 Done", "rejected 4 Conflict", "state 3 true", "applied 2 3"]
    );
    assert!(reported[5].starts_with("answer 3 Failed") && reported[5].contains("Disconnected"));
    assert_eq!(reported[6..], ["rejected 5 Disconnected"]);
    assert_eq!(rig.session.next_number(), Ok(6), "numbers are not used again");
    for _ in 0..1024 {
        rig.session.note_request(false);
    }
    assert!(rig.session.next_number().unwrap_err().is_limit_reached());
}

#[test]
fn the_round_trip_is_measured() {
    let mut rig = Rig::new();
    rig.on(welcome(EPOCH)).unwrap();
    rig.now += Duration::from_millis(30);
    rig.on(ServerMessage::Pong { id: 1 }).unwrap();
    assert_eq!(rig.session.round_trip, Some(Duration::from_millis(30)));
    rig.on(ServerMessage::Pong { id: 55 }).unwrap();
}

fn words(list: &str) -> Vec<String> {
    list.split(", ").map(|word| word.trim().to_owned()).collect()
}

/// What happens to a state and its mirror.
#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8),
    Remove(u8),
    /// The server sends a part of what the mirror lacks.
    Send,
    /// The mirror takes so many parts in.
    Receive(usize),
    /// What is in flight is lost.
    Break,
    /// The other engine starts again, with nothing.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..20u8, any::<u8>()).prop_map(|(id, name)| Step::Put(id, name)),
        3 => (0..20u8).prop_map(Step::Remove),
        8 => Just(Step::Send),
        8 => (0..4usize).prop_map(Step::Receive),
        2 => Just(Step::Break),
        1 => Just(Step::Restart),
    ]
}

/// The other side: a state, and how far one client has been sent it.
struct Far {
    state: ApplicationState,
    cursor: StateCursor,
    is_between: bool,
    sent: Vec<Diff>,
}

impl Far {
    fn new(epoch: u64) -> Self {
        let limits = Limits { state_tombstone_bytes: 200, ..Limits::default() };
        let state = ApplicationState::new(epoch, &limits);
        Far { state, cursor: StateCursor::default(), is_between: false, sent: Vec::new() }
    }

    fn change(&mut self, change: state::Change) {
        // A removal of what is not there is refused, which is as well.
        let _ = self.state.commit(&ChangeSet { ops: vec![ChangeOp { change, base: None }] });
    }

    fn send(&mut self) -> bool {
        if !self.is_between && !self.state.has_changes(&self.cursor, Collections::ALL) {
            return false;
        }
        let mut diff = Diff::default();
        let budget = Budget { entries: 2, bytes: usize::MAX };
        let progress = self.state.changes(&mut self.cursor, Collections::ALL, budget, &mut diff);
        (diff.epoch, diff.from, diff.to) = (self.state.version().epoch, progress.from, progress.to);
        (diff.full, diff.more) = (progress.full, progress.more);
        diff.hash = (!diff.more).then(|| Hex(self.state.hash(Collections::ALL)));
        self.is_between = diff.more;
        self.sent.push(diff);
        true
    }

    /// A connection is made: the mirror says what it has.
    fn accept(&mut self, rig: &mut Rig) {
        self.sent.clear();
        let known = rig.hello().resume.map(|v| StateVersion { epoch: v.epoch, n: v.n });
        self.cursor = known.map_or_else(StateCursor::default, StateCursor::at);
        self.is_between = known.is_none();
        rig.session.on_lost();
        rig.on(welcome(self.state.version().epoch)).unwrap();
    }
}

proptest! {
    /// However parts are cut and connections break, a mirror that has everything is equal, and its hash
    /// never differs on the way.
    #[test]
    fn a_mirror_comes_to_be_equal(steps in prop::collection::vec(step(), 1..200)) {
        let mut far = Far::new(1);
        let mut rig = Rig::new();
        far.accept(&mut rig);
        for step in steps {
            match step {
                Step::Put(id, name) => far.change(state::Change::PutSession {
                    id: id.to_string(),
                    session: state::Session { name: name.to_string(), ..Default::default() },
                }),
                Step::Remove(id) => {
                    far.change(state::Change::RemoveSession { id: id.to_string() });
                }
                Step::Send => drop(far.send()),
                Step::Receive(count) => {
                    let count = count.min(far.sent.len());
                    for diff in far.sent.drain(..count) {
                        rig.session
                            .on_message(ServerMessage::Diff(diff), rig.now, &mut rig.out)
                            .unwrap();
                    }
                }
                Step::Break => far.accept(&mut rig),
                Step::Restart => {
                    far = Far::new(far.state.version().epoch + 1);
                    far.accept(&mut rig);
                }
            }
        }
        while far.send() {}
        for diff in std::mem::take(&mut far.sent) {
            rig.on(ServerMessage::Diff(diff)).unwrap();
        }
        prop_assert_eq!(rig.session.mismatches, 0);
        prop_assert_eq!(rig.session.replica.version(), Some(far.state.version()));
        let replica = rig.session.replica.hash(Collections::ALL);
        prop_assert_eq!(replica, far.state.hash(Collections::ALL));
    }
}
