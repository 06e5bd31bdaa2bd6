//! Output is exact: every byte of a program reaches every lossless reader, in order, before the
//! program's exit; a lossy reader's bytes and gaps cover the same range; and nothing that is unread
//! makes a log grow past its size.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::collections::HashSet;

use orchflow::{Delivery, ErrorKind, ExitStatus, Limits, SpawnOptions, Start, TerminalId};
use support::files::{TempDir, assert_same, noise, seq, with_crlf};
use support::host::{Host, sh};
use support::{process_state, scaled, wait_for};

const SMALL_LOG: usize = 64 << 10;

/// Programs that print `seq 1 n`.
fn counting(n: usize) -> SpawnOptions {
    SpawnOptions::program("seq").arg("1").arg(n.to_string())
}

/// Waits until the program is over and all of its output is in the log, whether or not it is read.
fn wait_until_drained(host: &mut Host, id: TerminalId, bytes: usize) {
    host.wait("the program's end", |host| {
        let state = host.engine.terminal_state(id).unwrap();
        state.exit.is_some() && state.log_end == bytes as u64
    });
}

#[test]
fn seq_is_exact_and_the_exit_comes_after_its_last_byte() {
    let expected = seq(100_000);
    let mut host = Host::new();
    for _ in 0..scaled(50, 500) {
        let id = host.spawn(&counting(100_000));
        assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
        let (_, final_offset) = host.exit(id).unwrap();
        assert_eq!(final_offset, expected.len() as u64);
        assert_same("seq", host.output(id), &expected);
        host.close(id);
        assert_eq!(host.output(id).len(), expected.len(), "nothing came after the exit");
        host.heard.clear();
        host.seen.clear();
    }
}

#[test]
fn a_big_file_comes_out_whole() {
    let dir = TempDir::new();
    let bytes = noise(20, scaled(8 << 20, 100 << 20));
    std::fs::write(dir.file("big"), &bytes).unwrap();
    let mut host = Host::new();
    let id = host.spawn(&SpawnOptions::program("cat").arg(dir.file("big")));
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
    assert_same("cat", host.output(id), &with_crlf(&bytes));
}

#[test]
fn a_small_log_still_carries_everything() {
    let mut host = Host::new();
    let id = host.spawn(&counting(100_000).log_bytes(SMALL_LOG));
    host.wait("the exit", |host| {
        assert!(host.engine.log_bytes() <= SMALL_LOG);
        host.exit(id).is_some()
    });
    assert_same("seq", host.output(id), &seq(100_000));
}

#[test]
fn an_unread_flood_stops_at_the_size_of_its_log() {
    for log_bytes in [SMALL_LOG, 1 << 20] {
        let mut host = Host::new();
        let id = host.spawn(&counting(300_000).log_bytes(log_bytes));
        host.turn_until("the high mark", |engine| {
            assert!(engine.log_bytes() <= log_bytes);
            engine.terminal_state(id).unwrap().paused_by_reader
        });
        let stopped_at = host.engine.terminal_state(id).unwrap().log_end;
        let mut turns = 0;
        host.turn_until("turns that change nothing", |engine| {
            let state = engine.terminal_state(id).unwrap();
            assert!(engine.log_bytes() <= log_bytes);
            assert!(state.paused_by_reader && state.running);
            assert_eq!((state.log_start, state.log_end), (0, stopped_at));
            turns += 1;
            turns > 1000
        });
        assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
        assert_same("seq", host.output(id), &seq(300_000));
    }
}

#[test]
fn a_lossy_reader_gets_gaps_that_cover_what_it_missed() {
    let expected = seq(200_000);
    let mut host = Host::new();
    let options = counting(200_000).log_bytes(SMALL_LOG).reader(Some(Delivery::Lossy));
    let id = host.spawn(&options);
    let reader = host.reader(id);
    host.engine.pause_reader(reader).unwrap();
    wait_until_drained(&mut host, id, expected.len());
    assert!(host.exit(id).is_none(), "the exit comes after the bytes that are still to be read");
    let log_start = host.engine.terminal_state(id).unwrap().log_start;
    host.engine.resume_reader(reader).unwrap();
    host.wait_exit(id);
    let heard = host.heard(reader);
    assert_eq!(heard.gaps, [(0, log_start)]);
    assert_eq!(heard.end, expected.len() as u64);
    assert_same("the tail", &heard.bytes, &expected[log_start as usize..]);
}

#[test]
fn a_lossy_reader_that_reads_now_and_then_loses_no_byte_silently() {
    let expected = seq(200_000);
    let mut host = Host::new();
    let options = counting(200_000).log_bytes(SMALL_LOG).reader(Some(Delivery::Lossy));
    let id = host.spawn(&options);
    let reader = host.reader(id);
    loop {
        // Lets a backlog grow that the log cannot hold, then reads one piece of it.
        host.turn_until("a backlog, or the program's end", |engine| {
            let state = engine.terminal_state(id).unwrap();
            assert!(state.log_end - state.log_start <= SMALL_LOG as u64);
            state.exit.is_some() || state.readers[0].backlog > 100_000
        });
        if host.engine.terminal_state(id).unwrap().exit.is_some() {
            break;
        }
        host.read_event();
    }
    host.wait_exit(id);
    let heard = host.heard(reader);
    assert_eq!(heard.start, Some(0));
    assert_eq!(heard.end, expected.len() as u64);
    assert!(!heard.gaps.is_empty());
    assert_same("what was heard", &heard.bytes, &heard.expected_of(&expected));
}

#[test]
fn a_slow_lossy_reader_does_not_hold_back_a_lossless_one() {
    let expected = seq(200_000);
    let mut host = Host::new();
    let id = host.spawn(&counting(200_000).log_bytes(SMALL_LOG));
    let lossless = host.reader(id);
    let lossy = host.attach(id, Delivery::Lossy, Start::Oldest);
    host.engine.pause_reader(lossy).unwrap();
    host.wait("the lossless reader's last byte", |host| {
        host.heard(lossless).end == expected.len() as u64
    });
    assert_same("lossless", &host.heard(lossless).bytes, &expected);
    assert_eq!(host.heard(lossy).start, None, "it is paused");
    host.engine.resume_reader(lossy).unwrap();
    host.wait_exit(id);
    let heard = host.heard(lossy);
    assert_eq!((heard.start, heard.end), (Some(0), expected.len() as u64));
    assert_same("lossy", &heard.bytes, &heard.expected_of(&expected));
}

#[test]
fn two_readers_each_get_everything() {
    let expected = seq(100_000);
    let mut host = Host::new();
    let id = host.spawn(&counting(100_000));
    let first = host.reader(id);
    let second = host.attach(id, Delivery::Lossless, Start::Offset(0));
    host.wait_exit(id);
    assert_same("first", &host.heard(first).bytes, &expected);
    assert_same("second", &host.heard(second).bytes, &expected);
}

/// The program has printed 40,000 lines and waits; of these the small log has the last ones.
#[test]
fn late_readers_start_where_they_ask_to() {
    let all = seq(40_000);
    let mut host = Host::new();
    let id = host.spawn(&sh("stty -echo; seq 1 40000; exec cat").log_bytes(SMALL_LOG));
    let first = host.reader(id);
    host.wait("all lines", |host| host.heard(first).end == all.len() as u64);
    let state = host.engine.terminal_state(id).unwrap();
    let (start, end) = (state.log_start, state.log_end);
    assert!(start > 0 && end == all.len() as u64 && end - start <= SMALL_LOG as u64);
    for past in [end + 1, u64::MAX] {
        let refused = host.engine.attach(id, Delivery::Lossless, Start::Offset(past));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
    let cases = [
        (Start::Oldest, start, None),
        (Start::Now, end, None),
        (Start::Offset(start + 1000), start + 1000, None),
        (Start::Offset(start), start, None),
        (Start::Offset(end), end, None),
        (Start::Offset(0), start, Some((0, start))),
        (Start::Offset(start - 1), start, Some((start - 1, start))),
    ];
    let readers: Vec<_> = [Delivery::Lossless, Delivery::Lossy]
        .into_iter()
        .flat_map(|delivery| cases.map(|(ask, from, gap)| (delivery, ask, from, gap)))
        .map(|(delivery, ask, from, gap)| (host.attach(id, delivery, ask), ask, from, gap))
        .collect();
    host.engine.write(id, b"more\n").unwrap();
    host.wait("the new line everywhere", |host| {
        readers.iter().all(|(reader, ..)| host.heard(*reader).end == end + 6)
    });
    let all = [&all[..], b"more\r\n"].concat();
    for (reader, ask, from, gap) in readers {
        let heard = host.heard(reader);
        assert_eq!(heard.gaps, Vec::from_iter(gap), "{ask:?}");
        assert_same("a late reader", &heard.bytes, &all[from as usize..]);
    }
}

#[test]
fn a_reader_may_come_after_the_end() {
    let mut host = Host::new();
    let id = host.spawn(&counting(1000));
    host.wait_exit(id);
    host.wait_eof(id);
    let late = host.attach(id, Delivery::Lossless, Start::Oldest);
    let nothing = host.attach(id, Delivery::Lossless, Start::Now);
    host.quiesce();
    assert_same("late", &host.heard(late).bytes, &seq(1000));
    assert_eq!(host.heard(nothing).start, None);
    host.close(id);
}

#[test]
fn readers_are_limited_and_leave_room_when_they_go() {
    let limits = Limits { readers_per_terminal: 3, ..Limits::default() };
    let mut host = Host::with_limits(limits);
    let id = host.sh("exec cat");
    let second = host.attach(id, Delivery::Lossy, Start::Now);
    host.attach(id, Delivery::Lossless, Start::Now);
    let refused = host.engine.attach(id, Delivery::Lossless, Start::Now).unwrap_err();
    assert!(refused.is_limit_reached());
    host.engine.detach(second).unwrap();
    assert!(host.engine.detach(second).unwrap_err().is_stale_id());
    host.attach(id, Delivery::Lossless, Start::Now);
}

#[test]
fn a_paused_terminal_is_not_read_and_reports_no_exit() {
    let mut host = Host::new();
    let id = host.sh("echo hi");
    host.engine.pause(id).unwrap();
    let pid = host.engine.terminal_state(id).unwrap().pid.unwrap();
    wait_for("the program to be over", || matches!(process_state(pid), Some('Z') | None));
    host.quiesce();
    let state = host.engine.terminal_state(id).unwrap();
    assert!(state.paused_by_host && !state.running);
    assert_eq!((state.exit, state.log_end), (Some(ExitStatus::Code(0)), 0));
    assert!(host.exit(id).is_none());
    host.engine.resume(id).unwrap();
    host.wait_exit(id);
    assert_eq!(host.text(id), "hi\r\n");
}

#[test]
fn a_paused_flood_stands_still_and_goes_on_whole() {
    let expected = seq(200_000);
    let mut host = Host::new();
    let id = host.spawn(&counting(200_000));
    for part in [1u64, 400_000, 800_000] {
        host.wait("some output", |host| host.output(id).len() as u64 >= part);
        host.engine.pause(id).unwrap();
        host.quiesce();
        let end = host.engine.terminal_state(id).unwrap().log_end;
        host.engine.turn(Some(std::time::Duration::ZERO)).unwrap();
        assert_eq!(host.engine.terminal_state(id).unwrap().log_end, end);
        host.engine.resume(id).unwrap();
    }
    host.wait_exit(id);
    assert_same("seq", host.output(id), &expected);
}

#[test]
fn a_paused_lossless_reader_stops_the_program_and_loses_nothing() {
    let expected = seq(200_000);
    let mut host = Host::new();
    let id = host.spawn(&counting(200_000).log_bytes(SMALL_LOG));
    let first = host.reader(id);
    let paused = host.attach(id, Delivery::Lossless, Start::Offset(0));
    host.engine.pause_reader(paused).unwrap();
    host.wait("the high mark", |host| host.engine.terminal_state(id).unwrap().paused_by_reader);
    host.quiesce();
    let state = host.engine.terminal_state(id).unwrap();
    assert!(state.paused_by_reader && state.running && state.log_start == 0);
    assert_eq!(host.heard(first).end, state.log_end, "the other one got all there is");
    host.engine.resume_reader(paused).unwrap();
    host.wait_exit(id);
    assert_same("first", &host.heard(first).bytes, &expected);
    assert_same("paused", &host.heard(paused).bytes, &expected);
}

#[test]
fn a_detached_reader_does_not_hold_back_the_program() {
    let mut host = Host::new();
    let id = host.spawn(&counting(200_000).log_bytes(SMALL_LOG));
    let reader = host.reader(id);
    host.engine.pause_reader(reader).unwrap();
    host.wait("the high mark", |host| host.engine.terminal_state(id).unwrap().paused_by_reader);
    host.engine.detach(reader).unwrap();
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
    assert_eq!(host.exit(id).unwrap().1, seq(200_000).len() as u64);
}

/// Nobody reads, so nothing may hold the program back, however much of its output a turn may read.
#[test]
fn a_flood_that_nobody_reads_runs_to_its_end() {
    let limits = Limits {
        turn_bytes: 4 << 20,
        turn_bytes_per_terminal: 4 << 20,
        turn_time: std::time::Duration::from_secs(1),
        ..Limits::default()
    };
    let expected = seq(500_000);
    let mut host = Host::with_limits(limits);
    let id = host.spawn(&counting(500_000).log_bytes(SMALL_LOG).reader(None));
    host.wait_exit(id);
    assert_eq!(host.exit(id).unwrap().1, expected.len() as u64);
    let late = host.attach(id, Delivery::Lossless, Start::Offset(0));
    host.quiesce();
    let heard = host.heard(late);
    assert_eq!((heard.start, heard.end), (Some(0), expected.len() as u64));
    assert_same("the tail", &heard.bytes, &heard.expected_of(&expected));
}

/// The same with a lossy reader that is paused: it gets a gap later, the program never waits.
#[test]
fn a_paused_lossy_reader_never_holds_back_the_program() {
    let limits = Limits {
        turn_bytes: 4 << 20,
        turn_bytes_per_terminal: 4 << 20,
        turn_time: std::time::Duration::from_secs(1),
        ..Limits::default()
    };
    let expected = seq(500_000);
    let mut host = Host::with_limits(limits);
    let options = counting(500_000).log_bytes(SMALL_LOG).reader(Some(Delivery::Lossy));
    let id = host.spawn(&options);
    let reader = host.reader(id);
    host.engine.pause_reader(reader).unwrap();
    wait_until_drained(&mut host, id, expected.len());
    host.engine.resume_reader(reader).unwrap();
    host.wait_exit(id);
    let heard = host.heard(reader);
    assert_same("the tail", &heard.bytes, &heard.expected_of(&expected));
}

fn tight_memory() -> Limits {
    Limits {
        log_bytes: SMALL_LOG,
        log_bytes_max: SMALL_LOG,
        log_bytes_total: SMALL_LOG,
        ..Limits::default()
    }
}

#[test]
fn floods_share_a_small_memory_and_all_arrive_whole() {
    let expected = seq(50_000);
    let mut host = Host::with_limits(tight_memory());
    let ids: Vec<_> = (0..6).map(|_| host.spawn(&counting(50_000))).collect();
    host.wait("all exits", |host| {
        assert!(host.engine.log_bytes() <= SMALL_LOG);
        ids.iter().all(|id| host.exit(*id).is_some())
    });
    for id in ids {
        assert_same("one of many", host.output(id), &expected);
    }
}

#[test]
fn unread_floods_never_use_more_than_the_common_memory() {
    let expected = seq(50_000);
    let mut host = Host::with_limits(tight_memory());
    let ids: Vec<_> = (0..6).map(|_| host.spawn(&counting(50_000))).collect();
    let mut starved: HashSet<TerminalId> = HashSet::new();
    host.turn_until("a terminal without memory", |engine| {
        assert!(engine.log_bytes() <= SMALL_LOG);
        starved
            .extend(ids.iter().filter(|id| engine.terminal_state(**id).unwrap().paused_by_memory));
        !starved.is_empty()
    });
    host.wait("all exits", |host| {
        assert!(host.engine.log_bytes() <= SMALL_LOG);
        ids.iter().all(|id| host.exit(*id).is_some())
    });
    for id in ids {
        assert_same("one of many", host.output(id), &expected);
    }
}

/// Terminals that printed nothing, or exactly a segment, must not keep memory that another one
/// needs: nothing that could still happen would ever give it back.
#[test]
fn idle_terminals_leave_the_common_memory_to_others() {
    for idle in ["true", "printf '%4096s' x; exec cat"] {
        let mut host = Host::with_limits(tight_memory());
        let ids: Vec<_> = (0..SMALL_LOG / 4096).map(|_| host.sh(idle)).collect();
        host.wait("the idle terminals", |host| {
            ids.iter().all(|id| match idle {
                "true" => host.exit(*id).is_some(),
                _ => host.output(*id).len() == 4096,
            })
        });
        let id = host.sh("echo hello");
        host.wait_exit(id);
        assert_eq!(host.text(id), "hello\r\n");
    }
}
