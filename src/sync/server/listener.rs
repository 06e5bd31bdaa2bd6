//! Listening sockets: loopback TCP, and Unix sockets for the same user; and the table of them.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;

use super::options::{ListenAddress, ListenerOptions};
use super::pages::Pages;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{IdTable, ListenerId};
use crate::reactor::{Reactor, io_error};
use crate::sync::access::origin::{HostList, OriginList};
use crate::sync::key::{Alarm, Source};
use crate::sync::websocket::transport::{Socket, UNIX_PATH_BYTES_MAX};

/// How long nothing is accepted when the system has no descriptor left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// The sockets that are listened on.
pub(super) struct Listeners {
    table: IdTable<ListenerId, Listener>,
}

impl Listeners {
    pub(super) fn new() -> Self {
        Listeners { table: IdTable::new() }
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
        let listener = Listener::bind(options, pages)?;
        let readable = mio::Interest::READABLE;
        if let Err(error) = reactor.register(listener.as_fd(), Source::Listener(id), readable) {
            listener.unlink();
            return Err(error);
        }
        self.table.insert(id, listener);
        Ok(id)
    }

    pub(super) fn remove(&mut self, id: ListenerId, reactor: &mut Reactor) -> Result<()> {
        self.table.get(id)?;
        if let Some(listener) = self.table.remove(id) {
            reactor.deregister(listener.as_fd());
            listener.unlink();
        }
        Ok(())
    }

    pub(super) fn remove_all(&mut self, reactor: &mut Reactor) {
        for listener in self.table.drain() {
            reactor.deregister(listener.as_fd());
            listener.unlink();
        }
    }

    /// Lets go of all without touching what is shared with a parent process.
    pub(super) fn leak_after_fork(&mut self) {
        self.table.drain().for_each(drop);
    }

    /// Accepts again soon: more connections may wait, and the kernel does not report them again.
    pub(super) fn accept_soon(&mut self, id: ListenerId, reactor: &mut Reactor) {
        self.accept_after(id, Duration::from_nanos(1), reactor);
    }

    /// Accepts nothing for a while: the system has no descriptor left.
    pub(super) fn pause(&mut self, id: ListenerId, reactor: &mut Reactor) {
        self.accept_after(id, EXHAUSTED_PAUSE, reactor);
    }

    fn accept_after(&mut self, id: ListenerId, after: Duration, reactor: &mut Reactor) {
        let Ok(listener) = self.table.get_mut(id) else { return };
        if !std::mem::replace(&mut listener.has_timer, true) {
            reactor.set_timer(reactor.now() + after, Alarm::Listener(id));
        }
    }

    /// The timer for accepting again has fired.
    pub(super) fn handle_alarm(&mut self, id: ListenerId) {
        if let Ok(listener) = self.table.get_mut(id) {
            listener.has_timer = false;
        }
    }
}

/// A socket that is listened on, and whose connections it accepts.
pub(crate) struct Listener {
    door: Door,
    pub(crate) hosts: HostList,
    pub(crate) origins: OriginList,
    /// What it serves over HTTP.
    pub(super) pages: Option<Pages>,
    /// A timer is set for accepting again.
    has_timer: bool,
}

enum Door {
    Tcp(mio::net::TcpListener),
    Unix(mio::net::UnixListener, PathBuf),
}

/// What accepting gave.
pub(crate) enum Accepted {
    Socket(Socket),
    /// Nobody waits.
    Nobody,
    /// The one who waited is gone again.
    Gone,
    /// The system has no descriptor or memory left.
    Exhausted,
}

impl Listener {
    pub(super) fn bind(options: &ListenerOptions, pages: Option<Pages>) -> Result<Self> {
        let mut origins = OriginList::new();
        for origin in &options.origins {
            origins.add(origin)?;
        }
        let (door, mut hosts) = match &options.address {
            ListenAddress::Tcp(address) => bind_tcp(*address, options.allow_remote)?,
            ListenAddress::Unix(path) => {
                let mut hosts = HostList::new();
                // What native clients put there, for want of a name.
                hosts.add("localhost")?;
                (bind_unix(path)?, hosts)
            }
        };
        for host in &options.hosts {
            hosts.add(host)?;
        }
        Ok(Listener { door, hosts, origins, pages, has_timer: false })
    }

    /// Where it listens, with the port that the system chose.
    pub(crate) fn address(&self) -> Result<ListenAddress> {
        match &self.door {
            Door::Tcp(socket) => {
                let address = socket.local_addr().map_err(|e| io_error("getsockname", &e))?;
                Ok(ListenAddress::Tcp(address))
            }
            Door::Unix(_, path) => Ok(ListenAddress::Unix(path.clone())),
        }
    }

    pub(crate) fn accept(&self) -> Accepted {
        let accepted = match &self.door {
            Door::Tcp(socket) => socket.accept().map(|(socket, _)| Socket::Tcp(socket)),
            Door::Unix(socket, _) => socket.accept().map(|(socket, _)| Socket::Unix(socket)),
        };
        match accepted {
            Ok(socket) => Accepted::Socket(socket),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Accepted::Nobody,
            Err(e) => match Errno::from_raw(e.raw_os_error().unwrap_or(0)) {
                Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM => {
                    Accepted::Exhausted
                }
                _ => Accepted::Gone,
            },
        }
    }

    /// Only processes of this user may connect.
    pub(crate) fn is_private(&self) -> bool {
        matches!(self.door, Door::Unix(..))
    }

    /// Takes the name of a Unix socket away, so that nobody waits there in vain.
    pub(crate) fn unlink(&self) {
        if let Door::Unix(_, path) = &self.door {
            let _ = fs::remove_file(path);
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.door {
            Door::Tcp(socket) => socket.as_fd(),
            Door::Unix(socket, _) => socket.as_fd(),
        }
    }
}

fn bind_tcp(address: SocketAddr, allow_remote: bool) -> Result<(Door, HostList)> {
    if !address.ip().is_loopback() && !allow_remote {
        return Err(Error::invalid(format!(
            "{address} is not loopback: whoever reaches it could read along; allow_remote insists"
        )));
    }
    let socket =
        mio::net::TcpListener::bind(address).map_err(|e| bind_error(&address.to_string(), &e))?;
    let bound = socket.local_addr().map_err(|e| io_error("getsockname", &e))?;
    let mut hosts = HostList::loopback(bound.port());
    if !bound.ip().is_unspecified() {
        hosts.add(&bound.to_string())?;
    }
    Ok((Door::Tcp(socket), hosts))
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
    Ok(Door::Unix(socket, path.to_owned()))
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
