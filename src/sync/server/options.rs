//! Where the server listens and whom it accepts.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::reports::Reports;

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenAddress {
    /// A TCP port; 0 takes a free one. Only loopback, unless
    /// [`ListenerOptions::allow_remote`] says otherwise.
    Tcp(SocketAddr),
    /// A Unix socket in a directory that is its owner's alone (mode 0700), which is made if it is not
    /// there. Only processes of the same user get in.
    Unix(PathBuf),
}

/// What to listen with.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A socket that is made and bound.
    Address(ListenAddress),
    /// A socket that listens already. Every listener gets a copy of its own.
    Socket(Arc<OwnedFd>),
}

/// How to listen.
///
/// Every connection needs a token ([`Engine::add_token`](crate::Engine::add_token)), on a Unix socket too.
/// Over TCP the `Host` of a request must be a name that we listen under (`127.0.0.1`, `localhost` and
/// `[::1]` with the port, and [`host`](Self::host)s), against DNS rebinding; and a browser's page is accepted
/// only if its [`origin`](Self::origin) is listed.
///
/// A listener with pages ([`resource`](Self::resource), [`resource_directory`](Self::resource_directory)) serves them
/// over HTTP to whoever may reach it, without a token; the WebSocket stays at `/`. Its own pages may connect: their
/// origin is `http://` and the `Host` of the request.
#[derive(Clone, Debug)]
pub struct ListenerOptions {
    pub(crate) place: Place,
    pub(crate) hosts: Vec<String>,
    pub(crate) origins: Vec<String>,
    pub(crate) allow_remote: bool,
    pub(crate) resources: Vec<Resource>,
    pub(crate) resource_directories: Vec<ResourceDirectory>,
    pub(crate) reports: Reports,
}

/// Something that is served over HTTP.
#[derive(Clone)]
pub(crate) struct Resource {
    pub(crate) path: String,
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

/// Shows no bytes.
impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Resource { path, media_type, bytes } = self;
        write!(f, "{path} ({media_type}, {} bytes)", bytes.len())
    }
}

/// Files that are served over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct ResourceDirectory {
    /// What their paths begin with; ends with a slash.
    pub(crate) prefix: String,
    pub(crate) directory: PathBuf,
}

impl ListenerOptions {
    /// Listens on a TCP address.
    pub fn tcp(address: SocketAddr) -> Self {
        ListenerOptions::new(Place::Address(ListenAddress::Tcp(address)))
    }

    /// Listens on a Unix socket.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        ListenerOptions::new(Place::Address(ListenAddress::Unix(path.into())))
    }

    /// Listens with a socket that was inherited, as from a supervisor (`sd_listen_fds`), or that the host has bound.
    /// It is a TCP socket or a Unix socket with a path, and `listen` was called on it. The rule for addresses other than
    /// loopback holds here, too, and only processes of the same user get in by a Unix socket; but who may reach its path
    /// is the concern of whoever made it, and the path is not removed at the end. The socket becomes non-blocking, for
    /// every process that has it. Engines use a copy, which they close.
    pub fn adopted(socket: OwnedFd) -> Self {
        ListenerOptions::new(Place::Socket(Arc::new(socket)))
    }

    fn new(place: Place) -> Self {
        ListenerOptions {
            place,
            hosts: Vec::new(),
            origins: Vec::new(),
            allow_remote: false,
            resources: Vec::new(),
            resource_directories: Vec::new(),
            reports: Reports::default(),
        }
    }

    /// One more name, with its port (`name:port`), that requests may be addressed to.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Lets pages of this origin (`https://name:port`) connect.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// Allows an address that is not loopback. The connection is not encrypted: whoever sees it sees the
    /// token. Default false.
    pub fn allow_remote(mut self, on: bool) -> Self {
        self.allow_remote = on;
        self
    }

    /// Serves these bytes to browsers at a path, which begins with a slash and is not escaped; `/index.html` is also
    /// `/`. An empty media type is chosen by the end of the path. A resource replaces an earlier one of the same path.
    /// Those that gzip makes smaller are compressed once, when the listener is added; images, fonts and the like that are
    /// compressed in themselves are not. See `docs/PROTOCOL.md` for the
    /// headers, and [`Limits::resource_bytes`](crate::Limits::resource_bytes) for the bound.
    pub fn resource(
        mut self,
        path: impl Into<String>,
        media_type: impl Into<String>,
        bytes: impl Into<Cow<'static, [u8]>>,
    ) -> Self {
        let bytes = match bytes.into() {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let (path, media_type) = (path.into(), media_type.into());
        self.resources.push(Resource { path, media_type, bytes });
        self
    }

    /// Serves the files of a directory to browsers at the paths that begin with `prefix` (`/`, `/client/`), instead
    /// of resources of the same paths. For development: each request opens a file and reads it in the turn, which may
    /// wait for the disk. Symbolic links lead to files of this directory only; only regular files are served, of at
    /// most [`Limits::resource_bytes`](crate::Limits::resource_bytes). The path of the directory is absolute.
    pub fn resource_directory(
        mut self,
        prefix: impl Into<String>,
        directory: impl Into<PathBuf>,
    ) -> Self {
        let (prefix, directory) = (prefix.into(), directory.into());
        self.resource_directories.push(ResourceDirectory { prefix, directory });
        self
    }

    /// Serves the figures of the engine at `/metrics`, as text for Prometheus, to whoever shows a token with the scope
    /// observe (`Authorization: Bearer TOKEN`). See `docs/METRICS.md`. Default false.
    pub fn metrics(mut self, on: bool) -> Self {
        self.reports.metrics = on;
        self
    }

    /// Serves the health of the engine at `/healthz`: the status 200 with `ok` or `degraded`, 503 with `failed`, to
    /// whoever may reach it; with a token that has the scope observe (`Authorization: Bearer TOKEN`) every part that is
    /// not as it should be, as JSON. See `docs/HEALTH.md`. Default false.
    pub fn health(mut self, on: bool) -> Self {
        self.reports.health = on;
        self
    }

    /// Whether clients may connect. Without, the address serves reports and pages alone, as for a port that a monitoring
    /// system reaches. Default true.
    pub fn clients(mut self, on: bool) -> Self {
        self.reports.only = !on;
        self
    }
}
