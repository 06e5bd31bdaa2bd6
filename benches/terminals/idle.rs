//! What terminals cost that do nothing: memory of the host, and time of those that do something.

use crate::host::{Host, Wait};
use crate::stats::{Line, Table, Target, median, median_ratio, percentile, us};
use crate::system::{resident_bytes, trim_memory};

const IDLE: usize = 1000;
const KIB: f64 = 1024.0;

pub(crate) fn run(table: &mut Table) {
    memory(table);
    time(table);
}

/// Growth of the resident memory by terminals that have shown nothing, and after a line in each.
fn memory(table: &mut Table) {
    table.section("memory of the host for 1,000 idle terminals", "");
    let mut host = Host::new(Wait::InTurn);
    // What the first terminal costs beside itself is not counted.
    let first = host.spawn(&["cat"]);
    host.engine.write(first, b"first\n").unwrap();
    host.quiesce();
    trim_memory();
    let empty = resident_bytes();
    let ids: Vec<_> = (0..IDLE).map(|_| host.spawn(&["cat"])).collect();
    host.quiesce();
    let silent = resident_bytes();
    for id in &ids {
        host.engine.write(*id, b"a line that is echoed twice\n").unwrap();
    }
    host.quiesce();
    let shown = resident_bytes();
    for (what, bytes) in
        [("each, nothing shown yet", silent), ("each, after a line of output", shown)]
    {
        let each = bytes.saturating_sub(empty) as f64 / IDLE as f64;
        let ours = format!("{:.2} KiB", each / KIB);
        table.line(Line::figure(what, ours, each, ("<= 16 KiB", Target::AtMost(16.0 * KIB))));
    }
}

/// Echoes beside 1, 100 and 1,000 idle terminals, in alternation.
fn time(table: &mut Table) {
    table.section("echo beside idle terminals, p50", "beside one");
    let counts = [1, 100, IDLE];
    let mut hosts: Vec<_> = counts
        .iter()
        .map(|count| {
            let mut host = Host::new(Wait::InTurn);
            let cat = host.spawn_echo();
            for _ in 0..*count {
                host.spawn(&["cat"]);
            }
            host.quiesce();
            host.echoes(cat, 50);
            (host, cat, Vec::new())
        })
        .collect();
    for _ in 0..15 {
        for (host, cat, p50s) in &mut hosts {
            p50s.push(percentile(&host.echoes(*cat, 150).from_key_us, 50));
        }
    }
    let one = hosts[0].2.clone();
    for (count, (_, _, p50s)) in counts.iter().zip(&hosts).skip(1) {
        let ratio = median_ratio(p50s, &one);
        table.line(Line::ratio(
            &format!("{count} idle terminals"),
            us(median(p50s)),
            us(median(&one)),
            ratio,
            ("<= 1.20: independent", Target::AtMost(1.2)),
        ));
    }
}
