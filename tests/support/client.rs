//! A client of the server that blocks, made from `docs/PROTOCOL.md` with the JSON codec.

#![allow(clippy::print_stderr)] // A test that fails says why.
#![allow(dead_code)] // Every test binary uses another part of it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

/// How long an answer is waited for before a test fails.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(60);

/// A connection.
pub(crate) struct Client {
    pub(crate) socket: WebSocket<Patient>,
    /// Diffs are acknowledged as they come.
    pub(crate) acknowledges: bool,
}

/// A socket that reads and writes on when it is interrupted. One with a timeout is, whenever the process is
/// stopped and continued, and `tungstenite` takes that for the end of the connection.
pub(crate) struct Patient(TcpStream);

impl Patient {
    fn retry(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        loop {
            match call() {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                outcome => return outcome,
            }
        }
    }
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Self::retry(|| self.0.read(buffer))
    }
}

impl Write for Patient {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Self::retry(|| self.0.write(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Incoming {
    Json(Value),
    Output {
        terminal: u64,
        offset: u64,
        bytes: Vec<u8>,
    },
    /// The code of a close frame, or `None` when the connection just ended.
    Closed(Option<u16>),
}

impl Client {
    /// Opens the WebSocket, without a hello.
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client::through(stream, &format!("ws://{address}/"), None).unwrap()
    }

    /// Opens the WebSocket through a connection that is there, as a page of this origin if there is one. The error is
    /// why it was refused.
    pub(crate) fn through(
        stream: TcpStream,
        uri: &str,
        origin: Option<&str>,
    ) -> Result<Self, String> {
        let mut request = uri.into_client_request().unwrap();
        let protocol = "orchflow.v1.json".parse().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
        if let Some(origin) = origin {
            request.headers_mut().insert("Origin", origin.parse().unwrap());
        }
        let (socket, _) =
            tungstenite::client(request, Patient(stream)).map_err(|error| error.to_string())?;
        Ok(Client { socket, acknowledges: true })
    }

    /// Opens and says hello with these fields besides the token; gives the welcome.
    pub(crate) fn hello(address: SocketAddr, token: &str, fields: Value) -> (Self, Value) {
        let mut client = Client::open(address);
        let welcome = client.say_hello(token, fields);
        (client, welcome)
    }

    /// Says hello with these fields besides the token; gives the welcome.
    pub(crate) fn say_hello(&mut self, token: &str, fields: Value) -> Value {
        let mut hello = json!({"type": "hello", "token": token});
        for (name, value) in fields.as_object().unwrap() {
            hello[name] = value.clone();
        }
        self.send(&hello);
        let Incoming::Json(welcome) = self.receive() else { panic!("no welcome") };
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        welcome
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).unwrap();
    }

    /// Types into a terminal by a binary frame.
    pub(crate) fn type_in(&mut self, terminal: u64, bytes: &[u8]) {
        let mut frame = vec![0x11, 0];
        frame.extend_from_slice(&terminal.to_le_bytes());
        frame.extend_from_slice(bytes);
        self.socket.send(Message::binary(frame)).unwrap();
    }

    /// Acknowledges a diff that is complete, as every client should.
    fn acknowledge(&mut self, message: &Value) {
        if message["type"] == "diff" && message["more"] == false && self.acknowledges {
            let ack = json!({"type": "ack", "version": message["to"]}).to_string();
            // A connection that ends meanwhile is met by the next read.
            let _ = self.socket.send(Message::text(ack));
        }
    }

    /// The next message.
    pub(crate) fn receive(&mut self) -> Incoming {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(text.as_str()).unwrap();
                    self.acknowledge(&message);
                    return Incoming::Json(message);
                }
                Ok(Message::Binary(bytes)) => {
                    assert_eq!(bytes[0], 0x10, "not output");
                    return Incoming::Output {
                        terminal: u64::from_le_bytes(bytes[2..10].try_into().unwrap()),
                        offset: u64::from_le_bytes(bytes[10..18].try_into().unwrap()),
                        bytes: bytes[18..].to_vec(),
                    };
                }
                Ok(Message::Close(frame)) => {
                    return Incoming::Closed(frame.map(|frame| frame.code.into()));
                }
                Ok(_) => {}
                Err(tungstenite::Error::Io(e)) if e.kind() == io::ErrorKind::WouldBlock => {
                    panic!("nothing came in {WATCHDOG:?}");
                }
                Err(e) => {
                    eprintln!("the connection ended: {e}");
                    return Incoming::Closed(None);
                }
            }
        }
    }

    /// The close code, or `None` when the connection just ended; what comes before is passed over.
    pub(crate) fn closed(&mut self) -> Option<u16> {
        loop {
            if let Incoming::Closed(code) = self.receive() {
                return code;
            }
        }
    }

    /// Sends a request with this id, and gives the outcome.
    pub(crate) fn ask(&mut self, mut request: Value, id: u64) -> Value {
        request["id"] = id.into();
        self.send(&request);
        loop {
            let result = self.receive_type("result");
            if result["id"] == id {
                return result["outcome"].clone();
            }
        }
    }

    /// Waits until the server has consumed everything that was sent so far.
    pub(crate) fn settle(&mut self) {
        self.send(&json!({"type": "ping", "id": u32::MAX}));
        while self.receive_type("pong")["id"] != u32::MAX {}
    }

    /// The next JSON message of this type; others are passed over.
    pub(crate) fn receive_type(&mut self, wanted: &str) -> Value {
        loop {
            match self.receive() {
                Incoming::Json(value) if value["type"] == wanted => return value,
                Incoming::Closed(code) => panic!("closed ({code:?}) while waiting for {wanted}"),
                _ => {}
            }
        }
    }

    /// Says that output before `offset` was consumed.
    pub(crate) fn credit(&mut self, terminal: u64, offset: u64) {
        self.send(&json!({"type": "credit", "terminal": terminal, "offset": offset}));
    }

    /// Reads output of a terminal until it contains `wanted`; gives all of it.
    pub(crate) fn read_until(&mut self, terminal: u64, wanted: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            match self.receive() {
                Incoming::Output { terminal: from, bytes, offset } if from == terminal => {
                    all.extend_from_slice(&bytes);
                    let end = offset + bytes.len() as u64;
                    self.credit(terminal, end);
                    if all.windows(wanted.len()).any(|window| window == wanted) {
                        return all;
                    }
                }
                Incoming::Closed(code) => panic!("closed: {code:?}"),
                _ => {}
            }
        }
    }
}
