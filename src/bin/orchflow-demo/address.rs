//! Where a serving engine is and what lets in there, in one line: `http://127.0.0.1:PORT/#token=TOKEN`
//! or `unix:PATH#token=TOKEN`.
//!
//! The token is in the fragment, which a browser does not send and which can be left away: then it
//! comes from the environment.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::net::SocketAddr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

const FRAGMENT: &[u8] = b"#token=";

/// The variable that a token may come in, so that it does not stand in the list of processes.
const TOKEN_VARIABLE: &str = "ORCHFLOW_TOKEN";

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) place: Place,
    token: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Address {
    pub(crate) fn new(place: Place, token: String) -> Self {
        Address { place, token: Some(token) }
    }

    /// Reads an address. Its path may be any bytes but the fragment.
    pub(crate) fn parse(text: &OsStr) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let at = bytes.windows(FRAGMENT.len()).rposition(|window| window == FRAGMENT);
        let (place, token) = match at {
            Some(at) => (&bytes[..at], Some(&bytes[at + FRAGMENT.len()..])),
            None => (bytes, None),
        };
        let token = match token {
            Some(token) if token.is_empty() || !token.iter().all(u8::is_ascii_graphic) => {
                return Err("the token of the address is damaged".into());
            }
            token => token.map(|token| String::from_utf8_lossy(token).into_owned()),
        };
        Ok(Address { place: Place::parse(place)?, token })
    }

    /// The token of the address, else the one of the environment.
    pub(crate) fn token(&self) -> Result<String, String> {
        self.token.clone().or_else(|| std::env::var(TOKEN_VARIABLE).ok()).ok_or_else(|| {
            format!("no token: the address ends with #token=..., or {TOKEN_VARIABLE} has it")
        })
    }

    /// The address as a line to print.
    pub(crate) fn line(&self) -> Vec<u8> {
        let mut line = match &self.place {
            Place::Tcp(address) => format!("http://{address}/").into_bytes(),
            Place::Unix(path) => [b"unix:", path.as_os_str().as_bytes()].concat(),
        };
        if let Some(token) = &self.token {
            line.extend_from_slice(FRAGMENT);
            line.extend_from_slice(token.as_bytes());
        }
        line.push(b'\n');
        line
    }
}

impl Place {
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        if let Some(path) = bytes.strip_prefix(b"unix:")
            && !path.is_empty()
        {
            return Ok(Place::Unix(OsString::from_vec(path.to_vec()).into()));
        }
        let text = String::from_utf8_lossy(bytes);
        let socket = text.strip_prefix("http://").unwrap_or(&text);
        let socket = socket.strip_suffix('/').unwrap_or(socket);
        match socket.parse() {
            Ok(address) => Ok(Place::Tcp(address)),
            Err(_) => Err(format!("{text}: neither http://IP:PORT/ nor unix:PATH")),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Tcp(address) => address.fmt(f),
            Place::Unix(path) => path.display().fmt(f),
        }
    }
}

/// Without the token.
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
            Place::Unix("/a b/#token=c".into()),
            Place::Unix(OsString::from_vec(b"/\xff".to_vec()).into()),
        ] {
            let address = Address::new(place, "a_-9".into());
            let line = address.line();
            let (end, text) = line.split_last().unwrap();
            assert_eq!(*end, b'\n');
            assert_eq!(Address::parse(OsStr::from_bytes(text)).unwrap(), address);
        }
    }

    #[test]
    fn what_else_is_read() {
        for (text, place) in [
            ("127.0.0.1:1", Place::Tcp("127.0.0.1:1".parse().unwrap())),
            ("http://127.0.0.1:1", Place::Tcp("127.0.0.1:1".parse().unwrap())),
            ("unix:a", Place::Unix("a".into())),
        ] {
            let address = Address::parse(text.as_ref()).unwrap();
            assert_eq!((address.place, address.token), (place, None), "{text}");
        }
        for text in ["", "unix:", "http://localhost:1/", "127.0.0.1", "unix:a#token=", "x#token=y"]
        {
            assert!(Address::parse(text.as_ref()).is_err(), "{text}");
        }
        assert!(!format!("{:?}", Address::parse("unix:a#token=b".as_ref())).contains("token"));
    }
}
