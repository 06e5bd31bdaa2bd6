//! The control: a process that attackers hit in place of the engine, and that swallows what they send.
//!
//! It prints the address that it listens on. Each line that it reads is an address of a server that attacks;
//! it connects there, asks for a WebSocket, and swallows what comes. It ends with its standard input.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::foreign_server::{Behaviour, ForeignServer};
use crate::raw::upgrade_head;

/// How the benchmark starts itself as the sink.
pub(crate) const ARGUMENT: &str = "--sink";

/// The sink as the benchmark sees it.
pub(crate) struct Sink {
    child: Child,
    commands: ChildStdin,
    pub(crate) address: SocketAddr,
}

impl Sink {
    pub(crate) fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let commands = child.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().parse().expect("the sink is gone");
        Sink { child, commands, address }
    }

    /// Has it connect to a server that attacks.
    pub(crate) fn connect(&mut self, address: SocketAddr) {
        writeln!(self.commands, "{address}").unwrap();
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The sink's process.
pub(crate) fn be() {
    let server = ForeignServer::start(Behaviour::Swallow);
    println!("{}", server.address);
    for line in std::io::stdin().lines() {
        let address: SocketAddr = line.unwrap().parse().unwrap();
        std::thread::spawn(move || swallow(address));
    }
}

fn swallow(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = upgrade_head(address, "orchflow.v1.json");
    let mut buffer = vec![0; 64 << 10];
    // A server answers the head before it is sent anything else.
    let asked = stream.write_all(head.as_bytes()).is_ok() && stream.read(&mut buffer).is_ok();
    if asked && stream.write_all(b"hello").is_ok() {
        while matches!(stream.read(&mut buffer), Ok(n) if n > 0) {}
    }
}
