//! The tree that `watch` saves to a file and reads at the next start.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf, absolute};

use orchflow::{Engine, WatchId, WatchSave};

use crate::args::WatchOptions;
use crate::failure::Failure;

/// The number of changes that are written at once.
const PIECE: usize = 4096;

/// The file to which the tree is saved at the end, if any.
pub(crate) fn target(options: &WatchOptions) -> Option<PathBuf> {
    options.save.as_ref().or(options.since.as_ref()).map(PathBuf::from)
}

/// The saved tree; `None` if there is none.
pub(crate) fn read(options: &WatchOptions) -> Result<Option<Vec<u8>>, Failure> {
    let Some(path) = &options.since else { return Ok(None) };
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(about(Path::new(path), &error)),
    }
}

/// Saves the tree atomically: the file is replaced as a whole or not at all.
pub(crate) fn write(engine: &mut Engine, watch: WatchId, path: &Path) -> Result<(), Failure> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let new = path.with_file_name(name);
    let outcome = write_all(engine, watch, &new)
        .and_then(|()| fs::rename(&new, path).map_err(|error| about(path, &error)));
    if outcome.is_err() {
        // The temporary file is useless, and may not exist.
        let _ = fs::remove_file(&new);
    }
    outcome
}

fn write_all(engine: &mut Engine, watch: WatchId, path: &Path) -> Result<(), Failure> {
    let mut file = fs::File::create(path).map_err(|error| about(path, &error))?;
    let (mut save, mut part) = (WatchSave::default(), Vec::new());
    loop {
        let more = engine.save_watch(watch, &mut save, PIECE, &mut part)?;
        file.write_all(&part).map_err(|error| about(path, &error))?;
        part.clear();
        if !more {
            // A file without its content would be worse than the old one.
            return file.sync_all().map_err(|error| about(path, &error));
        }
    }
}

/// Patterns that ignore these files below a root, since every start changes them.
pub(crate) fn ignored(options: &WatchOptions, roots: &[OsString]) -> Vec<String> {
    let files = [&options.since, &options.save].into_iter().flatten();
    let mut patterns = Vec::new();
    for file in files.filter_map(|file| absolute(file).ok()) {
        let below = roots.iter().filter_map(|root| absolute(root).ok());
        let below = below.filter_map(|root| file.strip_prefix(root).ok().map(Path::to_owned));
        patterns.extend(below.filter_map(|path| pattern(&path)));
    }
    patterns
}

/// The pattern that matches this path relative to the root; `None` if it is not UTF-8.
fn pattern(path: &Path) -> Option<String> {
    let text = std::str::from_utf8(path.as_os_str().as_bytes()).ok()?;
    let mut out = String::from("/");
    for each in text.chars() {
        out.extend("\\*?[]! {}".contains(each).then_some('\\'));
        out.push(each);
    }
    Some(out).filter(|_| !text.is_empty())
}

fn about(path: &Path, error: &io::Error) -> Failure {
    Failure::File(io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_below_a_root_is_left_out() {
        let options =
            WatchOptions { since: Some("src/a [1].tree".into()), ..WatchOptions::default() };
        let roots = |roots: &[&str]| roots.iter().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(ignored(&options, &roots(&["."])), ["/src/a\\ \\[1\\].tree"]);
        assert_eq!(ignored(&options, &roots(&["tests", "src/"])), ["/a\\ \\[1\\].tree"]);
        assert!(ignored(&options, &roots(&["/nowhere"])).is_empty());
    }
}
