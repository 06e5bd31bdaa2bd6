//! What `watch` prints: JSON, an object a line, or lines for a person.

use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use orchflow::{FileBatch, FileEvent, FileEventKind, FileSummary, FileType};
use serde::{Serialize, Serializer};

/// What paths are shown as.
pub(crate) struct Names {
    /// What they are relative to, if to anything.
    base: Option<PathBuf>,
}

impl Names {
    /// Relative paths are relative to the root, where there are several to the current directory.
    pub(crate) fn new(is_relative: bool, roots: &[PathBuf]) -> Self {
        let base = match roots {
            _ if !is_relative => None,
            // A file has no paths below it.
            [root] if root.is_dir() => Some(root.clone()),
            _ => std::env::current_dir().ok(),
        };
        Names { base }
    }

    pub(crate) fn show<'a>(&self, path: &'a Path) -> &'a Path {
        let rest = self.base.as_ref().and_then(|base| path.strip_prefix(base).ok());
        match rest {
            Some(rest) if rest.as_os_str().is_empty() => Path::new("."),
            Some(rest) => rest,
            None => path,
        }
    }
}

/// A path: text, or its bytes where it is none.
#[derive(Clone, Copy)]
pub(crate) struct JsonPath<'a>(pub(crate) &'a Path);

impl Serialize for JsonPath<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Bytes {
            bytes: String,
        }
        match self.0.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => {
                let bytes = BASE64_STANDARD.encode(self.0.as_os_str().as_bytes());
                Bytes { bytes }.serialize(serializer)
            }
        }
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Serialize)]
struct JsonEntry<'a> {
    path: JsonPath<'a>,
    r#type: &'static str,
    #[serde(skip_serializing_if = "is_false")]
    ignored: bool,
}

#[derive(Serialize)]
struct JsonEvent<'a> {
    kind: &'static str,
    path: JsonPath<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<JsonPath<'a>>,
    r#type: &'static str,
    #[serde(skip_serializing_if = "is_false")]
    replaced: bool,
    #[serde(skip_serializing_if = "is_false")]
    ignored: bool,
}

#[derive(Serialize)]
struct JsonSummary<'a> {
    dir: JsonPath<'a>,
    created: usize,
    modified: usize,
    deleted: usize,
    renamed: usize,
    recursive: bool,
}

#[derive(Serialize)]
struct JsonBatch<'a> {
    version: [u64; 2],
    complete: bool,
    events: Vec<JsonEvent<'a>>,
    summaries: Vec<JsonSummary<'a>>,
}

pub(crate) fn type_name(file_type: FileType) -> &'static str {
    match file_type {
        FileType::File => "file",
        FileType::Directory => "dir",
        FileType::Symlink => "symlink",
        FileType::Other => "other",
    }
}

fn kind_name(kind: FileEventKind) -> &'static str {
    match kind {
        FileEventKind::Create => "create",
        FileEventKind::Modify => "modify",
        FileEventKind::Metadata => "metadata",
        FileEventKind::Touch => "touch",
        FileEventKind::Delete => "delete",
        FileEventKind::Rename => "rename",
    }
}

/// An entry of the snapshot.
pub(crate) fn json_entry(path: &Path, file_type: FileType, ignored: bool) -> String {
    to_json(&JsonEntry { path: JsonPath(path), r#type: type_name(file_type), ignored })
}

pub(crate) fn json_batch(batch: &FileBatch, names: &Names) -> String {
    let version = batch.version();
    to_json(&JsonBatch {
        version: [version.epoch, version.n],
        complete: batch.is_complete(),
        events: batch.events().map(|event| json_event(event, names)).collect(),
        summaries: batch.summaries().map(|summary| json_summary(summary, names)).collect(),
    })
}

fn json_event<'a>(event: FileEvent<'a>, names: &Names) -> JsonEvent<'a> {
    JsonEvent {
        kind: kind_name(event.kind),
        path: JsonPath(names.show(event.path)),
        from: event.from.map(|from| JsonPath(names.show(from))),
        r#type: type_name(event.file_type),
        replaced: event.replaced,
        ignored: event.ignored,
    }
}

fn json_summary<'a>(summary: FileSummary<'a>, names: &Names) -> JsonSummary<'a> {
    JsonSummary {
        dir: JsonPath(names.show(summary.dir)),
        created: summary.created,
        modified: summary.modified,
        deleted: summary.deleted,
        renamed: summary.renamed,
        recursive: summary.recursive,
    }
}

pub(crate) fn to_json(value: &impl Serialize) -> String {
    // Strings and numbers in structs cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// A batch as lines for a person.
pub(crate) fn text_batch(batch: &FileBatch, names: &Names, colours: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for event in batch.events() {
        let colour = match event.kind {
            FileEventKind::Create => "32",
            FileEventKind::Delete => "31",
            FileEventKind::Rename => "36",
            FileEventKind::Modify => "33",
            FileEventKind::Metadata | FileEventKind::Touch => "2",
        };
        push_word(&mut out, kind_name(event.kind), colours.then_some(colour));
        if let Some(from) = event.from {
            push_path(&mut out, names.show(from));
            out.extend_from_slice(b" -> ");
        }
        push_path(&mut out, names.show(event.path));
        if event.file_type == FileType::Directory {
            out.push(b'/');
        }
        if event.replaced {
            out.extend_from_slice(b" (replaced)");
        }
        out.push(b'\n');
    }
    for summary in batch.summaries() {
        push_word(&mut out, "summary", colours.then_some("35"));
        push_path(&mut out, names.show(summary.dir));
        out.extend_from_slice(if summary.recursive { b"/**:" } else { b"/*:" });
        let counts = [
            (summary.created, "created"),
            (summary.modified, "modified"),
            (summary.deleted, "deleted"),
            (summary.renamed, "renamed"),
        ];
        if counts.iter().all(|(count, _)| *count == 0) {
            out.extend_from_slice(b" entries were renamed out of it");
        }
        for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
            // Writing to memory cannot fail.
            let _ = write!(out, " {count} {what}");
        }
        out.push(b'\n');
    }
    out
}

/// An entry of the snapshot as a line for a person.
pub(crate) fn text_entry(path: &Path, file_type: FileType) -> Vec<u8> {
    let mut out = Vec::new();
    push_word(&mut out, type_name(file_type), None);
    push_path(&mut out, path);
    out.push(b'\n');
    out
}

fn push_word(out: &mut Vec<u8>, word: &str, colour: Option<&str>) {
    let _ = match colour {
        Some(colour) => write!(out, "\x1b[{colour}m{word:<9}\x1b[m"),
        None => write!(out, "{word:<9}"),
    };
}

/// A path for a terminal.
fn push_path(out: &mut Vec<u8>, path: &Path) {
    push_bytes(out, path.as_os_str().as_bytes());
}

/// A name for a terminal: control characters in it do not reach it.
pub(crate) fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            0..=0x1f | 0x7f => drop(write!(out, "\\x{byte:02x}")),
            byte => out.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_to_the_root_or_to_where_we_are() {
        let here = std::env::current_dir().unwrap();
        let inner = here.join("src");
        let one = Names::new(true, std::slice::from_ref(&inner));
        assert_eq!(one.show(&inner.join("a/b")), Path::new("a/b"));
        assert_eq!(one.show(&inner), Path::new("."));
        let several = Names::new(true, &[inner.clone(), "/usr".into()]);
        assert_eq!(several.show(&inner.join("a")), Path::new("src/a"));
        assert_eq!(several.show(Path::new("/usr/a")), Path::new("/usr/a"));
        let file = Names::new(true, &[here.join("Cargo.toml")]);
        assert_eq!(file.show(&here.join("Cargo.toml")), Path::new("Cargo.toml"));
        let absolute = Names::new(false, std::slice::from_ref(&inner));
        assert_eq!(absolute.show(&inner.join("a")), inner.join("a"));
    }
}
