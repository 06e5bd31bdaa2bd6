//! The examples of README.md are compiled and run, so that they stay true.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "support/libraries.rs"]
mod libraries;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The code blocks of a language in README.md.
fn blocks(language: &str) -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let opening = format!("```{language}\n");
    readme
        .split(&opening)
        .skip(1)
        .map(|rest| rest.split("\n```").next().unwrap().to_string() + "\n")
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compiles a source against the header and the static library, runs it.
fn compile_and_run(compiler: &str, standard: &str, extension: &str, source: &str) -> Output {
    let library = libraries::directory().join("liborchflow.a");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("readme.{extension}"));
    let program = folder.join(format!("readme-{extension}"));
    fs::write(&file, source).unwrap();
    let built = Command::new(compiler)
        .args([standard, "-Wall", "-Wextra", "-pedantic", "-Werror", "-I"])
        .arg(root().join("include"))
        .arg(&file)
        .arg(library)
        .args(["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-o"])
        .arg(&program)
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Command::new(&program).output().unwrap()
}

#[test]
fn the_c_host() {
    let [source] = &blocks("c")[..] else { panic!("one C example") };
    let output = compile_and_run("cc", "-std=c11", "c", source);
    assert_eq!(output.stdout, b"hello\r\n");
    assert_eq!(output.status.code(), Some(3));
}

/// `c++` comes with the C compiler on most machines; without it the C++ tests of `make test` remain.
#[test]
fn the_cpp_host() {
    let [source] = &blocks("cpp")[..] else { panic!("one C++ example") };
    if Command::new("c++").arg("--version").output().is_err() {
        return;
    }
    let output = compile_and_run("c++", "-std=c++17", "cpp", source);
    assert_eq!(output.stdout, b"1\r\n2\r\n3\r\n");
    assert_eq!(output.status.code(), Some(0));
}

/// The Rust example runs as a doctest of the crate; here only that it is there.
#[test]
fn the_rust_host_is_a_doctest() {
    assert_eq!(blocks("rust").len(), 4);
}
