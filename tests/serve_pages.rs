//! Pages over HTTP, through real sockets: what is served, with which headers, to whom, and beside what.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/bystander.rs"]
mod bystander;
#[path = "support/client.rs"]
mod client;
#[path = "support/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "support/http.rs"]
mod http;
#[path = "support/serving.rs"]
mod serving;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use bystander::Bystander;
use client::{Client, WATCHDOG};
use files::TempDir;
use http::{Http, Response};
use orchflow::{Config, Engine, ErrorKind, Limits, ListenerOptions, LogLevel};
use serde_json::json;
use serving::Serving;

const INDEX: &str = "<!doctype html><title>a page</title>";
/// As compressible as code.
const SCRIPT: &str = "export const words = ['one', 'one', 'one', 'one', 'one', 'one', 'one'];\n";
/// As an image is: nothing makes it smaller.
const IMAGE: [u8; 5] = [0, 255, 7, 128, 3];

/// What every response to a request for a page has.
const HEADERS: [(&str, &str); 4] = [
    ("cache-control", "no-cache"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "same-origin"),
    ("vary", "Accept-Encoding"),
];

/// What those have that may be shown as a document.
const DOCUMENT_HEADERS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
         font-src 'self'; connect-src 'self'; worker-src 'none'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// The headers of a page by its media type.
fn headers_of(media_type: &str) -> Vec<(&'static str, &'static str)> {
    let is_part = media_type.starts_with("text/javascript");
    let more: &[_] = if is_part { &[] } else { &DOCUMENT_HEADERS };
    [&HEADERS[..], more].concat()
}

/// Pages of three kinds.
fn pages(listen: ListenerOptions) -> ListenerOptions {
    listen
        .resource("/index.html", "", INDEX.as_bytes())
        .resource("/client/a b.js", "", SCRIPT.repeat(40).into_bytes())
        .resource("/image", "image/x-own", IMAGE.to_vec())
}

fn serving() -> Serving {
    Serving::start_with(Config::default(), pages)
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
    plain
}

#[test]
fn every_header() {
    let serving = serving();
    let mut http = Http::connect(serving.address);
    for (path, media_type, body) in [
        ("/", "text/html; charset=utf-8", INDEX.as_bytes()),
        ("/index.html?v=1", "text/html; charset=utf-8", INDEX.as_bytes()),
        ("/client/a%20b.js", "text/javascript; charset=utf-8", SCRIPT.repeat(40).as_bytes()),
        ("/%69mage", "image/x-own", &IMAGE),
    ] {
        let found = http.get(path, "");
        assert_eq!((found.status, found.header("content-type")), (200, media_type), "{path}");
        assert!(found.body == body, "{path}");
        assert_eq!(found.header("content-length"), body.len().to_string());
        assert_eq!(found.header("connection"), "keep-alive");
        let headers = headers_of(media_type);
        for (name, value) in &headers {
            assert_eq!(found.header(name), *value, "{path}: {name}");
        }
        let tag = found.header("etag");
        assert!(tag.len() > 10 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        let names = found.headers.len();
        assert_eq!(names, headers.len() + 4, "{:?}", found.headers.keys());

        // The same without the page.
        http.ask("HEAD", path, "");
        assert_eq!(http.response(false), Response { body: Vec::new(), ..found.clone() });

        // Not again.
        for known in [tag.to_owned(), format!("\"x\", {tag}"), format!("W/{tag}"), "*".into()] {
            let same = http.get(path, &format!("If-None-Match: {known}\r\n"));
            assert_eq!((same.status, same.body.len()), (304, 0), "{known}");
            assert_eq!(same.header("etag"), tag);
            headers.iter().for_each(|(name, value)| assert_eq!(same.header(name), *value));
        }
        let other = http.get(path, "If-None-Match: \"x\"\r\n");
        assert_eq!(other, found);
    }
}

/// More pages in a row than strangers may cost at once: each is sent once the ones before it are paid for.
#[test]
fn many_pages_in_a_row() {
    let serving = serving();
    let mut connections = [(); 3].map(|()| Http::connect(serving.address));
    for _ in 0..200 {
        connections.iter_mut().for_each(|http| http.ask("GET", "/image", ""));
        for http in &mut connections {
            assert_eq!(http.response(true).body, IMAGE);
        }
    }
}

#[test]
fn gzip_is_sent_where_it_is_smaller_and_wanted() {
    let serving = serving();
    let mut http = Http::connect(serving.address);
    let plain = http.get("/client/a%20b.js", "");
    let gzip = http.get("/client/a%20b.js", "Accept-Encoding: br, gzip\r\n");
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert!(gzip.body.len() < plain.body.len() / 4);
    assert!(gunzip(&gzip.body) == plain.body);
    assert_ne!(gzip.header("etag"), plain.header("etag"), "they are not byte for byte the same");
    let refused = http.get("/client/a%20b.js", "Accept-Encoding: gzip;q=0, br\r\n");
    assert_eq!(refused, plain);
    let image = http.get("/image", "Accept-Encoding: gzip\r\n");
    assert_eq!((image.header("content-encoding"), &image.body[..]), ("", &IMAGE[..]));
    let known = format!("Accept-Encoding: gzip\r\nIf-None-Match: {}\r\n", gzip.header("etag"));
    assert_eq!(http.get("/client/a%20b.js", &known).status, 304);
    let known = format!("Accept-Encoding: gzip\r\nIf-None-Match: {}\r\n", plain.header("etag"));
    assert_eq!(http.get("/client/a%20b.js", &known).status, 200);
}

/// What is compressed in itself is not compressed once more, however well that would go.
#[test]
fn images_are_sent_as_they_are() {
    let serving = Serving::start_with(Config::default(), |listen| {
        listen
            .resource("/a.png", "", vec![0; 4096])
            .resource("/b", "font/woff2; of=no", vec![0; 4096])
            .resource("/c.svg", "", vec![b' '; 4096])
            .resource("/c.bmp", "image/bmp", vec![0; 4096])
    });
    let mut http = Http::connect(serving.address);
    for (path, encoding) in [("/a.png", ""), ("/b", ""), ("/c.svg", "gzip"), ("/c.bmp", "gzip")] {
        let found = http.get(path, "Accept-Encoding: gzip\r\n");
        assert_eq!(found.header("content-encoding"), encoding, "{path}");
        assert_eq!(found.body.len() == 4096, encoding.is_empty(), "{path}");
    }
}

/// A request, and the status that it gets, after which the connection ends.
#[test]
fn what_is_refused() {
    let serving = serving();
    let mut bystander = Bystander::new(&serving);
    let address = serving.address;
    let host = format!("Host: {address}\r\n");
    let long = format!("/{}", "a".repeat(8 << 10));
    let get = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\n{host}{more}\r\n");
    let by = |method: &str| format!("{method} / HTTP/1.1\r\n{host}\r\n");
    for (status, request) in [
        (404, get("/nothing", "")),
        (404, get("/index.html/", "")),
        (404, get("//index.html", "")),
        (404, get("/./index.html", "")),
        (404, get("/client/../index.html", "")),
        (404, get("/client/%2e%2e/index.html", "")),
        (404, get("/client/..%2findex.html", "")),
        (404, get("/index.html%00", "")),
        (404, get("/INDEX.HTML", "")),
        (404, get("/%ff", "")),
        (400, get("/%", "")),
        (400, get("/%zz", "")),
        (400, get("/\u{7f}", "")),
        (400, get("/index.html#a", "")),
        (431, get(&long, "")),
        (403, get("/", "Origin: http://evil.example\r\n")),
        (403, get("/", "Origin: null\r\n")),
        (403, get("/", &format!("Origin: https://{address}\r\n"))),
        (403, get("/", "Origin: http://127.0.0.1\r\n")),
        (403, format!("GET / HTTP/1.1\r\nHost: evil.example:{}\r\n\r\n", address.port())),
        // An Origin that equals a Host of somebody else, whose name leads here.
        (403, "GET / HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\r\n".into()),
        (400, "GET / HTTP/1.1\r\n\r\n".into()),
        (413, get("/", "Content-Length: 1\r\n")),
        (400, get("/", "Transfer-Encoding: chunked\r\n")),
        (405, by("POST")),
        (405, by("PUT")),
        (405, by("OPTIONS")),
        (400, format!("GET / HTTP/1.0\r\n{host}\r\n")),
    ] {
        let mut http = Http::connect(address);
        http.stream.write_all(request.as_bytes()).unwrap();
        let refused = http.response(true);
        assert_eq!(refused.status, status, "{request:.60}");
        assert_eq!(refused.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(refused.header("connection"), "close");
        let allow = if status == 405 { "GET, HEAD" } else { "" };
        assert_eq!(refused.header("allow"), allow);
        assert_eq!(http.rest(), b"", "{request:.60}");
        bystander.echoes();
    }
    // What is refused in reply to HEAD has no text either.
    let mut http = Http::connect(address);
    http.ask("HEAD", "/nothing", "");
    let refused = http.response(false);
    assert_eq!((refused.status, refused.header("content-length")), (404, "22"));
    assert_eq!(http.rest(), b"");
}

/// The page's own WebSocket, on the same port: by its Origin, without any list.
#[test]
fn the_websocket_stays() {
    let serving = serving();
    let address = serving.address;
    let upgrade = |path: &str, host: &str, origin: &str| {
        let mut http = Http::over(TcpStream::connect(address).unwrap(), host);
        http.stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        let lines = format!(
            "Origin: {origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: orchflow.v1.json\r\n"
        );
        http.ask("GET", path, &lines);
        http.response(true).status
    };
    let port = address.port();
    let own = format!("127.0.0.1:{port}");
    let named = format!("localhost:{port}");
    assert_eq!(upgrade("/", &own, &format!("http://{own}")), 101);
    assert_eq!(upgrade("/?a", &named, &format!("HTTP://LOCALHOST:{port}")), 101);
    assert_eq!(upgrade("/index.html", &own, &format!("http://{own}")), 404);
    // Another name of the same server is another origin.
    assert_eq!(upgrade("/", &own, &format!("http://{named}")), 403);
    assert_eq!(upgrade("/", &own, "http://evil.example"), 403);
    assert_eq!(upgrade("/", "evil.example", "http://evil.example"), 403);
    // After pages, on the same connection.
    let mut http = Http::connect(address);
    assert_eq!(http.get("/", "").status, 200);
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    let more = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    http.ask("GET", "/", &format!("{more}{key}Sec-WebSocket-Protocol: orchflow.v1.json\r\n"));
    assert_eq!(http.response(false).status, 101);
    // Without pages no page of its own may connect, and there is nothing to see.
    let bare = Serving::start(Config::default());
    let mut http = Http::connect(bare.address);
    assert_eq!(http.get("/", "").status, 426);
    let mut http = Http::connect(bare.address);
    http.ask("HEAD", "/", "");
    let refused = http.response(false);
    assert_eq!((refused.status, refused.header("allow")), (405, "GET"));
    assert_eq!((refused.header("content-length"), &http.rest()[..]), ("9", &b""[..]));
    let mut http = Http::connect(bare.address);
    let own = format!("Origin: http://{}\r\n", bare.address);
    assert_eq!(http.get("/", &own).status, 403);
}

#[test]
fn connections_are_kept_and_closed() {
    let limits = Limits { client_hello_time: Duration::from_millis(300), ..Limits::default() };
    let serving = Serving::start_with(Config { limits, ..Config::default() }, pages);
    // All requests at once, answered in order.
    let mut http = Http::connect(serving.address);
    for path in ["/", "/image", "/client/a%20b.js", "/"] {
        http.ask("GET", path, "");
    }
    let lengths = [0; 4].map(|_| http.response(true).body.len());
    assert_eq!(lengths, [INDEX.len(), IMAGE.len(), 40 * SCRIPT.len(), INDEX.len()]);
    // Then nothing is said: what came now would look like the response to the next request.
    assert_eq!(http.rest(), b"");
    // One that wants it ends at once.
    let mut http = Http::connect(serving.address);
    http.ask("GET", "/image", "Connection: close\r\n");
    assert_eq!(http.response(true).header("connection"), "close");
    assert_eq!(http.rest(), b"");
    // One that sends nothing more gets what it has asked for.
    let mut http = Http::connect(serving.address);
    http.ask("GET", "/client/a%20b.js", "");
    http.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(http.response(true).body.len(), 40 * SCRIPT.len());
    assert_eq!(http.rest(), b"");
    // The beginning of another request does not wait for ever.
    let mut http = Http::connect(serving.address);
    http.get("/image", "");
    http.stream.write_all(b"GET / HT").unwrap();
    assert_eq!(http.response(true).status, 408);
}

/// A browser opens six connections at once, beside sixteen of others that say nothing.
#[test]
fn six_connections_beside_sixteen() {
    let serving = serving();
    let strangers: Vec<TcpStream> =
        (0..16).map(|_| TcpStream::connect(serving.address).unwrap()).collect();
    for _ in 0..5 {
        let mut six: Vec<Http> = (0..6).map(|_| Http::connect(serving.address)).collect();
        for _ in 0..4 {
            six.iter_mut().for_each(|http| http.ask("GET", "/client/a%20b.js", ""));
            for http in &mut six {
                assert_eq!(http.response(true).body.len(), 40 * SCRIPT.len());
            }
        }
        // The page then connects, as browsers do: with its token in the request.
        let _ = Client::hello(serving.address, &serving.token, json!({}));
    }
    drop(strangers);
}

/// Somebody reads a large page slowly, and another one not at all. Who types beside them notices nothing, and
/// what waits is shared.
#[test]
fn slow_readers_of_a_large_page() {
    const LARGE: usize = 4 << 20;
    let limits = Limits { client_stall_time: Duration::from_millis(500), ..Limits::default() };
    let large: Vec<u8> =
        (0..LARGE as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let expected = large.clone();
    let config = Config { limits, log_level: LogLevel::Info, ..Config::default() };
    let serving = Serving::start_with(config, move |listen| {
        listen.resource("/large", "application/octet-stream", large)
    });
    let mut bystander = Bystander::new(&serving);
    let mut slow = Http::connect(serving.address);
    slow.ask("GET", "/large", "");
    let mut stalled = Http::connect(serving.address);
    stalled.ask("GET", "/large", "");
    let mut read = Vec::new();
    let mut part = vec![0; 32 << 10];
    while !read.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = slow.stream.read(&mut part).unwrap();
        read.extend_from_slice(&part[..count]);
    }
    let head = read.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    while read.len() < head + LARGE {
        bystander.echoes();
        let count = slow.stream.read(&mut part).unwrap();
        assert!(count > 0, "the slow one was closed");
        read.extend_from_slice(&part[..count]);
    }
    assert!(read[head..] == expected);
    // The one that reads nothing is closed, before it has all.
    serving.wait_log("it took nothing of a page for 500 ms");
    assert!(stalled.rest().len() < LARGE);
}

#[test]
fn a_directory_is_read_for_each_request() {
    let folder = TempDir::new();
    let outside = TempDir::new();
    fs::write(outside.file("secret"), "secret").unwrap();
    fs::create_dir(folder.file("sub")).unwrap();
    fs::write(folder.file("sub/a.css"), "a {}").unwrap();
    fs::write(folder.file("large"), vec![b'x'; 300 << 10]).unwrap();
    fs::write(folder.file("too large"), vec![b'x'; (1 << 20) + 1]).unwrap();
    fs::write(folder.file("index.html"), "from the disk").unwrap();
    folder.fifo("fifo");
    symlink("sub/a.css", folder.file("inside.css")).unwrap();
    symlink(outside.file("secret"), folder.file("out")).unwrap();
    symlink(outside.path(), folder.file("outside")).unwrap();
    symlink("/proc/self/environ", folder.file("magic")).unwrap();
    let path = folder.path().to_owned();
    let limits = Limits { resource_bytes: 1 << 20, ..Limits::default() };
    let serving = Serving::start_with(Config { limits, ..Config::default() }, move |listen| {
        pages(listen).resource_directory("/", &path).resource_directory("/other/", path)
    });
    let mut http = Http::connect(serving.address);
    assert_eq!(http.get("/", "").body, b"from the disk");
    assert_eq!(http.get("/image", "").body, IMAGE, "a resource beside it");
    for path in ["/sub/a.css", "/inside.css", "/other/sub/a.css", "/sub%2fa.css"] {
        let found = http.get(path, "Accept-Encoding: gzip\r\n");
        assert_eq!((found.status, &found.body[..]), (200, &b"a {}"[..]), "{path}");
        assert_eq!(found.header("content-type"), "text/css; charset=utf-8");
        HEADERS.iter().for_each(|(name, value)| assert_eq!(found.header(name), *value));
    }
    assert!(http.get("/large", "").body == vec![b'x'; 300 << 10]);
    http.ask("HEAD", "/large", "");
    assert_eq!(http.response(false).header("content-length"), "307200");
    // What changes has another tag.
    let before = http.get("/sub/a.css", "");
    let known = format!("If-None-Match: {}\r\n", before.header("etag"));
    assert_eq!(http.get("/sub/a.css", &known).status, 304);
    fs::write(folder.file("sub/new"), "b {}").unwrap();
    fs::rename(folder.file("sub/new"), folder.file("sub/a.css")).unwrap();
    let after = http.get("/sub/a.css", &known);
    assert_eq!((after.status, &after.body[..]), (200, &b"b {}"[..]));
    for path in [
        "/sub",
        "/sub/",
        "/fifo",
        "/out",
        "/outside/secret",
        "/magic",
        "/too%20large",
        "/..",
        "/sub/../index.html",
        "/%2e%2e/secret",
        "/sub//a.css",
        "/sub/./a.css",
        "/index.html%00.css",
        "/other",
        "/other/",
        "/other//etc/passwd",
        "/none",
    ] {
        assert_eq!(Http::connect(serving.address).get(path, "").status, 404, "{path}");
    }
}

/// A file that becomes shorter while it is sent cannot be sent whole: the connection ends, and the next one gets
/// what is there.
#[test]
fn a_file_that_becomes_shorter() {
    let folder = TempDir::new();
    let file = folder.file("file");
    fs::write(&file, vec![b'x'; 16 << 20]).unwrap();
    let path = folder.path().to_owned();
    let serving =
        Serving::start_with(Config::default(), |listen| listen.resource_directory("/", path));
    let mut http = Http::connect(serving.address);
    http.ask("GET", "/file", "");
    let mut byte = [0];
    http.stream.read_exact(&mut byte).unwrap();
    fs::write(&file, "short").unwrap();
    assert!(http.rest().len() < 16 << 20);
    assert_eq!(Http::connect(serving.address).get("/file", "").body, b"short");
}

#[test]
fn over_a_unix_socket() {
    let folder = TempDir::new();
    let path = folder.path().join("own/socket");
    let listened = path.clone();
    let serving = Serving::start(Config::default());
    serving.with(move |engine| {
        engine.add_listener(&pages(ListenerOptions::unix(listened))).map(drop).unwrap();
    });
    let connect = |host: &str| Http::over(UnixStream::connect(&path).unwrap(), host);
    assert_eq!(connect("localhost").get("/", "").body, INDEX.as_bytes());
    assert_eq!(connect("localhost").get("/", "Origin: http://localhost\r\n").status, 200);
    assert_eq!(connect("localhost").get("/", "Origin: http://localhost:1\r\n").status, 403);
    assert_eq!(connect("evil.example").get("/", "").status, 403);
}

#[test]
fn what_a_host_may_not_serve() {
    let folder = TempDir::new();
    fs::write(folder.file("file"), "").unwrap();
    let limits = Limits { resource_bytes: 100, ..Limits::default() };
    let mut engine = Engine::new(Config { limits, ..Config::default() }).unwrap();
    let listen = || ListenerOptions::tcp("127.0.0.1:0".parse().unwrap());
    let missing = folder.path().join("missing");
    for (options, kind, mention) in [
        (listen().resource("a", "", vec![]), ErrorKind::InvalidArgument, "\"a\""),
        (listen().resource("/a\0", "", vec![]), ErrorKind::InvalidArgument, "slash"),
        (listen().resource("/a", "text", vec![]), ErrorKind::InvalidArgument, "media type"),
        (listen().resource("/a", "a/b\r\nc", vec![]), ErrorKind::InvalidArgument, "media type"),
        (listen().resource("/a", "", vec![0; 101]), ErrorKind::LimitReached, "101"),
        (listen().resource_directory("a/", folder.path()), ErrorKind::InvalidArgument, "prefix"),
        (listen().resource_directory("/a", folder.path()), ErrorKind::InvalidArgument, "prefix"),
        (listen().resource_directory("/", "a"), ErrorKind::InvalidArgument, "absolute"),
        (listen().resource_directory("/", missing), ErrorKind::NotFound, "missing"),
        (listen().resource_directory("/", folder.file("file")), ErrorKind::NotADirectory, "file"),
    ] {
        let error = engine.add_listener(&options).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(mention), "{error}");
    }
    // The bound is of all listeners together, and what is gone counts no more.
    let half = || listen().resource("/a", "", vec![0; 60]);
    let first = engine.add_listener(&half()).unwrap();
    assert_eq!(engine.add_listener(&half()).unwrap_err().kind(), ErrorKind::LimitReached);
    engine.remove_listener(first).unwrap();
    let first = engine.add_listener(&half()).unwrap();
    // Nor does a resource that another one replaces.
    engine.remove_listener(first).unwrap();
    engine.add_listener(&half().resource("/a", "", vec![0; 60])).unwrap();
}
