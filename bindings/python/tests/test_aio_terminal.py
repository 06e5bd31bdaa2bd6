"""Terminals in asyncio: exact output, backpressure, exits, input that waits, and ends of all kinds."""

from __future__ import annotations

import asyncio
import hashlib
import signal

import pytest

from orchflow import (
    AsyncEngine,
    AsyncTerminal,
    Bell,
    Cleared,
    Config,
    Ended,
    Exit,
    FromOffset,
    FromSnapshot,
    Gap,
    Gone,
    InputTruncated,
    InvalidArgument,
    LibraryPanic,
    LimitReached,
    Log,
    Output,
    ProgramNotFound,
    RawTerminal,
    Restart,
    Retry,
    Snapshot,
    Spawn,
    StaleId,
    TitleChanged,
)
from support import Turns


async def test_a_command_and_its_output() -> None:
    async with AsyncEngine() as engine:
        result = await engine.run("printf 'a\\nb'; exit 3")
        assert (result.output, result.text, result.status) == (b"a\r\nb", "a\nb", 3)
        assert result.is_complete
        words = await engine.run(["printf", "%s", "$HOME"])
        assert words.output == b"$HOME"
        killed = await engine.run("kill -9 $$")
        assert killed.exit == Exit(signal=9) and killed.status == 137
        with pytest.raises(LimitReached):
            await engine.run("yes", limit=10_000)


async def test_output_ends_with_the_program() -> None:
    async with AsyncEngine() as engine:
        async with engine.spawn(["sh", "-c", "printf 'one\\n'; printf two"]) as terminal:
            output = b"".join([data async for data in terminal])
            assert output == b"one\r\ntwo"
            assert terminal.exit == await terminal.wait() == Exit(code=0)
            # Whoever comes later gets what is kept, and the same end.
            assert b"".join([data async for data in terminal]) == output
        assert terminal.is_closed
        with pytest.raises(StaleId):
            terminal.query()
        assert engine.terminals() == []


async def test_a_flood_is_exact_and_a_slow_reader_stops_it() -> None:
    """What waits in Python is bounded, the program stops, and not a byte is lost."""
    total, window = 6_000_000, 65_536
    script = f"stty raw; yes 0123456789abcde | head -c {total}"
    async with AsyncEngine() as engine:
        turns = Turns(engine)
        async with engine.spawn(["sh", "-c", script]) as terminal:
            raw = terminal.attach_raw(window=window)
            await turns.until(lambda: "reader" in terminal.query().paused_by)
            # One event may go beyond the window: what a reader gets at once.
            assert window <= raw.waiting_bytes <= window + 1_048_576
            assert terminal.exit is None
            # It stands still: the loop is not woken again.
            count = turns.count
            for _ in range(100):
                await asyncio.sleep(0)
            assert turns.count == count
            digest, length = hashlib.sha256(), 0
            async for data in raw:
                digest.update(data)
                length += len(data)
                assert raw.waiting_bytes <= window + 1_048_576
            expected = (b"0123456789abcde\n" * (total // 16 + 1))[:total]
            assert length == total and digest.digest() == hashlib.sha256(expected).digest()
            assert raw.lost == 0 and raw.offset == total


async def test_without_a_reader_a_program_does_not_wait() -> None:
    async with AsyncEngine() as engine:
        async with engine.spawn(
            ["sh", "-c", "stty raw; yes | head -c 3000000"], log_bytes=65_536
        ) as terminal:
            assert await terminal.wait() == Exit(code=0)
            with terminal.attach_raw() as raw:
                kept = b"".join([data async for data in raw])
            assert 0 < len(kept) <= 65_536
            assert raw.lost == 3_000_000 - len(kept)


async def test_a_lossy_reader_learns_what_it_has_lost() -> None:
    async with AsyncEngine() as engine:
        turns = Turns(engine)
        script = "stty raw; yes 0123456789abcde | head -c 4000000"
        async with engine.spawn(["sh", "-c", script], log_bytes=65_536) as terminal:
            raw = terminal.attach_raw(mode="lossy", window=16_384)
            # The program does not wait for it, but its exit is reported after what is still to be read.
            await turns.until(lambda: not terminal.query().running)
            assert terminal.exit is None
            offset, gaps = 0, 0
            async for event in raw.events():
                if isinstance(event, Output):
                    assert event.offset == offset
                    offset += len(event.data)
                    assert event.data == (b"0123456789abcde\n" * 8192)[event.offset % 16 :][: len(event.data)]
                elif isinstance(event, Gap):
                    assert event.start == offset
                    offset = event.end
                    gaps += event.end - event.start
            assert offset == 4_000_000
            assert raw.lost == gaps > 0
            assert await terminal.wait() == Exit(code=0)


async def test_readers_are_apart() -> None:
    async with AsyncEngine() as engine:
        async with engine.spawn(["sh", "-c", "echo one; read x; echo two"]) as terminal:
            first = terminal.attach_raw()
            assert b"one" in await first.read_until(b"one")
            later = terminal.attach_raw(start="now")
            at_two = terminal.attach_raw(start=FromOffset(2))
            await terminal.input("\n")
            rest = await asyncio.gather(*(collect(one) for one in (first, later, at_two)))
            assert b"one" not in rest[1] and rest[1].endswith(b"two\r\n")
            assert rest[2].startswith(b"e\r\n") and rest[2].endswith(b"two\r\n")
            assert await collect(terminal.attach_raw(start="now")) == b""
            with pytest.raises(InvalidArgument):
                terminal.attach_raw(start=FromOffset(1_000))


async def collect(raw: RawTerminal) -> bytes:
    return b"".join([data async for data in raw])


async def test_a_snapshot_begins_with_a_reset() -> None:
    async with AsyncEngine() as engine:
        async with engine.spawn(["sh", "-c", "echo one; read x; echo two"], screen=True) as terminal:
            await terminal.attach_raw().read_until(b"one")
            raw = terminal.attach_raw(start=FromSnapshot(100))
            events = raw.events()
            snapshot = await anext(events)
            assert isinstance(snapshot, Snapshot) and (snapshot.cols, snapshot.rows) == (80, 24)
            assert b"one" in snapshot.data and snapshot.offset == len("one\r\n")
            await terminal.input("\n")
            rest = await collect(raw)
            assert rest.endswith(b"two\r\n") and raw.lost == 0
            data = await anext(terminal.attach_raw(start=FromSnapshot(0)))
            assert data.startswith(b"\x1bc")


async def test_input_waits_for_room() -> None:
    script = "stty raw -echo; printf ready; read x; head -c 300000 | sha256sum"
    async with AsyncEngine(Config(input_bytes=4096)) as engine:
        async with engine.spawn(["sh", "-c", script]) as terminal:
            raw = terminal.attach_raw()
            await raw.read_until(b"ready")
            # Two at once do not mix: the second begins when all of the first is accepted.
            first = asyncio.create_task(terminal.input(b"\n" + b"x" * 200_000))
            second = asyncio.create_task(terminal.input(b"y" * 100_000))
            await asyncio.gather(first, second)
            expected = hashlib.sha256(b"x" * 200_000 + b"y" * 100_000).hexdigest()
            assert (await collect(raw)).split()[0].decode() == expected


async def test_input_that_waits_ends_with_the_terminal() -> None:
    async with AsyncEngine(Config(input_bytes=4096)) as engine:
        async with engine.spawn(["sh", "-c", "stty raw -echo; printf ready; exec sleep 1000"]) as terminal:
            await terminal.attach_raw().read_until(b"ready")
            typing = asyncio.create_task(terminal.input(b"x" * 1_000_000))
            await asyncio.sleep(0)
            terminal.close(0)
            with pytest.raises(StaleId):
                await typing


async def test_an_overlong_line_is_reported() -> None:
    async with AsyncEngine() as engine:
        async with engine.spawn(["sh", "-c", "echo ready; exec cat >/dev/null"]) as terminal:
            events = engine.events(InputTruncated)
            await terminal.attach_raw().read_until(b"ready")
            await terminal.input(b"x" * 6000 + b"\n")
            assert (await anext(events)).terminal == terminal.id


async def test_size_and_signals() -> None:
    script = "trap 'stty size' WINCH; echo ready; while :; do read x && break; done"
    async with AsyncEngine() as engine, engine.spawn(["sh", "-c", script]) as terminal:
        raw = terminal.attach_raw()
        await raw.read_until(b"ready\r\n")
        terminal.resize(101, 33)
        assert await raw.read_until(b"33 101") and terminal.query().size_policy == "fixed"
        terminal.signal(signal.SIGTERM)
        assert await terminal.wait() == Exit(signal=15)


async def test_the_interrupt_key() -> None:
    async with AsyncEngine() as engine:
        async with engine.spawn(["sh", "-c", "echo ready; exec sleep 1000"]) as terminal:
            await terminal.attach_raw().read_until(b"ready")
            terminal.interrupt()
            assert await terminal.wait() == Exit(signal=2)


async def test_what_a_program_reports() -> None:
    script = "printf '\\033]2;a title\\007\\007'; read x"
    async with AsyncEngine() as engine:
        titles: list[str] = []
        bells: list[Bell] = []
        async with engine.spawn(["sh", "-c", script], screen=True, tag=5) as terminal:
            off = terminal.on(TitleChanged, lambda event: titles.append(event.title))
            engine.on(Bell, bells.append)
            bell = await anext(engine.events(Bell))
            assert (bell.count, bell.tag, bell.terminal) == (1, 5, terminal.id)
            assert titles == ["a title"] and bells == [bell]
            assert terminal.query().title == "a title"
            off()
        assert titles == ["a title"]


async def test_a_stream_keeps_the_newest() -> None:
    async with AsyncEngine() as engine:
        stream = engine.events(TitleChanged, keep=2)
        script = "for i in 1 2 3 4; do printf '\\033]2;%s\\007' $i; read x; done"
        async with engine.spawn(["sh", "-c", script], screen=True) as terminal:
            titles: list[str] = []
            for number in "1234":
                done = engine.events(TitleChanged)
                while not titles or titles[-1] != number:
                    titles.append((await anext(done)).title)
                await terminal.input("\n")
            await terminal.wait()
            assert [(await anext(stream)).title for _ in range(2)] == ["3", "4"]
            assert stream.dropped == 2
            stream.close()
            with pytest.raises(StopAsyncIteration):
                await anext(stream)


async def test_a_cleared_screen_is_an_event_of_the_output() -> None:
    async with AsyncEngine() as engine:
        async with engine.spawn(["sh", "-c", "echo one; read x"], screen=True) as terminal:
            raw = terminal.attach_raw()
            await raw.read_until(b"one")
            terminal.clear()
            assert isinstance(await anext(raw.events()), Cleared)
            assert terminal.text().strip() == ""


async def test_a_program_is_started_again_in_a_new_terminal() -> None:
    again = Restart(always=True, retry=Retry(initial_ms=1, max_ms=1, attempts=1))
    async with AsyncEngine() as engine:
        first = engine.spawn(["sh", "-c", "echo run"], restart=again, tag=3)
        second = await first.restarted()
        assert isinstance(second, AsyncTerminal) and second.id != first.id
        assert await collect(second.attach_raw()) == b"run\r\n"
        assert second.query().tag == 3
        assert await second.restarted() is None
        assert second.query().given_up


async def test_a_reader_that_nobody_would_take_is_refused() -> None:
    async with AsyncEngine() as engine:
        with pytest.raises(ValueError, match="attach_raw"):
            engine.spawn(["cat"], delivery="lossless")
        with pytest.raises(ValueError, match="attach_raw"):
            engine.spawn_many([Spawn(["cat"]), Spawn(["cat"], delivery="lossy")])
        assert engine.terminals() == []
        made = engine.spawn_many([Spawn(["true"], delivery="none"), Spawn(["/no/such"])])
        assert isinstance(made[0], AsyncTerminal) and await made[0].wait() == Exit(code=0)
        assert isinstance(made[1], ProgramNotFound)


async def test_a_terminal_of_an_engine_is_one_object() -> None:
    async with AsyncEngine() as engine:
        terminal = engine.spawn(["true"])
        assert engine.terminal(terminal.id) is terminal
        assert engine.terminals() == [terminal]
        with pytest.raises(StaleId):
            engine.terminal(1)


async def test_waits_end_when_the_engine_is_closed() -> None:
    engine = AsyncEngine()
    terminal = engine.spawn(["cat"], screen=True)
    raw, screen = terminal.attach_raw(), terminal.attach_screen()
    waits = [
        asyncio.ensure_future(one)
        for one in (terminal.wait(), collect(raw), screen.wait_for(lambda _: False), terminal.restarted())
    ]
    stream = asyncio.ensure_future(anext(engine.events(Log)))
    await asyncio.sleep(0)
    await engine.close()
    await engine.close()
    results = await asyncio.gather(*waits, stream, return_exceptions=True)
    assert results[0] == Exit(signal=1) and results[1] == b"" and results[3] is None
    assert isinstance(results[2], Ended)
    assert isinstance(results[4], (StopAsyncIteration, RuntimeError))
    assert engine.is_closed
    with pytest.raises(Gone):
        engine.spawn(["cat"])


async def test_an_engine_that_fails_ends_all_waits_with_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = AsyncEngine()
    terminal = engine.spawn(["sh", "-c", "read x; echo got"], screen=True)
    raw, screen = terminal.attach_raw(), terminal.attach_screen()
    waits = [
        asyncio.ensure_future(one)
        for one in (
            terminal.wait(),
            collect(raw),
            screen.wait_for(lambda _: False),
            terminal.restarted(),
            engine.watch("/").ready(),
            engine.state.wait_for(lambda _: None),
        )
    ]

    def turn() -> None:
        raise LibraryPanic("panic", "a bug")

    contexts: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, one: contexts.append(one["exception"]))
    await asyncio.sleep(0)
    monkeypatch.setattr(engine, "_turn", turn)
    terminal.write("\n")
    results = await asyncio.gather(*waits, return_exceptions=True)
    assert [type(one) for one in results] == [LibraryPanic] * 6
    assert [type(one) for one in contexts] == [LibraryPanic]
    # It was destroyed, so the terminal is gone.
    assert engine.is_closed
    await terminal.wait_closed()
    await engine.close()


async def test_a_close_that_is_cancelled_kills() -> None:
    engine = AsyncEngine()
    terminal = engine.spawn(["sh", "-c", "trap '' HUP; echo ready; while :; do sleep 1000; done"])
    await terminal.attach_raw().read_until(b"ready")
    closing = asyncio.create_task(engine.close(grace_ms=1_000_000))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert engine.is_closed
    with pytest.raises(StaleId):
        await terminal.wait()


async def test_a_cancelled_run_closes_its_terminal() -> None:
    async with AsyncEngine() as engine:
        turns = Turns(engine)
        running = asyncio.create_task(engine.run("sleep 1000"))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await turns.until(lambda: not engine.terminals())


async def test_detaching_ends_an_iteration_and_lets_the_program_go_on() -> None:
    async with AsyncEngine() as engine:
        turns = Turns(engine)
        async with engine.spawn(["sh", "-c", "yes | head -c 3000000"]) as terminal:
            raw = terminal.attach_raw(window=1)
            await turns.until(lambda: "reader" in terminal.query().paused_by)
            raw.detach()
            raw.detach()
            assert await terminal.wait() == Exit(code=0)
            assert len(await collect(raw)) == raw.offset


async def test_a_failing_listener_harms_nobody_else() -> None:
    async with AsyncEngine() as engine:
        loop = asyncio.get_running_loop()
        contexts: list[object] = []
        before = loop.get_exception_handler()
        loop.set_exception_handler(lambda _, context: contexts.append(context["exception"]))
        engine.on(Bell, lambda event: 1 // 0)
        bells = engine.events(Bell)
        async with engine.spawn(["sh", "-c", "printf '\\007'; read x"], screen=True):
            await anext(bells)
        loop.set_exception_handler(before)
        assert [type(one) for one in contexts] == [ZeroDivisionError]


async def test_read_until_says_that_the_program_ended() -> None:
    async with AsyncEngine() as engine, engine.spawn(["echo", "one"]) as terminal:
        with pytest.raises(Ended, match="two"):
            await terminal.attach_raw().read_until(b"two")


async def test_a_hundred_terminals_at_once() -> None:
    async with AsyncEngine() as engine:
        results = await asyncio.gather(*(engine.run(f"echo {n}; exit {n}") for n in range(100)))
        assert [(one.text, one.status) for one in results] == [(f"{n}\n", n) for n in range(100)]
