//! Bursts: many names that become dirty one soon after the other, as in a checkout or a build. What a burst
//! brings is reported together; a save, which touches a few names, does not wait.
//!
//! Pure: time is a parameter.

use std::time::{Duration, Instant};

/// So many names are a burst; more than an editor touches to save one file.
const NAMES: u32 = 8;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Burst {
    /// Names that became dirty, each within the window after the one before, and the time of the last one.
    names: u32,
    last: Option<Instant>,
}

impl Burst {
    /// A name has become dirty that was not.
    pub(super) fn note(&mut self, now: Instant, window: Duration) {
        let goes_on = self.last.is_some_and(|last| now <= last + window);
        self.names = if goes_on { self.names.saturating_add(1) } else { 1 };
        self.last = Some(now);
    }

    /// When it is over, if no more names come; `None` for too few.
    pub(super) fn until(&self, window: Duration) -> Option<Instant> {
        self.last.filter(|_| self.names >= NAMES).map(|last| last + window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_one_soon_after_the_other() {
        const MS: Duration = Duration::from_millis(1);
        let (window, t) = (50 * MS, crate::reactor::Reactor::new().unwrap().now());
        let mut burst = Burst::default();
        (0..NAMES - 1).for_each(|n| burst.note(t + n * 50 * MS, window));
        assert_eq!(burst.until(window), None);
        burst.note(t + 350 * MS, window);
        assert_eq!(burst.until(window), Some(t + 400 * MS));
        burst.note(t + 401 * MS, window);
        assert_eq!(burst.until(window), None, "a name on its own");
    }
}
