//! What the parser reports: the actions that a stream asks for, and what they carry.

use super::Params;

/// What the parts of a stream ask for, in order.
pub(crate) trait Actions {
    /// Printable ASCII, 0x20 to 0x7E. Gives how many of the bytes were printed: at least one, all of them unless
    /// [`is_spent`](Self::is_spent).
    fn print_ascii(&mut self, bytes: &[u8]) -> usize;
    /// Characters that are no control characters; the same for their number.
    fn print(&mut self, chars: &[char]) -> usize;
    /// A C0 control; never ESC.
    fn control(&mut self, byte: u8);
    /// An escape sequence that is no introducer.
    fn esc(&mut self, intermediates: &[u8], last: u8);
    /// A control sequence.
    fn csi(&mut self, head: &Head, last: u8);
    /// SGR with these parameters, as they are written, the first byte in the lowest bits. `false` if it is not known
    /// from before; then it comes as any control sequence.
    fn render(&mut self, params: u128) -> bool;
    /// A string that is complete. `head` and `last` are a DCS string's.
    fn string(&mut self, string: ControlString<'_>);
    /// A string was complete that was too long to be kept.
    fn overlong(&mut self, kind: StringKind);
    /// The sequence between these offsets has been done.
    fn ended(&mut self, from: u64, to: u64);
    /// Whether enough was done for now: the parser stops as soon as it can.
    fn is_spent(&self) -> bool;
}

/// What stands before the final byte of a control sequence or a DCS string's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The private marker, one of `<=>?`; 0 for none.
    pub(crate) prefix: u8,
    pub(crate) params: Params,
    intermediates: [u8; 2],
    intermediates_len: usize,
    /// It has more intermediates than any sequence.
    pub(super) is_malformed: bool,
}

impl Head {
    pub(crate) fn intermediates(&self) -> &[u8] {
        self.intermediates.get(..self.intermediates_len).unwrap_or(&[])
    }

    pub(super) fn clear(&mut self) {
        self.params.clear();
        (self.prefix, self.intermediates_len, self.is_malformed) = (0, 0, false);
    }

    pub(super) fn collect(&mut self, byte: u8) {
        match self.intermediates.get_mut(self.intermediates_len) {
            Some(place) => {
                *place = byte;
                self.intermediates_len += 1;
            }
            None => self.is_malformed = true,
        }
    }
}

/// The kinds of strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StringKind {
    Osc,
    Dcs,
    Apc,
    Pm,
    Sos,
}

/// A complete string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ControlString<'a> {
    pub(crate) kind: StringKind,
    /// What stood before the body of a DCS string.
    pub(crate) head: &'a Head,
    /// The final byte of that.
    pub(crate) last: u8,
    /// The body. C0 controls are left out, but for a DCS string.
    pub(crate) body: &'a [u8],
    /// BEL ended it, not ST.
    pub(crate) by_bell: bool,
}
