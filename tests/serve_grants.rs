//! Granted directories: what is put in the place of a path after it was looked at leads nobody out, and what
//! the host takes away is no longer a client's.

#![allow(
    clippy::print_stderr,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods
)]

#[path = "support/client.rs"]
mod client;
#[path = "support/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "support/namespace.rs"]
#[allow(dead_code)]
mod namespace;
#[path = "support/serving.rs"]
mod serving;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use client::{Client, Incoming};
use files::TempDir;
use namespace::enter;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use orchflow::{Config, Limits, SpawnOptions, WatchId};
use serde_json::{Value, json};
use serving::Serving;

/// The size of a file outside that would show in its facts.
const SECRET_BYTES: usize = 424_242;

/// A granted directory `granted` with a directory `w`, and `outside` beside it, laid out alike.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new(serving: &Serving) -> Self {
        let place = Place { folder: TempDir::new() };
        for (top, name, bytes) in [("granted", "inside", 6), ("outside", "secret", SECRET_BYTES)] {
            fs::create_dir_all(place.path(&format!("{top}/w/deep"))).unwrap();
            fs::write(place.path(&format!("{top}/file")), vec![b'x'; bytes]).unwrap();
            for below in ["", "w/", "w/deep/"] {
                fs::write(place.path(&format!("{top}/{below}{name}")), "x").unwrap();
            }
        }
        let granted = place.path("granted");
        serving.with(move |engine| {
            engine.grant_directory(&granted).unwrap();
            engine.grant_profile("mark", &SpawnOptions::program("touch").arg("ran")).unwrap();
        });
        place
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }
}

/// Names by the keys of their entries.
type Known = BTreeMap<String, String>;

/// Applies diffs until `done` says so. Nothing of outside may be reported.
fn follow(client: &mut Client, known: &mut Known, done: impl Fn(&Known) -> bool) {
    while !done(known) {
        let Incoming::Json(message) = client.receive() else { panic!("the connection ended") };
        let text = message.to_string();
        let reported = text.contains("secret") || text.contains(&SECRET_BYTES.to_string());
        assert!(!reported, "outside was reported: {text}");
        for key in message["removed"].as_array().into_iter().flatten() {
            known.remove(&key["file"].to_string());
        }
        for entry in message["files"].as_array().into_iter().flatten() {
            let key = json!({"watch": entry["watch"], "id": entry["id"]}).to_string();
            known.insert(key, entry["name"].to_string());
        }
    }
}

fn watch(client: &mut Client, path: PathBuf) -> u64 {
    let outcome = client.ask(json!({"type": "watch", "path": path}), 1);
    outcome["watching"]["watch"].as_u64().unwrap_or_else(|| panic!("{path:?}: {outcome}"))
}

/// Each row: what is watched, what of it is exchanged for a link that leads out, and a name by which the
/// watch is known to be there.
#[test]
fn what_takes_the_place_of_a_watched_path_is_not_followed() {
    let rows = [
        ("granted/w", "granted/w", "inside"),
        ("granted/w/deep", "granted/w/deep", "inside"),
        ("granted/w/deep", "granted/w", "inside"),
        ("granted/file", "granted/file", "file"),
        ("granted/w/inside", "granted/w", "inside"),
        ("granted", "granted", "inside"),
        ("granted/w", "granted", "inside"),
    ];
    let serving = Serving::start(Config::default());
    for (watched, exchanged, name) in rows {
        eprintln!("{watched}, {exchanged} exchanged");
        let place = Place::new(&serving);
        let fields = json!({"collections": ["files"]});
        let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
        let mut known = Known::new();
        watch(&mut client, place.path(watched));
        let is_there = |known: &Known| known.values().any(|known| known.contains(name));
        follow(&mut client, &mut known, is_there);
        let (path, away) = (place.path(exchanged), place.path("away"));
        fs::rename(&path, &away).unwrap();
        let outside = exchanged.replacen("granted", "outside", 1);
        symlink(place.path(&outside), &path).unwrap();
        // What was watched is touched where it is now: whoever gets the event looks at the names again.
        let moved = place.path(&watched.replacen(exchanged, "away", 1));
        let touched = if moved.is_dir() { moved.join("new") } else { moved };
        fs::write(touched, "touched").unwrap();
        // A granted directory that was moved is still the one that was granted.
        let stays = watched == "granted/w" && exchanged == "granted";
        follow(&mut client, &mut known, |known| match stays {
            true => known.values().any(|name| name.contains("new")),
            false => known.is_empty(),
        });
        // The same place again, and it is reported again.
        fs::remove_file(&path).unwrap();
        fs::rename(&away, &path).unwrap();
        follow(&mut client, &mut known, is_there);
    }
}

/// A granted directory that was deleted and made anew is reported again.
#[test]
fn a_granted_directory_comes_back() {
    let serving = Serving::start(Config::default());
    let place = Place::new(&serving);
    let fields = json!({"collections": ["files"]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    let mut known = Known::new();
    watch(&mut client, place.path("granted/w"));
    follow(&mut client, &mut known, |known| known.len() == 4);
    fs::remove_dir_all(place.path("granted")).unwrap();
    // A link in its place is none.
    symlink(place.path("outside"), place.path("granted")).unwrap();
    follow(&mut client, &mut known, |known| known.is_empty());
    fs::remove_file(place.path("granted")).unwrap();
    fs::create_dir_all(place.path("granted/w/again")).unwrap();
    follow(&mut client, &mut known, |known| known.values().any(|name| name.contains("again")));
}

/// Makes `granted` anew, with a file of this name in `w`.
fn make_anew(place: &Place, name: &str) {
    fs::create_dir_all(place.path("granted/w")).unwrap();
    fs::write(place.path(&format!("granted/w/{name}")), "x").unwrap();
}

/// A name, and what happens to the directory.
type Return = (&'static str, fn(&Place));

/// Ways in which the directory at a granted path becomes another one, or the same one again. The last part of
/// each has `granted/w/fresh` there.
const RETURNS: [Return; 6] = [
    ("removed and made anew", |place| {
        fs::remove_dir_all(place.path("granted")).unwrap();
        make_anew(place, "fresh");
    }),
    ("renamed away and back", |place| {
        fs::rename(place.path("granted"), place.path("away")).unwrap();
        fs::write(place.path("away/w/fresh"), "x").unwrap();
        fs::rename(place.path("away"), place.path("granted")).unwrap();
    }),
    ("renamed away and made anew", |place| {
        fs::rename(place.path("granted"), place.path("away")).unwrap();
        make_anew(place, "fresh");
    }),
    ("another one renamed over it", |place| {
        fs::create_dir_all(place.path("other/w")).unwrap();
        fs::write(place.path("other/w/fresh"), "x").unwrap();
        fs::remove_dir_all(place.path("granted")).unwrap();
        fs::create_dir(place.path("granted")).unwrap();
        fs::rename(place.path("other"), place.path("granted")).unwrap();
    }),
    ("exchanged for another one", |place| {
        fs::create_dir_all(place.path("other/w")).unwrap();
        fs::write(place.path("other/w/fresh"), "x").unwrap();
        let exchange = RenameFlags::RENAME_EXCHANGE;
        let (granted, other) = (place.path("granted"), place.path("other"));
        renameat2(AT_FDCWD, &granted, AT_FDCWD, &other, exchange).unwrap();
    }),
    ("removed with the directory above it", |place| {
        fs::remove_dir_all(place.path("")).unwrap();
        make_anew(place, "fresh");
    }),
];

/// The grant is of the path: whatever directory is there serves watches and programs.
#[test]
fn a_grant_outlives_its_directory() {
    let serving = Serving::start(Config::default());
    for (how, change) in RETURNS {
        for has_watch in [true, false] {
            eprintln!("{how}, {has_watch}");
            let place = Place::new(&serving);
            let fields = json!({"collections": ["files"]});
            let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
            let mut known = Known::new();
            if has_watch {
                watch(&mut client, place.path("granted/w"));
                follow(&mut client, &mut known, |known| known.len() == 4);
            }
            change(&place);
            // Asked for again it is the same watch, and looks again.
            watch(&mut client, place.path("granted/w"));
            let is_there = |name: &str, known: &Known| known.values().any(|n| n == &quoted(name));
            follow(&mut client, &mut known, |known| is_there("fresh", known));
            fs::write(place.path("granted/w/later"), "x").unwrap();
            follow(&mut client, &mut known, |known| is_there("later", known));
            spawn_in(&mut client, place.path("granted/w")).unwrap();
            follow(&mut client, &mut known, |known| is_there("ran", known));
            assert!(place.path("granted/w/ran").exists());
        }
    }
}

/// A name as [`follow`] keeps it.
fn quoted(name: &str) -> String {
    json!(name).to_string()
}

/// Starts the program that leaves a mark; gives the code of the failure.
fn spawn_in(client: &mut Client, cwd: PathBuf) -> Result<(), String> {
    let outcome = client.ask(json!({"type": "spawn", "profile": "mark", "cwd": cwd}), 77);
    let code = outcome["failed"]["code"].as_str().map(String::from);
    code.map_or(Ok(()), Err)
}

/// A link in the place of a granted directory, or of one above it, grants nothing of where it leads.
#[test]
fn a_link_in_the_place_of_a_grant_leads_nowhere() {
    let serving = Serving::start(Config::default());
    for (how, target) in [("its place", "granted"), ("a place above it", "")] {
        eprintln!("{how}");
        let place = Place::new(&serving);
        let fields = json!({"collections": ["files"]});
        let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
        let kept = TempDir::new();
        fs::create_dir_all(kept.path().join("granted/w")).unwrap();
        fs::write(kept.path().join("granted/w/secret"), "x").unwrap();
        fs::remove_dir_all(place.path(target)).unwrap();
        let link = place.path(target);
        let link = link.components().collect::<PathBuf>();
        symlink(kept.path().join(target), &link).unwrap();
        for _ in 0..2 {
            let outcome = client.ask(json!({"type": "watch", "path": place.path("granted/w")}), 1);
            assert_eq!(outcome["failed"]["code"], "not_found", "{outcome}");
            assert_eq!(spawn_in(&mut client, place.path("granted/w")), Err("not_found".into()));
        }
        assert!(!kept.path().join("granted/w/ran").exists());
        fs::remove_file(&link).unwrap();
        make_anew(&place, "fresh");
        watch(&mut client, place.path("granted/w"));
        assert_eq!(spawn_in(&mut client, place.path("granted/w")), Ok(()));
    }
}

/// What is mounted over a granted directory is served while it is there.
#[test]
fn a_mount_over_a_grant() {
    if !enter("a_mount_over_a_grant") {
        return;
    }
    let serving = Serving::start(Config::default());
    let place = Place::new(&serving);
    let fields = json!({"collections": ["files"]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    let mut known = Known::new();
    watch(&mut client, place.path("granted/w"));
    follow(&mut client, &mut known, |known| known.len() == 4);
    let granted = place.path("granted");
    let none: Option<&str> = None;
    mount(Some("tmpfs"), &granted, Some("tmpfs"), MsFlags::empty(), none).unwrap();
    let gone = client.ask(json!({"type": "watch", "path": place.path("granted/w")}), 1);
    assert_eq!(gone["failed"]["code"], "not_found", "{gone}");
    make_anew(&place, "fresh");
    let is_there = |name: &str, known: &Known| known.values().any(|n| n == &quoted(name));
    watch(&mut client, place.path("granted/w"));
    follow(&mut client, &mut known, |known| is_there("fresh", known));
    assert_eq!(spawn_in(&mut client, place.path("granted/w")), Ok(()));
    umount2(&granted, MntFlags::MNT_DETACH).unwrap();
    watch(&mut client, place.path("granted/w"));
    follow(&mut client, &mut known, |known| is_there("inside", known));
    assert!(!place.path("granted/w/ran").exists());
    assert_eq!(spawn_in(&mut client, place.path("granted/w")), Ok(()));
}

/// Runs `work` while a directory and a link that leads out trade places, sometimes at once and sometimes after a
/// while; the directory has its own place in the end.
fn while_places_are_traded(place: &Place, work: impl FnOnce()) {
    let (door, trap) = (place.path("granted/w"), place.path("granted/trap"));
    symlink(place.path("outside/w"), &trap).unwrap();
    let done = AtomicBool::new(false);
    // Also when `work` panics.
    struct SetAtEnd<'a>(&'a AtomicBool);
    impl Drop for SetAtEnd<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    std::thread::scope(|scope| {
        let _guard = SetAtEnd(&done);
        scope.spawn(|| {
            let mut pauses = [0, 1 << 6, 1 << 10, 1 << 14, 1 << 16].iter().cycle();
            while !done.load(Ordering::Relaxed) {
                for _ in 0..2 {
                    let exchange = RenameFlags::RENAME_EXCHANGE;
                    renameat2(AT_FDCWD, &door, AT_FDCWD, &trap, exchange).unwrap();
                    (0..*pauses.next().unwrap()).for_each(|_| std::hint::spin_loop());
                }
            }
        });
        work();
    });
}

/// Whether a code says that a path leads nowhere, or out.
fn is_refusal(code: &Value) -> bool {
    ["forbidden", "not_found"].iter().any(|known| code == known)
}

#[test]
fn programs_start_where_the_path_was_looked_at() {
    let serving = Serving::start(Config::default());
    let place = Place::new(&serving);
    let fields = json!({"collections": ["terminals"]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    let (mut started, mut ended) = (0, 0);
    let count_exits = |message: &Value| {
        let entries = message["terminals"].as_array().into_iter().flatten();
        entries.filter(|entry| !entry["exit"].is_null()).count()
    };
    while_places_are_traded(&place, || {
        for id in 0.. {
            if id >= 300 && started > 0 {
                break;
            }
            let cwd = place.path("granted/w");
            client.send(&json!({"type": "spawn", "id": id, "profile": "mark", "cwd": cwd}));
            loop {
                let Incoming::Json(message) = client.receive() else { panic!("closed") };
                ended += count_exits(&message);
                if message["type"] == "result" {
                    let is_started = message["outcome"]["spawned"].is_object();
                    let code = &message["outcome"]["failed"]["code"];
                    assert!(is_started || is_refusal(code), "{message}");
                    started += usize::from(is_started);
                    break;
                }
            }
        }
    });
    while ended < started {
        let Incoming::Json(message) = client.receive() else { panic!("closed") };
        ended += count_exits(&message);
    }
    eprintln!("{started} started");
    assert!(place.path("granted/w/ran").exists());
    assert!(!place.path("outside/w/ran").exists(), "a program ran outside");
}

#[test]
fn watches_begin_where_the_path_was_looked_at() {
    let serving = Serving::start(Config::default());
    let place = Place::new(&serving);
    let fields = json!({"collections": ["files"]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    let (mut tried, mut begun) = (0, 0);
    while_places_are_traded(&place, || {
        while tried < 100 || begun == 0 {
            let id = tried;
            tried += 1;
            client.send(&json!({"type": "watch", "id": id, "path": place.path("granted/w")}));
            // A listing takes some turns of the engine; so do these questions.
            (0..20).for_each(|id| client.send(&json!({"type": "ping", "id": id})));
            let (mut number, mut is_over) = (None, false);
            while !is_over {
                let Incoming::Json(message) = client.receive() else { panic!("closed") };
                assert!(!message.to_string().contains("secret"), "outside was reported: {message}");
                if message["type"] == "result" {
                    number = number.or(message["outcome"]["watching"]["watch"].as_u64());
                    let code = &message["outcome"]["failed"]["code"];
                    assert!(code.is_null() || is_refusal(code), "{message}");
                }
                is_over = message["type"] == "pong" && message["id"] == 19;
            }
            if let Some(number) = number {
                begun += 1;
                client.send(&json!({"type": "unwatch", "id": id, "watch": number}));
            }
        }
    });
    eprintln!("{begun} of {tried} begun");
    watch(&mut client, place.path("granted/w"));
    follow(&mut client, &mut Known::new(), |known| {
        known.values().any(|name| name.contains("inside"))
    });
}

/// A watch that the host ends is nobody's: it counts for no client, and its files are gone.
#[test]
fn what_the_host_unwatches_is_no_longer_a_clients() {
    let limits = Limits { client_watches: 1, ..Limits::default() };
    let serving = Serving::start(Config { limits, ..Config::default() });
    let place = Place::new(&serving);
    let fields = json!({"collections": ["files"]});
    let enter = || Client::hello(serving.address, &serving.token, fields.clone()).0;
    let (mut first, mut second) = (enter(), enter());
    let number = watch(&mut first, place.path("granted/w"));
    assert_eq!(watch(&mut second, place.path("granted/w")), number);
    // Once more is the same one, also when no other is allowed.
    assert_eq!(watch(&mut second, place.path("granted/w")), number);
    let path = place.path("granted/w/deep");
    let refused = first.ask(json!({"type": "watch", "path": path}), 2);
    assert_eq!(refused["failed"]["code"], "limit");
    let mut known = Known::new();
    first.send(&json!({"type": "snapshot"}));
    follow(&mut first, &mut known, |known| known.len() == 4);
    serving.with(move |engine| engine.remove_watch(WatchId::from_u64(number)).unwrap());
    follow(&mut first, &mut known, |known| known.is_empty());
    for client in [&mut first, &mut second] {
        let outcome = client.ask(json!({"type": "unwatch", "watch": number}), 3);
        assert_eq!(outcome["failed"]["code"], "not_found", "{outcome}");
    }
    // Both may watch again, and it is a fresh one.
    let again = watch(&mut first, place.path("granted/w"));
    assert_ne!(again, number);
    assert_eq!(watch(&mut second, place.path("granted/w")), again);
    follow(&mut first, &mut known, |known| known.len() == 4);
    // One is enough to keep it; the last one ends it.
    assert_eq!(first.ask(json!({"type": "unwatch", "watch": again}), 4), "done");
    assert_eq!(serving.with(|engine| engine.watches().len()), 1);
    assert_eq!(second.ask(json!({"type": "unwatch", "watch": again}), 5), "done");
    assert_eq!(serving.with(|engine| engine.watches().len()), 0);
}

/// What the host takes out of the state is there again for who asks for it.
#[test]
fn a_watch_that_is_asked_for_again_is_published_again() {
    let serving = Serving::start(Config::default());
    let place = Place::new(&serving);
    let fields = json!({"collections": ["files"]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    let number = watch(&mut client, place.path("granted/w"));
    let mut known = Known::new();
    follow(&mut client, &mut known, |known| known.len() == 4);
    serving.with(move |engine| {
        engine.set_watch_published(WatchId::from_u64(number), false).unwrap();
    });
    follow(&mut client, &mut known, |known| known.is_empty());
    assert_eq!(watch(&mut client, place.path("granted/w")), number);
    follow(&mut client, &mut known, |known| known.len() == 4);
}
