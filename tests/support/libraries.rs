//! The shared and the static library, which `cargo test` does not build by itself.
//!
//! They land beside the test, in the directory of its profile. Where each test is a process of its own, the
//! first one builds and the others find what it wrote down.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use nix::fcntl::{Flock, FlockArg};

/// The directory with `liborchflow.so` and `liborchflow.a`, built from the sources of this test.
pub(crate) fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(find_or_build)
}

fn find_or_build() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let beside = test.parent().unwrap().parent().unwrap();
    let profile = beside.file_name().unwrap().to_str().unwrap();
    let notes = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("libraries-{profile}"));
    let notes = File::options().read(true).write(true).create(true).truncate(false).open(notes);
    let Ok(mut notes) = Flock::lock(notes.unwrap(), FlockArg::LockExclusive) else {
        panic!("no lock")
    };
    // The test is linked anew whenever the library has changed.
    let built_for = format!("{} {:?}\n", test.display(), test.metadata().unwrap().modified());
    let mut noted = String::new();
    notes.read_to_string(&mut noted).unwrap();
    let known = noted.strip_prefix(&built_for).map(PathBuf::from);
    if let Some(known) = known.filter(|folder| folder.join("liborchflow.so").exists()) {
        return known;
    }
    let built = build(beside, if profile == "debug" { "dev" } else { profile });
    notes.rewind().unwrap();
    notes.set_len(0).unwrap();
    write!(notes, "{built_for}{}", built.display()).unwrap();
    built
}

fn build(beside: &Path, profile: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/libraries.sh"));
    command.arg(profile).arg("--target-dir").arg(target);
    // With `--target` there is one more directory between.
    let triple = beside.parent().filter(|folder| *folder != target).and_then(Path::file_name);
    triple.map(|triple| command.arg("--target").arg(triple));
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "packaging/libraries.sh: {error}");
    let folder = String::from_utf8(output.stdout).unwrap();
    fs::canonicalize(folder.trim_end()).unwrap()
}
