//! `orchflow-demo serve` as a process, with its address.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::io::{BufRead, BufReader, Read};
use std::net::{Shutdown, SocketAddr};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::client::Client;
use crate::support::files::TempDir;

/// The demo with a command, its streams piped.
pub(crate) fn demo(command: &str) -> Command {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_orchflow-demo"));
    // Not what a server around these tests has set for its programs.
    demo.env_remove("ORCHFLOW_TOKEN").env_remove("ORCHFLOW");
    demo.arg(command).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    demo
}

/// A serving demo; dropping it kills it.
pub(crate) struct DemoServer {
    child: Option<Child>,
    stdout: BufReader<ChildStdout>,
    /// Reads stderr so that the log never blocks; returns all of it at the end.
    log: Option<std::thread::JoinHandle<Vec<u8>>>,
    /// What it printed, without the end of the line.
    pub(crate) line: String,
    pub(crate) token: String,
    pub(crate) root: TempDir,
}

impl DemoServer {
    /// Serves a fresh directory.
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut serve = demo("serve");
        serve.args(args);
        DemoServer::run(serve, None)
    }

    /// Serves a fresh directory by this command, with a token that it does not print.
    pub(crate) fn run(mut serve: Command, token: Option<&str>) -> Self {
        let root = TempDir::new();
        let mut child = serve.arg("--root").arg(root.path()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut log = Vec::new();
            stderr.read_to_end(&mut log).unwrap();
            log
        });
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let line = line.trim_end().to_owned();
        let printed = line.split_once("#token=").map(|(_, token)| token);
        assert!(printed.is_none() || token.is_none(), "{line}");
        DemoServer {
            child: Some(child),
            stdout,
            log: Some(log),
            token: printed.or(token).expect("a token").to_owned(),
            line,
            root,
        }
    }

    /// The ids of its terminals.
    pub(crate) fn terminals(&self) -> Vec<u64> {
        let fields = json!({"collections": ["terminals"]});
        let (mut client, _) = Client::hello(self.tcp(), &self.token, fields);
        let diff = client.receive_type("diff");
        let terminals = diff["terminals"].as_array().unwrap();
        terminals.iter().map(|terminal| terminal["id"].as_u64().unwrap()).collect()
    }

    /// Where it listens, if that is TCP.
    pub(crate) fn tcp(&self) -> SocketAddr {
        let (_, text) = self.line.split_once("://").unwrap();
        text.split('/').next().unwrap().parse().unwrap()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.as_ref().unwrap().id() as i32)
    }

    /// Asks it to end and waits; returns what it printed after the address.
    pub(crate) fn interrupt(mut self, signal: Signal) -> Output {
        let mut child = self.child.take().unwrap();
        kill(Pid::from_raw(child.id() as i32), signal).unwrap();
        let mut stdout = Vec::new();
        self.stdout.read_to_end(&mut stdout).unwrap();
        let status = child.wait().unwrap();
        Output { status, stdout, stderr: self.log.take().unwrap().join().unwrap() }
    }
}

impl Drop for DemoServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Hands the connections of a Unix socket on to another one, and can cut them.
pub(crate) struct Proxy {
    pub(crate) path: PathBuf,
    lines: Arc<Mutex<Lines>>,
}

#[derive(Default)]
struct Lines {
    open: Vec<UnixStream>,
    is_cut: bool,
}

impl Proxy {
    /// Listens at `path` for connections to `target`, until the test ends.
    pub(crate) fn start(path: &Path, target: &Path) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let lines = Arc::new(Mutex::new(Lines::default()));
        let (shared, target) = (lines.clone(), target.to_owned());
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let socket = socket.unwrap();
                let mut lines = shared.lock().unwrap();
                if lines.is_cut {
                    continue;
                }
                let other = UnixStream::connect(&target).unwrap();
                forward(&socket, &other);
                forward(&other, &socket);
                lines.open.extend([socket, other]);
            }
        });
        Proxy { path: path.to_owned(), lines }
    }

    /// Closes every connection; new ones are closed at once.
    pub(crate) fn cut(&self) {
        let mut lines = self.lines.lock().unwrap();
        lines.is_cut = true;
        lines.open.drain(..).for_each(|socket| drop(socket.shutdown(Shutdown::Both)));
    }

    /// Lets new connections through.
    pub(crate) fn mend(&self) {
        self.lines.lock().unwrap().is_cut = false;
    }
}

/// Copies one direction until it ends.
fn forward(from: &UnixStream, to: &UnixStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}
