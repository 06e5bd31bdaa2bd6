"""The engine of an event loop. The loop polls its descriptor; nothing else wakes it, and it has no thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import select
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar, get_args

from .. import types as t
from .._native import lib
from ..calls import Calls
from ..errors import Gone, LimitReached, OrchflowError
from ..events import Event, Log, ReaderEvent, Restarted, ShutdownComplete
from ..options import Config
from .state import State
from .streams import Changes, EventStream, Listeners, Off
from .terminal import AsyncTerminal
from .watch import AsyncWatch

E = TypeVar("E")
OUTPUT_MAX = 64 << 20
BURST_SECONDS = 0.001
"""For so long one call of the loop may make turns, if there is always something to do."""
READER_EVENTS = get_args(ReaderEvent)
LOGGER = logging.getLogger("orchflow")
LOGGER.addHandler(logging.NullHandler())
LEVELS = {"error": logging.ERROR, "warn": logging.WARNING, "info": logging.INFO}


@dataclass(frozen=True)
class CommandResult:
    output: bytes
    """Everything that the command wrote to its terminal, line ends as `\\r\\n`."""
    exit: t.Exit
    is_complete: bool
    """Nothing of the output was lost."""

    @property
    def status(self) -> int | None:
        """The exit status, 128 and the signal if one ended it, `None` if it is not known."""
        return self.exit.status

    @property
    def text(self) -> str:
        """The output as text with `\\n` as line ends."""
        return self.output.decode("utf-8", "replace").replace("\r\n", "\n")


class AsyncEngine(Calls[AsyncTerminal, AsyncWatch]):
    """An engine in the running event loop. With `async with`, it is closed at the end.

    async with AsyncEngine() as engine:
        async with engine.spawn(["make"]) as terminal:
            async for data in terminal:
                ...
            print(terminal.exit)

    `spawn` makes terminals without a reader: attach those that you want (`attach_raw`, `attach_screen`).
    """

    _delivery: t.Delivery = "none"

    def __init__(self, config: Config | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        super().__init__(config)
        self._terminals: dict[int, AsyncTerminal] = {}
        self._watches: dict[int, AsyncWatch] = {}
        self._listeners = Listeners()
        self._ends = Changes()
        self._copy: State | None = None
        self._is_shut_down = False
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self._loop.add_reader(self._fd, self._on_readable)

    async def __aenter__(self) -> AsyncEngine:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _check_delivery(self, delivery: t.Delivery | None) -> None:
        if delivery not in (None, "none"):
            raise ValueError(
                "terminals of an AsyncEngine are made without a reader: use attach_raw or attach_screen"
            )

    def terminal(self, id: int) -> AsyncTerminal:
        known = self._terminals.get(id)
        if known is not None:
            return known
        # Made by a client, so it may have ended before.
        terminal = AsyncTerminal(self, id)
        detail = terminal.query()
        if detail.exit is not None:
            terminal.exit, terminal._end = detail.exit, detail.log_end
        self._terminals[id] = terminal
        return terminal

    def _spawned(self, id: int) -> AsyncTerminal:
        terminal = self._terminals[id] = AsyncTerminal(self, id)
        self._look_at_state()
        return terminal

    def _watch(self, id: int) -> AsyncWatch:
        return self._watches.get(id) or self._watches.setdefault(id, AsyncWatch(self, id))

    def _forget_watch(self, id: int) -> None:
        self._watches.pop(id, None)

    @property
    def state(self) -> State:
        """A copy of the application state. It is made when it is asked for first, and up to date."""
        if self._copy is None:
            self._copy = State(self)
        if not self.is_closed:
            self._look_at_state()
        return self._copy

    def change(self, *changes: t.Change) -> t.Version:
        version = super().change(*changes)
        self._look_at_state()
        return version

    def on(self, kind: type[E], listener: Callable[[E], object]) -> Off:
        """Calls `listener` with each event of a class, such as `Log`; call what this returns to stop.

        Events of terminals and watches come here as well. What raises goes to the loop's exception handler.
        """
        return self._listeners.add(kind, listener)

    def events(self, kind: type[E], *, keep: int = 1024) -> EventStream[E]:
        """An async iterator over the events of a class, from now on. It keeps the newest that nobody took."""
        stream: EventStream[E] = EventStream(self._ends, keep)
        stream._off = self._listeners.add(kind, stream._put)
        return stream

    async def run(
        self,
        command: str | Sequence[t.Path],
        *,
        env: Mapping[str, str | None] | None = None,
        cwd: t.Path | None = None,
        cols: int = 0,
        rows: int = 0,
        limit: int = OUTPUT_MAX,
    ) -> CommandResult:
        """Runs a program in a terminal of its own, and gives its output and its status.

        A `str` is a command for `sh`. With more output than `limit` it raises `LimitReached`.
        """
        words = ["/bin/sh", "-c", command] if isinstance(command, str) else command
        terminal = self.spawn(words, env=env, cwd=cwd, cols=cols, rows=rows)
        output = bytearray()
        try:
            raw = terminal.attach_raw()
            async for data in raw:
                output += data
                if len(output) > limit:
                    raise LimitReached("limit", f"more output than {limit} bytes", terminal.id)
            return CommandResult(bytes(output), await terminal.wait(), raw.lost == 0)
        finally:
            # Nothing may wait here: this runs when the call is cancelled, too.
            if not terminal.is_closed and not self.is_closed:
                terminal.close()

    async def close(self, grace_ms: int = 1000) -> None:
        """Closes all terminals, waits until they are gone, and frees the engine.

        If this is cancelled, what still runs is killed.
        """
        if self.is_closed:
            return
        try:
            if not self._is_shut_down:
                self._call(lib.orch_engine_shutdown, grace_ms)
                self._is_shut_down = True
            while not self._ends.is_ended:
                await self._ends.wait()
        finally:
            self._teardown(None)

    def _on_readable(self) -> None:
        """The loop calls this while a turn has something to do or an event is unread."""
        try:
            begin = monotonic()
            while True:
                self._turn()
                while (event := self._next()) is not None:
                    self._dispatch(event)
                # A program that writes on and on is ready again by now. A round of the loop for each of its
                # pieces would cost more than the pieces.
                if self.is_closed or monotonic() - begin > BURST_SECONDS or not self._poll.poll(0):
                    break
            self._look_at_state()
        except OrchflowError as error:
            # Nothing that anybody waits for will come.
            self._teardown(error)
            context = {"message": "an engine of orchflow has failed", "exception": error}
            self._loop.call_exception_handler(context)

    def _dispatch(self, event: Event) -> None:
        if isinstance(event, READER_EVENTS):
            owner = self._terminals.get(event.terminal)
            attachment = owner and owner._readers.get(event.reader)
            if attachment:
                attachment._on_event(event)
            self._listeners.emit(event)
            return
        terminal = getattr(event, "terminal", None)
        if terminal is not None and terminal in self._terminals:
            if isinstance(event, Restarted) and event.successor is not None:
                self._spawned(event.successor)
            self._terminals[terminal]._on_event(event)  # type: ignore[arg-type]
            if self._terminals[terminal].is_closed:
                del self._terminals[terminal]
        elif (watch := getattr(event, "watch", None)) is not None and watch in self._watches:
            self._watches[watch]._on_event(event)  # type: ignore[arg-type]
        elif isinstance(event, Log):
            LOGGER.log(LEVELS[event.level], "%s", event.text)
        elif isinstance(event, ShutdownComplete):
            self._ends.end()
        self._listeners.emit(event)

    def _look_at_state(self) -> None:
        if self._copy is not None:
            self._copy._look()

    def _teardown(self, error: OrchflowError | None) -> None:
        if self.is_closed:
            return
        self._loop.remove_reader(self._fd)
        with contextlib.suppress(OrchflowError):
            self._destroy()
        reason = error or Gone("gone", "the engine is closed")
        handles: list[Any] = [*self._terminals.values(), *self._watches.values()]
        self._terminals, self._watches = {}, {}
        for handle in handles:
            handle._finish(reason if error else None)
        if self._copy is not None:
            self._copy._changes.end(error)
        self._ends.end(error)
