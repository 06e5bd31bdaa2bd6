//! A host that turns an engine as an editor does: it polls the descriptor, turns without waiting, and pulls
//! events, on a thread of its own. It measures each turn, and has closures run between turns.
//!
//! Whatever waits for the host has a watchdog, so an engine whose turn does not end is a failure and no
//! stall. A host whose thread is stuck is left behind when the test fails.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, Sender as ChannelSender, TryRecvError, channel};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::time::{ClockId, clock_gettime};
use orchflow::{
    Command, Config, Engine, Event, Limits, ListenAddress, ListenerOptions, LogLevel, Mode, Scopes,
    ScreenOptions, Sender, SpawnOptions, TerminalEvent, TerminalId, TokenOptions,
};
use serde_json::json;

use super::attacks::{JSON, Target};
use super::raw::{BINARY, FIN, Raw, TEXT, upgrade_head};

/// The watchdog: what takes longer than this does not come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

type Job = Box<dyn FnOnce(&mut Engine) + Send>;

/// Microseconds of each turn.
#[derive(Clone, Default)]
pub(crate) struct Turns {
    /// Of processor time of the thread.
    pub(crate) cpu_us: Vec<f64>,
    /// On the clock.
    pub(crate) wall_us: Vec<f64>,
}

/// See the module's documentation. Declare it before what uses it: dropping it ends the engine.
pub(crate) struct TurnHost {
    jobs: Option<ChannelSender<Job>>,
    turns_wanted: ChannelSender<ChannelSender<Turns>>,
    wake: Sender,
    has_ended: Receiver<()>,
    pub(crate) address: SocketAddr,
    /// Allows everything.
    pub(crate) token: String,
    /// Allows to observe.
    pub(crate) observer: String,
    /// Output of terminals that the host reads.
    output: Receiver<(TerminalId, Vec<u8>)>,
}

impl TurnHost {
    pub(crate) fn start(limits: Limits) -> Self {
        let (jobs, inbox) = channel::<Job>();
        let (turns_wanted, turn_requests) = channel();
        let (ready, started) = channel();
        let (end, has_ended) = channel::<()>();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let _end = end;
            let config = Config { limits, log_level: LogLevel::Error, ..Config::default() };
            let mut engine = Engine::new(config).unwrap();
            let listen = ListenerOptions::tcp("127.0.0.1:0".parse().unwrap());
            let listener = engine.add_listener(&listen).unwrap();
            let ListenAddress::Tcp(address) = engine.listener_address(listener).unwrap() else {
                panic!("not TCP");
            };
            let [token, observer] = [Scopes::ALL, Scopes::OBSERVE].map(|scopes| {
                engine.add_token(TokenOptions { scopes, ..TokenOptions::default() }).unwrap().1
            });
            ready.send((engine.sender(), address, token, observer)).unwrap();
            run(&mut engine, &inbox, &turn_requests, &sender);
        });
        let (wake, address, token, observer) = started.recv().unwrap();
        let jobs = Some(jobs);
        TurnHost { jobs, turns_wanted, wake, has_ended, address, token, observer, output }
    }

    /// Runs a closure between two turns and waits for what it gives.
    pub(crate) fn with<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> T {
        let (answer, answered) = channel();
        let job = move |engine: &mut Engine| drop(answer.send(job(engine)));
        self.jobs.as_ref().unwrap().send(Box::new(job)).unwrap();
        self.wake_up();
        answered.recv_timeout(PATIENCE).expect("a turn that does not end")
    }

    /// The turns since the last call.
    pub(crate) fn turns(&self) -> Turns {
        let (answer, answered) = channel();
        self.turns_wanted.send(answer).unwrap();
        self.wake_up();
        answered.recv_timeout(PATIENCE).expect("a turn that does not end")
    }

    /// A full inbox does as well: the thread looks for jobs after each turn.
    fn wake_up(&self) {
        if let Err(error) = self.wake.post(0, Command::Notify) {
            assert!(error.is_limit_reached(), "{error}");
        }
    }

    /// A program in a terminal whose output only clients read.
    pub(crate) fn spawn(&self, script: &str, screen: Option<ScreenOptions>) -> u64 {
        let mut options = SpawnOptions::program("sh").args(["-c", script]).reader(None);
        if let Some(screen) = screen {
            options = options.screen(screen);
        }
        self.with(move |engine| engine.spawn(&options).unwrap().to_u64())
    }

    /// Waits until this many bytes have come out of a terminal.
    pub(crate) fn wait_output(&self, terminal: u64, bytes: u64) {
        let id = TerminalId::from_u64(terminal);
        let end = Instant::now() + PATIENCE;
        while self.with(move |engine| engine.terminal_state(id).unwrap().log_end) < bytes {
            assert!(Instant::now() < end, "a program does not write");
            std::thread::yield_now();
        }
    }

    /// What attackers need, with the terminals that they use.
    pub(crate) fn target(&self) -> Target {
        let screen = |scrollback| Some(ScreenOptions { scrollback, ..ScreenOptions::default() });
        let letters = r"head -c 800000 /dev/zero | tr '\0' a; exec cat";
        let letters = self.spawn(letters, screen(10_000));
        let line = self.spawn(r"head -c 60000 /dev/zero | tr '\0' q; exec cat", screen(1000));
        let flood = self.spawn("while seq 200; do sleep 0.05; done", screen(1000));
        self.wait_output(letters, 800_000);
        self.wait_output(line, 60_000);
        Target {
            address: self.address,
            token: self.token.clone(),
            observer: self.observer.clone(),
            letters,
            line,
            flood,
        }
    }
}

impl Drop for TurnHost {
    fn drop(&mut self) {
        self.jobs = None;
        self.wake_up();
        let ended = self.has_ended.recv_timeout(PATIENCE);
        let is_stuck = matches!(ended, Err(std::sync::mpsc::RecvTimeoutError::Timeout));
        assert!(!is_stuck || std::thread::panicking(), "a turn that does not end");
    }
}

fn run(
    engine: &mut Engine,
    inbox: &Receiver<Job>,
    turn_requests: &Receiver<ChannelSender<Turns>>,
    sender: &ChannelSender<(TerminalId, Vec<u8>)>,
) {
    let mut turns = Turns::default();
    loop {
        if let Ok(wanted) = turn_requests.try_recv() {
            let _ = wanted.send(std::mem::take(&mut turns));
        }
        match inbox.try_recv() {
            Ok(job) => job(engine),
            Err(TryRecvError::Empty) => wait(engine),
            Err(TryRecvError::Disconnected) => return,
        }
        let (begun, cpu) = (Instant::now(), cpu_time());
        engine.turn(Some(Duration::ZERO)).unwrap();
        turns.cpu_us.push((cpu_time() - cpu).as_secs_f64() * 1e6);
        turns.wall_us.push(begun.elapsed().as_secs_f64() * 1e6);
        while let Some(event) = engine.next_event().unwrap() {
            if let Event::Terminal { id, event: TerminalEvent::Output { bytes, .. }, .. } = event {
                let _ = sender.send((id, bytes.to_vec()));
            }
        }
    }
}

fn wait(engine: &Engine) {
    let mut fds = [PollFd::new(engine.as_fd(), PollFlags::POLLIN)];
    match poll(&mut fds, 60_000_u16) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => panic!("poll: {errno}"),
    }
}

/// Processor time of this thread.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// Two terminals that give back what is typed, one used by the host and one by a client. Every byte counts.
pub(crate) struct Bystander<'a> {
    host: &'a TurnHost,
    of_host: TerminalId,
    of_client: u64,
    client: Raw,
    /// Offset of the client's next byte.
    at: u64,
    trips: u64,
}

impl<'a> Bystander<'a> {
    pub(crate) fn new(host: &'a TurnHost) -> Self {
        let raw_cat = |is_read: bool| {
            move |engine: &mut Engine| {
                let options = SpawnOptions::program("cat");
                let id = engine.spawn(&if is_read { options } else { options.reader(None) });
                let id = id.unwrap();
                engine.set_mode(id, Mode::Raw).unwrap();
                id
            }
        };
        let of_host = host.with(raw_cat(true));
        let of_client = host.with(raw_cat(false)).to_u64();
        let mut client = enter(host.address, &host.token).expect("nobody is there yet");
        client.json(&json!({"type": "attach", "terminal": of_client, "start": "oldest"}));
        assert_eq!(client.next_json().unwrap()["type"], "attached");
        let mut bystander = Bystander { host, of_host, of_client, client, at: 0, trips: 0 };
        bystander.echoes();
        bystander
    }

    /// Types in both terminals, one after the other, and sees the echoes.
    pub(crate) fn echoes(&mut self) {
        self.host_echoes();
        self.client_echoes();
    }

    /// Types through the engine's own interface; the time until the echo was an event.
    pub(crate) fn host_echoes(&mut self) -> Duration {
        self.trips += 1;
        let (id, text) = (self.of_host, format!("{};", self.trips).into_bytes());
        let begun = Instant::now();
        let typed = text.clone();
        let length = self.host.with(move |engine| engine.write(id, &typed).unwrap());
        assert_eq!(length, text.len());
        let mut seen = Vec::new();
        while seen.len() < text.len() {
            let (from, bytes) = self.host.output.recv_timeout(PATIENCE).expect("no echo");
            if from == id {
                seen.extend(bytes);
            }
        }
        assert_eq!(seen, text);
        begun.elapsed()
    }

    /// Types over the WebSocket; the time until the echo was received.
    pub(crate) fn client_echoes(&mut self) -> Duration {
        self.trips += 1;
        let text = format!("{};", self.trips).into_bytes();
        let begun = Instant::now();
        let mut frame = vec![0x11, 0];
        frame.extend_from_slice(&self.of_client.to_le_bytes());
        frame.extend_from_slice(&text);
        self.client.frame(FIN | BINARY, &frame);
        let mut seen = Vec::new();
        while seen.len() < text.len() {
            let (first, payload) = self.client.next_frame().expect("the client was closed");
            if first == FIN | BINARY {
                let offset = u64::from_le_bytes(payload[10..18].try_into().unwrap());
                assert_eq!(offset, self.at, "bytes are missing");
                seen.extend_from_slice(&payload[18..]);
                self.at += payload.len() as u64 - 18;
            } else {
                assert_eq!(first, FIN | TEXT, "closed: {payload:?}");
            }
        }
        assert_eq!(seen, text);
        let elapsed = begun.elapsed();
        let (terminal, offset) = (self.of_client, self.at);
        self.client.json(&json!({"type": "credit", "terminal": terminal, "offset": offset}));
        elapsed
    }
}

/// A client that has its token in the head of the request; `None` if it was turned away.
pub(crate) fn enter(address: SocketAddr, token: &str) -> Option<Raw> {
    let head = upgrade_head(address, &format!("{JSON}, orchflow.token.{token}"));
    let mut raw = Raw::connect(address, head.as_bytes());
    raw.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    if raw.status() != Some(101) {
        return None;
    }
    raw.json(&json!({"type": "hello", "client": "honest"}));
    let (first, payload) = raw.next_frame()?;
    let is_text = first == FIN | TEXT;
    let message: Option<serde_json::Value> =
        is_text.then(|| serde_json::from_slice(&payload).ok()).flatten();
    message.is_some_and(|message| message["type"] == "welcome").then_some(raw)
}
