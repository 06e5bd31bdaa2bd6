//! The peers: what they need is built or installed once, and each is a process of its own while it is
//! measured. One whose library cannot be had is left out, with a line that says so.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const LWS: &str = include_str!("../peers/lws_terminal.c");
const NODE: &str = include_str!("../peers/terminal.mjs");
const UWS: &str = include_str!("../peers/uws_topic.py");

/// What is needed to start each, if it is there.
pub(crate) struct Peers {
    /// The program on libwebsockets.
    pub(crate) lws: Option<PathBuf>,
    /// The directory with `ws` and `node-pty`.
    pub(crate) node: Option<PathBuf>,
    /// The Python that has uWebSockets.
    pub(crate) uws: Option<PathBuf>,
}

impl Peers {
    pub(crate) fn find(directory: &Path) -> Self {
        // Kept from run to run: installing takes a while.
        let installed = Path::new(env!("CARGO_TARGET_TMPDIR"));
        fs::write(directory.join("terminal.mjs"), NODE).unwrap();
        fs::write(directory.join("uws_topic.py"), UWS).unwrap();
        let peers = Peers {
            lws: compile_lws(directory),
            node: install_node(&installed.join("node")),
            uws: install_uws(&installed.join("uws")),
        };
        let missing = [
            (&peers.lws, "libwebsockets (Debian: libwebsockets-dev)"),
            (&peers.node, "ws and node-pty (npm)"),
            (&peers.uws, "uWebSockets (PyPI: socketify)"),
        ];
        for (_, name) in missing.iter().filter(|(found, _)| found.is_none()) {
            println!("skipped: {name} cannot be had here");
        }
        peers
    }
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn compile_lws(directory: &Path) -> Option<PathBuf> {
    let answer = Command::new("pkg-config").args(["--cflags", "--libs", "libwebsockets"]).output();
    let flags =
        String::from_utf8(answer.ok().filter(|answer| answer.status.success())?.stdout).ok()?;
    let (source, program) = (directory.join("lws_terminal.c"), directory.join("lws_terminal"));
    fs::write(&source, LWS).unwrap();
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let mut command = Command::new(compiler);
    command.args(["-std=c11", "-O2", "-o"]).args([&program, &source]);
    command.args(flags.split_whitespace()).arg("-lutil");
    succeeds(&mut command).then_some(program)
}

fn install_node(directory: &Path) -> Option<PathBuf> {
    let is_there = directory.join("node_modules/node-pty").exists();
    if !is_there {
        fs::create_dir_all(directory).unwrap();
        fs::write(directory.join("package.json"), "{}").unwrap();
        let mut command = Command::new("npm");
        command.args(["install", "--no-audit", "--no-fund", "ws@8.23.0", "node-pty@1.1.0"]);
        if !succeeds(command.current_dir(directory)) {
            let _ = fs::remove_dir_all(directory);
            return None;
        }
    }
    Some(directory.to_owned())
}

fn install_uws(directory: &Path) -> Option<PathBuf> {
    let python = directory.join("bin/python");
    let mut check = Command::new(&python);
    if !succeeds(check.args(["-c", "import socketify.native"])) {
        let made = succeeds(Command::new("python3").args(["-m", "venv"]).arg(directory))
            && succeeds(Command::new(&python).args(["-m", "pip", "install", "socketify==0.0.31"]));
        if !made {
            return None;
        }
    }
    Some(python)
}

/// A peer that runs; dropping it ends it.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Running {
    pub(crate) fn lws(program: &Path, commands: &[&str]) -> Self {
        Running::start(Command::new(program).args(commands))
    }

    pub(crate) fn node(modules: &Path, directory: &Path, commands: &[&str]) -> Self {
        let mut command = Command::new("node");
        command.arg(directory.join("terminal.mjs")).args(commands).env("MODULES", modules);
        Running::start(&mut command)
    }

    pub(crate) fn uws(python: &Path, directory: &Path) -> Self {
        Running::start(Command::new(python).arg(directory.join("uws_topic.py")))
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("port=").expect("a peer has no port");
        let address = format!("127.0.0.1:{port}").parse().unwrap();
        Running { child, address }
    }

    /// Seconds that the process has run so far.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let mut clock = 0;
        let pid = self.child.id() as libc::pid_t;
        // SAFETY: the pointer is valid for the clock's id.
        let answer = unsafe { libc::clock_getcpuclockid(pid, &raw mut clock) };
        assert_eq!(answer, 0, "clock_getcpuclockid");
        crate::clock_seconds(clock)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
