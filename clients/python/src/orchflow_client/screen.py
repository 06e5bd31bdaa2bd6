"""A terminal as rows of cells: the mode `screen`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, AsyncIterator, Callable, FrozenSet, List, Optional, Set

from . import convert
from .attachments import Attachment, Message
from .events import Listeners
from .types import Cursor, Line, Place

if TYPE_CHECKING:
    from .client import Client

BLANK = Line()
ALTERNATE_SCREEN, BRACKETED_PASTE = 1 << 0, 1 << 3


@dataclass(frozen=True)
class ScreenUpdate:
    """What is different: the rows, or everything if `full`."""

    full: bool
    changed: FrozenSet[int]


class ScreenTerminal(Attachment):
    """What a terminal shows, kept up to date. Iterate over its updates, or add a listener.

    Whoever takes updates slowly gets fewer of them: each names all that changed since the one before.
    """

    def __init__(self, client: Client, terminal: int, cols: int, rows: int) -> None:
        super().__init__(client, terminal, cols, rows)
        self.cols = 0
        self.rows = 0
        self.lines: List[Line] = []
        self.cursor = Cursor()
        """Its row counts from the top of the screen: in `lines` it is at its row plus `viewport`."""
        self.modes = 0
        """Bits, as docs/PROTOCOL.md has them."""
        self.title = ""
        self.history = 0
        """Rows of scrollback."""
        self.line: Optional[Place] = None
        """The place of the top row of the view; `None` on the alternate screen."""
        self.offset = 0
        """The screen contains all output up to this offset."""
        self.viewport = 0
        """Rows above the top of the screen at which the view begins."""
        self._listeners = Listeners()
        self._changed: Set[int] = set()
        self._is_full = False

    def text(self) -> str:
        """The rows that are seen, without the blanks at their ends."""
        return "\n".join(line.text.rstrip() for line in self.lines)

    @property
    def is_alternate(self) -> bool:
        return bool(self.modes & ALTERNATE_SCREEN)

    def on_update(self, listener: Callable[[ScreenUpdate], object]) -> Callable[[], None]:
        """Calls `listener` after each update; call what this returns to stop."""
        return self._listeners.add(listener)

    async def wait_for(self, predicate: Callable[[ScreenTerminal], object]) -> None:
        """Waits until `predicate` is true for this screen."""
        while not predicate(self):
            self._raise_if_detached()
            await self._changes.wait()

    def scroll(self, rows: int) -> None:
        """Has the view begin so many rows above the top of the screen."""
        self._client._send({"type": "scroll", "terminal": self.terminal, "rows": rows})

    def __aiter__(self) -> AsyncIterator[ScreenUpdate]:
        return self

    async def __anext__(self) -> ScreenUpdate:
        """The next update. The iteration ends with the program, or when the attachment ends."""
        while not self._is_full and not self._changed:
            if self.status in ("ended", "detached"):
                if self._failure is not None:
                    raise self._failure
                raise StopAsyncIteration
            await self._changes.wait()
        update = ScreenUpdate(self._is_full, frozenset(self._changed))
        self._is_full, self._changed = False, set()
        return update

    def _attach_message(self) -> Message:
        return {**super()._attach_message(), "mode": "screen"}

    def _on_screen(self, message: Message) -> None:
        if not self._accepts or (not message["full"] and not self._is_ready):
            return
        changed: Set[int] = set()
        if message["full"]:
            self.cols, self.rows = message["cols"], message["rows"]
            self.lines = [BLANK] * self.rows
            changed.update(range(self.rows))
        for scroll in message["scrolls"]:
            changed |= self._scrolled(scroll["top"], scroll["bottom"], scroll["rows"])
        for line in message["lines"]:
            if not 0 <= line["row"] < len(self.lines):
                raise ValueError(f"row {line['row']} of a screen with {len(self.lines)}")
            self.lines[line["row"]] = convert.line(line)
            changed.add(line["row"])
        cursor, viewport = Cursor(**message["cursor"]), message["viewport"]
        if (cursor, viewport) != (self.cursor, self.viewport):
            # It is seen elsewhere also when only the view has moved.
            changed |= {cursor.row + viewport, self.cursor.row + self.viewport}
        self.cursor, self.viewport = cursor, viewport
        self.modes, self.history = message["modes"], message["history"]
        self.line, self.offset = convert.place(message["line"]), message["offset"]
        if message["title"] is not None:
            self.title = message["title"]
        self._report(message["full"], frozenset(row for row in changed if row < self.rows))

    def _scrolled(self, top: int, bottom: int, by: int) -> Set[int]:
        """Moves the rows of a region."""
        if not top < bottom <= len(self.lines):
            raise ValueError(f"a scroll of {top} to {bottom} on a screen with {len(self.lines)} rows")
        region = self.lines[top:bottom]
        moved = min(abs(by), len(region))
        blank = [BLANK] * moved
        self.lines[top:bottom] = region[moved:] + blank if by > 0 else blank + region[: len(region) - moved]
        return set(range(top, bottom))

    def _report(self, full: bool, changed: FrozenSet[int]) -> None:
        self._is_ready = True
        self._is_full = self._is_full or full
        self._changed |= changed
        self._listeners.emit(ScreenUpdate(full, changed))
        self._changes.notify()
