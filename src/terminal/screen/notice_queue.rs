//! Notices that wait to be sent. Pure.
//!
//! They are kept beside the host's events, which wait for the host however long it takes. A flood stays small: bells
//! are counted, of titles, directories, progress and clipboard texts the newest counts, and of the others
//! [`WAITING_MAX`] wait. While nobody wants any, nothing is kept and nothing is allocated.

use std::collections::VecDeque;
use std::time::Duration;

use super::event::Progress;
use super::metadata::MetadataEvent;
use super::notice::{NoticeKind, NoticeKinds, TerminalNotice};

/// Notices that wait. The oldest is dropped for one more.
const WAITING_MAX: usize = 32;

/// A notice that is taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NumberedNotice {
    /// Its number among those of the terminal.
    pub(crate) seq: u64,
    /// When it happened last, by the clock of the screen.
    pub(crate) at: Duration,
    pub(crate) notice: TerminalNotice,
}

/// What is known only when the notice is taken, since then it is newest.
pub(super) struct Present<'a> {
    pub(super) title: &'a str,
    pub(super) cwd: Option<&'a [u8]>,
    pub(super) progress: Option<Progress>,
}

/// Something that waits.
enum Waiting {
    Bell(u32),
    Title,
    Progress,
    Clipboard { selection: bool, text: String },
    Metadata(MetadataEvent),
}

impl Waiting {
    fn kind(&self) -> NoticeKind {
        match self {
            Waiting::Bell(_) => NoticeKind::Bell,
            Waiting::Title => NoticeKind::Title,
            Waiting::Progress => NoticeKind::Progress,
            Waiting::Clipboard { .. } => NoticeKind::Clipboard,
            Waiting::Metadata(event) => kind_of(event),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Waiting::Clipboard { text, .. } => text.capacity(),
            Waiting::Metadata(MetadataEvent::Notification { title, body }) => {
                title.capacity() + body.capacity()
            }
            Waiting::Metadata(MetadataEvent::CommandStarted { command }) => command.capacity(),
            Waiting::Bell(_) | Waiting::Title | Waiting::Progress | Waiting::Metadata(_) => 0,
        }
    }

    fn into_notice(self, now: &Present<'_>) -> TerminalNotice {
        match self {
            Waiting::Bell(count) => TerminalNotice::Bell { count },
            Waiting::Title => TerminalNotice::Title { title: now.title.into() },
            Waiting::Progress => TerminalNotice::Progress { progress: now.progress },
            Waiting::Clipboard { selection, text } => TerminalNotice::Clipboard { selection, text },
            Waiting::Metadata(MetadataEvent::Cwd) => {
                TerminalNotice::Cwd { path: now.cwd.unwrap_or_default().into() }
            }
            Waiting::Metadata(MetadataEvent::Notification { title, body }) => {
                TerminalNotice::Notification { title, body }
            }
            Waiting::Metadata(MetadataEvent::CommandStarted { command }) => {
                TerminalNotice::CommandStarted { command }
            }
            Waiting::Metadata(MetadataEvent::CommandFinished { exit_code, duration }) => {
                TerminalNotice::CommandFinished { exit_code, duration }
            }
        }
    }
}

fn kind_of(event: &MetadataEvent) -> NoticeKind {
    match event {
        MetadataEvent::Cwd => NoticeKind::Cwd,
        MetadataEvent::Notification { .. } => NoticeKind::Notification,
        MetadataEvent::CommandStarted { .. } | MetadataEvent::CommandFinished { .. } => {
            NoticeKind::Command
        }
    }
}

/// See the module's documentation.
#[derive(Default)]
pub(super) struct NoticeQueue {
    wanted: NoticeKinds,
    /// With when each happened last.
    waiting: VecDeque<(Duration, Waiting)>,
    /// The number of the one that was taken or dropped last.
    last_seq: u64,
}

impl NoticeQueue {
    /// Which kinds are kept from now on. What waits of others goes.
    pub(super) fn want(&mut self, kinds: NoticeKinds) {
        self.wanted = kinds;
        self.waiting.retain(|(_, waiting)| kinds.contains(waiting.kind()));
        self.release_memory();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Bytes that it takes beside itself.
    pub(super) fn bytes(&self) -> usize {
        self.waiting.capacity() * size_of::<(Duration, Waiting)>()
            + self.waiting.iter().map(|(_, waiting)| waiting.bytes()).sum::<usize>()
    }

    pub(super) fn ring(&mut self, now: Duration) {
        if let Some(Waiting::Bell(count)) = self.find_kind(NoticeKind::Bell, now) {
            *count = count.saturating_add(1);
        } else {
            self.push(Waiting::Bell(1), now);
        }
    }

    pub(super) fn set_title(&mut self, now: Duration) {
        if self.find_kind(NoticeKind::Title, now).is_none() {
            self.push(Waiting::Title, now);
        }
    }

    pub(super) fn set_progress(&mut self, now: Duration) {
        if self.find_kind(NoticeKind::Progress, now).is_none() {
            self.push(Waiting::Progress, now);
        }
    }

    pub(super) fn set_clipboard(&mut self, selection: bool, text: &str, now: Duration) {
        if !self.wanted.contains(NoticeKind::Clipboard) {
            return;
        }
        let newest = Waiting::Clipboard { selection, text: text.into() };
        // The clipboard and the primary selection are two places.
        let is_same = |waiting: &Waiting| matches!(waiting, Waiting::Clipboard { selection: of, .. } if *of == selection);
        match self.find(is_same, now) {
            Some(waiting) => *waiting = newest,
            None => self.push(newest, now),
        }
    }

    pub(super) fn note(&mut self, event: &MetadataEvent, now: Duration) {
        let is_kept = self.wanted.contains(kind_of(event));
        let is_known =
            *event == MetadataEvent::Cwd && self.find_kind(NoticeKind::Cwd, now).is_some();
        if is_kept && !is_known {
            self.push(Waiting::Metadata(event.clone()), now);
        }
    }

    /// What waits of a kind of which the newest counts; it has happened again.
    fn find_kind(&mut self, kind: NoticeKind, now: Duration) -> Option<&mut Waiting> {
        self.find(|waiting| waiting.kind() == kind, now)
    }

    fn find(&mut self, is_it: impl Fn(&Waiting) -> bool, now: Duration) -> Option<&mut Waiting> {
        let known = self.waiting.iter_mut().rev().find(|(_, waiting)| is_it(waiting));
        known.map(|(at, waiting)| {
            *at = now;
            waiting
        })
    }

    fn push(&mut self, waiting: Waiting, now: Duration) {
        if !self.wanted.contains(waiting.kind()) {
            return;
        }
        if self.waiting.len() == WAITING_MAX {
            self.waiting.pop_front();
            self.last_seq += 1;
        }
        self.waiting.push_back((now, waiting));
    }

    /// Takes the oldest.
    pub(super) fn take(&mut self, now: &Present<'_>) -> Option<NumberedNotice> {
        let (at, waiting) = self.waiting.pop_front()?;
        self.release_memory();
        self.last_seq += 1;
        Some(NumberedNotice { seq: self.last_seq, at, notice: waiting.into_notice(now) })
    }

    fn release_memory(&mut self) {
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Present<'static> = Present { title: "newest", cwd: Some(b"/now"), progress: None };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn queue(kinds: NoticeKinds) -> NoticeQueue {
        let mut queue = NoticeQueue::default();
        queue.want(kinds);
        queue
    }

    fn notification(n: usize) -> MetadataEvent {
        MetadataEvent::Notification { title: String::new(), body: n.to_string() }
    }

    fn take_all(queue: &mut NoticeQueue) -> Vec<(u64, TerminalNotice)> {
        std::iter::from_fn(|| queue.take(&NOW)).map(|taken| (taken.seq, taken.notice)).collect()
    }

    /// One of everything.
    fn fill(queue: &mut NoticeQueue) {
        queue.ring(ms(1));
        queue.note(&notification(1), ms(2));
        queue.set_clipboard(false, "copied", ms(3));
        queue.set_progress(ms(4));
        queue.note(&MetadataEvent::CommandStarted { command: "ls".into() }, ms(5));
        queue.set_title(ms(6));
        queue.note(&MetadataEvent::Cwd, ms(7));
    }

    #[test]
    fn what_nobody_wants_is_not_kept_and_takes_no_memory() {
        let mut none = queue(NoticeKinds::NONE);
        fill(&mut none);
        assert!(none.is_empty() && none.bytes() == 0);
        for bit in 0..7 {
            let kinds = NoticeKinds::from_bits(1 << bit).unwrap();
            let mut one = queue(kinds);
            fill(&mut one);
            let taken = take_all(&mut one);
            assert_eq!(taken.len(), 1);
            assert!(taken[0].0 == 1 && kinds.contains(taken[0].1.kind()), "{taken:?}");
            assert_eq!(one.bytes(), 0);
            fill(&mut one);
            one.want(NoticeKinds::ALL);
            assert!(!one.is_empty());
            one.want(NoticeKinds::ALL.without(taken[0].1.kind()));
            assert!(one.is_empty() && one.bytes() == 0);
        }
    }

    #[test]
    fn a_flood_is_counted_or_the_newest_of_it() {
        let mut queue = queue(NoticeKinds::ALL);
        for n in 0..1000 {
            queue.ring(ms(n));
            queue.set_title(ms(n));
            queue.set_clipboard(true, &n.to_string(), ms(n));
            queue.set_progress(ms(n));
            queue.note(&MetadataEvent::Cwd, ms(n));
        }
        assert_eq!(queue.waiting.len(), 5);
        assert!(queue.waiting.iter().all(|(at, _)| *at == ms(999)), "when it happened last");
        let wanted = [
            TerminalNotice::Bell { count: 1000 },
            TerminalNotice::Title { title: "newest".into() },
            TerminalNotice::Clipboard { selection: true, text: "999".into() },
            TerminalNotice::Progress { progress: None },
            TerminalNotice::Cwd { path: b"/now".into() },
        ];
        assert_eq!(take_all(&mut queue), (1..).zip(wanted).collect::<Vec<_>>());
    }

    #[test]
    fn the_clipboard_and_the_selection_are_two() {
        let mut queue = queue(NoticeKinds::ALL);
        for (selection, text) in [(false, "a"), (true, "b"), (false, "c"), (true, "d")] {
            queue.set_clipboard(selection, text, ms(1));
        }
        let wanted = [(false, "c"), (true, "d")]
            .map(|(selection, text)| TerminalNotice::Clipboard { selection, text: text.into() });
        assert_eq!(take_all(&mut queue), (1..).zip(wanted).collect::<Vec<_>>());
    }

    #[test]
    fn the_oldest_is_dropped_and_its_number_is_missing() {
        let mut queue = queue(NoticeKinds::ALL);
        for n in 1..=WAITING_MAX + 3 {
            queue.note(&notification(n), ms(0));
        }
        let taken = take_all(&mut queue);
        assert_eq!(taken.len(), WAITING_MAX);
        for (seq, notice) in taken {
            let body = seq.to_string();
            assert_eq!(notice, TerminalNotice::Notification { title: String::new(), body });
        }
        queue.ring(ms(0));
        assert_eq!(take_all(&mut queue)[0].0, WAITING_MAX as u64 + 4);
    }
}
