//! What a service manager passes on and wants to know: sockets that listen already (`LISTEN_FDS`), readiness and status
//! (`NOTIFY_SOCKET`), signs of life (`WATCHDOG_USEC`). These are the protocols of systemd's `sd_listen_fds` and
//! `sd_notify`, which other managers speak as well.
//!
//! Without the variables nothing is done. Programs in the terminals get none of them ([`VARIABLES`]).

use std::ffi::OsStr;
use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, sendmsg, socket};

use crate::failure::Failure;
use crate::host;

/// What a service manager sets for its service alone.
pub(crate) const VARIABLES: [&str; 12] = [
    "CREDENTIALS_DIRECTORY",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_PIDFDID",
    "MANAGERPID",
    "NOTIFY_SOCKET",
    "SYSTEMD_EXEC_PID",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
];

/// More sockets than these are refused; each would be a listener.
const SOCKETS_MAX: RawFd = 64;

/// The sockets that were passed on. Call it once, before anything is opened.
pub(crate) fn sockets() -> Result<Vec<OwnedFd>, Failure> {
    let count = count_of(|name| std::env::var(name).ok(), std::process::id());
    let count = count.map_err(|text| Failure::Remote(format!("LISTEN_FDS: {text}")))?;
    host::inherited(count).map_err(|errno| Failure::Host("LISTEN_FDS", errno))
}

/// How many sockets were passed on to the process with this id. Pure.
fn count_of(variable: impl Fn(&str) -> Option<String>, pid: u32) -> Result<RawFd, String> {
    // Set for another process, which has passed its environment on.
    if variable("LISTEN_PID").and_then(|text| text.parse().ok()) != Some(pid) {
        return Ok(0);
    }
    let Some(text) = variable("LISTEN_FDS") else { return Ok(0) };
    let count = text.parse().ok().filter(|count| (0..=SOCKETS_MAX).contains(count));
    count.ok_or_else(|| format!("{text:?}; expected 0 to {SOCKETS_MAX}"))
}

/// How often the manager wants a sign of life: twice as often as it looks. Pure.
fn interval_of(variable: impl Fn(&str) -> Option<String>, pid: u32) -> Option<Duration> {
    if variable("WATCHDOG_PID").is_some_and(|text| text.parse() != Ok(pid)) {
        return None;
    }
    let interval: u64 = variable("WATCHDOG_USEC")?.parse().ok()?;
    (interval > 0).then(|| Duration::from_micros((interval / 2).max(1)))
}

/// The connection to the service manager, if there is one.
pub(crate) struct Notifier {
    to: Option<(OwnedFd, UnixAddr)>,
    /// How often to call [`alive`](Self::alive).
    pub(crate) interval: Option<Duration>,
}

impl Notifier {
    /// Reads the environment.
    pub(crate) fn new() -> Result<Self, Failure> {
        let Some(name) = std::env::var_os("NOTIFY_SOCKET") else {
            return Ok(Notifier { to: None, interval: None });
        };
        let failure = |errno| Failure::Host("NOTIFY_SOCKET", errno);
        let address = address_of(&name).map_err(failure)?;
        let (family, kind) = (AddressFamily::Unix, SockType::Datagram);
        let socket = socket(family, kind, SockFlag::SOCK_CLOEXEC, None).map_err(failure)?;
        let interval = interval_of(|name| std::env::var(name).ok(), std::process::id());
        Ok(Notifier { to: Some((socket, address)), interval })
    }

    /// The service serves.
    pub(crate) fn ready(&self, status: &str) {
        self.send(&format!("READY=1\nSTATUS={status}\n"));
    }

    /// The service ends.
    pub(crate) fn stopping(&self) {
        self.send("STOPPING=1\nSTATUS=shutting down\n");
    }

    /// The service could not start.
    pub(crate) fn failed(&self, why: &str) {
        self.send(&format!("STATUS={}\n", why.replace('\n', " ")));
    }

    /// The service has done a turn.
    pub(crate) fn alive(&self) {
        self.send("WATCHDOG=1\n");
    }

    /// A manager that is gone or takes nothing does not hold the service up.
    fn send(&self, text: &str) {
        let Some((socket, address)) = &self.to else { return };
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        let parts = [IoSlice::new(text.as_bytes())];
        let _ = sendmsg(socket.as_raw_fd(), &parts, &[], flags, Some(address));
    }
}

/// A path, or a name without a file behind an `@`.
fn address_of(name: &OsStr) -> nix::Result<UnixAddr> {
    match name.as_bytes() {
        [b'/', ..] => UnixAddr::new(name),
        [b'@', name @ ..] => UnixAddr::new_abstract(name),
        _ => Err(Errno::EAFNOSUPPORT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The variables as a table.
    fn set<'a>(variables: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| variables.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned())
    }

    #[test]
    fn sockets_are_for_one_process() {
        for (variables, expected) in [
            (&[][..], Some(0)),
            (&[("LISTEN_FDS", "2")], Some(0)),
            (&[("LISTEN_PID", "8"), ("LISTEN_FDS", "2")], Some(0)),
            (&[("LISTEN_PID", "7")], Some(0)),
            (&[("LISTEN_PID", "7"), ("LISTEN_FDS", "0")], Some(0)),
            (&[("LISTEN_PID", "7"), ("LISTEN_FDS", "2")], Some(2)),
            (&[("LISTEN_PID", "7"), ("LISTEN_FDS", "64")], Some(64)),
            (&[("LISTEN_PID", "7"), ("LISTEN_FDS", "65")], None),
            (&[("LISTEN_PID", "7"), ("LISTEN_FDS", "-1")], None),
            (&[("LISTEN_PID", "7"), ("LISTEN_FDS", "x")], None),
        ] {
            assert_eq!(count_of(set(variables), 7).ok(), expected, "{variables:?}");
        }
    }

    #[test]
    fn a_sign_of_life_comes_twice_as_often() {
        let millis = Duration::from_millis;
        for (variables, expected) in [
            (&[][..], None),
            (&[("WATCHDOG_USEC", "3000000")], Some(millis(1500))),
            (&[("WATCHDOG_USEC", "3000000"), ("WATCHDOG_PID", "7")], Some(millis(1500))),
            (&[("WATCHDOG_USEC", "3000000"), ("WATCHDOG_PID", "8")], None),
            (&[("WATCHDOG_USEC", "0")], None),
            (&[("WATCHDOG_USEC", "1")], Some(Duration::from_micros(1))),
            (&[("WATCHDOG_USEC", "soon")], None),
        ] {
            assert_eq!(interval_of(set(variables), 7), expected, "{variables:?}");
        }
    }

    #[test]
    fn where_notifications_go() {
        assert!(address_of("/run/notify".as_ref()).unwrap().path().is_some());
        assert_eq!(address_of("@name".as_ref()).unwrap().as_abstract(), Some(&b"name"[..]));
        for bad in ["", "run/notify", "vsock:2:1"] {
            assert_eq!(address_of(bad.as_ref()), Err(Errno::EAFNOSUPPORT), "{bad}");
        }
    }
}
