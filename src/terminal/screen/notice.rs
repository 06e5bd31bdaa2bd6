//! Notices: what happens in a terminal and is not seen in its rows, for those who are not its host.

use std::time::Duration;

use super::event::Progress;

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum NoticeKind {
    /// The bell.
    Bell = 0,
    /// Something to be shown to the user.
    Notification = 1,
    /// The clipboard is to be set.
    Clipboard = 2,
    /// Progress of the program's work.
    Progress = 3,
    /// The start and the end of a command.
    Command = 4,
    /// The title.
    Title = 5,
    /// The working directory.
    Cwd = 6,
}

impl NoticeKind {
    /// Every kind, in order.
    pub const EACH: [NoticeKind; 7] = [
        NoticeKind::Bell,
        NoticeKind::Notification,
        NoticeKind::Clipboard,
        NoticeKind::Progress,
        NoticeKind::Command,
        NoticeKind::Title,
        NoticeKind::Cwd,
    ];
}

/// A set of kinds of notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NoticeKinds(u8);

impl NoticeKinds {
    /// None.
    pub const NONE: NoticeKinds = NoticeKinds(0);
    /// All of them.
    pub const ALL: NoticeKinds = NoticeKinds(0x7f);

    /// These and another one.
    #[must_use]
    pub const fn with(self, kind: NoticeKind) -> Self {
        NoticeKinds(self.0 | 1 << kind as u8)
    }

    /// These without one.
    #[must_use]
    pub const fn without(self, kind: NoticeKind) -> Self {
        NoticeKinds(self.0 & !(1 << kind as u8))
    }

    /// Those of both sets.
    #[must_use]
    pub const fn union(self, others: Self) -> Self {
        NoticeKinds(self.0 | others.0)
    }

    /// Whether a kind is among these.
    pub const fn contains(self, kind: NoticeKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Bit 0 for the bell, 1 for notifications, 2 for the clipboard, 3 for progress, 4 for commands, 5 for the title,
    /// 6 for the working directory.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set with these [`bits`](Self::bits); `None` if there are others among them.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits & !Self::ALL.0 == 0 { Some(NoticeKinds(bits)) } else { None }
    }
}

/// Something that happened in a terminal and is not seen in its rows. Texts come from the program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TerminalNotice {
    /// The program rang the bell.
    Bell {
        /// How often.
        count: u32,
    },
    /// The program wants something to be shown to the user (OSC 9, 777).
    Notification {
        /// Empty if it gave none.
        title: String,
        /// The text.
        body: String,
    },
    /// The program asks to set the clipboard (OSC 52). Ask the user.
    Clipboard {
        /// It is the primary selection instead.
        selection: bool,
        /// What to put there.
        text: String,
    },
    /// The program reports progress of its work (OSC 9;4).
    Progress {
        /// `None`: no longer.
        progress: Option<Progress>,
    },
    /// A command began, by the marks of the shell (OSC 133, 633).
    CommandStarted {
        /// The command line; empty if the shell does not report it.
        command: String,
    },
    /// A command ended.
    CommandFinished {
        /// Its exit code, if the shell reports it.
        exit_code: Option<i32>,
        /// How long it took.
        duration: Duration,
    },
    /// The program set the title.
    Title {
        /// Empty if it took its title back.
        title: String,
    },
    /// The program reported its working directory (OSC 7).
    Cwd {
        /// Absolute, on whatever machine it runs.
        path: Vec<u8>,
    },
}

impl TerminalNotice {
    /// What it is about.
    pub fn kind(&self) -> NoticeKind {
        match self {
            TerminalNotice::Bell { .. } => NoticeKind::Bell,
            TerminalNotice::Notification { .. } => NoticeKind::Notification,
            TerminalNotice::Clipboard { .. } => NoticeKind::Clipboard,
            TerminalNotice::Progress { .. } => NoticeKind::Progress,
            TerminalNotice::CommandStarted { .. } | TerminalNotice::CommandFinished { .. } => {
                NoticeKind::Command
            }
            TerminalNotice::Title { .. } => NoticeKind::Title,
            TerminalNotice::Cwd { .. } => NoticeKind::Cwd,
        }
    }

    /// Bytes of its texts.
    pub(crate) fn text_bytes(&self) -> usize {
        match self {
            TerminalNotice::Notification { title, body } => title.len() + body.len(),
            TerminalNotice::Clipboard { text, .. } => text.len(),
            TerminalNotice::CommandStarted { command } => command.len(),
            TerminalNotice::Title { title } => title.len(),
            TerminalNotice::Cwd { path } => path.len(),
            TerminalNotice::Bell { .. }
            | TerminalNotice::Progress { .. }
            | TerminalNotice::CommandFinished { .. } => 0,
        }
    }
}
