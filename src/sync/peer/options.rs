//! Where another engine listens, and how to connect and attach to it.

use std::fmt;
use std::net::SocketAddr;
use std::os::unix::net::SocketAddr as SocketName;
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::policy::{BreakerOptions, RetryPolicy};
use crate::state::Collections;
use crate::sync::codec::Codec;
use crate::sync::websocket::transport::UNIX_PATH_BYTES_MAX;
use crate::terminal::{NoticeKinds, Size};

/// The longest token, in bytes; the hello that carries it may have 4 KiB.
const TOKEN_MAX: usize = 256;
/// The longest name, in bytes.
const NAME_MAX: usize = 64;

/// Where another engine listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerAddress {
    /// Over TCP, which does not encrypt: across a network only through a tunnel.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// How to connect to another engine: see [`Engine::connect`](crate::Engine::connect).
#[derive(Clone)]
pub struct PeerOptions {
    pub(crate) address: PeerAddress,
    pub(crate) token: String,
    pub(crate) name: String,
    pub(crate) collections: Collections,
    pub(crate) notices: NoticeKinds,
    pub(crate) retry: RetryPolicy,
    pub(crate) breaker: BreakerOptions,
    pub(crate) tag: u64,
    pub(crate) compress: bool,
    pub(crate) codec: Codec,
    pub(crate) host: Option<String>,
}

impl PeerOptions {
    /// Connects to this address with this token, which the other engine has made
    /// ([`Engine::add_token`](crate::Engine::add_token)); 1 to 256 bytes.
    pub fn new(address: PeerAddress, token: impl Into<String>) -> Self {
        PeerOptions {
            address,
            token: token.into(),
            name: String::new(),
            collections: Collections::ALL,
            notices: NoticeKinds::NONE,
            retry: RetryPolicy::default(),
            breaker: BreakerOptions::default(),
            tag: 0,
            compress: false,
            codec: Codec::Bincode,
            host: None,
        }
    }

    /// How the other engine names this one in its logs; at most 64 bytes. Default empty.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Which collections of the state are mirrored. Default all.
    pub fn collections(mut self, collections: Collections) -> Self {
        self.collections = collections;
        self
    }

    /// Which notices of the other engine's terminals come as [`PeerEvent::Notice`](crate::PeerEvent::Notice), as far as
    /// the token allows them. Default none.
    pub fn notices(mut self, kinds: NoticeKinds) -> Self {
        self.notices = kinds;
        self
    }

    /// How often and when to try again. A connection that held for 10 s starts the series anew. Default
    /// [`RetryPolicy::default`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// When not even to try: attempts that end before the other engine lets us in are its failures.
    /// Default [`BreakerOptions::default`].
    pub fn breaker(mut self, options: BreakerOptions) -> Self {
        self.breaker = options;
        self
    }

    /// A number of the host's own, which comes with every event. Default 0.
    pub fn tag(mut self, tag: u64) -> Self {
        self.tag = tag;
        self
    }

    /// Compresses large messages, both ways. Default false: on one machine it only costs time.
    pub fn compress(mut self, on: bool) -> Self {
        self.compress = on;
        self
    }

    /// Speaks JSON instead of bincode: with an engine of another version, or to be read by people.
    /// Default false.
    pub fn json(mut self, on: bool) -> Self {
        self.codec = if on { Codec::Json } else { Codec::Bincode };
        self
    }

    /// The `Host` that the request names, with its port; graphic ASCII. Default the address, and
    /// `localhost` on a Unix socket.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    pub(crate) fn validate(&self) -> Result<()> {
        if self.token.is_empty() || self.token.len() > TOKEN_MAX {
            return Err(Error::invalid("a token has 1 to 256 bytes"));
        }
        if let PeerAddress::Unix(path) = &self.address
            && (path.as_os_str().is_empty() || SocketName::from_pathname(path).is_err())
        {
            let path = path.display();
            return Err(Error::invalid(format!(
                "{path}: the path of a Unix socket has 1 to {UNIX_PATH_BYTES_MAX} bytes and no NUL"
            )));
        }
        if self.name.len() > NAME_MAX {
            return Err(Error::invalid("the name of a peer has at most 64 bytes"));
        }
        Ok(())
    }
}

/// Shows no token.
impl fmt::Debug for PeerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerOptions")
            .field("address", &self.address)
            .field("name", &self.name)
            .field("collections", &self.collections)
            .field("notices", &self.notices)
            .field("codec", &self.codec)
            .field("tag", &self.tag)
            .finish_non_exhaustive()
    }
}

/// How to follow a terminal of another engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemoteAttach {
    /// How output is delivered.
    pub mode: RemoteMode,
    /// Where it begins. After a broken connection it goes on where it was.
    pub start: RemoteStart,
    /// Bytes that may be in flight or unread; 0 for 256 KiB. The other engine has bounds for it.
    pub window: u64,
    /// The columns and rows of the window that shows the terminal: it gets this size if the policy of the other
    /// engine says so ([`SizePolicy`](crate::SizePolicy)). Pixels do not count. `None`: not reported, the size
    /// stays as it is.
    pub grid: Option<Size>,
}

/// How output of a terminal of another engine is delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RemoteMode {
    /// Every byte; the program waits for us, as long as we keep nobody else waiting.
    #[default]
    Lossless,
    /// The program never waits; what we cannot follow is a gap.
    Lossy,
    /// What changed on the screen instead of bytes.
    Screen,
}

/// Where the output of a terminal of another engine begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RemoteStart {
    /// With the screen and at most 1,000 rows of scrollback; without a screen at the oldest byte.
    #[default]
    Default,
    /// At the oldest byte that there is.
    Oldest,
    /// At the next byte.
    Now,
    /// At this offset if it is still there, else with a snapshot or a gap.
    Offset(u64),
    /// As the default, with at most so many rows of scrollback.
    Snapshot(u32),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_ranges_and_keep_the_token_to_themselves() {
        let address = PeerAddress::Unix("/run/x".into());
        for (token, name, ok) in [
            ("t", "", true),
            (&"t".repeat(256) as &str, &"n".repeat(64) as &str, true),
            ("", "", false),
            (&"t".repeat(257), "", false),
            ("t", &"n".repeat(65), false),
        ] {
            let options = PeerOptions::new(address.clone(), token).name(name);
            assert_eq!(options.validate().is_ok(), ok, "{} {}", token.len(), name.len());
        }
        let shown = format!("{:?}", PeerOptions::new(address, "secret"));
        assert!(!shown.contains("secret") && shown.contains("/run/x"));
    }
}
