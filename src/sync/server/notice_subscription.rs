//! Which notices a client wants, and since when. Pure.

use std::time::Instant;

use crate::terminal::{NoticeKind, NoticeKinds};

const KINDS: usize = NoticeKinds::ALL.bits().count_ones() as usize;

/// The notices that a client wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WantedNotices {
    kinds: NoticeKinds,
    /// Since when each kind is wanted: none comes from before.
    since: [Instant; KINDS],
}

impl WantedNotices {
    pub(super) fn none(now: Instant) -> Self {
        WantedNotices { kinds: NoticeKinds::NONE, since: [now; KINDS] }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    pub(super) fn kinds(&self) -> NoticeKinds {
        self.kinds
    }

    /// Wants these from now on. A kind that was wanted before stays as it is.
    pub(super) fn replace(&mut self, kinds: NoticeKinds, now: Instant) {
        let old = std::mem::replace(&mut self.kinds, kinds);
        let bits = old.bits();
        let fresh = (0..KINDS).filter(|at| bits & 1 << at == 0);
        fresh.for_each(|at| self.since[at] = now);
    }

    /// Whether a notice of this kind that happened then is wanted.
    pub(super) fn include(&self, kind: NoticeKind, at: Instant) -> bool {
        self.kinds.contains(kind) && self.since[kind as usize] <= at
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn none_comes_from_before_it_was_wanted() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let (bell, title) = (NoticeKind::Bell, NoticeKind::Title);
        let only = |kind| NoticeKinds::NONE.with(kind);
        let mut wanted = WantedNotices::none(start);
        assert!(wanted.is_empty() && !wanted.include(bell, at(1)));
        wanted.replace(only(bell), at(2));
        assert!(!wanted.include(bell, at(1)) && wanted.include(bell, at(2)));
        assert!(!wanted.include(title, at(3)));
        wanted.replace(only(bell).with(title), at(4));
        assert!(wanted.include(bell, at(3)), "it was wanted all the time");
        assert!(!wanted.include(title, at(3)) && wanted.include(title, at(4)));
        wanted.replace(only(title), at(5));
        wanted.replace(NoticeKinds::ALL, at(6));
        assert!(!wanted.include(bell, at(5)) && wanted.include(title, at(5)));
    }
}
