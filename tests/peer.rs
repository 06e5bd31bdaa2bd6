//! Peers: one engine mirrors another one and works with its terminals, over real sockets.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod support;

use std::time::Duration;

use orchflow::{
    Change as StateChange, ChangeOp, ChangeSet, Collection, Config, Engine, ExitStatus, Limits,
    Pane, PaneContent, PeerStatus, RemoteAttach, RemoteCode, RemoteMode, RemoteOp, RemoteOutcome,
    RemoteRequest, RemoteStart, Scopes, ScreenOptions, Session, Size, SpawnOptions, TerminalId,
    TokenOptions, WatchOptions,
};
use support::files::TempDir;
use support::pair::{Pair, Reported, eager, loopback, server};

fn from_start() -> RemoteAttach {
    RemoteAttach { start: RemoteStart::Oldest, ..RemoteAttach::default() }
}

fn shell(script: &str) -> SpawnOptions {
    SpawnOptions::program("sh").args(["-c", script]).env("PS1", "")
}

fn put_session(id: &str, panes: &[&str]) -> ChangeOp {
    let panes = panes.iter().map(|pane| pane.to_string()).collect();
    let session = Session { name: format!("session {id}"), panes, ..Session::default() };
    ChangeOp { change: StateChange::PutSession { id: id.into(), session }, base: None }
}

fn put_pane(id: &str, session: &str, title: &str, base: Option<u64>) -> ChangeOp {
    let metadata = [("colour".to_string(), "red".to_string())].into();
    let content = PaneContent::Custom("chart".into());
    let pane = Pane { session: session.into(), title: title.into(), content, metadata };
    ChangeOp { change: StateChange::PutPane { id: id.into(), pane }, base }
}

fn changes(ops: impl Into<Vec<ChangeOp>>) -> ChangeSet {
    ChangeSet { ops: ops.into() }
}

#[test]
fn a_peer_types_and_sees_the_echo() {
    let mut pair = Pair::new();
    let terminal = pair.server().spawn(&SpawnOptions::program("cat")).unwrap().to_u64();
    pair.until_equal();
    let replica = pair.mirror.peer_replica(pair.peer).unwrap();
    assert!(replica.terminal(terminal).is_some_and(|(facts, _)| facts.running));
    pair.mirror.peer_attach(pair.peer, terminal, &from_start()).unwrap();
    pair.mirror.peer_write(pair.peer, terminal, b"hello\n").unwrap();
    pair.until("the echo", |pair| pair.bytes(terminal) == b"hello\r\nhello\r\n");
    pair.mirror.disconnect(pair.peer).unwrap();
    pair.until("the goodbye", |pair| pair.server().clients().is_empty());
    assert!(pair.mirror.peer_state(pair.peer).is_err_and(|error| error.is_stale_id()));
    assert!(pair.mirror.peers().is_empty());
    assert!(!pair.reported.iter().any(|reported| matches!(reported, Reported::Disconnected(..))));
}

#[test]
fn every_collection_is_mirrored_and_kept_up_to_date() {
    for (json, compress) in [(false, false), (false, true), (true, false), (true, true)] {
        let folder = TempDir::new();
        for n in 0..700 {
            std::fs::write(folder.file(&format!("a file of some length {n}")), "x").unwrap();
        }
        let mut pair =
            Pair::with(Config::default(), |options| options.json(json).compress(compress));
        pair.server().spawn(&SpawnOptions::program("cat")).unwrap();
        let watch = pair.server().add_watch(&WatchOptions::new(folder.path())).unwrap();
        pair.server().set_watch_published(watch, true).unwrap();
        let ops = [
            put_session("s", &["p", "q"]),
            put_pane("p", "s", "ein Titel", None),
            put_pane("q", "s", "", None),
        ];
        pair.server().change_state(&changes(ops)).unwrap();
        pair.until("all files", |pair| {
            let replica = pair.mirror.peer_replica(pair.peer).unwrap();
            replica.count(Collection::Files) == 701
        });
        pair.until_equal();
        let replica = pair.mirror.peer_replica(pair.peer).unwrap();
        let counts = Collection::EACH.map(|each| replica.count(each));
        assert_eq!(counts, [1, 2, 1, 701]);
        assert_eq!(replica.session("s").unwrap().0.panes, ["p", "q"]);
        assert_eq!(replica.pane("p").unwrap().0.title, "ein Titel");

        std::fs::remove_file(folder.file("a file of some length 5")).unwrap();
        let removal = StateChange::RemovePane { id: "q".into() };
        let ops = [ChangeOp { change: removal, base: None }, put_pane("p", "s", "other", None)];
        pair.server().change_state(&changes(ops)).unwrap();
        pair.until("the removal", |pair| {
            let replica = pair.mirror.peer_replica(pair.peer).unwrap();
            replica.count(Collection::Files) == 700 && replica.count(Collection::Panes) == 1
        });
        pair.until_equal();
        let state = pair.mirror.peer_state(pair.peer).unwrap();
        assert_eq!((state.status, state.mismatches), (PeerStatus::Connected, 0));
        assert!(state.server.starts_with("orchflow/") && state.scopes == Scopes::ALL);
    }
}

#[test]
fn only_the_collections_that_were_asked_for() {
    use orchflow::Collections;
    let mut pair = Pair::with(Config::default(), |o| o.collections(Collections::LAYOUT));
    pair.server().spawn(&SpawnOptions::program("cat")).unwrap();
    pair.server().change_state(&changes([put_session("s", &[])])).unwrap();
    pair.until("the session", |pair| {
        pair.mirror.peer_replica(pair.peer).unwrap().session("s").is_some()
    });
    let replica = pair.mirror.peer_replica(pair.peer).unwrap();
    assert_eq!(replica.count(Collection::Terminals), 0);
}

#[test]
fn output_is_exact_with_and_without_a_screen() {
    let script = "i=0; while [ $i -lt 4000 ]; do echo line $i of the output; i=$((i+1)); done";
    let expected: String = (0..4000).map(|i| format!("line {i} of the output\r\n")).collect();
    for mode in [RemoteMode::Lossless, RemoteMode::Lossy] {
        for has_screen in [false, true] {
            let mut pair = Pair::new();
            let mut options = shell(script);
            if has_screen {
                options = options.screen(ScreenOptions::default());
            }
            let terminal = pair.server().spawn(&options).unwrap().to_u64();
            // A small window, so that there is a lot of credit to give.
            let attach = RemoteAttach { mode, window: 8 << 10, ..from_start() };
            pair.mirror.peer_attach(pair.peer, terminal, &attach).unwrap();
            let (end, status) = pair.wait("the end", |reported| match reported {
                Reported::Ended(_, end, status) => Some((*end, *status)),
                Reported::Gap(..) | Reported::Snapshot(..) => panic!("{reported:?}"),
                _ => None,
            });
            assert_eq!((end, status), (expected.len() as u64, ExitStatus::Code(0)));
            assert!(pair.bytes(terminal) == expected.as_bytes(), "{mode:?} {has_screen}");
        }
    }
}

#[test]
fn a_screen_comes_as_a_snapshot_or_as_rows() {
    let mut pair = Pair::new();
    let options = shell("printf '\\033[31mred\\033[m\\r\\nplain'; read x; echo more; read x")
        .screen(ScreenOptions::default());
    let id = pair.server().spawn(&options).unwrap();
    let terminal = id.to_u64();
    pair.until("the text", |pair| {
        pair.server().terminal_state(id).is_ok_and(|state| state.log_end >= 18)
    });
    pair.mirror.peer_attach(pair.peer, terminal, &RemoteAttach::default()).unwrap();
    pair.wait("a snapshot", |reported| {
        (*reported == Reported::Snapshot(terminal, false)).then_some(())
    });
    let snapshot = String::from_utf8_lossy(&pair.streams[&terminal].snapshot).into_owned();
    assert!(snapshot.contains("red") && snapshot.contains("plain"), "{snapshot:?}");
    pair.mirror.peer_detach(pair.peer, terminal).unwrap();
    pair.wait("the end", |reported| (*reported == Reported::Detached(terminal)).then_some(()));
    pair.streams.clear();

    let attach = RemoteAttach { mode: RemoteMode::Screen, ..RemoteAttach::default() };
    pair.mirror.peer_attach(pair.peer, terminal, &attach).unwrap();
    let row = |pair: &Pair, row: i32| {
        pair.streams.get(&terminal).and_then(|s| s.rows.get(&row).cloned()).unwrap_or_default()
    };
    pair.until("rows", |pair| row(pair, 0) == "red" && row(pair, 1) == "plain");
    pair.mirror.peer_write(pair.peer, terminal, b"x\r").unwrap();
    pair.until("more rows", |pair| row(pair, 1) == "plainx" && row(pair, 2) == "more");
}

#[test]
fn attaching_to_what_is_not_there() {
    let mut pair = Pair::new();
    for window in [0, 1] {
        let attach = RemoteAttach { window, ..RemoteAttach::default() };
        pair.mirror.peer_attach(pair.peer, 99, &attach).unwrap();
        pair.wait("the refusal", |reported| (*reported == Reported::Detached(99)).then_some(()));
    }
    // A viewer of the screen where there is none.
    let terminal = pair.server().spawn(&SpawnOptions::program("cat")).unwrap().to_u64();
    let attach = RemoteAttach { mode: RemoteMode::Screen, ..RemoteAttach::default() };
    pair.mirror.peer_attach(pair.peer, terminal, &attach).unwrap();
    let problem = |reported: &Reported| matches!(reported, Reported::Problem(text) if text.contains("screen"));
    pair.wait("the reason", |reported| problem(reported).then_some(()));
    pair.wait("the refusal", |reported| (*reported == Reported::Detached(terminal)).then_some(()));
    assert!(pair.mirror.peer_state(pair.peer).unwrap().terminals.is_empty());
    assert!(pair.mirror.peer_detach(pair.peer, terminal).unwrap_err().is_stale_id());
}

#[test]
fn attached_anew_only_the_new_attachment_is_reported() {
    let mut pair = Pair::new();
    let script = "stty -echo; echo ready; while read x; do seq 1000; done";
    let terminal = pair.server().spawn(&shell(script)).unwrap().to_u64();
    pair.mirror.peer_attach(pair.peer, terminal, &from_start()).unwrap();
    pair.until("the beginning", |pair| pair.bytes(terminal) == b"ready\r\n");
    let once = 7 + (1..=1000).map(|n| n.to_string().len() + 2).sum::<usize>();
    for n in 1..30 {
        pair.mirror.peer_write(pair.peer, terminal, b"\n").unwrap();
        // Three in a row, of which the last one counts; each is reported in its place, once.
        for _ in 0..3 {
            pair.mirror.peer_attach(pair.peer, terminal, &from_start()).unwrap();
        }
        pair.wait("attached", |reported| {
            (*reported == Reported::Attached(terminal, 0)).then_some(())
        });
        assert!(!pair.reported.contains(&Reported::Attached(terminal, 0)));
        let length = 7 + n * (once - 7);
        pair.until("all of it", |pair| pair.streams[&terminal].next as usize >= length);
        assert!(pair.bytes(terminal).len() == length, "{n}");
    }
}

#[test]
fn large_input_arrives_whole() {
    let mut pair = Pair::new();
    let script = "stty raw -echo; echo ready; head -c 300000 | cksum";
    let terminal = pair.server().spawn(&shell(script)).unwrap().to_u64();
    pair.mirror.peer_attach(pair.peer, terminal, &from_start()).unwrap();
    pair.until("the beginning", |pair| pair.bytes(terminal).starts_with(b"ready"));
    let input: Vec<u8> = (0..300_000u32).map(|n| (n * 7 % 251) as u8).collect();
    pair.mirror.peer_write(pair.peer, terminal, &input).unwrap();
    pair.until("the sum", |pair| pair.bytes(terminal).ends_with(b"300000\n"));
    let folder = TempDir::new();
    std::fs::write(folder.file("input"), &input).unwrap();
    let script = format!("cksum <{}", folder.file("input"));
    let sum = std::process::Command::new("sh").args(["-c", &script]).output().unwrap().stdout;
    assert!(pair.bytes(terminal).ends_with(&sum));
}

#[test]
fn change_sets_are_applied_or_refused() {
    let mut pair = Pair::new();
    let ops = [put_session("s", &["p"]), put_pane("p", "s", "one", Some(0))];
    let first = pair.mirror.peer_change(pair.peer, &changes(ops)).unwrap();
    let version = pair.wait("applied", |reported| match reported {
        Reported::Applied(mutation, version) if *mutation == first => Some(*version),
        _ => None,
    });
    // When it is reported, the effect is there.
    let (pane, at) = pair.mirror.peer_replica(pair.peer).unwrap().pane("p").unwrap();
    assert_eq!((pane.title.as_str(), at), ("one", version));
    assert_eq!(pair.server().application_state().unwrap().pane("p").unwrap().0.title, "one");

    pair.server().change_state(&changes([put_pane("p", "s", "two", None)])).unwrap();
    let stale = changes([put_pane("p", "s", "three", Some(version))]);
    let second = pair.mirror.peer_change(pair.peer, &stale).unwrap();
    let invalid = changes([put_pane("a b", "s", "", None)]);
    let third = pair.mirror.peer_change(pair.peer, &invalid).unwrap();
    for (number, code) in [(second, RemoteCode::Conflict), (third, RemoteCode::Invalid)] {
        let reported = pair.wait("refused", |reported| match reported {
            Reported::Rejected(mutation, code, _) if *mutation == number => Some(*code),
            Reported::Applied(mutation, _) => panic!("{mutation} was applied"),
            _ => None,
        });
        assert_eq!(reported, code);
    }
    pair.until_equal();
}

#[test]
fn requests_are_answered() {
    let folder = TempDir::new();
    let mut pair = Pair::new();
    pair.server().grant_directory(folder.path()).unwrap();
    let profile =
        shell("stty -echo; pwd; read x; echo got $x; sleep 100").screen(ScreenOptions::default());
    pair.server().grant_profile("work", &profile).unwrap();
    let path = folder.path().as_os_str().as_encoded_bytes().to_vec();
    let spawn = |profile: &str| RemoteRequest::Spawn {
        profile: profile.into(),
        cwd: Some(path.clone()),
        size: Some(Size::cells(90, 30)),
    };
    let RemoteOutcome::Spawned { terminal } = pair.ask(&spawn("work")) else { panic!() };
    let RemoteOutcome::Failed(failure) = pair.ask(&spawn("play")) else { panic!() };
    assert_eq!(failure.code, RemoteCode::NotFound);

    pair.mirror.peer_attach(pair.peer, terminal, &from_start()).unwrap();
    let shown = [path.as_slice(), b"\r\n"].concat();
    pair.until("its directory", |pair| pair.bytes(terminal) == shown);
    let ops = [
        (terminal, RemoteOp::Resize(Size::cells(100, 40))),
        (99, RemoteOp::Eof),
        (99, RemoteOp::Clear),
        (terminal, RemoteOp::Input(b"a needle\r".to_vec())),
    ];
    let RemoteOutcome::Statuses(statuses) = pair.ask(&RemoteRequest::Batch(ops.into())) else {
        panic!()
    };
    let codes: Vec<_> = statuses.iter().map(|s| s.as_ref().map(|f| f.code)).collect();
    let (gone, skipped) = (RemoteCode::NotFound, RemoteCode::Skipped);
    assert_eq!(codes, [None, Some(gone), Some(skipped), None]);
    pair.until("the answer", |pair| pair.bytes(terminal).ends_with(b"got a needle\r\n"));

    let search = RemoteRequest::Search {
        terminal,
        pattern: "NEEDLE".into(),
        regex: false,
        ignore_case: true,
        max: 0,
    };
    let RemoteOutcome::Found { matches, complete: true } = pair.ask(&search) else { panic!() };
    assert_eq!((matches.len(), matches[0].start.col), (1, 6));
    let RemoteOutcome::Terminal(detail) = pair.ask(&RemoteRequest::Query { terminal }) else {
        panic!()
    };
    assert_eq!(detail.log_end as usize, pair.bytes(terminal).len());
    assert_eq!(detail.cwd.as_deref(), Some(path.as_slice()));

    let RemoteOutcome::Watching { watch } = pair.ask(&RemoteRequest::Watch { path: path.clone() })
    else {
        panic!()
    };
    std::fs::write(folder.file("new"), "x").unwrap();
    let has_file = |pair: &Pair| {
        let replica = pair.mirror.peer_replica(pair.peer).unwrap();
        replica.files().any(|(key, facts, _)| key.watch == watch && *facts.name == *b"new")
    };
    pair.until("the file", |pair| has_file(pair));
    assert_eq!(pair.ask(&RemoteRequest::Unwatch { watch }), RemoteOutcome::Done);
    pair.until("no file", |pair| !has_file(pair));

    let grace = Duration::ZERO;
    let close = RemoteRequest::Batch(vec![(terminal, RemoteOp::Close { grace })]);
    assert_eq!(pair.ask(&close), RemoteOutcome::Statuses(vec![None]));
    pair.wait("the end", |reported| (*reported == Reported::Detached(terminal)).then_some(()));
    pair.until_equal();
}

/// Questions that the other engine answers are left out. They must not use up the window, since nobody is
/// reported of them: more than a window of them in a row would stop the output for ever.
#[test]
fn questions_use_up_no_credit() {
    let mut pair = Pair::new();
    let script = "stty raw -echo; printf begin; \
                  i=0; while [ $i -lt 3000 ]; do printf '\\033[c'; i=$((i+1)); done; printf end";
    let options = shell(script).screen(ScreenOptions::default()).reader(None);
    let terminal = pair.server().spawn(&options).unwrap().to_u64();
    let attach = RemoteAttach { window: 4096, ..from_start() };
    pair.mirror.peer_attach(pair.peer, terminal, &attach).unwrap();
    let end = pair.wait("the end", |reported| match reported {
        Reported::Ended(_, end, _) => Some(*end),
        Reported::Gap(..) | Reported::Snapshot(..) => panic!("{reported:?}"),
        _ => None,
    });
    assert_eq!(pair.bytes(terminal), b"beginend");
    assert_eq!(end, 8 + 3 * 3000);
}

#[test]
fn an_interrupt_stops_a_flood() {
    let mut pair = Pair::new();
    let script = "trap 'echo; echo stopped; exit' INT; while :; do echo flood; done";
    let options = shell(script).screen(ScreenOptions::default());
    let terminal = pair.server().spawn(&options).unwrap().to_u64();
    pair.mirror.peer_attach(pair.peer, terminal, &from_start()).unwrap();
    pair.until("the flood", |pair| pair.bytes(terminal).len() > 1 << 20);
    let interrupt = RemoteRequest::Batch(vec![(terminal, RemoteOp::Interrupt)]);
    assert_eq!(pair.ask(&interrupt), RemoteOutcome::Statuses(vec![None]));
    pair.wait("the end", |reported| matches!(reported, Reported::Ended(..)).then_some(()));
}

#[test]
fn over_a_unix_socket() {
    let folder = TempDir::new();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .unwrap();
    let options = orchflow::ListenerOptions::unix(folder.file("socket"));
    let (engine, address, token) = server(Config::default(), &options);
    let mut pair = Pair::to(Some(engine), &eager(address, &token));
    pair.wait("the connection", |reported| {
        matches!(reported, Reported::Connected(false)).then_some(())
    });
    pair.server().change_state(&changes([put_session("s", &[])])).unwrap();
    pair.until_equal();
}

/// A host that does not read its events keeps no more than it said, and loses nothing.
#[test]
fn a_host_that_does_not_read() {
    let limits = Limits { peer_queue_bytes: 64 << 10, ..Limits::default() };
    let mut pair = Pair::new();
    pair.mirror = Engine::new(Config { limits, ..Config::default() }).unwrap();
    let (engine, address, token) = server(Config::default(), &loopback());
    pair.server = Some(engine);
    pair.peer = pair.mirror.connect(&eager(address, &token)).unwrap();
    pair.wait("the connection", |reported| {
        matches!(reported, Reported::Connected(_)).then_some(())
    });
    // Nobody else reads, so nobody waits for the peer: the program does.
    let expected: String = (1..=100_000).map(|n| format!("{n}\r\n")).collect();
    let ids: Vec<TerminalId> =
        (0..3).map(|_| pair.server().spawn(&shell("seq 100000").reader(None)).unwrap()).collect();
    for id in &ids {
        pair.mirror.peer_attach(pair.peer, id.to_u64(), &from_start()).unwrap();
    }
    pair.is_deaf = true;
    pair.until("a full queue", |pair| {
        pair.mirror.peer_state(pair.peer).unwrap().received_bytes >= 64 << 10
    });
    // What is there can be looked at again and again without a change.
    for _ in 0..100 {
        pair.mirror.turn(Some(Duration::ZERO)).unwrap();
        let state = pair.mirror.peer_state(pair.peer).unwrap();
        assert!(state.received_bytes < (64 << 10) + (65 << 10), "{}", state.received_bytes);
    }
    pair.is_deaf = false;
    for _ in &ids {
        pair.wait("the end", |reported| matches!(reported, Reported::Ended(..)).then_some(()));
    }
    for id in &ids {
        assert!(pair.bytes(id.to_u64()) == expected.as_bytes());
    }
}

#[test]
fn a_token_without_scopes_for_it() {
    let (mut engine, address, _) = server(Config::default(), &loopback());
    let token = TokenOptions { scopes: Scopes::OBSERVE, ..TokenOptions::default() };
    let (_, token) = engine.add_token(token).unwrap();
    let mut pair = Pair::to(Some(engine), &eager(address, &token));
    pair.wait("the connection", |reported| {
        matches!(reported, Reported::Connected(_)).then_some(())
    });
    assert_eq!(pair.mirror.peer_state(pair.peer).unwrap().scopes, Scopes::OBSERVE);
    let change = pair.mirror.peer_change(pair.peer, &changes([put_session("s", &[])])).unwrap();
    let code = pair.wait("the refusal", |reported| match reported {
        Reported::Rejected(mutation, code, _) if *mutation == change => Some(*code),
        _ => None,
    });
    assert_eq!(code, RemoteCode::Forbidden);
    pair.mirror.peer_write(pair.peer, 1, b"x").unwrap();
    pair.wait("the complaint", |reported| matches!(reported, Reported::Problem(_)).then_some(()));
}
