//! The server from a client's side: hello, state, terminals, changes.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;

use client::{Client, Incoming};
use orchflow::{Config, SpawnOptions};
use serde_json::json;
use serving::Serving;

#[test]
fn a_client_types_and_sees_the_echo() {
    let serving = Serving::start(Config::default());
    let terminal =
        serving.with(|engine| engine.spawn(&SpawnOptions::program("cat")).unwrap().to_u64());
    let (mut client, welcome) = Client::hello(
        serving.address,
        &serving.token,
        json!({"collections": ["terminals"], "attach": [{"terminal": terminal}]}),
    );
    assert_eq!(welcome["resumed"], false);
    let diff = client.receive_type("diff");
    assert_eq!(diff["terminals"][0]["id"], terminal);
    assert_eq!(diff["full"], true);
    client.type_in(terminal, b"hello\n");
    let output = client.read_until(terminal, b"hello\r\nhello\r\n");
    assert_eq!(output, b"hello\r\nhello\r\n");
}

#[test]
fn no_token_no_entry() {
    let serving = Serving::start(Config::default());
    let mut client = Client::open(serving.address);
    client.send(&json!({"type": "hello"}));
    assert_eq!(client.receive(), Incoming::Closed(Some(4001)));
}
