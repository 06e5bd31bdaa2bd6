//! The C loop: compiled once, run as often as it is measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SOURCE: &str = include_str!("../peers/epoll_loop.c");

/// A directory that goes away with this value.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("orchflow-bench-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        TempDir(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) struct Peer {
    pub(crate) directory: TempDir,
    program: PathBuf,
}

/// What the C loop says of its echoes.
pub(crate) struct PeerEcho {
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// From the moment at which the key was due.
    pub(crate) due_p99_us: f64,
    pub(crate) flood_bytes_per_s: f64,
}

impl Peer {
    pub(crate) fn compile() -> Self {
        let directory = TempDir::new();
        let source = directory.path().join("epoll_loop.c");
        let program = directory.path().join("epoll_loop");
        fs::write(&source, SOURCE).unwrap();
        let compiler = std::env::var("CC").unwrap_or_default();
        let mut words = compiler.split_whitespace();
        let status = Command::new(words.next().unwrap_or("cc"))
            .args(words)
            .args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-o"])
            .args([&program, &source])
            .status()
            .expect("a C compiler is needed for the peer");
        assert!(status.success(), "the peer does not compile");
        Peer { directory, program }
    }

    /// Bytes and seconds of a program's whole output.
    pub(crate) fn throughput(&self, argv: &[&str]) -> (u64, f64) {
        let line = self.run("throughput", argv);
        (field(&line, "bytes") as u64, field(&line, "seconds"))
    }

    pub(crate) fn echo(&self, round_trips: usize, floods: usize) -> PeerEcho {
        let line = self.run("echo", &[&round_trips.to_string(), &floods.to_string()]);
        PeerEcho {
            p50_us: field(&line, "p50_us"),
            p99_us: field(&line, "p99_us"),
            due_p99_us: field(&line, "due_p99_us"),
            flood_bytes_per_s: field(&line, "flood_bytes_per_s"),
        }
    }

    /// Bytes a second of floods while nobody types.
    pub(crate) fn flood(&self, floods: usize) -> f64 {
        field(&self.run("flood", &[&floods.to_string()]), "flood_bytes_per_s")
    }

    fn run(&self, mode: &str, args: &[&str]) -> String {
        let child = Command::new(&self.program)
            .arg(mode)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It ends by itself: it has a watchdog of its own.
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "the C loop failed: {}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }
}

fn field(line: &str, name: &str) -> f64 {
    let pairs = line.split_whitespace().filter_map(|pair| pair.split_once('='));
    let value = pairs.into_iter().find_map(|(key, value)| (key == name).then_some(value));
    value.unwrap_or_else(|| panic!("the C loop gave no {name}: {line}")).parse().unwrap()
}
