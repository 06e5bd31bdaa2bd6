//! Answers that wait to be fetched, and where in the output their queries stand, so that readers of the
//! output that answer by themselves do not get them.

use std::fmt::{Arguments, Write};

use super::super::parser::ControlString;
use super::super::style::Rgb;
use super::{Emulator, Progress, Terminal};

/// Bytes of replies that wait to be fetched. They are fetched after each read, so only a flood of queries
/// reaches it; what is past it is not answered.
const REPLIES_BYTES_MAX: usize = 64 << 10;

/// Places of queries that are remembered.
const QUERIES_MAX: usize = 4096;

/// The longest query whose beginning is held back.
const QUERY_BYTES_MAX: u64 = 256;

impl Emulator {
    /// Answers to the program's queries since the last call.
    pub(crate) fn take_replies(&mut self) -> Option<Vec<u8>> {
        let replies = &mut self.terminal.replies;
        if replies.is_empty() { None } else { Some(std::mem::take(replies)) }
    }

    /// The first query that ends after `offset`: from and to which offset it goes.
    pub(crate) fn next_query(&self, offset: u64) -> Option<(u64, u64)> {
        let queries = &self.terminal.queries;
        queries.get(queries.partition_point(|(_, to)| *to <= offset)).copied()
    }

    /// Forgets the queries before the oldest byte that the log has.
    pub(crate) fn forget_queries(&mut self, log_start: u64) {
        let queries = &mut self.terminal.queries;
        while queries.front().is_some_and(|(_, to)| *to <= log_start) {
            queries.pop_front();
        }
    }

    /// Where a sequence begins that has not ended yet and may turn out to be a query that is answered here.
    /// Whoever is not given queries is not given its beginning either.
    pub(crate) fn unfinished_query(&self) -> Option<u64> {
        let from = self.parser.ground_offset();
        let length = self.parser.offset().saturating_sub(from);
        let is_short = (1..=QUERY_BYTES_MAX).contains(&length);
        let may_be_query = self.terminal.options.replies && self.parser.is_in_sequence();
        (is_short && may_be_query).then_some(from)
    }

    /// Progress of the program's work, if it reports one.
    pub(crate) fn progress(&self) -> Option<Progress> {
        self.terminal.progress
    }

    /// Replaces the host's colours, which are reported where the program has set none. With mode 2031 a change
    /// between dark and light is reported, too.
    pub(crate) fn set_colors(&mut self, foreground: Rgb, background: Rgb, cursor: Rgb) {
        self.terminal.set_host_colors(foreground, background, cursor);
    }
}

/// What only tests ask for.
#[cfg(test)]
impl Emulator {
    pub(crate) fn icon_title(&self) -> &str {
        &self.terminal.titles.icon
    }
}

impl Terminal {
    pub(super) fn reply(&mut self, text: Arguments<'_>) {
        struct Bytes<'a>(&'a mut Vec<u8>);
        impl Write for Bytes<'_> {
            fn write_str(&mut self, part: &str) -> std::fmt::Result {
                self.0.extend_from_slice(part.as_bytes());
                Ok(())
            }
        }
        if self.options.replies && !self.is_silent && self.replies.len() < REPLIES_BYTES_MAX {
            // Writing to a vector does not fail.
            let _ = Bytes(&mut self.replies).write_fmt(text);
        }
    }

    /// A sequence has been answered.
    pub(super) fn note_query(&mut self, from: u64, to: u64) {
        if self.queries.len() == QUERIES_MAX {
            self.queries.pop_front();
        }
        self.queries.push_back((from, to));
        self.replied = self.replies.len();
    }

    /// Device control strings: DECRQSS, DECRSPS and XTGETTCAP.
    pub(super) fn device_control(&mut self, string: &ControlString<'_>) {
        let head = string.head;
        match (head.prefix, head.intermediates(), string.last) {
            (0, b"$", b'q') => self.report_setting(string.body),
            (0, b"$", b't') => self.restore_presentation(&head.params, string.body),
            (0, b"+", b'q') => self.report_capabilities(string.body),
            _ => {}
        }
    }
}
