//! What ARCHITECTURE.md names exists: files, and methods of the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{report, root, sources};

/// Ends of names that are files of this repository.
const ENDS: &[&str] = &[
    "abi", "c", "cpp", "el", "h", "hpp", "in", "json", "lua", "md", "py", "rec", "rs", "sh", "svg",
    "toml", "txt", "yml",
];

/// Folders at the root that paths begin with.
const FOLDERS: &[&str] = &[
    "benches",
    "bindings",
    "clients",
    "docs",
    "editors",
    "examples",
    "ffi-tests",
    "fuzz",
    "include",
    "packaging",
    "src",
    "tests",
];

/// Files that users and git have, not this repository.
const FOREIGN: &[&str] = &["info/exclude"];

/// What stands between back-quotes, outside of blocks of code, with the line.
fn quoted(text: &str) -> Vec<(usize, &str)> {
    let mut is_block = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            is_block = !is_block;
        } else if !is_block {
            found.extend(line.split('`').skip(1).step_by(2).map(|word| (index + 1, word)));
        }
    }
    found
}

/// Whether a word is a path of this repository.
fn is_path(word: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if word.is_empty() || !word.chars().all(is_plain) || word.starts_with(['/', '.']) {
        return false;
    }
    let begins = word.split_once('/').is_some_and(|(folder, _)| FOLDERS.contains(&folder));
    let ends = Path::new(word).extension().is_some_and(|end| {
        let name = Path::new(word).file_stem();
        name.is_some_and(|name| !name.is_empty()) && ENDS.iter().any(|known| end == *known)
    });
    (begins || ends) && !FOREIGN.contains(&word)
}

/// Why a path does not name one thing: it is in the repository as it is, below `src`, or the end of the path
/// of exactly one file.
fn problem(word: &str, all: &[String]) -> Option<String> {
    if root().join(word).exists() || root().join("src").join(word).exists() {
        return None;
    }
    let end = format!("/{word}");
    match all.iter().filter(|path| path.ends_with(&end)).count() {
        1 => None,
        0 => Some("does not exist".into()),
        n => Some(format!("is the end of {n} paths: name more of it")),
    }
}

fn files_of_folders() -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // What a package manager has put beside the tests is not ours.
                if path.file_name().is_none_or(|name| name != "node_modules" && name != "target") {
                    walk(&path, found);
                }
            } else if let Some(path) = path.strip_prefix(root()).unwrap().to_str() {
                found.push(path.to_string());
            }
        }
    }
    let mut found = Vec::new();
    FOLDERS.iter().for_each(|folder| walk(&root().join(folder), &mut found));
    found
}

/// The last name of a path of code like `Engine::turn`, if a word is one.
fn last_name(word: &str) -> Option<&str> {
    let word = word.split(['(', '<']).next()?;
    let (_, last) = word.rsplit_once("::")?;
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    (word.chars().all(is_name) && !last.is_empty()).then_some(last)
}

#[test]
fn the_architecture_names_what_exists() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let all = files_of_folders();
    let code = sources(&["src", "tests", "benches"]);
    let words: BTreeSet<&str> = code
        .iter()
        .flat_map(|source| &source.lines)
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .collect();
    let mut broken = Vec::new();
    let mut count = 0;
    for (line, word) in quoted(&text) {
        let problem = if is_path(word) {
            problem(word, &all)
        } else if let Some(name) = last_name(word) {
            (!words.contains(name)).then(|| "is not in the code".to_string())
        } else {
            continue;
        };
        count += 1;
        broken.extend(problem.map(|problem| format!("ARCHITECTURE.md:{line}: `{word}` {problem}")));
    }
    assert!(count > 100, "only {count} names were found");
    report(broken, "a document that names files and functions is only of use while they are there");
}

/// The rules themselves, on words made for them.
#[test]
fn paths_are_recognized() {
    assert!(is_path("src/engine") && is_path("terminal/pty.rs") && is_path("tests/judges/"));
    assert!(!is_path("/proc/self/mountinfo") && !is_path(".git/index.lock"));
    assert!(!is_path("exec") && !is_path("info/exclude") && !is_path("cargo run --release"));
    assert_eq!(last_name("Engine::turn"), Some("turn"));
    assert_eq!(last_name("a::b::c()"), Some("c"));
    assert_eq!((last_name("turn"), last_name("a - b::c")), (None, None));
    assert_eq!(quoted("a `b` c `d`\n```\n`e`\n```\n`f`"), [(1, "b"), (1, "d"), (5, "f")]);
    let all = ["src/a/mod.rs", "src/b/mod.rs", "src/a/x.rs"].map(String::from);
    assert_eq!(problem("a/x.rs", &all), None);
    assert!(problem("y.rs", &all).is_some() && problem("mod.rs", &all).is_some());
}
