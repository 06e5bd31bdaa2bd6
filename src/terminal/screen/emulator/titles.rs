//! Titles of the window and its icon, each with a stack.

use super::Effect;
use super::Terminal;

/// Bytes of a title that are kept.
const TITLE_BYTES_MAX: usize = 4096;

/// Titles on a stack; one more drops the oldest.
const STACK_MAX: usize = 16;

/// A title and those that were pushed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Title {
    pub(super) text: String,
    stack: Vec<String>,
}

impl Title {
    fn push(&mut self) {
        if self.stack.len() == STACK_MAX {
            self.stack.remove(0);
        }
        self.stack.push(self.text.clone());
    }

    /// The titles that were pushed, the oldest first.
    pub(super) fn stack(&self) -> &[String] {
        &self.stack
    }

    pub(super) fn bytes(&self) -> usize {
        let strings = self.stack.iter().map(String::capacity).sum::<usize>();
        self.text.capacity() + strings + self.stack.capacity() * size_of::<String>()
    }
}

/// What of both titles a sequence is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Both,
    Icon,
    Window,
}

impl Which {
    /// By the numbers of OSC and of window operations.
    pub(super) fn by_number(number: u16) -> Option<Which> {
        match number {
            0 => Some(Which::Both),
            1 => Some(Which::Icon),
            2 => Some(Which::Window),
            _ => None,
        }
    }

    fn has_icon(self) -> bool {
        self != Which::Window
    }

    fn has_window(self) -> bool {
        self != Which::Icon
    }
}

impl Terminal {
    /// OSC 0, 1, 2. What cannot be shown is left out.
    pub(super) fn set_title(&mut self, which: Which, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        let mut title = text.trim().to_owned();
        truncate(&mut title, TITLE_BYTES_MAX);
        title.retain(|c| !c.is_control());
        self.change_title(which, title);
    }

    fn change_title(&mut self, which: Which, title: String) {
        if which.has_icon() {
            self.icon.text.clone_from(&title);
        }
        if which.has_window() && title != self.window.text {
            self.window.text = title;
            self.effect(Effect::TitleChanged);
        }
    }

    /// XTPUSHTITLE.
    pub(super) fn push_title(&mut self, which: Which) {
        if which.has_icon() {
            self.icon.push();
        }
        if which.has_window() {
            self.window.push();
        }
    }

    /// XTPOPTITLE.
    pub(super) fn pop_title(&mut self, which: Which) {
        if which.has_icon()
            && let Some(title) = self.icon.stack.pop()
        {
            self.change_title(Which::Icon, title);
        }
        if which.has_window()
            && let Some(title) = self.window.stack.pop()
        {
            self.change_title(Which::Window, title);
        }
    }
}

/// Shortens a string to this many bytes, between characters.
pub(in super::super) fn truncate(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        let boundary = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(boundary.unwrap_or(0));
    }
}
