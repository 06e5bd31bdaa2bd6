//! What is said to a person on stderr.
//!
//! Nobody may read it: then it is left out, and how much is said with the next line that goes out. A demo
//! that waited there would neither serve nor end. Control characters are escaped in every line: names and
//! messages in it come from others.

use std::io::{Stderr, stderr};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::escape::escaped;
use crate::stream::Stream;

static STREAM: OnceLock<Stream<Stderr>> = OnceLock::new();
/// Lines that did not go out, or not whole.
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);
/// The last line that went out was cut.
static IS_CUT: AtomicBool = AtomicBool::new(false);

/// Says a line in the name of the demo.
pub(crate) fn complain(text: &str) {
    complain_plainly(&format!("orchflow-demo: {text}"));
}

/// Says a line that is for a person alone.
pub(crate) fn complain_plainly(text: &str) {
    let text = escaped(text);
    let left_out = LEFT_OUT.load(Ordering::Relaxed);
    let line = match left_out {
        0 => format!("{text}\n"),
        n => format!("orchflow-demo: {n} lines were not taken and are left out\n{text}\n"),
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

/// Writes what is taken now, as it is; where stderr is closed there is nobody to tell. Gives how many bytes went out.
pub(crate) fn put(text: &str) -> usize {
    STREAM.get_or_init(|| Stream::new(stderr())).write(text.as_bytes()).unwrap_or(0)
}
