//! Lends the terminal to a command, which can then read keys and receive Ctrl-C and Ctrl-Z.
//!
//! This is the job control of a shell: the command's process group becomes the foreground process
//! group of the terminal. Afterwards the own process group and terminal modes are restored. When
//! the command is stopped, the demo stops too, and both continue together.

use std::io;
use std::process::{Command, Stdio};

use nix::sys::signal::{SigSet, Signal, kill, killpg};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};

use crate::host::take_terminal;

/// The terminal while a command uses it.
pub(crate) struct Lent {
    modes: Termios,
}

impl Lent {
    /// Makes the command start in the foreground. `None`: stdin is not a terminal, or another
    /// process group is in the foreground.
    pub(crate) fn to(command: &mut Command) -> Option<Self> {
        if !is_ours() {
            return None;
        }
        let modes = tcgetattr(io::stdin()).ok()?;
        // Changing the foreground process group from the background raises SIGTTOU.
        SigSet::from(Signal::SIGTTOU).thread_block().ok()?;
        command.stdin(Stdio::inherit());
        take_terminal(command);
        Some(Lent { modes })
    }

    /// If the command was stopped, as by Ctrl-Z, stops the own process group, then continues both.
    pub(crate) fn follow_stop(&self, group: Pid) {
        let flags = WaitPidFlag::WSTOPPED | WaitPidFlag::WNOHANG;
        if !matches!(waitid(Id::Pid(group), flags), Ok(WaitStatus::Stopped(..))) {
            return;
        }
        let had_it = tcgetpgrp(io::stdin()) == Ok(group);
        let its_modes = tcgetattr(io::stdin());
        if had_it {
            self.take_back();
        }
        // Returns when the demo is continued, or at once if nobody can continue it.
        let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
        if had_it && is_ours() {
            let _ = tcsetpgrp(io::stdin(), group);
            let _ = its_modes.map(|modes| tcsetattr(io::stdin(), SetArg::TCSADRAIN, &modes));
        }
        let _ = killpg(group, Signal::SIGCONT);
    }

    fn take_back(&self) {
        // Both fail on a terminal that is gone.
        let _ = tcsetpgrp(io::stdin(), getpgrp());
        let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.modes);
    }

    /// Takes the terminal back from this process group; `None`: the command did not start.
    pub(crate) fn end(self, group: Option<Pid>) {
        // If another process group has the terminal by now, it is left alone.
        if group.is_none_or(|group| tcgetpgrp(io::stdin()) == Ok(group)) {
            self.take_back();
        }
    }
}

/// Whether stdin is a terminal and the own process group is in the foreground.
fn is_ours() -> bool {
    tcgetpgrp(io::stdin()) == Ok(getpgrp())
}
