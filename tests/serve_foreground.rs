//! What the state shows of the program in the foreground of a terminal, and when it is looked at.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;
mod support;

use std::time::Duration;

use client::Client;
use orchflow::{
    Config, Engine, ListenerOptions, ScreenOptions, SizePolicy, SpawnOptions, TerminalId,
};
use serde_json::{Value, json};
use serving::Serving;
use support::files::TempDir;
use support::{is_readable, scaled, wait_readable};

/// A client that mirrors terminals, and one terminal that it follows.
fn spawn(options: SpawnOptions) -> (Serving, u64, Client) {
    let serving = Serving::start(Config::default());
    let terminal = serving.with(move |engine| engine.spawn(&options).unwrap().to_u64());
    let fields = json!({"collections": ["terminals"], "attach": [{"terminal": terminal}]});
    let (client, _) = Client::hello(serving.address, &serving.token, fields);
    (serving, terminal, client)
}

fn sh(script: &str) -> SpawnOptions {
    SpawnOptions::program("sh").args(["-c", script]).screen(ScreenOptions::default())
}

/// Waits until the entry of the terminal is so, and gives it.
fn wait(client: &mut Client, is_so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let diff = client.receive_type("diff");
        let entries = diff["terminals"].as_array().unwrap();
        if let Some(entry) = entries.iter().find(|entry| is_so(entry)) {
            return entry.clone();
        }
    }
}

#[test]
fn a_password_prompt_hides_what_is_typed() {
    let script = "printf 'ready '; stty -echo; printf 'Password: '; read x; \
         stty echo; echo thanks; read y; stty raw -echo; printf on; exec cat";
    let (_serving, terminal, mut client) = spawn(sh(script));
    let entry = wait(&mut client, |entry| entry["hidden_input"] == true);
    assert_eq!(entry["program"], "sh");
    client.type_in(terminal, b"secret\n");
    wait(&mut client, |entry| entry["hidden_input"] == false);
    // A program that reads keys shows nothing by itself either, and hides nothing.
    client.type_in(terminal, b"\nx");
    let entry = wait(&mut client, |entry| entry["program"] == "cat");
    assert_eq!(entry["hidden_input"], false);
}

#[test]
fn the_program_in_the_foreground_shows() {
    let shell = SpawnOptions::program("sh").arg("-i").screen(ScreenOptions::default());
    let (_serving, terminal, mut client) = spawn(shell);
    let entry = wait(&mut client, |entry| entry["program"] == "sh");
    assert_eq!((&entry["last_exit"], &entry["hidden_input"]), (&Value::Null, &json!(false)));
    client.type_in(terminal, b"sleep 1000\n");
    wait(&mut client, |entry| entry["program"] == "sleep");
    client.type_in(terminal, &[3]);
    wait(&mut client, |entry| entry["program"] == "sh");
    client.type_in(terminal, b"exit 4\n");
    let entry = wait(&mut client, |entry| entry["running"] == false);
    assert_eq!((&entry["program"], &entry["exit"]), (&json!(""), &json!({"code": 4})));
}

/// A change of the directory that shows in nothing else: no report, no output, only input.
#[test]
fn a_directory_that_is_changed_in_silence_shows() {
    let dir = TempDir::new();
    let path = dir.path().canonicalize().unwrap();
    let script = "stty -echo; cd /; echo ready; while read -r to; do cd \"$to\"; done";
    let (_serving, terminal, mut client) = spawn(sh(script));
    wait(&mut client, |entry| entry["cwd"] == "/");
    client.type_in(terminal, format!("{}\n", path.display()).as_bytes());
    wait(&mut client, |entry| entry["cwd"] == path.to_str().unwrap());
}

#[test]
fn the_last_exit_code_and_the_size_policy_show() {
    let script = "printf '\\033]133;C\\a\\033]133;D;7\\a'; read x; \
         printf '\\033]133;C\\a\\033]133;D\\a'; read x";
    let (serving, terminal, mut client) = spawn(sh(script));
    let entry = wait(&mut client, |entry| entry["last_exit"] == 7);
    assert_eq!(entry["size_policy"], "latest");
    client.type_in(terminal, b"\n");
    wait(&mut client, |entry| entry["last_exit"].is_null());
    let id = TerminalId::from_u64(terminal);
    for (policy, name) in [
        (SizePolicy::Smallest, "smallest"),
        (SizePolicy::Fixed, "fixed"),
        (SizePolicy::Latest, "latest"),
    ] {
        serving.with(move |engine| engine.set_size_policy(id, policy).unwrap());
        wait(&mut client, |entry| entry["size_policy"] == name);
    }
    // The host's own resize takes the decision.
    serving.with(move |engine| engine.resize(id, orchflow::Size::cells(90, 30)).unwrap());
    wait(&mut client, |entry| entry["size_policy"] == "fixed" && entry["cols"] == 90);
}

/// Turns until nothing happens; gives how many turns that took.
fn settle(engine: &mut Engine, quiet: Duration) -> usize {
    let mut turns = 0;
    while is_readable(&*engine) || wait_readable(&*engine, quiet) {
        engine.turn(Some(Duration::ZERO)).unwrap();
        while engine.next_event().unwrap().is_some() {}
        turns += 1;
    }
    turns
}

/// Nothing is looked at before the server listens, and once nothing is new, nothing any more: no timer runs.
#[test]
fn looks_begin_with_the_server_and_end_with_what_is_new() {
    let quiet = Duration::from_millis(scaled(1500, 5000) as u64);
    let mut engine = Engine::new(Config::default()).unwrap();
    let id = engine.spawn(&sh("stty -echo; echo ready; exec cat")).unwrap();
    settle(&mut engine, quiet);
    assert_eq!(engine.time_to_deadline(), None);
    let shown = |engine: &mut Engine| {
        let state = engine.application_state().unwrap();
        let (terminal, _) = state.terminal(id.to_u64()).unwrap();
        (terminal.program.clone(), terminal.hidden_input)
    };
    assert_eq!(shown(&mut engine), (Vec::new(), false));
    engine.add_listener(&ListenerOptions::tcp("127.0.0.1:0".parse().unwrap())).unwrap();
    let turns = settle(&mut engine, quiet);
    assert!((2..=4).contains(&turns), "{turns} turns for two looks");
    assert_eq!(shown(&mut engine), (b"cat".to_vec(), true));
    assert_eq!(engine.time_to_deadline(), None, "no timer is left");
    // Input without output is looked after as well.
    assert_eq!(engine.write(id, b"x").unwrap(), 1);
    let turns = settle(&mut engine, quiet);
    assert!((2..=4).contains(&turns), "{turns} turns for two looks");
    assert_eq!(engine.time_to_deadline(), None);
}
