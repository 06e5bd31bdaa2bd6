//! One word for one thing: words that this project once used for things that have a name in the field.
//!
//! Each is wrong wherever it stands in code, comments and documents. Words that are right in some places
//! (`facts`, `tell`, `settle`, `hold`) are not listed. The glossary of ARCHITECTURE.md explains the words that
//! are used instead.

use std::fs;
use std::path::{Path, PathBuf};

use super::{report, root};

/// Old words and what to write instead. An upper-case letter counts: `Feed` is a type, `feed` a verb.
const OLD_WORDS: &[(&str, &str)] = &[
    ("told", "reported, sent, distinguished"),
    ("tells", "reports, shows"),
    ("telling", "events, reports"),
    ("Told", "Event, PendingEvent"),
    ("Picked", "PendingEvent"),
    ("coat", "wrapper"),
    ("let in", "authenticated, accepted"),
    ("lets in", "accepts, admits"),
    ("Facts", "metadata"),
    ("News", "event, effect"),
    ("Deed", "Action, Effect"),
    ("deed", "action, effect"),
    ("deeds", "actions, effects"),
    ("Postbox", "Sender"),
    ("Letter", "Envelope"),
    ("Shelf", "Table"),
    ("Purse", "Balance, Budget"),
    ("Membership", "QueueLink"),
    ("Feed", "subscription, fan-out source"),
    ("FeedState", "OutputState"),
    ("NOBODY", "ROOT_PARENT"),
    ("unheard", "no_reader"),
    ("dismantle", "teardown"),
    ("expel", "disconnect"),
    ("turn_away", "reject"),
    ("put_out", "evict"),
    ("pump", "fan-out"),
    ("fence", "sync point"),
    ("fences", "sync points"),
    ("stranger", "unauthenticated connection"),
    ("strangers", "unauthenticated connections"),
    ("worked off", "consumed"),
    ("on their way", "in flight"),
    ("rejudge", "recheck"),
    ("rejudging", "rechecking"),
    ("settle_or_log", "finish_call_or_log"),
    ("serve_starved", "retry_starved"),
    ("is_unheard", "has_no_reader"),
    ("take_telling", "take_event"),
];

/// Where the words must not stand.
const PLACES: &[&str] =
    &["src", "include", "docs", "README.md", "ARCHITECTURE.md", "packaging", "ffi-tests"];

/// Files in which an old word is right, with the reason.
const ALLOWED: &[(&str, &str, &str)] = &[];

/// The glossary fits a page.
const TERMS_MAX: usize = 40;

fn files_below(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_file() {
        return found.push(path.to_path_buf());
    }
    let mut entries: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.iter().for_each(|entry| files_below(entry, found));
}

/// Whether a line has a word, not as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(is_word) && !line[at + word.len()..].starts_with(is_word)
    })
}

/// The rows of the glossary: cells of the table in the last section of ARCHITECTURE.md.
fn glossary(text: &str) -> Vec<Vec<&str>> {
    let (_, section) = text.split_once("\n## Glossary\n").unwrap();
    section
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn old_words_are_not_used() {
    let mut files = Vec::new();
    PLACES.iter().for_each(|place| files_below(&root().join(place), &mut files));
    let mut broken = Vec::new();
    for file in files {
        let path = file.strip_prefix(root()).unwrap().to_str().unwrap();
        // What is no text has no words.
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let mut is_glossary = false;
        for (index, line) in text.lines().enumerate() {
            is_glossary = is_glossary || (path == "ARCHITECTURE.md" && line == "## Glossary");
            // The glossary names the words that it replaces.
            for (old, new) in OLD_WORDS.iter().filter(|_| !is_glossary) {
                let allowed = ALLOWED.iter().any(|(file, word, _)| *file == path && word == old);
                if has_word(line, old) && !allowed {
                    broken.push(format!("{path}:{}: `{old}`, write: {new}", index + 1));
                }
            }
        }
    }
    report(broken, "one word for one thing, and the field's word; see the glossary");
}

#[test]
fn the_glossary_is_short_and_its_old_words_are_held() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows = glossary(&text);
    assert!(!rows.is_empty() && rows.len() <= TERMS_MAX, "{} terms", rows.len());
    let mut broken = Vec::new();
    for row in &rows {
        let [term, meaning, old] = row[..] else {
            broken.push(format!("{row:?}: three columns"));
            continue;
        };
        if term.is_empty() || meaning.is_empty() {
            broken.push(format!("{row:?}: a term and its meaning"));
        }
        for word in old.split(", ").filter(|word| !word.is_empty()) {
            if !OLD_WORDS.iter().any(|(old, _)| *old == word.trim_matches('`')) {
                broken.push(format!("{term}: {word} is not in OLD_WORDS"));
            }
        }
    }
    report(
        broken,
        "each row of the glossary is a term, its meaning, and old words that a test holds",
    );
}

/// The rule itself, on lines made for it.
#[test]
fn words_are_whole_words() {
    assert!(has_word("a client is told why", "told"));
    assert!(has_word("told", "told"));
    assert!(!has_word("it is retold, untold_events", "told"));
    assert!(!has_word("line_feed and feeds", "feed"));
    assert!(has_word("Whom it lets in.", "lets in"));
    let rows = glossary("## x\n\n## Glossary\n\n| a | b | c |\n|---|---|---|\n| x | y | `z` |\n");
    assert_eq!(rows, [["x", "y", "`z`"]]);
}
