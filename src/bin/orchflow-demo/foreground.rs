//! Our terminal, lent to a command: it may read keys, and Ctrl-C and Ctrl-Z are its own meanwhile.
//!
//! As a shell does it: the command's process group becomes the foreground one of the terminal, and afterwards
//! ours is it again, with the modes that it had. When the command is stopped, so are we; when whoever started
//! us has us go on, it goes on too.

use std::io;
use std::process::{Command, Stdio};

use nix::sys::signal::{SigSet, Signal, kill, killpg};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};

use crate::host::take_terminal;

/// The terminal while a command has it.
pub(crate) struct Lent {
    modes: Termios,
}

impl Lent {
    /// Has the command begin as the one that the terminal is for. `None`: stdin is no terminal, or it is for
    /// others now.
    pub(crate) fn to(command: &mut Command) -> Option<Self> {
        if !is_ours() {
            return None;
        }
        let modes = tcgetattr(io::stdin()).ok()?;
        // Who gives the terminal away, or takes it back, is in the background at one of the two moments.
        SigSet::from(Signal::SIGTTOU).thread_block().ok()?;
        command.stdin(Stdio::inherit());
        take_terminal(command);
        Some(Lent { modes })
    }

    /// If the command was stopped, as by Ctrl-Z, stops our own process group, and goes on with it.
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
        // Returns when we go on, or at once where nobody could have us go on.
        let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
        if had_it && is_ours() {
            let _ = tcsetpgrp(io::stdin(), group);
            let _ = its_modes.map(|modes| tcsetattr(io::stdin(), SetArg::TCSADRAIN, &modes));
        }
        let _ = killpg(group, Signal::SIGCONT);
    }

    fn take_back(&self) {
        // A terminal that is gone has neither.
        let _ = tcsetpgrp(io::stdin(), getpgrp());
        let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.modes);
    }

    /// The command with this process group has ended; `None`: it did not begin.
    pub(crate) fn end(self, group: Option<Pid>) {
        // If it has been taken from the command meanwhile, it is not ours to take.
        if group.is_none_or(|group| tcgetpgrp(io::stdin()) == Ok(group)) {
            self.take_back();
        }
    }
}

/// Whether stdin is a terminal that is for us now.
fn is_ours() -> bool {
    tcgetpgrp(io::stdin()) == Ok(getpgrp())
}
