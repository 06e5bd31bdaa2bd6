//! Where the server listens and whom it accepts.

use std::net::SocketAddr;
use std::path::PathBuf;

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

/// How to listen.
///
/// Every connection needs a token ([`Engine::add_token`](crate::Engine::add_token)), on a Unix socket too.
/// Over TCP the `Host` of a request must be a name that we listen under (`127.0.0.1`, `localhost` and
/// `[::1]` with the port, and [`host`](Self::host)s), against DNS rebinding; and a browser's page is accepted
/// only if its [`origin`](Self::origin) is listed.
#[derive(Clone, Debug)]
pub struct ListenerOptions {
    pub(crate) address: ListenAddress,
    pub(crate) hosts: Vec<String>,
    pub(crate) origins: Vec<String>,
    pub(crate) allow_remote: bool,
}

impl ListenerOptions {
    /// Listens on a TCP address.
    pub fn tcp(address: SocketAddr) -> Self {
        ListenerOptions::new(ListenAddress::Tcp(address))
    }

    /// Listens on a Unix socket.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        ListenerOptions::new(ListenAddress::Unix(path.into()))
    }

    fn new(address: ListenAddress) -> Self {
        ListenerOptions { address, hosts: Vec::new(), origins: Vec::new(), allow_remote: false }
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
}
