//! Echoes of a terminal while files keep the same loop busy: a tree that is read again and again, and a
//! flood of events.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use orchflow::{
    Config, Engine, Event, Mode, SpawnOptions, TerminalEvent, TerminalId, WatchEvent, WatchId,
    WatchOptions,
};

use crate::forest::Forest;
use crate::stats::{Line, Table, Target, median, median_ratio, percentile, us};

const ROUNDS: usize = 7;
const ECHOES: usize = 300;

struct Host {
    engine: Engine,
    cat: TerminalId,
    watch: Option<WatchId>,
    /// The watch has read its tree.
    ready: bool,
    echoed: bool,
}

impl Host {
    fn new() -> Self {
        let mut engine = Engine::new(Config::default()).unwrap();
        let cat = engine.spawn(&SpawnOptions::program("cat")).unwrap();
        engine.set_mode(cat, Mode::Raw).unwrap();
        Host { engine, cat, watch: None, ready: false, echoed: false }
    }

    fn turn(&mut self) {
        self.engine.turn(None).unwrap();
        while let Some(event) = self.engine.next_event().unwrap() {
            match event {
                Event::Terminal { event: TerminalEvent::Output { .. }, .. } => self.echoed = true,
                Event::Watch { event: WatchEvent::Ready { .. }, .. } => self.ready = true,
                _ => {}
            }
        }
    }

    /// Microseconds from a key to its echo; `forest`: a tree that is read all the time meanwhile.
    fn echoes(&mut self, forest: Option<&Forest>) -> Vec<f64> {
        (0..ECHOES)
            .map(|_| {
                if let Some(forest) = forest {
                    self.keep_reading(forest);
                }
                self.echoed = false;
                let start = Instant::now();
                self.engine.write(self.cat, b"x").unwrap();
                while !self.echoed {
                    self.turn();
                }
                start.elapsed().as_secs_f64() * 1e6
            })
            .collect()
    }

    /// Begins to read the tree again if that is done.
    fn keep_reading(&mut self, forest: &Forest) {
        if self.watch.is_some() && !self.ready {
            return;
        }
        if let Some(watch) = self.watch.take() {
            self.engine.remove_watch(watch).unwrap();
        }
        self.watch = Some(self.engine.add_watch(&WatchOptions::new(forest.root())).unwrap());
        self.ready = false;
    }
}

pub(crate) fn run(table: &mut Table, forest: &Forest) {
    table.section("echo of a terminal in the same loop", "no files");
    let (mut alone, mut busy) = (Host::new(), Host::new());
    measure(table, "while a tree is read", &mut alone, &mut busy, Some(forest));
    // A flood of file events, by a thread that writes small files as fast as it can.
    let stop = Arc::new(AtomicBool::new(false));
    let folder = forest.empty();
    let flood = {
        let (stop, folder) = (Arc::clone(&stop), folder.clone());
        std::thread::spawn(move || {
            for n in 0_usize.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                fs::write(folder.join(format!("{}", n % 1000)), b"x").unwrap();
            }
        })
    };
    let (mut alone, mut busy) = (Host::new(), Host::new());
    busy.watch = Some(busy.engine.add_watch(&WatchOptions::new(&folder)).unwrap());
    let until = Instant::now() + Duration::from_millis(500);
    while Instant::now() < until {
        busy.turn();
    }
    measure(table, "in a flood of file events", &mut alone, &mut busy, None);
    stop.store(true, Ordering::Relaxed);
    flood.join().unwrap();
}

fn measure(
    table: &mut Table,
    what: &str,
    alone: &mut Host,
    busy: &mut Host,
    forest: Option<&Forest>,
) {
    let (mut p50, mut p99) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for _ in 0..ROUNDS {
        let (without, with) = (alone.echoes(None), busy.echoes(forest));
        p50.0.push(percentile(&with, 50));
        p50.1.push(percentile(&without, 50));
        p99.0.push(percentile(&with, 99));
        p99.1.push(percentile(&without, 99));
    }
    for (name, (with, without)) in [("p50", p50), ("p99", p99)] {
        let ratio = median_ratio(&with, &without);
        let what = format!("{what}, {name}");
        let (ours, theirs) = (us(median(&with)), us(median(&without)));
        table.line(Line::ratio(&what, ours, theirs, ratio, ("", Target::None)));
    }
}
