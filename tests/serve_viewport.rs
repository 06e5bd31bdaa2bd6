//! The viewport of clients in the mode `screen`: each has its own, it stays with its text, and its client hears of nothing
//! that it does not see.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;

use std::collections::BTreeMap;

use client::{Client, Incoming};
use orchflow::{Config, Scopes, ScreenOptions, Size, SpawnOptions, Stage};
use serde_json::{Value, json};
use serving::Serving;

/// A client in the mode `screen`, and what it shows.
struct Viewer {
    client: Client,
    terminal: u64,
    rows: BTreeMap<i64, String>,
    last: Value,
}

impl Viewer {
    fn new(serving: &Serving, terminal: u64) -> Viewer {
        let fields = json!({"attach": [{"terminal": terminal, "mode": "screen"}]});
        let (client, _) = Client::hello(serving.address, &serving.token, fields);
        let (rows, last) = (BTreeMap::new(), Value::Null);
        let mut viewer = Viewer { client, terminal, rows, last };
        viewer.update();
        assert_eq!((viewer.last["full"].clone(), viewport(&viewer)), (json!(true), 0));
        viewer
    }

    /// Applies the next update.
    fn update(&mut self) {
        let screen = self.client.receive_type("screen");
        self.apply(&screen);
    }

    fn apply(&mut self, screen: &Value) {
        let int = |value: &Value| value.as_i64().unwrap();
        if screen["full"] == true {
            self.rows.clear();
        }
        for scroll in screen["scrolls"].as_array().unwrap() {
            let (top, bottom, by) =
                (int(&scroll["top"]), int(&scroll["bottom"]), int(&scroll["rows"]));
            let moved: Vec<_> =
                (top..bottom).filter_map(|row| Some((row - by, self.rows.remove(&row)?))).collect();
            self.rows.extend(moved.into_iter().filter(|(row, _)| (top..bottom).contains(row)));
        }
        for line in screen["lines"].as_array().unwrap() {
            let runs = line["runs"].as_array().unwrap();
            let text = runs.iter().map(|run| run["text"].as_str().unwrap()).collect();
            self.rows.insert(int(&line["row"]), text);
        }
        let height = int(&screen["rows"]);
        assert!(self.rows.keys().copied().eq(0..height), "{:?} of {height}", self.rows.keys());
        self.last = screen.clone();
    }

    fn until(&mut self, done: impl Fn(&Viewer) -> bool) {
        while !done(self) {
            self.update();
        }
    }

    /// The rows that are not blank, from the top.
    fn texts(&self) -> Vec<&str> {
        self.rows.values().map(String::as_str).filter(|text| !text.is_empty()).collect()
    }

    fn scroll(&mut self, rows: u32) {
        self.client.send(&json!({"type": "scroll", "terminal": self.terminal, "rows": rows}));
    }

    /// Scrolls, and gets all rows for it.
    fn scroll_to(&mut self, rows: u32) {
        self.scroll(rows);
        self.update();
        assert_eq!(self.last["full"], true);
    }

    fn print(&mut self, text: &str) {
        self.client.type_in(self.terminal, format!("{text}\n").as_bytes());
    }

    /// Whether nothing comes but what follows on a message of its own.
    fn assert_silent(&mut self) {
        self.client.send(&json!({"type": "ping", "id": 99}));
        loop {
            match self.client.receive() {
                Incoming::Json(message) if message["type"] == "pong" => return,
                Incoming::Json(message) => assert_ne!(message["type"], "screen", "{message}"),
                other => panic!("{other:?}"),
            }
        }
    }
}

fn viewport(viewer: &Viewer) -> u64 {
    viewer.last["viewport"].as_u64().unwrap()
}

/// A terminal of 5 rows that has printed 1 to 40 and prints what is typed; row 4 is the cursor's.
fn start() -> (Serving, u64) {
    start_with(100)
}

fn start_with(scrollback: usize) -> (Serving, u64) {
    let serving = Serving::start(Config::default());
    let terminal = serving.with(move |engine| {
        let screen = ScreenOptions { scrollback, ..ScreenOptions::default() };
        let script = "stty -echo; seq 1 40; exec cat";
        let options = SpawnOptions::program("sh").args(["-c", script]);
        engine.spawn(&options.screen(screen).size(Size::cells(20, 5))).unwrap().to_u64()
    });
    (serving, terminal)
}

fn ready(serving: &Serving, terminal: u64) -> Viewer {
    let mut viewer = Viewer::new(serving, terminal);
    viewer.until(|viewer| viewer.texts() == ["37", "38", "39", "40"]);
    viewer
}

#[test]
fn each_client_has_a_viewport_that_stays_with_its_text() {
    let (serving, terminal) = start();
    let (mut one, mut two, mut below) =
        (ready(&serving, terminal), ready(&serving, terminal), ready(&serving, terminal));
    one.scroll_to(10);
    assert_eq!(one.texts(), ["27", "28", "29", "30", "31"]);
    assert_eq!((viewport(&one), &one.last["line"]), (10, &json!({"line": 26, "col": 0})));
    two.scroll_to(3);
    assert_eq!(two.texts(), ["34", "35", "36", "37", "38"]);
    below.print("a\nb\nc");
    below.until(|viewer| viewer.texts() == ["40", "a", "b", "c"]);
    assert_eq!(viewport(&below), 0);
    // Only the distance from the screen is another; it comes without rows.
    one.until(|viewer| viewport(viewer) == 13);
    assert_eq!((one.last["full"].clone(), one.last["lines"].clone()), (json!(false), json!([])));
    assert_eq!(one.texts(), ["27", "28", "29", "30", "31"]);
    two.until(|viewer| viewport(viewer) == 6);
    assert_eq!(two.texts(), ["34", "35", "36", "37", "38"]);
    // Rows that are seen and change come.
    two.scroll_to(2);
    assert_eq!(two.texts(), ["38", "39", "40", "a", "b"]);
    two.print("\x1b[2;1Hnew");
    two.until(|viewer| viewer.texts() == ["38", "39", "40", "new", "b"]);
    // Back at the screen.
    one.scroll_to(0);
    assert_eq!((one.texts()[1], viewport(&one)), ("new", 0));
    one.scroll_to(u32::MAX);
    assert_eq!(
        (one.texts(), viewport(&one)),
        (vec!["1", "2", "3", "4", "5"], one.last["history"].as_u64().unwrap())
    );
}

#[test]
fn what_is_not_seen_is_not_sent() {
    let (serving, terminal) = start();
    let (mut above, mut below) = (ready(&serving, terminal), ready(&serving, terminal));
    above.scroll_to(20);
    for n in 0..20 {
        // Rewrites the last row; nothing scrolls.
        below.print(&format!("\x1b[5;1Hpass {n}\x1b[A"));
        below.until(|viewer| viewer.texts().contains(&format!("pass {n}").as_str()));
    }
    above.assert_silent();
    // What follows is seen again at once.
    above.scroll_to(0);
    assert!(above.texts().contains(&"pass 19"));
    // Each asks for all rows, also when nothing is new.
    for _ in 0..3 {
        above.scroll_to(0);
        above.scroll_to(7);
        above.scroll_to(7);
    }
}

/// A part of the scrollback is made for one client: it is charged by its cells, and each is a unit of its own. Far above
/// what changes no row is read.
#[test]
fn each_part_of_the_scrollback_is_charged_by_its_cells() {
    const VIEWERS: u64 = 20;
    const ROWS: u64 = 50;
    const COLS: u64 = 200;
    let serving = Serving::start(Config::default());
    let terminal = serving.with(move |engine| {
        let screen = ScreenOptions { scrollback: 1000, ..ScreenOptions::default() };
        let script = "stty -echo; seq 1 400; exec cat";
        let options = SpawnOptions::program("sh").args(["-c", script]);
        let size = Size::cells(COLS as u16, ROWS as u16);
        engine.spawn(&options.screen(screen).size(size)).unwrap().to_u64()
    });
    let mut below = Viewer::new(&serving, terminal);
    below.until(|viewer| viewer.texts().last() == Some(&"400"));
    let mut above: Vec<_> = (0..VIEWERS).map(|_| Viewer::new(&serving, terminal)).collect();
    let mut cost_of_a_line = |back: u32, text: &str| {
        for viewer in &mut above {
            viewer.scroll_to(back);
        }
        serving.with(|engine| engine.reset_turn_stats());
        below.print(text);
        for viewer in &mut above {
            viewer.until(|viewer| viewport(viewer) == u64::from(back) + 1);
        }
        let stages = serving.with(|engine| engine.turn_stats().stages);
        let sending = stages.iter().find(|stats| stats.stage == Stage::Sending).unwrap();
        assert!(sending.unit_cost_max <= 1_000_000, "{sending:?}");
        sending.cost
    };
    let cells = VIEWERS * (ROWS - 1) * COLS;
    let (near, far) = (cost_of_a_line(1, "near"), cost_of_a_line(300, "far"));
    assert!(near >= 8 * cells, "{near} for {cells} cells");
    // More turns than that cost more, too: so the two are compared.
    assert!(far < near, "{far} for no rows, {near} with them");
}

#[test]
fn a_viewport_whose_text_goes_is_at_the_oldest_row() {
    let (serving, terminal) = start_with(36);
    let (mut above, mut below) = (ready(&serving, terminal), ready(&serving, terminal));
    above.scroll_to(36);
    assert_eq!(above.texts()[0], "1");
    below.print("a\nb");
    above.until(|viewer| viewer.texts()[0] == "3");
    assert_eq!(viewport(&above), 36);
    // A clear leaves nothing to look at.
    let clear = json!([{"terminal": terminal, "op": "clear"}]);
    below.client.send(&json!({"type": "batch", "id": 1, "ops": clear}));
    above.until(|viewer| viewport(viewer) == 0);
    assert_eq!(
        (above.last["full"].clone(), above.last["history"].clone()),
        (json!(true), json!(0))
    );
}

#[test]
fn a_viewport_stays_through_a_resize_and_the_alternate_screen() {
    let (serving, terminal) = start();
    let (mut above, mut below) = (ready(&serving, terminal), ready(&serving, terminal));
    above.scroll_to(10);
    below.print("\x1b[?1049h\x1b[Hother");
    above.until(|viewer| viewer.texts() == ["other"]);
    assert_eq!(viewport(&above), 0);
    below.print("\x1b[?1049l");
    above.until(|viewer| viewport(viewer) > 0);
    assert_eq!(above.texts()[0], "27");
    let resize = json!([{"terminal": terminal, "op": {"resize": {"cols": 9, "rows": 7}}}]);
    above.client.send(&json!({"type": "batch", "id": 1, "ops": resize}));
    above.until(|viewer| viewer.last["cols"] == 9 && viewer.last["rows"] == 7);
    assert_eq!(above.texts()[0], "27");
    assert_eq!(above.texts().len(), 7);
    // Attached anew, it begins at the screen.
    above.client.send(&json!({"type": "attach", "terminal": terminal, "mode": "screen"}));
    while above.client.receive_type("screen")["viewport"] != 0 {}
    let token = serving.token(Scopes::OBSERVE);
    let fields = json!({"attach": [{"terminal": terminal, "mode": "screen"}]});
    let (mut observer, _) = Client::hello(serving.address, &token, fields);
    observer.receive_type("screen");
    observer.send(&json!({"type": "scroll", "terminal": terminal, "rows": 1}));
    assert_eq!(observer.receive_type("screen")["viewport"], 1);
}
