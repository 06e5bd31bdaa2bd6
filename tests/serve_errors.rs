//! What errors name: the number of the message, and the terminal that it is about, as far as they can be read.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;

use client::Client;
use orchflow::{Config, Scopes};
use serde_json::{Value, json};
use serving::Serving;
use tungstenite::Message;

/// What is named: code, number, terminal.
fn named(client: &mut Client) -> (String, Value, Value) {
    let error = client.receive_type("error");
    (error["code"].as_str().unwrap().into(), error["id"].clone(), error["terminal"].clone())
}

fn expect(client: &mut Client, code: &str, id: Option<u64>, terminal: Option<u64>, what: &str) {
    let expected = (code.to_owned(), json!(id), json!(terminal));
    assert_eq!(named(client), expected, "{what}");
}

#[test]
fn messages_that_fail() {
    let serving = Serving::start(Config::default());
    let (screen, plain) = (serving.spawn(&["cat"], true), serving.spawn(&["cat"], false));
    let (mut client, _) = Client::hello(serving.address, &serving.token, json!({}));
    let attach = |terminal: u64, cols: u16| json!({"type": "attach", "terminal": terminal, "mode": "screen", "cols": cols});
    for (message, code, terminal) in [
        (attach(plain, 0), "no_screen", plain),
        (attach(screen, 80), "invalid", screen),
        (json!({"type": "scroll", "terminal": screen, "rows": 1}), "invalid", screen),
        (json!({"type": "scroll", "terminal": plain, "rows": 1}), "invalid", plain),
        (json!({"type": "scroll", "terminal": 999, "rows": u32::MAX}), "not_found", 999),
        (json!({"type": "input", "terminal": 999, "data": "x"}), "not_found", 999),
        (json!({"type": "input", "terminal": u64::MAX, "data": "x"}), "not_found", u64::MAX),
    ] {
        client.send(&message);
        expect(&mut client, code, None, Some(terminal), &message.to_string());
    }
    client.type_in(999, b"x");
    expect(&mut client, "not_found", None, Some(999), "an input frame");
    // With the hello, too.
    let fields = json!({"attach": [{"terminal": screen, "mode": "lossy"}, attach(plain, 0)]});
    let (mut other, _) = Client::hello(serving.address, &serving.token, fields);
    expect(&mut other, "no_screen", None, Some(plain), "the hello");
}

#[test]
fn messages_that_are_forbidden() {
    let serving = Serving::start(Config::default());
    let terminal = serving.spawn(&["cat"], true);
    let token = serving.token(Scopes::CLIPBOARD);
    let (mut client, _) = Client::hello(serving.address, &token, json!({}));
    for (message, about) in [
        (json!({"type": "attach", "terminal": terminal}), Some(terminal)),
        (json!({"type": "scroll", "terminal": terminal, "rows": 0}), Some(terminal)),
        (json!({"type": "input", "terminal": terminal, "data": "x"}), Some(terminal)),
        (json!({"type": "subscribe", "collections": []}), None),
        (json!({"type": "snapshot"}), None),
        (json!({"type": "notices", "kinds": []}), None),
    ] {
        client.send(&message);
        expect(&mut client, "forbidden", None, about, &message.to_string());
    }
    client.type_in(terminal, b"x");
    expect(&mut client, "forbidden", None, Some(terminal), "an input frame");
    // One too large to be decoded for that.
    let ops = json!([{"change": {"remove_pane": {"id": "x".repeat(100_000)}}}]);
    let large = json!({"type": "change", "mutation": 77, "ops": ops});
    let text = format!(r#"{{"type":"change","mutation":77,"ops":{}}}"#, large["ops"]);
    client.socket.send(Message::text(text)).unwrap();
    expect(&mut client, "forbidden", Some(77), None, "a large change");
}

#[test]
fn messages_that_are_malformed() {
    let serving = Serving::start(Config::default());
    let (mut client, _) = Client::hello(serving.address, &serving.token, json!({}));
    let long = "y".repeat(200_000);
    for (text, id, terminal) in [
        (r#"{"type":"search","id":5,"terminal":6,"pattern":7}"#.to_owned(), Some(5), Some(6)),
        (r#"{"type":"rows","id":5,"terminal":6,"max":-1}"#.into(), Some(5), Some(6)),
        (r#"{"id":18446744073709551615,"type":"nonsense"}"#.into(), Some(u64::MAX), None),
        (r#"{"type":"change","mutation":8,"ops":[{}]}"#.into(), Some(8), None),
        (r#"{"type":"attach","mode":"other","terminal":9}"#.into(), None, Some(9)),
        (r#"{"type":"credit","terminal":9,"offset":"x"}"#.into(), None, Some(9)),
        (
            format!(
                r#"{{"type":"batch","ops":[{{"terminal":1,"op":{{"paste":"{long}"}}}},7],"id":3}}"#
            ),
            Some(3),
            None,
        ),
        // What is not whole, not a number or not the message's own is not believed.
        (r#"{"type":"ping","id":5"#.into(), None, None),
        (r#"{"type":"ping","id":"5"}"#.into(), None, None),
        (r#"{"type":"ping","id":5.5}"#.into(), None, None),
        (r#"{"type":"batch","ops":[{"id":5,"terminal":6}]}"#.into(), None, None),
        ("[]".into(), None, None),
    ] {
        client.socket.send(Message::text(text.clone())).unwrap();
        let shown = &text[..text.len().min(80)];
        expect(&mut client, "invalid", id, terminal, shown);
        client.settle();
    }
    // A frame of another kind has no meaning at all.
    client.socket.send(Message::binary(vec![0x77; 30])).unwrap();
    expect(&mut client, "invalid", None, None, "a frame");
}
