//! What clients share: the state that all of them change, and a server that comes to an end.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/bystander.rs"]
mod bystander;
#[path = "support/client.rs"]
mod client;
#[path = "support/copy.rs"]
mod copy;
#[path = "support/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "support/serving.rs"]
mod serving;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bystander::Bystander;
use client::{Client, Incoming};
use copy::Copy;
use files::TempDir;
use orchflow::{
    Change, ChangeOp, ChangeSet, Collections, Config, Engine, ErrorKind, ListenerOptions, Pane,
    Scopes, Session, TokenOptions,
};
use serde_json::{Value, json};
use serving::{Reported, Serving};
use tungstenite::Message;
use tungstenite::client::IntoClientRequest;

const EVERYTHING: [&str; 4] = ["sessions", "panes", "terminals", "files"];

/// A client with a copy of the state.
struct Mirror {
    client: Client,
    copy: Copy,
    mutation: u64,
    /// The title of the pane at each version that was seen.
    seen: BTreeMap<u64, String>,
}

impl Mirror {
    fn new(serving: &Serving) -> Self {
        let fields = json!({"collections": EVERYTHING});
        let (client, _) = Client::hello(serving.address, &serving.token, fields);
        let mut mirror =
            Mirror { client, copy: Copy::default(), mutation: 0, seen: BTreeMap::new() };
        while !mirror.read()["full"].as_bool().is_some_and(|full| full) {}
        mirror
    }

    /// The next message; a diff is applied and acknowledged.
    fn read(&mut self) -> Value {
        let Incoming::Json(message) = self.client.receive() else { panic!("closed") };
        if message["type"] == "diff" && self.copy.apply(&message) {
            self.client.send(&json!({"type": "ack", "version": self.copy.n}));
            if let Some(pane) = self.copy.entry("panes", "p") {
                let (version, title) = (pane["version"].as_u64().unwrap(), &pane["title"]);
                let before = self.seen.insert(version, title.as_str().unwrap().into());
                assert!(before.is_none_or(|before| &before == title));
            }
        }
        message
    }

    /// Sends a change and waits for `applied` or `rejected`.
    fn change(&mut self, ops: Value) -> Result<u64, Value> {
        self.mutation += 1;
        let mutation = self.mutation;
        self.client.send(&json!({"type": "change", "mutation": mutation, "ops": ops}));
        loop {
            let message = self.read();
            if message["type"] == "rejected" && message["mutation"] == mutation {
                return Err(message);
            }
            let applied = message["applied"].as_array();
            if let Some(done) =
                applied.and_then(|all| all.iter().find(|a| a["mutation"] == mutation))
            {
                return Ok(done["version"].as_u64().unwrap());
            }
        }
    }

    /// Puts the pane with a new title, made from the version that it has here.
    fn retitle(&mut self, title: &str) -> Result<u64, Value> {
        let base =
            self.copy.entry("panes", "p").map_or(0, |pane| pane["version"].as_u64().unwrap());
        let put = json!({"put_pane": {"id": "p", "session": "s", "title": title}});
        self.change(json!([{"change": put, "base": base}]))
    }

    /// Reads until the copy is as the host's.
    fn catch_up(&mut self, n: u64, hash: u64) {
        while self.copy.n < n {
            self.read();
        }
        assert_eq!((self.copy.n, self.copy.hash()), (n, hash));
    }
}

fn session(engine: &mut Engine) {
    let session = Change::PutSession { id: "s".into(), session: Session::default() };
    let pane = Pane { session: "s".into(), title: "host 0".into(), ..Pane::default() };
    let pane = Change::PutPane { id: "p".into(), pane };
    let ops = [session, pane].map(|change| ChangeOp { change, base: Some(0) }).into();
    engine.change_state(&ChangeSet { ops }).unwrap();
}

fn version_and_hash(engine: &mut Engine) -> (u64, u64) {
    let state = engine.application_state().unwrap();
    (state.version().n, state.hash(Collections::ALL))
}

/// Changes the title of the pane so many times, and on until a change was lost. Gives what was won, by
/// version.
fn retitle_until_lost(
    mirror: &mut Mirror,
    name: &str,
    rounds: usize,
    losses: &AtomicUsize,
) -> BTreeMap<u64, String> {
    let mut won = BTreeMap::new();
    while won.len() < rounds || losses.load(Ordering::Relaxed) == 0 {
        let title = format!("{name} {}", won.len());
        let base = mirror.copy.entry("panes", "p").unwrap()["version"].as_u64().unwrap();
        match mirror.retitle(&title) {
            Ok(version) => drop(won.insert(version, title)),
            Err(rejected) => {
                losses.fetch_add(1, Ordering::Relaxed);
                assert_eq!((&rejected["code"], &rejected["op"]), (&json!("conflict"), &json!(0)));
                let now = rejected["pane"]["version"].as_u64().unwrap();
                assert!(now > base, "{rejected}");
                // Until the copy has what is there now: a change from it may win.
                while mirror.copy.n < now {
                    mirror.read();
                }
            }
        }
    }
    won
}

/// Two clients and the host change the same pane at once. There is one order: whoever built on something
/// old gets what is there now, and in the end all have the same.
#[test]
fn one_pane_and_three_who_change_it() {
    const ROUNDS: usize = 100;
    let serving = Serving::start(Config::default());
    serving.with(session);
    // Everybody goes on until both clients have lost at least once.
    let losses = Arc::new([const { AtomicUsize::new(0) }; 2]);
    let clients = [(0, "a"), (1, "b")].map(|(client, name)| {
        let mut mirror = Mirror::new(&serving);
        let losses = Arc::clone(&losses);
        std::thread::spawn(move || {
            let won = retitle_until_lost(&mut mirror, name, ROUNDS, &losses[client]);
            (mirror, won)
        })
    });
    let mut order = BTreeMap::new();
    let mut round = 0;
    while round < ROUNDS || losses.iter().any(|lost| lost.load(Ordering::Relaxed) == 0) {
        let title = format!("host {round}");
        round += 1;
        let reported = title.clone();
        let version = serving.with(move |engine| {
            let base = engine.application_state().unwrap().pane("p").map(|(_, n)| n);
            let pane = Pane { session: "s".into(), title, ..Pane::default() };
            let change = Change::PutPane { id: "p".into(), pane };
            engine.change_state(&ChangeSet { ops: vec![ChangeOp { change, base }] }).unwrap().n
        });
        order.insert(version, reported);
    }
    let (mut mirrors, mut wins) = (Vec::new(), round);
    for client in clients {
        let (mirror, won) = client.join().unwrap();
        wins += won.len();
        for (version, title) in won {
            assert_eq!(order.insert(version, title), None, "two changes made one version");
        }
        mirrors.push(mirror);
    }
    assert_eq!(order.len(), wins);
    let (n, hash) = serving.with(version_and_hash);
    mirrors.push(Mirror::new(&serving));
    for mirror in &mut mirrors {
        mirror.catch_up(n, hash);
        for (version, title) in &mirror.seen {
            let made = order.get(version).map_or("host 0", String::as_str);
            assert_eq!(made, title, "version {version}");
        }
    }
    // A change from something old loses, for certain.
    let put = json!({"put_pane": {"id": "p", "session": "s", "title": "late"}});
    let rejected = mirrors[0].change(json!([{"change": put, "base": 1}])).unwrap_err();
    assert_eq!(rejected["code"], "conflict");
    assert_eq!(&rejected["pane"], mirrors[0].copy.entry("panes", "p").unwrap());
}

/// A copy holds what a copy that begins now gets, whatever happened in between.
#[test]
fn a_copy_that_was_away_catches_up() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let mut mirror = Mirror::new(&serving);
    let put = |id: &str, panes: Value| json!({"change": {"put_session": {"id": id, "name": id, "panes": panes, "metadata": {"é": "1", "a": ""}}}});
    let pane = |id: &str| json!({"change": {"put_pane": {"id": id, "session": "s", "content": {"file": "/x"}}}});
    mirror.change(json!([put("s", json!([])), pane("p"), pane("q")])).unwrap();
    mirror.change(json!([put("s", json!(["q", "p"])), put("t", json!([]))])).unwrap();
    let Mirror { client, copy, .. } = mirror;
    drop(client);
    let mut other = Mirror::new(&serving);
    other.change(json!([{"change": {"remove_pane": {"id": "q"}}}])).unwrap();
    other.change(json!([{"change": {"remove_session": {"id": "t"}}}])).unwrap();
    serving.spawn(&["true"], true);
    let fields = json!({"collections": EVERYTHING, "resume": copy.resume()});
    let (client, welcome) = Client::hello(serving.address, &serving.token, fields);
    assert_eq!(welcome["resumed"], true);
    let mut mirror = Mirror { client, copy, mutation: 0, seen: BTreeMap::new() };
    assert_eq!(mirror.read()["full"], false);
    // Another epoch is another state.
    let foreign = json!({"epoch": mirror.copy.epoch + 1, "n": 1});
    let fields = json!({"collections": EVERYTHING, "resume": foreign});
    let (client, welcome) = Client::hello(serving.address, &serving.token, fields);
    assert_eq!(welcome["resumed"], false);
    let mut fresh = Mirror { client, copy: Copy::default(), mutation: 0, seen: BTreeMap::new() };
    assert_eq!(fresh.read()["full"], true);
    // The program that ended may still be reported; a change after it makes all look at the same.
    other.change(json!([put("last", json!([]))])).unwrap();
    loop {
        let (n, hash) = serving.with(version_and_hash);
        [&mut mirror, &mut fresh, &mut other].into_iter().for_each(|m| {
            while m.copy.n < n {
                m.read();
            }
        });
        if [&mirror, &fresh, &other].iter().all(|m| (m.copy.n, m.copy.hash()) == (n, hash)) {
            break;
        }
    }
    mirror.client.send(&json!({"type": "snapshot"}));
    while mirror.read()["full"] != true {}
    bystander.echoes();
}

/// Another set of collections is reported from the beginning, also a smaller one.
#[test]
fn another_set_of_collections() {
    let serving = Serving::start(Config::default());
    serving.with(session);
    let terminal = serving.spawn(&["cat"], false).to_string();
    let mut mirror = Mirror::new(&serving);
    while mirror.copy.entry("terminals", &terminal).is_none() {
        mirror.read();
    }
    for (set, count) in [
        (json!(["panes"]), 1),
        (json!(["sessions", "panes"]), 2),
        (json!(["terminals"]), 1),
        (json!(["terminals"]), 1),
        (json!([]), 0),
        (json!(EVERYTHING), 3),
    ] {
        mirror.client.send(&json!({"type": "subscribe", "collections": set}));
        mirror.client.send(&json!({"type": "ping", "id": 5}));
        let mut was_full = false;
        loop {
            let message = mirror.read();
            was_full |= message["full"] == true;
            if message["type"] == "pong" {
                break;
            }
        }
        if count == 0 {
            // Whatever happens, nothing is reported any more.
            serving.with(|engine| {
                let pane = Pane { session: "s".into(), title: "unseen".into(), ..Pane::default() };
                let change = Change::PutPane { id: "p".into(), pane };
                let ops = vec![ChangeOp { change, base: None }];
                engine.change_state(&ChangeSet { ops }).unwrap();
            });
            mirror.client.send(&json!({"type": "ping", "id": 6}));
            let mut answer = mirror.read();
            while answer["type"] != "pong" {
                assert_ne!(answer["type"], "diff", "{answer}");
                answer = mirror.read();
            }
            continue;
        }
        while !was_full {
            was_full = mirror.read()["full"] == true;
        }
        assert_eq!(mirror.copy.len(), count, "{set}");
    }
}

/// The host looks at every change first.
#[test]
fn changes_that_the_host_reviews() {
    let config = Config { review_changes: true, ..Config::default() };
    let serving = Serving::start(config);
    let mut mirror = Mirror::new(&serving);
    serving.with(session);
    while mirror.copy.entry("panes", "p").is_none() {
        mirror.read();
    }
    let next = || {
        serving.wait_reported(|reported| match reported {
            Reported::Review(review) => Some(*review),
            _ => None,
        })
    };
    let put = |title: &str| json!([{"change": {"put_pane": {"id": "p", "session": "s", "title": title}}}]);
    std::thread::scope(|scope| {
        let client = scope.spawn(|| {
            let accepted = mirror.change(put("accepted"));
            let refused = mirror.change(put("refused"));
            // What is not valid is not worth a review.
            let invalid =
                mirror.change(json!([{"change": {"put_pane": {"id": "", "session": "s"}}}]));
            (accepted, refused, invalid)
        });
        let review = next();
        serving.with(move |engine| engine.answer_review(review, Ok(())).unwrap());
        let review = next();
        let reported = serving.with(move |engine| {
            engine.answer_review(review, Err("not today".into())).unwrap();
            engine.answer_review(review, Ok(())).unwrap_err().kind()
        });
        assert_eq!(reported, ErrorKind::StaleId);
        let (accepted, refused, invalid) = client.join().unwrap();
        accepted.unwrap();
        let refused = refused.unwrap_err();
        assert_eq!(
            (&refused["code"], &refused["message"]),
            (&json!("refused"), &json!("not today"))
        );
        assert_eq!(invalid.unwrap_err()["code"], "invalid");
    });
    assert_eq!(mirror.copy.entry("panes", "p").unwrap()["title"], "accepted");
    // A client that is gone before the answer hinders nobody.
    mirror.client.send(&json!({"type": "change", "mutation": 99, "ops": put("gone")}));
    let review = next();
    drop(mirror);
    serving.with(move |engine| engine.answer_review(review, Ok(())).unwrap());
    let mirror = Mirror::new(&serving);
    assert_eq!(mirror.copy.entry("panes", "p").unwrap()["title"], "gone");
}

#[test]
fn tokens_that_end_while_a_client_is_in() {
    let serving = Serving::start(Config::default());
    let mut bystander = Bystander::new(&serving);
    let (id, token) = serving.with(|engine| {
        let options = TokenOptions { scopes: Scopes::OBSERVE, ..TokenOptions::default() };
        engine.add_token(options).unwrap()
    });
    let terminal = serving.spawn(&["yes"], false);
    let fields = json!({"attach": [{"terminal": terminal}]});
    let (mut revoked, _) = Client::hello(serving.address, &token, fields);
    serving.with(move |engine| engine.revoke_token(id).unwrap());
    assert_eq!(revoked.closed(), Some(4001));
    bystander.echoes();
    // A machine that is busy may take longer than the token lives: the next one lives longer.
    let mut life = Duration::from_millis(100);
    loop {
        let token = serving.with(move |engine| {
            let expires_in = Some(life);
            let options =
                TokenOptions { scopes: Scopes::OBSERVE, expires_in, ..TokenOptions::default() };
            engine.add_token(options).unwrap().1
        });
        let mut client = Client::open(serving.address);
        client.send(&json!({"type": "hello", "token": token}));
        let first = client.receive();
        if first == Incoming::Closed(Some(4001)) {
            life *= 2;
            continue;
        }
        assert_eq!(client.closed(), Some(4001));
        break;
    }
    bystander.echoes();
}

/// The end of the engine: first the ends of terminals, then the goodbye.
#[test]
fn a_shutdown_is_reported() {
    let serving = Serving::start(Config::default());
    let script = "trap 'exit 3' HUP; echo ready; while :; do read line; done";
    let terminal = serving.spawn(&["sh", "-c", script], false);
    let fields = json!({"collections": ["terminals"], "attach": [{"terminal": terminal, "start": "oldest"}]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    client.read_until(terminal, b"ready\r\n");
    let mut pending = Client::open(serving.address);
    serving.with(|engine| engine.shutdown(Duration::from_secs(60)).unwrap());
    let mut reported = Vec::new();
    let code = loop {
        match client.receive() {
            Incoming::Output { .. } => {}
            Incoming::Json(value) => match value["type"].as_str().unwrap() {
                "ended" => reported.push(value["exit"].clone()),
                "detached" => reported.push(value["reason"].clone()),
                _ => {}
            },
            Incoming::Closed(code) => break code,
        }
    };
    assert_eq!(reported, [json!({"code": 3}), json!("closed")]);
    assert_eq!(code, Some(1001));
    assert_eq!(pending.closed(), Some(1001));
    serving.wait_reported(|reported| (*reported == Reported::ShutdownComplete).then_some(()));
    assert!(std::net::TcpStream::connect(serving.address).is_err());
}

/// A Unix socket: in a directory of its owner alone, in the place of one that nobody listens on.
#[test]
fn a_unix_socket() {
    let serving = Serving::start(Config::default());
    let folder = TempDir::new();
    let listen = |path: String| {
        serving.with(move |engine| engine.add_listener(&ListenerOptions::unix(path)))
    };
    let kind = |path: &str| listen(path.into()).unwrap_err().kind();
    let set_mode = |path: &str, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    assert_eq!(kind("relative/socket"), ErrorKind::InvalidArgument);
    assert_eq!(kind(&folder.file("no/such/socket")), ErrorKind::NotFound);
    let open = folder.file("open");
    std::fs::create_dir(&open).unwrap();
    for mode in [0o755, 0o710, 0o701, 0o777] {
        set_mode(&open, mode);
        assert_eq!(kind(&format!("{open}/socket")), ErrorKind::PermissionDenied, "{mode:o}");
    }
    // One that is listened on, and a file that is no socket, stay as they are.
    set_mode(&open, 0o700);
    let taken = format!("{open}/taken");
    let other = UnixListener::bind(&taken).unwrap();
    assert_eq!(kind(&taken), ErrorKind::System);
    let file = format!("{open}/file");
    std::fs::write(&file, "text").unwrap();
    assert_eq!(kind(&file), ErrorKind::System);
    assert_eq!(std::fs::read(&file).unwrap(), b"text");
    // What a process has left that is gone is replaced.
    drop(other);
    assert!(std::fs::exists(&taken).unwrap());
    let listener = listen(taken.clone()).unwrap();
    greet(&taken, &serving.token);
    // A directory that is not there is made.
    let fresh = folder.file("fresh");
    listen(format!("{fresh}/socket")).unwrap();
    assert_eq!(std::fs::metadata(&fresh).unwrap().permissions().mode() & 0o777, 0o700);
    greet(&format!("{fresh}/socket"), &serving.token);
    serving.with(move |engine| engine.remove_listener(listener).unwrap());
    assert!(!std::fs::exists(&taken).unwrap());
}

/// Says hello over a Unix socket, with a token as everywhere.
fn greet(path: &str, token: &str) {
    for (token, wanted) in [("", "4001"), (token, "welcome")] {
        let stream = UnixStream::connect(path).unwrap();
        let mut request = "ws://localhost/".into_client_request().unwrap();
        let protocol = "orchflow.v1.json".parse().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
        let (mut socket, _) = tungstenite::client(request, stream).unwrap();
        let hello = json!({"type": "hello", "token": token});
        socket.send(Message::text(hello.to_string())).unwrap();
        let answer = match socket.read().unwrap() {
            Message::Text(text) => text.as_str().to_owned(),
            Message::Close(frame) => u16::from(frame.unwrap().code).to_string(),
            other => panic!("{other}"),
        };
        assert!(answer.contains(wanted), "{answer}");
    }
}
