//! Whatever happens to watched files, a turn ends: rules by the ten thousand and subtrees that leave at once,
//! beside somebody who types.
//!
//! As in `turn_attacks.rs`, what is asserted is counted: no byte is lost, the tree is right in the end, and by
//! the engine's own account no unit of work is larger than its bound.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
#![allow(clippy::print_stderr)] // What turns took, for people.

#[path = "support/attacks.rs"]
mod attacks;
#[path = "support/client.rs"]
mod client;
#[path = "support/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "support/payloads.rs"]
mod payloads;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/turn_figures.rs"]
mod turn_figures;
#[path = "support/turn_files.rs"]
mod turn_files;
#[path = "support/turn_host.rs"]
mod turn_host;

use std::time::{Duration, Instant};

use orchflow::{WatchId, WatchOptions, WatchState};
use turn_files::{FILES, Grove, RULES};
use turn_host::{Bystander, TurnHost};

/// When a tree that does not become what it should be counts as a stall.
const WATCHDOG: Duration = Duration::from_secs(120);

struct Watching<'a> {
    host: &'a TurnHost,
    bystander: Bystander<'a>,
    watch: WatchId,
}

impl<'a> Watching<'a> {
    fn new(host: &'a TurnHost, grove: &Grove) -> Self {
        let options = WatchOptions::new(grove.root());
        let watch = host.with(move |engine| engine.add_watch(&options).unwrap());
        let mut watching = Watching { host, bystander: Bystander::new(host), watch };
        watching.type_until("the first listing", |state| state.ready);
        host.with(turn_figures::reset);
        host.turns();
        watching
    }

    /// Types until the tree is as it should be.
    fn type_until(&mut self, what: &str, done: impl Fn(&WatchState) -> bool) {
        let (end, watch) = (Instant::now() + WATCHDOG, self.watch);
        loop {
            self.bystander.echoes();
            let state = self.host.with(move |engine| engine.watch_state(watch).unwrap());
            if done(&state) {
                return;
            }
            assert!(Instant::now() < end, "{what}: {state:?}");
        }
    }

    fn end(mut self, what: &str) {
        self.bystander.echoes();
        let longest = self.host.with(|engine| turn_figures::longest(engine));
        eprintln!("{what}: {longest}");
        let faults = self.host.with(|engine| turn_figures::faults(engine));
        assert_eq!(faults, [""; 0]);
    }
}

#[test]
fn e1_a_subtree_that_leaves_at_once() {
    let grove = Grove::plant();
    let host = TurnHost::start(turn_figures::limits(Duration::from_secs(5)));
    let mut watching = Watching::new(&host, &grove);
    watching.type_until("all files", |state| state.entries > FILES);
    grove.take_away();
    watching.type_until("no files", |state| state.entries < 10);
    grove.bring_back();
    watching.type_until("all files again", |state| state.entries > FILES);
    watching.end("a subtree");
}

#[test]
fn e1_ignore_rules_by_the_thousand() {
    let grove = Grove::empty();
    let host = TurnHost::start(turn_figures::limits(Duration::from_secs(5)));
    let mut watching = Watching::new(&host, &grove);
    let before = grove.count();
    for round in 0..3 {
        grove.write_rules(RULES, round);
        grove.write_file(&format!("kept{round}"));
        grove.write_file(&format!("dropped{round}"));
        let wanted = before + 1 + 2 * (round + 1);
        watching.type_until("the rules", |state| state.entries == wanted);
    }
    watching.end("rules");
}
