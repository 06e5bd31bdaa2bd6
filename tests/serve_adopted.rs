//! Listening sockets that the host brings: inherited from a supervisor, or bound by itself.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/serving.rs"]
mod serving;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixDatagram, UnixListener, UnixStream};
use std::path::Path;

use client::Client;
use files::TempDir;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, listen, socket,
};
use orchflow::{Config, Engine, ErrorKind, ListenAddress, ListenerOptions};
use raw::{Raw, upgrade_head};
use serde_json::json;
use serving::Serving;

/// A socket as a supervisor passes it on: not close-on-exec.
fn inherited(socket: impl Into<OwnedFd>) -> OwnedFd {
    let socket = socket.into();
    fcntl(&socket, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    socket
}

fn loopback() -> (TcpListener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

#[test]
fn who_waits_already_is_served() {
    let (socket, address) = loopback();
    let mut early = Raw::connect(address, upgrade_head(address, "orchflow.v1.json").as_bytes());
    let kept = socket.try_clone().unwrap();
    let serving = Serving::start(Config::default());
    let token = serving.token.clone();
    let listener = serving.with(move |engine| {
        let options = ListenerOptions::adopted(inherited(socket));
        let id = engine.add_listener(&options).unwrap();
        assert_eq!(engine.listener_address(id).unwrap(), ListenAddress::Tcp(address));
        id
    });
    assert_eq!(early.status(), Some(101));
    let (_client, welcome) = Client::hello(address, &token, json!({}));
    assert_eq!(welcome["scopes"].as_array().unwrap().len(), 4);
    // Its names are those of an address, so another one is refused.
    let head = upgrade_head(address, "orchflow.v1.json");
    let foreign = head.replace(&format!("Host: {address}"), "Host: evil.example");
    assert_eq!(Raw::connect(address, foreign.as_bytes()).status(), Some(403));
    // The socket outlives the listener: whoever keeps it may accept on.
    serving.with(move |engine| engine.remove_listener(listener).unwrap());
    let _waiting = Raw::connect(address, b"");
    kept.set_nonblocking(false).unwrap();
    kept.accept().unwrap();
}

/// Asks a Unix socket for a WebSocket; the status.
fn status_of(path: &Path) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    let head = upgrade_head("127.0.0.1:1".parse().unwrap(), "orchflow.v1.json");
    let head = head.replace("Host: 127.0.0.1:1", "Host: localhost");
    stream.write_all(head.as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    String::from_utf8_lossy(&status).into_owned()
}

/// Asks as another user; the calling thread stays that user.
fn status_of_another_user(path: &Path) -> String {
    let other: libc::uid_t = 65534;
    // SAFETY: this changes the effective user of this thread alone, by three integers.
    let changed = unsafe { libc::syscall(libc::SYS_setresuid, -1, other, -1) };
    assert_eq!(Errno::result(changed), Ok(0));
    status_of(path)
}

/// The directory is as its maker left it, the check of the user stays, and the path is there afterwards.
#[test]
fn a_unix_socket_stays_that_of_its_maker() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new();
    let path = folder.path().join("socket");
    let mode = std::fs::Permissions::from_mode;
    std::fs::set_permissions(folder.path(), mode(0o755)).unwrap();
    let socket = UnixListener::bind(&path).unwrap();
    std::fs::set_permissions(&path, mode(0o777)).unwrap();
    for _ in 0..2 {
        let options = ListenerOptions::adopted(inherited(socket.try_clone().unwrap()));
        let serving = Serving::start(Config::default());
        let address = ListenAddress::Unix(path.clone());
        serving.with(move |engine| {
            let id = engine.add_listener(&options).unwrap();
            assert_eq!(engine.listener_address(id).unwrap(), address);
        });
        assert_eq!(status_of(&path), "HTTP/1.1 101");
        if nix::unistd::geteuid().is_root() {
            let path = path.clone();
            let other = std::thread::spawn(move || status_of_another_user(&path));
            assert_eq!(other.join().unwrap(), "HTTP/1.1 403");
        }
        drop(serving);
        assert!(path.exists());
    }
}

/// The engine works with copies: one set of options makes several listeners, and the options close their own.
#[test]
fn options_are_used_again() {
    let (socket, address) = loopback();
    let options = ListenerOptions::adopted(socket.into());
    let serving = Serving::start(Config::default());
    serving.with(move |engine| {
        let first = engine.add_listener(&options).unwrap();
        engine.add_listener(&options).unwrap();
        drop(options);
        engine.remove_listener(first).unwrap();
    });
    Client::hello(address, &serving.token, json!({}));
}

#[test]
fn what_is_not_adopted() {
    let folder = TempDir::new();
    let stream = |family| socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
    let silent = stream(AddressFamily::Inet);
    bind(std::os::fd::AsRawFd::as_raw_fd(&silent), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    let abstract_name = format!("orchflow-test-{}", std::process::id());
    let abstract_name = UnixAddress::from_abstract_name(abstract_name).unwrap();
    let packets = UnixDatagram::bind(folder.path().join("packets")).unwrap();
    let (pair, _other) = UnixStream::pair().unwrap();
    let vsock_like = stream(AddressFamily::Unix);
    assert!(listen(&vsock_like, Backlog::new(1).unwrap()).is_err());
    let refused: [(&str, OwnedFd, &str); 8] = [
        ("bound alone", silent, "does not listen"),
        ("a Unix socket without a name", vsock_like, "does not listen"),
        ("datagrams", UdpSocket::bind("127.0.0.1:0").unwrap().into(), "not a stream socket"),
        ("Unix datagrams", packets.into(), "not a stream socket"),
        ("connected", pair.into(), "does not listen"),
        ("a file", std::fs::File::open("/dev/null").unwrap().into(), "not a stream socket"),
        (
            "an abstract name",
            UnixListener::bind_addr(&abstract_name).unwrap().into(),
            "without a path",
        ),
        ("any address", TcpListener::bind("0.0.0.0:0").unwrap().into(), "not loopback"),
    ];
    let mut engine = Engine::new(Config::default()).unwrap();
    for (what, socket, mention) in refused {
        let options = ListenerOptions::adopted(socket);
        let error = engine.add_listener(&options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{what}: {error}");
        assert!(error.message().contains(mention), "{what}: {error}");
        assert!(engine.listeners().is_empty());
        if mention == "not loopback" {
            engine.add_listener(&options.allow_remote(true)).unwrap();
        }
    }
}
