//! Whatever a message holds, it comes out as it went in: both codecs, compressed or not.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::vectors::{Any, Side};
use super::*;
use crate::sync::protocol::values::{Decimal, Hex, Octets};
use crate::sync::protocol::*;

/// What messages are made from: bytes that proptest chooses and shrinks. When they run out all is zero
/// and empty, so that every message ends.
struct Source<'a>(std::slice::Iter<'a, u8>);

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or_default()
    }

    /// A number with all lengths of varints, and their bounds, about equally often.
    fn number(&mut self) -> u64 {
        let bytes: [u8; 8] = std::array::from_fn(|_| self.byte());
        let number = u64::from_le_bytes(bytes);
        match self.byte() % 12 {
            0 => number % 251,
            1 => 250 + number % 3,
            2 => 65_535 + number % 2,
            3 => 4_294_967_295 + number % 2,
            4 => u64::MAX,
            5 => number >> 32,
            6 => number >> 48,
            7 => number,
            _ => 0,
        }
    }

    fn any<T: Made>(&mut self) -> T {
        T::made(self)
    }
}

trait Made {
    fn made(source: &mut Source<'_>) -> Self;
}

macro_rules! numbers {
    ($($t:ty)*) => { $(impl Made for $t {
        fn made(source: &mut Source<'_>) -> Self {
            let number = source.number() as Self;
            if source.byte() % 2 == 0 { number } else { (0 as Self).wrapping_sub(number) }
        }
    })* };
}

/// `Type { fields }` for a struct, all of them of any value.
macro_rules! structs {
    ($($t:ident { $($field:ident),* })*) => { $(impl Made for $t {
        fn made(s: &mut Source<'_>) -> Self { $t { $($field: s.any()),* } }
    })* };
}

/// `Type: variants` for an enum, each with its own expression.
macro_rules! enums {
    ($s:ident; $($t:ident: $($variant:expr),*;)*) => { $(impl Made for $t {
        fn made($s: &mut Source<'_>) -> Self {
            const VARIANTS: usize = [$(stringify!($variant)),*].len();
            let mut left = usize::from($s.byte()) % VARIANTS;
            $(if left == 0 { return $variant; } left = left.wrapping_sub(1);)*
            unreachable!("{left}")
        }
    })* };
}

numbers! { u8 u16 u32 u64 i16 i32 i64 }

impl Made for bool {
    fn made(source: &mut Source<'_>) -> Self {
        source.byte() % 2 == 1
    }
}

impl<T: Made> Made for Vec<T> {
    fn made(source: &mut Source<'_>) -> Self {
        (0..source.byte() % 5).map(|_| source.any()).collect()
    }
}

impl Made for Octets {
    fn made(source: &mut Source<'_>) -> Self {
        let length = usize::from(source.byte() % 16);
        let bytes: Vec<u8> = (0..length).map(|_| source.byte()).collect();
        // Now and then long enough to be compressed.
        Octets(if source.byte() % 8 == 7 { bytes.repeat(200) } else { bytes })
    }
}

impl Made for Decimal {
    fn made(source: &mut Source<'_>) -> Self {
        Decimal(source.any())
    }
}

impl Made for Hex {
    fn made(source: &mut Source<'_>) -> Self {
        Hex(source.any())
    }
}

impl Made for String {
    fn made(source: &mut Source<'_>) -> Self {
        String::from_utf8_lossy(&source.any::<Octets>().0).into_owned()
    }
}

impl<T: Made> Made for Option<T> {
    fn made(source: &mut Source<'_>) -> Self {
        source.any::<bool>().then(|| source.any())
    }
}

impl<T: Made> Made for Box<T> {
    fn made(source: &mut Source<'_>) -> Self {
        Box::new(source.any())
    }
}

impl Made for BTreeMap<String, String> {
    fn made(source: &mut Source<'_>) -> Self {
        (0..source.byte() % 4).map(|_| (source.any(), source.any())).collect()
    }
}

structs! {
    Version { epoch, n }
    SessionEntry { id, version, name, panes, metadata }
    PaneEntry { id, version, session, title, content, metadata }
    TerminalEntry { id, version, title, cwd, cols, rows, pid, running, exit, closing, screen, program, last_exit, hidden_input, size_policy }
    FileEntry { watch, id, version, parent, name, kind, size, modified_us, mode, ignored }
    TerminalSnapshot { terminal, offset, cols, rows, line, data, more }
    Screen { terminal, offset, full, cols, rows, history, line, cursor, modes, title, scrolls, lines, viewport }
    RowsReply { lines, kept_from, kept_to, history, cols }
    PlacedLine { row, place, wrapped, runs }
    RowsRequest { id, terminal, from, above, max }
    Read { id, path, offset, max, base }
    FileVersion { device, inode, size, changed_ns }
    FileSlice { data, offset, version, changed, end }
    Stats { uptime_ms, turns, longest_turn_us, clients, terminals, watches, queued_bytes }
    Figures {
        uptime_ms, turns, unfinished_turns, pty_read_bytes, pty_written_bytes, received_bytes, sent_bytes,
        received_messages, sent_messages, file_events, rescans, gap_bytes, errors, turn, lag, response,
        file_latency, diff_age, round_trip, memory, memory_limit, queued_bytes, terminals, clients, watches, peers
    }
    Times { count, sum_us, p50_us, p95_us, p99_us, max_us }
    MemoryPart { name, bytes }
    Health { status, parts, more }
    PartHealth { part, id, status, reason, message, since_ms }
    Progress { state, percent }
    Cursor { row, col, shape, blinking, visible }
    Scroll { top, bottom, rows }
    Line { row, wrapped, runs }
    LinePosition { line, col }
    Run { text, cols, wide, fg, bg, attributes, underline, underline_color, link }
    Hello { token, client, resume, collections, attach, compress, notices }
    Attach { terminal, mode, start, window, cols, rows }
    TerminalOp { terminal, op }
    Spawn { id, profile, cwd, cols, rows }
    ChangeOp { change, base }
    PutPane { id, session, title, content, metadata }
    Search { id, terminal, pattern, regex, ignore_case, max }
    Welcome { protocol, server, client, scopes, version, resumed, profiles, limits }
    Bounds {
        message_bytes, inflated_bytes, messages_per_second, bytes_per_second, attachments,
        window_bytes
    }
    Diff {
        epoch, from, to, full, more, removed, sessions, panes, terminals, files, applied, hash
    }
    Applied { mutation, version }
    Rejected { mutation, code, message, op, session, pane }
    Failure { code, message }
    Match { start_row, start_col, end_row, end_col, line, col, cols }
    TerminalDetail {
        terminal, foreground_pid, foreground_name, cwd, log_start, log_end, input_bytes,
        input_waiting, since_input_ms, since_output_ms, paused, history
    }
}

enums! { s;
    Collection: Collection::Sessions, Collection::Panes, Collection::Terminals, Collection::Files;
    Key: Key::Session(s.any()), Key::Pane(s.any()), Key::Terminal(s.any()),
        Key::File { watch: s.any(), id: s.any() };
    Content: Content::Empty, Content::Terminal(s.any()), Content::File(s.any()),
        Content::Custom(s.any());
    Exit: Exit::Code(s.any()), Exit::Signal(s.any()), Exit::Unknown;
    FileKind: FileKind::File, FileKind::Directory, FileKind::Symlink, FileKind::Other;
    Color: Color::Default, Color::Indexed(s.any()), Color::Rgb(s.any(), s.any(), s.any());
    Mode: Mode::Lossless, Mode::Lossy, Mode::Screen;
    Start: Start::Oldest, Start::Now, Start::Offset(s.any()), Start::Snapshot(s.any()),
        Start::Default;
    Op: Op::Input(s.any()), Op::Paste(s.any()), Op::Resize { cols: s.any(), rows: s.any() },
        Op::Interrupt, Op::Eof, Op::Signal(s.any()), Op::Clear, Op::Close { grace_ms: s.any() };
    Change: Change::PutSession {
            id: s.any(), name: s.any(), panes: s.any(), metadata: s.any()
        },
        Change::RemoveSession { id: s.any() }, Change::PutPane(s.any()),
        Change::RemovePane { id: s.any() };
    Scope: Scope::Observe, Scope::Type, Scope::Manage, Scope::Clipboard;
    SizePolicy: SizePolicy::Latest, SizePolicy::Smallest, SizePolicy::Fixed;
    NoticeKind: NoticeKind::Bell, NoticeKind::Notification, NoticeKind::Clipboard,
        NoticeKind::Progress, NoticeKind::Command, NoticeKind::Title, NoticeKind::Cwd;
    ProgressState: ProgressState::Normal, ProgressState::Failed, ProgressState::Indeterminate,
        ProgressState::Paused;
    Notice: Notice::Bell { count: s.any() },
        Notice::Notification { title: s.any(), body: s.any() },
        Notice::Clipboard { selection: s.any(), text: s.any() },
        Notice::Progress { progress: s.any() }, Notice::CommandStarted { command: s.any() },
        Notice::CommandFinished { exit_code: s.any(), duration_ms: s.any() },
        Notice::Title { title: s.any() }, Notice::Cwd { path: s.any() };
    HealthStatus: HealthStatus::Ok, HealthStatus::Degraded, HealthStatus::Failed;
    DetachReason: DetachReason::Asked, DetachReason::Closed;
    ErrorCode: ErrorCode::Invalid, ErrorCode::Forbidden, ErrorCode::NotFound, ErrorCode::Limit,
        ErrorCode::Conflict, ErrorCode::Refused, ErrorCode::Ended, ErrorCode::Skipped,
        ErrorCode::NoScreen, ErrorCode::System, ErrorCode::Cancelled;
    Outcome: Outcome::Done, Outcome::Failed(s.any()), Outcome::Statuses(s.any()),
        Outcome::Spawned { terminal: s.any() }, Outcome::Watching { watch: s.any() },
        Outcome::Found { matches: s.any(), complete: s.any() }, Outcome::Terminal(s.any()),
        Outcome::Rows(s.any()), Outcome::Slice(s.any()), Outcome::Stats(s.any());
    ClientMessage: ClientMessage::Hello(s.any()), ClientMessage::Ack { version: s.any() },
        ClientMessage::Attach(s.any()), ClientMessage::Detach { terminal: s.any() },
        ClientMessage::Credit { terminal: s.any(), offset: s.any() },
        ClientMessage::Input { terminal: s.any(), data: s.any() },
        ClientMessage::Batch { id: s.any(), ops: s.any() }, ClientMessage::Spawn(s.any()),
        ClientMessage::Change { mutation: s.any(), ops: s.any() },
        ClientMessage::Subscribe { collections: s.any() },
        ClientMessage::Watch { id: s.any(), path: s.any() },
        ClientMessage::Unwatch { id: s.any(), watch: s.any() }, ClientMessage::Search(s.any()),
        ClientMessage::Query { id: s.any(), terminal: s.any() }, ClientMessage::Snapshot,
        ClientMessage::Ping { id: s.any() }, ClientMessage::Cancel { id: s.any() },
        ClientMessage::Rows(s.any()), ClientMessage::Scroll { terminal: s.any(), rows: s.any() },
        ClientMessage::Notices { kinds: s.any() }, ClientMessage::Read(s.any()),
        ClientMessage::Stats { id: s.any() },
        ClientMessage::Observe { figures_ms: s.any(), health: s.any() };
    ServerMessage: ServerMessage::Welcome(s.any()), ServerMessage::Diff(s.any()),
        ServerMessage::Rejected(s.any()),
        ServerMessage::Attached { terminal: s.any(), mode: s.any(), offset: s.any() },
        ServerMessage::Detached { terminal: s.any(), reason: s.any() },
        ServerMessage::Gap { terminal: s.any(), from: s.any(), to: s.any() },
        ServerMessage::TerminalSnapshot(s.any()), ServerMessage::Screen(s.any()),
        ServerMessage::Ended { terminal: s.any(), final_offset: s.any(), exit: s.any() },
        ServerMessage::Result { id: s.any(), outcome: s.any() },
        ServerMessage::Error {
            code: s.any(), message: s.any(), id: s.any(), terminal: s.any()
        },
        ServerMessage::Pong { id: s.any() },
        ServerMessage::LagWarning { terminal: s.any(), remaining_ms: s.any() },
        ServerMessage::Notice { terminal: s.any(), seq: s.any(), notice: s.any() },
        ServerMessage::Figures(s.any()), ServerMessage::Health(s.any());
    Any: Any::Client(s.any()), Any::Server(s.any());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_message_comes_out_as_it_went_in(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let message: Any = Source(bytes.iter()).any();
        for codec in Codec::EACH {
            let plain = message.encode(codec, false);
            prop_assert_eq!(plain.text, codec == Codec::Json);
            let decoded = Any::decode(message.side(), codec, &plain);
            prop_assert_eq!(decoded.as_ref(), Ok(&message));
            let compressed = message.encode(codec, true);
            prop_assert!(compressed.payload.len() <= plain.payload.len());
            prop_assert!(plain.payload.len() > COMPRESS_ABOVE || compressed == plain);
            let decoded = Any::decode(message.side(), codec, &compressed);
            prop_assert_eq!(decoded.as_ref(), Ok(&message));
        }
    }

    #[test]
    fn whatever_comes_is_a_message_or_an_error(
        data in prop::collection::vec(prop_oneof![0u8..4, any::<u8>()], 0..200),
        text in ".{0,100}",
    ) {
        fuzz::fuzz(&data, &mut memory::within);
        fuzz::fuzz(text.as_bytes(), &mut memory::within);
    }
}

#[test]
fn only_what_is_large_and_shrinks_is_compressed() {
    let message =
        |data: Vec<u8>| Any::Client(ClientMessage::Input { terminal: 1, data: Octets(data) });
    let mut noise = 1u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    })
    .take(100_000)
    .collect();
    // Data, whether bincode and JSON compress it; noise is base64 in JSON, which has a quarter of air.
    let cases = [
        (vec![b'a'; 900], false, false),
        (vec![b'a'; 2000], true, true),
        (vec![b'a'; 1_000_000], true, true),
        (noise, false, true),
    ];
    for (data, bincode, json) in cases {
        let message = message(data);
        for (codec, compressed) in [(Codec::Bincode, bincode), (Codec::Json, json)] {
            let encoded = message.encode(codec, true);
            assert_eq!(encoded != message.encode(codec, false), compressed);
            let [first, flags, ..] = encoded.payload[..] else { panic!("empty") };
            assert_eq!((first != b'{') && flags == DEFLATED, compressed);
            assert_eq!(encoded.text, codec == Codec::Json && !compressed);
            let limit = 2 << 20;
            let decoded = match (encoded.text, std::str::from_utf8(&encoded.payload)) {
                (true, Ok(text)) => codec.decode_client(Incoming::Text(text), limit),
                _ => codec.decode_client(Incoming::Binary(&encoded.payload), limit),
            };
            let Any::Client(message) = message.clone() else { unreachable!() };
            assert_eq!(decoded, Ok(FromClient::Message(message)));
        }
        assert_eq!(message.side(), Side::Client);
    }
}
