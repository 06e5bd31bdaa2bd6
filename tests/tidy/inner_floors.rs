//! Floors inside a subsystem: a room, which is a file or folder in the subsystem's folder, imports only
//! from rooms on floors below.
//!
//! `mod.rs`, or the file beside the folder, is the room `mod`. It is on top of the others unless its floor is named; what it re-exports
//! counts as a name of the room that it comes from. Test modules are not checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::{Source, report, root, sources, strip};

/// A subsystem, and the floor of each of its rooms.
type Floors = (&'static str, &'static [(&'static str, u32)]);

#[rustfmt::skip]
const REACTOR: Floors = (
    "reactor",
    &[("clock", 0), ("inbox", 0), ("key", 0), ("process", 0), ("ready", 0), ("self_wake", 0), ("timers", 0)],
);

#[rustfmt::skip]
const OBSERVE: Floors = (
    "observe",
    &[
        ("distribution", 0), ("health", 0), ("histogram", 0), ("kinds", 0),
        ("buckets", 1), ("percentiles", 1), ("turns", 2), ("metrics", 3), ("flight", 3), ("table", 4), ("notes", 4),
        ("text", 5),
    ],
);

#[rustfmt::skip]
const SERVER: Floors = (
    "sync/server",
    &[
        ("figures", 0), ("incoming", 0), ("reports", 0), ("pacer", 0), ("size", 0),
        ("options", 1), ("attachment", 1), ("notice_subscription", 1), ("state_subscription", 1),
        ("pages", 2),
        ("client", 3), ("listener", 3),
        ("admission", 4), ("decode", 4), ("timers", 4), ("work", 4),
        ("unfinished", 5),
        ("clients", 6),
        ("fanout", 7), ("handshake", 7), ("metrics", 7), ("notices", 7), ("observers", 7),
        ("state_sync", 7),
        ("reader", 8),
    ],
);

#[rustfmt::skip]
const TERMINAL: Floors = (
    "terminal",
    &[
        ("echo_wait", 0), ("eof", 0), ("figures", 0), ("key", 0), ("line", 0), ("outbox", 0), ("paste", 0),
        ("procfs", 0), ("restart_report", 0), ("size", 0), ("child", 1), ("input", 1), ("resize", 1),
        ("screen", 1), ("options", 2), ("viewport", 2), ("environment", 3), ("event", 3), ("series", 3),
        ("output", 3), ("pty", 3), ("mod", 4), ("spawn", 4), ("close", 5), ("consumers", 5), ("reading", 5),
        ("sending_eof", 5), ("state", 5), ("viewers", 5), ("table", 6), ("batch", 7), ("foreground", 7),
        ("metrics", 7), ("health", 7), ("exit_poll", 7), ("memory", 7), ("next_event", 7), ("notices", 7),
        ("restarting", 7), ("screen_calls", 7), ("starvation", 7), ("subscription", 7), ("typing", 7),
    ],
);

/// The floor of each room of a subsystem. A subsystem without a table is not checked.
const INNER_FLOORS: &[Floors] = &[
    REACTOR,
    OBSERVE,
    TERMINAL,
    ("terminal/output", &[("flow", 0), ("log", 0), ("view", 0), ("consumer", 1), ("reader", 2)]),
    (
        "terminal/screen",
        &[
            ("clipboard", 0),
            ("parser", 0),
            ("position", 0),
            ("style", 0),
            ("text", 0),
            ("cells", 1),
            ("metadata", 1),
            ("options", 1),
            ("event", 2),
            ("history", 2),
            ("notice", 3),
            ("notice_queue", 4),
            ("palette", 2),
            ("grid", 3),
            ("rows", 4),
            ("update", 5),
            ("emulator", 6),
            ("mod", 7),
            ("around", 8),
            ("contents", 8),
            ("search", 8),
        ],
    ),
    ("terminal/screen/cells", &[("cell", 0), ("table", 0), ("width", 0), ("tables", 1)]),
    (
        "terminal/screen/history",
        &[
            ("pack", 0),
            ("runs", 0),
            ("block", 1),
            ("mod", 2),
            ("line", 3),
            ("rows", 4),
            ("scan", 4),
        ],
    ),
    (
        "terminal/screen/search",
        &[("line", 0), ("mod", 0), ("program", 0), ("pattern", 1), ("finder", 2), ("cursor", 3)],
    ),
    (
        "terminal/screen/parser",
        &[("params", 0), ("scan", 0), ("utf8", 0), ("actions", 1), ("mod", 1), ("strings", 2)],
    ),
    (
        "watch",
        &[
            ("git", 0),
            ("index", 0),
            ("key", 0),
            ("mounts", 0),
            ("path_trie", 0),
            ("root_paths", 1),
            ("tree", 1),
            ("batch", 2),
            ("disk", 2),
            ("filter", 2),
            ("figures", 0),
            ("merge", 2),
            ("dirty", 3),
            ("event", 3),
            ("kernel", 3),
            ("moves", 3),
            ("name_lookup", 3),
            ("repository", 3),
            ("summary", 3),
            ("options", 4),
            ("saved", 5),
            ("stages", 6),
            ("mod", 7),
            ("due_names", 8),
            ("git_lock", 8),
            ("kernel_events", 8),
            ("memory", 8),
            ("path_resolution", 8),
            ("polling", 8),
            ("reconcile", 8),
            ("renames", 8),
            ("reports", 8),
            ("resume", 8),
            ("roots", 8),
            ("rule_loading", 8),
            ("rule_sources", 8),
            ("scan", 8),
            ("subtree_removal", 8),
            ("sync_points", 8),
            ("table", 8),
            ("metrics", 9),
            ("tracked_names", 8),
            ("unlinked", 8),
            ("unreadable", 8),
            ("work", 8),
        ],
    ),
    (
        "watch/stages",
        &[
            ("git_lock", 0),
            ("polling", 0),
            ("reconcile", 0),
            ("renames", 0),
            ("resume", 0),
            ("roots", 0),
            ("rule_sources", 0),
            ("subtree_removal", 0),
            ("sync_points", 0),
            ("tracked_names", 0),
            ("unlinked", 0),
            ("unreadable", 0),
            ("due_names", 1),
            ("rule_loading", 1),
            ("scan", 2),
        ],
    ),
    (
        "watch/tree",
        &[("entry", 0), ("node", 1), ("pages", 2), ("mod", 3), ("history", 4), ("links", 4)],
    ),
    (
        "watch/git",
        &[("mod", 0), ("parts", 0), ("tracked", 0), ("wildmatch", 0), ("config", 1), ("rules", 1)],
    ),
    ("watch/saved", &[("mod", 0), ("reader", 1), ("writer", 1)]),
    ("watch/summary", &[("paths", 0)]),
    (
        "engine",
        &[
            ("client_work", 0),
            ("event", 0),
            ("health_record", 0),
            ("observation", 0),
            ("sender", 0),
            ("stages", 0),
            ("notice_queue", 1),
            ("mod", 2),
            ("commands", 3),
            ("dump", 3),
            ("files", 3),
            ("health", 3),
            ("memory", 3),
            ("metrics", 3),
            ("observers", 3),
            ("next_event", 3),
            ("peers", 3),
            ("reports", 3),
            ("rows", 3),
            ("searches", 3),
            ("serving", 3),
            ("state", 3),
            ("terminals", 3),
            ("turn", 3),
            ("watches", 3),
            ("requests", 4),
            ("batches", 5),
            ("notices", 5),
        ],
    ),
    (
        "terminal/screen/grid",
        &[
            ("geometry", 0),
            ("mark_list", 0),
            ("rendition_cache", 0),
            ("row", 0),
            ("tabs", 0),
            ("changes", 1),
            ("mod", 2),
            ("cursor", 3),
            ("edit", 3),
            ("generations", 3),
            ("marks", 3),
            ("pen", 3),
            ("rect", 3),
            ("renditions", 3),
            ("scroll", 3),
            ("view", 3),
            ("work", 3),
            ("lines", 4),
            ("print", 4),
            ("resize", 4),
        ],
    ),
    (
        "terminal/screen/emulator",
        &[
            ("charset", 0),
            ("keyboard", 0),
            ("mode_set", 0),
            ("sgr", 0),
            ("spaces", 0),
            ("title_stack", 0),
            ("colors", 1),
            ("mod", 2),
            ("csi", 3),
            ("esc", 3),
            ("modes", 3),
            ("osc", 3),
            ("presentation", 3),
            ("queries", 3),
            ("rectangles", 3),
            ("snapshot", 3),
            ("titles", 3),
            ("reports", 4),
        ],
    ),
    (
        "sync",
        &[
            ("protocol", 0),
            ("websocket", 0),
            ("key", 0),
            ("codec", 1),
            ("convert", 1),
            ("access", 2),
            ("rows", 2),
            ("peer", 3),
            ("server", 3),
        ],
    ),
    SERVER,
    (
        "sync/server/fanout",
        &[
            ("attach", 0),
            ("backpressure", 0),
            ("resize", 0),
            ("round", 0),
            ("send", 1),
            ("source", 2),
        ],
    ),
    (
        "sync/codec",
        &[
            ("error", 0),
            ("envelope", 1),
            ("meter", 1),
            ("scan", 1),
            ("deflate", 2),
            ("kind", 2),
            ("decode", 3),
            ("parts", 4),
            ("opening", 5),
            ("about", 6),
        ],
    ),
    (
        "sync/peer",
        &[
            ("fault", 0),
            ("file", 0),
            ("options", 0),
            ("rows", 0),
            ("convert", 1),
            ("link", 1),
            ("request", 2),
            ("event", 3),
            ("grids", 3),
            ("event_queue", 4),
            ("attachment", 5),
            ("session", 6),
            ("remote", 7),
            ("connections", 8),
        ],
    ),
    (
        "sync/access",
        &[
            ("files", 0),
            ("origin", 0),
            ("scopes", 0),
            ("directories", 1),
            ("permission", 1),
            ("tokens", 1),
        ],
    ),
    ("sync/websocket", &[("http", 0), ("mapped_buffer", 0), ("transport", 0), ("frames", 1)]),
    (
        "sync/protocol",
        &[
            ("close", 0),
            ("values", 0),
            ("entry", 1),
            ("file", 1),
            ("figures", 0),
            ("screen", 1),
            ("client", 2),
            ("about", 3),
            ("server", 3),
        ],
    ),
    (
        "state",
        &[
            ("entry", 0),
            ("version", 0),
            ("change_set", 1),
            ("digest", 1),
            ("rules", 1),
            ("sink", 1),
            ("table", 1),
            ("view", 2),
            ("replica", 3),
            ("store", 3),
            ("changes", 4),
            ("draft", 4),
            ("commit", 5),
            ("walk", 5),
        ],
    ),
    (
        "policy",
        &[
            ("balance", 0),
            ("batcher", 0),
            ("bucket", 0),
            ("budget", 0),
            ("delay", 0),
            ("shares", 0),
            ("slice", 0),
            ("wait_clock", 0),
            ("breaker", 1),
            ("retry", 1),
            ("outage", 2),
            ("restart", 2),
        ],
    ),
    (
        "capi",
        &[
            ("status", 0),
            ("types", 0),
            ("sized", 1),
            ("argument", 2),
            ("lent", 2),
            ("memory", 2),
            ("stats", 2),
            ("health", 3),
            ("peer_file", 2),
            ("watch_tree", 2),
            ("client_state", 3),
            ("line", 3),
            ("watch_batch", 3),
            ("matches", 4),
            ("metrics", 4),
            ("peer_state", 4),
            ("recovery_options", 4),
            ("update", 4),
            ("peer_rows", 5),
            ("screen_loan", 5),
            ("screen_options", 5),
            ("options", 6),
            ("event_payload", 7),
            ("config", 8),
            ("notice", 8),
            ("terminal_state", 8),
            ("state_entry", 9),
            ("event_peer", 10),
            ("state_op", 10),
            ("state_loan", 11),
            ("event_loan", 12),
            ("state_slice", 12),
            ("guard", 13),
            ("batch", 14),
            ("engine", 14),
            ("event", 14),
            ("health_query", 14),
            ("list", 14),
            ("metrics_query", 14),
            ("listen", 14),
            ("peer", 14),
            ("peer_terminal", 14),
            ("recovery", 14),
            ("search", 14),
            ("serve", 14),
            ("state_change", 14),
            ("state_read", 14),
            ("strings", 14),
            ("terminal_query", 14),
            ("watch", 14),
            ("watch_query", 14),
            ("watch_save", 14),
            ("peer_request", 15),
            ("sender", 15),
            ("terminal", 15),
            ("screen", 16),
        ],
    ),
];

/// Imports against the floors: subsystem, importing room, imported room, and the reason.
const CIRCLES: &[(&str, &str, &str, &str)] = &[];

const TOP: u32 = u32::MAX;

/// One import: where it stands, its room, and the room that it names.
struct Import {
    place: String,
    from: String,
    to: String,
}

/// The rooms of a subsystem, and the room of each name that its `mod.rs` re-exports.
struct Subsystem {
    /// Segments of its path below `src`.
    path: Vec<String>,
    rooms: BTreeSet<String>,
    names: BTreeMap<String, String>,
    excepted: Vec<String>,
}

impl Subsystem {
    fn read(path: &str) -> Self {
        let folder = root().join("src").join(path);
        let text = fs::read_to_string(folder.join("mod.rs"))
            .or_else(|_| fs::read_to_string(folder.with_extension("rs")))
            .unwrap();
        let code: String = text.lines().map(|line| strip(line) + "\n").collect();
        let mut excepted = test_modules(&text);
        for file in sources(&[&format!("src/{path}")]) {
            // Tests of a file that lie beside it.
            let beside = Path::new(&file.path).parent() == Some(&Path::new("src").join(path));
            if beside && file.lines.iter().any(|line| line.starts_with("#[path = ")) {
                excepted.extend(test_modules(&file.lines.join("\n")));
            }
        }
        let rooms: BTreeSet<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir() || path.extension().is_some_and(|it| it == "rs"))
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_string())
            .chain([String::from("mod")])
            .filter(|name| !excepted.contains(name))
            .collect();
        let mut names = BTreeMap::new();
        for (_, path) in statements(&code).iter().flat_map(|(_, text)| expand(text)) {
            let own = path.first().map(String::as_str) == Some("self");
            let path = if own { &path[1..] } else { &path[..] };
            if let [room, .., name] = path
                && rooms.contains(room)
            {
                names.insert(name.clone(), room.clone());
            }
        }
        let path = path.split('/').map(String::from).collect();
        Subsystem { path, rooms, names, excepted }
    }

    /// The module of a file and its room, if the file belongs here and is no test.
    fn place(&self, file: &str) -> Option<(Vec<String>, String)> {
        let inside = file.strip_prefix("src/")?.trim_end_matches(".rs");
        let mut module: Vec<String> = inside.split('/').map(String::from).collect();
        if module.last().is_some_and(|name| name == "mod") {
            module.pop();
        }
        let below = module.strip_prefix(&self.path[..])?;
        let room = below.first().map_or("mod", String::as_str).to_string();
        (!self.excepted.contains(&room)).then_some((module, room))
    }

    /// The room that a path names, seen from a module; `None` for one outside of this subsystem.
    fn target(&self, module: &[String], room: &str, path: &[String]) -> Option<String> {
        let mut path = path;
        let mut at = match path.first()?.as_str() {
            "crate" => Vec::new(),
            "super" | "self" => module.to_vec(),
            first if room == "mod" && self.rooms.contains(first) => return Some(first.into()),
            _ => return None,
        };
        if path[0] == "super" {
            while path.first().is_some_and(|name| name == "super") {
                at.pop();
                path = &path[1..];
            }
        } else {
            path = &path[1..];
        }
        at.extend_from_slice(path);
        let name = at.strip_prefix(&self.path[..])?.first()?;
        if self.rooms.contains(name) {
            return Some(name.clone());
        }
        Some(self.names.get(name).map_or("mod", String::as_str).to_string())
    }

    fn imports(&self, source: &Source) -> Vec<Import> {
        let Some((module, room)) = self.place(&source.path) else { return Vec::new() };
        let code = code_without_tests(source);
        let mut imports = Vec::new();
        let statements = statements(&code);
        for (line, text) in &statements {
            for (is_exported, path) in expand(text) {
                // What `mod.rs` only passes on is not an import of its own.
                if room == "mod" && is_exported {
                    continue;
                }
                imports.extend(self.target(&module, &room, &path).map(|to| (*line, to)));
            }
        }
        for (line, text) in code.lines().enumerate() {
            if statements.iter().any(|(from, use_text)| {
                (*from..from + use_text.lines().count()).contains(&(line + 1))
            }) {
                continue;
            }
            for path in paths(text) {
                imports.extend(self.target(&module, &room, &path).map(|to| (line + 1, to)));
            }
        }
        let imports = imports.into_iter().filter(|(_, to)| *to != room);
        imports
            .map(|(line, to)| Import {
                place: format!("{}:{line}", source.path),
                from: room.clone(),
                to,
            })
            .collect()
    }
}

/// Names of the modules that a file declares for tests and fuzzing only.
fn test_modules(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let visible =
            line.trim().trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
        let declared = visible.strip_prefix("mod ");
        let Some(name) = declared.and_then(|rest| rest.strip_suffix(';')) else { continue };
        let attributes = lines[..index].iter().rev().take_while(|line| line.starts_with("#["));
        let for_tests = |line: &&str| {
            line.starts_with("#[cfg(test")
                || line.starts_with("#[cfg(any(fuzzing, test")
                || *line == "#[cfg(fuzzing)]"
        };
        let attributes: Vec<&str> = attributes.copied().collect();
        if attributes.iter().any(for_tests) {
            let file = attributes.iter().find_map(|line| line.strip_prefix("#[path = \""));
            let file = file.map_or(name, |file| file.trim_end_matches(".rs\"]"));
            found.push(file.to_string());
        }
    }
    found
}

/// The code of a file up to its test module, comments and strings blanked, with the lines kept. Nothing
/// when the file itself is a test module.
fn code_without_tests(source: &Source) -> String {
    if is_test_file(&source.path) {
        return String::new();
    }
    let tests = |line: &&String| line.starts_with("mod ") && line.ends_with('{');
    let mut is_for_tests = false;
    let code = source.lines.iter().take_while(|line| !tests(line)).map(|line| {
        let skipped = std::mem::replace(&mut is_for_tests, line.trim() == "#[cfg(test)]");
        (if skipped { String::new() } else { strip(line) }) + "\n"
    });
    code.collect()
}

/// Whether a file, or a folder above it, is declared as a test module.
fn is_test_file(path: &str) -> bool {
    let inside = path.trim_end_matches(".rs");
    let mut folder = String::new();
    for part in inside.split('/') {
        if !folder.is_empty() {
            let parents = [format!("{folder}/mod.rs"), format!("{folder}.rs")];
            let parent = parents.iter().find_map(|file| fs::read_to_string(root().join(file)).ok());
            if parent.is_some_and(|text| test_modules(&text).iter().any(|name| name == part)) {
                return true;
            }
            folder.push('/');
        }
        folder.push_str(part);
    }
    false
}

/// The `use` statements of some code, each with its first line, from `use` or `pub` to the semicolon.
fn statements(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in code.lines().enumerate() {
        let begins = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "];
        if open.is_none() && begins.iter().any(|word| line.trim_start().starts_with(word)) {
            open = Some((index + 1, String::new()));
        }
        if let Some((_, text)) = &mut open {
            text.push_str(line.trim());
            text.push('\n');
        }
        if line.trim_end().ends_with(';') {
            found.extend(open.take());
        }
    }
    found
}

/// The paths of a `use` statement, and whether they are exported.
fn expand(statement: &str) -> Vec<(bool, Vec<String>)> {
    let is_exported = statement.starts_with("pub");
    let Some((_, tree)) = statement.split_once("use ") else { return Vec::new() };
    let mut found = Vec::new();
    let mut prefixes: Vec<Vec<String>> = vec![Vec::new()];
    let mut path: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in tree.chars() {
        match c {
            '{' => prefixes.push(std::mem::take(&mut path)),
            ':' | ',' | '}' | ';' | ' ' | '\n' => {
                if !word.is_empty() {
                    path.push(std::mem::take(&mut word));
                }
                if matches!(c, ',' | '}' | ';') {
                    if !path.is_empty() {
                        let whole = prefixes.concat().into_iter().chain(path.drain(..)).collect();
                        found.push((is_exported, whole));
                    }
                    if c == '}' {
                        prefixes.pop();
                    }
                }
            }
            c => word.push(c),
        }
    }
    // `a::B as C` is `a::C`: only the first and the last name count.
    found
}

/// The paths in a line of code that is no `use` statement.
fn paths(code: &str) -> Vec<Vec<String>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words = code.split(|c: char| !is_word(c) && c != ':');
    words
        .filter(|word| word.contains("::"))
        .map(|word| word.split("::").filter(|name| !name.is_empty()).map(String::from).collect())
        .filter(|path: &Vec<String>| !path.is_empty())
        .collect()
}

fn floor(rooms: &[(&str, u32)], room: &str) -> Option<u32> {
    let named = rooms.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor);
    named.or((room == "mod").then_some(TOP))
}

#[test]
fn rooms_of_a_subsystem_import_only_from_floors_below() {
    let mut broken = Vec::new();
    let mut used = BTreeSet::new();
    let files = sources(&["src"]);
    for (path, rooms) in INNER_FLOORS {
        let subsystem = Subsystem::read(path);
        for room in subsystem.rooms.iter().filter(|room| floor(rooms, room).is_none()) {
            broken.push(format!("src/{path}: room `{room}` has no floor"));
        }
        for (room, _) in rooms.iter().filter(|(room, _)| !subsystem.rooms.contains(*room)) {
            broken.push(format!("src/{path}: there is no room `{room}`"));
        }
        for Import { place, from, to } in files.iter().flat_map(|file| subsystem.imports(file)) {
            if floor(rooms, &to) < floor(rooms, &from) {
                continue;
            }
            let circle = (*path, from.as_str(), to.as_str());
            match CIRCLES.iter().position(|(path, from, to, _)| (*path, *from, *to) == circle) {
                Some(at) => drop(used.insert(at)),
                None => broken.push(format!("{place}: `{from}` imports `{to}` of `{path}`")),
            }
        }
    }
    for (at, (path, from, to, _)) in CIRCLES.iter().enumerate() {
        if !used.contains(&at) {
            broken.push(format!("CIRCLES: `{from}` does not import `{to}` of `{path}` any more"));
        }
    }
    report(broken, "inside a subsystem, too, a room imports only from floors below");
}

/// The rules themselves, on code made for them.
#[test]
fn the_rules_of_inner_floors_see_what_they_should() {
    let path = |text: &str| text.split("::").map(String::from).collect::<Vec<_>>();
    let code = "use super::{\n    Terminal,\n    output::{Log, Reader as R},\n};\npub use a::B;\n";
    let statements = statements(code);
    assert_eq!(statements.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 5]);
    let found: Vec<_> = statements.iter().flat_map(|(_, text)| expand(text)).collect();
    let expected = [
        (false, path("super::Terminal")),
        (false, path("super::output::Log")),
        (false, path("super::output::Reader::as::R")),
        (true, path("a::B")),
    ];
    assert_eq!(found, expected);
    assert_eq!(
        paths("crate::a::B::new(super::c::d())"),
        [path("crate::a::B::new"), path("super::c::d")]
    );
    let text =
        "#[cfg(test)]\nmod tests;\n#[cfg(test)]\n#[path = \"x_tests.rs\"]\nmod more;\nmod a;\n";
    assert_eq!(test_modules(text), ["tests", "x_tests"]);

    let subsystem = Subsystem {
        path: path("one::two"),
        rooms: ["a", "b", "mod"].map(String::from).into(),
        names: [("Name".to_string(), "b".to_string())].into(),
        excepted: Vec::new(),
    };
    let target = |module: &str, room: &str, name: &str| {
        subsystem.target(&path(module), room, &path(name)).unwrap_or_default()
    };
    assert_eq!(target("one::two::a", "a", "super::b::X"), "b");
    assert_eq!(target("one::two::a::deep", "a", "super::super::Name"), "b");
    assert_eq!(target("one::two::a", "a", "super::Other"), "mod");
    assert_eq!(target("one::three", "three", "crate::one::two::a"), "a");
    assert_eq!(target("one::two", "mod", "a::f"), "a");
    assert_eq!(target("one::two::a", "a", "super::super::three"), "");
}
