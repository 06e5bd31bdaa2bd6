//! A forked child of the host: every call there is refused, dropping the engine there harms nobody,
//! and the parent goes on. Alone in its binary, because forking beside other tests is no fun.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::time::Duration;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use orchflow::{
    AdoptOptions, BatchEntry, Command, Delivery, Engine, ErrorKind, ExitStatus, Mode, Op, ReaderId,
    Result, Sender, SignalTarget, Size, SpawnOptions, Start, TerminalId,
};
use support::host::Host;

/// Every call that can be refused, in a fixed order. Those that could do harm come first.
fn every_call(engine: &mut Engine, id: TerminalId, reader: ReaderId) -> Vec<Result<()>> {
    let spawn = SpawnOptions::program("true");
    let pty = nix::pty::openpty(None, None).unwrap();
    vec![
        engine.close(id, Duration::ZERO),
        engine.shutdown(Duration::ZERO),
        engine.signal(id, 9, SignalTarget::Leader),
        engine.turn(Some(Duration::ZERO)),
        engine.next_event().map(drop),
        engine.run(|_| Ok(std::ops::ControlFlow::Break(()))),
        engine.spawn(&spawn).map(drop),
        engine.spawn_many(std::slice::from_ref(&spawn)).remove(0).map(drop),
        engine.adopt(pty.master, &AdoptOptions::new()).map(drop),
        engine.write(id, b"x").map(drop),
        engine.write_many(&[id], b"x").map(drop),
        engine.send_eof(id),
        engine.resize(id, Size::cells(1, 1)),
        engine.set_mode(id, Mode::Raw),
        engine.batch(&[BatchEntry { terminal: id, ops: &[Op::SetMode(Mode::Raw)] }]).map(drop),
        engine.pause(id),
        engine.resume(id),
        engine.attach(id, Delivery::Lossy, Start::Now).map(drop),
        engine.detach(reader),
        engine.pause_reader(reader),
        engine.resume_reader(reader),
        engine.terminal_state(id).map(drop),
        engine.terminal_states(&[id]).remove(0).map(drop),
    ]
}

/// 0, or the number of the first call that was not refused, or of what else went wrong.
fn misbehaviour_in_the_child(
    mut host: Host,
    sender: &Sender,
    id: TerminalId,
    reader: ReaderId,
) -> i32 {
    let outcomes = every_call(&mut host.engine, id, reader);
    let refused = |outcome: &Result<()>| {
        outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::Forked)
    };
    let wrong = outcomes.iter().position(|outcome| !refused(outcome));
    if let Some(position) = wrong {
        return position as i32 + 1;
    }
    // The copy of the engine goes, its senders stay, and an engine of the child's own works.
    let new_sender = host.engine.sender();
    drop(host);
    for sender in [sender, &new_sender] {
        if !refused(&sender.post(1, Command::Notify)) {
            return 100;
        }
    }
    let mut own = Host::new();
    let id = own.sh("exit 3");
    if own.wait_exit(id) != ExitStatus::Code(3) {
        return 101;
    }
    if refused(&own.engine.close(id, Duration::ZERO)) { 102 } else { 0 }
}

#[test]
fn a_forked_child_is_refused_and_harms_nobody() {
    let mut host = Host::new();
    let id = host.sh("stty -echo; echo ready; exec cat");
    let other = host.sh("echo over");
    host.wait_text(id, "ready");
    let reader = host.reader(id);
    let sender = host.engine.sender();
    // SAFETY: no other thread of this process holds a lock; the child ends with _exit.
    let child = match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            let wrong = misbehaviour_in_the_child(host, &sender, id, reader);
            // SAFETY: _exit takes an integer and runs no destructors of the parent's test.
            unsafe { libc::_exit(wrong) }
        }
    };
    assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)), "the call with this number");
    sender.post(7, Command::Notify).unwrap();
    host.wait("the posted command", |host| host.completed.len() == 1);
    host.engine.write(id, b"still here\n").unwrap();
    host.wait_text(id, "still here");
    host.wait_exit(other);
    host.engine.send_eof(id).unwrap();
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
    host.close(id);
    host.quiesce();
}
