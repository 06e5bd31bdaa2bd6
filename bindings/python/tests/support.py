"""What several tests use."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import TypeVar

from orchflow import AsyncEngine, Closed, Engine, Event, Exited, Output
from orchflow.aio.streams import Changes

E = TypeVar("E")
ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = ROOT / "bindings/python"


def until(engine: Engine, kind: type[E], seen: list[Event] | None = None) -> E:
    """Turns until an event of this class comes; what comes before goes to `seen`."""
    for event in engine:
        if isinstance(event, kind):
            return event
        if seen is not None:
            seen.append(event)
    raise AssertionError("the events have no end")


def output_until_exit(engine: Engine) -> tuple[bytes, Exited]:
    """All output up to the exit of the only program. Each byte has its offset."""
    seen: list[Event] = []
    exited = until(engine, Exited, seen)
    output = b""
    for event in seen:
        if isinstance(event, Output):
            assert event.offset == len(output)
            output += event.data
    assert exited.end == len(output)
    return output, exited


def close_terminals(engine: Engine) -> None:
    """Closes all terminals and reads events until they are gone."""
    left = {one.id for one in engine.terminals()}
    for terminal in engine.terminals():
        terminal.close(0)
    for event in engine:
        if isinstance(event, Closed):
            left.discard(event.terminal)
        if not left:
            return


class Turns:
    """Counts the turns of an engine in asyncio, and wakes who waits for what they lead to."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.count = 0
        self._changes = Changes()
        self._look = engine._look_at_state
        engine._look_at_state = self._counted  # type: ignore[method-assign]

    def _counted(self) -> None:
        self._look()
        self.count += 1
        self._changes.notify()

    async def until(self, predicate: Callable[[], object]) -> None:
        while not predicate():
            await self._changes.wait()
