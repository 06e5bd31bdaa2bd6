//! What programs leave behind in the terminal that shows their output, and the sequences that undo
//! it.
//!
//! [`TABLE`] lists for each state the sequences that set it, those with which a program resets it,
//! and the one that is sent if the program has not. Only states that are still set are reset: an
//! unknown mode is never sent to a terminal, and nothing is sent after a program that cleans up.
//! Each state has a sequence of its own, because a soft reset (DECSTR) differs between terminals
//! and does nothing in tmux.
//!
//! States without a common default are not reset: alternate scrolling (1007), the Meta and Alt keys
//! (1034-1039) and grapheme clusters (2027). Contents (double-height lines, images) are not changed
//! either. The title is saved and restored by the owner of the window.

use orchflow::Size;

mod table;

use table::{ENTRIES, TABLE};

/// The maximum depth of a stack that is undone; programs rarely push more.
const DEPTH_MAX: u8 = 16;

/// A sequence of the output, reduced to what the table needs.
pub(crate) enum Sequence<'a> {
    /// A control byte between characters.
    Control(u8),
    Escape {
        intermediates: &'a [u8],
        last: u8,
    },
    /// A control sequence: its prefix (`<`, `=`, `>`, `?`), parameters and intermediates, and last byte.
    Csi {
        prefix: &'a [u8],
        parameters: &'a [u8],
        intermediates: &'a [u8],
        last: u8,
    },
    /// An operating system command.
    Command(&'a [u8]),
}

impl<'a> Sequence<'a> {
    /// Splits what is between `ESC [` and the last byte.
    pub(crate) fn control(body: &'a [u8], last: u8) -> Self {
        let is_prefix = |byte: &u8| (b'<'..=b'?').contains(byte);
        let (prefix, rest) = body.split_at(body.iter().take_while(|byte| is_prefix(byte)).count());
        let end = rest.iter().position(|byte| (0x20..=0x2f).contains(byte)).unwrap_or(rest.len());
        let (parameters, intermediates) = rest.split_at(end);
        Sequence::Csi { prefix, parameters, intermediates, last }
    }
}

/// An entry of the table.
struct Entry {
    what: &'static str,
    on: &'static [On],
    undo: Undo,
}

/// The sequences that set a state and reset it.
enum On {
    /// `CSI ? n h` sets it, `CSI ? n l` resets it.
    Private(u16),
    /// `CSI ? n l` sets it, `CSI ? n h` resets it.
    PrivateOff(u16),
    /// `CSI ? n l` resets it.
    TakenBackBy(u16),
    /// `CSI n h` sets it, `CSI n l` resets it.
    Mode(u16),
    /// `CSI n l` sets it, `CSI n h` resets it.
    ModeOff(u16),
    /// A control sequence with this prefix, intermediates and last byte: the parameters that set it
    /// (empty: all others), and those that reset it.
    Csi(&'static str, &'static [&'static str], &'static [&'static str]),
    /// An escape sequence that sets it, and one that resets it.
    Escape(&'static str, &'static str),
    /// Designates a character set with this intermediate; ASCII, `B`, resets it.
    Designate(u8),
    /// A control byte that sets it, and one that resets it.
    Control(u8, u8),
    /// A command with this number sets a color or the like, unless it is a query; the other number
    /// resets it.
    Osc(u32, u32),
    /// A command with this number sets it; the command without text resets it.
    OscText(u32),
    /// A hyperlink: a command with an address opens it, one without closes it.
    Link,
    /// A progress bar is shown or removed.
    Progress,
    /// One control sequence pushes, one pops; `true`: on the alternate screen.
    KittyKeys(bool),
    Titles,
}

/// The sequence that is sent.
enum Undo {
    Text(&'static str),
    /// Once for each push.
    EachTime(&'static str),
    /// Tab stops every 8 columns, up to the width of the terminal.
    TabStops,
}

/// See the module documentation. Counts for each entry of the table how often it was set.
#[derive(Clone)]
pub(crate) struct Leftovers {
    counts: [u8; ENTRIES],
}

impl Default for Leftovers {
    fn default() -> Self {
        Leftovers { counts: [0; ENTRIES] }
    }
}

impl Leftovers {
    pub(crate) fn on(&mut self, sequence: &Sequence<'_>) {
        if let Sequence::Escape { intermediates: b"", last: b'c' } = sequence {
            // A full reset shows the normal screen; other effects differ between terminals.
            return self.forget(&["alternate screen"]);
        }
        let is_alternate = self.has("alternate screen");
        for (count, entry) in self.counts.iter_mut().zip(TABLE) {
            for on in entry.on {
                let (pushed, popped) = on.effect(sequence, is_alternate);
                let is_stack = matches!(on, On::KittyKeys(_) | On::Titles);
                let max = if is_stack { DEPTH_MAX } else { 1 };
                *count = count.saturating_add(pushed).min(max).saturating_sub(popped);
            }
        }
    }

    /// The bytes that undo everything.
    pub(crate) fn undo(&self, size: Option<Size>) -> Vec<u8> {
        let mut out = Vec::new();
        let cols = size.unwrap_or_default().cols;
        // Margins and tab stops move the cursor. Origin mode is saved and restored with the cursor;
        // then the cursor goes to the last row instead.
        let has_origin = self.has("origin");
        for (count, entry) in self.counts.iter().zip(TABLE).filter(|(count, _)| **count > 0) {
            let moves = ["origin", "margins", "left and right margins", "tab stops"];
            let is_kept = !has_origin && moves.contains(&entry.what);
            out.extend_from_slice(if is_kept { b"\x1b7" } else { b"" });
            match &entry.undo {
                Undo::Text(text) => out.extend_from_slice(text.as_bytes()),
                Undo::EachTime(text) => {
                    (0..*count).for_each(|_| out.extend_from_slice(text.as_bytes()));
                }
                Undo::TabStops => {
                    out.extend_from_slice(b"\r\x1b[3g");
                    let stops = usize::from(cols.saturating_sub(1) / 8);
                    out.extend_from_slice(&b"\x1b[8C\x1bH".repeat(stops));
                }
            }
            out.extend_from_slice(if is_kept { b"\x1b8" } else { b"" });
        }
        if has_origin {
            out.extend_from_slice(b"\x1b[9999H");
        }
        out
    }

    fn has(&self, what: &str) -> bool {
        self.counts.iter().zip(TABLE).any(|(count, entry)| *count > 0 && entry.what == what)
    }

    fn forget(&mut self, what: &[&str]) {
        for (count, entry) in self.counts.iter_mut().zip(TABLE) {
            if what.contains(&entry.what) {
                *count = 0;
            }
        }
    }
}

/// How often a sequence sets a state, and how often it resets it.
type Effect = (u8, u8);

const LEFT: Effect = (1, 0);
const TAKEN_BACK: Effect = (0, u8::MAX);
const NONE: Effect = (0, 0);

impl On {
    fn effect(&self, sequence: &Sequence<'_>, is_alternate: bool) -> Effect {
        match (self, sequence) {
            (On::Private(n), _) => mode(sequence, b"?", *n, [LEFT, TAKEN_BACK]),
            (On::PrivateOff(n), _) => mode(sequence, b"?", *n, [TAKEN_BACK, LEFT]),
            (On::TakenBackBy(n), _) => mode(sequence, b"?", *n, [NONE, TAKEN_BACK]),
            (On::Mode(n), _) => mode(sequence, b"", *n, [LEFT, TAKEN_BACK]),
            (On::ModeOff(n), _) => mode(sequence, b"", *n, [TAKEN_BACK, LEFT]),
            (On::Csi(form, leaving, taking), _) => csi(sequence, form, leaving, taking),
            (On::Escape(leaving, taking), Sequence::Escape { intermediates, last }) => {
                let is = |text: &&str| {
                    text.as_bytes().split_last() == Some((last, intermediates as &[u8]))
                };
                either(is(leaving), is(taking))
            }
            (On::Designate(by), Sequence::Escape { intermediates, last }) => {
                let is_it = intermediates.first() == Some(by);
                either(is_it && *last != b'B', is_it)
            }
            (On::Control(leaving, taking), Sequence::Control(byte)) => {
                either(byte == leaving, byte == taking)
            }
            (_, Sequence::Command(text)) => self.command(text),
            (On::KittyKeys(alternate), _) if *alternate == is_alternate => kitty_keys(sequence),
            (On::Titles, Sequence::Csi { prefix: b"", parameters, last: b't', .. }) => {
                let what = parameters.split(|byte| *byte == b';').next();
                (u8::from(what == Some(b"22")), u8::from(what == Some(b"23")))
            }
            _ => NONE,
        }
    }

    fn command(&self, text: &[u8]) -> Effect {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = text.split_at(digits);
        let Some(number) = str::from_utf8(number).ok().and_then(|text| text.parse::<u32>().ok())
        else {
            return NONE;
        };
        match self {
            On::Osc(set, reset) => {
                let asks = rest.ends_with(b"?");
                either(
                    number == *set && !asks && rest.len() > 1,
                    number == *reset && rest.len() <= 1,
                )
            }
            On::OscText(n) => either(number == *n && rest.len() > 1, number == *n),
            On::Link => {
                let address = rest.splitn(3, |byte| *byte == b';').nth(2);
                let is_open = address.is_some_and(|address| !address.is_empty());
                either(number == 8 && is_open, number == 8)
            }
            On::Progress => {
                let is_shown = rest.starts_with(b";4;") && !rest.starts_with(b";4;0");
                either(number == 9 && is_shown, number == 9 && rest.starts_with(b";4;"))
            }
            _ => NONE,
        }
    }
}

fn either(leaves: bool, takes_back: bool) -> Effect {
    match (leaves, takes_back) {
        (true, _) => LEFT,
        (false, true) => TAKEN_BACK,
        _ => NONE,
    }
}

/// Which of setting and resetting a mode changes the state.
fn mode(sequence: &Sequence<'_>, prefix: &[u8], n: u16, [set, reset]: [Effect; 2]) -> Effect {
    let Sequence::Csi { prefix: found, parameters, intermediates: b"", last } = sequence else {
        return NONE;
    };
    let effect = match last {
        b'h' => set,
        b'l' => reset,
        _ => return NONE,
    };
    if *found == prefix && list(parameters).any(|value| number(value) == Some(n)) {
        return effect;
    }
    NONE
}

fn csi(sequence: &Sequence<'_>, form: &str, leaving: &[&str], taking: &[&str]) -> Effect {
    let Sequence::Csi { prefix, parameters, intermediates, last } = sequence else {
        return NONE;
    };
    if [prefix, *intermediates, &[*last]].concat() != form.as_bytes() {
        return NONE;
    }
    let is_among = |texts: &[&str]| texts.iter().any(|text| text.as_bytes() == *parameters);
    let takes_back = is_among(taking);
    either(if leaving.is_empty() { !takes_back } else { is_among(leaving) }, takes_back)
}

/// Pushes and pops of the flags of kitty's keyboard protocol.
fn kitty_keys(sequence: &Sequence<'_>) -> Effect {
    match sequence {
        Sequence::Csi { prefix: b">", intermediates: b"", last: b'u', .. } => LEFT,
        Sequence::Csi { prefix: b"<", parameters, intermediates: b"", last: b'u' } => {
            (0, number(parameters).map_or(1, |n| u8::try_from(n.max(1)).unwrap_or(u8::MAX)))
        }
        _ => NONE,
    }
}

fn list(parameters: &[u8]) -> impl Iterator<Item = &[u8]> {
    parameters.split(|byte| *byte == b';')
}

fn number(text: &[u8]) -> Option<u16> {
    str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
