"""A terminal in asyncio: its output as an async iterator, its exit, and input that waits for room.

Output is exact: bytes that come wait here until the program takes them, at most a window of them. Then the
reader is paused, and with `lossless` the program in the terminal stops once the engine's log is full.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Literal, TypeVar, Union

from .. import convert
from ..errors import Closing, Ended, Gone, OrchflowError, StaleId
from ..events import (
    Cleared,
    Closed,
    Exited,
    Gap,
    InputReady,
    Output,
    ReaderEvent,
    Restarted,
    ScreenChanged,
    Snapshot,
    TerminalEvent,
)
from ..screen import Screen, ScreenUpdate
from ..terminal import Reader, TerminalHandle
from ..types import Exit, FromOffset, FromSnapshot, Start
from .streams import Changes, Listeners, Off

if TYPE_CHECKING:
    from .engine import AsyncEngine

E = TypeVar("E")
RawEvent = Union[Output, Snapshot, Gap, Cleared]
Self = TypeVar("Self", bound="Attachment")
WINDOW = 262_144
RESET = b"\x1bc"


class Attachment:
    """A reader of one terminal. Use it with `with` or `async with`, which detach at the end."""

    def __init__(self, terminal: AsyncTerminal, reader: Reader) -> None:
        self.terminal = terminal
        self.offset = 0
        """The offset after the newest byte that has come."""
        self._reader = reader
        self._changes = Changes()
        self._is_detached = False

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.detach()

    async def __aenter__(self: Self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.detach()

    @property
    def exit(self) -> Exit | None:
        """How the program ended, once all that it has written has come."""
        return self.terminal.exit if self._is_at_end else None

    def detach(self) -> None:
        """Ends it: iterations end, and the program is not held up any more."""
        if not self._is_detached:
            self._is_detached = True
            self.terminal._readers.pop(self._reader.id, None)
            with contextlib.suppress(StaleId, Gone):
                self._reader.detach()
            self._changes.end(self._changes.error)

    @property
    def _is_at_end(self) -> bool:
        end = self.terminal._end
        return end is not None and self.offset >= end

    def _on_event(self, event: ReaderEvent) -> None:
        raise NotImplementedError

    def _on_terminal(self, error: OrchflowError | None = None) -> None:
        """The program has ended, or the terminal is gone."""
        if self.terminal.is_closed or error is not None:
            self._changes.end(error)
        self._changes.notify()


class RawTerminal(Attachment):
    """The bytes of a terminal.

    `async for data in raw` gives bytes: output as it is, and a snapshot as a reset (`ESC c`) with the bytes
    that draw it. `lost` counts bytes that did not come. `async for event in raw.events()` gives `Output`,
    `Snapshot`, `Gap` and `Cleared`. Both end with the program, or when it is detached.
    """

    def __init__(self, terminal: AsyncTerminal, reader: Reader, start: Start, window: int) -> None:
        super().__init__(terminal, reader)
        self.lost = 0
        """Bytes that gaps and snapshots have replaced, and those that were gone when it was attached."""
        self._window = window
        self._waiting: deque[RawEvent] = deque()
        self._waiting_bytes = 0
        self._is_paused = False
        # Where it begins; a snapshot says so itself.
        self._next_offset: int | None = None
        if isinstance(start, FromOffset):
            self.offset = self._next_offset = start.offset
        elif start == "now":
            self.offset = self._next_offset = terminal.query().log_end
        elif not isinstance(start, FromSnapshot):
            self._next_offset = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while True:
            event = await self._next()
            if isinstance(event, Output):
                if not self._waiting:
                    return event.data
                return b"".join([event.data, *self._more()])
            if isinstance(event, Snapshot):
                return RESET + event.data

    async def events(self) -> AsyncIterator[RawEvent]:
        """All that comes, in order."""
        while True:
            try:
                yield await self._next()
            except StopAsyncIteration:
                return

    async def read_until(self, part: bytes) -> bytes:
        """Bytes up to the end of the first event that completes `part`. `Ended` if the program ends before.

        It keeps what it has read: for prompts and marks, not for floods.
        """
        read = bytearray()
        async for data in self:
            begin = max(len(read) - len(part) + 1, 0)
            read += data
            if read.find(part, begin) >= 0:
                return bytes(read)
        raise Ended("ended", f"the output ended before {part!r}", self.terminal.id)

    def _more(self) -> Iterator[bytes]:
        """What waits behind, up to the next event of another kind."""
        while self._waiting and isinstance(event := self._waiting[0], Output):
            self._waiting.popleft()
            self._taken(event)
            yield event.data

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait here to be taken."""
        return self._waiting_bytes

    async def _next(self) -> RawEvent:
        while not self._waiting:
            if self._is_at_end or self._is_detached or self._changes.is_ended:
                self._changes.raise_failure()
                raise StopAsyncIteration
            await self._changes.wait()
        event = self._waiting.popleft()
        if isinstance(event, Output):
            self._taken(event)
        return event

    def _taken(self, event: Output) -> None:
        self._waiting_bytes -= len(event.data)
        if self._is_paused and self._waiting_bytes <= self._window // 2:
            self._is_paused = False
            # A closed terminal has no readers any more.
            with contextlib.suppress(StaleId, Closing, Gone):
                self._reader.resume()

    def _on_event(self, event: ReaderEvent) -> None:
        if isinstance(event, Output):
            self._skip_to(event.offset)
            self.offset = self._next_offset = event.offset + len(event.data)
            self._waiting_bytes += len(event.data)
            if self._waiting_bytes >= self._window and not self._is_paused:
                self._is_paused = True
                with contextlib.suppress(Closing):
                    self._reader.pause()
        elif isinstance(event, Snapshot):
            self._skip_to(event.offset)
            self.offset = self._next_offset = event.offset
        elif isinstance(event, Gap):
            self._skip_to(event.end)
            self.offset = self._next_offset = event.end
        elif not isinstance(event, Cleared):
            return
        self._waiting.append(event)
        self._changes.notify()

    def _skip_to(self, offset: int) -> None:
        """Counts what lies between the newest byte and the next one."""
        if self._next_offset is not None:
            self.lost += max(offset - self._next_offset, 0)


class ScreenTerminal(Attachment, Screen):
    """What a terminal shows, kept up to date. Iterate over its updates, or add a listener.

    Whoever takes updates slowly gets fewer of them: each names all that changed since the one before.
    """

    def __init__(self, terminal: AsyncTerminal, reader: Reader) -> None:
        Screen.__init__(self)
        Attachment.__init__(self, terminal, reader)
        self._listeners = Listeners()
        self._changed: set[int] = set()
        self._is_full = False

    def on_update(self, listener: Callable[[ScreenUpdate], object]) -> Off:
        """Calls `listener` after each update; call what this returns to stop."""
        return self._listeners.add(ScreenUpdate, listener)

    async def wait_for(self, predicate: Callable[[ScreenTerminal], object]) -> None:
        """Waits until `predicate` is true for this screen. `Ended` if the program ends before."""
        while not predicate(self):
            self._changes.raise_failure()
            if self._is_at_end or self._changes.is_ended:
                raise Ended("ended", "the program ended before", self.terminal.id)
            await self._changes.wait()

    def scroll(self, rows: int) -> None:
        """Has the view begin so many rows above the top of the screen."""
        self._reader.scroll(rows)

    def __aiter__(self) -> AsyncIterator[ScreenUpdate]:
        return self

    async def __anext__(self) -> ScreenUpdate:
        """The next update. The iteration ends with the program, or when it is detached."""
        while not self._is_full and not self._changed:
            if self._is_at_end or self._is_detached or self._changes.is_ended:
                self._changes.raise_failure()
                raise StopAsyncIteration
            await self._changes.wait()
        update = ScreenUpdate(self._is_full, frozenset(self._changed))
        self._is_full, self._changed = False, set()
        return update

    def _on_event(self, event: ReaderEvent) -> None:
        if isinstance(event, ScreenChanged):
            update = self.apply(event.update)
            self._is_full = self._is_full or update.full
            self._changed |= update.changed
            self._listeners.emit(update)
            self._changes.notify()


class AsyncTerminal(TerminalHandle):
    """A terminal of an `AsyncEngine`. With `async with`, it is closed at the end.

    It has no reader of its own: `attach_raw` and `attach_screen` make them. While nobody reads, the program
    does not wait, and the newest `log_bytes` of its output are kept.
    """

    def __init__(self, engine: AsyncEngine, id: int) -> None:
        super().__init__(engine, id)
        self._engine = engine
        self.exit: Exit | None = None
        """How the program ended; `None` while it runs."""
        self.is_closed = False
        self._end: int | None = None
        self._readers: dict[int, Attachment] = {}
        self._changes = Changes()
        self._room = Changes()
        self._typing = asyncio.Lock()
        self._listeners = Listeners()
        self._restart: Restarted | None = None

    async def __aenter__(self) -> AsyncTerminal:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.is_closed or self._core.is_closed:
            return
        self.close()
        await self.wait_closed()

    def attach_raw(
        self,
        *,
        start: Start = "oldest",
        mode: Literal["lossless", "lossy"] = "lossless",
        window: int = WINDOW,
    ) -> RawTerminal:
        """Its bytes. `window`: how many may wait here; with more, the reader is paused."""
        reader = self.attach(mode, start=start)
        raw = RawTerminal(self, reader, start, window)
        self._readers[reader.id] = raw
        return raw

    def attach_screen(self, *, interval_us: int | None = None) -> ScreenTerminal:
        """Its screen. `interval_us`: the shortest time between updates; 0 for none, `None` for 16,000."""
        reader = self.attach("screen", interval_us=interval_us)
        screen = ScreenTerminal(self, reader)
        self._readers[reader.id] = screen
        return screen

    async def output(self) -> AsyncIterator[bytes]:
        """Its output from the oldest byte that is kept, until the program ends."""
        with self.attach_raw() as raw:
            async for data in raw:
                yield data

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.output()

    async def input(self, data: str | bytes) -> None:
        """Types all of it; waits while the program does not read and the queue is full."""
        left = memoryview(convert.input_bytes(data))
        async with self._typing:
            while True:
                left = left[self.write(bytes(left)) :]
                if not left:
                    return
                await self._room.wait()
                if self._room.is_ended:
                    raise self._room.error or StaleId("stale_id", "the terminal is gone", self.id)

    async def wait(self) -> Exit:
        """Until the program has ended and every reader has been given its output.

        A raw attachment that nobody reads can hold that up, as a pipe does: detach it.
        """
        while self.exit is None:
            if self.is_closed or self._changes.is_ended:
                raise self._changes.error or StaleId("stale_id", "the terminal is gone", self.id)
            await self._changes.wait()
        return self.exit

    async def wait_closed(self) -> None:
        """Until the terminal is gone, after `close`."""
        while not self.is_closed:
            self._changes.raise_failure()
            await self._changes.wait()

    async def restarted(self) -> AsyncTerminal | None:
        """Until its program was started again: gives the new terminal, `None` if it is not started any more.

        For a terminal that was spawned with `restart`.
        """
        while self._restart is None or self._restart.step == "waiting":
            if self.is_closed or self._changes.is_ended:
                self._changes.raise_failure()
                return None
            await self._changes.wait()
        successor = self._restart.successor
        return None if successor is None else self._engine.terminal(successor)

    def on(self, kind: type[E], listener: Callable[[E], object]) -> Off:
        """Calls `listener` with each event of a class, such as `Bell`; call what this returns to stop."""
        return self._listeners.add(kind, listener)

    def _on_event(self, event: TerminalEvent) -> None:
        if isinstance(event, Exited):
            self.exit, self._end = event.exit, event.end
            self._pass_on()
        elif isinstance(event, InputReady):
            self._room.notify()
        elif isinstance(event, Restarted):
            self._restart = event
            self._changes.notify()
        elif isinstance(event, Closed):
            self.is_closed = True
            self._pass_on()
            self._room.end()
        self._listeners.emit(event)

    def _pass_on(self, error: OrchflowError | None = None) -> None:
        for attachment in list(self._readers.values()):
            attachment._on_terminal(error)
        self._changes.notify()

    def _finish(self, error: OrchflowError | None) -> None:
        """The engine is gone."""
        self.is_closed = True
        self._pass_on(error)
        self._changes.end(error)
        self._room.end(error)
        for attachment in list(self._readers.values()):
            attachment._changes.end(error)
