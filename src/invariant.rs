//! Broken invariants: what cannot be, unless the engine has a fault.
//!
//! The engine goes on where it can: the operation in hand is left out, and nothing panics in a host. But that
//! must not be silent. A debug build, and with it every test and the fuzzer, stops at the place. A release
//! build counts, and [`invariants_broken`] says how often that was; the next turn of every engine logs it.
//!
//! What may come from outside is none of this: a stale id, an entry that has vanished, a message of a client
//! that makes no sense. That is an outcome, and is reported as one.

use std::sync::atomic::{AtomicU64, Ordering};

/// For the whole process: pure code has no engine at hand. Touched only when something is broken, and read
/// once in a turn.
static BROKEN: AtomicU64 = AtomicU64::new(0);

/// How often an invariant of the engine was broken in this process, in all of its engines. Anything but 0 is a
/// fault of the library: please report it. Any thread.
pub fn invariants_broken() -> u64 {
    BROKEN.load(Ordering::Relaxed)
}

/// Counts a broken invariant.
#[cold]
pub(crate) fn count_broken() {
    BROKEN.fetch_add(1, Ordering::Relaxed);
}

/// The place at which an invariant is broken: `broken!("what")`, or with the value to go on with behind it.
macro_rules! broken {
    ($what:literal) => {{
        $crate::invariant::count_broken();
        debug_assert!(false, concat!("a broken invariant: ", $what));
    }};
    ($what:literal, $value:expr) => {{
        broken!($what);
        $value
    }};
}

/// Something that holds, unless the engine has a fault. Looked at in release builds too, so it has to be cheap;
/// what takes a search is for `debug_assert!`. Whether it holds.
macro_rules! invariant {
    ($holds:expr, $what:literal) => {{
        let holds = $holds;
        if !holds {
            broken!($what);
        }
        holds
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    /// Debug builds stop, release builds go on with the value; both count.
    #[test]
    fn broken_invariants_are_counted() {
        let before = invariants_broken();
        let outcome = catch_unwind(|| broken!("as arranged", 7));
        assert_eq!(outcome.ok(), (!cfg!(debug_assertions)).then_some(7));
        let outcome = catch_unwind(|| invariant!(1 + 1 == 3, "as arranged"));
        assert_eq!(outcome.ok(), (!cfg!(debug_assertions)).then_some(false));
        assert!(invariant!(1 + 1 == 2, "it holds"));
        assert_eq!(invariants_broken(), before + 2);
    }
}
