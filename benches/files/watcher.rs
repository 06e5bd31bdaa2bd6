//! Watchers as processes: ours and the peers, driven in the same way.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use orchflow::{Config, Engine, Event, WatchEvent, WatchOptions};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    Inotifywait,
    Notify,
    NotifyDebounced,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Ours => "ours",
            Kind::Inotifywait => "inotifywait",
            Kind::Notify => "notify",
            Kind::NotifyDebounced => "notify, debounced",
        }
    }
}

fn notify_peer() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/notify-peer/release/notify-peer")
}

/// What can be measured here.
pub(crate) fn kinds() -> Vec<Kind> {
    let mut kinds = vec![Kind::Ours];
    if Command::new("inotifywait").arg("--help").output().is_ok() {
        kinds.push(Kind::Inotifywait);
    } else {
        println!("inotifywait is not installed (inotify-tools)");
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/notify/Cargo.toml");
    let built = Command::new("cargo")
        .args(["build", "--release", "--quiet", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(notify_peer().ancestors().nth(2).unwrap())
        .status();
    if built.is_ok_and(|status| status.success()) {
        kinds.extend([Kind::Notify, Kind::NotifyDebounced]);
    } else {
        println!("the peer with the notify crate cannot be built");
    }
    kinds
}

/// A watcher that has said that it is ready.
pub(crate) struct Running {
    child: Child,
    /// Seconds from its start.
    pub(crate) ready_after: f64,
    kind: Kind,
    /// Counts the lines of one that prints its events.
    lines: Option<std::thread::JoinHandle<usize>>,
}

impl Running {
    pub(crate) fn start(kind: Kind, root: &Path) -> Self {
        let root = root.to_str().unwrap();
        let mut command = match kind {
            Kind::Ours => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.arg(format!("--watcher={root}"));
                command
            }
            Kind::Inotifywait => {
                let mut command = Command::new("inotifywait");
                // What our own watch asks the kernel for.
                let events = "create,delete,modify,close_write,attrib,move,delete_self,move_self";
                command.args(["-m", "-r", "-e", events, root]);
                command
            }
            Kind::Notify | Kind::NotifyDebounced => {
                let mut command = Command::new(notify_peer());
                command.arg(if kind == Kind::Notify { "plain" } else { "debounced" }).arg(root);
                command
            }
        };
        let start = Instant::now();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = None;
        if kind == Kind::Inotifywait {
            wait_line(child.stderr.as_mut().unwrap(), "established");
            let stdout = child.stdout.take().unwrap();
            lines = Some(std::thread::spawn(move || BufReader::new(stdout).lines().count()));
        } else {
            wait_line(child.stdout.as_mut().unwrap(), "ready");
        }
        Running { child, ready_after: start.elapsed().as_secs_f64(), kind, lines }
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap()
    }

    /// Processor time of all its threads.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        fs::read_dir(format!("/proc/{}/task", self.child.id()))
            .unwrap()
            .map(|task| {
                let stat = fs::read_to_string(task.unwrap().path().join("schedstat"));
                let ns = stat.unwrap_or_default();
                ns.split_whitespace().next().map_or(0.0, |ns| ns.parse::<f64>().unwrap())
            })
            .sum::<f64>()
            / 1e9
    }

    fn status(&self, field: &str) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn memory_peak(&self) -> f64 {
        self.status("VmHWM:") as f64 * 1024.0
    }

    pub(crate) fn memory_now(&self) -> f64 {
        self.status("VmRSS:") as f64 * 1024.0
    }

    /// How often it has been woken.
    pub(crate) fn switches(&self) -> u64 {
        self.status("voluntary_ctxt_switches:")
    }

    /// Waits until it has done nothing for a second.
    pub(crate) fn wait_quiet(&self) {
        let (mut last, mut since) = (self.cpu_seconds(), Instant::now());
        while since.elapsed() < Duration::from_secs(1) {
            std::thread::sleep(Duration::from_millis(50));
            let now = self.cpu_seconds();
            // A debouncer ticks for ever, a little at a time.
            if now - last > 0.002 {
                since = Instant::now();
            }
            last = now;
        }
    }

    /// Ends it; how many events it has reported.
    pub(crate) fn end(mut self) -> usize {
        drop(self.child.stdin.take());
        let mut said = String::new();
        if self.kind == Kind::Inotifywait {
            self.child.kill().unwrap();
        } else {
            self.child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        }
        self.child.wait().unwrap();
        match self.lines.take() {
            Some(lines) => lines.join().unwrap(),
            None => {
                let count = said.lines().find_map(|line| line.strip_prefix("events "));
                count.map_or(0, |count| count.trim().parse().unwrap())
            }
        }
    }
}

fn wait_line(stream: &mut impl Read, mark: &str) {
    let mut said = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&said).contains(mark) {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&said));
        said.push(byte[0]);
    }
}

/// Our own watcher, in a process of its own.
pub(crate) fn be_ours(root: &str) {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd;
    let mut engine = Engine::new(Config::default()).unwrap();
    let watch = engine.add_watch(&WatchOptions::new(root).summary_threshold(0)).unwrap();
    let (mut events, mut ending) = (0, false);
    loop {
        let stdin = std::io::stdin();
        let mut fds = vec![PollFd::new(engine.as_fd(), PollFlags::POLLIN)];
        if !ending {
            fds.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
        }
        poll(&mut fds, PollTimeout::NONE).unwrap();
        let reported = fds.get(1).and_then(PollFd::any) == Some(true);
        if reported {
            ending = true;
            engine.sync_watch(watch, 0).unwrap();
        }
        engine.turn(Some(Duration::ZERO)).unwrap();
        while let Some(event) = engine.next_event().unwrap() {
            match event {
                Event::Watch { event: WatchEvent::Ready { .. }, .. } => println!("ready"),
                Event::Watch { event: WatchEvent::Batch { batch }, .. } => {
                    events += batch.events().len();
                }
                Event::Watch { event: WatchEvent::Synced { .. }, .. } => {
                    println!("events {events}");
                    return;
                }
                _ => {}
            }
        }
    }
}
