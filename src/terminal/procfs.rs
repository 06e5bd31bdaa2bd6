//! What /proc tells about a process. Read only when a state query asks for it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// The name of a process, at most 15 bytes (`comm`).
pub(crate) fn name(pid: i32) -> Option<OsString> {
    let mut name = std::fs::read(format!("/proc/{pid}/comm")).ok()?;
    if name.last() == Some(&b'\n') {
        name.pop();
    }
    Some(OsString::from_vec(name))
}

/// The working directory of a process.
pub(crate) fn cwd(pid: i32) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/cwd")).ok()
}
