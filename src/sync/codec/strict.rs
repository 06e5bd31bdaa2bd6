//! What a decoder refuses although it could guess what is meant: names that come twice, structures as lists.

use super::hostile::{accepts, binary, frame, refused, text};
use super::vectors::Side;
use super::*;

/// A name that comes twice in one object is an error wherever it is, also where nobody knows it.
#[test]
fn nothing_comes_twice() {
    let twice = [
        r#"{"type":"ping","id":1,"x":1,"x":2}"#,
        r#"{"type":"ping","x":1,"id":1,"x":1}"#,
        r#"{"type":"ping","id":1,"x":1,"\u0078":1}"#,
        r#"{"type":"ping","id":1,"x":{"a":1,"a":1}}"#,
        r#"{"type":"ping","id":1,"x":[{"b":{"a":[],"c":0,"a":{}}}]}"#,
        r#"{"type":"ping","id":1,"":1,"":1}"#,
        r#"{"type":"snapshot","x":1,"x":2}"#,
        r#"{"x":1,"type":"snapshot","x":2}"#,
        r#"{"type":"hello","resume":{"epoch":1,"n":1,"x":1,"x":1}}"#,
        r#"{"type":"hello","resume":{"epoch":1,"n":1,"n":1}}"#,
        r#"{"type":"attach","terminal":1,"start":{"offset":1,"offset":1}}"#,
        r#"{"type":"watch","id":1,"path":{"bytes":"","bytes":""}}"#,
        r#"{"type":"batch","id":1,"ops":[],"ops":[]}"#,
        r#"{"type":"batch","id":1,"ops":[{"terminal":1,"op":"eof","x":1,"x":1}]}"#,
        r#"{"type":"batch","id":1,"ops":[{"terminal":1,"op":{"resize":{"cols":1,"cols":1,"rows":1}}}]}"#,
        r#"{"type":"change","mutation":1,"ops":[{"change":{"put_session":
            {"id":"s","name":"","panes":[],"metadata":{"k":"1","k":"1"}}}}]}"#,
        r#"{"type":"change","mutation":1,"ops":[{"change":{"put_pane":
            {"id":"s","session":"","metadata":{"k":"1","k":"2"}}}}]}"#,
    ];
    for json in twice {
        let error = text(json).expect_err(json);
        assert_eq!(error.kind, DecodeErrorKind::Malformed, "{json}");
        let says = ["twice", "duplicate", "only \"bytes\"", "trailing"];
        assert!(says.iter().any(|word| error.message.contains(word)), "{json}: {}", error.message);
    }
    let once = [
        r#"{"type":"ping","id":1,"x":{"x":{"x":1}},"y":[{"x":1},{"x":1}]}"#,
        r#"{"type":"ping","id":1,"Id":1,"ID":1}"#,
        r#"{"type":"hello","x":1,"resume":{"epoch":1,"n":1,"x":1}}"#,
    ];
    for json in once {
        assert_eq!(text(json), Ok(()), "{json}");
    }
    // A large batch is decoded in parts.
    let op = r#"{"terminal":1,"op":"eof"}"#;
    let many = vec![op; 4000].join(",");
    for (last, is_taken) in [(op, true), (r#"{"terminal":1,"op":"eof","x":1,"x":1}"#, false)] {
        let json = format!(r#"{{"type":"batch","id":1,"ops":[{many},{last}]}}"#);
        assert_eq!(text(&json).is_ok(), is_taken, "{last}");
    }
}

/// In bincode only maps have names; the server's messages are read by the peer with the same rules.
#[test]
fn nothing_comes_twice_in_bincode_and_from_the_server() {
    let change = |pairs: &[&[u8]]| {
        let head: &[u8] = &[8, 1, 1, 0, 1, b's', 0, 0, pairs.len() as u8];
        let payload = [head, &pairs.concat(), &[0]].concat();
        binary(Codec::Bincode, &frame(&payload))
    };
    let (k, l): (&[u8], &[u8]) = (&[1, b'k', 1, b'1'], &[1, b'l', 1, b'1']);
    assert_eq!(change(&[k, l]), Ok(()));
    assert_eq!(change(&[l, k]), Ok(()), "in any order");
    refused(change(&[k, k]), DecodeErrorKind::Malformed, "a key of a map comes twice");
    refused(change(&[k, l, k]), DecodeErrorKind::Malformed, "a key of a map comes twice");
    for json in [
        r#"{"type":"pong","id":1,"x":1,"x":1}"#,
        r#"{"type":"pong","id":1,"x":[{"a":1,"a":1}]}"#,
        r#"{"type":"rejected","mutation":1,"code":"conflict","message":"","op":0,"pane":null,"session":
            {"id":"s","version":1,"name":"","panes":[],"metadata":{"k":"","k":""}}}"#,
    ] {
        let result = accepts(Side::Server, Codec::Json, Incoming::Text(json));
        refused(result, DecodeErrorKind::Malformed, "twice");
    }
}

/// Structures are objects: a list in the order of the fields is none, neither of a message nor within it.
#[test]
fn structures_are_no_lists() {
    let lists = [
        r#"["ping",1]"#,
        r#"[{"type":"ping","id":1}]"#,
        r#"{"ping":{"id":1}}"#,
        r#"{"type":["ping"],"id":1}"#,
        r#"{"type":{"ping":1}}"#,
        r#""snapshot""#,
        r#"["snapshot"]"#,
        r#"{"type":"hello","resume":[1,2]}"#,
        r#"{"type":"hello","attach":[[1,"lossy","now",0]]}"#,
        r#"{"type":"hello","attach":{"terminal":1}}"#,
        r#"{"type":"attach","terminal":1,"start":["offset",1]}"#,
        r#"{"type":"attach","terminal":1,"mode":{"lossy":null}}"#,
        r#"{"type":"attach","terminal":1,"mode":["lossy"]}"#,
        r#"{"type":"attach","terminal":1,"mode":1}"#,
        r#"{"type":"batch","id":1,"ops":[[1,"eof"]]}"#,
        r#"{"type":"batch","id":1,"ops":{"terminal":1,"op":"eof"}}"#,
        r#"{"type":"batch","id":1,"ops":[{"terminal":1,"op":{"resize":[80,24]}}]}"#,
        r#"{"type":"batch","id":1,"ops":[{"terminal":1,"op":{"eof":null}}]}"#,
        r#"{"type":"batch","id":1,"ops":[{"terminal":1,"op":["eof",null]}]}"#,
        r#"{"type":"change","mutation":1,"ops":[{"change":{"remove_pane":["a"]}}]}"#,
        r#"{"type":"change","mutation":1,"ops":[{"change":{"put_pane":["a","b","",null,{}]}}]}"#,
        r#"{"type":"change","mutation":1,"ops":[{"change":{"put_pane":
            {"id":"a","session":"s","metadata":[["k","v"]]}}}]}"#,
        r#"{"type":"change","mutation":1,"ops":[{"change":{"put_pane":
            {"id":"a","session":"s","content":["terminal",1]}}}]}"#,
        r#"{"type":"watch","id":1,"path":[47]}"#,
        r#"{"type":"watch","id":1,"path":["bytes","Lw=="]}"#,
        r#"{"type":"watch","id":[1],"path":"/"}"#,
        r#"{"type":"ping","id":"1"}"#,
        r#"{"type":"ping","id":1.0}"#,
        r#"{"type":"hello","compress":1}"#,
        r#"{"type":"hello","token":["a"]}"#,
    ];
    for json in lists {
        let error = text(json).expect_err(json);
        assert_eq!(error.kind, DecodeErrorKind::Malformed, "{json}");
    }
    for json in [
        r#"["pong",1]"#,
        r#"{"type":"diff","epoch":1,"from":0,"to":1,"full":true,"more":false,"removed":[["session","a"]],
            "sessions":[],"panes":[],"terminals":[],"files":[],"applied":[],"hash":null}"#,
        r#"{"type":"diff","epoch":1,"from":0,"to":1,"full":true,"more":false,"removed":[],
            "sessions":[["s",1,"",[],{}]],"panes":[],"terminals":[],"files":[],"applied":[],"hash":null}"#,
        r#"{"type":"diff","epoch":1,"from":0,"to":1,"full":true,"more":false,"removed":[],
            "sessions":[],"panes":[],"terminals":[],"files":[],"applied":[[1,1]],"hash":null}"#,
        r#"{"type":"diff","epoch":1,"from":0,"to":1,"full":true,"more":false,
            "removed":[{"file":{"watch":1,"id":"01"}}],
            "sessions":[],"panes":[],"terminals":[],"files":[],"applied":[],"hash":null}"#,
        r#"{"type":"diff","epoch":1,"from":0,"to":1,"full":true,"more":false,
            "removed":[{"file":{"watch":1,"id":"+1"}}],
            "sessions":[],"panes":[],"terminals":[],"files":[],"applied":[],"hash":null}"#,
        r#"{"type":"diff","epoch":1,"from":0,"to":1,"full":true,"more":false,"removed":[],
            "sessions":[],"panes":[],"terminals":[],"files":[],"applied":[],"hash":"+00000000000000a"}"#,
        r#"{"type":"diff","epoch":1,"from":0,"to":1,"full":true,"more":false,"removed":[],
            "sessions":[],"panes":[],"terminals":[],"files":[],"applied":[],"hash":"1"}"#,
    ] {
        let result = accepts(Side::Server, Codec::Json, Incoming::Text(json));
        refused(result, DecodeErrorKind::Malformed, "");
    }
}
