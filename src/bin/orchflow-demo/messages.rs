//! Messages on stderr, written without blocking.
//!
//! If stderr accepts nothing, a message is dropped and the next one that is written says how many
//! were dropped. Otherwise a blocked stderr would stop the demo. Control characters are escaped in
//! every line, because names and messages come from others.

use std::io::{Stderr, stderr};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::escape::escaped;
use crate::stream::Stream;

static STREAM: OnceLock<Stream<Stderr>> = OnceLock::new();
/// Messages that were dropped or truncated.
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);
/// The last message was truncated.
static IS_CUT: AtomicBool = AtomicBool::new(false);

/// Prints a line with the program's name.
pub(crate) fn report(text: &str) {
    report_plain(&format!("orchflow-demo: {text}"));
}

/// Prints a line without the program's name.
pub(crate) fn report_plain(text: &str) {
    put_line(&escaped(text), |dropped| format!("orchflow-demo: {dropped}"));
}

/// Prints a line that has no control characters. `dropped_line` makes a line that says how many were dropped.
pub(crate) fn put_line(text: &str, dropped_line: impl FnOnce(&str) -> String) {
    let left_out = LEFT_OUT.load(Ordering::Relaxed);
    let line = match left_out {
        0 => format!("{text}\n"),
        n => format!("{}\n{text}\n", dropped_line(&format!("{n} messages were dropped"))),
    };
    let end = if IS_CUT.load(Ordering::Relaxed) { "\n" } else { "" };
    let line = format!("{end}{line}");
    let written = put(&line);
    if written == line.len() {
        LEFT_OUT.store(0, Ordering::Relaxed);
    } else {
        LEFT_OUT.store(left_out + 1, Ordering::Relaxed);
    }
    if written > 0 {
        IS_CUT.store(written < line.len(), Ordering::Relaxed);
    }
}

/// Writes what stderr accepts now, unescaped, and returns the number of bytes. A closed stderr
/// accepts nothing.
pub(crate) fn put(text: &str) -> usize {
    STREAM.get_or_init(|| Stream::new(stderr())).write(text.as_bytes()).unwrap_or(0)
}
