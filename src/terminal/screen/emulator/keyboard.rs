//! How keys are encoded, as far as programs choose it: the kitty protocol's flags, a stack for each
//! screen, and xterm's modifyOtherKeys.

/// Entries of a stack; one more drops the oldest.
const STACK_MAX: usize = 16;

/// The flags that the protocol has.
const FLAGS: u8 = 0x1F;

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keyboard {
    /// Flags of the screen in use, those in effect last; never empty.
    stack: Vec<u8>,
    /// The same for the main screen, while the alternate one is in use.
    main: Vec<u8>,
    /// Level of modifyOtherKeys, 0 to 2.
    pub(super) modify_other_keys: u8,
}

impl Default for Keyboard {
    fn default() -> Self {
        Keyboard { stack: vec![0], main: Vec::new(), modify_other_keys: 0 }
    }
}

impl Keyboard {
    /// The flags in effect.
    pub(super) fn flags(&self) -> u8 {
        self.stack.last().copied().unwrap_or(0)
    }

    /// Flags of the screen in use, those in effect last.
    pub(super) fn stack(&self) -> &[u8] {
        &self.stack
    }

    /// The same for the main screen, while the alternate one is in use.
    pub(super) fn main(&self) -> &[u8] {
        &self.main
    }

    pub(super) fn push(&mut self, flags: u16) {
        if self.stack.len() == STACK_MAX {
            // The first one is the screen's own.
            self.stack.remove(1);
        }
        self.stack.push(flags as u8 & FLAGS);
    }

    pub(super) fn pop(&mut self, count: usize) {
        let left = self.stack.len().saturating_sub(count);
        if left == 0 {
            self.stack = vec![0];
        }
        self.stack.truncate(left.max(1));
    }

    /// Changes the flags in effect. `how`: 2 sets those given, 3 resets them, anything else replaces all.
    pub(super) fn set(&mut self, flags: u16, how: u16) {
        let flags = flags as u8 & FLAGS;
        if let Some(current) = self.stack.last_mut() {
            *current = match how {
                2 => *current | flags,
                3 => *current & !flags,
                _ => flags,
            };
        }
    }

    /// The alternate screen begins with a stack of its own.
    pub(super) fn enter_alternate(&mut self) {
        self.main = std::mem::replace(&mut self.stack, vec![0]);
    }

    pub(super) fn leave_alternate(&mut self) {
        self.stack = std::mem::take(&mut self.main);
        if self.stack.is_empty() {
            self.stack = vec![0];
        }
    }

    /// As bits of `Modes`.
    pub(super) fn bits(&self) -> u32 {
        u32::from(self.flags()) << 24 | u32::from(self.modify_other_keys & 3) << 29
    }

    pub(super) fn bytes(&self) -> usize {
        self.stack.capacity() + self.main.capacity()
    }
}
