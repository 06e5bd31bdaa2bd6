//! A process of its own in namespaces of its own, where limits can be lowered and file systems be mounted
//! without harm to others.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::fcntl::{OFlag, open};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::Mode;
use nix::unistd::{getegid, geteuid, write};

const INSIDE: &str = "ORCHFLOW_TEST_NAMESPACE";

/// Whether this is that process. If not, runs the test of this name in one and passes its failure on; the
/// caller returns then.
pub(crate) fn enter(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let uid_map = format!("0 {} 1", geteuid());
    let gid_map = format!("0 {} 1", getegid());
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(INSIDE, "1");
    let prepare = move || {
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
        put(c"/proc/self/setgroups", b"deny")?;
        put(c"/proc/self/uid_map", uid_map.as_bytes())?;
        put(c"/proc/self/gid_map", gid_map.as_bytes())
    };
    // SAFETY: between fork and exec it makes system calls only; its texts were made before.
    unsafe { command.pre_exec(prepare) };
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
            // A system that gives namespaces to nobody; where all tests have to run, that is a failure.
            let strict = std::env::var_os("ORCHFLOW_TOOLS_STRICT").is_some_and(|v| v == "1");
            assert!(!strict, "no user namespaces here");
            return false;
        }
        Err(error) => panic!("{error}"),
    };
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
    assert!(String::from_utf8_lossy(&said).contains("1 passed"), "{test} is no test");
    false
}

fn put(path: &std::ffi::CStr, text: &[u8]) -> io::Result<()> {
    let file = open(path, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())?;
    write(&file, text)?;
    Ok(())
}

/// Lowers a limit of the users of this namespace.
pub(crate) fn limit(name: &str, value: usize) {
    std::fs::write(format!("/proc/sys/user/{name}"), value.to_string()).unwrap();
}
