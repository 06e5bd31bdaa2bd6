//! Rows of a screen and its scrollback, as clients read them: they are those that the host sees, whatever moves in
//! between, and no request is too large.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;

use client::{Client, Incoming};
use orchflow::{Config, Limits, Rows, ScreenOptions, Size, SpawnOptions, Stage, TerminalId};
use serde_json::{Value, json};
use serving::Serving;

/// The rows of a reply, as a host would name them: number, place, whether it is wrapped, text.
type Shown = (i64, Option<(u64, u64)>, bool, String);

/// A terminal with so much scrollback that runs a script, and a client that has seen it print `ready`.
fn start(script: &str, scrollback: usize, (cols, rows): (u16, u16)) -> (Serving, u64, Client) {
    let limits = Limits { scrollback_rows: 1_000_000, ..Limits::default() };
    let serving = Serving::start(Config { limits, ..Config::default() });
    let script = format!("stty -echo; {script}; printf 'ready\\n'; exec cat");
    let terminal = serving.with(move |engine| {
        let screen = ScreenOptions { scrollback, ..ScreenOptions::default() };
        let options = SpawnOptions::program("sh").args(["-c", &script]);
        engine.spawn(&options.screen(screen).size(Size::cells(cols, rows))).unwrap().to_u64()
    });
    let fields = json!({"attach": [{"terminal": terminal, "start": "oldest"}]});
    let (mut client, _) = Client::hello(serving.address, &serving.token, fields);
    read_to(&mut client, terminal, b"ready\r\n");
    (serving, terminal, client)
}

/// Reads output up to one that ends with this.
fn read_to(client: &mut Client, terminal: u64, end: &[u8]) {
    let mut all = Vec::new();
    while !all.ends_with(end) {
        match client.receive() {
            Incoming::Output { offset, bytes, .. } => {
                client.credit(terminal, offset + bytes.len() as u64);
                all.extend(bytes);
            }
            Incoming::Closed(code) => panic!("closed: {code:?}"),
            Incoming::Json(_) => {}
        }
    }
}

fn ask(client: &mut Client, terminal: u64, from: &Value, above: u32, max: u32) -> Value {
    let request = json!({
        "type": "rows", "terminal": terminal, "from": from, "above": above, "max": max,
    });
    let outcome = client.ask(request, 7);
    assert!(outcome["rows"].is_object(), "{outcome}");
    outcome["rows"].clone()
}

fn place(line: u64, col: u64) -> Value {
    json!({"line": line, "col": col})
}

fn text(line: &Value) -> String {
    line["runs"].as_array().unwrap().iter().map(|run| run["text"].as_str().unwrap()).collect()
}

/// The rows of a reply; they are neighbours.
fn shown(rows: &Value) -> Vec<Shown> {
    let one = |line: &Value| {
        let place = (line["place"]["line"].as_u64(), line["place"]["col"].as_u64());
        let place = place.0.zip(place.1);
        (line["row"].as_i64().unwrap(), place, line["wrapped"] == true, text(line))
    };
    let shown: Vec<_> = rows["lines"].as_array().unwrap().iter().map(one).collect();
    assert!(shown.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0), "no neighbours");
    shown
}

fn numbers(rows: &Value) -> Vec<i64> {
    shown(rows).into_iter().map(|row| row.0).collect()
}

fn texts(rows: &Value) -> Vec<String> {
    shown(rows).into_iter().map(|row| row.3).collect()
}

/// The rows that the host sees.
fn seen_by_host(serving: &Serving, terminal: u64, first: i32, count: usize) -> Vec<Shown> {
    serving.with(move |engine| {
        let mut rows = Rows::default();
        let id = TerminalId::from_u64(terminal);
        engine.screen_rows(id, first, count, &mut rows).unwrap();
        let one = |row: orchflow::Row<'_>| {
            let text = row.runs().map(|run| run.text).collect();
            let place = row.line().map(|place| (place.line, place.col));
            (row.index().into(), place, row.is_wrapped(), text)
        };
        rows.iter().map(one).collect()
    })
}

/// Types text, which the program prints, and waits for the last of it.
fn print(client: &mut Client, terminal: u64, text: &str) {
    client.type_in(terminal, format!("{text}\n").as_bytes());
    let last = text.rsplit('\n').next().unwrap().to_owned();
    read_to(client, terminal, format!("{last}\r\n").as_bytes());
}

/// Changes the size, and waits until it is the one that rows are read at.
fn resize(client: &mut Client, terminal: u64, cols: u16, rows: u16) {
    let op = json!({"terminal": terminal, "op": {"resize": {"cols": cols, "rows": rows}}});
    assert_eq!(client.ask(json!({"type": "batch", "ops": [op]}), 9)["statuses"], json!([null]));
    // One that follows another one at once is held back for a moment.
    while ask(client, terminal, &Value::Null, 0, 0)["cols"] != cols {}
}

/// Reads up to the oldest row that is kept, so many rows at a time.
fn read_all(client: &mut Client, terminal: u64, above: u32) -> (Vec<Shown>, Value) {
    let last = ask(client, terminal, &Value::Null, above, 1000);
    let mut all = shown(&last);
    loop {
        let first = all[0].1.unwrap();
        if place(first.0, first.1) == last["kept_from"] {
            return (all, last);
        }
        let mut more = shown(&ask(client, terminal, &place(first.0, first.1), above, 0));
        assert_eq!(more.last().unwrap().0 + 1, all[0].0);
        more.append(&mut all);
        all = more;
    }
}

#[test]
fn a_hundred_thousand_lines_are_read_to_the_oldest() {
    let (serving, terminal, mut client) = start("seq 1 100500", 100_000, (80, 24));
    let (all, last) = read_all(&mut client, terminal, 1000);
    assert_eq!(
        (all.len(), &last["history"], &last["cols"]),
        (100_024, &json!(100_000), &json!(80))
    );
    assert_eq!(last["kept_to"], place(100_478, 0));
    assert!(
        all == seen_by_host(&serving, terminal, -100_000, usize::MAX),
        "not what the host sees"
    );
    assert_eq!(all[0].3, "479");
    // Whatever that cost, it came in units of a turn.
    let unit = serving.with(|engine| {
        let stages = engine.turn_stats().stages;
        stages.iter().find(|stats| stats.stage == Stage::Jobs).unwrap().unit_cost_max
    });
    assert!((100_000..=1_000_000).contains(&unit), "{unit}");
}

#[test]
fn lines_that_wrap_are_read_as_the_host_sees_them() {
    let script = "i=0; while [ $i -lt 300 ]; do printf '%s-%0*d-漢字\\n' $i $((i % 50)) $i; i=$((i+1)); done";
    let (serving, terminal, mut client) = start(script, 2_000, (20, 5));
    for cols in [20, 7, 3, 33, 20] {
        resize(&mut client, terminal, cols, 5);
        let (all, last) = read_all(&mut client, terminal, 90);
        assert_eq!(last["cols"], cols);
        let history = last["history"].as_i64().unwrap();
        assert!(all == seen_by_host(&serving, terminal, -(history as i32), usize::MAX), "{cols}");
        assert_eq!(all.len() as i64, history + 5);
    }
}

#[test]
fn places_stay_with_their_text_while_output_scrolls() {
    let (_serving, terminal, mut client) = start("seq 1 300", 200, (40, 10));
    let (all, _) = read_all(&mut client, terminal, 50);
    let (line, col) = all[50].1.unwrap();
    let at = place(line, col);
    let wanted = texts(&ask(&mut client, terminal, &at, 3, 4));
    for n in 0..30 {
        print(&mut client, terminal, &format!("more {n}\nand more {n}"));
        let rows = ask(&mut client, terminal, &at, 3, 4);
        if let Some(first) = rows["kept_from"]["line"].as_u64().filter(|first| *first > line - 3) {
            // The oldest rows are gone, one after the other.
            assert!(first <= line, "the place itself is still kept");
            assert_eq!(texts(&rows), wanted[(first + 3 - line) as usize..]);
        } else {
            assert_eq!(texts(&rows), wanted);
        }
        if first_line(&rows) == Some(line) && rows["kept_from"]["line"] == line {
            // What is gone is taken as the oldest row.
            print(&mut client, terminal, &["x"; 20].join("\n"));
            let rows = ask(&mut client, terminal, &at, 3, 1);
            assert_eq!(rows["lines"][0]["place"], rows["kept_from"]);
            assert_eq!(numbers(&rows), [-200]);
            return;
        }
    }
    panic!("it never went");
}

fn first_line(rows: &Value) -> Option<u64> {
    rows["lines"][0]["place"]["line"].as_u64()
}

#[test]
fn matches_of_a_search_lead_to_their_rows() {
    let script = "i=0; while [ $i -lt 200 ]; do echo $i------------needle-$i; i=$((i+1)); done";
    let (_serving, terminal, mut client) = start(script, 1_000, (10, 4));
    let search = json!({"type": "search", "terminal": terminal, "pattern": "needle-"});
    let found = client.ask(search, 3)["found"]["matches"].clone();
    assert_eq!(found.as_array().unwrap().len(), 200);
    // The size and the output may change in between: the places stay.
    resize(&mut client, terminal, 17, 4);
    print(&mut client, terminal, "one\ntwo");
    for (n, found) in found.as_array().unwrap().iter().enumerate() {
        let at = json!({"line": found["line"], "col": found["col"]});
        let rows = ask(&mut client, terminal, &at, 0, 2);
        let text = texts(&rows).concat();
        let place = &rows["lines"][0]["place"];
        let into = (found["col"].as_u64().unwrap() - place["col"].as_u64().unwrap()) as usize;
        assert!(text[into..].starts_with(&format!("needle-{n}")), "{n}: {text} {into}");
    }
}

#[test]
fn the_scrollback_is_read_above_the_alternate_screen() {
    let (_serving, terminal, mut client) = start("seq 1 50", 100, (20, 5));
    let before = ask(&mut client, terminal, &Value::Null, 4, 5);
    let hidden = before["lines"][5]["place"].clone();
    print(&mut client, terminal, "\x1b[?1049h\x1b[2J\x1b[Hother\nend");
    let rows = ask(&mut client, terminal, &Value::Null, 4, 5);
    assert_eq!(rows["lines"].as_array().unwrap()[..4], before["lines"].as_array().unwrap()[..4]);
    assert_eq!(texts(&rows)[4..6], ["other", "end"]);
    assert!(rows["lines"].as_array().unwrap()[4..].iter().all(|line| line["place"].is_null()));
    for key in ["kept_from", "kept_to", "history", "cols"] {
        assert_eq!(rows[key], before[key], "{key}");
    }
    let oldest = ask(&mut client, terminal, &rows["kept_from"], 9, 1);
    assert_eq!(numbers(&oldest), [-(rows["history"].as_i64().unwrap())]);
    assert_eq!(numbers(&ask(&mut client, terminal, &hidden, 1, 1)), [-1, 0]);
    assert_eq!(numbers(&ask(&mut client, terminal, &place(u64::MAX, 0), 0, 9)), [4]);
}

/// The bounds of a reply are exact: 1,000 rows, and 192 KiB of JSON.
#[test]
fn a_reply_has_at_most_so_many_rows_and_bytes() {
    // Blank rows, and above them rows of 100 characters.
    let script =
        "printf '%0100d\\n' $(seq 1 3000); i=0; while [ $i -lt 3000 ]; do echo; i=$((i+1)); done";
    let (_serving, terminal, mut client) = start(script, 10_000, (100, 24));
    let (most, far) = (u32::MAX, place(4_500, 0));
    for (above, max, first, count) in [
        (0, 999, 0, 999),
        (0, 1_000, 0, 1_000),
        (0, 1_001, 0, 1_000),
        (0, most, 0, 1_000),
        (600, 400, 600, 1_000),
        (600, 401, 599, 1_000),
        (most, 100, 900, 1_000),
        (most, most, 500, 1_000),
    ] {
        let rows = shown(&ask(&mut client, terminal, &far, above, max));
        assert_eq!(rows.len(), count, "{above} {max}");
        assert_eq!(rows[0].1, Some((4_500 - first, 0)), "{above} {max}");
    }
    let most = ask(&mut client, terminal, &place(1_000, 0), u32::MAX, u32::MAX);
    let (bytes, lines) = (most["lines"].to_string().len(), most["lines"].as_array().unwrap());
    // As many as fit, but for what numbers may take more than they do.
    assert!((188 << 10..=192 << 10).contains(&bytes), "{bytes}");
    let middle = lines.iter().position(|line| line["place"] == place(1_000, 0)).unwrap();
    assert!((lines.len() / 2).abs_diff(middle) <= 1, "{middle} of {}", lines.len());
}

/// A row that is larger than a reply may be comes in any case, alone.
#[test]
fn rows_that_are_large_come_one_by_one() {
    let paint = "awk 'BEGIN { for (row = 0; row < 30; row++) { for (col = 0; col < 1500; col++) \
                 printf \"\\033[38;2;%d;%d;9;4mx\", row, col % 256; printf \"\\033[m\\n\" } }'";
    let (serving, terminal, mut client) = start(paint, 1_000, (1_500, 5));
    let first = ask(&mut client, terminal, &Value::Null, 1_000, 1);
    let mut all = shown(&first);
    while json!({"line": all[0].1.unwrap().0, "col": 0}) != first["kept_from"] {
        let mut more = shown(&ask(&mut client, terminal, &place(all[0].1.unwrap().0, 0), 1_000, 0));
        assert_eq!(more.len(), 1);
        more.append(&mut all);
        all = more;
    }
    assert_eq!(all, seen_by_host(&serving, terminal, -27, 28));
}

#[test]
fn values_that_mean_nothing_are_survived() {
    let (serving, terminal, mut client) = start("seq 1 50", 100, (20, 5));
    let ends = [0, 1, u64::from(u32::MAX), u64::MAX];
    for line in ends {
        for col in ends {
            for above in [0, 1, u32::MAX] {
                for max in [0, 1, u32::MAX] {
                    let rows = ask(&mut client, terminal, &place(line, col), above, max);
                    let count = rows["lines"].as_array().unwrap().len();
                    let is_wanted = above > 0 || max > 0;
                    assert!(count <= 52 && (count > 0 || !is_wanted || max == 0), "{rows}");
                    assert_eq!(rows["kept_from"], place(0, 0));
                }
            }
        }
    }
    let of = |terminal: u64| json!({"type": "rows", "terminal": terminal, "max": 1});
    for unknown in [0, terminal + 1, u64::MAX] {
        assert_eq!(client.ask(of(unknown), 1)["failed"]["code"], "not_found", "{unknown}");
    }
    let plain = serving.spawn(&["cat"], false);
    assert_eq!(client.ask(of(plain), 1)["failed"]["code"], "no_screen");
    let token = serving.token(orchflow::Scopes::TYPE);
    let (mut typist, _) = Client::hello(serving.address, &token, json!({}));
    assert_eq!(typist.ask(of(terminal), 1)["failed"]["code"], "forbidden");
    // What comes before the reply is done before it, and what comes after it afterwards.
    for id in 0..50 {
        let mut request = of(terminal);
        request["id"] = (id * 2).into();
        client.send(&request);
        client.send(&json!({"type": "query", "id": id * 2 + 1, "terminal": terminal}));
    }
    for id in 0..100 {
        assert_eq!(client.receive_type("result")["id"], id);
    }
}

/// After a change of the width the rows of a long scrollback are counted before they are read.
#[test]
fn a_long_scrollback_is_read_right_after_a_change_of_the_width() {
    let script = "seq -f 'line %09.0f of a good many' 1 200000";
    let (serving, terminal, mut client) = start(script, 1_000_000, (80, 10));
    for cols in [10, 80, 13] {
        resize(&mut client, terminal, cols, 10);
        let rows = ask(&mut client, terminal, &place(77, 0), 0, 1);
        assert_eq!(rows["lines"][0]["place"], place(77, 0), "{cols}");
        let history = rows["history"].as_i64().unwrap();
        let of_line = 29_i64.div_euclid(i64::from(cols)) + 1;
        assert!((history - 200_000 * of_line).abs() < 100, "{history} at {cols}");
        let row = rows["lines"][0]["row"].as_i64().unwrap();
        assert_eq!(shown(&rows), seen_by_host(&serving, terminal, row as i32, 1));
    }
}
