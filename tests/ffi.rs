//! The C tests of `ffi-tests/`, compiled with `cc` as C11 and run against the shared library, so that
//! `cargo test` covers the C interface with nothing but a C compiler.
//!
//! `ffi-tests/run.sh` does more: every compiler and language version, C++, the host loops of libuv and
//! GLib, sanitizers, valgrind, exported symbols.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "support/libraries.rs"]
mod libraries;

use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// C tests that need a library which may be missing; only `run.sh` runs them.
const ELSEWHERE: &[&str] = &["loop_glib", "loop_libuv"];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ffi-tests")
}

/// An empty folder for a test, with the shared library under the names that a linker and a loader look
/// for.
fn folder_with_library(name: &str) -> PathBuf {
    let built = libraries::directory().join("liborchflow.so");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ffi").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for library in ["liborchflow.so", "liborchflow.so.0"] {
        symlink(&built, folder.join(library)).unwrap();
    }
    folder
}

/// Runs a command to its end; what it printed is the message of a failure.
fn check(what: &str, command: &mut Command) {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{what}: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{what}: {}\n{said}", output.status);
}

/// Compiles and runs one C test.
fn run(name: &str) {
    let folder = folder_with_library(name);
    let program = folder.join(name);
    let mut compile = Command::new("cc");
    compile.args(["-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-pthread"]);
    compile.arg("-I").arg(sources().with_file_name("include")).arg("-I").arg(sources());
    compile.arg(sources().join(name).with_extension("c")).arg("-o").arg(&program);
    // This one opens the library itself.
    if name != "dlopen" {
        compile.arg("-L").arg(&folder).arg("-lorchflow");
    }
    check("cc", compile.arg("-ldl"));
    let mut test = Command::new(program);
    test.env("LD_LIBRARY_PATH", folder);
    if cfg!(debug_assertions) {
        test.env("ORCHFLOW_DEBUG_LIBRARY", "1");
    }
    check(name, &mut test);
}

macro_rules! c_tests {
    ($($name:ident),* $(,)?) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                run(stringify!($name));
            }
        )*
    };
}

c_tests!(
    adopt,
    adopt_failure,
    bad_arguments,
    bad_senders,
    batch,
    borrowed,
    borrowed_text,
    closed_stdio,
    closes_its_tty,
    commands,
    destroy,
    dlopen,
    element_sizes,
    fd_leak,
    forked,
    forked_same_pid,
    guest,
    header_twice,
    health,
    inbox_weight,
    input,
    interrupted,
    layout,
    layout_metrics,
    layout_peer,
    layout_state,
    layout_watch,
    lifecycle,
    list,
    loop_epoll,
    loop_own,
    loop_poll,
    loop_select,
    lossy_small_log,
    memory,
    metrics,
    no_fds,
    old_host,
    pages,
    peer,
    peer_arguments,
    peer_borrowed,
    peer_notices,
    peer_read,
    peer_rows,
    program_signals,
    readers,
    recovery,
    review,
    run_program,
    screen,
    screen_arguments,
    screen_borrowed,
    screen_facts,
    screen_lines,
    screen_search,
    screen_snapshot,
    screen_viewer,
    senders,
    serve,
    serve_arguments,
    shutdown,
    sigpipe,
    silent,
    spawn_many,
    stale_ids,
    state,
    state_arguments,
    state_borrowed,
    state_changes,
    states,
    struct_sizes,
    thread_end,
    turns,
    two_engines,
    watch,
    watch_arguments,
    watch_borrowed,
    watch_filters,
    watch_problems,
    wrong_thread,
);

#[test]
fn every_c_test_is_listed() {
    let mut found: Vec<String> = std::fs::read_dir(sources())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension() == Some(OsStr::new("c")))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| !ELSEWHERE.contains(&name.as_str()))
        .collect();
    found.sort();
    assert_eq!(found, NAMES);
}
