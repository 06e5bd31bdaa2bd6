//! The command lines of `serve`, `attach` and `state`.

use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};

use super::{Request, value};
use crate::address::{Address, is_localhost, split_authority};
use crate::detach::DetachKey;
use crate::help;
use crate::log::{Format, Level};
use crate::names::check_name;
use crate::page::PageDirectory;

/// The profile that starts the shell of `serve`.
pub(crate) const SHELL_PROFILE: &str = "shell";

/// Options of `serve`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ServeOptions {
    /// `None`: no TCP if there is a Unix socket, else a free loopback port.
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) unix: Option<PathBuf>,
    /// A port of its own for the figures; without it they are on the other ones alone.
    pub(crate) metrics: Option<SocketAddr>,
    /// Further accepted hosts and origins of requests.
    pub(crate) hosts: Vec<String>,
    pub(crate) origins: Vec<String>,
    /// The file with the token, created if it is missing.
    pub(crate) token_file: Option<PathBuf>,
    /// The current directory if not given.
    pub(crate) root: Option<PathBuf>,
    /// A command for `/bin/sh`; the user's shell if not given.
    pub(crate) shell: Option<OsString>,
    /// The name of the first terminal.
    pub(crate) name: Option<String>,
    /// Further programs that clients may start, by name: commands for `/bin/sh`.
    pub(crate) profiles: Vec<(String, OsString)>,
    /// Clients get what programs put on the clipboard.
    pub(crate) clipboard: bool,
    /// Opens the address in a browser.
    pub(crate) open: bool,
    /// Directories with the page, in place of the one in this program.
    pub(crate) page: Vec<PageDirectory>,
    /// What the lines of the log look like; `None` for what suits whoever reads them.
    pub(crate) log: Option<Format>,
    pub(crate) log_level: Level,
}

/// Options of `attach`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AttachOptions {
    pub(crate) address: Address,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) target: Target,
    pub(crate) read_only: bool,
    pub(crate) detach_key: DetachKey,
    /// Attaches even from a terminal of the same server.
    pub(crate) nested: bool,
    /// The end of stdin ends the program's input instead of detaching.
    pub(crate) send_eof: bool,
}

/// What `attach` is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The only terminal, or a list if there are several.
    Only,
    List,
    /// By number, name or id.
    Terminal(String),
    /// A new terminal, with the program of a profile.
    New {
        profile: Option<String>,
        name: Option<String>,
    },
    Kill(String),
}

/// Options of `state`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StateOptions {
    pub(crate) address: Address,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) follow: bool,
    pub(crate) json: bool,
}

pub(super) fn parse_serve(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let mut options = ServeOptions::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help(help::SERVE)),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Long("listen") => {
                options.listen = Some(listen_address("--listen", &parser.value()?)?)
            }
            Arg::Long("unix") => options.unix = Some(parser.value()?.into()),
            Arg::Long("metrics") => {
                options.metrics = Some(listen_address("--metrics", &parser.value()?)?)
            }
            Arg::Long("host") => options.hosts.push(parser.value()?.string()?),
            Arg::Long("origin") => options.origins.push(parser.value()?.string()?),
            Arg::Long("token-file") => options.token_file = Some(parser.value()?.into()),
            Arg::Long("root") => options.root = Some(parser.value()?.into()),
            Arg::Long("shell") => options.shell = Some(parser.value()?),
            Arg::Long("name") => options.name = Some(name(parser)?),
            Arg::Long("profile") => options.profiles.push(profile(&parser.value()?)?),
            Arg::Long("clipboard") => options.clipboard = true,
            Arg::Long("open") => options.open = true,
            Arg::Long("page-dir") => options.page.push(page_directory(&parser.value()?)),
            Arg::Long("log") => {
                options.log = Some(value(parser, "--log", "text or json", Format::parse)?);
            }
            Arg::Long("log-level") => {
                let expected = "error, warn, info or debug";
                options.log_level = value(parser, "--log-level", expected, Level::parse)?;
            }
            other => return Err(other.unexpected()),
        }
    }
    if options.open && options.unix.is_some() && options.listen.is_none() {
        return Err("--open: expected --listen ADDRESS as well, for a browser".into());
    }
    check_profiles(&options.profiles)?;
    Ok(Request::Serve(options))
}

/// Each name of a profile is given once.
fn check_profiles(profiles: &[(String, OsString)]) -> Result<(), lexopt::Error> {
    for (at, (name, _)) in profiles.iter().enumerate() {
        if name == SHELL_PROFILE {
            return Err(format!("--profile {name}: this is the shell; expected --shell CMD").into());
        }
        if profiles[..at].iter().any(|(known, _)| known == name) {
            return Err(format!("--profile {name}: expected each name once").into());
        }
    }
    Ok(())
}

/// `NAME=COMMAND`.
fn profile(value: &OsStr) -> Result<(String, OsString), lexopt::Error> {
    let bytes = value.as_bytes();
    let at = bytes.iter().position(|byte| *byte == b'=');
    let parts = at.map(|at| (&bytes[..at], &bytes[at + 1..]));
    let parts = parts.and_then(|(name, command)| Some((str::from_utf8(name).ok()?, command)));
    match parts.filter(|(name, command)| !name.is_empty() && !command.is_empty()) {
        Some((name, command)) => Ok((name.to_owned(), OsStr::from_bytes(command).to_owned())),
        None => {
            let text = value.to_string_lossy();
            Err(format!("--profile {text}: expected NAME=COMMAND, such as top=htop").into())
        }
    }
}

/// `DIR`, or `PREFIX=DIR` with a prefix between slashes.
fn page_directory(value: &OsStr) -> PageDirectory {
    let bytes = value.as_bytes();
    let at = bytes.windows(2).position(|pair| pair == b"/=").map(|at| at + 1);
    let split = at.and_then(|at| Some((str::from_utf8(&bytes[..at]).ok()?, &bytes[at + 1..])));
    match split.filter(|(prefix, _)| prefix.starts_with('/')) {
        Some((prefix, directory)) => PageDirectory {
            prefix: prefix.to_owned(),
            directory: OsStr::from_bytes(directory).into(),
        },
        None => PageDirectory { prefix: "/".to_owned(), directory: value.into() },
    }
}

/// `IP:PORT`, `localhost:PORT` or `PORT`, on loopback.
fn listen_address(option: &str, value: &OsStr) -> Result<SocketAddr, lexopt::Error> {
    let text = value.to_string_lossy();
    let named = split_authority(&text).filter(|(host, _)| is_localhost(host));
    let address = if let Ok(address) = text.parse() {
        address
    } else if let Ok(port) = text.parse() {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    } else if let Some((_, port)) = named {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    } else if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        let example = SocketAddr::from((ip, 7070));
        return Err(format!("{option} {text}: expected a port as well, such as {example}").into());
    } else if is_localhost(&text) {
        let text = format!("{option} {text}: expected a port as well, such as {text}:7070");
        return Err(text.into());
    } else {
        let text = format!(
            "{option} {text}: expected IP:PORT, localhost:PORT or PORT, such as 127.0.0.1:7070"
        );
        return Err(text.into());
    };
    if !address.ip().is_loopback() {
        let port = if address.port() == 0 { 7070 } else { address.port() };
        let text = format!(
            "{option} {text}: expected a loopback address, because connections are not encrypted; \
             listen on 127.0.0.1 and forward the port (ssh -L {port}:127.0.0.1:{port} HOST)"
        );
        return Err(text.into());
    }
    Ok(address)
}

fn name(parser: &mut Parser) -> Result<String, lexopt::Error> {
    let name = parser.value()?.string()?;
    check_name(&name).map_err(|expected| format!("--name {name}: expected {expected}"))?;
    Ok(name)
}

/// The operands of `attach` and `state`.
#[derive(Default)]
struct Words {
    address: Option<Address>,
    /// The operands after the address.
    rest: Vec<String>,
}

impl Words {
    fn take(&mut self, value: OsString) -> Result<(), lexopt::Error> {
        if self.address.is_none() {
            self.address = Some(Address::parse(&value)?);
        } else {
            self.rest.push(value.string()?);
        }
        Ok(())
    }
}

pub(super) fn parse_attach(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let mut words = Words::default();
    let (mut token_file, mut named) = (None, None);
    let (mut read_only, mut nested, mut send_eof) = (false, false, false);
    let mut detach_key = DetachKey::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help(help::ATTACH)),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Short('r') | Arg::Long("read-only") => read_only = true,
            Arg::Long("nested") => nested = true,
            Arg::Long("send-eof") => send_eof = true,
            Arg::Long("token-file") => token_file = Some(parser.value()?.into()),
            Arg::Long("name") => named = Some(name(parser)?),
            Arg::Long("detach-key") => {
                let text = parser.value()?.string()?;
                detach_key = DetachKey::parse(&text)
                    .map_err(|expected| format!("--detach-key {text}: expected {expected}"))?;
            }
            Arg::Value(value) => words.take(value)?,
            other => return Err(other.unexpected()),
        }
    }
    let address = words.address.ok_or("attach: expected ADDRESS, the line that `serve` printed")?;
    let target = target(words.rest, named)?;
    Ok(Request::Attach(AttachOptions {
        address,
        token_file,
        target,
        read_only,
        detach_key,
        nested,
        send_eof,
    }))
}

/// The target that the operands name.
fn target(words: Vec<String>, named: Option<String>) -> Result<Target, lexopt::Error> {
    let mut words = words.into_iter();
    let (first, second, more) = (words.next(), words.next(), words.next());
    let unexpected =
        |word: String| -> lexopt::Error { format!("{word}: unexpected argument").into() };
    if let Some(more) = more {
        return Err(unexpected(more));
    }
    if named.is_some() && first.as_deref() != Some("new") {
        return Err("--name: expected `new` after ADDRESS as well".into());
    }
    Ok(match (first.as_deref(), second) {
        (Some("new"), profile) => Target::New { profile, name: named },
        (Some("kill"), Some(terminal)) => Target::Kill(terminal),
        (Some("kill"), None) => return Err("kill: expected TERMINAL".into()),
        (_, Some(second)) => return Err(unexpected(second)),
        (Some("list"), None) => Target::List,
        (Some(_), None) => Target::Terminal(first.unwrap_or_default()),
        (None, None) => Target::Only,
    })
}

pub(super) fn parse_state(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let mut words = Words::default();
    let (mut token_file, mut follow, mut json) = (None, false, false);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help(help::STATE)),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Long("follow") => follow = true,
            Arg::Long("json") => json = true,
            Arg::Long("token-file") => token_file = Some(parser.value()?.into()),
            Arg::Value(value) if words.address.is_none() => words.take(value)?,
            other => return Err(other.unexpected()),
        }
    }
    let address = words.address.ok_or("state: expected ADDRESS, the line that `serve` printed")?;
    Ok(Request::State(StateOptions { address, token_file, follow, json }))
}

#[cfg(test)]
mod tests {
    use super::super::{UsageError, parse};
    use super::*;

    fn parse_words(words: &str) -> Result<Request, UsageError> {
        parse(["orchflow-demo"].into_iter().chain(words.split_whitespace()).map(OsString::from))
    }

    fn address(text: &str) -> Address {
        Address::parse(text.as_ref()).unwrap()
    }

    fn attach(target: Target) -> AttachOptions {
        AttachOptions {
            address: address("ws://127.0.0.1:80/#token=x"),
            token_file: None,
            target,
            read_only: false,
            detach_key: DetachKey::default(),
            nested: false,
            send_eof: false,
        }
    }

    #[test]
    fn where_to_serve() {
        assert_eq!(parse_words("serve").unwrap(), Request::Serve(ServeOptions::default()));
        let options = ServeOptions {
            listen: Some("[::1]:80".parse().unwrap()),
            unix: Some("a/b".into()),
            metrics: Some("127.0.0.1:9464".parse().unwrap()),
            hosts: vec!["a:1".into(), "b".into()],
            origins: vec!["http://c".into()],
            token_file: Some("t".into()),
            root: Some("..".into()),
            shell: Some("fish".into()),
            name: Some("build".into()),
            profiles: vec![("top".into(), "htop".into()), ("a".into(), "b=c".into())],
            clipboard: true,
            open: true,
            page: vec![
                PageDirectory { prefix: "/".into(), directory: "page".into() },
                PageDirectory { prefix: "/client/".into(), directory: "js/a=b".into() },
            ],
            log: Some(Format::Json),
            log_level: Level::Debug,
        };
        let words = "serve --listen [::1]:80 --unix a/b --root=.. --shell fish --host a:1 \
            --host b --origin http://c --token-file t --name build --profile top=htop \
            --profile a=b=c --clipboard --open --page-dir page --page-dir /client/=js/a=b \
            --log json --log-level debug --metrics 9464";
        assert_eq!(parse_words(words).unwrap(), Request::Serve(options));
        for (text, address) in [
            ("localhost:7070", "127.0.0.1:7070"),
            ("LOCALHOST:0", "127.0.0.1:0"),
            ("7070", "127.0.0.1:7070"),
            ("127.1.2.3:1", "127.1.2.3:1"),
        ] {
            assert_eq!(
                listen_address("--listen", text.as_ref()).unwrap(),
                address.parse().unwrap(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_to_attach_to() {
        let new = |profile: Option<&str>, name: Option<&str>| Target::New {
            profile: profile.map(String::from),
            name: name.map(String::from),
        };
        for (words, target) in [
            ("", Target::Only),
            (" 7", Target::Terminal("7".into())),
            (" build", Target::Terminal("build".into())),
            (" list", Target::List),
            (" new", new(None, None)),
            (" new fish", new(Some("fish"), None)),
            (" new fish --name a", new(Some("fish"), Some("a"))),
            (" kill 3", Target::Kill("3".into())),
        ] {
            let parsed = parse_words(&format!("attach ws://127.0.0.1:80/#token=x{words}"));
            assert_eq!(parsed.unwrap(), Request::Attach(attach(target)), "{words}");
        }
        let words = "attach --read-only --nested --send-eof --token-file t --detach-key ^a \
            127.0.0.1:80#token=x";
        let options = AttachOptions {
            token_file: Some("t".into()),
            read_only: true,
            detach_key: DetachKey::parse("^a").unwrap(),
            nested: true,
            send_eof: true,
            ..attach(Target::Only)
        };
        assert_eq!(parse_words(words).unwrap(), Request::Attach(options));
    }

    #[test]
    fn whose_state() {
        let text = "unix:/a/b";
        for (words, follow, json) in
            [("", false, false), ("--follow", true, false), ("--json", false, true)]
        {
            let options = StateOptions { address: address(text), token_file: None, follow, json };
            let parsed = parse_words(&format!("state {words} {text}")).unwrap();
            assert_eq!(parsed, Request::State(options));
        }
    }

    /// What is wrong, and what the message names.
    #[test]
    fn what_is_refused() {
        for (words, mention) in [
            ("serve x", "x"),
            ("serve --listen example:80", "localhost:PORT"),
            ("serve --listen 127.0.0.1", "port"),
            ("serve --listen ::1", "port"),
            ("serve --listen localhost", "port"),
            ("serve --listen 0.0.0.0:0", "loopback"),
            ("serve --listen [::]:80", "-L 80:"),
            ("serve --profile htop", "--profile htop: expected NAME=COMMAND"),
            ("serve --profile shell=fish", "expected --shell CMD"),
            ("serve --profile a=b --profile a=c", "--profile a: expected each name once"),
            ("serve --profile =a", "NAME=COMMAND"),
            ("serve --profile a=", "NAME=COMMAND"),
            ("serve --unix a --open", "--listen ADDRESS"),
            ("serve --log xml", "--log xml: expected text or json"),
            ("serve --log-level loud", "expected error, warn, info or debug"),
            ("serve --name 12", "--name 12: expected a name"),
            ("attach", "ADDRESS"),
            ("attach nowhere", "nowhere"),
            ("attach unix:/a 1 2", "2: "),
            ("attach unix:/a list 2", "2: "),
            ("attach unix:/a kill", "TERMINAL"),
            ("attach unix:/a kill 1 2", "2: "),
            ("attach unix:/a new a b", "b: "),
            ("attach unix:/a 1 --name b", "--name"),
            ("attach unix:/a new --name 5", "--name 5: expected a name"),
            ("attach --detach-key nonsense unix:/a", "--detach-key nonsense: expected a character"),
            ("attach --detach-key ^1 unix:/a", "--detach-key ^1: expected Ctrl with a letter"),
            ("attach --json unix:/a", "--json"),
            ("state", "ADDRESS"),
            ("state --bad unix:/a", "--bad"),
            ("state unix:/a unix:/b", "unix:/b"),
        ] {
            let error = parse_words(words).unwrap_err().to_string();
            assert!(error.contains(mention) && !error.contains('\n'), "{words}: {error}");
        }
    }
}
