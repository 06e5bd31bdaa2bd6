//! Coalescing of size changes: dragging a window's edge gives hundreds a second, and programs redraw
//! for each.
//!
//! The first is applied at once, then at most one per interval, and the last one always. When a size
//! comes back to what the terminal already has (A, B, A within an interval), the program still gets SIGWINCH: the host saw two changes and its program may have drawn in between.

use std::time::{Duration, Instant};

use super::size::Size;

pub(crate) struct Resizer {
    current: Size,
    applied_at: Option<Instant>,
    pending: Option<Size>,
    /// A size other than the pending one was asked for since the last one was applied.
    detour: bool,
    interval: Duration,
}

/// What is to be done about a size now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resize {
    /// The terminal has this size and nothing changed.
    Nothing,
    /// Set it.
    Apply(Size),
    /// The size is the one that is set; signal the program all the same.
    SignalOnly,
    /// Ask again at this time.
    Wait(Instant),
}

impl Resizer {
    pub(crate) fn new(current: Size, interval: Duration) -> Self {
        Resizer { current, applied_at: None, pending: None, detour: false, interval }
    }

    /// The size that the terminal has, or will have soon.
    pub(crate) fn target(&self) -> Size {
        self.pending.unwrap_or(self.current)
    }

    /// When a size that is held back is set; `None` if there is none.
    pub(crate) fn held_until(&self) -> Option<Instant> {
        self.pending?;
        self.applied_at.map(|at| at + self.interval)
    }

    /// A new size is wanted.
    pub(crate) fn request(&mut self, size: Size, now: Instant) -> Resize {
        if size == self.target() {
            return Resize::Nothing;
        }
        self.detour |= self.pending.is_some();
        self.pending = Some(size);
        self.due(now)
    }

    /// The time to wait has passed, perhaps.
    pub(crate) fn due(&mut self, now: Instant) -> Resize {
        let Some(size) = self.pending else { return Resize::Nothing };
        if let Some(applied_at) = self.applied_at
            && now < applied_at + self.interval
        {
            return Resize::Wait(applied_at + self.interval);
        }
        self.pending = None;
        self.applied_at = Some(now);
        let detour = std::mem::take(&mut self.detour);
        if size != self.current {
            self.current = size;
            Resize::Apply(size)
        } else if detour {
            Resize::SignalOnly
        } else {
            Resize::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reactor::Reactor;

    /// `(milliseconds, size asked for or None for the timer, expected)`.
    #[test]
    fn first_at_once_then_one_per_interval_the_last_always() {
        let start = Reactor::new().unwrap().now();
        let at = |ms| start + Duration::from_millis(ms);
        let size = |cols| Size::cells(cols, 24);
        let mut resizer = Resizer::new(size(80), Duration::from_millis(25));
        let steps = [
            (0, Some(80), Resize::Nothing),
            (0, Some(81), Resize::Apply(size(81))),
            (5, Some(82), Resize::Wait(at(25))),
            (9, Some(82), Resize::Nothing),
            (10, Some(83), Resize::Wait(at(25))),
            (25, None, Resize::Apply(size(83))),
            (26, None, Resize::Nothing),
            // There and back again within an interval.
            (30, Some(84), Resize::Wait(at(50))),
            (31, Some(83), Resize::Wait(at(50))),
            (50, None, Resize::SignalOnly),
            (51, None, Resize::Nothing),
            (90, Some(90), Resize::Apply(size(90))),
        ];
        for (ms, wanted, expected) in steps {
            let got = match wanted {
                Some(cols) => resizer.request(size(cols), at(ms)),
                None => resizer.due(at(ms)),
            };
            assert_eq!(got, expected, "at {ms} ms");
        }
    }
}
