//! The numbers of `docs/PROTOCOL.md`, from the code: rows of its table of limits, and sentences elsewhere.

use super::access::directories::PATH_BYTES_MAX;
use super::codec::Codec;
use super::codec::bounds::{
    DEPTH_MAX, MEMORY_PER_BYTE, Message, SKIP_BYTES, SMALL_MEMORY, SMALL_PAYLOAD, small,
};
use super::protocol::{ClientMessage, REASON_BYTES_MAX};
use super::server::bounds::{
    COST, HELLO_BYTES, LARGEST_MESSAGE, MALFORMED_MAX, NAME_MAX, QUEUED_FRAMES_MAX, REPLY_ROOM,
    UNVERIFIED_COST, WINDOW, WINDOW_MIN,
};
use super::websocket::frames::FRAGMENTS_MAX;
use super::websocket::http::{HEAD_BYTES_MAX, HEADERS_MAX, PROTOCOLS_MAX};
use crate::limits::Limits;

const MANUAL: &str = include_str!("../../docs/PROTOCOL.md");

/// `1,048,576`.
fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `64 KiB`.
fn bytes(number: usize) -> String {
    match number {
        _ if number.is_multiple_of(1 << 20) => format!("{} MiB", number >> 20),
        _ => {
            assert!(number.is_multiple_of(1 << 10), "{number}");
            format!("{} KiB", number >> 10)
        }
    }
}

/// What a constant is in its source, where it cannot be used from here.
fn constant(file: &str, name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let source = std::fs::read_to_string(path).unwrap();
    let line = source.lines().find(|line| line.contains(&format!("const {name}: "))).unwrap();
    line.split_once(" = ").unwrap().1.trim_end_matches(';').to_owned()
}

/// How a row of the table of limits begins, and its default.
type Row = (&'static str, String);

/// Rows about messages.
fn rows_of_messages() -> Vec<Row> {
    let limits = Limits::default();
    let json = small(Codec::Json);
    assert_eq!(SKIP_BYTES, 4 << 10);
    let memory = format!(
        "{MEMORY_PER_BYTE} bytes for each byte of the inflated message, at most {}; {} if it has at most {}",
        bytes(ClientMessage::MEMORY),
        bytes(SMALL_MEMORY),
        bytes(SMALL_PAYLOAD)
    );
    let small = format!(
        "{} in JSON, without what is skipped; {} in bincode",
        bytes(json),
        bytes(small(Codec::Bincode))
    );
    let marks = format!("{} commas and opened brackets", count(ClientMessage::MARKS_MAX as usize));
    vec![
        ("`message_bytes`", bytes(limits.client_message_bytes)),
        ("`inflated_bytes`", bytes(limits.client_inflated_bytes)),
        ("one message before `welcome`", bytes(HELLO_BYTES)),
        ("one message, inflated, of another type", small),
        ("of a `batch` or a `change` in JSON", bytes(json)),
        ("values in one element of `ops`", marks),
        ("nesting of values in JSON", count(DEPTH_MAX as usize)),
        ("memory that", memory),
        ("fragments of one message", count(FRAGMENTS_MAX as usize)),
        ("malformed messages in a row", count(MALFORMED_MAX as usize)),
        ("`messages_per_second`", count(limits.client_messages_per_second as usize)),
        ("`bytes_per_second`", bytes(limits.client_bytes_per_second as usize)),
    ]
}

/// Rows about connections.
fn rows_of_connections() -> Vec<Row> {
    let limits = Limits::default();
    let seconds = |time: std::time::Duration| format!("{} s", time.as_secs());
    assert_eq!((COST.0, UNVERIFIED_COST.0), (200_000_000, 100_000_000));
    assert_eq!(bytes(LARGEST_MESSAGE), "4 MiB");
    let queue = "bytes that wait to be sent, beside the largest message of up to 4 MiB";
    let answers = format!("{} or {} frames", bytes(REPLY_ROOM.0), count(REPLY_ROOM.1));
    let request = format!("{}, {HEADERS_MAX}, {PROTOCOLS_MAX}", bytes(HEAD_BYTES_MAX));
    vec![
        ("the work that a client", "a fifth of a processor core".into()),
        ("the work that all", "a tenth of a core".into()),
        ("one message that has begun", seconds(limits.client_stall_time)),
        ("data that waits to be sent", seconds(limits.client_stall_time)),
        (queue, bytes(limits.client_queue_bytes)),
        ("frames that wait to be sent", count(QUEUED_FRAMES_MAX)),
        ("replies that wait to be sent", answers),
        ("messages of all clients", bytes(limits.client_partial_bytes_total)),
        ("clients", count(limits.clients)),
        ("connections without a `welcome`", count(limits.clients_pending)),
        ("time for the request", seconds(limits.client_hello_time)),
        ("a request: bytes", request),
    ]
}

/// Rows about what clients ask for.
fn rows_of_requests() -> Vec<Row> {
    let limits = Limits::default();
    let search = "src/engine/searches.rs";
    let pattern = "src/terminal/screen/search/pattern.rs";
    assert_eq!(constant(search, "MATCHES"), "(1000, 10_000)");
    assert_eq!(constant("src/engine/batches.rs", "BATCH_OPS_MAX"), "16 << 10");
    assert_eq!(constant("src/engine/files.rs", "SLICE_BYTES"), "(64 << 10, 256 << 10)");
    assert_eq!(constant(pattern, "TEXT_BYTES_MAX"), "16 << 10");
    assert_eq!(constant(pattern, "EXPRESSION_BYTES_MAX"), "2 << 10");
    let rows = "src/engine/rows.rs";
    assert_eq!(constant(rows, "ROWS_MAX"), "1_000");
    assert_eq!(constant(rows, "BYTES_MAX"), "192 << 10");
    let layout = [limits.state_sessions, limits.state_panes, limits.state_session_panes];
    vec![
        ("`attachments`", count(limits.client_attachments)),
        ("`window_bytes`", bytes(limits.client_window_bytes)),
        ("terminals of the engine", count(limits.terminals)),
        ("input of a terminal", bytes(limits.input_bytes)),
        ("watches of a client", count(limits.client_watches)),
        ("watches of the engine", count(limits.watches)),
        ("bytes of a slice of `read`", bytes(256 << 10)),
        ("bytes of a path", count(PATH_BYTES_MAX)),
        ("operations of a `batch`", count(16 << 10)),
        ("operations of a `change`", count(limits.state_change_ops)),
        ("sessions, panes", layout.map(count).join(", ")),
        ("all entries of the state", bytes(limits.state_bytes)),
        ("changes that wait", count(limits.reviews)),
        ("matches of a `search`", count(10_000)),
        ("searches of a client", constant(search, "CLIENT_SEARCHES_MAX")),
        ("rows of a reply", "1,000; 192 KiB".into()),
        ("bytes of a search pattern", format!("{}; {}", count(16 << 10), count(2 << 10))),
    ]
}

#[test]
fn the_table_of_limits_is_that_of_the_code() {
    let section = MANUAL.split("\n## Limits\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut rows = [rows_of_messages(), rows_of_connections(), rows_of_requests()].concat();
    for line in lines {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let at = rows.iter().position(|(start, _)| cells[0].starts_with(start));
        let (start, value) = rows.remove(at.unwrap_or_else(|| panic!("no test of {line}")));
        assert_eq!(cells[1], value, "{start}");
    }
    assert!(rows.is_empty(), "not in the manual: {rows:?}");
}

#[test]
fn numbers_in_sentences_are_those_of_the_code() {
    let limits = Limits::default();
    let batches = "src/engine/batches.rs";
    assert_eq!(constant(batches, "EXPLAINED_MAX"), "1024");
    assert_eq!(constant("src/engine/requests.rs", "GRACE_MAX"), "Duration::from_secs(60)");
    assert_eq!(bytes(LARGEST_MESSAGE), "4 MiB");
    let rule = |name: &str, value: &str| assert_eq!(constant("src/state/rules.rs", name), value);
    rule("ID_BYTES_MAX", "64");
    rule("NAME_BYTES_MAX", "1024");
    rule("PATH_BYTES_MAX", "4096");
    rule("CUSTOM_BYTES_MAX", "256");
    rule("METADATA_PAIRS_MAX", "32");
    rule("METADATA_KEY_BYTES_MAX", "64");
    rule("METADATA_VALUE_BYTES_MAX", "4 << 10");
    rule("METADATA_BYTES_MAX", "16 << 10");
    for sentence in [
        "Ids have 1 to 64 bytes of".into(),
        "Names and titles have at most 1 KiB. Metadata has at most 32 pairs. A key has 1 to 64 bytes, a value at \
         most 4 KiB, and all of them together at most 16 KiB."
            .into(),
        "has at most 4,096 bytes and no NUL; a name as its content has at most 256 bytes".into(),
        format!("at most {DEPTH_MAX} deep"),
        format!(
            "0 is {}; less than {1} is taken as {1}",
            count(WINDOW as usize),
            count(WINDOW_MIN as usize)
        ),
        format!("longer than {NAME_MAX} bytes is cut off"),
        format!("more than {PROTOCOLS_MAX} or two with a token"),
        format!("one line of at most {REASON_BYTES_MAX} bytes"),
        format!("the {MALFORMED_MAX}th in a row"),
        format!("The {MALFORMED_MAX}th malformed one"),
        format!("at most {} fragments", count(FRAGMENTS_MAX as usize)),
        format!("share {} places", limits.clients_pending),
        format!("at most {} watches", limits.client_watches),
        format!("no message is larger than {}", bytes(HELLO_BYTES)),
        format!("larger than {} or has more than {HEADERS_MAX} headers", bytes(HEAD_BYTES_MAX)),
        "0 is 65,536. There are at most 262,144".into(),
        format!("more than {} frames wait", count(QUEUED_FRAMES_MAX)),
        "After the first 1,024 failures".into(),
        "at most 60,000 |".into(),
    ] {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(MANUAL).contains(&words(&sentence)), "{sentence}");
    }
}
