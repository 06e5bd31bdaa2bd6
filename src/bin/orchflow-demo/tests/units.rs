//! The units of `packaging/systemd`, as systemd sees them.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::files::TempDir;
use support::has_tool;

/// Tenths of systemd's measure of exposure, of 100 at most: a terminal server cannot be much less exposed, since it runs
/// what its users want.
const EXPOSURE_MAX: &str = "30";

/// The units with the demo that is tested.
fn units(folder: &TempDir) -> [PathBuf; 2] {
    ["orchflow-demo.service", "orchflow-demo.socket"].map(|name| {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../packaging/systemd"));
        let text = fs::read_to_string(path.join(name)).unwrap();
        let demo = env!("CARGO_BIN_EXE_orchflow-demo");
        let unit = folder.path().join(name);
        fs::write(&unit, text.replace("/usr/local/bin/orchflow-demo", demo)).unwrap();
        unit
    })
}

fn analyze(args: &[&str], units: &[PathBuf]) -> Output {
    Command::new("systemd-analyze").args(args).args(units).output().unwrap()
}

#[test]
fn systemd_accepts_the_units() {
    if !has_tool("systemd-analyze") {
        return;
    }
    let folder = TempDir::new();
    let units = units(&folder);
    let output = analyze(&["verify", "--man=no"], &units);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("orchflow"), "{said}");
    let threshold = format!("--threshold={EXPOSURE_MAX}");
    let args = ["security", "--no-pager", "--offline=yes", &threshold];
    let output = analyze(&args, &units[..1]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Every directive that names an option of `serve` names one that exists.
#[test]
fn the_command_of_the_unit_is_understood() {
    let folder = TempDir::new();
    let [service, _] = units(&folder);
    let text = fs::read_to_string(service).unwrap();
    let command = text.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let words = command.replace("%S", "/no/such").replace("%d", "/no/such");
    let mut words = words.split_whitespace().filter(|word| !word.starts_with('$'));
    let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
    // The directory is missing; wrong usage would be 2.
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/orchflow"), "{output:?}");
}
