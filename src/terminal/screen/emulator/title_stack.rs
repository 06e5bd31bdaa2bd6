//! The titles in effect and those that were pushed. Pure.

/// Titles on the stack; one more drops the oldest.
pub(super) const STACK_MAX: usize = 16;

/// The titles in effect, those that were pushed, and in which form they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Titles {
    pub(super) window: String,
    pub(super) icon: String,
    pub(super) stack: Vec<Pushed>,
    /// They come as hexadecimal digits.
    pub(super) sets_hex: bool,
    /// They are reported as hexadecimal digits.
    pub(super) reports_hex: bool,
}

/// Titles that were pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pushed {
    pub(super) window: String,
    pub(super) icon: String,
}

impl Titles {
    /// Saves one title or both. An entry has both all the same: the other one is that of the entry below, or else the
    /// present one.
    pub(super) fn push(&mut self, which: Which) {
        let below = self.stack.last();
        let choose = |is_given: bool, present: &str, below: Option<&String>| match below {
            Some(below) if !is_given => below.clone(),
            _ => present.to_owned(),
        };
        let window = choose(which.has_window(), &self.window, below.map(|below| &below.window));
        let icon = choose(which.has_icon(), &self.icon, below.map(|below| &below.icon));
        if self.stack.len() == STACK_MAX {
            self.stack.remove(0);
        }
        self.stack.push(Pushed { window, icon });
    }

    /// The titles that were pushed, the oldest first.
    pub(super) fn stack(&self) -> &[Pushed] {
        &self.stack
    }

    pub(super) fn bytes(&self) -> usize {
        let pushed =
            self.stack.iter().map(|pushed| pushed.window.capacity() + pushed.icon.capacity());
        self.window.capacity()
            + self.icon.capacity()
            + pushed.sum::<usize>()
            + self.stack.capacity() * size_of::<Pushed>()
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

    pub(super) fn has_icon(self) -> bool {
        self != Which::Window
    }

    pub(super) fn has_window(self) -> bool {
        self != Which::Icon
    }
}
