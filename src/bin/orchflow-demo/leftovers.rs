//! What programs leave behind in the terminal that shows their output, and what undoes it.
//!
//! One table, [`TABLE`]: each entry says which sequences leave something behind, which of them a program
//! takes it back by itself with, and what we send if it has not. Nothing is sent that was not left, so a
//! terminal that does not know a mode never hears of it, and a program that cleans up costs no byte. Each
//! state is undone by a sequence of its own: a soft reset (DECSTR) does different things in every terminal,
//! and nothing in tmux.
//!
//! Left alone is what has no common default: alternate scrolling (1007), the keys of Meta and Alt
//! (1034-1039), grapheme clusters (2027). So are contents (double-height lines, images) and the title,
//! which the owner of the window saves and restores.

use orchflow::Size;

mod table;

use table::{ENTRIES, TABLE};

/// Most of what a program pushes on a stack is undone; a program that pushes without end is not followed.
const DEPTH_MAX: u8 = 16;

/// A sequence of output, as far as it matters here.
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
    /// From what is between `ESC [` and the last byte.
    pub(crate) fn control(body: &'a [u8], last: u8) -> Self {
        let is_prefix = |byte: &u8| (b'<'..=b'?').contains(byte);
        let (prefix, rest) = body.split_at(body.iter().take_while(|byte| is_prefix(byte)).count());
        let end = rest.iter().position(|byte| (0x20..=0x2f).contains(byte)).unwrap_or(rest.len());
        let (parameters, intermediates) = rest.split_at(end);
        Sequence::Csi { prefix, parameters, intermediates, last }
    }
}

/// A line of the table.
struct Entry {
    what: &'static str,
    on: &'static [On],
    undo: Undo,
}

/// What brings something about, or takes it back.
enum On {
    /// `CSI ? n h` leaves it, `CSI ? n l` takes it back.
    Private(u16),
    /// `CSI ? n l` leaves it, `CSI ? n h` takes it back.
    PrivateOff(u16),
    /// `CSI ? n l` takes it back.
    TakenBackBy(u16),
    /// `CSI n h` leaves it, `CSI n l` takes it back.
    Mode(u16),
    /// `CSI n l` leaves it, `CSI n h` takes it back.
    ModeOff(u16),
    /// A control sequence with this prefix, intermediates and last byte: parameters that leave it (none
    /// named: all others), and those that take it back.
    Csi(&'static str, &'static [&'static str], &'static [&'static str]),
    /// An escape sequence that leaves it, and one that takes it back.
    Escape(&'static str, &'static str),
    /// A character set is designated by this intermediate; ASCII, `B`, takes it back.
    Designate(u8),
    /// A control byte that leaves it, and one that takes it back.
    Control(u8, u8),
    /// Commands with this number set a colour, or something alike, unless they ask for it; those with
    /// the other one take it back.
    Osc(u32, u32),
    /// A command with this number leaves it; without a text behind it, takes it back.
    OscText(u32),
    /// A hyperlink is opened by a command with an address and closed by one without.
    Link,
    /// A progress bar is shown, or taken away.
    Progress,
    /// One control sequence pushes, one pops; `true`: on the alternate screen.
    KittyKeys(bool),
    Titles,
}

/// What is sent.
enum Undo {
    Text(&'static str),
    /// As often as it was pushed.
    EachTime(&'static str),
    /// Stops every 8 columns, as far as the terminal is wide.
    TabStops,
}

/// See the module's documentation. How often something was left, by line of the table.
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
            // A full reset shows the normal screen; what else it leaves out differs.
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

    /// What undoes all of it.
    pub(crate) fn undo(&self, size: Option<Size>) -> Vec<u8> {
        let mut out = Vec::new();
        let cols = size.unwrap_or_default().cols;
        // Margins and tab stops take the cursor along. Origin mode is saved and restored with it, so there
        // the cursor goes to the last row instead.
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

/// Left so many times, and taken back so many times.
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

/// What setting and resetting a mode does.
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

/// Flags of the keyboard protocol of kitty that are pushed, and popped.
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
