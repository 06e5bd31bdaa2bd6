"""A terminal as bytes, for programs that have an emulator of their own, or none.

Events wait in a queue until the program takes them. What it has taken and left behind (by asking for the
next event) counts as consumed: credit for it goes to the server, which sends at most a window of bytes
ahead of that. So a slow program makes the queue no longer than that, and the program in the terminal wait.

A `Snapshot` or a `Gap` counts as credit, so these could pile up with a window of output behind each. When
one comes and more than a window waits, it replaces what waits.

A new connection counts from the first byte that it sends, as if all before that were consumed. So it is asked
for a window that is smaller by what waits (`_lead`), and credit for what waits makes up for the difference.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, AsyncIterator, Deque, List, Literal, Optional, Union

from . import convert
from .attachments import Attachment, Message
from .protocol import Output as OutputFrame
from .types import Place

if TYPE_CHECKING:
    from .client import Client

Start = Union[Literal["oldest", "now", "default"], "FromOffset", "FromSnapshot"]
RawMode = Literal["lossless", "lossy"]

WINDOW, WINDOW_MIN = 262_144, 4_096
RESET = b"\x1bc"


@dataclass(frozen=True)
class FromOffset:
    """Output begins with this byte."""

    offset: int


@dataclass(frozen=True)
class FromSnapshot:
    """Output begins with a snapshot that has so many rows of scrollback."""

    rows: int


@dataclass(frozen=True)
class Output:
    """Bytes that the program wrote. They may end anywhere, also within a character."""

    offset: int
    data: bytes


@dataclass(frozen=True)
class Snapshot:
    """The whole screen: reset the emulator, set its size, and write `data` to it."""

    offset: int
    cols: int
    rows: int
    line: Optional[Place]
    data: bytes


@dataclass(frozen=True)
class Gap:
    """Output from `start` up to, but not including, `end` is lost to this client."""

    start: int
    end: int


RawEvent = Union[Output, Snapshot, Gap]


class RawTerminal(Attachment):
    """The bytes of a terminal.

    `async for data in raw` gives bytes: output as it is, and a snapshot as a reset (`ESC c`) with the
    bytes that draw it. `lost` counts bytes that did not come. `async for event in raw.events()` gives
    `Output`, `Snapshot` and `Gap`. Both end with the program, or when the attachment ends.
    """

    def __init__(
        self,
        client: Client,
        terminal: int,
        cols: int,
        rows: int,
        start: Start,
        mode: RawMode,
        window: int,
    ) -> None:
        super().__init__(client, terminal, cols, rows)
        self.offset = 0
        """The offset after the newest byte that has come."""
        self.lost = 0
        """Bytes that gaps and snapshots have replaced."""
        self._start = start
        self._mode: RawMode = mode
        self._window = max(window or WINDOW, WINDOW_MIN)
        self._asked_window = window
        self._waiting: Deque[RawEvent] = deque()
        self._waiting_bytes = 0
        self._parts: List[bytes] = []
        self._taken: Optional[RawEvent] = None
        self._consumed = 0
        self._credited = 0
        self._lead = 0
        """How much further than `_consumed` credit may go."""
        self._is_parked = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while True:
            event = await self._next()
            if isinstance(event, Output):
                return event.data
            if isinstance(event, Snapshot):
                return RESET + event.data

    async def events(self) -> AsyncIterator[RawEvent]:
        """All that comes, in order."""
        while True:
            try:
                yield await self._next()
            except StopAsyncIteration:
                return

    async def _next(self) -> RawEvent:
        self._consume()
        while not self._waiting:
            if self._is_parked:
                self._resume()
            if self.status in ("ended", "detached"):
                if self._failure is not None:
                    raise self._failure
                raise StopAsyncIteration
            await self._changes.wait()
        event = self._waiting.popleft()
        if isinstance(event, Output):
            self._waiting_bytes -= len(event.data)
        self._taken = event
        return event

    def _consume(self) -> None:
        """What was taken is done with: gives credit for it."""
        event, self._taken = self._taken, None
        if isinstance(event, Output):
            self._consumed = event.offset + len(event.data)
            credit = min(self._consumed + self._lead, self.offset)
            if credit - self._credited >= (self._window - self._lead) // 2 and self._accepts:
                self._credited = credit
                message = {"type": "credit", "terminal": self.terminal, "offset": credit}
                self._client._send_if_open(message)

    def _resume(self) -> None:
        """The server has given up waiting for credit. Everything has been consumed now: attach again."""
        self._is_parked = self._accepts = False
        self._lead = 0
        self.status = "attaching"
        self._client._send_if_open(self._attach_message())

    def _attach_message(self) -> Message:
        start = self._start
        wire: object = start
        if isinstance(start, FromOffset):
            wire = {"offset": start.offset}
        elif isinstance(start, FromSnapshot):
            wire = {"snapshot": start.rows}
        window = self._window - self._lead if self._lead else self._asked_window
        more = {"mode": self._mode, "start": wire, "window": window}
        return {**super()._attach_message(), **more}

    def _on_connected(self) -> Message:
        self._is_parked = False
        self._lead = max(min(self._waiting_bytes, self._window - WINDOW_MIN), 0)
        # Without the rest of a snapshot there is nothing to continue from.
        if self._parts:
            self._parts, self._start = [], "default"
        return super()._on_connected()

    def _on_attached(self, message: Message) -> None:
        if message["mode"] != self._mode:
            self._is_parked = True
            self._accepts = False
            self._changes.notify()
            return
        super()._on_attached(message)
        limits = self._client.welcome
        if limits is not None:
            self._window = min(self._window, limits.limits.window_bytes)
        if not self._is_ready:
            self.offset = self._consumed = message["offset"]
        self._credited = message["offset"]
        self._is_ready = True
        self._advance(message["offset"])
        self._changes.notify()

    def _advance(self, offset: int) -> None:
        self.offset = offset
        self._start = FromOffset(offset)

    def _on_output(self, output: OutputFrame) -> None:
        if self._accepts and output.data:
            self._put(Output(output.offset, output.data))
            self._waiting_bytes += len(output.data)
            self._advance(output.offset + len(output.data))

    def _on_snapshot(self, message: Message) -> None:
        if not self._accepts:
            return
        self._parts.append(message["data"])
        if message["more"]:
            return
        data, self._parts = b"".join(self._parts), []
        offset, line = message["offset"], convert.place(message["line"])
        self.lost += max(offset - self.offset, 0)
        if self._is_behind():
            self._drop()
        self._put(Snapshot(offset, message["cols"], message["rows"], line, data))
        self._credited = max(self._credited, offset)
        self._advance(offset)

    def _on_gap(self, message: Message) -> None:
        if not self._accepts:
            return
        start, end = message["from"], message["to"]
        self.lost += end - start
        if self._is_behind():
            start = self._drop()
        self._put(Gap(start, end))
        self._credited = max(self._credited, end)
        self._advance(end)

    def _is_behind(self) -> bool:
        is_redrawn = any(isinstance(event, Snapshot) for event in self._waiting)
        return self._waiting_bytes > self._window or is_redrawn

    def _drop(self) -> int:
        """Drops what waits; gives the offset at which it began."""
        first = self._waiting[0]
        self.lost += self._waiting_bytes
        self._waiting_bytes = 0
        self._waiting.clear()
        return first.start if isinstance(first, Gap) else first.offset

    def _put(self, event: RawEvent) -> None:
        self._waiting.append(event)
        self._changes.notify()
