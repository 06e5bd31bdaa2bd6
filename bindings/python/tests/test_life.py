"""Long lives: nothing is left behind by engines, terminals, watches and what is abandoned."""

from __future__ import annotations

import asyncio
import gc
import logging
import pathlib
import resource
import sys
import tracemalloc

import pytest

from orchflow import AsyncEngine, Config, Engine, Log
from support import Turns


def test_engines_come_and_go() -> None:
    def one() -> None:
        with Engine() as engine:
            engine.spawn(["cat"], screen=True)
            engine.watch("/")
            engine.listen()
            engine.add_token("observe")
            engine.sender()
            engine.turn()

    # The fixture compares the descriptors, once what was killed is reaped.
    for _ in range(100):
        one()


async def test_handles_of_what_is_gone_are_freed(tmp_path: pathlib.Path) -> None:
    async with AsyncEngine() as engine:
        turns = Turns(engine)

        async def one() -> None:
            async with engine.spawn(["echo", "hello"], screen=True) as terminal:
                async for _ in terminal:
                    break
                terminal.attach_screen()
                await terminal.wait()
            async with engine.watch(tmp_path):
                pass
            await engine.run("true")

        for _ in range(20):
            await one()
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(60):
            await one()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        # A hundred and twenty terminals with their queues would be far more.
        assert grown < 50_000
        await turns.until(lambda: not engine._terminals)
        assert not engine._watches


async def test_output_is_not_kept_by_who_has_taken_it() -> None:
    """40 MB go through; what is used at most does not grow with it."""
    async with AsyncEngine() as engine:

        async def flood(megabytes: int) -> None:
            script = f"stty raw; yes 0123456789abcde | head -c {megabytes}000000"
            async with engine.spawn(["sh", "-c", script]) as terminal:
                count = 0
                async for data in terminal:
                    count += len(data)
                assert count == megabytes * 1_000_000

        await flood(5)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await flood(40)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000


async def test_log_lines_go_to_the_logger(caplog: pytest.LogCaptureFixture) -> None:
    async with AsyncEngine(Config(log_level=3)) as engine:
        with caplog.at_level(logging.INFO, "orchflow"):
            logs = engine.events(Log)
            reader, writer = await asyncio.open_connection(*engine.listen().address.split(":"))
            writer.write(b"nonsense\r\n\r\n")
            line = await anext(logs)
            await reader.read()
            writer.close()
            await writer.wait_closed()
    assert line.text in [record.getMessage() for record in caplog.records]
    assert line.level in ("info", "warn") and line.client is None


def test_an_abandoned_loop_leaves_nothing() -> None:
    """A loop that ends by an exception, with an engine that nobody closed."""

    async def main() -> None:
        engine = AsyncEngine()
        engine.spawn(["cat"])
        raise RuntimeError

    with pytest.warns(ResourceWarning, match="not closed"):
        try:
            asyncio.run(main())
        except RuntimeError:
            sys.exc_info()
        gc.collect()
