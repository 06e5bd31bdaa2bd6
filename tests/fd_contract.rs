//! The contract of the one descriptor: it is readable whenever a turn has something to do or an
//! event is unread, and not otherwise, after every single call. A host that polls it without a
//! timeout never stalls and never spins.
//!
//! Here are the cases one by one; `fd_contract_random.rs` mixes them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use orchflow::{
    AdoptOptions, Command, Delivery, Limits, Size, SpawnOptions, Start, TerminalEvent, TerminalId,
};
use support::files::{TempDir, noise};
use support::host::{Host, sh};
use support::{WATCHDOG, is_readable, wait_readable};

const LONG: Duration = Duration::from_secs(3600);

/// A PTY that passes bytes unchanged, adopted; the slave is the test's.
fn adopt(host: &mut Host, options: &AdoptOptions) -> (TerminalId, OwnedFd) {
    let pty = support::raw_pty();
    let id = host.engine.adopt(pty.master, options).unwrap();
    (id, pty.slave)
}

/// Writes to a slave and waits until the kernel has carried it over to the master.
fn write(slave: &OwnedFd, bytes: &[u8]) {
    assert_eq!(nix::unistd::write(slave, bytes), Ok(bytes.len()));
}

fn turn(host: &mut Host) {
    host.engine.turn(Some(Duration::ZERO)).unwrap();
}

/// Waits as a host does that has nothing else to do, and turns once.
fn wait_and_turn(host: &mut Host) {
    assert!(wait_readable(&host.engine, host.watchdog), "stalled");
    turn(host);
}

fn assert_idle(host: &mut Host) {
    assert!(!is_readable(&host.engine), "readable with nothing to do");
    assert_eq!(host.engine.time_to_deadline(), None);
    turn(host);
    assert_eq!(host.read_events(), 0, "an event without readiness");
    assert!(!is_readable(&host.engine), "a turn for nothing made it readable");
}

#[test]
fn a_new_engine_is_idle() {
    let mut host = Host::new();
    assert_idle(&mut host);
}

#[test]
fn it_is_readable_while_an_event_is_unread() {
    let mut host = Host::new();
    let (id, slave) = adopt(&mut host, &AdoptOptions::new());
    assert_idle(&mut host);
    write(&slave, b"output");
    wait_and_turn(&mut host);
    for _ in 0..3 {
        assert!(is_readable(&host.engine));
        assert_eq!(host.engine.time_to_deadline(), Some(Duration::ZERO));
        turn(&mut host);
    }
    assert!(host.read_event());
    assert!(!is_readable(&host.engine), "right after the last event, without a turn");
    assert_eq!(host.text(id), "output");
    assert_idle(&mut host);
}

/// Two readers, two events; reading only one of them leaves it readable.
#[test]
fn it_stays_readable_until_the_last_event_is_read() {
    let mut host = Host::new();
    let (id, slave) = adopt(&mut host, &AdoptOptions::new());
    host.attach(id, Delivery::Lossless, Start::Now);
    write(&slave, b"output");
    wait_and_turn(&mut host);
    assert!(host.read_event());
    assert!(is_readable(&host.engine));
    turn(&mut host);
    assert!(is_readable(&host.engine));
    assert!(host.read_event());
    assert_idle(&mut host);
}

#[test]
fn a_budget_that_stops_a_read_leaves_it_readable() {
    let limits = Limits { turn_bytes: 4096, turn_bytes_per_terminal: 4096, ..Limits::default() };
    let mut host = Host::with_limits(limits);
    let (id, slave) = adopt(&mut host, &AdoptOptions::new());
    let bytes = noise(50, 10_000);
    let mut writer = std::fs::File::from(slave);
    let thread = std::thread::spawn({
        let bytes = bytes.clone();
        move || {
            std::io::Write::write_all(&mut writer, &bytes).unwrap();
            writer
        }
    });
    while host.output(id).len() < bytes.len() {
        wait_and_turn(&mut host);
        host.read_events();
    }
    let _slave = thread.join().unwrap();
    assert_eq!(host.output(id), bytes);
    host.quiesce();
    assert_idle(&mut host);
}

#[test]
fn more_sources_than_one_poll_reports_are_all_served() {
    let mut host = Host::new();
    let terminals: Vec<_> = (0..300).map(|_| adopt(&mut host, &AdoptOptions::new())).collect();
    host.quiesce();
    for round in 1..=3 {
        for (_, slave) in &terminals {
            write(slave, b"x");
        }
        host.wait("one byte from each", |host| {
            terminals.iter().all(|(id, _)| host.output(*id).len() == round)
        });
    }
    assert_idle(&mut host);
}

/// Readiness follows calls between turns at once: attach, detach, pause, resume.
#[test]
fn calls_between_turns_keep_it_truthful() {
    let mut host = Host::new();
    let (id, slave) = adopt(&mut host, &AdoptOptions::new());
    write(&slave, b"history");
    host.wait_text(id, "history");
    assert_idle(&mut host);

    let reader = host.attach(id, Delivery::Lossy, Start::Oldest);
    assert!(is_readable(&host.engine), "history for a new reader");
    host.engine.pause_reader(reader).unwrap();
    assert_idle(&mut host);
    host.engine.resume_reader(reader).unwrap();
    assert!(is_readable(&host.engine));
    host.engine.detach(reader).unwrap();
    assert_idle(&mut host);

    host.engine.pause(id).unwrap();
    write(&slave, b"more");
    assert_idle(&mut host);
    host.engine.resume(id).unwrap();
    host.wait("what came meanwhile", |host| {
        let first = host.engine.terminal_state(id).unwrap().readers[0].id;
        host.heard(first).end == 11
    });
    assert_idle(&mut host);
}

/// The exit waits for a reader; when that one goes, it is due at once.
#[test]
fn a_detach_makes_a_waiting_exit_readable() {
    let mut host = Host::new();
    let id = host.sh("echo hello");
    let reader = host.reader(id);
    host.engine.pause_reader(reader).unwrap();
    host.wait("the end", |host| host.engine.terminal_state(id).unwrap().hung_up);
    assert_idle(&mut host);
    host.detach(reader).unwrap();
    assert!(is_readable(&host.engine));
    host.read_events();
    assert!(host.exit(id).is_some() && host.seen(id).eof.is_some());
    assert_idle(&mut host);
}

/// A pause in the middle of a turn's leftovers: nothing is left to do until the resume.
#[test]
fn a_pause_takes_back_what_a_budget_left_over() {
    let limits = Limits { turn_bytes: 4096, turn_bytes_per_terminal: 4096, ..Limits::default() };
    let mut host = Host::with_limits(limits);
    let id = host.sh("exec yes flood");
    host.counted_only.insert(id);
    for _ in 0..50 {
        host.wait("some of the flood", |host| host.engine.terminal_state(id).unwrap().log_end > 0);
        wait_and_turn(&mut host);
        host.engine.pause(id).unwrap();
        host.read_events();
        assert_idle(&mut host);
        host.engine.resume(id).unwrap();
    }
}

#[test]
fn a_posted_command_makes_it_readable() {
    let mut host = Host::new();
    let sender = host.engine.sender();
    for tag in 0..100 {
        sender.post(tag, Command::Notify).unwrap();
        assert!(is_readable(&host.engine));
        turn(&mut host);
        assert!(is_readable(&host.engine));
        assert!(host.read_event());
        assert_eq!(host.completed.pop().unwrap().0, tag);
        assert_idle(&mut host);
    }
}

fn cols(slave: &OwnedFd) -> u16 {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one winsize through a pointer that is valid for it.
    let answer = unsafe { libc::ioctl(slave.as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    assert_eq!(answer, 0);
    size.ws_col
}

/// No program writes and no event comes: only the timer can end the poll.
#[test]
fn a_held_back_resize_makes_it_readable_in_time() {
    let limits = Limits { resize_interval: Duration::from_millis(50), ..Limits::default() };
    let mut host = Host::with_limits(limits);
    let (id, slave) = adopt(&mut host, &AdoptOptions::new().size(Size::cells(80, 24)));
    for round in 0..5 {
        host.engine.resize(id, Size::cells(100 + round, 24)).unwrap();
        host.engine.resize(id, Size::cells(200 + round, 24)).unwrap();
        while cols(&slave) != 200 + round {
            wait_and_turn(&mut host);
        }
        assert_idle(&mut host);
    }
}

/// Deadlines that come earlier, go away, or are many.
#[test]
fn the_earliest_of_many_timers_counts() {
    let limits = Limits { resize_interval: Duration::from_millis(30), ..Limits::default() };
    let mut host = Host::with_limits(limits);
    let stubborn = "trap '' HUP; echo ready; while :; do sleep 1000; done";
    let never = host.sh(stubborn);
    let soon = host.sh(stubborn);
    host.wait_text(never, "ready");
    host.wait_text(soon, "ready");
    let (id, slave) = adopt(&mut host, &AdoptOptions::new());
    host.engine.close(never, LONG).unwrap();
    host.engine.close(soon, LONG).unwrap();
    host.engine.resize(id, Size::cells(100, 24)).unwrap();
    host.engine.resize(id, Size::cells(200, 24)).unwrap();
    while cols(&slave) != 200 {
        wait_and_turn(&mut host);
    }
    host.engine.close(soon, Duration::from_millis(30)).unwrap();
    host.wait_closed(soon);
    host.quiesce();
    let left = host.engine.time_to_deadline().unwrap();
    assert!(left > Duration::from_secs(1800), "only the hour is left: {left:?}");
    host.engine.close(never, Duration::ZERO).unwrap();
    host.wait_closed(never);
    host.close(id);
    assert_idle(&mut host);
}

#[test]
fn every_way_a_terminal_ends_makes_it_readable() {
    let dir = TempDir::new();
    let fifo = dir.fifo("go");
    let mut host = Host::new();
    let id = host.spawn(&sh("read x < $GO; exit 3").env("GO", &fifo));
    host.quiesce();
    assert_idle(&mut host);
    std::fs::write(&fifo, "go\n").unwrap();
    host.wait_exit(id);
    host.wait_eof(id);
    assert_idle(&mut host);
    host.engine.close(id, LONG).unwrap();
    assert!(is_readable(&host.engine), "Closed is unread");
    host.wait_closed(id);
    assert_idle(&mut host);

    let (id, slave) = adopt(&mut host, &AdoptOptions::new());
    assert_idle(&mut host);
    drop(slave);
    host.wait_eof(id);
    assert_idle(&mut host);
    host.engine.shutdown(LONG).unwrap();
    assert!(is_readable(&host.engine));
    host.wait("the end", |host| host.shutdown_complete);
    assert_idle(&mut host);
}

/// Input that waits for room is written as soon as there is some, without any other event.
#[test]
fn waiting_input_makes_it_readable_when_there_is_room() {
    let mut host = Host::new();
    let (id, slave) = adopt(&mut host, &AdoptOptions::new());
    let bytes = noise(51, 100_000);
    assert_eq!(host.engine.write(id, &bytes).unwrap(), bytes.len());
    host.quiesce();
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    while read.len() < bytes.len() {
        let n = nix::unistd::read(&slave, &mut buffer).unwrap();
        read.extend_from_slice(&buffer[..n]);
        while host.engine.terminal_state(id).unwrap().input_waiting > 0 && is_readable(&host.engine)
        {
            turn(&mut host);
        }
        // A blocking read would wait for ever if the engine had not been woken to write on.
        if host.engine.terminal_state(id).unwrap().input_waiting > 0 && is_empty(&slave) {
            wait_and_turn(&mut host);
        }
    }
    assert_eq!(read, bytes);
    assert_idle(&mut host);
}

fn is_empty(slave: &OwnedFd) -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let mut fds = [PollFd::new(slave.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).unwrap() == 0
}

/// A host with an epoll set of its own, as most have, level-triggered.
#[test]
fn it_can_be_nested_in_the_epoll_set_of_a_host() {
    let mut host = Host::new();
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).unwrap();
    epoll.add(&host.engine, EpollEvent::new(EpollFlags::EPOLLIN, 7)).unwrap();
    let id = host.spawn(&SpawnOptions::program("seq").args(["1", "50000"]));
    let timeout = EpollTimeout::try_from(WATCHDOG).unwrap();
    let mut events = [EpollEvent::empty()];
    while host.exit(id).is_none() {
        match epoll.wait(&mut events, timeout) {
            // The process was stopped and continued.
            Err(nix::errno::Errno::EINTR) => continue,
            outcome => assert_eq!(outcome, Ok(1), "stalled"),
        }
        turn(&mut host);
        // Leaves an event unread now and then: the level must stay up.
        host.read_event();
    }
    assert_eq!(host.output(id), support::files::seq(50_000));
    host.quiesce();
    assert_eq!(epoll.wait(&mut events, EpollTimeout::ZERO), Ok(0));
}

/// A turn may be called for nothing, and with a timeout it ends when there is something to do.
#[test]
fn a_turn_waits_for_something_to_do() {
    let mut host = Host::new();
    let id = host.sh("echo hello");
    while host.exit(id).is_none() {
        host.engine.turn(Some(WATCHDOG)).unwrap();
        assert!(host.read_events() > 0 || is_readable(&host.engine) || host.exit(id).is_none());
    }
    let id = host.sh("exit 7");
    let status = host.engine.run(|engine| {
        while let Some(event) = engine.next_event()? {
            if let orchflow::Event::Terminal { id: of, event, .. } = event
                && let (true, TerminalEvent::Exited { status, .. }) = (of == id, event)
            {
                return Ok(std::ops::ControlFlow::Break(status));
            }
        }
        Ok(std::ops::ControlFlow::Continue(()))
    });
    assert_eq!(status, Ok(orchflow::ExitStatus::Code(7)));
}

/// A hundred programs that wait, and nothing happens: not one wakeup in five seconds.
#[test]
fn an_idle_engine_never_wakes_its_host() {
    let mut host = Host::new();
    let ids: Vec<_> = (0..100).map(|_| host.sh("stty -echo; echo ready; exec cat")).collect();
    for id in &ids {
        host.wait_text(*id, "ready\r\n");
        host.engine.write(*id, b"line\n").unwrap();
        host.wait_text(*id, "line\r\n");
    }
    host.quiesce();
    assert_idle(&mut host);
    let woken = wait_readable(&host.engine, Duration::from_secs(5));
    if woken {
        turn(&mut host);
        let event = host.engine.next_event().unwrap().map(|event| format!("{event:?}"));
        panic!("woken, with the event {event:?}");
    }
}

/// The events of one terminal are reported in their order, whatever the host leaves unread in between.
#[test]
fn events_come_in_order_however_slowly_they_are_read() {
    let mut host = Host::new();
    let id = host.sh("seq 1 2000; exit 4");
    let mut kinds = Vec::new();
    while kinds.last() != Some(&"eof") {
        wait_and_turn(&mut host);
        let event = host.engine.next_event().unwrap();
        let Some(orchflow::Event::Terminal { event, .. }) = event else { continue };
        kinds.push(match event {
            TerminalEvent::Output { .. } => "output",
            TerminalEvent::Exited { .. } => "exit",
            TerminalEvent::Eof { .. } => "eof",
            other => panic!("{other:?}"),
        });
    }
    kinds.dedup();
    assert_eq!(kinds, ["output", "exit", "eof"]);
    host.engine.close(id, LONG).unwrap();
    host.wait_closed(id);
}
