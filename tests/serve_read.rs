//! Files that clients read, through a real socket: what they get in which slices, and what they do not.

#![allow(
    clippy::print_stderr,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods
)]

#[path = "support/client.rs"]
mod client;
#[path = "support/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "support/serving.rs"]
mod serving;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use client::Client;
use files::{TempDir, noise};
use orchflow::{Config, Scopes};
use serde_json::{Value, json};
use serving::Serving;

/// A server that has granted a directory, with a client.
struct Reading {
    _serving: Serving,
    client: Client,
    folder: TempDir,
    requests: u64,
}

impl Reading {
    fn new() -> Self {
        let folder = TempDir::new();
        let serving = Serving::start(Config::default());
        let granted = folder.path().to_owned();
        serving.with(move |engine| engine.grant_directory(&granted).unwrap());
        let (client, _) = Client::hello(serving.address, &serving.token, json!({}));
        Reading { _serving: serving, client, folder, requests: 0 }
    }

    fn ask(&mut self, path: impl AsRef<Path>, more: Value) -> Value {
        self.requests += 1;
        let path = self.folder.path().join(path);
        let mut request = json!({"type": "read", "path": path.to_str().unwrap()});
        for (name, value) in more.as_object().unwrap() {
            request[name] = value.clone();
        }
        self.client.ask(request, self.requests)
    }

    /// A slice that is there.
    fn slice(&mut self, path: &str, more: Value) -> Value {
        let outcome = self.ask(path, more);
        assert!(outcome["slice"].is_object(), "{outcome}");
        outcome["slice"].clone()
    }

    /// Why there is none.
    fn failure(&mut self, path: impl AsRef<Path>) -> String {
        let outcome = self.ask(path, json!({}));
        let message = outcome["failed"]["message"].as_str().unwrap_or_default();
        format!("{}: {message}", outcome["failed"]["code"].as_str().unwrap_or("read"))
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.folder.file(name), bytes).unwrap();
    }
}

/// The bytes of a slice, in either form.
fn data(slice: &Value) -> Vec<u8> {
    match &slice["data"] {
        Value::String(text) => text.clone().into_bytes(),
        data => BASE64_STANDARD.decode(data["bytes"].as_str().unwrap()).unwrap(),
    }
}

#[test]
fn a_file_in_slices() {
    let mut reading = Reading::new();
    let bytes = noise(7, 700 << 10);
    reading.write("file", &bytes);
    // As the client asks for them, up to a bound.
    for (max, expected) in [(0, 65_536), (1, 1), (100_000, 100_000), (262_144, 262_144)] {
        let (mut read, mut base) = (Vec::new(), Value::Null);
        let parts = if max == 1 { 3 } else { usize::MAX };
        for part in 0..parts {
            let more = json!({"offset": read.len(), "max": max, "base": base});
            let slice = reading.slice("file", more);
            assert_eq!(
                (slice["offset"].as_u64(), &slice["changed"]),
                (Some(read.len() as u64), &json!(false))
            );
            base = slice["version"].clone();
            let part_bytes = data(&slice);
            assert_eq!(slice["end"], read.len() + part_bytes.len() == bytes.len(), "{part}");
            read.extend(part_bytes);
            if slice["end"] == true {
                break;
            }
            assert_eq!(read.len(), (part + 1) * expected);
        }
        assert!(read == bytes[..read.len()] && (max == 1 || read.len() == bytes.len()), "{max}");
    }
    let slice = reading.slice("file", json!({"max": u32::MAX}));
    assert_eq!((data(&slice).len(), &slice["end"]), (262_144, &json!(false)));
    // The version is that of the disk.
    use std::os::unix::fs::MetadataExt;
    let stat = fs::metadata(reading.folder.file("file")).unwrap();
    let changed = stat.ctime() as u64 * 1_000_000_000 + stat.ctime_nsec() as u64;
    let version = json!({"device": stat.dev().to_string(), "inode": stat.ino().to_string(),
        "size": stat.size(), "changed_ns": changed.to_string()});
    assert_eq!(slice["version"], version);
    // Behind the end there is nothing, however far.
    for offset in
        [bytes.len() as u64, bytes.len() as u64 + 1, i64::MAX as u64, 1 << 63, u64::MAX >> 11]
    {
        let slice = reading.slice("file", json!({"offset": offset, "max": 10}));
        assert_eq!((data(&slice).len(), &slice["end"]), (0, &json!(true)), "{offset}");
        assert_eq!(slice["offset"], offset);
    }
}

#[test]
fn text_and_bytes() {
    let mut reading = Reading::new();
    reading.write("text", "grüße\n");
    reading.write("bytes", b"\xff\0");
    reading.write("empty", b"");
    assert_eq!(reading.slice("text", json!({}))["data"], "grüße\n");
    assert_eq!(reading.slice("bytes", json!({}))["data"], json!({"bytes": "/wA="}));
    let empty = reading.slice("empty", json!({"base": null}));
    assert_eq!((&empty["data"], &empty["end"]), (&json!(""), &json!(true)));
    // A slice may end within a character.
    assert_eq!(data(&reading.slice("text", json!({"max": 3}))), b"gr\xc3");
    // A whole page of it ends exactly there.
    reading.write("page", vec![b'x'; 65_536]);
    assert_eq!(reading.slice("page", json!({}))["end"], true);
    reading.write("page", vec![b'x'; 65_537]);
    assert_eq!(reading.slice("page", json!({}))["end"], false);
}

#[test]
fn a_file_that_changes() {
    let mut reading = Reading::new();
    reading.write("file", "first");
    let first = reading.slice("file", json!({}));
    let base = json!({"base": first["version"]});
    assert_eq!(reading.slice("file", base.clone())["changed"], false);
    // Written to, with another length.
    reading.write("file", "longer than before");
    let second = reading.slice("file", base.clone());
    assert_eq!((&second["changed"], &second["data"]), (&json!(true), &json!("longer than before")));
    // Replaced by another one with the same bytes, as editors do.
    let base = json!({"base": second["version"]});
    reading.write("new", "longer than before");
    fs::rename(reading.folder.file("new"), reading.folder.file("file")).unwrap();
    let third = reading.slice("file", base);
    assert_eq!(third["changed"], true);
    assert_ne!(third["version"]["inode"], second["version"]["inode"]);
    // Without a base nothing has changed.
    assert_eq!(reading.slice("file", json!({}))["changed"], false);
}

/// Each slice is as long as the file was at some moment, or shorter at its end; none fails.
#[test]
fn a_file_that_is_cut_while_it_is_read() {
    const LENGTH: usize = 200_000;
    let mut reading = Reading::new();
    reading.write("file", vec![b'x'; LENGTH]);
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = {
        let (path, is_over) = (reading.folder.file("file"), Arc::clone(&is_over));
        std::thread::spawn(move || {
            let file = fs::File::options().write(true).open(path).unwrap();
            while !is_over.load(Ordering::Relaxed) {
                file.set_len(10).unwrap();
                file.set_len(LENGTH as u64).unwrap();
            }
        })
    };
    for _ in 0..60 {
        let slice = reading.slice("file", json!({"max": 262_144}));
        let length = data(&slice).len();
        assert!((10..=LENGTH).contains(&length), "{length}");
        assert_eq!(slice["end"], true);
    }
    is_over.store(true, Ordering::Relaxed);
    writer.join().unwrap();
}

#[test]
fn what_is_not_read() {
    let mut reading = Reading::new();
    let outside = TempDir::new();
    fs::write(outside.file("secret"), "secret").unwrap();
    fs::create_dir(reading.folder.file("directory")).unwrap();
    reading.write("file", "a file");
    let _fifo = reading.folder.fifo("fifo");
    let _socket = UnixListener::bind(reading.folder.file("socket")).unwrap();
    symlink("file", reading.folder.file("inside")).unwrap();
    for (name, target) in [
        ("out", Path::new("/etc/passwd")),
        ("absolute", &reading.folder.path().join("file")),
        ("up", &Path::new("..").join(outside.path().file_name().unwrap()).join("secret")),
        ("loop", Path::new("loop")),
        ("magic", Path::new("/proc/self/environ")),
        ("device", Path::new("/dev/zero")),
    ] {
        symlink(target, reading.folder.file(name)).unwrap();
    }
    symlink(outside.path(), reading.folder.file("folder")).unwrap();
    for (path, expected) in [
        ("none", "not_found: "),
        ("directory", "invalid: it is a directory"),
        ("", "invalid: it is a directory"),
        ("fifo", "invalid: it is a FIFO"),
        ("socket", "invalid: it is a socket"),
        ("file/below", "invalid: "),
        ("../x", "invalid: "),
        ("a\0b", "invalid: "),
        ("out", "forbidden: "),
        ("absolute", "forbidden: "),
        ("up", "forbidden: "),
        ("loop", "forbidden: "),
        ("magic", "forbidden: "),
        ("device", "forbidden: "),
        ("folder/secret", "forbidden: "),
        ("/etc/passwd", "forbidden: "),
        ("/dev/zero", "forbidden: "),
    ] {
        let failure = reading.failure(path);
        assert!(failure.starts_with(expected), "{path}: {failure}");
    }
    assert_eq!(reading.slice("inside", json!({}))["data"], "a file");
    // What the system does not let us read.
    let file = reading.folder.file("file");
    fs::set_permissions(file, fs::Permissions::from_mode(0o0)).unwrap();
    if nix::unistd::geteuid().is_root() {
        eprintln!("not tested as root: a file that may not be read");
    } else {
        assert!(reading.failure("file").starts_with("forbidden: "));
    }
    let long = "x".repeat(4096);
    assert!(reading.failure(long).starts_with("invalid: "));
}

/// A device is not even opened: opening one may do something.
#[test]
fn devices_are_not_opened() {
    let mut reading = Reading::new();
    reading._serving.with(|engine| engine.grant_directory(Path::new("/dev")).unwrap());
    for device in ["/dev/zero", "/dev/null", "/dev/tty"] {
        let failure = reading.failure(device);
        assert!(failure.starts_with("invalid: it is a device"), "{device}: {failure}");
    }
}

#[test]
fn only_who_manages_reads() {
    let serving = Serving::start(Config::default());
    for scopes in [Scopes::OBSERVE, Scopes::TYPE] {
        let token = serving.token(scopes);
        let (mut client, _) = Client::hello(serving.address, &token, json!({}));
        let outcome = client.ask(json!({"type": "read", "path": "/etc/passwd"}), 1);
        assert_eq!(outcome["failed"]["code"], "forbidden");
    }
}

/// A client that asks for much and takes nothing is not read on: the replies that wait are bounded.
#[test]
fn replies_that_are_not_taken() {
    let mut reading = Reading::new();
    reading.write("file", vec![0xff; 256 << 10]);
    let path = reading.folder.file("file");
    for id in 0..50 {
        reading.client.send(&json!({"type": "read", "id": id, "path": path, "max": 262_144}));
    }
    let (mut other, _) =
        Client::hello(reading._serving.address, &reading._serving.token, json!({}));
    other.settle();
    let queued =
        reading._serving.with(|engine| engine.clients().iter().map(|c| c.queued_bytes).max());
    assert!(queued.unwrap() < 1 << 20, "{queued:?}");
    for id in 0..50 {
        let result = reading.client.receive_type("result");
        assert_eq!(result["id"], id);
        assert_eq!(data(&result["outcome"]["slice"]).len(), 256 << 10);
    }
}
