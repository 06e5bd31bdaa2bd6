"""The engine for hosts with a loop of their own: poll the descriptor, call `turn`, read the events."""

from __future__ import annotations

import select
from collections.abc import Iterator
from types import TracebackType

from ._native import check, lib
from .calls import Calls
from .events import Event
from .options import Config
from .terminal import TerminalHandle
from .watch import WatchHandle


class Engine(Calls[TerminalHandle, WatchHandle]):
    """An engine that is driven by hand. With `with`, it is closed at the end.

    with Engine() as engine:
        engine.spawn(["make"])
        for event in engine:
            ...
    """

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config)
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def terminal(self, id: int) -> TerminalHandle:
        return TerminalHandle(self, id)

    def _spawned(self, id: int) -> TerminalHandle:
        return TerminalHandle(self, id)

    def _watch(self, id: int) -> WatchHandle:
        return WatchHandle(self, id)

    def turn(self) -> None:
        """Does what is due, and does not wait. Then read events until there are none."""
        self._turn()

    def next_event(self) -> Event | None:
        """The next event; `None` when there is none before the next turn."""
        return self._next()

    def events(self) -> Iterator[Event]:
        """The events that are there."""
        while (event := self._next()) is not None:
            yield event

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until there is something to do, at most `timeout` seconds; gives whether there is."""
        self._engine()
        return bool(self._poll.poll(None if timeout is None else timeout * 1000))

    def __iter__(self) -> Iterator[Event]:
        """All events, waiting for them: a loop for programs that do nothing else. It never ends by itself."""
        while True:
            while (event := self._next()) is not None:
                yield event
            self.wait()
            self._turn()

    def shutdown(self, grace_ms: int = 1000) -> None:
        """Closes every terminal and refuses new ones; `ShutdownComplete` comes when all are gone."""
        self._call(lib.orch_engine_shutdown, grace_ms)

    def bind_thread(self) -> None:
        """Makes the calling thread the owner. The one before must not use the engine any more."""
        check(lib.orch_engine_bind_thread(self._engine()))

    def close(self) -> None:
        """Kills what runs in it and frees it, without waiting. See `shutdown` and `reap`."""
        self._destroy()
