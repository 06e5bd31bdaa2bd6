//! Watches a tree with the `notify` crate, plainly or with its full debouncer, as `benches/files.rs` drives
//! its peers: says "ready" when the tree is watched, counts events, says how many when stdin ends.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use notify_debouncer_full::notify::{RecommendedWatcher, RecursiveMode, Watcher};
use notify_debouncer_full::{DebounceEventResult, new_debouncer};

fn main() {
    let mut args = std::env::args().skip(1);
    let (how, path) = (args.next().unwrap(), args.next().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    if how == "debounced" {
        let handle = move |events: DebounceEventResult| {
            counter.fetch_add(events.map_or(0, |events| events.len()), Ordering::Relaxed);
        };
        let mut debouncer = new_debouncer(Duration::from_millis(50), None, handle).unwrap();
        debouncer.watch(Path::new(&path), RecursiveMode::Recursive).unwrap();
        until_reported(&count);
    } else {
        let handle = move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        let mut watcher =
            RecommendedWatcher::new(handle, notify_debouncer_full::notify::Config::default()).unwrap();
        watcher.watch(Path::new(&path), RecursiveMode::Recursive).unwrap();
        until_reported(&count);
    }
}

fn until_reported(count: &AtomicUsize) {
    println!("ready");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    println!("events {}", count.load(Ordering::Relaxed));
}
