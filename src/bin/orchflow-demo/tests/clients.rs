//! The clients of this repository, `clients/`: each has tests of its own, which use the demo as their server.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

use std::path::{Path, PathBuf};
use std::process::Command;

const DEMO: &str = env!("CARGO_BIN_EXE_orchflow-demo");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");

/// A file of what `tests/tools.sh` installs. Where all of it has to be there (`make test`), one that is
/// missing is a failure.
fn installed(path: &str) -> Option<PathBuf> {
    let path = Path::new(ROOT).join(path);
    let strict = std::env::var_os("ORCHFLOW_TOOLS_STRICT").is_some_and(|value| value == "1");
    assert!(path.exists() || !strict, "{} is missing: tests/tools.sh installs it", path.display());
    path.exists().then_some(path)
}

/// Runs the tests of a client in its folder.
fn run(command: &mut Command, folder: &str) {
    let output = command
        .current_dir(Path::new(ROOT).join(folder))
        .env("ORCHFLOW_DEMO", DEMO)
        // Not what a server around these tests has set for its programs.
        .env_remove("ORCHFLOW")
        .env_remove("ORCHFLOW_TOKEN")
        .output()
        .unwrap();
    let texts = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{}\n{}{}", output.status, texts[0], texts[1]);
}

#[test]
fn javascript() {
    let needed = ["ws", "typescript", "playwright-core"];
    let is_installed =
        |name: &&str| installed(&format!("clients/js/node_modules/{name}/package.json")).is_some();
    if needed.iter().all(is_installed) {
        let folder = Path::new(ROOT).join("clients/js");
        let names =
            std::fs::read_dir(folder.join("test")).unwrap().map(|entry| entry.unwrap().path());
        let files = names.filter(|path| path.to_string_lossy().ends_with(".test.mjs"));
        run(Command::new("node").arg("--test").args(files), "clients/js");
    }
}

#[test]
fn python() {
    if let Some(python) = installed("target/foreign/python/bin/python3") {
        let mut command = Command::new(python);
        command.args(["-m", "unittest", "discover", "-s", "tests"]);
        // The sources, not what was installed at some time.
        run(command.env("PYTHONPATH", "src"), "clients/python");
    }
}
