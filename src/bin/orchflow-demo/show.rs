//! What `watch` prints: JSON objects or lines of text.

use std::borrow::Cow;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use orchflow::{FileBatch, FileEvent, FileEventKind, FileSummary, FileType};
use serde::{Serialize, Serializer};

use crate::escape::push_escaped;
use crate::host::time_of_day;
use crate::paths::Names;

/// A path as text, or as its bytes if it is not UTF-8.
pub(crate) struct JsonPath<'a>(pub(crate) Cow<'a, Path>);

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
    #[serde(skip_serializing_if = "Option::is_none")]
    time_ms: Option<i64>,
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
pub(crate) fn json_entry(path: Cow<'_, Path>, file_type: FileType, ignored: bool) -> String {
    to_json(&JsonEntry { path: JsonPath(path), r#type: type_name(file_type), ignored })
}

/// A batch as an object; `time_ms` is the time of printing, if requested.
pub(crate) fn json_batch(batch: &FileBatch, names: &Names, time_ms: Option<i64>) -> String {
    let version = batch.version();
    to_json(&JsonBatch {
        time_ms,
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

/// Lines of text. The lines of a batch are a group; blank lines separate groups of several lines.
pub(crate) struct TextForm {
    pub(crate) colours: bool,
    /// The number of lines of the last group, initially 0.
    pub(crate) last_lines: usize,
}

impl TextForm {
    /// A batch; `time_ms` is the time of printing, if requested.
    pub(crate) fn batch(
        &mut self,
        batch: &FileBatch,
        names: &Names,
        time_ms: Option<i64>,
    ) -> Vec<u8> {
        let mut out = Vec::new();
        let lines = batch.events().len() + batch.summaries().len();
        if lines == 0 {
            return out;
        }
        let last_lines = std::mem::replace(&mut self.last_lines, lines);
        if last_lines > 0 && last_lines.max(lines) > 1 {
            out.push(b'\n');
        }
        let time = time_ms.map(time_of_day);
        for event in batch.events() {
            self.push_time(&mut out, time.as_deref());
            self.push_event(&mut out, event, names);
        }
        for summary in batch.summaries() {
            self.push_time(&mut out, time.as_deref());
            self.push_summary(&mut out, summary, names);
        }
        out
    }

    fn push_time(&self, out: &mut Vec<u8>, time: Option<&str>) {
        // Writing to memory cannot fail.
        let _ = match time {
            Some(time) if self.colours => write!(out, "\x1b[2m{time}\x1b[m "),
            Some(time) => write!(out, "{time} "),
            None => Ok(()),
        };
    }

    fn push_event(&self, out: &mut Vec<u8>, event: FileEvent<'_>, names: &Names) {
        let colour = match event.kind {
            FileEventKind::Create => "32",
            FileEventKind::Delete => "31",
            FileEventKind::Rename => "36",
            FileEventKind::Modify => "33",
            FileEventKind::Metadata | FileEventKind::Touch => "2",
        };
        push_word(out, kind_name(event.kind), self.colours.then_some(colour));
        if let Some(from) = event.from {
            push_path(out, &names.show(from));
            out.extend_from_slice(b" -> ");
        }
        push_path(out, &names.show(event.path));
        if event.file_type == FileType::Directory {
            out.push(b'/');
        }
        if event.replaced {
            out.extend_from_slice(b" (replaced)");
        }
        out.push(b'\n');
    }

    fn push_summary(&self, out: &mut Vec<u8>, summary: FileSummary<'_>, names: &Names) {
        push_word(out, "summary", self.colours.then_some("35"));
        push_path(out, &names.show(summary.dir));
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
            let _ = write!(out, " {count} {what}");
        }
        out.push(b'\n');
    }
}

/// An entry of the snapshot as a line of text.
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

/// A path, escaped for a terminal.
fn push_path(out: &mut Vec<u8>, path: &Path) {
    push_escaped(out, path.as_os_str().as_bytes());
}
