//! The address of a server with its token, in one line: `http://127.0.0.1:PORT/#token=TOKEN` or
//! `unix:PATH#token=TOKEN`.
//!
//! The first opens the page in a browser, which does not send the fragment with the token. Without it, the token comes from a
//! file or from the environment.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::token::{self, TOKEN_VARIABLE};

const FRAGMENT: &[u8] = b"#token=";

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) place: Place,
    token: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Tcp(SocketAddr),
    /// A host name and a port, resolved when connecting.
    Named(String, u16),
    Unix(PathBuf),
}

impl Address {
    pub(crate) fn new(place: Place, token: Option<String>) -> Self {
        Address { place, token }
    }

    /// Parses an address. Its path may contain any bytes except the fragment.
    pub(crate) fn parse(text: &OsStr) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let at = bytes.windows(FRAGMENT.len()).rposition(|window| window == FRAGMENT);
        let (place, token) = match at {
            Some(at) => (&bytes[..at], Some(&bytes[at + FRAGMENT.len()..])),
            None => (bytes, None),
        };
        let token = match token {
            Some(token) if token.is_empty() || !token.iter().all(u8::is_ascii_graphic) => {
                return Err("#token=: expected a token of letters, digits, - and _".into());
            }
            token => token.map(|token| String::from_utf8_lossy(token).into_owned()),
        };
        Ok(Address { place: Place::parse(place)?, token })
    }

    /// The token: from the file if one is named, else from the address, else from the environment.
    pub(crate) fn token(&self, file: Option<&Path>) -> Result<String, String> {
        if let Some(file) = file {
            return Ok(token::from_file(file)?.text);
        }
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        token::from_environment()?.map(|token| token.text).ok_or_else(|| {
            format!(
                "no token; give it at the end of the address (#token=...), with --token-file FILE \
                 or in {TOKEN_VARIABLE}"
            )
        })
    }

    /// The address as one word.
    pub(crate) fn text(&self) -> Vec<u8> {
        let mut text = match &self.place {
            Place::Unix(path) => [b"unix:", path.as_os_str().as_bytes()].concat(),
            place => format!("http://{place}/").into_bytes(),
        };
        if let Some(token) = &self.token {
            text.extend_from_slice(FRAGMENT);
            text.extend_from_slice(token.as_bytes());
        }
        text
    }
}

/// The host and the port of `HOST:PORT`.
pub(crate) fn split_authority(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let is_whole = !host.is_empty() && host.bytes().all(is_name);
    let port = port.parse().ok().filter(|_| port.bytes().all(|b| b.is_ascii_digit()))?;
    is_whole.then_some((host, port))
}

/// Whether a host is `localhost`, which is not resolved.
pub(crate) fn is_localhost(host: &str) -> bool {
    host.trim_end_matches('.').eq_ignore_ascii_case("localhost")
}

impl Place {
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        if let Some(path) = bytes.strip_prefix(b"unix:")
            && !path.is_empty()
        {
            return Ok(Place::Unix(OsString::from_vec(path.to_vec()).into()));
        }
        let text = String::from_utf8_lossy(bytes);
        if text.starts_with("wss://") || text.starts_with("https://") {
            return Err(format!(
                "{text}: expected http://, since there is no TLS; use a tunnel (ssh -L)"
            ));
        }
        let socket = text.strip_prefix("ws://").or_else(|| text.strip_prefix("http://"));
        let socket = socket.unwrap_or(&text);
        let socket = socket.strip_suffix('/').unwrap_or(socket);
        if let Ok(address) = socket.parse() {
            return Ok(Place::Tcp(address));
        }
        match split_authority(socket).filter(|(_, port)| *port > 0) {
            Some((host, port)) => Ok(Place::Named(host.into(), port)),
            None => Err(format!("{text}: expected http://HOST:PORT/ or unix:PATH")),
        }
    }

    /// The socket address, and the host for requests if it differs.
    pub(crate) fn resolve(&self) -> Result<(Place, Option<String>), String> {
        let Place::Named(host, port) = self else { return Ok((self.clone(), None)) };
        let address = if is_localhost(host) {
            Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, *port)))
        } else {
            let found = (host.as_str(), *port).to_socket_addrs();
            let found = found.map_err(|error| format!("{host}: {error}"))?.next();
            found.ok_or_else(|| format!("{host}: no address found"))
        };
        Ok((Place::Tcp(address?), Some(self.to_string())))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Tcp(address) => address.fmt(f),
            Place::Named(host, port) => write!(f, "{host}:{port}"),
            Place::Unix(path) => path.display().fmt(f),
        }
    }
}

/// Omits the token.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read() {
        for place in [
            Place::Tcp("127.0.0.1:80".parse().unwrap()),
            Place::Tcp("[::1]:65535".parse().unwrap()),
            Place::Named("a-1.example".into(), 80),
            Place::Unix("/a b/#token=c".into()),
            Place::Unix(OsString::from_vec(b"/\xff".to_vec()).into()),
        ] {
            let address = Address::new(place, Some("a_-9".into()));
            assert_eq!(Address::parse(OsStr::from_bytes(&address.text())).unwrap(), address);
        }
    }

    #[test]
    fn what_else_is_read() {
        let ip = Place::Tcp("127.0.0.1:1".parse().unwrap());
        for (text, place) in [
            ("127.0.0.1:1", ip.clone()),
            ("http://127.0.0.1:1", ip.clone()),
            ("ws://127.0.0.1:1/", ip),
            ("unix:a", Place::Unix("a".into())),
            ("ws://localhost:1", Place::Named("localhost".into(), 1)),
            ("devbox:7070", Place::Named("devbox".into(), 7070)),
        ] {
            let address = Address::parse(text.as_ref()).unwrap();
            assert_eq!((address.place, address.token), (place, None), "{text}");
        }
        for text in [
            "",
            "unix:",
            "127.0.0.1",
            "unix:a#token=",
            "x#token=y",
            "a:0",
            "a:b",
            ":1",
            "a b:1",
            "ws://a:1/x",
            "ws://u@a:1",
            "wss://a:1",
            "a:+1",
            "a:99999",
        ] {
            assert!(Address::parse(text.as_ref()).is_err(), "{text}");
        }
        assert!(!format!("{:?}", Address::parse("unix:a#token=b".as_ref())).contains("token"));
    }

    #[test]
    fn localhost_is_loopback_and_keeps_its_name() {
        let place = Place::Named("LocalHost".into(), 7);
        let (found, host) = place.resolve().unwrap();
        assert_eq!(found, Place::Tcp("127.0.0.1:7".parse().unwrap()));
        assert_eq!(host.as_deref(), Some("LocalHost:7"));
        let place = Place::Unix("/a".into());
        assert_eq!(place.resolve().unwrap(), (place, None));
    }
}
