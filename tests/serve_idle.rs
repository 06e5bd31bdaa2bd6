//! Clients that are silent cost nothing: the descriptor stays quiet, whatever they are attached to.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;
mod support;

use std::sync::mpsc::channel;
use std::time::Duration;

use client::Client;
use orchflow::{Change, ChangeOp, ChangeSet, Config, Limits, ScreenOptions, Session, SpawnOptions};
use serde_json::json;
use serving::{Serving, listening};
use support::{is_readable, scaled, wait_readable};

const CLIENTS: usize = 100;

/// Wake-ups that nobody reads fill the inbox while the engine is busy; the jobs behind them are not refused.
#[test]
fn jobs_outnumber_their_wake_ups() {
    const WAITING: usize = 8;
    let limits = Limits { inbox_commands: 1, ..Limits::default() };
    let serving = Serving::start(Config { limits, ..Config::default() });
    let (begun, begins) = channel();
    let (end, ends) = channel::<()>();
    std::thread::scope(|scope| {
        let jobs = serving.jobs();
        scope.spawn(move || {
            jobs.with(move |_| {
                begun.send(()).unwrap();
                ends.recv().unwrap();
            });
        });
        begins.recv().unwrap();
        let answered: Vec<_> = (0..WAITING)
            .map(|job| {
                let jobs = serving.jobs();
                scope.spawn(move || assert_eq!(jobs.with(move |_| job), job))
            })
            .collect();
        // Of wake-ups that find the inbox full nothing is seen but that nobody panics.
        for _ in 0..WAITING {
            serving.jobs().wake_up();
        }
        end.send(()).unwrap();
        answered.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// A client that waits for its next diff must not keep the engine busy, whoever is up to date beside it.
#[test]
fn a_diff_that_waits_for_its_time_wakes_nobody_before() {
    let (mut engine, address, token) = listening(Config::default(), |options| options);
    let (done, is_done) = channel();
    let (end, is_over) = channel::<()>();
    let clients = std::thread::spawn(move || {
        let clients = [json!(["panes"]), json!(["sessions"]), json!([])].map(|collections| {
            let (mut client, _) =
                Client::hello(address, &token, json!({"collections": collections}));
            client.settle();
            client
        });
        done.send(()).unwrap();
        let _ = is_over.recv();
        drop(clients);
    });
    while is_done.try_recv().is_err() {
        engine.turn(Some(Duration::from_millis(10))).unwrap();
    }
    for n in 0..20 {
        let session = Session { name: n.to_string(), ..Session::default() };
        let change = Change::PutSession { id: "s".into(), session };
        engine.change_state(&ChangeSet { ops: vec![ChangeOp { change, base: None }] }).unwrap();
        let mut settles = || {
            for _ in 0..10 {
                engine.turn(Some(Duration::ZERO)).unwrap();
            }
            !is_readable(&engine)
        };
        // A diff may be due in just the moment of the first look, not of both.
        assert!(settles() || settles(), "the engine is busy although everybody waits");
    }
    end.send(()).unwrap();
    clients.join().unwrap();
}

#[test]
fn a_hundred_idle_clients_wake_nobody() {
    let (mut engine, address, token) = listening(Config::default(), |options| options);
    let options = SpawnOptions::program("cat").screen(ScreenOptions::default());
    let terminal = engine.spawn(&options).unwrap().to_u64();
    let (done, is_done) = channel();
    let (end, is_over) = channel::<()>();
    let clients = std::thread::spawn(move || {
        let modes = ["lossless", "lossy", "screen"];
        let clients: Vec<Client> = (0..CLIENTS)
            .map(|n| {
                let attach = json!({"terminal": terminal, "mode": modes[n % 3]});
                let fields = json!({
                    "collections": ["sessions", "panes", "terminals", "files"],
                    "attach": [attach],
                    "notices": ["bell", "title", "command"],
                });
                let (mut client, _) = Client::hello(address, &token, fields);
                client.receive_type("diff");
                client.settle();
                client
            })
            .collect();
        done.send(()).unwrap();
        let _ = is_over.recv();
        drop(clients);
    });
    while is_done.try_recv().is_err() {
        engine.turn(Some(Duration::from_millis(10))).unwrap();
        while engine.next_event().unwrap().is_some() {}
    }
    assert_eq!(engine.clients().len(), CLIENTS);
    // What was on its way settles; then nothing may happen any more.
    while is_readable(&engine)
        || engine.time_to_deadline().is_some_and(|at| at < Duration::from_secs(5))
    {
        engine.turn(Some(Duration::from_secs(1))).unwrap();
        while engine.next_event().unwrap().is_some() {}
    }
    let quiet = Duration::from_millis(scaled(500, 5000) as u64);
    assert!(!wait_readable(&engine, quiet), "the engine woke for nothing");
    end.send(()).unwrap();
    while !engine.clients().is_empty() {
        engine.turn(None).unwrap();
        while engine.next_event().unwrap().is_some() {}
    }
    clients.join().unwrap();
}
