"""What the engine reports: one class for each kind of event.

The fields that the client's values of the same names have come first. `terminal` or `watch` is what the event
is about, `tag` the number that you gave to that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union

from . import convert
from ._native import data, elements, ffi, lib, of_status, path, text
from .errors import OrchflowError
from .options import NS_PER_MS
from .types import (
    BreakerState,
    Change,
    Delivery,
    Exit,
    FileEvent,
    FileSummary,
    PartHealth,
    Place,
    Update,
    Version,
)


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes that a program wrote, for a reader. They may end anywhere, also within a character."""

    offset: int
    data: bytes
    terminal: int
    reader: int
    tag: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Output from `start` up to, but not including, `end` is lost to a lossy reader."""

    start: int
    end: int
    terminal: int
    reader: int
    tag: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole screen: reset the emulator, set its size, and write `data` to it."""

    offset: int
    cols: int
    rows: int
    line: Place | None
    data: bytes
    terminal: int
    reader: int
    tag: int


@dataclass(frozen=True, slots=True)
class Cleared:
    """The screen was cleared, by the host or a client."""

    offset: int
    terminal: int
    reader: int
    tag: int


@dataclass(frozen=True, slots=True)
class ScreenChanged:
    """What changed on a screen, for a reader with the delivery `screen`."""

    update: Update
    terminal: int
    reader: int
    tag: int


@dataclass(frozen=True, slots=True)
class DeliveryChanged:
    """Output reaches a reader in another way from now on."""

    delivery: Delivery
    terminal: int
    reader: int
    tag: int


@dataclass(frozen=True, slots=True)
class InputReady:
    """A write was accepted in part earlier, and half of the input queue is free now."""

    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class InputTruncated:
    """A line of input was longer than the kernel keeps (4,095 bytes); the rest of it is lost."""

    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class Exited:
    """A program has ended. Every reader has received what is before `end`."""

    exit: Exit
    core_dumped: bool
    end: int
    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class HungUp:
    """No process has the terminal open any more: there is no more output (ORCH_EVENT_EOF)."""

    end: int
    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class Closed:
    """A terminal is gone: its last event."""

    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class Restarted:
    """A program that is started again: it waits for that, was started in `successor`, or was given up."""

    step: Literal["waiting", "started", "given_up"]
    successor: int | None
    start_in_ms: int | None
    attempts: int
    breaker: BreakerState
    error: OrchflowError | None
    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class TitleChanged:
    title: str
    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class DirectoryChanged:
    path: str
    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class Bell:
    count: int
    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class Notification:
    title: str
    body: str
    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class Clipboard:
    selection: bool
    text: str
    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class Progress:
    """`state` is `None` once there is no progress to show."""

    state: str | None
    percent: int
    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class CommandStarted:
    command: str
    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class CommandFinished:
    exit_code: int | None
    duration_ms: int
    terminal: int
    tag: int


@dataclass(frozen=True, slots=True)
class WatchReady:
    """A watch has read its tree for the first time."""

    version: Version
    watch: int
    tag: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that changed. Applied in order to a copy of the tree, the events lead to `version`."""

    version: Version
    complete: bool
    """The tree equals the disk as far as events are known; else more batches follow."""
    events: tuple[FileEvent, ...]
    summaries: tuple[FileSummary, ...]
    original_events: int
    vanished: int
    watch: int
    tag: int
    missed: bool = False
    """Of an iterator that fell behind: batches before this one were dropped. Read the tree anew."""


@dataclass(frozen=True, slots=True)
class WatchSynced:
    """Everything that happened to the files before a call of `sync` has been reported."""

    version: Version
    sync_tag: int
    watch: int
    tag: int


@dataclass(frozen=True, slots=True)
class WatchWarning:
    """A part of a tree is not exact, or slower than it could be."""

    problem: str
    path: str
    watch: int
    tag: int


@dataclass(frozen=True, slots=True)
class Completed:
    """A command of a sender is done. `terminal` is the one that a spawn has started."""

    error: OrchflowError | None
    terminal: int | None
    tag: int


@dataclass(frozen=True, slots=True)
class Log:
    level: Literal["error", "warn", "info"]
    text: str
    client: int | None


@dataclass(frozen=True, slots=True)
class SlowTurn:
    """Turns took more processor time than `Config.turn_time_warn_us`."""

    count: int
    stage: str
    cpu_ns: int
    wall_ns: int
    stage_wall_ns: int


@dataclass(frozen=True, slots=True)
class HealthChanged:
    """A part is in another health than was reported of it last, or for another reason."""

    part: PartHealth


@dataclass(frozen=True, slots=True)
class Review:
    """A client wants to change the state, and `Config.review_changes` is on: `answer_review`."""

    review: int
    client: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ShutdownComplete:
    """Every terminal is gone after `shutdown`."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event of a kind that this package does not know."""

    kind: int
    source: int
    tag: int


ReaderEvent = Union[Output, Gap, Snapshot, Cleared, ScreenChanged, DeliveryChanged]
Notice = Union[
    TitleChanged,
    DirectoryChanged,
    Bell,
    Notification,
    Clipboard,
    Progress,
    CommandStarted,
    CommandFinished,
]
TerminalEvent = Union[ReaderEvent, Notice, InputReady, InputTruncated, Exited, HungUp, Closed, Restarted]
WatchEvent = Union[WatchReady, Batch, WatchSynced, WatchWarning]
EngineEvent = Union[Completed, Log, SlowTurn, HealthChanged, Review, ShutdownComplete, Unknown]
Event = Union[TerminalEvent, WatchEvent, EngineEvent]


def _output(payload: Any, source: int, tag: int) -> Event:
    p = payload.output
    return Output(p.offset, ffi.buffer(p.data, p.len)[:], source, p.reader, tag)


def _gap(payload: Any, source: int, tag: int) -> Event:
    p = payload.gap
    return Gap(p.start, p.end, source, p.reader, tag)


def _snapshot(payload: Any, source: int, tag: int) -> Event:
    p = payload.snapshot
    size, line = p.window, convert.place(p.line)
    return Snapshot(p.offset, size.cols, size.rows, line, data(p), source, p.reader, tag)


def _screen(payload: Any, source: int, tag: int) -> Event:
    return ScreenChanged(convert.update(payload.screen.update), source, payload.screen.reader, tag)


def _delivery_changed(payload: Any, source: int, tag: int) -> Event:
    p = payload.delivery_changed
    return DeliveryChanged(convert.DELIVERY_NAMES[p.delivery], source, p.reader, tag)


def _exited(payload: Any, source: int, tag: int) -> Event:
    p = payload.exited
    status = convert.exit_status(p.exit_kind, p.exit_value)
    return Exited(status, bool(p.core_dumped), p.end, source, tag)


STEPS: tuple[Any, ...] = ("", "waiting", "started", "given_up")


def _restart(payload: Any, source: int, tag: int) -> Event:
    p = payload.restart
    return Restarted(
        STEPS[p.step],
        p.terminal or None,
        convert.ms_or_none(p.start_in_ns),
        p.attempts,
        convert.BREAKERS[p.breaker],
        of_status(p.error, text(p.message)) if p.error < 0 else None,
        source,
        tag,
    )


def _clipboard(payload: Any, source: int, tag: int) -> Event:
    return Clipboard(bool(payload.clipboard.is_primary), text(payload.clipboard.text), source, tag)


def _progress(payload: Any, source: int, tag: int) -> Event:
    return Progress(convert.PROGRESS.get(payload.progress.state), payload.progress.percent, source, tag)


def _command_finished(payload: Any, source: int, tag: int) -> Event:
    p = payload.command_finished
    return CommandFinished(p.exit_code if p.has_exit_code else None, p.duration_ns // NS_PER_MS, source, tag)


def _batch(payload: Any, source: int, tag: int) -> Event:
    p = payload.watch_batch
    summaries = elements("orch_file_summary", p.summaries, p.summary_stride, p.summary_count)
    return Batch(
        convert.version(p.version),
        bool(p.complete),
        tuple(
            convert.file_event(e)
            for e in elements("orch_file_event", p.events, p.event_stride, p.event_count)
        ),
        tuple(convert.file_summary(one) for one in summaries),
        p.original_events,
        p.vanished,
        source,
        tag,
    )


def _warning(payload: Any, source: int, tag: int) -> Event:
    p = payload.watch_warning
    return WatchWarning(convert.WATCH_PROBLEMS.get(p.problem, ""), path(p.path), source, tag)


def _completed(payload: Any, source: int, tag: int) -> Event:
    p = payload.completed
    error = of_status(p.status, text(p.message)) if p.status < 0 else None
    return Completed(error, p.terminal or None, tag)


LEVELS: tuple[Any, ...] = ("", "error", "warn", "info")


def _log(payload: Any, source: int, tag: int) -> Event:
    return Log(LEVELS[payload.log.level], text(payload.log.text), payload.log.client or None)


def _slow_turn(payload: Any, source: int, tag: int) -> Event:
    p = payload.slow_turn
    return SlowTurn(p.count, text(p.stage_name), p.cpu_ns, p.wall_ns, p.stage_wall_ns)


def _review(payload: Any, source: int, tag: int) -> Event:
    p = payload.review
    ops = elements("orch_state_op", p.ops, p.op_stride, p.op_count)
    return Review(p.review, p.client, convert.changes_of(ops))


Maker = Callable[[Any, int, int], Event]
MAKERS: Mapping[int, Maker] = {
    lib.ORCH_EVENT_OUTPUT: _output,
    lib.ORCH_EVENT_GAP: _gap,
    lib.ORCH_EVENT_SNAPSHOT: _snapshot,
    lib.ORCH_EVENT_SCREEN: _screen,
    lib.ORCH_EVENT_CLEARED: lambda p, s, t: Cleared(p.cleared.offset, s, p.cleared.reader, t),
    lib.ORCH_EVENT_DELIVERY_CHANGED: _delivery_changed,
    lib.ORCH_EVENT_INPUT_READY: lambda p, s, t: InputReady(s, t),
    lib.ORCH_EVENT_INPUT_TRUNCATED: lambda p, s, t: InputTruncated(s, t),
    lib.ORCH_EVENT_EXITED: _exited,
    lib.ORCH_EVENT_EOF: lambda p, s, t: HungUp(p.eof.end, s, t),
    lib.ORCH_EVENT_CLOSED: lambda p, s, t: Closed(s, t),
    lib.ORCH_EVENT_RESTART: _restart,
    lib.ORCH_EVENT_TITLE: lambda p, s, t: TitleChanged(text(p.title.title), s, t),
    lib.ORCH_EVENT_CWD: lambda p, s, t: DirectoryChanged(path(p.cwd.path), s, t),
    lib.ORCH_EVENT_BELL: lambda p, s, t: Bell(p.bell.count, s, t),
    lib.ORCH_EVENT_NOTIFICATION: lambda p, s, t: Notification(
        text(p.notification.title), text(p.notification.body), s, t
    ),
    lib.ORCH_EVENT_CLIPBOARD: _clipboard,
    lib.ORCH_EVENT_PROGRESS: _progress,
    lib.ORCH_EVENT_COMMAND_STARTED: lambda p, s, t: CommandStarted(text(p.command_started.command), s, t),
    lib.ORCH_EVENT_COMMAND_FINISHED: _command_finished,
    lib.ORCH_EVENT_WATCH_READY: lambda p, s, t: WatchReady(convert.version(p.watch_ready.version), s, t),
    lib.ORCH_EVENT_WATCH_BATCH: _batch,
    lib.ORCH_EVENT_WATCH_SYNCED: lambda p, s, t: WatchSynced(
        convert.version(p.watch_synced.version), p.watch_synced.sync_tag, s, t
    ),
    lib.ORCH_EVENT_WATCH_WARNING: _warning,
    lib.ORCH_EVENT_COMPLETED: _completed,
    lib.ORCH_EVENT_LOG: _log,
    lib.ORCH_EVENT_SLOW_TURN: _slow_turn,
    lib.ORCH_EVENT_HEALTH: lambda p, s, t: HealthChanged(convert.part_health(p.health.health)),
    lib.ORCH_EVENT_REVIEW: _review,
    lib.ORCH_EVENT_SHUTDOWN_COMPLETE: lambda p, s, t: ShutdownComplete(),
}
