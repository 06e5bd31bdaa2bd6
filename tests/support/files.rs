//! Files for tests: a directory of its own that goes away, and bytes that look like anything.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::stat::Mode;

/// A fresh directory, removed with everything in it when dropped.
pub(crate) struct TempDir {
    path: PathBuf,
}

impl TempDir {
    pub(crate) fn new() -> Self {
        TempDir::below(Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    /// In memory where that can be had: for very many files.
    pub(crate) fn in_memory() -> Self {
        let memory = Some(Path::new("/dev/shm")).filter(|path| path.is_dir());
        TempDir::below(memory.unwrap_or(Path::new(env!("CARGO_TARGET_TMPDIR"))))
    }

    fn below(base: &Path) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("orchflow-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = base.join(name);
        std::fs::create_dir_all(&path).unwrap();
        TempDir { path: path.canonicalize().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it, as text for a shell script.
    pub(crate) fn file(&self, name: &str) -> String {
        self.path.join(name).to_str().unwrap().to_owned()
    }

    /// Makes a fifo in it.
    pub(crate) fn fifo(&self, name: &str) -> String {
        let path = self.file(name);
        nix::unistd::mkfifo(path.as_str(), Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        path
    }

    /// Writes an executable script.
    pub(crate) fn script(&self, name: &str, text: &str) -> String {
        use std::os::unix::fs::PermissionsExt;
        let path = self.file(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Runs a shell script in a folder.
pub(crate) fn sh(folder: &Path, script: &str) {
    let output = Command::new("sh")
        .args(["-ec", script])
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", "/nowhere")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
}

/// Bytes without a pattern, the same for the same seed (xorshift64).
pub(crate) fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut out = Vec::with_capacity(bytes + 8);
    while out.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(&state.to_le_bytes());
    }
    out.truncate(bytes);
    out
}

/// What a terminal in its usual mode makes of a program's output: each LF becomes CR LF.
pub(crate) fn with_crlf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    for &byte in bytes {
        if byte == b'\n' {
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}

/// The output of `seq 1 n` in a terminal.
pub(crate) fn seq(n: usize) -> Vec<u8> {
    (1..=n).flat_map(|i| format!("{i}\r\n").into_bytes()).collect()
}

/// Fails with the first difference instead of two walls of numbers.
pub(crate) fn assert_same(what: &str, got: &[u8], expected: &[u8]) {
    if got == expected {
        return;
    }
    let at = got.iter().zip(expected).take_while(|(a, b)| a == b).count();
    let part = |bytes: &[u8]| {
        let from = at.saturating_sub(20);
        let to = bytes.len().min(at + 40);
        String::from_utf8_lossy(&bytes[from..to]).into_owned()
    };
    panic!(
        "{what}: {} bytes instead of {}, different at {at}: got {:?}, expected {:?}",
        got.len(),
        expected.len(),
        part(got),
        part(expected)
    );
}
