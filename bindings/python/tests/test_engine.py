"""The engine that is driven by hand: the descriptor is polled, turns are called, events are read."""

from __future__ import annotations

import os
import pty
import select
import signal
import threading

import pytest

from orchflow import (
    Closed,
    Completed,
    Config,
    DirectoryNotFound,
    Engine,
    Event,
    Exit,
    Exited,
    Forked,
    Gone,
    HungUp,
    Input,
    InputReady,
    InvalidArgument,
    LimitReached,
    NotExecutable,
    OrchflowError,
    Output,
    ProgramNotFound,
    Resize,
    Restart,
    Restarted,
    Retry,
    ShutdownComplete,
    Skipped,
    Spawn,
    StaleId,
    WrongThread,
    reap,
)
from orchflow import Signal as SignalOp
from support import close_terminals, output_until_exit, until


def test_a_program_and_its_exit(engine: Engine) -> None:
    engine.spawn(["sh", "-c", "printf hello; exit 3"], tag=7)
    output, exited = output_until_exit(engine)
    assert output == b"hello"
    assert exited.exit == Exit(code=3) and exited.exit.status == 3 and exited.tag == 7


def test_a_poll_host_is_woken_only_by_events(engine: Engine) -> None:
    poll = select.poll()
    poll.register(engine, select.POLLIN)
    terminal = engine.spawn(["sh", "-c", "stty -echo; echo ready; read x; echo got $x"])
    output, exited, written = b"", None, False
    while exited is None:
        assert poll.poll() == [(engine.fileno(), select.POLLIN)]
        engine.turn()
        for event in engine.events():
            if isinstance(event, Output):
                output += event.data
            elif isinstance(event, Exited):
                exited = event
        if b"ready" in output and not written:
            written = terminal.write("it\n") == 3
    assert output == b"ready\r\ngot it\r\n"


def test_words_environment_and_directory(engine: Engine, tmp_path: os.PathLike[str]) -> None:
    script = 'printf "%s|%s|%s|%s" "$A" "${HOME-none}" "$TERM" "$(pwd)"; tput cols'
    env = {"A": "ü b", "HOME": None, "PATH": os.environ["PATH"]}
    engine.spawn(["sh", "-c", script], env=env, env_clear=True, cwd=tmp_path, cols=33, rows=5)
    output, _ = output_until_exit(engine)
    expected = f"ü b|none|xterm-256color|{os.fspath(tmp_path)}33\r\n"
    assert output.decode() == expected


def test_a_name_alone_is_a_program_and_not_letters(engine: Engine) -> None:
    engine.spawn("true")
    assert output_until_exit(engine)[1].exit == Exit(code=0)


@pytest.mark.parametrize(
    ("spawn", "kind", "code", "part"),
    [
        (Spawn(["/no/such"]), ProgramNotFound, "no_program", "/no/such"),
        (Spawn(["/etc/passwd"]), NotExecutable, "not_executable", "/etc/passwd"),
        (Spawn(["true"], cwd="/no/such"), DirectoryNotFound, "no_directory", "/no/such"),
        (Spawn(["true"], log_bytes=1), InvalidArgument, "invalid", "log"),
    ],
)
def test_errors_have_kinds(
    engine: Engine, spawn: Spawn, kind: type[OrchflowError], code: str, part: str
) -> None:
    with pytest.raises(kind) as caught:
        engine.spawn(spawn.argv, cwd=spawn.cwd, log_bytes=spawn.log_bytes)
    assert caught.value.code == code
    assert caught.value.status < 0
    assert part in caught.value.message
    (error,) = engine.spawn_many([spawn])
    assert isinstance(error, kind)


def test_a_bad_limit_names_itself() -> None:
    with pytest.raises(InvalidArgument, match="log_bytes"):
        Engine(Config(log_bytes=1))


def test_limits_are_those_of_the_configuration() -> None:
    with Engine(Config(terminals=1)) as engine:
        engine.spawn(["cat"])
        with pytest.raises(LimitReached):
            engine.spawn(["cat"])
        close_terminals(engine)


def test_a_stale_id_stays_stale(engine: Engine) -> None:
    terminal = engine.spawn(["cat"])
    terminal.close(0)
    assert until(engine, Closed).terminal == terminal.id
    with pytest.raises(StaleId):
        terminal.query()
    assert engine.terminals() == []


def test_a_closed_engine_says_so() -> None:
    engine = Engine()
    terminal = engine.spawn(["cat"])
    engine.close()
    engine.close()
    assert engine.is_closed
    for call in (engine.turn, engine.fileno, terminal.query, engine.health):
        with pytest.raises(Gone):
            call()
    sender = None
    with Engine() as other:
        sender = other.sender()
    with pytest.raises(Gone):
        sender.notify()


def test_an_engine_that_is_forgotten_warns_and_is_freed() -> None:
    engine = Engine()
    fd = engine.fileno()
    with pytest.warns(ResourceWarning, match="not closed"):
        del engine
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_another_thread_is_refused_and_may_take_over() -> None:
    engine = Engine()
    caught: list[object] = []

    def other() -> None:
        try:
            engine.spawn(["true"])
        except WrongThread as error:
            caught.append(error.message)
        engine.bind_thread()
        engine.spawn(["true"])
        caught.append(until(engine, Exited).exit)
        engine.close()

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert len(caught) == 2 and "thread" in str(caught[0]) and caught[1] == Exit(code=0)


def test_a_forked_child_is_refused(engine: Engine) -> None:
    engine.spawn(["cat"])
    child = os.fork()
    if child == 0:
        try:
            engine.turn()
        except Forked:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    # The child has taken nothing away.
    close_terminals(engine)


def test_a_thread_wakes_the_engine_by_a_sender(engine: Engine) -> None:
    sender = engine.sender()
    terminal = engine.spawn(["sh", "-c", "stty -echo; read x; echo got $x"])

    def work() -> None:
        sender.notify(1)
        sender.operate(Input(terminal.id, "it\n"), 2)
        sender.operate(Input(1, "it\n"), 3)
        sender.spawn(Spawn(["true"]), 4)
        sender.spawn(Spawn(["/no/such"]), 5)

    thread = threading.Thread(target=work)
    thread.start()
    completed: list[Completed] = []
    exits, output = 0, b""
    for event in engine:
        if isinstance(event, Completed):
            completed.append(event)
        elif isinstance(event, Output):
            output += event.data
        exits += isinstance(event, Exited)
        if exits == 2 and len(completed) == 5:
            break
    thread.join()
    assert [one.tag for one in completed] == [1, 2, 3, 4, 5]
    codes = [one.error and one.error.code for one in completed]
    assert codes == [None, None, "stale_id", None, "no_program"]
    assert completed[3].terminal not in (None, terminal.id)
    assert b"got it" in output


def test_input_that_does_not_fit_waits_for_room() -> None:
    with Engine(Config(input_bytes=4096)) as engine:
        terminal = engine.spawn(["sh", "-c", "stty raw -echo; printf ready; read x; head -c 400000 | wc -c"])
        seen = b""
        while b"ready" not in seen:
            seen += until(engine, Output).data
        left = b"\n" + b"x" * 400_000
        while left:
            left = left[terminal.write(left) :]
            if left:
                assert until(engine, InputReady).terminal == terminal.id
        output = b""
        for event in engine:
            if isinstance(event, Output):
                output += event.data
            if isinstance(event, Exited):
                break
        assert output.split() == [b"400000"]


def test_a_batch_skips_what_follows_a_failure(engine: Engine) -> None:
    good = engine.spawn(["cat"])
    errors = engine.batch(
        [
            Input(good.id, "a"),
            Input(1, "a"),
            Input(1, "b"),
            Resize(good.id, 90, 20),
            SignalOp(good.id, signal.SIGKILL),
        ]
    )
    assert [error and type(error) for error in errors] == [None, StaleId, Skipped, None, None]
    assert until(engine, Exited).exit == Exit(signal=9)
    assert (good.query().cols, good.query().rows) == (90, 20)


def test_many_programs_in_one_call(engine: Engine) -> None:
    made = engine.spawn_many([Spawn(["sh", "-c", f"exit {n}"], tag=n) for n in range(20)])
    exits: dict[int, Exit] = {}
    for event in engine:
        if isinstance(event, Exited):
            exits[event.tag] = event.exit
        if len(exits) == 20:
            break
    assert exits == {n: Exit(code=n) for n in range(20)}
    handles = [one for one in made if not isinstance(one, OrchflowError)]
    details = engine.query_many(handles)
    assert [one.tag for one in details if not isinstance(one, OrchflowError)] == list(range(20))
    assert {one.id for one in engine.terminals()} == {one.id for one in handles}
    assert engine.terminals(active=True) == []
    handles[0].close(0)
    until(engine, Closed)
    assert isinstance(engine.query_many(handles)[0], StaleId)


def test_the_same_input_for_many(engine: Engine) -> None:
    terminals = [engine.spawn(["sh", "-c", "read x; test $x = go"]) for _ in range(3)]
    assert engine.write_many(terminals, "go\n") == [None] * 3
    exits: list[Exit] = []
    for event in engine:
        if isinstance(event, Exited):
            exits.append(event.exit)
        if len(exits) == 3:
            break
    assert exits == [Exit(code=0)] * 3


def test_signals_to_the_foreground_and_to_the_leader(engine: Engine) -> None:
    # With job control the inner shell has a group of its own, and it is that which is in the foreground.
    script = "sh -c 'echo ready; exec sleep 1000'; echo status $?; exec sleep 1000"
    terminal = engine.spawn(["sh", "-mc", script])
    output = b""
    while b"ready" not in output:
        output += until(engine, Output).data
    terminal.signal(signal.SIGTERM)
    while b"status 143" not in output:
        output += until(engine, Output).data
    terminal.signal(signal.SIGUSR1, leader=True)
    assert until(engine, Exited).exit == Exit(signal=10)
    with pytest.raises(InvalidArgument):
        terminal.signal(999)


def test_modes_of_the_line_discipline(engine: Engine) -> None:
    terminal = engine.spawn(["sh", "-c", "read x; echo got $x"])
    terminal.set_mode("no_echo")
    terminal.write("it\n")
    output, _ = output_until_exit(engine)
    assert output == b"got it\r\n"


def test_the_end_of_input(engine: Engine) -> None:
    terminal = engine.spawn(["cat"])
    terminal.eof()
    assert until(engine, Exited).exit == Exit(code=0)


def test_an_open_pty_is_taken_over(engine: Engine) -> None:
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp("sh", ["sh", "-c", "printf hi; exit 4"])
    engine.adopt(fd, pid=pid)
    output, exited = output_until_exit(engine)
    assert (output, exited.exit) == (b"hi", Exit(code=4))


def test_what_is_no_pty_stays_the_hosts(engine: Engine) -> None:
    read, write = os.pipe()
    try:
        with pytest.raises(InvalidArgument):
            engine.adopt(read)
        os.fstat(read)
    finally:
        os.close(read)
        os.close(write)


def test_a_paused_terminal_and_a_paused_reader(engine: Engine) -> None:
    terminal = engine.spawn(["sh", "-c", "read x; echo end"], delivery="none")
    reader = terminal.attach("lossless")
    reader.pause()
    assert [one.paused for one in terminal.query().readers] == [True]
    terminal.pause()
    assert terminal.query().paused_by == {"host"}
    terminal.write("\n")
    terminal.resume()
    # Its output has come when nobody holds the terminal any more, and its exit waits for the reader.
    while not terminal.query().hung_up:
        assert engine.wait()
        engine.turn()
        assert not [event for event in engine.events() if isinstance(event, (Output, Exited))]
    reader.resume()
    seen: list[Event] = []
    until(engine, Exited, seen)
    assert b"end" in b"".join(event.data for event in seen if isinstance(event, Output))


def test_a_program_is_started_again(engine: Engine) -> None:
    again = Restart(retry=Retry(initial_ms=1, max_ms=1, attempts=2))
    first = engine.spawn(["sh", "-c", "exit 1"], restart=again)
    steps: list[Restarted] = []
    for event in engine:
        if isinstance(event, Restarted):
            steps.append(event)
            if event.step == "given_up":
                break
    started = [one for one in steps if one.step == "started"]
    assert [one.step for one in steps] == ["waiting", "started"] * 2 + ["given_up"]
    assert started[0].terminal == first.id and started[1].terminal == started[0].successor
    last = engine.terminal(started[1].successor or 0).query()
    assert last.given_up and last.restart_attempts == 2


def test_a_shutdown_ends_everything(engine: Engine) -> None:
    engine.spawn(["cat"])
    engine.spawn(["sh", "-c", "trap '' HUP; echo ready; while :; do sleep 1000; done"])
    until(engine, Output)
    engine.shutdown(grace_ms=1)
    seen: list[Event] = []
    until(engine, ShutdownComplete, seen)
    assert sum(isinstance(event, Closed) for event in seen) == 2
    with pytest.raises(Gone):
        engine.spawn(["cat"])


def test_programs_of_a_destroyed_engine_are_reaped() -> None:
    with Engine() as engine:
        pid = engine.spawn(["cat"]).query().pid
    assert pid is not None
    while reap():
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_an_engine_says_of_itself(engine: Engine) -> None:
    engine.spawn(["sh", "-c", "echo hello"])
    until(engine, HungUp)
    assert engine.health().status == "ok" and engine.health().parts == ()
    metrics = engine.metrics()
    assert metrics.terminals_started == 1 and metrics.output_bytes == len("hello\r\n")
    assert metrics.turns == engine.stats().turns > 0
    assert {stage.stage for stage in engine.stats().stages} >= {"kernel", "reads", "sending"}
    assert engine.memory().total > 0 and engine.memory().limit == 1 << 30
    assert engine.terminal(engine.terminals()[0].id).metrics().output_bytes == 7
    assert "orchflow_" in engine.report("metrics")
    assert engine.report("dump") and engine.report("flight_record")
    engine.reset_stats()
    assert engine.stats().turns == 0
    engine.set_observing(False)
    assert engine.metrics().observing == 0


def test_the_control_key_ends_a_wait(engine: Engine) -> None:
    """A wait is Python's own, so signal handlers run in it."""
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with pytest.raises(KeyboardInterrupt):
            engine.wait()
    finally:
        signal.signal(signal.SIGALRM, previous)
