//! An engine that serves, on a thread of its own, and closures that run there.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender as ChannelSender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use orchflow::{
    Command, Config, Engine, Event, ListenAddress, ListenerOptions, PartHealth, Scopes,
    ScreenOptions, Sender, SpawnOptions, TokenOptions,
};

use super::client::WATCHDOG;

type Job = Box<dyn FnOnce(&mut Engine) + Send>;

/// A serving engine. Dropping it ends its thread.
pub(crate) struct Serving {
    jobs: Jobs,
    thread: Option<JoinHandle<()>>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Lets everything.
    pub(crate) token: String,
    /// The events that the host got, as far as it is of interest here.
    pub(crate) reported: Receiver<Reported>,
}

/// How closures reach the engine's thread.
#[derive(Clone)]
pub(crate) struct Jobs {
    jobs: ChannelSender<Job>,
    wake: Sender,
}

/// An engine on this thread that listens on a loopback port, and a token that lets everything.
pub(crate) fn listening(
    config: Config,
    options: impl FnOnce(ListenerOptions) -> ListenerOptions,
) -> (Engine, SocketAddr, String) {
    let mut engine = Engine::new(config).unwrap();
    let listen = options(ListenerOptions::tcp("127.0.0.1:0".parse().unwrap()));
    let listener = engine.add_listener(&listen).unwrap();
    let ListenAddress::Tcp(address) = engine.listener_address(listener).unwrap() else {
        panic!("not TCP");
    };
    let token = TokenOptions { scopes: Scopes::ALL, ..TokenOptions::default() };
    let (_, token) = engine.add_token(token).unwrap();
    (engine, address, token)
}

/// An event that a host got.
#[derive(Debug, PartialEq)]
pub(crate) enum Reported {
    Log(String),
    Review(u64),
    Health(PartHealth),
    ShutdownComplete,
}

impl Serving {
    /// Serves with these bounds on a loopback port of the system's choice.
    pub(crate) fn start(config: Config) -> Self {
        Serving::start_with(config, |options| options)
    }

    /// The same, with other options for listening.
    pub(crate) fn start_with(
        config: Config,
        options: impl FnOnce(ListenerOptions) -> ListenerOptions + Send + 'static,
    ) -> Self {
        let (jobs, inbox) = channel::<Job>();
        let (ready, started) = channel();
        let (events, reported) = channel();
        let thread = std::thread::spawn(move || {
            let (mut engine, address, token) = listening(config, options);
            ready.send((engine.sender(), address, token)).unwrap();
            run(&mut engine, &inbox, &events);
        });
        let (wake, address, token) = started.recv().unwrap();
        Serving { jobs: Jobs { jobs, wake }, thread: Some(thread), address, token, reported }
    }

    /// Runs a closure on the engine's thread and waits for what it gives.
    pub(crate) fn with<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> T {
        self.jobs.with(job)
    }

    /// For threads that have closures run, too.
    pub(crate) fn jobs(&self) -> Jobs {
        self.jobs.clone()
    }

    /// Starts a program in a terminal that has a screen model if it is to.
    pub(crate) fn spawn(&self, argv: &[&str], screen: bool) -> u64 {
        let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
        self.with(move |engine| {
            let mut options = SpawnOptions::program(&argv[0]).args(&argv[1..]);
            if screen {
                options = options.screen(ScreenOptions::default());
            }
            engine.spawn(&options).unwrap().to_u64()
        })
    }

    /// Waits for an event that `wanted` makes something of.
    pub(crate) fn wait_reported<T>(&self, wanted: impl Fn(&Reported) -> Option<T>) -> T {
        loop {
            let reported =
                self.reported.recv_timeout(WATCHDOG).expect("nothing was reported to the host");
            if let Some(found) = wanted(&reported) {
                return found;
            }
        }
    }

    /// Waits for a log line that contains this.
    pub(crate) fn wait_log(&self, part: &str) -> String {
        self.wait_reported(|reported| match reported {
            Reported::Log(line) if line.contains(part) => Some(line.clone()),
            _ => None,
        })
    }

    /// A token with these scopes.
    pub(crate) fn token(&self, scopes: Scopes) -> String {
        self.with(move |engine| {
            let options = TokenOptions { scopes, ..TokenOptions::default() };
            engine.add_token(options).unwrap().1
        })
    }
}

impl Jobs {
    /// Runs a closure on the engine's thread and waits for what it gives.
    pub(crate) fn with<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> T {
        let (answer, answered) = channel();
        let job = move |engine: &mut Engine| drop(answer.send(job(engine)));
        self.jobs.send(Box::new(job)).unwrap();
        self.wake_up();
        answered.recv().expect("the engine's thread is gone")
    }

    /// Has the thread look for jobs. A full inbox is as good: the engine has not read the wake-ups in it,
    /// and looks for jobs after it has.
    pub(crate) fn wake_up(&self) {
        if let Err(error) = self.wake.post(0, Command::Notify) {
            assert!(error.is_limit_reached(), "{error}");
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let (closed, _) = channel::<Job>();
        self.jobs.jobs = closed;
        // The thread may have found out already.
        let _ = self.jobs.wake.post(0, Command::Notify);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the engine's thread panicked");
        }
    }
}

fn run(engine: &mut Engine, inbox: &Receiver<Job>, events: &ChannelSender<Reported>) {
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
        engine.turn(Some(timeout)).unwrap();
        while let Some(event) = engine.next_event().unwrap() {
            // A test that does not listen gets nothing.
            let _ = match event {
                Event::Log { text, .. } => events.send(Reported::Log(text.into())),
                Event::Review { review, .. } => events.send(Reported::Review(review)),
                Event::Health(health) => events.send(Reported::Health(health)),
                Event::ShutdownComplete => events.send(Reported::ShutdownComplete),
                _ => Ok(()),
            };
        }
    }
}
