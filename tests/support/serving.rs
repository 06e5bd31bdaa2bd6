//! An engine that serves, on a thread of its own, and closures that run there.

use std::sync::mpsc::{Receiver, Sender as ChannelSender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use orchflow::{
    Command, Config, Engine, Event, ListenAddress, ListenOptions, Scopes, Sender, TerminalEvent,
    TokenOptions,
};

type Job = Box<dyn FnOnce(&mut Engine) + Send>;

/// A serving engine. Dropping it ends its thread.
pub(crate) struct Serving {
    jobs: ChannelSender<Job>,
    wake: Sender,
    thread: Option<JoinHandle<()>>,
    /// Where it listens.
    pub(crate) address: std::net::SocketAddr,
    /// Lets everything.
    pub(crate) token: String,
}

impl Serving {
    /// Serves with these bounds on a loopback port of the system's choice.
    pub(crate) fn start(config: Config) -> Self {
        Serving::start_with(config, |options| options)
    }

    /// The same, with other options for listening.
    pub(crate) fn start_with(
        config: Config,
        options: impl FnOnce(ListenOptions) -> ListenOptions + Send + 'static,
    ) -> Self {
        let (jobs, inbox) = channel::<Job>();
        let (ready, started) = channel();
        let thread = std::thread::spawn(move || {
            let mut engine = Engine::new(config).unwrap();
            let listen = options(ListenOptions::tcp("127.0.0.1:0".parse().unwrap()));
            let listener = engine.listen(&listen).unwrap();
            let ListenAddress::Tcp(address) = engine.listen_address(listener).unwrap() else {
                panic!("not TCP");
            };
            let token = TokenOptions { scopes: Scopes::ALL, ..TokenOptions::default() };
            let (_, token) = engine.add_token(token).unwrap();
            ready.send((engine.sender(), address, token)).unwrap();
            run(&mut engine, &inbox);
        });
        let (wake, address, token) = started.recv().unwrap();
        Serving { jobs, wake, thread: Some(thread), address, token }
    }

    /// Runs a closure on the engine's thread and waits for what it gives.
    pub(crate) fn with<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> T {
        let (answer, answered) = channel();
        let job = move |engine: &mut Engine| drop(answer.send(job(engine)));
        self.jobs.send(Box::new(job)).unwrap();
        self.wake.post(0, Command::Notify).unwrap();
        answered.recv().expect("the engine's thread is gone")
    }

    /// A token with these scopes.
    pub(crate) fn token(&self, scopes: Scopes) -> String {
        self.with(move |engine| {
            let options = TokenOptions { scopes, ..TokenOptions::default() };
            engine.add_token(options).unwrap().1
        })
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

fn run(engine: &mut Engine, inbox: &Receiver<Job>) {
    loop {
        engine.turn(Some(Duration::from_secs(60))).unwrap();
        while let Some(event) = engine.next_event().unwrap() {
            if let Event::Terminal { event: TerminalEvent::Closed, .. } = event {}
        }
        loop {
            match inbox.try_recv() {
                Ok(job) => job(engine),
                Err(std::sync::mpsc::TryRecvError::Empty) => break,
                Err(std::sync::mpsc::TryRecvError::Disconnected) => return,
            }
        }
    }
}
