//! The round trip of a key: written to a raw `cat`, its echo read back, alone and beside floods.
//!
//! Each round gives a p50 and a p99; the table has their medians over the rounds. Two clocks run: one
//! starts when the key is written (what the targets are for), one when the key was due, so that the
//! time in which the host was busy with something else counts too.

use crate::host::{Echoes, Host, Screens, Wait};
use crate::peer::{Peer, PeerEcho};
use crate::stats::{Line, Table, Target, mb_per_s, median, median_ratio, ms, percentile, us};

pub(crate) const FLOODS: usize = 16;

struct Rounds {
    echoes: Vec<Echoes>,
    peers: Vec<PeerEcho>,
}

impl Rounds {
    /// Ours and the peer's in alternation, each round with programs of its own.
    fn measure(peer: &Peer, rounds: usize, round_trips: usize, floods: usize, wait: Wait) -> Self {
        let mut measured = Rounds { echoes: Vec::new(), peers: Vec::new() };
        for _ in 0..rounds {
            measured.echoes.push(of_engine(round_trips, floods, wait, Screens::None));
            measured.peers.push(peer.echo(round_trips, floods));
        }
        measured
    }

    fn ours(&self, figure: impl Fn(&Echoes) -> f64) -> Vec<f64> {
        self.echoes.iter().map(figure).collect()
    }

    fn theirs(&self, figure: impl Fn(&PeerEcho) -> f64) -> Vec<f64> {
        self.peers.iter().map(figure).collect()
    }
}

/// One round in a host of its own.
pub(crate) fn of_engine(round_trips: usize, floods: usize, wait: Wait, screens: Screens) -> Echoes {
    let mut host = Host::with_screens(wait, screens);
    let cat = host.spawn_echo();
    host.spawn_floods(floods);
    host.echoes(cat, 50);
    host.echoes(cat, round_trips)
}

pub(crate) fn without_floods(table: &mut Table, peer: &Peer) {
    table.section("echo of a key, nothing else runs", "");
    for (wait, how) in [(Wait::InTurn, "host waits in turn"), (Wait::InPoll, "host polls the fd")] {
        let rounds = Rounds::measure(peer, 5, 700, 0, wait);
        let ours = rounds.ours(|echoes| percentile(&echoes.from_key_us, 50));
        let theirs = rounds.theirs(|peer| peer.p50_us);
        // A host that polls makes one more system call in each round: that is its own way.
        let target = match wait {
            Wait::InTurn => ("<= 1.20 of the C loop", Target::AtMost(1.2)),
            Wait::InPoll => ("", Target::None),
        };
        table.line(Line::ratio(
            &format!("echo p50, {how}"),
            us(median(&ours)),
            us(median(&theirs)),
            median_ratio(&ours, &theirs),
            target,
        ));
        let ours = rounds.ours(|echoes| percentile(&echoes.from_key_us, 99));
        let theirs = rounds.theirs(|peer| peer.p99_us);
        let ratio = median_ratio(&ours, &theirs);
        let what = format!("echo p99, {how}");
        let (ours, theirs) = (us(median(&ours)), us(median(&theirs)));
        table.line(Line::ratio(&what, ours, theirs, ratio, ("", Target::None)));
    }
}

pub(crate) fn with_floods(table: &mut Table, peer: &Peer) {
    beside(table, peer, 1, [Target::None, Target::None]);
    beside(table, peer, FLOODS, [Target::AtMost(0.35), Target::AtLeast(0.7)]);
    alone(table, peer);
}

/// What floods get through while nobody types.
fn alone(table: &mut Table, peer: &Peer) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..7 {
        let mut host = Host::with_screens(Wait::InTurn, Screens::None);
        host.spawn_floods(FLOODS);
        ours.push(host.flood_bytes_per_s());
        theirs.push(peer.flood(FLOODS));
    }
    table.line(Line::ratio(
        "what they get through while nobody types",
        mb_per_s(median(&ours)),
        mb_per_s(median(&theirs)),
        median_ratio(&ours, &theirs),
        (">= 0.95 of the C loop", Target::AtLeast(0.95)),
    ));
}

/// The targets are for the ratios of the p99 and of what the floods get through.
fn beside(table: &mut Table, peer: &Peer, floods: usize, targets: [Target; 2]) {
    table.section(&format!("echo of a key, floods beside it: {floods}"), "");
    let rounds = Rounds::measure(peer, 7, 500, floods, Wait::InTurn);
    let [p99_target, flood_target] = targets;
    let mut line = |what, ours: Vec<f64>, theirs: Vec<f64>, target| {
        let ratio = median_ratio(&ours, &theirs);
        let ours = median(&ours);
        table.line(Line::figure(what, ms(ours), ours, target).beside(ms(median(&theirs)), ratio));
    };
    line(
        "echo p50",
        rounds.ours(|echoes| percentile(&echoes.from_key_us, 50)),
        rounds.theirs(|peer| peer.p50_us),
        ("", Target::None),
    );
    line(
        "echo p99, from when the key was due",
        rounds.ours(|echoes| percentile(&echoes.from_due_us, 99)),
        rounds.theirs(|peer| peer.due_p99_us),
        ("", Target::None),
    );
    let ours = rounds.ours(|echoes| percentile(&echoes.from_key_us, 99));
    let theirs = rounds.theirs(|peer| peer.p99_us);
    table.line(Line::ratio(
        "echo p99",
        ms(median(&ours)),
        ms(median(&theirs)),
        median_ratio(&ours, &theirs),
        ("<= 0.35 of the C loop", p99_target),
    ));
    let ours = rounds.ours(|echoes| echoes.flood_bytes_per_s);
    let theirs = rounds.theirs(|peer| peer.flood_bytes_per_s);
    table.line(Line::ratio(
        "what the floods got through meanwhile",
        mb_per_s(median(&ours)),
        mb_per_s(median(&theirs)),
        median_ratio(&ours, &theirs),
        (">= 0.70 of the C loop", flood_target),
    ));
}
