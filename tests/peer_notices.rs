//! Notices and figures of another engine, and what its state shows of its terminals.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod support;

use std::time::Duration;

use orchflow::{
    Config, NoticeKind, NoticeKinds, Progress, ProgressState, RemoteOutcome, RemoteRequest,
    ScreenOptions, SpawnOptions, TerminalNotice,
};
use support::pair::{Pair, Reported};

fn spawn(pair: &mut Pair, script: &str) -> u64 {
    let screen = ScreenOptions { clipboard: true, ..ScreenOptions::default() };
    let options = SpawnOptions::program("sh").args(["-c", script]).screen(screen);
    pair.server().spawn(&options).unwrap().to_u64()
}

/// The next notice, which is of this terminal.
fn next(pair: &mut Pair, terminal: u64) -> (u64, TerminalNotice) {
    pair.wait("a notice", |reported| match reported {
        Reported::Notice(of, seq, notice) if *of == terminal => Some((*seq, notice.clone())),
        _ => None,
    })
}

/// Over bincode and over JSON, without being attached.
#[test]
fn every_kind_comes_in_order() {
    for json in [false, true] {
        let wants = |options: orchflow::PeerOptions| options.notices(NoticeKinds::ALL).json(json);
        let mut pair = Pair::with(Config::default(), wants);
        let script = "printf '\\a\\a\\033]9;done\\a\\033]52;c;aGVsbG8=\\a\\033]9;4;4;50\\a'; \
             printf '\\033]133;C;cmdline=ls\\a\\033]133;D\\a\\033]7;/here\\a\\033]2;title\\a'; \
             read x; printf '\\033]9;4;0\\a'; read x";
        let terminal = spawn(&mut pair, script);
        let progress = Progress { state: ProgressState::Paused, percent: 50 };
        let wanted = [
            TerminalNotice::Bell { count: 2 },
            TerminalNotice::Notification { title: String::new(), body: "done".into() },
            TerminalNotice::Clipboard { selection: false, text: "hello".into() },
            TerminalNotice::Progress { progress: Some(progress) },
            TerminalNotice::CommandStarted { command: "ls".into() },
            TerminalNotice::CommandFinished { exit_code: None, duration: Duration::ZERO },
            TerminalNotice::Cwd { path: b"/here".to_vec() },
            TerminalNotice::Title { title: "title".into() },
        ];
        for (seq, wanted) in (1..).zip(wanted) {
            let (got_seq, got) = next(&mut pair, terminal);
            assert_eq!((got_seq, got.kind()), (seq, wanted.kind()));
            if got.kind() != NoticeKind::Command {
                assert_eq!(got, wanted);
            }
        }
        pair.mirror.peer_write(pair.peer, terminal, b"\n").unwrap();
        assert_eq!(next(&mut pair, terminal), (9, TerminalNotice::Progress { progress: None }));
    }
}

#[test]
fn who_asks_for_none_gets_none() {
    let wants =
        |options: orchflow::PeerOptions| options.notices(NoticeKinds::NONE.with(NoticeKind::Title));
    let mut pair = Pair::with(Config::default(), wants);
    let terminal = spawn(&mut pair, "printf '\\a\\033]9;x\\a\\033]2;t\\a'; read x");
    assert_eq!(next(&mut pair, terminal), (1, TerminalNotice::Title { title: "t".into() }));
    assert!(!pair.reported.iter().any(|reported| matches!(reported, Reported::Notice(..))));
}

#[test]
fn figures_of_the_other_engine() {
    let mut pair = Pair::new();
    spawn(&mut pair, "exec cat");
    let began = std::time::Instant::now();
    let ask = |pair: &mut Pair| {
        let RemoteOutcome::Stats(stats) = pair.ask(&RemoteRequest::Stats) else { panic!() };
        stats
    };
    let first = ask(&mut pair);
    assert_eq!((first.clients, first.terminals, first.watches), (1, 1, 0));
    assert!(first.turns > 0 && first.longest_turn > Duration::ZERO, "{first:?}");
    for _ in 0..100 {
        pair.server().turn(Some(Duration::ZERO)).unwrap();
    }
    let second = ask(&mut pair);
    assert!(second.turns > first.turns && second.longest_turn >= first.longest_turn, "{second:?}");
    let elapsed = second.uptime.saturating_sub(first.uptime);
    assert!(elapsed <= began.elapsed() + Duration::from_millis(1), "{first:?} {second:?}");
    // The host may count its turns anew.
    pair.server().reset_turn_stats();
    assert!(ask(&mut pair).turns < second.turns);
}

/// The replica has what the state of the other engine shows of the foreground.
#[test]
fn the_replica_shows_the_foreground() {
    let mut pair = Pair::new();
    let terminal = spawn(&mut pair, "stty -echo; printf 'Password: '; read x");
    pair.until("the prompt", |pair| {
        let replica = pair.mirror.peer_replica(pair.peer).unwrap();
        replica.terminal(terminal).is_some_and(|(known, _)| known.hidden_input)
    });
    pair.until_equal();
    let replica = pair.mirror.peer_replica(pair.peer).unwrap();
    let (known, _) = replica.terminal(terminal).unwrap();
    assert_eq!(known.program, b"sh");
}
