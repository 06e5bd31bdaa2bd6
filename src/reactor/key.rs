//! What the reactor carries for its users: a key says whose a descriptor or a timer is.
//!
//! The reactor looks into no key. Each user has an enum of its descriptors and one of its timers, which become
//! keys and are read from them, and the engine asks each user whether a key is one of its own. So the numbers
//! of kinds differ between users; a test of the engine holds that.

use mio::Token;

/// A kind, which its user chose, and an id of fewer than 61 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    kind: u8,
    id: u64,
}

const KIND_SHIFT: u32 = 60;
const ID_MASK: u64 = (1 << KIND_SHIFT) - 1;

impl Key {
    /// Kinds of users are above 0. Those of descriptors are below 16: they travel in the upper four bits of a
    /// token.
    pub(crate) fn new(kind: u8, id: u64) -> Self {
        Key { kind, id }
    }

    pub(crate) fn kind(self) -> u8 {
        self.kind
    }

    pub(crate) fn id(self) -> u64 {
        self.id
    }

    pub(super) fn token(self) -> Token {
        let fits = u64::from(self.kind) < 1 << (64 - KIND_SHIFT) && self.id & !ID_MASK == 0;
        invariant!(fits, "a key fits into a token");
        Token((u64::from(self.kind) << KIND_SHIFT | self.id) as usize)
    }

    pub(super) fn from_token(token: Token) -> Self {
        let raw = token.0 as u64;
        Key { kind: (raw >> KIND_SHIFT) as u8, id: raw & ID_MASK }
    }
}

/// A descriptor of the reactor's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// The waker of the inbox.
    Inbox,
    /// The one timerfd.
    Timer,
    /// The eventfd of [`super::Reactor::update_readiness`].
    SelfWake,
}

impl Own {
    const KIND: u8 = 0;
    const ALL: [Own; 3] = [Own::Inbox, Own::Timer, Own::SelfWake];

    /// `None` for the key of a user.
    pub(super) fn from_key(key: Key) -> Option<Self> {
        let own = Own::ALL.into_iter().find(|own| *own as u64 == key.id);
        own.filter(|_| key.kind == Own::KIND)
    }
}

impl From<Own> for Key {
    fn from(own: Own) -> Self {
        Key::new(Own::KIND, own as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_round_trip() {
        let users = (1..16).flat_map(|kind| [1, 7, ID_MASK].map(|id| Key::new(kind, id)));
        for key in users.chain(Own::ALL.map(Key::from)) {
            assert_eq!(Key::from_token(key.token()), key);
        }
        for own in Own::ALL {
            assert_eq!(Own::from_key(own.into()), Some(own));
        }
        assert_eq!(Own::from_key(Key::new(1, 0)), None);
        assert_eq!(Own::from_key(Key::new(0, 3)), None);
    }
}
