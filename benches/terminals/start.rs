//! What making an engine costs.

use std::time::Instant;

use orchflow::{Config, Engine};

use crate::stats::{Line, Table, Target, median, percentile, us};

const ENGINES: usize = 200;

pub(crate) fn run(table: &mut Table) {
    table.section("making an engine, 200 times", "");
    let times: Vec<f64> = (0..ENGINES)
        .map(|_| {
            let start = Instant::now();
            let engine = Engine::new(Config::default()).unwrap();
            let us = start.elapsed().as_secs_f64() * 1e6;
            drop(engine);
            us
        })
        .collect();
    let target = || ("<= 1 ms", Target::AtMost(1000.0));
    let p50 = median(&times);
    table.line(Line::figure("Engine::new, p50", us(p50), p50, target()));
    let p99 = percentile(&times, 99);
    table.line(Line::figure("Engine::new, p99", us(p99), p99, target()));
}
