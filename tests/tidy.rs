//! The house rules that a compiler does not hold: which room may import which, how long files and
//! functions may be, where `unsafe` and `extern "C"` may stand, that every file says its purpose, which words
//! are not used, and that the architecture document names what exists.
//!
//! Each rule fails with the place, the rule and its reason.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/glossary.rs"]
mod glossary;
#[path = "tidy/inner_floors.rs"]
mod inner_floors;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Floor of each room: a room imports only from floors below, and from itself. Rooms on the same
/// floor do not know each other; the engine is where they meet.
const FLOORS: &[(&str, u32)] = &[
    ("invariant", 0),
    ("error", 0),
    ("id", 1),
    ("limits", 1),
    ("tick", 1),
    ("policy", 2),
    ("observe", 2),
    ("reactor", 2),
    ("terminal", 3),
    ("watch", 3),
    ("state", 3),
    ("sync", 4),
    ("engine", 5),
    ("capi", 6),
    ("bin", 6),
];

/// A file is split by meaning: one that has a single purpose stays whole up to this length. Past it, it
/// has another purpose that deserves a name.
const FILE_LINES_MAX: usize = 800;
/// A function fits a screen.
const FUNCTION_LINES_MAX: usize = 70;

/// Files and functions that may be longer, each with its reason.
const LONGER: &[(&str, &str)] =
    &[("src/sync/server/mod.rs", "the interface of the server: a short method for each call")];

/// Where `unsafe` may stand: system calls without a wrapper, and the C ABI.
const UNSAFE: &[&str] = &[
    "src/capi/",
    "src/terminal/pty.rs",
    "src/terminal/child.rs",
    "src/terminal/spawn.rs",
    "src/watch/disk.rs",
    "src/reactor/mod.rs",
    "src/reactor/process.rs",
    "src/sync/websocket/mapped_buffer.rs",
    "src/sync/codec/memory.rs",
    "src/bin/orchflow-demo/host.rs",
];

struct Source {
    /// From the root of the repository.
    path: String,
    lines: Vec<String>,
}

impl Source {
    /// The room that a file belongs to.
    fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let room = inside.split('/').next()?.trim_end_matches(".rs");
        (room != "lib").then_some(room)
    }

    /// Lines of code with comments and strings of one line blanked, numbered from 1.
    fn code(&self) -> impl Iterator<Item = (usize, String)> + '_ {
        self.lines.iter().enumerate().map(|(index, line)| (index + 1, strip(line)))
    }
}

/// A line without its comment and without what stands in its string literals.
fn strip(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars().peekable();
    let mut in_string = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if in_string => drop(chars.next()),
            // A quote as a character literal opens nothing.
            '\'' if !in_string && chars.peek() == Some(&'"') => drop(chars.next()),
            '"' => in_string = !in_string,
            '/' if !in_string && chars.peek() == Some(&'/') => break,
            c if !in_string => out.push(c),
            _ => {}
        }
    }
    out
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn sources(folders: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut paths);
    }
    assert!(!paths.is_empty());
    paths
        .into_iter()
        .map(|path| Source {
            path: path.strip_prefix(root()).unwrap().to_str().unwrap().into(),
            lines: fs::read_to_string(&path).unwrap().lines().map(String::from).collect(),
        })
        .collect()
}

fn report(broken: Vec<String>, reason: &str) {
    assert!(broken.is_empty(), "{reason}\n  {}", broken.join("\n  "));
}

fn floor(room: &str) -> Option<u32> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// The room of each name that the crate's root re-exports.
fn root_names(lib: &str) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for statement in lib.split(';') {
        let Some(at) = statement.find("pub use ") else { continue };
        let Some((room, list)) = statement[at + "pub use ".len()..].split_once("::") else {
            continue;
        };
        for name in list.trim_matches(|c| "{}\n ".contains(c)).split(',') {
            // `Key as StateKey` is known by its second name.
            let name = name.rsplit(" as ").next().unwrap_or(name);
            names.insert(name.trim().to_string(), room.trim().to_string());
        }
    }
    names
}

/// The first names behind `crate::` in a line; several when it opens a brace.
fn crate_paths(code: &str) -> Vec<String> {
    let ident = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    code.match_indices("crate::")
        .filter(|(at, _)| !code[..*at].ends_with(|c: char| c == '$' || c.is_alphanumeric()))
        .flat_map(|(at, found)| {
            let rest = &code[at + found.len()..];
            match rest.strip_prefix('{') {
                Some(list) => list.split(',').map(|item| ident(item.trim())).collect(),
                None => vec![ident(rest)],
            }
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn rooms_import_only_from_floors_below() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let names = root_names(&lib);
    assert_eq!(names.get("Engine").map(String::as_str), Some("engine"));
    let mut broken = Vec::new();
    for source in sources(&["src"]) {
        let Some(room) = source.room() else { continue };
        let Some(own) = floor(room) else {
            broken.push(format!("{}: room `{room}` has no floor", source.path));
            continue;
        };
        if room == "bin" {
            continue; // A crate of its own, which sees the public interface only.
        }
        for (line, code) in source.code() {
            for name in crate_paths(&code) {
                let target = names.get(&name).unwrap_or(&name);
                let allowed = target == room || floor(target).is_some_and(|floor| floor < own);
                if !allowed {
                    broken.push(format!("{}:{line}: `{room}` imports `{target}`", source.path));
                }
            }
        }
    }
    report(broken, "a room imports only from floors below; rooms of one floor meet in the engine");
}

#[test]
fn files_and_functions_fit_a_head_and_a_screen() {
    let mut broken = Vec::new();
    for source in sources(&["src", "tests", "benches", "examples"]) {
        let excepted = |what: &str| LONGER.iter().any(|(name, _)| *name == what);
        if source.lines.len() > FILE_LINES_MAX && !excepted(&source.path) {
            broken.push(format!("{}: {} lines", source.path, source.lines.len()));
        }
        for (name, line, length) in functions(&source) {
            if length > FUNCTION_LINES_MAX && !excepted(&format!("{}::{name}", source.path)) {
                broken.push(format!("{}:{line}: fn {name} has {length} lines", source.path));
            }
        }
    }
    report(broken, "a file has one purpose (800 lines), a function fits a screen (70 lines)");
}

/// Name, first line and length of each function: up to the brace that closes at its indentation,
/// which rustfmt makes reliable.
fn functions(source: &Source) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    for (index, line) in source.lines.iter().enumerate() {
        let code = strip(line);
        let Some(at) = code.find("fn ") else { continue };
        let opens = code[..at].split_whitespace().all(|word| {
            ["pub", "pub(crate)", "pub(super)", "const", "unsafe", "extern"].contains(&word)
        });
        if !opens {
            continue;
        }
        let name =
            code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let indent = line.len() - line.trim_start().len();
        let end = format!("{}}}", " ".repeat(indent));
        let one_line = code.trim_end().ends_with(['}', ';']);
        let length = if one_line {
            1
        } else {
            source.lines[index..].iter().position(|l| *l == end).map_or(1, |n| n + 1)
        };
        found.push((name, index + 1, length));
    }
    found
}

#[test]
fn unsafe_and_extern_stand_where_they_may() {
    let mut broken = Vec::new();
    for source in sources(&["src"]) {
        for (line, code) in source.code() {
            let words: Vec<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let place = format!("{}:{line}", source.path);
            if words.contains(&"unsafe") && !UNSAFE.iter().any(|ok| source.path.starts_with(ok)) {
                broken.push(format!("{place}: unsafe"));
            }
            if words.contains(&"extern") && !source.path.starts_with("src/capi/") {
                broken.push(format!("{place}: extern"));
            }
        }
    }
    report(broken, "unsafe is for system calls and the C ABI, extern for the C ABI alone");
}

#[test]
fn every_file_opens_with_its_purpose() {
    let broken = sources(&["src", "tests", "benches", "examples"])
        .iter()
        .filter(|source| !source.lines.first().is_some_and(|line| line.starts_with("//! ")))
        .map(|source| source.path.clone())
        .collect();
    report(broken, "a file opens with `//!` and what it is for");
}

#[test]
fn nothing_is_left_unfinished() {
    let mut broken = Vec::new();
    for source in sources(&["src", "tests", "benches", "examples"]) {
        if source.path == "tests/tidy.rs" {
            continue;
        }
        for (index, line) in source.lines.iter().enumerate() {
            if ["todo!", "unimplemented!", "#[ignore", "FIXME", "XXX"]
                .iter()
                .any(|m| line.contains(m))
            {
                broken.push(format!("{}:{}: {}", source.path, index + 1, line.trim()));
            }
        }
    }
    report(broken, "nothing is left for later in the code, no test is switched off");
}

/// The rules themselves, on lines made for them.
#[test]
fn the_rules_see_what_they_should() {
    assert_eq!(strip(r#"let a = "crate::x // {"; // unsafe"#), "let a = ; ");
    assert_eq!(strip(r#"if c == '"' { unsafe_call() }"#), "if c == ' { unsafe_call() }");
    assert_eq!(crate_paths("use crate::{engine::X, limits};"), ["engine", "limits"]);
    assert_eq!(crate_paths("use crate::reactor::Y;"), ["reactor"]);
    assert!(floor("terminal") < floor("engine"));
}
