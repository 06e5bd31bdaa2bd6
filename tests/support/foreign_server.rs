//! Servers that are not ours, made from `docs/PROTOCOL.md`: one that attacks the engines that connect to it,
//! and one that takes every connection, says what a client needs to hear to go on, and swallows the rest.
//!
//! Each connection has a thread. Dropping a server ends all of them.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::json;
use tungstenite::handshake::derive_accept_key;

use super::payloads::{self, server_frame};
use super::raw::{BINARY, FIN, TEXT, bincode_frame};

/// What a server does after the welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Reads and drops.
    Swallow,
    /// A message that never ends, in fragments without a byte.
    EmptyFragments,
    /// Messages of 16 MiB in JSON, compressed.
    LargeMessages,
}

/// See the module's documentation.
pub(crate) struct ForeignServer {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    behaviour: Behaviour,
    is_over: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

impl ForeignServer {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            behaviour,
            is_over: AtomicBool::new(false),
            streams: Mutex::new(Vec::new()),
        });
        let own = shared.clone();
        let thread = std::thread::spawn(move || accept(&listener, &own));
        ForeignServer { address, shared, thread: Some(thread) }
    }
}

impl Drop for ForeignServer {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        for stream in self.shared.streams.lock().unwrap().iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.is_over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(copy) = stream.try_clone() else { continue };
        let mut streams = shared.streams.lock().unwrap();
        // Those that have ended meanwhile.
        streams.retain(|stream| stream.peer_addr().is_ok());
        streams.push(copy);
        drop(streams);
        let shared = shared.clone();
        std::thread::spawn(move || {
            let mut stream = stream;
            let _ = serve(&mut stream, &shared);
            let _ = stream.shutdown(Shutdown::Both);
        });
    }
}

/// One connection; an error is its end.
fn serve(stream: &mut TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let head = read_head(stream)?;
    let field = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name))?;
        line.split(',').next().map(|value| value.trim().to_string())
    };
    let (Some(key), Some(codec)) = (field("Sec-WebSocket-Key:"), field("Sec-WebSocket-Protocol:"))
    else {
        return Ok(());
    };
    let accept = derive_accept_key(key.as_bytes());
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {codec}\r\n\r\n"
    )?;
    let mut buffer = vec![0; 64 << 10];
    if stream.read(&mut buffer)? == 0 {
        return Ok(());
    }
    stream.write_all(&welcome(codec.ends_with("json")))?;
    match shared.behaviour {
        Behaviour::Swallow => {}
        Behaviour::EmptyFragments => {
            stream.write_all(&server_frame(BINARY, b"\x01"))?;
            loop {
                stream.write_all(payloads::empty_fragments_of_a_server())?;
            }
        }
        Behaviour::LargeMessages => loop {
            stream.write_all(payloads::large_pong())?;
        },
    }
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// A welcome of somebody who has nothing.
fn welcome(is_json: bool) -> Vec<u8> {
    if !is_json {
        // Protocol 1, no name, client 1, no scopes, version 0 of epoch 1, no profiles, no limits.
        let message = [0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        return server_frame(FIN | BINARY, &bincode_frame(&message));
    }
    let limits = json!({"message_bytes": 1 << 20, "inflated_bytes": 4 << 20,
        "messages_per_second": 2000, "bytes_per_second": 16 << 20, "attachments": 256,
        "window_bytes": 1 << 20});
    let welcome = json!({"type": "welcome", "protocol": 1, "server": "foreign", "client": 1,
        "scopes": [], "version": {"epoch": 1, "n": 0}, "resumed": false, "profiles": [],
        "limits": limits});
    server_frame(FIN | TEXT, welcome.to_string().as_bytes())
}
