//! Listening sockets: loopback TCP, and Unix sockets for the same user, made here or adopted; and the table of them.

use std::fmt::Write;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, SockType, SockaddrLike, SockaddrStorage, getsockname, getsockopt, sockopt,
};

use super::options::{ListenAddress, ListenerOptions, Place};
use super::pages::Pages;
use super::reports::Reports;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{IdTable, ListenerId};
use crate::policy::{Outage, RetryPolicy};
use crate::reactor::{Reactor, TimerId, io_error};
use crate::sync::access::origin::{HostList, OriginList};
use crate::sync::key::{Alarm, Source};
use crate::sync::websocket::transport::{Socket, UNIX_PATH_BYTES_MAX};

/// How long nothing is accepted when the system has no descriptor left, at first and at most. A try costs a
/// microsecond; whoever opens a page still waits after the longest pause. A descriptor that the engine itself closes
/// ends the pause.
const EXHAUSTED_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// What is known of a listener now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerState {
    /// It accepts connections; `false` while some wait and the system has no descriptor, or no memory, for one.
    pub accepting: bool,
    /// Since when that is so.
    pub since: Instant,
    /// When it tries again, while it does not accept. It does so before if the engine closes a descriptor.
    pub retry_at: Option<Instant>,
    /// Why it could not accept, the last time that it could not.
    pub last_error: Option<Error>,
    /// How often it could not.
    pub outages: u64,
}

/// The sockets that are listened on.
pub(super) struct Listeners {
    table: IdTable<ListenerId, Listener>,
    /// How many of them cannot accept.
    exhausted: usize,
    /// [`Reactor::freed`] when one could not accept last.
    freed: u64,
    /// Bytes that all resources take.
    resource_memory: usize,
}

impl Listeners {
    pub(super) fn new() -> Self {
        Listeners { table: IdTable::new(), exhausted: 0, freed: 0, resource_memory: 0 }
    }

    /// Bytes that all resources take, with their compressed forms.
    pub(super) fn resource_memory(&self) -> usize {
        self.resource_memory
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn ids(&self) -> Vec<ListenerId> {
        self.table.ids().collect()
    }

    pub(super) fn get(&self, id: ListenerId) -> Result<&Listener> {
        self.table.get(id)
    }

    pub(super) fn add(
        &mut self,
        options: &ListenerOptions,
        resource_bytes_max: usize,
        reactor: &mut Reactor,
    ) -> Result<ListenerId> {
        let id = self.table.next_id()?;
        let all = self.table.ids().filter_map(|id| self.table.get(id).ok()?.pages.as_ref());
        let used: usize = all.map(Pages::bytes).sum();
        let pages = Pages::new(options, used, resource_bytes_max)?;
        let listener = Listener::bind(options, pages, reactor.now())?;
        let readable = mio::Interest::READABLE;
        if let Err(error) = reactor.register(listener.as_fd(), Source::Listener(id), readable) {
            listener.unlink();
            return Err(error);
        }
        self.resource_memory += listener.memory();
        self.table.insert(id, listener);
        Ok(id)
    }

    pub(super) fn remove(&mut self, id: ListenerId, reactor: &mut Reactor) -> Result<()> {
        self.table.get(id)?;
        if let Some(listener) = self.table.remove(id) {
            self.exhausted -= usize::from(listener.outage.is_lasting());
            self.resource_memory -= listener.memory();
            listener.close(reactor);
        }
        Ok(())
    }

    pub(super) fn remove_all(&mut self, reactor: &mut Reactor) {
        (self.exhausted, self.resource_memory) = (0, 0);
        for listener in self.table.drain() {
            listener.close(reactor);
        }
    }

    /// Lets go of all without touching what is shared with a parent process.
    pub(super) fn leak_after_fork(&mut self) {
        self.table.drain().for_each(drop);
    }

    /// Accepts again soon: more connections may wait, and the kernel does not report them again.
    pub(super) fn accept_soon(&mut self, id: ListenerId, reactor: &mut Reactor) {
        if let Ok(listener) = self.table.get_mut(id) {
            listener.accept_at(Some(reactor.now()), id, reactor);
        }
    }

    /// Whether a listener can accept, if that has changed since the last call.
    pub(super) fn take_accepting(&mut self, id: ListenerId) -> Option<bool> {
        let listener = self.table.get_mut(id).ok()?;
        let accepts = !listener.outage.is_lasting();
        (std::mem::replace(&mut listener.accepts, accepts) != accepts).then_some(accepts)
    }

    /// The timer for accepting again has fired.
    pub(super) fn handle_alarm(&mut self, id: ListenerId) {
        if let Ok(listener) = self.table.get_mut(id) {
            listener.timer = None;
        }
    }

    // Outages.

    /// A connection was accepted, or is gone again.
    pub(super) fn on_progress(&mut self, id: ListenerId, now: Instant) {
        if let Ok(listener) = self.table.get_mut(id) {
            listener.outage.on_progress(now);
        }
    }

    /// No connection waits any more. The line for the log, if some could not be accepted before.
    pub(super) fn on_drained(&mut self, id: ListenerId, reactor: &mut Reactor) -> Option<String> {
        let listener = self.table.get_mut(id).ok()?;
        if !listener.outage.on_success() {
            return None;
        }
        listener.changed = reactor.now();
        listener.accept_at(None, id, reactor);
        self.exhausted -= 1;
        Some(format!("{}: connections are accepted again", listener.name()))
    }

    /// The system has no descriptor left for the connection that waits. The line for the log, once per outage.
    pub(super) fn on_exhausted(
        &mut self,
        id: ListenerId,
        errno: Errno,
        reactor: &mut Reactor,
    ) -> Option<String> {
        self.freed = reactor.freed();
        let listener = self.table.get_mut(id).ok()?;
        let begins = listener.outage.on_failure(reactor.now(), reactor.random());
        listener.accept_at(listener.outage.retry_at(), id, reactor);
        let error = Error::system("accept", errno);
        let line = begins.then(|| format!("{}: connections wait: {error}", listener.name()));
        listener.last_error = Some(error);
        if begins {
            listener.changed = reactor.now();
            listener.outages += 1;
            self.exhausted += 1;
        }
        line
    }

    /// Whether one that cannot accept should try: the engine has closed a descriptor since.
    pub(super) fn may_accept_again(&self, reactor: &Reactor) -> bool {
        self.exhausted > 0 && self.freed != reactor.freed()
    }

    /// Those that cannot accept. What was closed until now counts as tried.
    pub(super) fn exhausted(&mut self, reactor: &Reactor) -> Vec<ListenerId> {
        self.freed = reactor.freed();
        let is_exhausted =
            |id: &ListenerId| self.table.get(*id).is_ok_and(|found| found.outage.is_lasting());
        self.table.ids().filter(is_exhausted).collect()
    }
}

/// A socket that is listened on, and whose connections it accepts.
pub(crate) struct Listener {
    door: Door,
    pub(crate) hosts: HostList,
    pub(crate) origins: OriginList,
    /// What it serves over HTTP.
    pub(super) pages: Option<Pages>,
    pub(super) reports: Reports,
    /// Connections wait that cannot be accepted.
    outage: Outage,
    /// When an outage began or ended last.
    changed: Instant,
    last_error: Option<Error>,
    outages: u64,
    /// For accepting again.
    timer: Option<(Instant, TimerId)>,
    /// What its health says: the system had a descriptor for the last connection.
    accepts: bool,
}

enum Door {
    Tcp(mio::net::TcpListener),
    Unix {
        socket: mio::net::UnixListener,
        path: PathBuf,
        /// The path was made here, so it is removed here.
        is_ours: bool,
    },
}

/// What accepting gave.
pub(crate) enum Accepted {
    Socket(Socket),
    /// Nobody waits.
    Nobody,
    /// The one who waited is gone again.
    Gone,
    /// The system has no descriptor or memory left.
    Exhausted(Errno),
}

impl Listener {
    /// Bytes that its resources take.
    fn memory(&self) -> usize {
        self.pages.as_ref().map_or(0, Pages::memory)
    }

    fn bind(options: &ListenerOptions, pages: Option<Pages>, now: Instant) -> Result<Self> {
        let mut origins = OriginList::new();
        for origin in &options.origins {
            origins.add(origin)?;
        }
        let door = match &options.place {
            Place::Address(ListenAddress::Tcp(address)) => {
                bind_tcp(*address, options.allow_remote)?
            }
            Place::Address(ListenAddress::Unix(path)) => bind_unix(path)?,
            Place::Socket(socket) => adopt(socket, options.allow_remote)?,
        };
        let mut hosts = door.hosts()?;
        for host in &options.hosts {
            hosts.add(host)?;
        }
        let policy = RetryPolicy::new(EXHAUSTED_PAUSE.0, EXHAUSTED_PAUSE.1)?;
        Ok(Listener {
            door,
            hosts,
            origins,
            pages,
            reports: options.reports,
            outage: Outage::new(policy),
            changed: now,
            last_error: None,
            outages: 0,
            timer: None,
            accepts: true,
        })
    }

    pub(super) fn state(&self) -> ListenerState {
        ListenerState {
            accepting: !self.outage.is_lasting(),
            since: self.changed,
            retry_at: self.outage.retry_at(),
            last_error: self.last_error.clone(),
            outages: self.outages,
        }
    }

    /// Sets the one timer for accepting again.
    fn accept_at(&mut self, at: Option<Instant>, id: ListenerId, reactor: &mut Reactor) {
        if self.timer.map(|(at, _)| at) == at {
            return;
        }
        if let Some((_, timer)) = self.timer.take() {
            reactor.cancel_timer(timer);
        }
        self.timer = at.map(|at| (at, reactor.set_timer(at, Alarm::Listener(id))));
    }

    fn close(&self, reactor: &mut Reactor) {
        if let Some((_, timer)) = self.timer {
            reactor.cancel_timer(timer);
        }
        reactor.release(self.as_fd());
        self.unlink();
    }

    /// Its name in the log.
    fn name(&self) -> String {
        match self.address() {
            Ok(ListenAddress::Tcp(address)) => address.to_string(),
            Ok(ListenAddress::Unix(path)) => path.display().to_string(),
            Err(_) => "a listener".into(),
        }
    }

    /// Where it listens, with the port that the system chose.
    pub(crate) fn address(&self) -> Result<ListenAddress> {
        match &self.door {
            Door::Tcp(socket) => {
                let address = socket.local_addr().map_err(|e| io_error("getsockname", &e))?;
                Ok(ListenAddress::Tcp(address))
            }
            Door::Unix { path, .. } => Ok(ListenAddress::Unix(path.clone())),
        }
    }

    /// Writes the line of a listener for `Engine::dump`.
    pub(super) fn describe(&self, id: ListenerId, out: &mut String) {
        let address = match self.address() {
            Ok(ListenAddress::Tcp(address)) => address.to_string(),
            Ok(ListenAddress::Unix(path)) => format!("{path:?}"),
            Err(_) => "-".into(),
        };
        let (accepts, pages) = (u8::from(self.accepts), u8::from(self.pages.is_some()));
        let id = id.to_u64();
        // Writing to a string does not fail.
        let _ = writeln!(out, "listener {id} address={address} accepts={accepts} pages={pages}");
    }

    pub(crate) fn accept(&self) -> Accepted {
        let accepted = match &self.door {
            Door::Tcp(socket) => socket.accept().map(|(socket, _)| Socket::Tcp(socket)),
            Door::Unix { socket, .. } => socket.accept().map(|(socket, _)| Socket::Unix(socket)),
        };
        match accepted {
            Ok(socket) => Accepted::Socket(socket),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Accepted::Nobody,
            Err(e) => match Errno::from_raw(e.raw_os_error().unwrap_or(0)) {
                // The kernel looks for a descriptor before it looks for a connection.
                errno @ (Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM) => {
                    if self.somebody_waits() {
                        Accepted::Exhausted(errno)
                    } else {
                        Accepted::Nobody
                    }
                }
                _ => Accepted::Gone,
            },
        }
    }

    fn somebody_waits(&self) -> bool {
        let mut fds = [PollFd::new(self.as_fd(), PollFlags::POLLIN)];
        // A poll that fails is no reason to forget who may wait.
        poll(&mut fds, PollTimeout::ZERO).map_or(true, |ready| ready > 0)
    }

    /// Whether a request may ask for something else than a WebSocket.
    pub(super) fn serves_pages(&self) -> bool {
        self.pages.is_some() || !self.reports.is_empty()
    }

    /// Only processes of this user may connect.
    pub(crate) fn is_private(&self) -> bool {
        matches!(self.door, Door::Unix { .. })
    }

    /// Takes the name of a Unix socket that was made here away, so that nobody waits there in vain.
    pub(crate) fn unlink(&self) {
        if let Door::Unix { path, is_ours: true, .. } = &self.door {
            let _ = fs::remove_file(path);
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.door {
            Door::Tcp(socket) => socket.as_fd(),
            Door::Unix { socket, .. } => socket.as_fd(),
        }
    }
}

impl Door {
    /// The names that requests may be addressed to without further ado.
    fn hosts(&self) -> Result<HostList> {
        match self {
            Door::Tcp(socket) => {
                let bound = socket.local_addr().map_err(|e| io_error("getsockname", &e))?;
                let mut hosts = HostList::loopback(bound.port());
                if !bound.ip().is_unspecified() {
                    hosts.add(&bound.to_string())?;
                }
                Ok(hosts)
            }
            Door::Unix { .. } => {
                let mut hosts = HostList::new();
                // What native clients put there, for want of a name.
                hosts.add("localhost")?;
                Ok(hosts)
            }
        }
    }
}

fn check_loopback(address: SocketAddr, allow_remote: bool) -> Result<()> {
    match address.ip().is_loopback() || allow_remote {
        true => Ok(()),
        false => Err(Error::invalid(format!(
            "{address} is not loopback: whoever reaches it could read along; allow_remote insists"
        ))),
    }
}

fn bind_tcp(address: SocketAddr, allow_remote: bool) -> Result<Door> {
    check_loopback(address, allow_remote)?;
    let socket =
        mio::net::TcpListener::bind(address).map_err(|e| bind_error(&address.to_string(), &e))?;
    Ok(Door::Tcp(socket))
}

/// Takes a copy of a socket that listens.
fn adopt(socket: &OwnedFd, allow_remote: bool) -> Result<Door> {
    let invalid = |why: &str| Error::invalid(format!("adopt a listening socket: {why}"));
    if getsockopt(socket, sockopt::SockType) != Ok(SockType::Stream) {
        return Err(invalid("not a stream socket"));
    }
    if getsockopt(socket, sockopt::AcceptConn) != Ok(true) {
        return Err(invalid("it does not listen"));
    }
    let name: SockaddrStorage =
        getsockname(socket.as_raw_fd()).map_err(|e| Error::system("getsockname", e))?;
    let family = name.family();
    let copy = socket.try_clone().map_err(|e| bind_error("an adopted socket", &e))?;
    let not_blocking = |e: io::Error| io_error("make a socket non-blocking", &e);
    match family {
        Some(AddressFamily::Inet | AddressFamily::Inet6) => {
            let socket = std::net::TcpListener::from(copy);
            let address = socket.local_addr().map_err(|e| io_error("getsockname", &e))?;
            check_loopback(address, allow_remote)?;
            socket.set_nonblocking(true).map_err(not_blocking)?;
            Ok(Door::Tcp(mio::net::TcpListener::from_std(socket)))
        }
        Some(AddressFamily::Unix) => {
            let path = name.as_unix_addr().and_then(|name| name.path()).map(Path::to_owned);
            let path = path.ok_or_else(|| invalid("a Unix socket without a path"))?;
            let socket = std::os::unix::net::UnixListener::from(copy);
            socket.set_nonblocking(true).map_err(not_blocking)?;
            let socket = mio::net::UnixListener::from_std(socket);
            Ok(Door::Unix { socket, path, is_ours: false })
        }
        _ => Err(invalid("neither TCP nor Unix")),
    }
}

/// Binds in a directory that nobody else may enter, so that nobody else can connect nor put another
/// socket in the place of ours.
fn bind_unix(path: &Path) -> Result<Door> {
    let name = path.display();
    let bytes = path.as_os_str().as_bytes();
    if bytes.len() > UNIX_PATH_BYTES_MAX || bytes.contains(&0) {
        let length = bytes.len();
        return Err(Error::invalid(format!(
            "{name}: the path of a Unix socket has at most {UNIX_PATH_BYTES_MAX} bytes and no NUL; \
             this one has {length} bytes"
        )));
    }
    let directory = path.parent().filter(|parent| parent.is_absolute()).ok_or_else(|| {
        Error::invalid(format!("{name}: a Unix socket needs an absolute path in a directory"))
    })?;
    match fs::DirBuilder::new().mode(0o700).create(directory) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
            return Err(bind_error(&directory.display().to_string(), &e));
        }
        _ => {}
    }
    let metadata =
        fs::metadata(directory).map_err(|e| bind_error(&directory.display().to_string(), &e))?;
    let is_ours = metadata.uid() == nix::unistd::geteuid().as_raw();
    if !metadata.is_dir() || !is_ours || metadata.mode() & 0o077 != 0 {
        let directory = directory.display();
        let message = format!("{directory}: not a directory of this user alone (mode 0700)");
        return Err(Error::new(ErrorKind::PermissionDenied, message));
    }
    let bound = match mio::net::UnixListener::bind(path) {
        // A socket that nobody listens on any more is left from a process that died.
        Err(e) if e.kind() == io::ErrorKind::AddrInUse && is_abandoned(path) => {
            fs::remove_file(path).and_then(|()| mio::net::UnixListener::bind(path))
        }
        bound => bound,
    };
    let socket = bound.map_err(|e| bind_error(&name.to_string(), &e))?;
    Ok(Door::Unix { socket, path: path.to_owned(), is_ours: true })
}

/// Whether it is a socket that nobody listens on. A connection to any other file is refused just so.
fn is_abandoned(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    let connected = std::os::unix::net::UnixStream::connect(path);
    is_socket && connected.is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
}

fn bind_error(what: &str, error: &io::Error) -> Error {
    let Some(errno) = error.raw_os_error().map(Errno::from_raw) else {
        return Error::new(ErrorKind::System, format!("listen on {what}: {error}"));
    };
    let kind = match errno {
        Errno::EACCES | Errno::EPERM => ErrorKind::PermissionDenied,
        Errno::ENOENT => ErrorKind::NotFound,
        Errno::EMFILE | Errno::ENFILE => ErrorKind::OutOfDescriptors,
        _ => ErrorKind::System,
    };
    Error::new(kind, format!("listen on {what}: {}", errno.desc())).with_errno(errno)
}
