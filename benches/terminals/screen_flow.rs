//! What a screen costs on the way of the bytes: throughput, and the round trip of a key.
//!
//! Each round measures the engine with a screen, without one, and the C loop, one after the other.

use orchflow::ScreenOptions;

use crate::echo::{FLOODS, of_engine};
use crate::host::{Echoes, Screens, Wait};
use crate::peer::{Peer, PeerEcho};
use crate::stats::{Line, Table, Target, mb_per_s, median, median_ratio, percentile, us};
use crate::texts::Text;
use crate::throughput::{Passage, through_engine};

const ROUNDS: usize = 5;
const ECHO_ROUNDS: usize = 7;

/// A text, its name, and the share of the C loop's throughput that is to be kept with a screen.
const TEXTS: [(Text, &str, (&str, f64)); 4] = [
    (Text::Plain, "plain text, lines of 0-199 bytes", (">= 0.85 of the C loop", 0.85)),
    (Text::Coloured, "coloured text", (">= 0.78 of the C loop", 0.78)),
    (Text::Unicode, "CJK, emoji, accents", (">= 0.75 of the C loop", 0.75)),
    (Text::Moving, "cursor moves and colours, as of vim", (">= 0.70 of the C loop", 0.70)),
];

fn kept() -> Screens {
    Screens::Kept(ScreenOptions::default())
}

fn viewed() -> Screens {
    Screens::Viewed(ScreenOptions::default())
}

/// Bytes per second with a screen, and what the screen alone takes.
pub(crate) fn throughput(table: &mut Table, peer: &Peer) {
    table.section("PTY to host with a screen, 100 MB by cat", "");
    let measured = TEXTS.map(|(text, what, target)| {
        let flow = Flow::measure(peer, text);
        flow.print(table, what, &flow.kept, target);
        if text == Text::Plain {
            flow.print(table, "the same, and a viewer every 16 ms", &flow.viewed, target);
        }
        (what, flow)
    });
    table.section("the screen alone, by its share of CPU time", "per byte");
    for (what, flow) in &measured {
        let seconds: Vec<f64> = flow.kept.iter().zip(&flow.bare).map(Flow::share).collect();
        let speed = flow.bytes / median(&seconds);
        let line = Line::figure(what, mb_per_s(speed), speed, ("", Target::None));
        table.line(Line { peer: format!("{:.1} ns", 1e9 / speed), ..line });
    }
}

struct Flow {
    bytes: f64,
    kept: Vec<Passage>,
    viewed: Vec<Passage>,
    bare: Vec<Passage>,
    peer: Vec<f64>,
}

impl Flow {
    fn measure(peer: &Peer, text: Text) -> Self {
        let file = peer.directory.path().join("screen");
        let expected = text.write(&file);
        let argv = ["cat", file.to_str().unwrap()];
        let mut flow = Flow {
            bytes: expected as f64,
            kept: Vec::new(),
            viewed: Vec::new(),
            bare: Vec::new(),
            peer: Vec::new(),
        };
        for _ in 0..ROUNDS {
            flow.kept.push(through_engine(&argv, expected, kept()));
            let (bytes, seconds) = peer.throughput(&argv);
            assert_eq!(bytes, expected, "the C loop lost bytes");
            flow.peer.push(bytes as f64 / seconds);
            flow.bare.push(through_engine(&argv, expected, Screens::None));
            if text == Text::Plain {
                flow.viewed.push(through_engine(&argv, expected, viewed()));
            }
        }
        flow
    }

    fn print(&self, table: &mut Table, what: &str, ours: &[Passage], (target, share): (&str, f64)) {
        let ours: Vec<f64> = ours.iter().map(|passage| passage.bytes_per_s).collect();
        table.line(Line::ratio(
            what,
            mb_per_s(median(&ours)),
            mb_per_s(median(&self.peer)),
            median_ratio(&ours, &self.peer),
            (target, Target::AtLeast(share)),
        ));
    }

    fn share((kept, bare): (&Passage, &Passage)) -> f64 {
        kept.cpu_seconds - bare.cpu_seconds
    }
}

/// Echoes with a screen beside the C loop and beside the engine without one.
pub(crate) fn echo(table: &mut Table, peer: &Peer) {
    for (floods, round_trips) in [(0, 700), (FLOODS, 500)] {
        let echoes = EchoRounds::measure(peer, floods, round_trips);
        let title = match floods {
            0 => "echo of a key with a screen".to_owned(),
            n => format!("echo with screens, floods beside it: {n}"),
        };
        let target = |percent: usize| match (floods, percent) {
            (0, _) => ("", Target::None),
            (_, 99) => ("<= 0.500 ms", Target::AtMost(500.0)),
            _ => ("", Target::None),
        };
        table.section(&title, "the C loop");
        for (percent, theirs) in
            [(50, echoes.theirs(|peer| peer.p50_us)), (99, echoes.theirs(|peer| peer.p99_us))]
        {
            echoes.print(table, percent, &theirs, target(percent));
        }
        if floods > 0 {
            let ours = echoes.flood_bytes_per_s(&echoes.kept);
            let theirs = echoes.theirs(|peer| peer.flood_bytes_per_s);
            flood_line(table, &ours, &theirs);
        }
        table.section(&title, "no screen");
        for percent in [50, 99] {
            let bare = EchoRounds::percentiles(&echoes.bare, percent);
            echoes.print(table, percent, &bare, ("", Target::None));
        }
        if floods > 0 {
            let ours = echoes.flood_bytes_per_s(&echoes.kept);
            let bare = echoes.flood_bytes_per_s(&echoes.bare);
            flood_line(table, &ours, &bare);
        }
    }
}

fn flood_line(table: &mut Table, ours: &[f64], theirs: &[f64]) {
    table.line(Line::ratio(
        "what the floods got through meanwhile",
        mb_per_s(median(ours)),
        mb_per_s(median(theirs)),
        median_ratio(ours, theirs),
        ("", Target::None),
    ));
}

struct EchoRounds {
    kept: Vec<Echoes>,
    bare: Vec<Echoes>,
    peer: Vec<PeerEcho>,
}

impl EchoRounds {
    fn measure(peer: &Peer, floods: usize, round_trips: usize) -> Self {
        let mut rounds = EchoRounds { kept: Vec::new(), bare: Vec::new(), peer: Vec::new() };
        for _ in 0..ECHO_ROUNDS {
            let wait = Wait::InTurn;
            rounds.kept.push(of_engine(round_trips, floods, wait, kept()));
            rounds.peer.push(peer.echo(round_trips, floods));
            rounds.bare.push(of_engine(round_trips, floods, wait, Screens::None));
        }
        rounds
    }

    fn percentiles(echoes: &[Echoes], percent: usize) -> Vec<f64> {
        echoes.iter().map(|echoes| percentile(&echoes.from_key_us, percent)).collect()
    }

    fn flood_bytes_per_s(&self, echoes: &[Echoes]) -> Vec<f64> {
        echoes.iter().map(|echoes| echoes.flood_bytes_per_s).collect()
    }

    fn theirs(&self, figure: impl Fn(&PeerEcho) -> f64) -> Vec<f64> {
        self.peer.iter().map(figure).collect()
    }

    fn print(
        &self,
        table: &mut Table,
        percent: usize,
        theirs: &[f64],
        target: (&'static str, Target),
    ) {
        let what = format!("echo p{percent}");
        let ours = Self::percentiles(&self.kept, percent);
        let ratio = median_ratio(&ours, theirs);
        let (ours, theirs) = (median(&ours), median(theirs));
        table.line(Line::figure(&what, us(ours), ours, target).beside(us(theirs), ratio));
    }
}
