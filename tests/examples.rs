//! The examples run and print what they should: those of `examples/`, and the host in C of README.md.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "support/libraries.rs"]
mod libraries;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compiles a host against the header and the static library.
fn compile(compiler: &str, standard: &str, source: &Path) -> PathBuf {
    let library = libraries::directory().join("liborchflow.a");
    let name = source.file_name().unwrap().to_str().unwrap().replace('.', "-");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let built = Command::new(compiler)
        .args([standard, "-Wall", "-Wextra", "-pedantic", "-Werror", "-I"])
        .arg(root().join("include"))
        .arg(source)
        .arg(library)
        .args(["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-o"])
        .arg(&program)
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    program
}

#[test]
fn the_c_host_of_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```c\n").unwrap();
    let (block, rest) = rest.split_once("```\n").unwrap();
    assert!(!rest.contains("```c\n"), "one C example");
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme.c");
    fs::write(&source, block).unwrap();
    let output = Command::new(compile("cc", "-std=c11", &source)).output().unwrap();
    assert_eq!(output.stdout, b"hello\r\n");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn the_c_host() {
    let host = compile("cc", "-std=c11", &root().join("examples/c/poll_host.c"));
    let script = "read name; echo hello $name; exit 3";
    let mut host = Command::new(host);
    host.args(["sh", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut host = host.spawn().unwrap();
    host.stdin.take().unwrap().write_all(b"you\n").unwrap();
    let output = host.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"you\r\nhello you\r\n");
    assert_eq!(output.status.code(), Some(3));
}

/// `c++` comes with the C compiler on most machines; without it the C++ tests of `make test` remain.
#[test]
fn the_cpp_host() {
    if Command::new("c++").arg("--version").output().is_err() {
        return;
    }
    let host = compile("c++", "-std=c++17", &root().join("examples/cpp/host.cpp"));
    let output = Command::new(host).args(["echo hello", "exit 7"]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("$ echo hello\nhello\r\n"), "{printed}");
    assert!(printed.contains("$ exit 7\n(failed: 7)\n"), "{printed}");
    assert_eq!(output.status.code(), Some(1));
}

/// Cargo puts examples beside the folder of this test.
fn example(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    this.parent().unwrap().with_file_name("examples").join(name)
}

fn check(name: &str, expected: &str) {
    let output = Command::new(example(name)).stdin(Stdio::null()).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(printed, expected, "{name}");
}

#[test]
fn spawn() {
    // One read may bring several lines, so only what they are together is certain.
    let output = Command::new(example("spawn")).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let (lines, status) = printed.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(status, "Code(0)");
    let text: String = lines.lines().map(|line| line.trim().split_once('"').unwrap().1).collect();
    assert_eq!(text.replace('"', ""), r"1\r\n2\r\n3\r\n");
    assert!(lines.trim_start().starts_with("0  "), "{lines}");
}

#[test]
fn viewer() {
    let output = Command::new(example("viewer")).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("bold: \"bold\"\nplain: \" and plain\"\n"), "{printed}");
    assert!(printed.ends_with("Some(\"bold and plain\")\n"), "{printed}");
}

#[test]
fn resume() {
    check("resume", "before: \"one\\r\\n\"\nafter: \"\\r\\ntwo\\r\\n\"\n");
}

#[test]
fn watch() {
    check("watch", "[\"\", \"src\", \"src/new\"]\n");
}

#[test]
fn state() {
    let output = Command::new(example("state")).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].contains("at version 2"), "{printed}");
    assert_eq!(lines[1], "1 entry at version 2");
}

#[test]
fn serve() {
    let mut command = Command::new(example("serve"));
    let mut program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut printed = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut printed).unwrap();
    let (host, _) = printed.strip_prefix("http://").unwrap().split_once("/#token=").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("An engine is here"), "{page}");
    drop(program.stdin.take());
    assert!(program.wait().unwrap().success());
}

#[test]
fn peer() {
    check("peer", "running: true\n\"hello\"\n");
}

#[test]
fn senders() {
    check("senders", "[1, 2, 3]\n");
}
