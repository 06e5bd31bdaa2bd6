//! Scopes: what a token allows.

use std::fmt;
use std::ops::BitOr;

/// What a token allows. Scopes are independent: one that includes another one's work names both.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u32);

impl Scopes {
    /// Nothing.
    pub const NONE: Scopes = Scopes(0);
    /// Read the state, attach to the output of terminals, search, query.
    pub const OBSERVE: Scopes = Scopes(1);
    /// Act in what is there: input, paste, resize, interrupt.
    pub const TYPE: Scopes = Scopes(2);
    /// Change what is there: spawn, close, signal, change sets, watch files.
    pub const MANAGE: Scopes = Scopes(4);
    /// Get what programs put on the clipboard (OSC 52), where
    /// [`ScreenOptions::clipboard`](crate::ScreenOptions::clipboard) is on.
    pub const CLIPBOARD: Scopes = Scopes(8);
    /// Everything.
    pub const ALL: Scopes = Scopes(15);

    /// The scopes as bits: 1 observe, 2 type, 4 manage, 8 clipboard. The same bits are used in the C ABI.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Scopes from bits; `None` if a bit has no meaning.
    pub const fn from_bits(bits: u32) -> Option<Self> {
        if bits & !Scopes::ALL.0 == 0 { Some(Scopes(bits)) } else { None }
    }

    /// Whether all of `other` are among these.
    pub const fn contains(self, other: Scopes) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for Scopes {
    type Output = Scopes;

    fn bitor(self, other: Scopes) -> Scopes {
        Scopes(self.0 | other.0)
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Scopes::OBSERVE, "observe"),
            (Scopes::TYPE, "type"),
            (Scopes::MANAGE, "manage"),
            (Scopes::CLIPBOARD, "clipboard"),
        ];
        let held = names.iter().filter(|(scope, _)| self.contains(*scope));
        f.debug_set().entries(held.map(|(_, name)| name)).finish()
    }
}
