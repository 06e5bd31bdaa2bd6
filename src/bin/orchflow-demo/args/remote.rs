//! The command lines of `serve`, `attach` and `state`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};

use super::Request;
use crate::address::Address;

/// `serve`: where, for what.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ServeOptions {
    /// `None` with a Unix socket: no TCP; without one: a free port of loopback.
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) unix: Option<PathBuf>,
    /// The current directory, if it is not given.
    pub(crate) root: Option<PathBuf>,
    /// A command of `/bin/sh`; the user's shell, if it is not given.
    pub(crate) shell: Option<OsString>,
}

/// `attach`: to what.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AttachOptions {
    pub(crate) address: Address,
    /// Without one the terminals are listed.
    pub(crate) terminal: Option<u64>,
}

/// `state`: of what, how.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StateOptions {
    pub(crate) address: Address,
    pub(crate) follow: bool,
    pub(crate) json: bool,
}

pub(super) fn parse_serve(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let mut options = ServeOptions::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Long("listen") => options.listen = Some(parser.value()?.parse()?),
            Arg::Long("unix") => options.unix = Some(parser.value()?.into()),
            Arg::Long("root") => options.root = Some(parser.value()?.into()),
            Arg::Long("shell") => options.shell = Some(parser.value()?),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Request::Serve(options))
}

pub(super) fn parse_attach(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let (mut address, mut terminal) = (None, None);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Value(value) if address.is_none() => address = Some(Address::parse(&value)?),
            Arg::Value(value) if terminal.is_none() => terminal = Some(value.parse()?),
            other => return Err(other.unexpected()),
        }
    }
    let address = address.ok_or("attach needs an address")?;
    Ok(Request::Attach(AttachOptions { address, terminal }))
}

pub(super) fn parse_state(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let (mut address, mut follow, mut json) = (None, false, false);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Long("follow") => follow = true,
            Arg::Long("json") => json = true,
            Arg::Value(value) if address.is_none() => address = Some(Address::parse(&value)?),
            other => return Err(other.unexpected()),
        }
    }
    let address = address.ok_or("state needs an address")?;
    Ok(Request::State(StateOptions { address, follow, json }))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn parse_words(words: &str) -> Result<Request, lexopt::Error> {
        parse(["orchflow-demo"].into_iter().chain(words.split_whitespace()).map(OsString::from))
    }

    fn address(text: &str) -> Address {
        Address::parse(text.as_ref()).unwrap()
    }

    #[test]
    fn where_to_serve() {
        assert_eq!(parse_words("serve").unwrap(), Request::Serve(ServeOptions::default()));
        let options = ServeOptions {
            listen: Some("[::1]:80".parse().unwrap()),
            unix: Some("a/b".into()),
            root: Some("..".into()),
            shell: Some("fish".into()),
        };
        let words = "serve --listen [::1]:80 --unix a/b --root=.. --shell fish";
        assert_eq!(parse_words(words).unwrap(), Request::Serve(options));
    }

    #[test]
    fn what_to_attach_to() {
        let text = "http://127.0.0.1:80/#token=x";
        for (words, terminal) in [("", None), (" 7", Some(7))] {
            let options = AttachOptions { address: address(text), terminal };
            let parsed = parse_words(&format!("attach {text}{words}")).unwrap();
            assert_eq!(parsed, Request::Attach(options));
        }
    }

    #[test]
    fn whose_state() {
        let text = "unix:/a/b";
        for (words, follow, json) in
            [("", false, false), ("--follow", true, false), ("--json", false, true)]
        {
            let options = StateOptions { address: address(text), follow, json };
            let parsed = parse_words(&format!("state {words} {text}")).unwrap();
            assert_eq!(parsed, Request::State(options));
        }
    }

    #[test]
    fn what_is_refused() {
        for words in [
            "serve x",
            "serve --listen localhost:80",
            "serve --listen 127.0.0.1",
            "attach",
            "attach nowhere",
            "attach unix:/a x",
            "attach unix:/a 1 2",
            "attach --json unix:/a",
            "state",
            "state --bad unix:/a",
            "state unix:/a unix:/b",
        ] {
            assert!(parse_words(words).is_err(), "{words}");
        }
    }
}
