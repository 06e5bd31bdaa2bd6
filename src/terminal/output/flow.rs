//! Flow control: whether the PTY is read now, and how much.

/// Why a PTY is not read; several reasons can hold at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    /// The host paused the terminal.
    pub(crate) by_host: bool,
    /// The high mark was reached and the low mark was not reached again since.
    pub(crate) by_reader: bool,
    /// All logs together have used up their budget.
    pub(crate) by_memory: bool,
}

impl Flow {
    pub(crate) fn is_stopped(self) -> bool {
        self.by_host || self.by_reader || self.by_memory
    }

    /// Looks at how much the slowest lossless reader has not read: stops at the high mark, starts
    /// again at half of it. In between it stays as it is, so that a slow reader does not make the
    /// program stop and go with every byte.
    pub(crate) fn observe(&mut self, unread: u64, high: u64) {
        if unread >= high {
            self.by_reader = true;
        } else if unread <= high / 2 {
            self.by_reader = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_at_the_high_mark_until_the_low_one() {
        let mut flow = Flow::default();
        let steps = [
            (99, false),
            (100, true),
            (99, true),
            (51, true),
            (50, false),
            (99, false),
            (130, true),
        ];
        for (unread, stopped) in steps {
            flow.observe(unread, 100);
            assert_eq!(flow.is_stopped(), stopped, "{unread}");
        }
    }
}
