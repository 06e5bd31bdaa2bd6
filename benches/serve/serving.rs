//! Our side: an engine that serves, on a thread of its own, and closures that run there.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender as ChannelSender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use orchflow::{
    Command, Config, Delivery, Engine, Limits, ListenAddress, ListenerOptions, Mode, Scopes,
    Sender, SpawnOptions, TerminalFilter, TerminalId, TokenOptions,
};

use crate::wire::PATIENCE;

type Job = Box<dyn FnOnce(&mut Engine) + Send>;

thread_local! {
    /// Microseconds of each turn, waiting not included, while they are wanted: on the clock, and of work.
    static TURNS: RefCell<Option<Vec<(f64, f64)>>> = const { RefCell::new(None) };
}

/// See the module's documentation. Dropping it closes what runs and ends the thread.
pub(crate) struct Serving {
    jobs: ChannelSender<Job>,
    wake: Sender,
    thread: Option<JoinHandle<()>>,
    turns: Arc<AtomicU64>,
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl Serving {
    pub(crate) fn start() -> Self {
        let limits = Limits {
            terminals: 2048,
            clients: 16_384,
            clients_pending: 64,
            client_messages_per_second: 100_000,
            ..Limits::default()
        };
        let (jobs, inbox) = channel::<Job>();
        let (ready, started) = channel();
        let turns = Arc::new(AtomicU64::new(0));
        let counter = turns.clone();
        let thread = std::thread::spawn(move || {
            let mut engine = Engine::new(Config { limits, ..Config::default() }).unwrap();
            let listen = ListenerOptions::tcp("127.0.0.1:0".parse().unwrap());
            let listener = engine.add_listener(&listen).unwrap();
            let ListenAddress::Tcp(address) = engine.listener_address(listener).unwrap() else {
                panic!("not TCP");
            };
            let token = TokenOptions { scopes: Scopes::ALL, ..TokenOptions::default() };
            let (_, token) = engine.add_token(token).unwrap();
            ready.send((engine.sender(), address, token)).unwrap();
            serve(&mut engine, &inbox, &counter);
            close_all(&mut engine);
        });
        let (wake, address, token) = started.recv().unwrap();
        Serving { jobs, wake, thread: Some(thread), turns, address, token }
    }

    /// Runs a closure on the engine's thread and waits for what it gives.
    pub(crate) fn with<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> T {
        let (answer, answered) = channel();
        let job = move |engine: &mut Engine| drop(answer.send(job(engine)));
        self.jobs.send(Box::new(job)).unwrap();
        if let Err(error) = self.wake.post(0, Command::Notify) {
            // The wake-ups in a full inbox do as well.
            assert!(error.is_limit_reached(), "{error}");
        }
        answered.recv().expect("the engine's thread is gone")
    }

    /// A terminal whose output only clients read.
    pub(crate) fn spawn(&self, argv: &[&str]) -> u64 {
        self.spawn_with(argv, None)
    }

    pub(crate) fn spawn_with(&self, argv: &[&str], reader: Option<Delivery>) -> u64 {
        let options = SpawnOptions::program(argv[0]).args(&argv[1..]).reader(reader);
        self.with(move |engine| engine.spawn(&options).unwrap().to_u64())
    }

    /// A program that gives back every byte at once.
    pub(crate) fn spawn_echo(&self) -> u64 {
        let id = self.spawn(&["cat"]);
        self.with(move |engine| engine.set_mode(TerminalId::from_u64(id), Mode::Raw).unwrap());
        id
    }

    /// Turns since the start.
    pub(crate) fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// From now on each turn is timed.
    pub(crate) fn time_turns(&self) {
        self.with(|_| TURNS.set(Some(Vec::with_capacity(1 << 20))));
    }

    /// Microseconds of each turn since then, on the clock and of work. A busy machine makes the first
    /// longer than the second.
    pub(crate) fn turn_times_us(&self) -> (Vec<f64>, Vec<f64>) {
        self.with(|_| TURNS.take().unwrap()).into_iter().unzip()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let (closed, _) = channel::<Job>();
        self.jobs = closed;
        let _ = self.wake.post(0, Command::Notify);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the engine's thread panicked");
        }
    }
}

fn serve(engine: &mut Engine, inbox: &Receiver<Job>, turns: &AtomicU64) {
    loop {
        // A turn after each job: it reads the wake-ups that came with the jobs.
        let timeout = match inbox.try_recv() {
            Ok(job) => {
                job(engine);
                Duration::ZERO
            }
            Err(TryRecvError::Empty) => Duration::from_secs(60),
            Err(TryRecvError::Disconnected) => return,
        };
        if TURNS.with_borrow(Option::is_some) && !timeout.is_zero() {
            timed_turn(engine);
        } else {
            engine.turn(Some(timeout)).unwrap();
        }
        while engine.next_event().unwrap().is_some() {}
        turns.fetch_add(1, Ordering::Relaxed);
    }
}

fn timed_turn(engine: &mut Engine) {
    let mut poll = libc::pollfd { fd: engine.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: the pointer is to one pollfd, as said.
    unsafe { libc::poll(&raw mut poll, 1, -1) };
    let cpu_seconds = || crate::clock_seconds(libc::CLOCK_THREAD_CPUTIME_ID);
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    engine.turn(Some(Duration::ZERO)).unwrap();
    let times = (begun.elapsed().as_secs_f64() * 1e6, (cpu_seconds() - cpu) * 1e6);
    TURNS.with_borrow_mut(|turns| turns.as_mut().unwrap().push(times));
}

/// Closes what is there, without grace, until all of it is gone and reaped.
fn close_all(engine: &mut Engine) {
    for id in engine.terminals(TerminalFilter::All) {
        engine.close(id, Duration::ZERO).unwrap();
    }
    let patience = Instant::now() + PATIENCE;
    while !engine.terminals(TerminalFilter::All).is_empty() {
        engine.turn(Some(Duration::from_millis(100))).unwrap();
        while engine.next_event().unwrap().is_some() {}
        assert!(Instant::now() < patience, "a terminal does not close");
    }
}
