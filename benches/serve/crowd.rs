//! Many clients in a process of their own, so that what they cost is not counted with the server and their
//! descriptors are not the server's.
//!
//! The benchmark starts itself with `--crowd=ADDRESS` and writes commands, one a line with tabs between
//! their words; each is answered by a line when it is done. Between commands nothing is read. It ends with its
//! standard input.
//!
//! | command | what it does |
//! |---|---|
//! | `open COUNT PATH PROTOCOLS IDS HELLO` | connects; `$` in HELLO is the next of IDS, over and over |
//! | `quiet MS` | until nothing has come for so long |
//! | `rounds COUNT` | the first client sends a line, until everybody has it; again and again |
//! | `spread COUNT PAUSE_US` | every so often another client types a line in its terminal, at last until all of them have come |
//! | `until MARK` | until everybody was sent a text with this in it |
//!
//! Diffs are acknowledged and output is credited as they come. Every byte of output is looked at.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::client::output;
use crate::wire::{self, BINARY, CLOSE, PATIENCE, TEXT};

/// Bytes of a line that is typed.
pub(crate) const LINE: usize = 60;
const CREDIT: u64 = 64 << 10;

/// The crowd as the benchmark sees it.
pub(crate) struct Crowd {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Crowd {
    pub(crate) fn start(address: SocketAddr) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .arg(format!("{}{address}", crate::CROWD))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let commands = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Crowd { child, commands, answers }
    }

    /// Opens clients of our server; `fields` of the hello begin with a comma, and a `$` in them is the next
    /// terminal.
    pub(crate) fn open(&mut self, count: usize, token: &str, terminals: &[u64], fields: &str) {
        let ids: Vec<String> = terminals.iter().map(u64::to_string).collect();
        let (protocols, ids) = (wire::protocols(token), ids.join(","));
        let hello = format!(r#"{{"type":"hello"{fields}}}"#);
        self.command(&format!("open\t{count}\t/\t{protocols}\t{ids}\t{hello}"));
        self.command("quiet\t200");
    }

    /// Opens clients of a peer.
    pub(crate) fn open_plain(&mut self, count: usize) {
        self.command(&format!("open\t{count}\t/0\t\t\t"));
        self.command("quiet\t200");
    }

    pub(crate) fn begin(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
    }

    /// Waits until the last command is done; gives how many frames came.
    pub(crate) fn end(&mut self) -> u64 {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().strip_prefix("done ").expect("the crowd is gone").parse().unwrap()
    }

    pub(crate) fn command(&mut self, command: &str) -> u64 {
        self.begin(command);
        self.end()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Member {
    stream: TcpStream,
    /// A frame that has not come whole.
    partial: Vec<u8>,
    terminal: u64,
    /// Offset after the last byte of output.
    end: u64,
    credited: u64,
    /// Bytes of output, or of messages of a peer.
    bytes: u64,
    is_marked: bool,
}

struct Members {
    address: SocketAddr,
    poll: Poll,
    members: Vec<Member>,
    frames: u64,
    total_bytes: u64,
    /// The byte that output consists of, while only one does.
    expected: Option<u8>,
    mark: String,
    marked: usize,
    scratch: Vec<u8>,
    out: Vec<u8>,
}

/// The crowd's process: works off commands until there are no more.
pub(crate) fn be(address: &str) {
    let mut members = Members {
        address: address.parse().unwrap(),
        poll: Poll::new().unwrap(),
        members: Vec::new(),
        frames: 0,
        total_bytes: 0,
        expected: None,
        mark: String::new(),
        marked: 0,
        scratch: vec![0; 256 << 10],
        out: Vec::new(),
    };
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split('\t').collect();
        let number = |at: usize| words[at].parse::<u64>().unwrap();
        let before = members.frames;
        match words[0] {
            "open" => members.open(&words[1..]),
            "quiet" => members.quiet(Duration::from_millis(number(1))),
            "rounds" => members.rounds(number(1)),
            "spread" => members.spread(number(1), Duration::from_micros(number(2))),
            "until" => members.until(words[1]),
            other => panic!("no command {other}"),
        }
        println!("done {}", members.frames - before);
    }
}

impl Members {
    fn open(&mut self, words: &[&str]) {
        let &[count, path, protocols, ids, hello] = words else { panic!("words") };
        let ids: Vec<u64> = ids.split(',').filter_map(|id| id.parse().ok()).collect();
        for n in 0..count.parse().unwrap() {
            let stream = wire::open(self.address, path, protocols);
            stream.set_nonblocking(true).unwrap();
            let mut stream = TcpStream::from_std(stream);
            let token = Token(self.members.len());
            self.poll.registry().register(&mut stream, token, Interest::READABLE).unwrap();
            let terminal = ids.get(n % ids.len().max(1)).copied().unwrap_or(0);
            self.members.push(Member {
                stream,
                partial: Vec::new(),
                terminal,
                end: 0,
                credited: 0,
                bytes: 0,
                is_marked: false,
            });
            if !hello.is_empty() {
                let hello = hello.replace('$', &terminal.to_string());
                self.send(token.0, TEXT, hello.as_bytes());
            }
        }
    }

    fn send(&mut self, member: usize, opcode: u8, payload: &[u8]) {
        self.out.clear();
        wire::put_frame(opcode, payload, &mut self.out);
        let written = self.members[member].stream.write(&self.out).unwrap();
        assert_eq!(written, self.out.len(), "a socket is full of small messages");
    }

    /// Takes what comes in at most this time. Whether anything did.
    fn take(&mut self, events: &mut Events, wait: Duration) -> bool {
        match self.poll.poll(events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return true,
            outcome => outcome.unwrap(),
        }
        for event in events.iter() {
            self.read(event.token().0);
        }
        !events.is_empty()
    }

    /// Takes what comes until it is enough.
    fn take_until(&mut self, enough: impl Fn(&Self) -> bool) {
        let mut events = Events::with_capacity(1024);
        let mut heard = Instant::now();
        while !enough(self) {
            if self.take(&mut events, Duration::from_secs(1)) {
                heard = Instant::now();
            }
            assert!(heard.elapsed() < PATIENCE, "what should come does not");
        }
    }

    fn read(&mut self, at: usize) {
        let mut scratch = std::mem::take(&mut self.scratch);
        loop {
            let member = &mut self.members[at];
            let kept = member.partial.len();
            scratch[..kept].copy_from_slice(&member.partial);
            let room = scratch.len();
            match member.stream.read(&mut scratch[kept..]) {
                Ok(0) => panic!("a client of the crowd is closed"),
                Ok(read) => {
                    let rest = self.frames_of(at, &scratch[..kept + read]);
                    let member = &mut self.members[at];
                    member.partial.clear();
                    member.partial.extend_from_slice(&scratch[rest..kept + read]);
                    if kept + read < room {
                        // What comes now is a new edge.
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("a client of the crowd: {error}"),
            }
        }
        self.scratch = scratch;
    }

    /// Takes the whole frames; gives where the rest begins.
    fn frames_of(&mut self, at: usize, bytes: &[u8]) -> usize {
        let mut start = 0;
        while let Some((opcode, payload)) = wire::parse(&bytes[start..]) {
            let next = start + payload.end;
            let payload = &bytes[start + payload.start..next];
            match opcode {
                BINARY => self.binary(at, payload),
                TEXT => self.text(at, payload),
                CLOSE => panic!("closed: {}", payload.escape_ascii()),
                other => panic!("a frame with opcode {other}"),
            }
            start = next;
        }
        start
    }

    fn binary(&mut self, at: usize, payload: &[u8]) {
        let member = &mut self.members[at];
        let mut bytes = payload;
        let mut credit = None;
        if member.terminal != 0 {
            let output = output(payload);
            assert!(member.end == 0 || member.end == output.offset, "output is missing");
            member.end = output.offset + output.bytes.len() as u64;
            bytes = output.bytes;
            if member.end - member.credited >= CREDIT {
                member.credited = member.end;
                credit = Some((member.terminal, member.end));
            }
        }
        if let Some(expected) = self.expected {
            assert!(bytes.iter().all(|byte| *byte == expected), "wrong bytes");
        }
        member.bytes += bytes.len() as u64;
        self.total_bytes += bytes.len() as u64;
        self.frames += 1;
        if let Some((terminal, offset)) = credit {
            let credit = format!(r#"{{"type":"credit","terminal":{terminal},"offset":{offset}}}"#);
            self.send(at, TEXT, credit.as_bytes());
        }
    }

    fn text(&mut self, at: usize, text: &[u8]) {
        self.frames += 1;
        if text.starts_with(br#"{"type":"diff""#) && wire::has(text, r#""more":false"#) {
            let to = wire::number(text, "to").unwrap();
            self.send(at, TEXT, format!(r#"{{"type":"ack","version":{to}}}"#).as_bytes());
        }
        assert!(!wire::has(text, r#""type":"gap""#), "lossless output has a gap");
        assert!(!wire::has(text, r#""type":"error""#), "{}", text.escape_ascii());
        let member = &mut self.members[at];
        if !self.mark.is_empty() && !member.is_marked && wire::has(text, &self.mark) {
            member.is_marked = true;
            self.marked += 1;
        }
    }

    fn quiet(&mut self, time: Duration) {
        let mut events = Events::with_capacity(1024);
        while self.take(&mut events, time) {}
    }

    /// Has a client type a line of one letter.
    fn type_line(&mut self, at: usize, letter: u8) {
        let terminal = self.members[at].terminal;
        let mut message = Vec::with_capacity(10 + LINE);
        if terminal != 0 {
            message.extend_from_slice(&[0x11, 0]);
            message.extend_from_slice(&terminal.to_le_bytes());
        }
        message.resize(message.len() + LINE, letter);
        self.send(at, BINARY, &message);
    }

    fn rounds(&mut self, count: u64) {
        for round in 0..count {
            let letter = b'a' + (round % 26) as u8;
            self.expected = Some(letter);
            let wanted = self.total_bytes + (self.members.len() * LINE) as u64;
            self.type_line(0, letter);
            self.take_until(|all| all.total_bytes >= wanted);
            assert_eq!(self.total_bytes, wanted, "there is more than was typed");
        }
        self.expected = None;
        let first = self.members[0].bytes;
        assert!(self.members.iter().all(|member| member.bytes == first), "some have less");
    }

    fn spread(&mut self, count: u64, pause: Duration) {
        let mut events = Events::with_capacity(1024);
        let mut wanted = self.total_bytes;
        let begun = Instant::now();
        for n in 0..count {
            let at = (n * 7919) as usize % self.members.len();
            let terminal = self.members[at].terminal;
            let shared = self.members.iter().filter(|member| member.terminal == terminal).count();
            wanted += (shared * LINE) as u64;
            self.type_line(at, b'x');
            let due = begun + pause * n as u32;
            while let wait = due.saturating_duration_since(Instant::now())
                && !wait.is_zero()
            {
                self.take(&mut events, wait);
            }
        }
        self.take_until(|all| all.total_bytes >= wanted);
        assert_eq!(self.total_bytes, wanted, "there is more than was typed");
    }

    fn until(&mut self, mark: &str) {
        self.mark = mark.to_owned();
        self.marked = 0;
        self.members.iter_mut().for_each(|member| member.is_marked = false);
        self.take_until(|all| all.marked == all.members.len());
        self.mark.clear();
    }
}
