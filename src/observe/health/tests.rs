//! Tables of facts over time, and what follows from them.

#![allow(clippy::disallowed_methods)]

use super::*;
use proptest::prelude::*;

const TERMINAL: HealthPart = HealthPart::Terminal(TerminalId::from_u64(5));

fn facts(reasons: &[HealthReason]) -> Reasons {
    reasons.iter().fold(Reasons::default(), |facts, reason| facts.with(*reason, true))
}

enum Step {
    /// At so many milliseconds these facts hold.
    Hold(u64, &'static [HealthReason]),
    Happened(u64, HealthReason),
    Gone,
    /// The timer, or a look.
    Wait(u64),
    /// The next unreported change.
    Report(Option<HealthReason>),
    Quiet,
    Deadline(Option<u64>),
}

fn run(name: &str, steps: &[Step]) {
    let start = Instant::now();
    let at = |ms: &u64| start + Duration::from_millis(*ms);
    let mut table = HealthTable::default();
    for (index, step) in steps.iter().enumerate() {
        match step {
            Step::Hold(ms, reasons) => table.observe(TERMINAL, facts(reasons), at(ms)),
            Step::Happened(ms, reason) => table.happened(TERMINAL, *reason, at(ms)),
            Step::Gone => table.forget(TERMINAL),
            Step::Wait(ms) => drop(table.expire(at(ms))),
            Step::Report(reason) => {
                let health = table.take_unreported().unwrap_or_else(|| panic!("{name} {index}"));
                assert_eq!(health.reason, *reason, "{name} {index}");
            }
            Step::Quiet => assert!(!table.has_unreported(), "{name} {index}"),
            Step::Deadline(ms) => {
                assert_eq!(table.deadline(), ms.as_ref().map(at), "{name} {index}")
            }
        }
    }
    assert!(table.records.len() <= 1);
}

#[test]
fn what_facts_lead_to() {
    use HealthReason::*;
    use Step::*;
    run(
        "at once, and over at once",
        &[
            Hold(0, &[Unreachable]),
            Report(Some(Unreachable)),
            Deadline(None),
            Hold(5, &[]),
            Report(None),
            Quiet,
        ],
    );
    run(
        "of several the newest is reported",
        &[Hold(0, &[Unreachable]), Hold(1, &[BreakerOpen]), Report(Some(BreakerOpen)), Quiet],
    );
    run(
        "what is over before anybody looked is no event",
        &[Hold(0, &[Unreachable]), Hold(1, &[]), Quiet],
    );
    run(
        "backpressure counts after a while",
        &[
            Hold(0, &[OutputPaused]),
            Quiet,
            Deadline(Some(10_000)),
            Wait(9_999),
            Quiet,
            Wait(10_000),
            Report(Some(OutputPaused)),
            Deadline(None),
            Hold(11_000, &[]),
            Report(None),
        ],
    );
    run(
        "backpressure that goes leaves no timer",
        &[Hold(0, &[OutputPaused]), Hold(9_000, &[]), Deadline(None), Wait(20_000), Quiet],
    );
}

#[test]
fn what_stays_for_a_while() {
    use HealthReason::*;
    use Step::*;
    run(
        "what happened counts for a while, and longer if it happens again",
        &[
            Happened(0, ScreenRebuilt),
            Report(Some(ScreenRebuilt)),
            Happened(30_000, ScreenRebuilt),
            Quiet,
            Wait(60_000),
            Quiet,
            Deadline(Some(90_000)),
            Wait(90_000),
            Report(None),
            Deadline(None),
        ],
    );
    run(
        "a fact that comes back while it still counts has not gone",
        &[
            Hold(0, &[MemoryFull]),
            Wait(1_000),
            Report(Some(MemoryFull)),
            Hold(5_000, &[]),
            Hold(5_500, &[MemoryFull]),
            Wait(9_000),
            Quiet,
            Deadline(None),
            Hold(9_000, &[]),
            Wait(10_000),
            Report(None),
        ],
    );
    run(
        "the gravest is shown",
        &[
            Hold(0, &[GivenUp, Stalled]),
            Report(Some(GivenUp)),
            Hold(1, &[Stalled, Unreachable]),
            Report(Some(Unreachable)),
            Hold(2, &[Stalled]),
            Report(Some(Stalled)),
        ],
    );
    run(
        "a part that goes is well",
        &[Hold(0, &[Stalled]), Report(Some(Stalled)), Gone, Report(None), Quiet],
    );
    run("what was never reported goes without a word", &[Hold(0, &[Stalled]), Gone, Quiet]);
}

/// Changes are reported in their order, also when others between them have gone; a part that changes again keeps its
/// place.
#[test]
fn changes_are_reported_in_their_order() {
    use HealthReason::{GivenUp, Stalled};
    let now = Instant::now();
    let part = |number| HealthPart::Client(ClientId::from_u64(number));
    let mut table = HealthTable::default();
    for number in (1..=9).rev() {
        table.observe(part(number), facts(&[Stalled]), now);
    }
    for number in [9, 5, 1] {
        table.forget(part(number));
    }
    table.observe(part(7), facts(&[GivenUp]), now);
    table.observe(part(5), facts(&[Stalled]), now);
    let reported: Vec<_> = std::iter::from_fn(|| table.take_unreported())
        .map(|health| (health.part.id(), health.reason.unwrap()))
        .collect();
    let expected = [8, 7, 6, 4, 3, 2, 5];
    assert_eq!(reported, expected.map(|id| (id, if id == 7 { GivenUp } else { Stalled })));
    assert!(!table.has_unreported());
}

#[test]
fn the_worst_part_is_the_engines_health() {
    let now = Instant::now();
    let mut table = HealthTable::default();
    assert_eq!(table.all(), Health { status: HealthStatus::Ok, parts: vec![] });
    let peer = HealthPart::Peer(PeerId::from_u64(9));
    table.observe(TERMINAL, facts(&[HealthReason::BreakerOpen]), now);
    assert_eq!(table.all().status, HealthStatus::Degraded);
    table.observe(peer, facts(&[HealthReason::GivenUp]), now);
    let health = table.all();
    assert_eq!(health.status, HealthStatus::Failed);
    assert_eq!(health.parts.iter().map(|part| part.part).collect::<Vec<_>>(), [TERMINAL, peer]);
    assert_eq!(table.of(peer).since, Some(now));
    table.forget(peer);
    assert_eq!(table.all().status, HealthStatus::Degraded);
    assert_eq!(table.of(peer).status, HealthStatus::Ok);
}

#[test]
fn reasons_have_stable_names_and_a_sentence() {
    let mut names = std::collections::BTreeSet::new();
    for (index, reason) in HealthReason::ALL.into_iter().enumerate() {
        assert_eq!(reason as usize, index + 1);
        assert!(reason.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        assert!(reason.sentence().ends_with('.') && !reason.sentence().contains('\n'));
        assert!(names.insert(reason.name()));
        assert!(reason.status() > HealthStatus::Ok);
    }
}

/// `docs/HEALTH.md` lists every reason with its status and its two times.
#[test]
fn the_document_lists_every_reason() {
    let document = include_str!("../../../docs/HEALTH.md");
    let seconds = |time: Duration| match time.as_secs() {
        0 => "at once".to_string(),
        seconds => format!("{seconds} s"),
    };
    let expected: Vec<String> = HealthReason::ALL
        .into_iter()
        .map(|reason| {
            let (after, stays) = (seconds(reason.rule().after), seconds(reason.rule().stays));
            format!("| `{}` | {} | {after} | {stays} |", reason.name(), reason.status().name())
        })
        .collect();
    let rows = document.lines().filter(|line| line.starts_with("| `"));
    let listed: Vec<String> = rows
        .map(|row| row.split('|').take(5).collect::<Vec<_>>().join("|") + "|")
        .filter(|row| {
            HealthReason::ALL.iter().any(|reason| row.contains(&format!("`{}`", reason.name())))
        })
        .collect();
    assert_eq!(listed, expected);
}

#[derive(Clone, Debug)]
enum Random {
    Hold(u8, u8),
    Happened(u8),
    Gone(u8),
    Advance(u16),
    Take,
}

fn random() -> impl Strategy<Value = Random> {
    prop_oneof![
        4 => (0..4u8, 0..16u8).prop_map(|(part, facts)| Random::Hold(part, facts)),
        1 => (0..4u8).prop_map(Random::Happened),
        1 => (0..4u8).prop_map(Random::Gone),
        3 => (0..20_000u16).prop_map(Random::Advance),
        2 => Just(Random::Take),
    ]
}

proptest! {
    /// Whoever reads the events knows how each part is; nothing is reported twice; when all is well, nothing is kept
    /// and no timer runs.
    #[test]
    fn events_add_up_to_the_state(steps in prop::collection::vec(random(), 1..200)) {
        const REASONS: [HealthReason; 4] = [
            HealthReason::OutputPaused,
            HealthReason::MemoryFull,
            HealthReason::Stalled,
            HealthReason::GivenUp,
        ];
        let part = |number: u8| HealthPart::Client(ClientId::from_u64(number.into()));
        let mut now = Instant::now();
        let mut table = HealthTable::default();
        let mut known: BTreeMap<HealthPart, HealthReason> = BTreeMap::new();
        let take = |table: &mut HealthTable, known: &mut BTreeMap<HealthPart, HealthReason>| {
            let Some(health) = table.take_unreported() else { return false };
            assert_ne!(known.get(&health.part).copied(), health.reason);
            match health.reason {
                Some(reason) => known.insert(health.part, reason),
                None => known.remove(&health.part),
            };
            true
        };
        for step in steps {
            match step {
                Random::Hold(number, bits) => {
                    let set = REASONS.iter().enumerate().fold(Reasons::default(), |set, (bit, reason)| {
                        set.with(*reason, bits >> bit & 1 == 1)
                    });
                    table.observe(part(number), set, now);
                }
                Random::Happened(number) => table.happened(part(number), HealthReason::SlowTurns, now),
                Random::Gone(number) => table.forget(part(number)),
                Random::Advance(ms) => {
                    now += Duration::from_millis(ms.into());
                    table.expire(now);
                    prop_assert!(table.deadline().is_none_or(|at| at > now));
                }
                Random::Take => {
                    take(&mut table, &mut known);
                }
            }
            let first = table.records.values().filter_map(Record::deadline).min();
            prop_assert_eq!(first.is_some(), table.deadline().is_some());
            prop_assert!(table.deadline() <= first);
            prop_assert!(table.records.len() <= 4);
        }
        while take(&mut table, &mut known) {}
        let state = table.all();
        let expected: Vec<_> = known.into_iter().collect();
        let parts: Vec<_> = state.parts.iter().map(|p| (p.part, p.reason.unwrap())).collect();
        prop_assert_eq!(parts, expected);
        for number in 0..4 {
            table.forget(part(number));
            table.take_unreported();
        }
        prop_assert!(table.records.is_empty() && table.deadline().is_none());
    }
}
