"""A terminal: what can be done to it and asked about it at once. Nothing here waits."""

from __future__ import annotations

import signal as signals
from typing import Literal

from . import convert
from . import types as t
from ._native import Arena, elements, ffi, lib, new, of_status, text
from .core import Core
from .errors import OrchflowError
from .figures import TerminalMetrics, figures
from .options import DELIVERIES, color_number
from .types import Rgb, Start

STARTS = {"default": 0, "oldest": 1, "now": 2}
MODES = {"raw": 1, "cooked": 2, "echo": 3, "no_echo": 4}
POLICIES = {"fixed": 1, "smallest": 2, "latest": 3}


class Reader:
    """A reader of a terminal's output, with its own pace. What it gets comes as events with its id."""

    def __init__(self, core: Core, id: int, terminal: int) -> None:
        self._core = core
        self.id = id
        self.terminal = terminal

    def pause(self) -> None:
        """Nothing comes until `resume`. A lossless reader then stops the program once its log is full."""
        self._set(lib.ORCH_READER_OPTION_PAUSED, 1)

    def resume(self) -> None:
        self._set(lib.ORCH_READER_OPTION_PAUSED, 0)

    def set_delivery(self, delivery: Literal["lossless", "lossy", "screen"]) -> None:
        self._set(lib.ORCH_READER_OPTION_DELIVERY, DELIVERIES[delivery])

    def scroll(self, rows: int) -> None:
        """Has the view of a reader with the delivery `screen` begin so many rows above the screen."""
        self._set(lib.ORCH_READER_OPTION_SCROLL, rows)

    def request_snapshot(self, scrollback: int = 0) -> None:
        """Makes the next event of a reader of bytes a `Snapshot`."""
        self._core._call(lib.orch_reader_request_snapshot, self.id, scrollback)

    def detach(self) -> None:
        self._core._call(lib.orch_reader_detach, self.id)

    def _set(self, option: int, value: int) -> None:
        self._core._call(lib.orch_reader_set, self.id, option, value)


class TerminalHandle:
    """A terminal of an engine of this process. It stays after its program has ended, until it is closed."""

    def __init__(self, core: Core, id: int) -> None:
        self._core = core
        self.id = id

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    # Input

    def write(self, data: str | bytes) -> int:
        """Types bytes; gives how many were accepted, the first ones.

        When it is fewer than all, the queue is full and `InputReady` reports when to go on.
        """
        given, accepted = convert.input_bytes(data), ffi.new("size_t *")
        self._core._call(lib.orch_terminal_write, self.id, ffi.from_buffer(given), len(given), accepted)
        return int(accepted[0])

    def paste(self, text: str | bytes) -> None:
        """Types text as pasted: without control characters, in brackets if the program wants them."""
        given = convert.input_bytes(text)
        self._core._call(lib.orch_terminal_paste, self.id, ffi.from_buffer(given), len(given))

    def interrupt(self) -> None:
        """Types Ctrl-C."""
        self.write(b"\x03")

    def eof(self) -> None:
        """Ends the input as a person would with Ctrl-D, once the program has read all of it."""
        self._core._call(lib.orch_terminal_control, self.id, lib.ORCH_CONTROL_EOF)

    def clear(self) -> None:
        """Drops the scrollback and the rows above the cursor."""
        self._core._call(lib.orch_terminal_control, self.id, lib.ORCH_CONTROL_CLEAR)

    def resize(self, cols: int, rows: int, pixel_width: int = 0, pixel_height: int = 0) -> None:
        size = (cols, rows, pixel_width, pixel_height)
        self._core._call(lib.orch_terminal_resize, self.id, ffi.new("orch_size *", size)[0])

    def signal(self, signal: int | signals.Signals, *, leader: bool = False) -> None:
        """Sends a signal to the foreground process group, or to that of the program that was started."""
        target = lib.ORCH_SIGNAL_LEADER if leader else lib.ORCH_SIGNAL_FOREGROUND
        self._core._call(lib.orch_terminal_signal, self.id, int(signal), target)

    def pause(self) -> None:
        """The terminal is not read: its program stops at a full buffer. Its exit comes after `resume`."""
        self._core._call(lib.orch_terminal_set, self.id, lib.ORCH_TERMINAL_OPTION_PAUSED, 1)

    def resume(self) -> None:
        self._core._call(lib.orch_terminal_set, self.id, lib.ORCH_TERMINAL_OPTION_PAUSED, 0)

    def set_mode(self, mode: Literal["raw", "cooked", "echo", "no_echo"]) -> None:
        """Sets the line discipline."""
        self._core._call(lib.orch_terminal_set, self.id, lib.ORCH_TERMINAL_OPTION_MODE, MODES[mode])

    def set_size_policy(self, policy: Literal["fixed", "smallest", "latest"]) -> None:
        """Who decides the size when clients of the server show the terminal."""
        option = lib.ORCH_TERMINAL_OPTION_SIZE_POLICY
        self._core._call(lib.orch_terminal_set, self.id, option, POLICIES[policy])

    def set_colors(
        self, foreground: Rgb | None = None, background: Rgb | None = None, cursor: Rgb | None = None
    ) -> None:
        """The colours of the window that shows the terminal, for programs that ask."""
        numbers = color_number(foreground), color_number(background), color_number(cursor)
        self._core._call(lib.orch_terminal_set_colors, self.id, *numbers)

    def close(self, grace_ms: int = 1000) -> None:
        """Hangs up; what has not ended after `grace_ms` is killed. `Closed` is the last event."""
        self._core._call(lib.orch_terminal_close, self.id, grace_ms)

    # Output

    def attach(
        self,
        delivery: Literal["lossless", "lossy", "screen"] = "lossless",
        *,
        start: Start = "oldest",
        resume: bool = False,
        interval_us: int | None = None,
        downgrade_age_ms: int = 0,
        downgrade_bytes: int = 0,
    ) -> Reader:
        """Adds a reader; what it gets comes as events.

        `resume`: with `FromOffset`, begin with a snapshot if the offset is no longer kept, not with a gap.
        `interval_us`: the shortest time between updates of the screen; 0 for none, `None` for 16,000.
        """
        options = new("orch_attach_options")
        options.delivery = DELIVERIES[delivery]
        if isinstance(start, t.FromOffset):
            options.start = lib.ORCH_START_RESUME if resume else lib.ORCH_START_OFFSET
            options.offset = start.offset
        elif isinstance(start, t.FromSnapshot):
            options.start, options.scrollback = lib.ORCH_START_SNAPSHOT, start.rows
        else:
            options.start = STARTS[start]
        options.interval_us = interval_us or 0
        options.flags = lib.ORCH_ATTACH_NO_INTERVAL if interval_us == 0 else 0
        options.downgrade_age_ms, options.downgrade_bytes = downgrade_age_ms, downgrade_bytes
        reader = ffi.new("uint64_t *")
        self._core._call(lib.orch_terminal_attach, self.id, options, reader)
        return Reader(self._core, int(reader[0]), self.id)

    # Questions

    def query(self) -> t.TerminalDetail:
        """Everything that is known of it now."""
        state = new("orch_terminal_state")
        self._core._call(lib.orch_terminal_get_state, self.id, state)
        return convert.terminal_detail(state)

    def metrics(self) -> TerminalMetrics:
        struct = new("orch_terminal_metrics")
        self._core._call(lib.orch_terminal_get_metrics, self.id, struct)
        return figures(TerminalMetrics, struct)

    def update(self, generation: int = 0) -> t.Update:
        """What changed on the screen since an earlier update; all of it with 0."""
        struct = new("orch_screen_update")
        self._core._call(lib.orch_terminal_get_screen, self.id, generation, struct)
        return convert.update(struct)

    def rows(self, first: int = 0, count: int = 1000) -> tuple[t.PlacedLine, ...]:
        """Rows of the screen (0 is its top) and the scrollback (-1 is its newest), as many as there are."""
        struct = ffi.new("orch_rows *")
        self._core._call(lib.orch_terminal_get_rows, self.id, first, count, struct)
        return convert.lines(struct)

    def text(self, scrollback: int = 0) -> str:
        """The screen, with rows of scrollback above it: a line for each row, without blanks at the end."""
        lent = ffi.new("orch_bytes *")
        self._core._call(lib.orch_terminal_get_text, self.id, scrollback, lent)
        return text(lent)

    def snapshot(self, scrollback: int = 0) -> t.ScreenSnapshot:
        """The screen as control sequences for another terminal of its size."""
        struct = new("orch_snapshot")
        self._core._call(lib.orch_terminal_get_snapshot, self.id, scrollback, struct)
        size, content = struct.window, ffi.buffer(struct.data, struct.len)[:]
        return t.ScreenSnapshot(struct.offset, size.cols, size.rows, convert.place(struct.line), content)

    def position(self, place: t.Place) -> tuple[int, int]:
        """The row and the column where a place is now; `NotFound` if its line is gone."""
        row, col = ffi.new("int32_t *"), ffi.new("uint32_t *")
        struct = ffi.new("orch_line_position *", (place.line, place.col))[0]
        self._core._call(lib.orch_terminal_get_position, self.id, struct, row, col)
        return int(row[0]), int(col[0])

    def marks(self) -> tuple[t.Mark, ...]:
        """The prompts, commands and outputs that the shell has marked."""
        struct = new("orch_marks")
        self._core._call(lib.orch_terminal_get_marks, self.id, struct)
        return tuple(
            t.Mark(convert.MARKS.get(one.kind, ""), t.Place(one.position.line, one.position.col))
            for one in elements("orch_mark", struct.marks, struct.mark_stride, struct.mark_count)
        )

    def search(
        self,
        pattern: str,
        *,
        regex: bool = False,
        ignore_case: bool = False,
        max: int = 0,
        rows_max: int = 0,
        start: t.Place | None = None,
    ) -> t.Matches:
        """Searches the scrollback and the screen, from `start` on, for about 100 ms at most."""
        arena, options = Arena(), new("orch_search_options")
        options.pattern = arena.text(pattern)
        options.flags = (lib.ORCH_SEARCH_REGEX if regex else 0) | (
            lib.ORCH_SEARCH_IGNORE_CASE if ignore_case else 0
        )
        options.matches_max, options.rows_max = max, rows_max
        if start is not None:
            options.flags |= lib.ORCH_SEARCH_FROM_LINE
            options.from_line = (start.line, start.col)
        found = new("orch_matches")
        self._core._call(lib.orch_terminal_search, self.id, options, found)
        matches = elements("orch_match", found.matches, found.match_stride, found.match_count)
        following = convert.place(found.next_line) if found.has_more else None
        return t.Matches(tuple(convert.match(one) for one in matches), not found.has_more, following)


def op_structs(ops: list[t.TerminalOp], arena: Arena) -> object:
    """An array of operations for a batch."""
    array = arena.keep(ffi.new("orch_op[]", len(ops)))
    for struct, op in zip(array, ops, strict=True):
        struct.terminal = op.terminal
        if isinstance(op, t.Input):
            struct.kind = lib.ORCH_OP_INPUT
            struct.data, struct.len = arena.bytes(convert.input_bytes(op.data))
        elif isinstance(op, t.Paste):
            struct.kind = lib.ORCH_OP_PASTE
            struct.data, struct.len = arena.bytes(convert.input_bytes(op.text))
        elif isinstance(op, t.Resize):
            struct.kind, struct.window = lib.ORCH_OP_RESIZE, (op.cols, op.rows, 0, 0)
        elif isinstance(op, t.Signal):
            struct.kind, struct.signal = lib.ORCH_OP_SIGNAL, op.signal
        elif isinstance(op, t.Clear):
            struct.kind = lib.ORCH_OP_CLEAR
        else:
            raise TypeError(f"{op!r} is no operation of a batch")
    return array


def batch(core: Core, ops: list[t.TerminalOp]) -> list[OrchflowError | None]:
    """Does operations in order; gives an error, or `None`, for each."""
    arena, statuses = Arena(), ffi.new("int32_t[]", max(len(ops), 1))
    size = ffi.sizeof("orch_op")
    core._call(lib.orch_terminal_batch, op_structs(ops, arena), len(ops), size, statuses, ffi.NULL)
    return [None if status >= 0 else of_status(status) for status in ffi.unpack(statuses, len(ops))]
