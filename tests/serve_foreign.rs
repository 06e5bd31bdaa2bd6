//! Clients in other languages, written from `docs/PROTOCOL.md` alone: `tests/foreign`.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;

use std::path::{Path, PathBuf};
use std::process::Command;

use client::Client;
use orchflow::Config;
use serde_json::json;
use serving::Serving;

const VECTORS: &str = "tests/vectors/messages.json";

/// A file of what `tests/tools.sh` installs. Where all of it has to be there (`make test`), one that is
/// missing is a failure.
fn installed(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let strict = std::env::var_os("ORCHFLOW_TOOLS_STRICT").is_some_and(|value| value == "1");
    assert!(path.exists() || !strict, "{} is missing: tests/tools.sh installs it", path.display());
    path.exists().then_some(path)
}

/// Runs a client against a server with one terminal that has a screen and one that has none.
fn run(program: &Path, script: &str) {
    let serving = Serving::start(Config::default());
    let plain = serving.spawn(&["cat"], false);
    let drawn = serving.spawn(&["sh", "-c", "echo needle; exec cat"], true);
    let fields = json!({"attach": [{"terminal": drawn, "start": "oldest"}]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    client.read_until(drawn, b"needle\r\n");
    assert_ne!(plain, drawn);
    let output = Command::new(program)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PYTHONPATH", "clients/python/src")
        .args([script, VECTORS, &serving.address.to_string(), &serving.token])
        .output()
        .unwrap();
    let texts = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{script}: {}\n{}{}", output.status, texts[0], texts[1]);
}

#[test]
fn a_client_in_python() {
    if let Some(python) = installed("target/foreign/python/bin/python3") {
        run(&python, "tests/foreign/client.py");
    }
}

#[test]
fn a_client_in_javascript() {
    if installed("clients/js/node_modules/ws/package.json").is_some() {
        run(Path::new("node"), "tests/foreign/client.mjs");
    }
}
