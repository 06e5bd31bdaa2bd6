//! Clients that attack a server, each on a thread of its own until it is stopped.
//!
//! They share what they send (`payloads.rs`), wait for no answer but the one to their hello, and come again
//! when they are closed, so the same attackers work against a server that only swallows their bytes. What
//! comes back is read away, unless the attack is not to read. [`Attackers::end`] shuts their sockets down, so
//! that a test ends at once; none runs longer than [`AT_MOST`].

#![allow(dead_code)] // Every test binary uses another part of it.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use serde_json::json;

use super::payloads::{self, Payload};
use super::raw::{BINARY, FIN, TEXT, bincode_frame, bincode_hello, frame, upgrade_head};

/// When an attacker stops by itself.
pub(crate) const AT_MOST: Duration = Duration::from_secs(1200);

pub(crate) const JSON: &str = "orchflow.v1.json";
pub(crate) const BINCODE: &str = "orchflow.v1.bincode";

/// What is attacked.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// Allows everything.
    pub(crate) token: String,
    /// Allows to observe.
    pub(crate) observer: String,
    /// A terminal whose screen and scrollback are full of `a`.
    pub(crate) letters: u64,
    /// One with a line of 60,000 `q`.
    pub(crate) line: u64,
    /// One whose program writes without end.
    pub(crate) flood: u64,
}

/// One kind of attack.
#[derive(Clone, Copy)]
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// Attackers at once.
    pub(crate) count: usize,
    run: fn(&Attacker),
}

/// Every attack on a server.
pub(crate) const ALL: &[Attack] = &[
    Attack { name: "fragments before hello", count: 1, run: fragments_before_hello },
    Attack { name: "fragments", count: 1, run: fragments },
    Attack { name: "control pings", count: 1, run: control_pings },
    Attack { name: "padded pings", count: 1, run: padded_pings },
    Attack { name: "padded input, bincode", count: 1, run: padded_input },
    Attack { name: "forbidden messages", count: 1, run: forbidden },
    Attack { name: "huge batches", count: 1, run: huge_batches },
    Attack { name: "batches of 15,000", count: 1, run: batches },
    Attack { name: "slow to compile", count: 1, run: slow_to_compile },
    Attack { name: "slow to run", count: 1, run: slow_to_run },
    Attack { name: "many matches", count: 1, run: many_matches },
    Attack { name: "change sets", count: 1, run: change_sets },
    Attack { name: "nested arrays", count: 1, run: nested_arrays },
    Attack { name: "empty strings", count: 1, run: empty_strings },
    Attack { name: "empty strings, bincode", count: 1, run: empty_strings_bincode },
    Attack { name: "metadata", count: 1, run: metadata },
    Attack { name: "unfinished messages", count: 16, run: unfinished },
    Attack { name: "strangers that call", count: 1, run: strangers_that_call },
    Attack { name: "strangers that stay", count: 16, run: strangers_that_stay },
    Attack { name: "observers without credit", count: 2, run: observer },
    Attack { name: "no reader", count: 1, run: no_reader },
];

/// The attack of this name.
pub(crate) fn named(name: &str) -> Attack {
    *ALL.iter().find(|attack| attack.name == name).unwrap_or_else(|| panic!("no attack {name:?}"))
}

/// What the attackers share.
#[derive(Default)]
struct Field {
    is_over: AtomicBool,
    sockets: Mutex<HashMap<u64, TcpStream>>,
    next: AtomicU64,
    sent: AtomicU64,
}

/// Attackers that run. Dropping them ends them.
pub(crate) struct Attackers {
    field: Arc<Field>,
    threads: Vec<JoinHandle<()>>,
}

impl Attackers {
    pub(crate) fn start(target: &Target, attacks: &[Attack]) -> Self {
        let field = Arc::new(Field::default());
        let mut threads = Vec::new();
        for attack in attacks {
            for number in 0..attack.count as u64 {
                let (target, field, run) = (target.clone(), field.clone(), attack.run);
                let end = Instant::now() + AT_MOST;
                let attacker = Attacker { target, field, number, end };
                threads.push(std::thread::spawn(move || run(&attacker)));
            }
        }
        Attackers { field, threads }
    }

    /// Whether some have stopped by themselves.
    pub(crate) fn have_stopped(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }

    /// Bytes that were sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.field.sent.load(Ordering::Relaxed)
    }

    /// Ends all of them and waits until they have ended.
    pub(crate) fn end(&mut self) {
        self.field.is_over.store(true, Ordering::SeqCst);
        for socket in self.field.sockets.lock().unwrap().values() {
            let _ = socket.shutdown(Shutdown::Both);
        }
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

impl Drop for Attackers {
    fn drop(&mut self) {
        self.end();
    }
}

/// One attacker's place.
struct Attacker {
    target: Target,
    field: Arc<Field>,
    number: u64,
    end: Instant,
}

/// A connection of an attacker.
struct Line<'a> {
    stream: TcpStream,
    field: &'a Field,
    id: u64,
}

impl Attacker {
    fn is_over(&self) -> bool {
        self.field.is_over.load(Ordering::SeqCst) || Instant::now() >= self.end
    }

    /// Waits a little, so that who is refused does not do nothing but connect.
    fn rest(&self, ms: u64) {
        std::thread::sleep(Duration::from_millis(ms));
    }

    /// Connects; `None` when the attack is over.
    fn connect(&self) -> Option<Line<'_>> {
        while !self.is_over() {
            let Ok(stream) = TcpStream::connect(self.target.address) else {
                self.rest(5);
                continue;
            };
            let _ = stream.set_nodelay(true);
            let copy = stream.try_clone().ok()?;
            let id = self.field.next.fetch_add(1, Ordering::Relaxed);
            self.field.sockets.lock().unwrap().insert(id, copy);
            let line = Line { stream, field: &self.field, id };
            // Who registers while the others are ended sees it here.
            return (!self.is_over()).then_some(line);
        }
        None
    }

    /// Connects and upgrades, again and again until it is let through.
    fn upgrade(&self, codec: &str) -> Option<Line<'_>> {
        loop {
            let mut line = self.connect()?;
            let head = upgrade_head(self.target.address, codec);
            if line.send(head.as_bytes()) && line.read_head() {
                return Some(line);
            }
            drop(line);
            self.rest(20);
        }
    }

    /// The same, and says hello with the token in the head of the request.
    fn enter(&self, codec: &str, token: &str) -> Option<Line<'_>> {
        let offer = format!("{codec}, orchflow.token.{token}");
        loop {
            let mut line = self.upgrade(&offer)?;
            let hello = if codec == JSON {
                let text = json!({"type": "hello", "client": "attacker"}).to_string();
                frame(FIN | TEXT, text.as_bytes())
            } else {
                frame(FIN | BINARY, &bincode_frame(&bincode_hello(token)))
            };
            if line.send(&hello) && line.read_frame() {
                return Some(line);
            }
            drop(line);
            self.rest(20);
        }
    }

    /// Enters and sends what `next` gives, reading away what comes, until the end; comes again when it is
    /// closed.
    fn flood(&self, codec: &str, token: &str, mut next: impl FnMut(u64) -> Vec<u8>) {
        let mut count = 0;
        while let Some(mut line) = self.enter(codec, token) {
            let reader = line.read_away();
            while line.send(&next(count)) {
                count += 1;
            }
            drop(line);
            let _ = reader.join();
            self.rest(20);
        }
    }

    /// The same with one thing over and over.
    fn repeat(&self, codec: &str, payload: Payload) {
        let bytes = payload();
        let token = self.target.token.clone();
        while let Some(mut line) = self.enter(codec, &token) {
            let reader = line.read_away();
            while line.send(bytes) {}
            drop(line);
            let _ = reader.join();
            self.rest(20);
        }
    }
}

impl Line<'_> {
    /// Sends; whether the connection still takes it.
    fn send(&mut self, bytes: &[u8]) -> bool {
        self.field.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        !self.field.is_over.load(Ordering::SeqCst) && self.stream.write_all(bytes).is_ok()
    }

    /// Reads an HTTP response; whether it was an upgrade.
    fn read_head(&mut self) -> bool {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            if self.stream.read_exact(&mut byte).is_err() {
                return false;
            }
            head.push(byte[0]);
        }
        head.starts_with(b"HTTP/1.1 101")
    }

    /// Reads a frame; whether it was one that does not close.
    fn read_frame(&mut self) -> bool {
        let mut header = [0; 2];
        if self.stream.read_exact(&mut header).is_err() || header[0] & 0x0f == 8 {
            return false;
        }
        let mut length = [0; 8];
        let size = match header[1] & 0x7f {
            126 => 2,
            127 => 8,
            short => {
                length[7] = short;
                0
            }
        };
        if self.stream.read_exact(&mut length[8 - size..]).is_err() {
            return false;
        }
        let mut payload = vec![0; u64::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut payload).is_ok()
    }

    /// Reads away what comes, on a thread that ends with the connection.
    fn read_away(&self) -> JoinHandle<()> {
        let stream = self.stream.try_clone();
        std::thread::spawn(move || {
            if let Ok(stream) = stream {
                read_to_end(stream);
            }
        })
    }
}

/// Reads away what comes until the connection ends, and shuts it down, so that a write in it ends too.
fn read_to_end(mut stream: TcpStream) {
    let mut buffer = vec![0; 16 << 10];
    while matches!(stream.read(&mut buffer), Ok(n) if n > 0) {}
    let _ = stream.shutdown(Shutdown::Both);
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        self.field.sockets.lock().unwrap().remove(&self.id);
    }
}

// The attacks.

/// A message that never ends, in fragments without a byte, from somebody who is not authenticated.
fn fragments_before_hello(attacker: &Attacker) {
    while let Some(mut line) = attacker.upgrade(JSON) {
        line.send(&frame(TEXT, b"{"));
        let reader = line.read_away();
        while line.send(payloads::empty_fragments()) {}
        drop(line);
        let _ = reader.join();
        attacker.rest(20);
    }
}

/// The same from a client.
fn fragments(attacker: &Attacker) {
    while let Some(mut line) = attacker.enter(JSON, &attacker.target.token) {
        line.send(&frame(TEXT, b"{"));
        let reader = line.read_away();
        while line.send(payloads::empty_fragments()) {}
        drop(line);
        let _ = reader.join();
        attacker.rest(20);
    }
}

fn control_pings(attacker: &Attacker) {
    attacker.repeat(JSON, payloads::control_pings);
}

fn padded_pings(attacker: &Attacker) {
    attacker.repeat(JSON, payloads::padded_ping);
}

fn padded_input(attacker: &Attacker) {
    attacker.repeat(BINCODE, payloads::padded_input_bincode);
}

fn forbidden(attacker: &Attacker) {
    let bytes = payloads::forbidden();
    while let Some(mut line) = attacker.enter(JSON, &attacker.target.observer) {
        let reader = line.read_away();
        while line.send(bytes) {}
        drop(line);
        let _ = reader.join();
        attacker.rest(20);
    }
}

fn huge_batches(attacker: &Attacker) {
    attacker.repeat(JSON, payloads::huge_batch);
}

fn batches(attacker: &Attacker) {
    let batch = payloads::batch_of_15_000(1);
    attacker.flood(JSON, &attacker.target.token.clone(), |_| batch.clone());
}

fn slow_to_compile(attacker: &Attacker) {
    let letters = attacker.target.letters;
    attacker.flood(JSON, &attacker.target.observer.clone(), |n| {
        payloads::search(n, letters, &payloads::slow_to_compile(n), 10)
    });
}

fn slow_to_run(attacker: &Attacker) {
    let letters = attacker.target.letters;
    attacker.flood(JSON, &attacker.target.observer.clone(), |n| {
        payloads::search(n, letters, &payloads::slow_to_run(n), 10_000)
    });
}

fn many_matches(attacker: &Attacker) {
    let (letters, line) = (attacker.target.letters, attacker.target.line);
    attacker.flood(JSON, &attacker.target.observer.clone(), |n| {
        let (terminal, letter) = if n % 2 == 0 { (letters, "a") } else { (line, "q") };
        payloads::search(n, terminal, letter, 10)
    });
}

fn change_sets(attacker: &Attacker) {
    attacker.repeat(JSON, payloads::change_set);
}

fn nested_arrays(attacker: &Attacker) {
    attacker.repeat(JSON, payloads::nested_arrays);
}

fn empty_strings(attacker: &Attacker) {
    attacker.repeat(JSON, payloads::empty_strings);
}

fn empty_strings_bincode(attacker: &Attacker) {
    attacker.repeat(BINCODE, payloads::empty_strings_bincode);
}

fn metadata(attacker: &Attacker) {
    attacker.repeat(JSON, payloads::metadata);
}

/// A message but for its last byte; then the client waits, and comes again when it is closed.
fn unfinished(attacker: &Attacker) {
    while let Some(mut line) = attacker.enter(JSON, &attacker.target.observer) {
        line.send(payloads::unfinished());
        let reader = line.read_away();
        let _ = reader.join();
        attacker.rest(20);
    }
}

/// 400 connections a second, each with half of a request; the last sixteen stay open.
fn strangers_that_call(attacker: &Attacker) {
    let mut open = std::collections::VecDeque::new();
    while let Some(mut line) = attacker.connect() {
        line.send(b"GET / HTTP/1.1\r\n");
        open.push_back(line);
        if open.len() > 16 {
            open.pop_front();
        }
        std::thread::sleep(Duration::from_micros(2500));
    }
}

/// A stranger that says nothing and comes again when it is closed.
fn strangers_that_stay(attacker: &Attacker) {
    while let Some(line) = attacker.connect() {
        let reader = line.read_away();
        let _ = reader.join();
    }
}

/// Attaches to everything, gets every byte, and never gives credit. The second one does not even read.
fn observer(attacker: &Attacker) {
    let target = &attacker.target;
    while let Some(mut line) = attacker.enter(JSON, &target.observer) {
        for terminal in [target.flood, target.letters, target.line] {
            let attach = json!({"type": "attach", "terminal": terminal, "start": "oldest",
                "window": 4096});
            line.send(&frame(FIN | TEXT, attach.to_string().as_bytes()));
        }
        if attacker.number == 0 {
            let reader = line.read_away();
            let _ = reader.join();
        }
        while attacker.number > 0 && !attacker.is_over() && is_open(&line.stream) {}
        attacker.rest(20);
    }
}

/// Whether the other side has not closed within a moment, without reading.
fn is_open(stream: &TcpStream) -> bool {
    let mut fds = [PollFd::new(stream.as_fd(), PollFlags::from_bits_retain(libc::POLLRDHUP))];
    matches!(poll(&mut fds, 100_u16), Ok(0) | Err(Errno::EINTR))
}

/// Asks for the whole state, queries and searches, and reads nothing.
fn no_reader(attacker: &Attacker) {
    let target = &attacker.target;
    while let Some(mut line) = attacker.enter(JSON, &target.token) {
        for n in 0.. {
            let query = json!({"type": "query", "id": n, "terminal": target.letters}).to_string();
            let mut bytes = frame(FIN | TEXT, query.as_bytes());
            bytes.extend(frame(FIN | TEXT, br#"{"type":"snapshot"}"#));
            bytes.extend(payloads::search(n, target.letters, "a", 1000));
            if !line.send(&bytes) {
                break;
            }
        }
        attacker.rest(20);
    }
}
