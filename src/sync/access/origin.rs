//! Who may ask: allow lists of the names in `Host` and of the origins of web pages. Pure.
//!
//! Any web page can open a WebSocket to loopback, and any name can be made to resolve to it. The Host list
//! ends the second, the Origin list the first; neither stands for the other. An Origin that equals the
//! Host proves nothing by itself, since whoever rebinds a name has both; if the Host is listed, and the listener has
//! pages, it is that of its own pages. Both are parsed and compared whole: what is not understood is not on the list.

use std::net::Ipv6Addr;

use crate::error::{Error, Result};
use crate::sync::websocket::http::Refusal;

/// The longest name of a host, as DNS has it.
const NAME_BYTES_MAX: usize = 253;
/// Entries of one list.
const ENTRIES_MAX: usize = 256;
/// What is quoted of a header that is refused.
const QUOTED_BYTES_MAX: usize = 300;
const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// The host part of an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    /// Lower case. An IPv4 address is one too: only its usual form is on any list.
    Dns(String),
    /// By value, since it has many forms.
    V6(Ipv6Addr),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Authority {
    name: Name,
    /// The name had a dot at its end.
    dotted: bool,
    port: Option<u16>,
}

impl Authority {
    /// `name`, `name:port`, `[v6]` or `[v6]:port`, and nothing else: no user, no path, no zone.
    fn parse(text: &str) -> Option<Self> {
        if let Some(text) = text.strip_prefix('[') {
            let (address, rest) = text.split_once(']')?;
            let port = match rest {
                "" => None,
                rest => Some(parse_port(rest.strip_prefix(':')?)?),
            };
            return Some(Authority { name: Name::V6(address.parse().ok()?), dotted: false, port });
        }
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(parse_port(port)?)),
            None => (text, None),
        };
        let (name, dotted) = name.strip_suffix('.').map_or((name, false), |name| (name, true));
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let is_label = |label: &str| !label.is_empty() && label.bytes().all(allowed);
        let whole = name.len() <= NAME_BYTES_MAX && name.split('.').all(is_label);
        whole.then(|| Authority { name: Name::Dns(name.to_ascii_lowercase()), dotted, port })
    }
}

/// 1 to 65535 in its shortest form.
fn parse_port(text: &str) -> Option<u16> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| canonical)
}

/// What a Host header means: a dot at the end of a name says nothing, and the port is 80 if none is named.
fn parse_host(text: &str) -> Option<(Name, u16)> {
    let authority = Authority::parse(text)?;
    Some((authority.name, authority.port.unwrap_or(HTTP_PORT)))
}

/// The names under which the server may be asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostList {
    entries: Vec<(Name, u16)>,
}

impl HostList {
    /// Nothing is allowed.
    pub(crate) fn new() -> Self {
        HostList::default()
    }

    /// The names of loopback, with the port that is listened on.
    pub(crate) fn loopback(port: u16) -> Self {
        let dns = ["localhost", "127.0.0.1"].map(|name| (Name::Dns(name.into()), port));
        let entries = dns.into_iter().chain([(Name::V6(Ipv6Addr::LOCALHOST), port)]).collect();
        HostList { entries }
    }

    /// Adds a name, with its port if that is not 80. Refuses what could never be in a Host header with
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub(crate) fn add(&mut self, host: &str) -> Result<()> {
        let entry = parse_host(host)
            .ok_or_else(|| Error::invalid("host: a name or an address, and perhaps a port"))?;
        if !self.entries.contains(&entry) {
            check_room(self.entries.len())?;
            self.entries.push(entry);
        }
        Ok(())
    }

    pub(crate) fn allows(&self, header: &str) -> bool {
        parse_host(header).is_some_and(|asked| self.entries.contains(&asked))
    }
}

fn check_room(entries: usize) -> Result<()> {
    match entries < ENTRIES_MAX {
        true => Ok(()),
        false => Err(Error::limit("an allow list has at most 256 entries")),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    authority: Authority,
}

impl Origin {
    /// `scheme://authority`. Paths, users, dots at the end and `null` are no part of an origin that is
    /// taken.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.bytes().all(allowed) {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        let mut authority = Authority::parse(authority).filter(|authority| !authority.dotted)?;
        authority.port = authority.port.or(match scheme.as_str() {
            "http" => Some(HTTP_PORT),
            "https" => Some(HTTPS_PORT),
            _ => None,
        });
        Some(Origin { scheme, authority })
    }
}

/// The origins of web pages that may ask.
#[derive(Clone, Debug, Default)]
pub(crate) struct OriginList {
    entries: Vec<Origin>,
}

impl OriginList {
    /// No page is allowed.
    pub(crate) fn new() -> Self {
        OriginList::default()
    }

    /// Adds an origin, such as `https://editor.example` or `vscode-webview://panel`. Refuses what is no
    /// single origin, `null` included, with [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub(crate) fn add(&mut self, origin: &str) -> Result<()> {
        let origin = Origin::parse(origin).ok_or_else(|| {
            Error::invalid("origin: scheme://host or scheme://host:port, without a path")
        })?;
        if !self.entries.contains(&origin) {
            check_room(self.entries.len())?;
            self.entries.push(origin);
        }
        Ok(())
    }

    /// Whether a request with this Origin header may go on. Without one it is no page that asks: a browser
    /// always sends it with a WebSocket.
    pub(crate) fn allows(&self, header: Option<&str>) -> bool {
        match header {
            None => true,
            Some(header) => {
                Origin::parse(header).is_some_and(|origin| self.entries.contains(&origin))
            }
        }
    }
}

/// Whether an Origin is that of the pages that are served under this Host.
fn is_own_page(host: &str, origin: Option<&str>) -> bool {
    let own = origin.and_then(Origin::parse).filter(|origin| origin.scheme == "http");
    let own = own.and_then(|Origin { authority, .. }| Some((authority.name, authority.port?)));
    own.is_some() && own == parse_host(host)
}

/// Both checks, the Host first. `serves_pages`: the pages of the Host itself may ask.
pub(crate) fn check(
    host: &str,
    origin: Option<&str>,
    hosts: &HostList,
    origins: &OriginList,
    serves_pages: bool,
) -> std::result::Result<(), Refusal> {
    if !hosts.allows(host) {
        return Err(refused("Host", host, "host", parse_host(host).is_some()));
    }
    let is_allowed = origins.allows(origin) || (serves_pages && is_own_page(host, origin));
    if !is_allowed {
        let origin = origin.unwrap_or_default();
        return Err(refused("Origin", origin, "origin", Origin::parse(origin).is_some()));
    }
    Ok(())
}

/// Says what was refused, and how the owner of the server allows it. `is_possible`: it could be on a list, so
/// it has no characters that mean something to a shell.
fn refused(header: &str, value: &str, option: &str, is_possible: bool) -> Refusal {
    let shown = value.get(..QUOTED_BYTES_MAX).unwrap_or(value);
    let text = if is_possible && shown.len() == value.len() {
        format!(
            "the {header} {value} is not allowed here: the owner of this server allows it by \
             `orchflow-demo serve --{option} {value}` (in programs ListenerOptions::{option})"
        )
    } else {
        format!("the {header} {shown:?} is not allowed here, and cannot be")
    };
    Refusal::about(403, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hosts(list: &[&str]) -> HostList {
        let mut hosts = HostList::loopback(8080);
        list.iter().for_each(|host| hosts.add(host).unwrap());
        hosts
    }

    fn origins(list: &[&str]) -> OriginList {
        let mut origins = OriginList::new();
        list.iter().for_each(|origin| origins.add(origin).unwrap());
        origins
    }

    #[test]
    fn hosts_that_are_served() {
        let list = hosts(&["Devbox.Local:9000", "plain.example", "[2001:DB8::1]:9000"]);
        for host in [
            "localhost:8080",
            "LocalHost:8080",
            "localhost.:8080",
            "127.0.0.1:8080",
            "[::1]:8080",
            "[0:0:0:0:0:0:0:1]:8080",
            "devbox.local:9000",
            "DEVBOX.LOCAL.:9000",
            "plain.example",
            "plain.example.",
            "plain.example:80",
            "[2001:db8::1]:9000",
        ] {
            assert!(list.allows(host), "{host}");
        }
    }

    /// CVE-2025-24010 and CVE-2025-49596: servers for developers that did not look at the Host, so that a
    /// name of somebody else which resolves to loopback was as good as localhost.
    #[test]
    fn hosts_of_rebinding_are_not_served() {
        let list = hosts(&[]);
        for host in [
            "",
            ".",
            ":",
            ":8080",
            "localhost",
            "localhost:",
            "localhost:80",
            "localhost:0",
            "localhost:08080",
            "localhost:+8080",
            "localhost:-8080",
            "localhost:8080 ",
            " localhost:8080",
            "localhost:80800",
            "localhost:65536",
            "localhost:73616", // 8080 + 65536
            "localhost:8080:8080",
            "localhost:8080.",
            "localhost..:8080",
            ".localhost:8080",
            "localhost.evil.com:8080",
            "localhostevil.com:8080",
            "evil.localhost:8080",
            "evil.com:8080",
            "evil.com#localhost:8080",
            "evil.com/localhost:8080",
            "evil.com?localhost:8080",
            "evil.com\\localhost:8080",
            "evil@localhost:8080",
            "localhost:8080@evil.com",
            "localhost:8080,evil.com",
            "127.0.0.1",
            "127.0.0.1.evil.com:8080",
            "127.0.0.1.nip.io:8080",
            "127.0.0.2:8080",
            "127.1:8080",
            "2130706433:8080",
            "0x7f.0.0.1:8080",
            "0177.0.0.1:8080",
            "0.0.0.0:8080",
            "::1:8080",
            "::1",
            "[::1]",
            "[::1]:0",
            "[::1]8080",
            "[::1:8080",
            "[::1]].:8080",
            "[::1].:8080",
            "[::1%25lo]:8080",
            "[::1%lo]:8080",
            "[::]:8080",
            "[::ffff:127.0.0.1]:8080",
            "[localhost]:8080",
            "loc\u{430}lhost:8080",
            "\u{ff4c}ocalhost:8080",
            "localhost\0:8080",
            "localhost%00:8080",
            "http://localhost:8080",
        ] {
            assert!(!list.allows(host), "{host:?}");
        }
    }

    #[test]
    fn origins_that_are_listed() {
        let list = origins(&[
            "http://localhost:8080",
            "https://editor.example",
            "http://[::1]:8080",
            "vscode-webview://0f1e2d",
            "tauri://localhost",
        ]);
        for origin in [
            "http://localhost:8080",
            "HTTP://LOCALHOST:8080",
            "https://editor.example",
            "https://editor.example:443",
            "http://[::1]:8080",
            "vscode-webview://0f1e2d",
            "tauri://localhost",
        ] {
            assert!(list.allows(Some(origin)), "{origin}");
        }
        assert!(list.allows(None), "a native client");
    }

    /// CVE-2023-26114 and CVE-2025-52882: editor servers that let a WebSocket of any page in, or one whose
    /// origin only looked like theirs.
    #[test]
    fn origins_of_hijacking_are_refused() {
        let list = origins(&["http://localhost:8080", "https://editor.example"]);
        for origin in [
            "",
            "null",
            "NULL",
            "file://",
            "localhost:8080",
            "//localhost:8080",
            "http://",
            "http://localhost",
            "http://localhost:",
            "http://localhost:0",
            "http://localhost:08080",
            "http://localhost:65536",
            "http://localhost:80800",
            "http://localhost:8080/",
            "http://localhost:8080/path",
            "http://localhost:8080?",
            "http://localhost:8080#",
            "http://localhost:8080 http://evil.com",
            "http://evil.com http://localhost:8080",
            "http://localhost:8080, http://evil.com",
            "http://localhost.:8080",
            "http://localhost.evil.com:8080",
            "http://localhostevil.com:8080",
            "http://localhost:8080.evil.com",
            "http://localhost:8080@evil.com",
            "http://user@localhost:8080",
            "http://user:pass@localhost:8080",
            "http://evil.com#localhost:8080",
            "http://evil.com/http://localhost:8080",
            "http://evil.com\\@localhost:8080",
            "http://evil.localhost:8080",
            "http://127.0.0.1:8080",
            "http://127.0.0.1.evil.com:8080",
            "http://[::1]:8080",
            "https://localhost:8080",
            "ws://localhost:8080",
            "xhttp://localhost:8080",
            "http:/localhost:8080",
            "http:localhost:8080",
            "http:///localhost:8080",
            " http://localhost:8080",
            "http ://localhost:8080",
            "0http://localhost:8080",
            "http://loc\u{430}lhost:8080",
            "http://editor.example",
            "https://editor.example:80",
            "https://editor.example.",
            "https://notmyeditor.example",
            "https://editor.example.evil.com",
            "https://a.editor.example",
            "https://editor-example",
        ] {
            assert!(!list.allows(Some(origin)), "{origin:?}");
        }
    }

    /// Whoever rebinds a name sends it as Host and as Origin, so that they are equal.
    #[test]
    fn an_origin_that_equals_the_host_is_not_enough() {
        let hosts = hosts(&[]);
        let page = Some("http://localhost:8080");
        let status = |host, origin, list: &OriginList| {
            check(host, origin, &hosts, list, false).map_err(|refusal| refusal.status)
        };
        assert_eq!(status("localhost:8080", page, &OriginList::new()), Err(403));
        assert_eq!(status("localhost:8080", page, &origins(&["http://localhost:8080"])), Ok(()));
        assert_eq!(status("localhost:8080", None, &OriginList::new()), Ok(()));
        let evil = origins(&["http://evil.com:8080"]);
        assert_eq!(status("evil.com:8080", Some("http://evil.com:8080"), &evil), Err(403));
    }

    /// A refusal says what was refused and how it is allowed, if it can be.
    #[test]
    fn refusals_name_what_was_asked_for() {
        let long = "a".repeat(2000);
        let cases = [
            ("devbox:7070", None, "--host devbox:7070`"),
            ("127.0.0.1:1", None, "Host 127.0.0.1:1 is"),
            ("x@y:1", None, "\"x@y:1\" is not allowed here, and cannot be"),
            ("a`id`", None, "cannot be"),
            (&long, None, "cannot be"),
            ("localhost:8080", Some("https://a.example"), "--origin https://a.example`"),
            ("localhost:8080", Some("null"), "Origin \"null\" is not allowed here, and cannot be"),
        ];
        for (host, origin, mention) in cases {
            let refusal = check(host, origin, &hosts(&[]), &OriginList::new(), false).unwrap_err();
            assert!(refusal.status == 403 && refusal.reason.contains(mention), "{refusal:?}");
            assert!(refusal.reason.len() < 600 && refusal.line() == refusal.reason, "{refusal:?}");
        }
    }

    #[test]
    fn lists_take_only_what_could_be_sent_and_are_bounded() {
        let mut list = OriginList::new();
        for origin in ["null", "*", "http://*", "https://*.example", "http://a/", "http://a b", ""]
        {
            assert!(list.add(origin).is_err(), "{origin}");
        }
        for host in ["*", "", "a/b", "a:0", "http://a"] {
            assert!(HostList::new().add(host).is_err(), "{host}");
        }
        for n in 0..ENTRIES_MAX {
            list.add(&format!("http://a{n}")).unwrap();
        }
        list.add("http://a0:80").unwrap(); // There already.
        assert!(list.add("http://b").unwrap_err().is_limit_reached());
        assert!(!HostList::new().allows("localhost"));
    }

    proptest! {
        /// Nothing but the names themselves, in any case and with a dot at the end, passes.
        #[test]
        fn no_other_text_is_allowed(
            text in "(localhost|127\\.0\\.0\\.1|[a-z:.@/#\\[\\]0-9]{0,6}){1,4}(:8080)?"
        ) {
            let known = ["localhost:8080", "localhost.:8080", "127.0.0.1:8080", "127.0.0.1.:8080",
                "[::1]:8080"];
            let allowed = hosts(&[]).allows(&text);
            let loopback = text.strip_suffix(":8080").and_then(|t| t.strip_prefix('['))
                .and_then(|t| t.strip_suffix(']')).and_then(|t| t.parse::<Ipv6Addr>().ok())
                .is_some_and(|address| address == Ipv6Addr::LOCALHOST);
            prop_assert_eq!(allowed, known.contains(&text.as_str()) || loopback);
        }

        #[test]
        fn any_text_is_survived(text in "\\PC{0,40}") {
            let _ = hosts(&[]).allows(&text);
            let _ = origins(&[]).allows(Some(&text));
        }
    }

    #[test]
    fn own_pages_are_those_of_the_host() {
        let hosts = hosts(&["plain.example"]);
        let own = |host: &str, origin: &str, serves_pages: bool| {
            check(host, Some(origin), &hosts, &OriginList::new(), serves_pages).is_ok()
        };
        for (host, origin, expected) in [
            ("localhost:8080", "http://localhost:8080", true),
            ("LOCALHOST.:8080", "http://localhost:8080", true),
            ("[::1]:8080", "http://[0::1]:8080", true),
            ("plain.example", "http://plain.example", true),
            ("plain.example:80", "http://plain.example", true),
            ("localhost:8080", "https://localhost:8080", false),
            ("localhost:8080", "http://localhost", false),
            ("localhost:8080", "http://127.0.0.1:8080", false),
            ("localhost:8080", "http://localhost.:8080", false),
            ("localhost:8080", "http://evil.com", false),
            ("localhost:8080", "null", false),
            ("evil.com", "http://evil.com", false),
        ] {
            assert_eq!(own(host, origin, true), expected, "{host} {origin}");
            assert!(!own(host, origin, false), "{host} {origin}");
        }
    }
}
