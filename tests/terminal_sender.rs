//! Commands from other threads: every one is carried out or refused, completes with its tag, and
//! wakes a host that waits without a timeout.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::time::Duration;

use orchflow::{Command, Completion, ErrorKind, ExitStatus, Limits, Op, SpawnOptions, TerminalId};
use support::host::{Host, sh};

fn input(id: TerminalId, text: &str) -> Command {
    Command::Op(id, Op::Input(text.as_bytes().to_vec().into()))
}

#[test]
fn commands_of_another_thread_are_carried_out() {
    let mut host = Host::new();
    let id = host.sh("stty -echo; echo ready; exec cat");
    host.wait_text(id, "ready");
    host.quiesce();
    let sender = host.engine.sender();
    let thread = std::thread::spawn(move || {
        sender.post(1, Command::Notify).unwrap();
        sender.post(2, input(id, "posted\n")).unwrap();
        sender.post(3, Command::Spawn(Box::new(sh("echo spawned").tag(77)))).unwrap();
        sender.post(4, Command::Spawn(Box::new(SpawnOptions::program("no-such-9")))).unwrap();
        sender.post(5, input(TerminalId::from_u64(5), "x")).unwrap();
        sender.post(6, Command::Close(TerminalId::from_u64(5), Duration::ZERO)).unwrap();
    });
    host.wait("all completions", |host| host.completed.len() == 6);
    thread.join().unwrap();
    let tags: Vec<u64> = host.completed.iter().map(|(tag, _)| *tag).collect();
    assert_eq!(tags, [1, 2, 3, 4, 5, 6]);
    let mut results = host.completed.drain(..).map(|(_, result)| result).collect::<Vec<_>>();
    assert!(results.pop().unwrap().unwrap_err().is_stale_id());
    assert!(results.pop().unwrap().unwrap_err().is_stale_id());
    assert!(results.pop().unwrap().unwrap_err().is_program_not_found());
    let Ok(Completion::Spawned(spawned)) = results.pop().unwrap() else { panic!("not spawned") };
    assert_eq!(results, [Ok(Completion::Done), Ok(Completion::Done)]);
    host.wait_text(id, "posted");
    host.wait_exit(spawned);
    assert_eq!((host.text(spawned).as_str(), host.seen(spawned).tag), ("spawned\r\n", 77));

    host.engine.sender().post(9, Command::Close(id, Duration::from_secs(3600))).unwrap();
    host.wait_closed(id);
    assert_eq!(host.completed, [(9, Ok(Completion::Done))]);
}

/// Four threads post as fast as they can while the host sleeps in poll as often as it can: a wake
/// that was lost would stall it.
#[test]
fn no_post_is_lost_and_each_thread_keeps_its_order() {
    const POSTS: u64 = 3000;
    let limits = Limits { inbox_commands: 16, events: 8, ..Limits::default() };
    let mut host = Host::with_limits(limits);
    let threads: Vec<_> = (0..4u64)
        .map(|thread| {
            let sender = host.engine.sender();
            std::thread::spawn(move || {
                for n in 0..POSTS {
                    while let Err(error) = sender.post(thread << 32 | n, Command::Notify) {
                        assert!(error.is_limit_reached(), "{error}");
                        std::thread::yield_now();
                    }
                }
            })
        })
        .collect();
    host.wait("all completions", |host| host.completed.len() as u64 == 4 * POSTS);
    for thread in threads {
        thread.join().unwrap();
    }
    for thread in 0..4u64 {
        let of_thread = host.completed.iter().filter(|(tag, _)| tag >> 32 == thread);
        let order: Vec<u64> = of_thread.map(|(tag, _)| tag & 0xffff_ffff).collect();
        assert!(order.into_iter().eq(0..POSTS), "thread {thread}");
    }
    host.quiesce();
}

#[test]
fn a_full_inbox_refuses_and_recovers() {
    let limits = Limits { inbox_commands: 3, inbox_bytes: 4096, ..Limits::default() };
    let mut host = Host::with_limits(limits);
    let id = host.sh("exec cat");
    let sender = host.engine.sender();
    for round in 0..3 {
        for tag in 0..3 {
            sender.post(tag, Command::Notify).unwrap();
        }
        assert!(sender.post(3, Command::Notify).unwrap_err().is_limit_reached());
        assert!(support::is_readable(&host.engine), "round {round}");
        host.quiesce();
        assert_eq!(host.completed.drain(..).map(|(tag, _)| tag).collect::<Vec<_>>(), [0, 1, 2]);

        let big = "x".repeat(3000);
        sender.post(4, input(id, &big)).unwrap();
        let refused = [
            input(id, &big),
            Command::Spawn(Box::new(sh(&big))),
            Command::Spawn(Box::new(sh("true").env("A", &big))),
        ];
        for command in refused {
            assert!(sender.post(5, command).unwrap_err().is_limit_reached());
        }
        sender.post(6, Command::Notify).unwrap();
        host.quiesce();
        assert_eq!(host.completed.drain(..).map(|(tag, _)| tag).collect::<Vec<_>>(), [4, 6]);
    }
    assert!(sender.post(7, input(id, &"x".repeat(4097))).unwrap_err().is_limit_reached());
}

/// Completions that nobody reads hold back the inbox, not the memory.
#[test]
fn unread_completions_hold_back_the_inbox() {
    let limits = Limits { inbox_commands: 10, events: 5, ..Limits::default() };
    let mut host = Host::with_limits(limits);
    let sender = host.engine.sender();
    let mut posted = 0;
    for _ in 0..100 {
        while sender.post(posted, Command::Notify).is_ok() {
            posted += 1;
        }
        host.engine.turn(Some(Duration::ZERO)).unwrap();
    }
    assert_eq!(posted, 15, "five completions and ten commands");
    host.wait("all of them", |host| host.completed.len() == 15);
    assert!(host.completed.iter().map(|(tag, _)| *tag).eq(0..15));
    host.quiesce();
}

#[test]
fn a_sender_outlives_its_engine() {
    let host = Host::new();
    let sender = host.engine.sender();
    let clone = sender.clone();
    sender.post(1, Command::Notify).unwrap();
    drop(host);
    for sender in [sender, clone] {
        let error = sender.post(2, Command::Notify).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::EngineGone);
    }
}

/// The engine goes while threads post: each post is taken or refused, nothing hangs or crashes.
#[test]
fn an_engine_may_go_while_threads_post() {
    for _ in 0..support::scaled(50, 2000) {
        let mut host = Host::new();
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let sender = host.engine.sender();
                std::thread::spawn(move || {
                    loop {
                        match sender.post(1, Command::Notify) {
                            Err(error) if error.kind() == ErrorKind::EngineGone => return,
                            Err(error) => assert!(error.is_limit_reached(), "{error}"),
                            Ok(()) => {}
                        }
                    }
                })
            })
            .collect();
        host.wait("some completions", |host| host.completed.len() > 10);
        drop(host);
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

#[test]
fn posted_input_arrives_in_the_order_of_its_posts() {
    let mut host = Host::new();
    let id = host.sh("stty raw -echo; echo ready; exec head -c 5000");
    host.wait_text(id, "ready\n");
    let sender = host.engine.sender();
    let thread = std::thread::spawn(move || {
        for n in 0..1000 {
            while sender.post(n, input(id, &format!("{n:04}\n"))).is_err() {
                std::thread::yield_now();
            }
        }
    });
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
    thread.join().unwrap();
    let expected: String = (0..1000).map(|n| format!("{n:04}\n")).collect();
    assert_eq!(host.text(id).strip_prefix("ready\n"), Some(expected.as_str()));
}
