//! The PTY master: opening, adopting, reading, writing, and what it knows of the other side.
//!
//! The descriptor is non-blocking and close-on-exec from its first moment. It is registered in the
//! epoll set only for what somebody waits for: a paused terminal must not wake the loop, and a
//! program that reads its input must not either while no input waits.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use mio::Interest;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::SpecialCharacterIndices as Special;
use nix::sys::termios::{self, InputFlags, LocalFlags, OutputFlags, SetArg, Termios};

use super::key::Source;
use super::line::LineRules;
use super::options::Mode;
use super::size::Size;
use crate::error::{Error, ErrorKind, Result};
use crate::reactor::Reactor;

pub(crate) struct Pty {
    master: OwnedFd,
    registered: Option<Interest>,
}

impl Pty {
    /// Opens a PTY of this size with UTF-8 line editing on; also gives the path of its slave.
    pub(crate) fn open(size: Size) -> Result<(Self, CString)> {
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let master = posix_openpt(flags).map_err(|errno| match errno {
            Errno::ENOSPC => Error::new(
                ErrorKind::OutOfPtys,
                "the system is out of PTYs (raise /proc/sys/kernel/pty/max)",
            )
            .with_errno(errno),
            _ => Error::system("open a PTY", errno),
        })?;
        grantpt(&master).map_err(|e| Error::system("grantpt", e))?;
        unlockpt(&master).map_err(|e| Error::system("unlockpt", e))?;
        let slave = ptsname_r(&master).map_err(|e| Error::system("ptsname", e))?;
        let slave = CString::new(slave).map_err(|_| Error::system("ptsname", Errno::EINVAL))?;
        let pty = Pty { master: master.into(), registered: None };
        pty.change_termios(|t| t.input_flags.insert(InputFlags::IUTF8))?;
        pty.set_size(size)?;
        Ok((pty, slave))
    }

    /// Looks at an open descriptor; refuses any that is not a PTY master. Changes nothing.
    pub(crate) fn check(master: OwnedFd) -> Result<Self> {
        let mut number: libc::c_uint = 0;
        // SAFETY: TIOCGPTN writes one unsigned int through a pointer that is valid for it.
        let status = unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTN, &raw mut number) };
        if status < 0 {
            return Err(Error::invalid("the descriptor is not a PTY master"));
        }
        Ok(Pty { master, registered: None })
    }

    /// Makes an open master like one of ours: non-blocking, close-on-exec, and without packet mode,
    /// which would put a status byte into the output.
    pub(crate) fn take_over(&self) -> Result<()> {
        let system = |e| Error::system("take over a PTY master", e);
        fcntl(&self.master, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map_err(system)?;
        let flags = fcntl(&self.master, FcntlArg::F_GETFL).map_err(system)?;
        let flags = OFlag::from_bits_truncate(flags) | OFlag::O_NONBLOCK;
        fcntl(&self.master, FcntlArg::F_SETFL(flags)).map_err(system)?;
        let off: libc::c_int = 0;
        // SAFETY: TIOCPKT reads one int through a pointer that is valid for it.
        let status = unsafe { libc::ioctl(self.master.as_raw_fd(), libc::TIOCPKT, &raw const off) };
        Errno::result(status).map(drop).map_err(system)
    }

    /// Takes a descriptor number, to be dropped when the number is needed.
    pub(crate) fn spare_descriptor(&self) -> Result<OwnedFd> {
        let spare = fcntl(&self.master, FcntlArg::F_DUPFD_CLOEXEC(0))
            .map_err(|e| Error::system("reserve a descriptor", e))?;
        // SAFETY: fcntl has just made this descriptor for us.
        Ok(unsafe { OwnedFd::from_raw_fd(spare) })
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        nix::unistd::read(&self.master, buffer).map_err(io::Error::from)
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        nix::unistd::write(&self.master, bytes).map_err(io::Error::from)
    }

    /// Whether nobody holds the slave at this moment; it may be opened again.
    pub(crate) fn is_hung_up(&self) -> bool {
        let mut fds = [PollFd::new(self.master.as_fd(), PollFlags::empty())];
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }

    /// Registers the master for just what is wanted now. Waiting for something that is already there
    /// is reported by the next poll, so no readiness is lost by leaving and coming back.
    pub(crate) fn want(
        &mut self,
        reactor: &Reactor,
        source: Source,
        read: bool,
        write: bool,
    ) -> Result<()> {
        let wanted = match (read, write) {
            (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
            (true, false) => Some(Interest::READABLE),
            (false, true) => Some(Interest::WRITABLE),
            (false, false) => None,
        };
        if wanted == self.registered {
            return Ok(());
        }
        match (self.registered, wanted) {
            (None, Some(interest)) => reactor.register(self.master.as_fd(), source, interest)?,
            (Some(_), Some(interest)) => {
                reactor.reregister(self.master.as_fd(), source, interest)?
            }
            (_, None) => reactor.deregister(self.master.as_fd()),
        }
        self.registered = wanted;
        Ok(())
    }

    /// Leaves the epoll set and closes the master; the kernel hangs up whoever is left on the slave.
    pub(crate) fn close(self, reactor: &Reactor) {
        if self.registered.is_some() {
            reactor.deregister(self.master.as_fd());
        }
        reactor.note_freed();
    }

    pub(crate) fn size(&self) -> Result<Size> {
        let mut raw = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: TIOCGWINSZ writes one winsize through a pointer that is valid for it.
        let status =
            unsafe { libc::ioctl(self.master.as_raw_fd(), libc::TIOCGWINSZ, &raw mut raw) };
        Errno::result(status).map_err(|e| Error::system("read the window size", e))?;
        Ok(Size {
            cols: raw.ws_col,
            rows: raw.ws_row,
            pixel_width: raw.ws_xpixel,
            pixel_height: raw.ws_ypixel,
        })
    }

    /// Sets the size. The kernel sends SIGWINCH to the foreground group if it differs.
    pub(crate) fn set_size(&self, size: Size) -> Result<()> {
        let raw = libc::winsize {
            ws_row: size.rows,
            ws_col: size.cols,
            ws_xpixel: size.pixel_width,
            ws_ypixel: size.pixel_height,
        };
        // SAFETY: TIOCSWINSZ reads one winsize through a pointer that is valid for it.
        let status =
            unsafe { libc::ioctl(self.master.as_raw_fd(), libc::TIOCSWINSZ, &raw const raw) };
        Errno::result(status).map(drop).map_err(|e| Error::system("set the window size", e))
    }

    /// The foreground process group of the terminal, if it has one.
    pub(crate) fn foreground_group(&self) -> Option<i32> {
        // SAFETY: tcgetpgrp takes no pointers and the descriptor is open.
        let group = unsafe { libc::tcgetpgrp(self.master.as_raw_fd()) };
        (group > 0).then_some(group)
    }

    /// The leader of the session that has the terminal, if one has.
    pub(crate) fn session(&self) -> Option<i32> {
        // Not tcgetsid: valgrind does not know that this call writes, and its result would count as unset.
        let mut session: libc::pid_t = 0;
        // SAFETY: the descriptor is open and the pointer is to a pid_t, as TIOCGSID wants it.
        let got = unsafe { libc::ioctl(self.master.as_raw_fd(), libc::TIOCGSID, &raw mut session) };
        (got == 0 && session > 0).then_some(session)
    }

    /// The rules for lines of input, or `None` when the line discipline collects none.
    pub(crate) fn line_rules(&self) -> Option<LineRules> {
        let t = termios::tcgetattr(&self.master).ok()?;
        let local = t.local_flags;
        if !local.contains(LocalFlags::ICANON) {
            return None;
        }
        let char_of = |index: Special| t.control_chars[index as usize];
        let only_if = |holds: bool, char: u8| if holds { char } else { 0 };
        let cr = t.input_flags.contains(InputFlags::ICRNL);
        let drops = local.contains(LocalFlags::ISIG) && !local.contains(LocalFlags::NOFLSH);
        Some(LineRules {
            ends: [
                b'\n',
                only_if(cr, b'\r'),
                char_of(Special::VEOF),
                char_of(Special::VEOL),
                char_of(Special::VEOL2),
            ],
            drops: [
                char_of(Special::VKILL),
                only_if(drops, char_of(Special::VINTR)),
                only_if(drops, char_of(Special::VQUIT)),
                only_if(drops, char_of(Special::VSUSP)),
            ],
            erase: char_of(Special::VERASE),
        })
    }

    /// Whether lines of input are collected and not shown, as when a program asks for a password.
    pub(crate) fn hides_input(&self) -> bool {
        let local = termios::tcgetattr(&self.master).map(|termios| termios.local_flags);
        local.is_ok_and(|on| on.contains(LocalFlags::ICANON) && !on.contains(LocalFlags::ECHO))
    }

    /// Opens the slave, for a moment: while it is open, the master sees no hangup.
    pub(crate) fn open_slave(&self) -> nix::Result<Slave> {
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        // SAFETY: TIOCGPTPEER takes flags by value and no pointer.
        let fd = unsafe { libc::ioctl(self.master.as_raw_fd(), libc::TIOCGPTPEER, flags.bits()) };
        let fd = Errno::result(fd)?;
        // SAFETY: the ioctl has just made this descriptor for us.
        Ok(Slave { fd: unsafe { OwnedFd::from_raw_fd(fd) } })
    }

    /// The character that stands for the end of input in canonical mode.
    pub(crate) fn eof_char(&self) -> Option<u8> {
        let termios = termios::tcgetattr(&self.master).ok()?;
        let eof = termios.control_chars[Special::VEOF as usize];
        // _POSIX_VDISABLE: no character is the end.
        (eof != 0).then_some(eof)
    }

    /// The character that interrupts the program, while the terminal makes signals of keys.
    pub(crate) fn interrupt_char(&self) -> Option<u8> {
        let termios = termios::tcgetattr(&self.master).ok()?;
        let character = termios.control_chars[Special::VINTR as usize];
        let is_on = termios.local_flags.contains(LocalFlags::ISIG) && character != 0;
        is_on.then_some(character)
    }

    pub(crate) fn set_mode(&self, mode: Mode) -> Result<()> {
        self.change_termios(|t| match mode {
            Mode::Raw => termios::cfmakeraw(t),
            Mode::Cooked => cook(t),
            Mode::Echo => t.local_flags.insert(LocalFlags::ECHO),
            Mode::NoEcho => t.local_flags.remove(LocalFlags::ECHO),
        })
    }

    fn change_termios(&self, change: impl FnOnce(&mut Termios)) -> Result<()> {
        let mut termios =
            termios::tcgetattr(&self.master).map_err(|e| Error::system("tcgetattr", e))?;
        change(&mut termios);
        termios::tcsetattr(&self.master, SetArg::TCSANOW, &termios)
            .map_err(|e| Error::system("tcsetattr", e))
    }
}

impl AsFd for Pty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }
}

/// The other side, as its programs see it.
pub(crate) struct Slave {
    fd: OwnedFd,
}

impl Slave {
    /// Whether there is input that no program has read, a mark for the end included.
    pub(crate) fn has_unread(&self) -> bool {
        // The poll carries over what is in flight. It sees marks, but in raw mode no fewer bytes than
        // programs wait for (VMIN).
        self.is_readable() || self.bytes() > 0
    }

    /// Whether a program is blocked in a read at this moment: the line discipline admits one reader at a
    /// time and turns others away, even one that wants nothing (`atomic_read_lock` in `n_tty_read`).
    pub(crate) fn is_being_read(&self) -> bool {
        nix::unistd::read(&self.fd, &mut []) == Err(Errno::EAGAIN)
    }

    /// Takes one character back that was typed when nothing was unread, mark or byte; whether it was still
    /// there. Where there is more, nothing is taken.
    pub(crate) fn take_back(&self) -> bool {
        let is_alone = self.bytes() <= 1 && self.has_unread();
        is_alone && nix::unistd::read(&self.fd, &mut [0]).is_ok()
    }

    fn is_readable(&self) -> bool {
        let mut fds = [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }

    /// Bytes that can be read, without marks.
    fn bytes(&self) -> libc::c_int {
        let mut bytes: libc::c_int = 0;
        // SAFETY: FIONREAD writes one int through a pointer that is valid for it.
        let status = unsafe { libc::ioctl(self.fd.as_raw_fd(), libc::FIONREAD, &raw mut bytes) };
        if status < 0 { 0 } else { bytes }
    }
}

/// The flags that `stty sane` sets and that matter on a PTY, leaving control characters alone.
fn cook(t: &mut Termios) {
    let off = InputFlags::IGNBRK
        | InputFlags::PARMRK
        | InputFlags::INLCR
        | InputFlags::IGNCR
        | InputFlags::ISTRIP;
    t.input_flags.remove(off);
    t.input_flags.insert(InputFlags::BRKINT | InputFlags::ICRNL | InputFlags::IXON);
    t.input_flags.insert(InputFlags::IUTF8);
    t.output_flags.insert(OutputFlags::OPOST | OutputFlags::ONLCR);
    let on = LocalFlags::ISIG
        | LocalFlags::ICANON
        | LocalFlags::IEXTEN
        | LocalFlags::ECHO
        | LocalFlags::ECHOE
        | LocalFlags::ECHOK
        | LocalFlags::ECHOCTL
        | LocalFlags::ECHOKE;
    t.local_flags.insert(on);
}
