//! Programs that are started again: how often and when, what is reported, who ends it, and what the state shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::time::Duration;

use orchflow::BreakerState::{Closed, HalfOpen, Open};
use orchflow::{
    BreakerOptions, Change, ChangeOp, ChangeSet, ErrorKind, ExitStatus, Limits, Pane, PaneContent,
    RestartPolicy, RetryPolicy, Session, Size, SizePolicy, SpawnOptions, TerminalFilter,
    TerminalId,
};
use support::files::TempDir;
use support::host::Restart::{GivenUp, Started, Waiting};
use support::host::{Host, Restart, sh};

/// Longer than any test.
const LONG: Duration = Duration::from_secs(3600);

/// Starts again almost at once, without an end, and nothing is stable.
fn at_once() -> RestartPolicy {
    RestartPolicy::on_failure()
        .retry(delays())
        .breaker(BreakerOptions::new(u32::MAX, 1, LONG).unwrap())
        .stable_after(LONG)
        .unwrap()
}

fn delays() -> RetryPolicy {
    RetryPolicy::new(Duration::from_millis(1), Duration::from_millis(5)).unwrap()
}

/// A breaker that opens after so many failures.
fn breaker(failures: u32, open_for: Duration) -> BreakerOptions {
    BreakerOptions::new(failures, 1, open_for).unwrap()
}

/// A program that counts its runs in a file and goes on with the rest of the script.
struct Counted {
    folder: TempDir,
}

impl Counted {
    fn new() -> Self {
        Counted { folder: TempDir::new() }
    }

    fn options(&self, then: &str) -> SpawnOptions {
        let runs = self.folder.file("runs");
        sh(&format!("echo x >> {runs}; n=$(wc -l < {runs}); {then}"))
    }

    fn runs(&self) -> usize {
        std::fs::read_to_string(self.folder.file("runs")).unwrap_or_default().lines().count()
    }
}

fn restarts(host: &mut Host, id: TerminalId) -> Vec<Restart> {
    host.seen(id).restarts.clone()
}

/// Waits until the program of this terminal was started again; the new terminal.
fn wait_started(host: &mut Host, id: TerminalId) -> TerminalId {
    let started = |host: &mut Host| {
        restarts(host, id).into_iter().find_map(|report| match report {
            Started(new, _) => Some(new),
            _ => None,
        })
    };
    host.wait("a new start", |host| started(host).is_some());
    started(host).unwrap()
}

/// Waits for a report of a terminal's program.
fn wait_report(host: &mut Host, id: TerminalId, what: &str, wanted: impl Fn(&Restart) -> bool) {
    host.wait(what, |host| host.seen(id).restarts.iter().any(&wanted));
}

/// Nothing is waited for any more, no timer either.
fn assert_idle(host: &mut Host) {
    host.quiesce();
    assert_eq!(host.engine.time_to_deadline(), None);
}

#[test]
fn a_crashing_program_is_started_as_often_as_it_may() {
    let mut host = Host::new();
    let counted = Counted::new();
    let policy = at_once().retry(delays().attempts(4)).keep_ended(2);
    let options = counted.options("echo run $n; exit 1").tag(7).restart(policy);
    let size = Size::cells(100, 30);
    let mut ids = vec![host.spawn(&options.size(size))];
    for attempt in 1..=4 {
        let old = *ids.last().unwrap();
        let new = wait_started(&mut host, old);
        assert!(!ids.contains(&new));
        assert_eq!(
            restarts(&mut host, old),
            [Waiting(attempt, Closed, None), Started(new, attempt)]
        );
        ids.push(new);
    }
    let last = ids[4];
    wait_report(&mut host, last, "the end of it", |report| *report == GivenUp(4, None));
    assert_eq!(counted.runs(), 5);
    for (run, id) in ids.iter().enumerate() {
        assert_eq!(host.text(*id), format!("run {}\r\n", run + 1));
        assert_eq!(host.seen(*id).tag, 7);
    }
    // The newest two of the ended ones were kept beside the last.
    host.wait_closed(ids[1]);
    let mut left = host.engine.terminals(TerminalFilter::All);
    left.sort_by_key(|id| id.to_u64());
    assert_eq!(left, ids[2..]);
    let state = host.engine.terminal_state(last).unwrap();
    assert_eq!((state.size, state.exit), (size, Some(ExitStatus::Code(1))));
    let restart = state.restart.unwrap();
    assert_eq!((restart.given_up, restart.start_in, restart.attempts), (true, None, 4));
    assert_eq!(host.engine.terminal_state(ids[3]).unwrap().restart, None);
    assert_idle(&mut host);
}

/// The breaker opens, lets one start through as a trial, and opens again. Then the host has had enough.
#[test]
fn a_breaker_opens_and_the_host_may_close() {
    let mut host = Host::new();
    let counted = Counted::new();
    let policy = at_once().breaker(breaker(2, Duration::from_millis(20)));
    let first = host.spawn(&counted.options("exit 1").restart(policy));
    let second = wait_started(&mut host, first);
    let third = wait_started(&mut host, second);
    assert_eq!(restarts(&mut host, first)[0], Waiting(1, Closed, None));
    assert_eq!(restarts(&mut host, second)[0], Waiting(2, Open, None));
    wait_report(&mut host, third, "a failed trial", |report| *report == Waiting(3, Open, None));
    host.close(third);
    assert_eq!(counted.runs(), 3);
    assert_idle(&mut host);
}

/// A program that is gone, and comes back.
#[test]
fn a_start_that_fails_is_a_failure() {
    let mut host = Host::new();
    let folder = TempDir::new();
    let path = folder.script("program", "#!/bin/sh\nexit 3\n");
    let kept = folder.file("kept");
    let policy = at_once().breaker(breaker(4, Duration::from_millis(20)));
    let id = host.spawn(&SpawnOptions::program(&path).restart(policy));
    std::fs::rename(&path, &kept).unwrap();
    let not_found = |breaker| move |report: &Restart| matches!(report, Waiting(_, now, Some(ErrorKind::ProgramNotFound)) if *now == breaker);
    // Of reports that nobody reads the newest counts, so which ones come is a matter of time.
    host.wait("a start", |host| host.exit(id).is_some());
    let last = |host: &mut Host| {
        let mut last = id;
        while let Some(Started(new, _)) = restarts(host, last).last().cloned() {
            last = new;
        }
        last
    };
    host.wait("a failed start", |host| {
        let last = last(host);
        restarts(host, last).iter().any(not_found(Open))
    });
    let waiting = last(&mut host);
    let state = host.engine.terminal_state(waiting).unwrap().restart.unwrap();
    assert_eq!(state.last_error.map(|error| error.kind()), Some(ErrorKind::ProgramNotFound));
    std::fs::write(&kept, "#!/bin/sh\nexec cat\n").unwrap();
    std::fs::rename(&kept, &path).unwrap();
    let new = wait_started(&mut host, waiting);
    let state = host.engine.terminal_state(new).unwrap();
    let restart = state.restart.unwrap();
    assert!(state.running);
    assert_eq!((restart.last_error, restart.start_in, restart.breaker), (None, None, HalfOpen));
    host.close(new);
}

/// After failures a run that lasts forgets them, and nothing is waited for afterwards.
#[test]
fn a_program_becomes_stable() {
    let mut host = Host::new();
    let counted = Counted::new();
    let policy = RestartPolicy::always()
        .retry(delays().attempts(3))
        .breaker(breaker(2, Duration::from_millis(20)))
        .stable_after(Duration::from_millis(500))
        .unwrap();
    let options =
        counted.options("case $n in 1) exit 0;; 2) kill -9 $$;; *) echo ready; exec cat;; esac");
    let first = host.spawn(&options.restart(policy));
    let second = wait_started(&mut host, first);
    let third = wait_started(&mut host, second);
    host.wait_text(third, "ready");
    host.wait("stability", |host| {
        let restart = host.engine.terminal_state(third).unwrap().restart.unwrap();
        (restart.attempts, restart.breaker) == (0, Closed)
    });
    assert_idle(&mut host);
    // The next failure is the first one again.
    host.engine.signal(third, libc::SIGTERM, orchflow::SignalTarget::Leader).unwrap();
    let fourth = wait_started(&mut host, third);
    assert_eq!(restarts(&mut host, third), [Waiting(1, Closed, None), Started(fourth, 1)]);
    host.wait_text(fourth, "ready");
    host.close(fourth);
    assert_eq!(counted.runs(), 4);
}

#[test]
fn only_failures_are_of_interest_to_some() {
    let mut host = Host::new();
    let wanted = host.spawn(&sh("exit 0").restart(at_once()));
    host.wait_exit(wanted);
    assert_idle(&mut host);
    assert_eq!(restarts(&mut host, wanted), []);
    assert_eq!(host.engine.terminal_state(wanted).unwrap().restart, None);
}

#[test]
fn closing_and_shutdown_end_it() {
    let mut host = Host::new();
    let running = host.spawn(&sh("exec cat").restart(at_once()));
    host.close(running);
    assert_eq!(restarts(&mut host, running), []);
    let later = RetryPolicy::new(LONG, LONG).unwrap();
    let waiting = host.spawn(&sh("exit 1").restart(at_once().retry(later)));
    wait_report(&mut host, waiting, "an end", |report| *report == Waiting(1, Closed, None));
    assert!(host.engine.time_to_deadline().is_some());
    host.close(waiting);
    assert_idle(&mut host);

    // An earlier one is only that.
    let counted = Counted::new();
    let options = counted.options("[ $n = 1 ] && exit 1; echo ready; exec cat");
    let first = host.spawn(&options.restart(at_once()));
    let second = wait_started(&mut host, first);
    host.close(first);
    host.wait_text(second, "ready");
    host.engine.signal(second, libc::SIGKILL, orchflow::SignalTarget::Leader).unwrap();
    let third = wait_started(&mut host, second);
    host.wait_text(third, "ready");

    let waiting = host.spawn(&sh("exit 1").restart(at_once().retry(later)));
    wait_report(&mut host, waiting, "an end", |report| *report == Waiting(1, Closed, None));
    host.engine.shutdown(Duration::ZERO).unwrap();
    host.wait("the end of all", |host| host.shutdown_complete);
    assert!(host.seen(third).closed && host.seen(waiting).closed);
    assert_eq!(counted.runs(), 3);
}

/// A host that does not read has one ended terminal, however long it does not.
#[test]
fn a_host_that_does_not_read_has_no_starts() {
    let mut host = Host::new();
    let counted = Counted::new();
    let id = host.spawn(&counted.options("echo $n; exit 1").restart(at_once()));
    host.turn_until("an end", |engine| engine.terminal_state(id).unwrap().exit.is_some());
    for _ in 0..100 {
        host.engine.turn(Some(Duration::ZERO)).unwrap();
    }
    let state = host.engine.terminal_state(id).unwrap();
    assert_eq!((state.restart.unwrap().start_in, counted.runs()), (None, 1));
    wait_started(&mut host, id);
}

/// What a program is started with again is kept, and counted, once: by whichever terminal has it.
#[test]
fn what_is_kept_for_the_next_start_is_counted() {
    let mut host = Host::new();
    let counted = Counted::new();
    // 400,000 bytes of values, and what else is kept.
    let kept = 400_000..410_000;
    let input = |host: &Host| host.engine.memory().input;
    let with_values = |options: SpawnOptions| {
        (0..4).fold(options, |options, n| options.env(format!("LARGE{n}"), "x".repeat(100_000)))
    };
    let large = with_values(counted.options("[ $n -gt 3 ] && exec cat; exit 1"));
    let without = host.spawn(&large);
    assert!(input(&host) < 1000, "{}", input(&host));
    host.wait_exit(without);
    let first = host.spawn(&large.clone().restart(at_once().keep_ended(1)));
    assert!(kept.contains(&input(&host)), "{}", input(&host));
    let second = wait_started(&mut host, first);
    assert!(kept.contains(&input(&host)), "{}", input(&host));
    let third = wait_started(&mut host, second);
    assert!(kept.contains(&input(&host)), "{}", input(&host));
    host.close(third);
    assert!(input(&host) < 1000, "{}", input(&host));

    // A program that has ended well is not started again.
    let well = host.spawn(&with_values(sh("exit 0")).restart(at_once()));
    host.wait_exit(well);
    host.turn_until("what was kept goes", |engine| engine.memory().input < 1000);
}

/// A start needs a place; the ended one has its own until it is closed.
#[test]
fn a_start_needs_a_place() {
    let mut host = Host::with_limits(Limits { terminals: 2, ..Limits::default() });
    let counted = Counted::new();
    let options = counted.options("[ $n = 1 ] && exit 1; exec cat");
    let first = host.spawn(&options.restart(at_once().keep_ended(0)));
    let other = host.spawn(&sh("exec cat"));
    wait_report(&mut host, first, "a refusal", |report| {
        matches!(report, Waiting(_, Closed, Some(ErrorKind::LimitReached)))
    });
    host.close(other);
    let second = wait_started(&mut host, first);
    // This policy keeps none.
    host.wait_closed(first);
    assert_eq!(host.engine.terminals(TerminalFilter::All), [second]);
}

/// Panes of the state show the new terminal, which has the size and the policy of the old one.
#[test]
fn panes_show_the_new_terminal() {
    let mut host = Host::new();
    let counted = Counted::new();
    let options = counted.options("[ $n = 1 ] && read x; [ $n = 1 ] && exit 1; exec cat");
    let old = host.spawn(&options.restart(at_once().keep_ended(0)));
    let other = host.spawn(&sh("exec cat"));
    let pane = |content| Pane { session: "s".into(), content, ..Pane::default() };
    let shows = |id: TerminalId| PaneContent::Terminal(id.to_u64());
    let session = Session { name: "s".into(), ..Session::default() };
    let changes = [
        Change::PutSession { id: "s".into(), session },
        Change::PutPane { id: "a".into(), pane: pane(shows(old)) },
        Change::PutPane { id: "b".into(), pane: pane(shows(other)) },
        Change::PutPane { id: "c".into(), pane: pane(shows(old)) },
    ];
    let ops = changes.map(|change| ChangeOp { change, base: None }).to_vec();
    host.engine.change_state(&ChangeSet { ops }).unwrap();
    let size = Size::cells(91, 17);
    host.engine.resize(old, size).unwrap();
    host.engine.write(old, b"\n").unwrap();
    let new = wait_started(&mut host, old);
    host.wait_closed(old);
    let state = host.engine.application_state().unwrap();
    let shown = ["a", "b", "c"].map(|id| state.pane(id).unwrap().0.content.clone());
    assert_eq!(shown, [shows(new), shows(other), shows(new)]);
    let state = host.engine.terminal_state(new).unwrap();
    assert_eq!((state.size, state.size_policy), (size, SizePolicy::Fixed));
}
