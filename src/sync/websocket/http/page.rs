//! Pages over HTTP: what a request for one says beside its path, and the heads of the responses. Pure.
//!
//! What is served to a browser is looked at again before each use and is read by no other page; what may be shown
//! as a document runs no script but ours, has no worker that outlives it, and is in no frame.

use httparse::Header;

use super::{elements, lists};

/// The headers of every response to a request for a page, whose text may be used again.
const COMMON_HEADERS: &str = "Vary: Accept-Encoding\r\n\
    Cache-Control: no-cache\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n";

/// The headers of what a browser may show as a document: all but scripts and style sheets, of which a page has many.
const DOCUMENT_HEADERS: &str = "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'none'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'\r\n\
    X-Frame-Options: DENY\r\n\
    Referrer-Policy: no-referrer\r\n\
    Cross-Origin-Opener-Policy: same-origin\r\n";

/// What a request for a page says beside its path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PageRequest {
    /// Only the head of the response is wanted.
    pub(crate) is_head: bool,
    pub(crate) accepts_gzip: bool,
    /// The connection ends with the response.
    pub(crate) closes: bool,
    /// What the client has already: entity tags, or `*`.
    known: Vec<String>,
}

impl PageRequest {
    pub(super) fn read(headers: &[Header<'_>], is_head: bool) -> Self {
        // Our tags have no commas, so a list that is cut at commas has them whole.
        let known = elements(headers, "if-none-match").flatten().map(String::from);
        PageRequest {
            is_head,
            accepts_gzip: accepts_gzip(headers),
            closes: lists(headers, "connection", "close"),
            known: known.collect(),
        }
    }

    /// Whether the client has what this tag stands for.
    pub(crate) fn knows(&self, tag: &str) -> bool {
        self.known
            .iter()
            .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
    }
}

/// Whether a response may be compressed by gzip. What names it by itself counts before `*`.
fn accepts_gzip(headers: &[Header<'_>]) -> bool {
    let (mut named, mut others) = (None, false);
    for element in elements(headers, "accept-encoding").flatten() {
        let (coding, parameters) = element.split_once(';').unwrap_or((element, ""));
        let is_wanted = is_wanted(parameters);
        match coding.trim_ascii().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => named = Some(named.unwrap_or(false) || is_wanted),
            "*" => others = is_wanted,
            _ => {}
        }
    }
    named.unwrap_or(others)
}

/// Whether the weight of an element is more than 0, as it is where none is given. What is no weight is none.
fn is_wanted(parameters: &str) -> bool {
    let weight = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim_ascii().eq_ignore_ascii_case("q").then(|| value.trim_ascii())
    });
    weight.is_none_or(|weight| weight.parse().is_ok_and(|weight: f32| weight > 0.0))
}

/// The bytes that a path stands for; `None` for an escape that is none.
pub(crate) fn percent_decoded(path: &str) -> Option<Vec<u8>> {
    let mut bytes = path.bytes();
    let mut decoded = Vec::with_capacity(path.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => 16 * hex(bytes.next()?)? + hex(bytes.next()?)?,
            byte => byte,
        });
    }
    Some(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// What a page is, in the head of the response.
pub(crate) struct PageHead<'p> {
    pub(crate) media_type: &'p str,
    pub(crate) length: u64,
    pub(crate) is_gzip: bool,
    /// The entity tag, with its quotes.
    pub(crate) tag: &'p str,
    /// The connection ends with the response.
    pub(crate) closes: bool,
}

impl PageHead<'_> {
    /// The head of a response with the page.
    pub(crate) fn found(&self) -> Vec<u8> {
        let PageHead { media_type, length, .. } = self;
        let encoding = if self.is_gzip { "Content-Encoding: gzip\r\n" } else { "" };
        let content =
            format!("Content-Type: {media_type}\r\nContent-Length: {length}\r\n{encoding}");
        self.head("200 OK", &content)
    }

    /// The response to a client that has the page already.
    pub(crate) fn not_modified(&self) -> Vec<u8> {
        self.head("304 Not Modified", "")
    }

    fn head(&self, status: &str, content: &str) -> Vec<u8> {
        let connection = if self.closes { "close" } else { "keep-alive" };
        let tag = self.tag;
        let is_part = matches!(without_parameters(self.media_type), "text/javascript" | "text/css");
        let document = if is_part { "" } else { DOCUMENT_HEADERS };
        format!(
            "HTTP/1.1 {status}\r\n{content}ETag: {tag}\r\n{COMMON_HEADERS}{document}\
             Connection: {connection}\r\n\r\n"
        )
        .into_bytes()
    }
}

/// A media type without what comes behind a semicolon.
pub(crate) fn without_parameters(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[(&'static str, &str)]) -> PageRequest {
        let headers: Vec<Header<'_>> =
            lines.iter().map(|(name, value)| Header { name, value: value.as_bytes() }).collect();
        PageRequest::read(&headers, false)
    }

    #[test]
    fn who_accepts_gzip() {
        for (value, expected) in [
            ("gzip", true),
            ("gzip, deflate, br, zstd", true),
            ("br , GZIP", true),
            ("x-gzip", true),
            ("gzip;q=0.001", true),
            ("gzip ; q = 1", true),
            ("*", true),
            ("*;q=0.5", true),
            ("identity, *", true),
            ("", false),
            ("br", false),
            ("gzip;q=0", false),
            ("gzip;q=0.000", false),
            ("gzip;q=0, *", false),
            ("*, gzip;q=0", false),
            ("gzip;q=x", false),
            ("gzip;q=-1", false),
            ("gzip;q=NaN", false),
            ("gzippy", false),
        ] {
            assert_eq!(read(&[("Accept-Encoding", value)]).accepts_gzip, expected, "{value}");
        }
        assert!(!read(&[]).accepts_gzip);
    }

    #[test]
    fn what_a_client_has() {
        for (value, expected) in [
            ("\"a\"", true),
            ("\"b\", \"a\"", true),
            ("W/\"a\"", true),
            ("*", true),
            ("", false),
            ("\"b\"", false),
            ("a", false),
            ("w/\"a\"", false),
            ("\"a-gzip\"", false),
        ] {
            assert_eq!(read(&[("If-None-Match", value)]).knows("\"a\""), expected, "{value}");
        }
        assert!(read(&[("if-none-match", "\"b\""), ("If-None-Match", "\"a\"")]).knows("\"a\""));
    }

    #[test]
    fn escapes() {
        for (path, expected) in [
            ("/", Some(&b"/"[..])),
            ("/a%20b", Some(b"/a b")),
            ("/%C3%a9", Some("/é".as_bytes())),
            ("/%00%ff", Some(b"/\0\xff")),
            ("/%252e", Some(b"/%2e")),
            ("/+", Some(b"/+")),
            ("/%", None),
            ("/%2", None),
            ("/%zz", None),
            ("/%+1", None),
        ] {
            assert_eq!(percent_decoded(path).as_deref(), expected, "{path}");
        }
    }
}
