//! Completions and log lines that wait for the host, bounded: of log lines the oldest goes.

use std::collections::VecDeque;

use super::event::Notice;

/// See the module's documentation.
#[derive(Default)]
pub(super) struct NoticeQueue {
    notices: VecDeque<Notice>,
    /// Log lines among them.
    lines: usize,
    bytes: usize,
}

impl NoticeQueue {
    pub(super) fn len(&self) -> usize {
        self.notices.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.notices.is_empty()
    }

    /// Bytes that wait, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Queues a notice; of log lines at most so many wait, and the oldest one goes. Whether one went.
    pub(super) fn push(&mut self, notice: Notice, lines_max: usize) -> bool {
        let mut has_dropped = false;
        if is_line(&notice) {
            if self.lines >= lines_max
                && let Some(at) = self.notices.iter().position(is_line)
                && let Some(oldest) = self.notices.remove(at)
            {
                self.forget(&oldest);
                has_dropped = true;
            }
            self.lines += 1;
        }
        self.bytes += bytes_of(&notice);
        self.notices.push_back(notice);
        has_dropped
    }

    pub(super) fn pop(&mut self) -> Option<Notice> {
        let notice = self.notices.pop_front()?;
        self.forget(&notice);
        Some(notice)
    }

    fn forget(&mut self, notice: &Notice) {
        self.lines -= usize::from(is_line(notice));
        self.bytes -= bytes_of(notice);
    }
}

fn is_line(notice: &Notice) -> bool {
    matches!(notice, Notice::Log { .. })
}

fn bytes_of(notice: &Notice) -> usize {
    let text = match notice {
        Notice::Log { text, .. } => text.len(),
        Notice::Completed { result: Err(error), .. } => error.message().len(),
        Notice::Completed { .. } => 0,
    };
    size_of::<Notice>() + text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Completion, LogLevel};

    #[test]
    fn of_log_lines_the_oldest_goes_and_completions_stay() {
        let mut queue = NoticeQueue::default();
        let line =
            |text: &str| Notice::Log { level: LogLevel::Warn, client: None, text: text.into() };
        queue.push(line("first"), 2);
        queue.push(Notice::Completed { tag: 1, result: Ok(Completion::Done) }, 2);
        queue.push(line("second"), 2);
        queue.push(line("third"), 2);
        assert_eq!((queue.len(), queue.bytes()), (3, 3 * size_of::<Notice>() + 11));
        assert!(matches!(queue.pop(), Some(Notice::Completed { tag: 1, .. })));
        let texts = std::iter::from_fn(|| queue.pop()).filter_map(|notice| match notice {
            Notice::Log { text, .. } => Some(text),
            Notice::Completed { .. } => None,
        });
        assert_eq!(texts.collect::<Vec<_>>(), ["second", "third"]);
        assert_eq!((queue.is_empty(), queue.bytes()), (true, 0));
    }
}
