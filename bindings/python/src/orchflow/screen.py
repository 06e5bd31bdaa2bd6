"""What a terminal shows, as rows of cells, kept up to date by updates."""

from __future__ import annotations

from dataclasses import dataclass

from .types import Cursor, Line, Place, Update

BLANK = Line()
ALTERNATE_SCREEN = 1


@dataclass(frozen=True, slots=True)
class ScreenUpdate:
    """What is different: the rows, or everything if `full`."""

    full: bool
    changed: frozenset[int]


class Screen:
    """A copy of a screen. Give each update of a reader, or of `TerminalHandle.update`, to `apply`."""

    def __init__(self) -> None:
        self.cols = 0
        self.rows = 0
        self.lines: list[Line] = []
        self.cursor = Cursor()
        """Its row counts from the top of the screen: in `lines` it is at its row plus `viewport`."""
        self.modes = 0
        """Sum of ORCH_SCREEN_MODE_*."""
        self.title = ""
        self.history = 0
        """Rows of scrollback."""
        self.line: Place | None = None
        """The place of the top row of the view; `None` on the alternate screen."""
        self.offset = 0
        """The screen contains all output up to this offset."""
        self.viewport = 0
        """Rows above the top of the screen at which the view begins."""
        self.generation = 0

    def text(self) -> str:
        """The rows that are seen, without the blanks at their ends."""
        return "\n".join(line.text.rstrip() for line in self.lines)

    @property
    def is_alternate(self) -> bool:
        return bool(self.modes & ALTERNATE_SCREEN)

    def apply(self, update: Update) -> ScreenUpdate:
        """Brings the copy up to date; gives the rows that look different."""
        changed: set[int] = set()
        if update.full:
            self.cols, self.rows = update.cols, update.rows
            self.lines = [BLANK] * self.rows
            changed.update(range(self.rows))
        for scroll in update.scrolls:
            self._scroll(scroll.top, scroll.bottom, scroll.rows)
            changed.update(range(scroll.top, scroll.bottom))
        for line in update.lines:
            # A reader that has scrolled back sees the row `row` further down.
            row = line.row + update.viewport
            self.lines[row] = line
            changed.add(row)
        if (update.cursor, update.viewport) != (self.cursor, self.viewport):
            changed |= {update.cursor.row + update.viewport, self.cursor.row + self.viewport}
        self.cursor, self.viewport = update.cursor, update.viewport
        self.modes, self.history = update.modes, update.history
        self.line, self.offset, self.generation = update.line, update.offset, update.generation
        if update.title is not None:
            self.title = update.title
        return ScreenUpdate(update.full, frozenset(row for row in changed if row < self.rows))

    def _scroll(self, top: int, bottom: int, by: int) -> None:
        """Moves the rows of a region."""
        region = self.lines[top:bottom]
        moved = min(abs(by), len(region))
        blank = [BLANK] * moved
        self.lines[top:bottom] = region[moved:] + blank if by > 0 else blank + region[: len(region) - moved]
