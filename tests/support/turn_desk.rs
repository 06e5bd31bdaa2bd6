//! An engine on the test's own thread, turned by hand: what exactly one turn does.
//!
//! Beside a client that asks for much there is a terminal that was typed in and whose echo has come. One turn
//! has to hand the echo to the host, and may do only so much for the client.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::termios;
use orchflow::{
    AdoptOptions, Config, Engine, Event, ListenAddress, ListenerOptions, Scopes, ScreenOptions,
    SpawnOptions, TerminalEvent, TerminalId, TokenOptions,
};

use super::raw::Raw;
use super::turn_host::{PATIENCE, enter};

/// See the module's documentation.
pub(crate) struct Desk {
    engine: Engine,
    address: SocketAddr,
    token: String,
    terminal: TerminalId,
    /// The program's side of the terminal.
    slave: File,
    /// The engine's side, to see when it is readable.
    master: OwnedFd,
    /// What the host has read of the terminal.
    seen: Vec<u8>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let mut engine = Engine::new(Config::default()).unwrap();
        let listen = ListenerOptions::tcp("127.0.0.1:0".parse().unwrap());
        let listener = engine.add_listener(&listen).unwrap();
        let ListenAddress::Tcp(address) = engine.listener_address(listener).unwrap() else {
            panic!("not TCP");
        };
        let options = TokenOptions { scopes: Scopes::ALL, ..TokenOptions::default() };
        let (_, token) = engine.add_token(options).unwrap();
        let pty = nix::pty::openpty(None, None).unwrap();
        let mut modes = termios::tcgetattr(&pty.slave).unwrap();
        termios::cfmakeraw(&mut modes);
        termios::tcsetattr(&pty.slave, termios::SetArg::TCSANOW, &modes).unwrap();
        let master = pty.master.try_clone().unwrap();
        let terminal = engine.adopt(pty.master, &AdoptOptions::new()).unwrap();
        let slave = File::from(pty.slave);
        Desk { engine, address, token, terminal, slave, master, seen: Vec::new() }
    }

    /// A terminal with a screen that is full of so many `a`.
    pub(crate) fn screen(&mut self, letters: u64) -> u64 {
        let script = format!(r"head -c {letters} /dev/zero | tr '\0' a; exec cat");
        let screen = ScreenOptions { scrollback: 10_000, ..ScreenOptions::default() };
        let options = SpawnOptions::program("sh").args(["-c", &script]).reader(None);
        let id = self.engine.spawn(&options.screen(screen)).unwrap();
        self.turn_until(|engine| engine.terminal_state(id).unwrap().log_end >= letters);
        id.to_u64()
    }

    /// Sends these requests, which have to fit into a socket's buffers, has the echo of a key wait, and
    /// turns once: how many answers the client was sent. The echo was handed out in the same turn.
    pub(crate) fn answered_in_one_turn(&mut self, requests: &[u8]) -> usize {
        assert!(requests.len() <= 64 << 10, "{} bytes", requests.len());
        let mut client = self.enter();
        self.turn_until(|engine| engine.time_to_deadline() != Some(Duration::ZERO));
        self.engine.write(self.terminal, b"x").unwrap();
        let mut typed = [0; 1];
        self.slave.read_exact(&mut typed).unwrap();
        client.send(requests);
        self.slave.write_all(&typed).unwrap();
        let mut fds = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut fds, 60_000_u16), Ok(1));
        self.seen.clear();
        self.engine.turn(Some(Duration::ZERO)).unwrap();
        self.read_events();
        assert_eq!(self.seen, b"x", "the echo waits behind the client");
        frames_that_wait(&mut client)
    }

    /// Lets a client in.
    fn enter(&mut self) -> Raw {
        let (address, token) = (self.address, self.token.clone());
        let entering = std::thread::spawn(move || enter(address, &token).unwrap());
        self.turn_until(|_| entering.is_finished());
        entering.join().unwrap()
    }

    fn turn_until(&mut self, mut done: impl FnMut(&mut Engine) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(&mut self.engine) {
            assert!(Instant::now() < end, "waited in vain");
            self.engine.turn(Some(Duration::from_millis(1))).unwrap();
            self.read_events();
        }
    }

    fn read_events(&mut self) {
        while let Some(event) = self.engine.next_event().unwrap() {
            if let Event::Terminal { id, event: TerminalEvent::Output { bytes, .. }, .. } = event
                && id == self.terminal
            {
                self.seen.extend_from_slice(bytes);
            }
        }
    }
}

/// How many frames have come and wait to be read.
fn frames_that_wait(client: &mut Raw) -> usize {
    client.stream.set_nonblocking(true).unwrap();
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match client.stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(e) if e.kind() == ErrorKind::WouldBlock => break,
            Err(e) => panic!("{e}"),
        }
    }
    let (mut count, mut at) = (0, 0);
    while at + 4 <= bytes.len() {
        let (length, header) = match bytes[at + 1] {
            126 => (usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]])), 4),
            127 => {
                let length = bytes[at + 2..].first_chunk().copied().unwrap_or_default();
                (usize::try_from(u64::from_be_bytes(length)).unwrap(), 10)
            }
            short => (usize::from(short), 2),
        };
        count += 1;
        at += header + length;
    }
    count
}
