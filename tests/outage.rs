//! An outage drill: no inotify watches, no descriptors, a full disk, a dead peer, a stalled client and a crashing shell,
//! all at once. The health names each, and each is well again when its cause goes.
//!
//! With `ORCHFLOW_BROWSER=1` a page in Chromium looks on (`tests/browser/outage.mjs`) and has to say the same.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use client::Client;
use nix::mount::{MsFlags, mount};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use orchflow::{
    BreakerOptions, ClientId, Config, Engine, HealthPart, HealthReason, HealthStatus, Limits,
    ListenAddress, ListenerOptions, PeerAddress, PeerOptions, RestartPolicy, RetryPolicy, Scopes,
    SpawnOptions, TokenOptions, WatchOptions,
};
use serde_json::json;
use support::files::TempDir;
use support::namespace::{enter, limit};

const TURN: Option<Duration> = Some(Duration::from_millis(5));

/// The engine of the drill and the one that it misses, turned by one thread.
struct Desk {
    engine: Engine,
    other: Option<Engine>,
}

impl Desk {
    /// Turns until `done` gives something.
    fn until<T>(&mut self, what: &str, mut done: impl FnMut(&mut Engine) -> Option<T>) -> T {
        let start = std::time::Instant::now();
        loop {
            for engine in [Some(&mut self.engine), self.other.as_mut()].into_iter().flatten() {
                engine.turn(TURN).unwrap();
                while engine.next_event().unwrap().is_some() {}
            }
            if let Some(found) = done(&mut self.engine) {
                return found;
            }
            let dump = || self.engine.dump();
            assert!(start.elapsed() < client::WATCHDOG, "{what} did not come: {}", dump());
        }
    }

    /// Turns while something that blocks runs beside it.
    fn beside<T: Send + 'static>(&mut self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (sender, result) = channel();
        thread::spawn(move || sender.send(work()));
        self.until("what runs beside it", |_| result.try_recv().ok())
    }
}

/// Listens, with the page for whoever looks on.
fn listen(address: &str, secret: [u8; 32]) -> (Engine, SocketAddr, String) {
    // The client that stalls is to be there until it reads.
    let limits = Limits { client_stall_time: Duration::from_secs(120), ..Limits::default() };
    let mut engine = Engine::new(Config { limits, ..Config::default() }).unwrap();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let options = ListenerOptions::tcp(address.parse().unwrap())
        .resource_directory("/", repository.join("src/bin/orchflow-demo/page"))
        .resource_directory("/client/", repository.join("clients/js/src"));
    let listener = engine.add_listener(&options).unwrap();
    let ListenAddress::Tcp(address) = engine.listener_address(listener).unwrap() else {
        panic!("not TCP");
    };
    let options =
        TokenOptions { scopes: Scopes::ALL, secret: Some(secret), ..TokenOptions::default() };
    let (_, token) = engine.add_token(options).unwrap();
    (engine, address, token)
}

fn watch(engine: &mut Engine, root: &Path) -> HealthPart {
    let options = WatchOptions::new(root)
        .window(Duration::from_millis(2))
        .gitignore(false)
        .poll_interval(Duration::from_millis(10));
    HealthPart::Watch(engine.add_watch(&options).unwrap())
}

/// How many inotify watches this process has.
fn inotify_watches() -> usize {
    let infos = fs::read_dir("/proc/self/fdinfo").unwrap();
    let texts = infos.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    texts.map(|text| text.matches("inotify wd:").count()).sum()
}

/// The parts that are not well, as the page marks them: kind, id, status.
fn parts(engine: &Engine) -> BTreeSet<String> {
    let health = engine.health();
    let name = |part: &orchflow::PartHealth| {
        format!("{} {} {}", part.part.kind(), part.part.id(), part.status.name())
    };
    health.parts.iter().map(name).collect()
}

/// A page that looks on.
struct Page {
    child: Child,
    lines: Receiver<String>,
}

impl Page {
    fn open(desk: &mut Desk, address: SocketAddr, token: &str) -> Option<Page> {
        std::env::var_os("ORCHFLOW_BROWSER")?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/outage.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .arg(format!("http://{address}/#token={token}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || output.lines().try_for_each(|line| sender.send(line.unwrap())));
        let mut page = Page { child, lines };
        assert_eq!(page.answer(desk, |_| ()), "open");
        Some(page)
    }

    /// Its next line; `beside` is done each turn until it comes.
    fn answer(&mut self, desk: &mut Desk, mut beside: impl FnMut(&Engine)) -> String {
        desk.until("a line of the page", |engine| {
            beside(engine);
            self.lines.try_recv().ok()
        })
    }

    /// Waits until the page shows these parts, or none.
    fn wait_for(
        &mut self,
        desk: &mut Desk,
        (parts, picture): (&BTreeSet<String>, &str),
        beside: impl FnMut(&Engine),
    ) {
        let wanted = json!({"parts": parts, "picture": picture}).to_string();
        writeln!(self.child.stdin.as_mut().unwrap(), "{wanted}").unwrap();
        assert_eq!(self.answer(desk, beside), "shown");
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Connections that wait to be accepted, from a process with descriptors of its own.
struct Waiting(Child);

impl Waiting {
    fn start(address: SocketAddr) -> Waiting {
        let port = address.port();
        let script = format!("while read -r; do exec {{fd}}<>/dev/tcp/127.0.0.1/{port}; done");
        let child = Command::new("bash").args(["-c", &script]).stdin(Stdio::piped()).spawn();
        Waiting(child.unwrap())
    }

    /// Opens more of them while they are accepted: the engine uses each descriptor that it gets back.
    fn refill(&mut self, engine: &Engine) {
        if engine.listeners().iter().any(|id| engine.listener_state(*id).unwrap().accepting) {
            self.0.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// What is to go wrong.
struct Causes {
    folder: TempDir,
    flag: PathBuf,
    deep: HealthPart,
    saved: HealthPart,
    peer: HealthPart,
    missing: SocketAddr,
    stalled: HealthPart,
    listener: HealthPart,
}

/// Makes each cause but the last one, which takes the descriptors away.
fn begin(desk: &mut Desk, address: SocketAddr, token: &str) -> (Causes, Client) {
    let folder = TempDir::new();
    let (full, deep) = (folder.path().join("full"), folder.path().join("deep"));
    fs::create_dir_all(deep.join("a/b/c/d/e/f/g")).unwrap();
    fs::create_dir(&full).unwrap();
    let none: Option<&str> = None;
    mount(none, &full, Some("tmpfs"), MsFlags::empty(), Some("size=64k")).unwrap();

    // A client that reads nothing of a flood.
    let terminal = desk.engine.spawn(&SpawnOptions::program("yes").reader(None)).unwrap();
    let fields =
        json!({"attach": [{"terminal": terminal.to_u64(), "mode": "lossy", "window": 1 << 20}]});
    let of_client = token.to_owned();
    let (client, welcome) = desk.beside(move || Client::hello(address, &of_client, fields));
    let stalled = HealthPart::Client(ClientId::from_u64(welcome["client"].as_u64().unwrap()));

    // A full disk, and a tree that the inotify watches do not suffice for.
    let saved = watch(&mut desk.engine, &full);
    let HealthPart::Watch(id) = saved else { unreachable!() };
    desk.until("a watch", |engine| engine.watch_state(id).unwrap().ready.then_some(()));
    limit("max_inotify_watches", inotify_watches() + 3);
    let deep = watch(&mut desk.engine, &deep);
    let outcome = fs::write(full.join("tree"), vec![0; 1 << 20]);
    assert_eq!(outcome.as_ref().unwrap_err().raw_os_error(), Some(libc::ENOSPC));
    desk.engine.report_save(id, &outcome).unwrap();

    // An engine that is not there.
    let (gone, missing, secret) = listen("127.0.0.1:0", [9; 32]);
    drop(gone);
    let retry = RetryPolicy::new(Duration::from_millis(1), Duration::from_millis(20)).unwrap();
    let breaker = BreakerOptions::new(3, 1, Duration::from_millis(50)).unwrap();
    // A start takes descriptors and gives them back: not while the page is looked at.
    let patient = BreakerOptions::new(3, 1, Duration::from_secs(4)).unwrap();
    let options = PeerOptions::new(PeerAddress::Tcp(missing), &secret).retry(retry);
    let peer = HealthPart::Peer(desk.engine.connect(&options.breaker(breaker)).unwrap());

    // A program that ends at once, until there is a file.
    let flag = folder.path().join("flag");
    let script = format!("test -e '{}' && exec sleep 1000; exit 1", flag.display());
    let policy = RestartPolicy::always().retry(retry).breaker(patient);
    let policy = policy.stable_after(Duration::from_millis(200)).unwrap();
    let crashing = SpawnOptions::program("/bin/sh").args(["-c", &script]).restart(policy);
    desk.engine.spawn(&crashing).unwrap();

    let listener = HealthPart::Listener(desk.engine.listeners()[0]);
    let causes = Causes { folder, flag, deep, saved, peer, missing, stalled, listener };
    (causes, client)
}

impl Causes {
    /// Whether everything is wrong at once, each for its own reason.
    fn are_named(&self, engine: &Engine) -> bool {
        use HealthReason::{
            BreakerOpen, DiskFull, OutOfDescriptors, OutOfWatches, ProgramCrashes, Stalled,
            Unreachable,
        };
        let reason = |part| engine.health_of(part).unwrap().reason;
        let crashes = engine.health().parts.iter().any(|of| {
            matches!(of.part, HealthPart::Terminal(_))
                && matches!(of.reason, Some(ProgramCrashes | BreakerOpen))
        });
        crashes
            && reason(self.deep) == Some(OutOfWatches)
            && reason(self.saved) == Some(DiskFull)
            && reason(self.listener) == Some(OutOfDescriptors)
            && reason(self.stalled) == Some(Stalled)
            && matches!(reason(self.peer), Some(Unreachable | BreakerOpen))
    }
}

#[test]
fn everything_at_once() {
    if !enter("everything_at_once") {
        return;
    }
    let (engine, address, token) = listen("127.0.0.1:0", [7; 32]);
    let mut desk = Desk { engine, other: None };
    let mut page = Page::open(&mut desk, address, &token);
    let (causes, mut client) = begin(&mut desk, address, &token);

    // The last descriptor is gone, and connections wait.
    let mut waiting = Waiting::start(address);
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let next = fs::File::open("/dev/null").unwrap().as_raw_fd() as u64;
    setrlimit(Resource::RLIMIT_NOFILE, next, hard).unwrap();
    desk.until("each health", |engine| {
        waiting.refill(engine);
        causes.are_named(engine).then_some(())
    });
    assert_eq!(desk.engine.health().status, HealthStatus::Degraded);
    if let Some(page) = &mut page {
        // A part may be another one each moment: what has crashed is started again.
        let lasting = |part: &String| !part.starts_with("terminal");
        let shown = parts(&desk.engine).into_iter().filter(lasting).collect();
        // A start of the program gives descriptors back, and the listener accepts again: it is to stay without.
        page.wait_for(&mut desk, (&shown, "outage"), |engine| waiting.refill(engine));
    }

    // Each cause goes.
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    limit("max_inotify_watches", 1000);
    let HealthPart::Watch(saved) = causes.saved else { unreachable!() };
    desk.engine.report_save(saved, &Ok(())).unwrap();
    fs::write(&causes.flag, "").unwrap();
    // The port may be somebody else's for a moment.
    desk.until("the port of the peer", |_| TcpListener::bind(causes.missing).ok());
    desk.other = Some(listen(&causes.missing.to_string(), [9; 32]).0);
    let reads = thread::spawn(move || while client.closed().is_none() {});
    desk.until("a healthy engine", |engine| {
        (engine.health().status == HealthStatus::Ok).then_some(())
    });
    if let Some(page) = &mut page {
        page.wait_for(&mut desk, (&BTreeSet::new(), "recovered"), |_| ());
    }

    // The flight recorder has it all.
    let record = desk.engine.flight_record();
    for reason in ["out_of_watches", "disk_full", "out_of_descriptors", "stalled"] {
        assert!(record.contains(&format!("reason={reason}")), "{reason}: {record}");
    }
    let HealthPart::Client(id) = causes.stalled else { unreachable!() };
    desk.engine.close_client(id, "enough").unwrap();
    desk.until("the end of the client", |_| reads.is_finished().then_some(()));
    drop((waiting, causes.folder));
}
