"""From structs of the C interface to values, and from changes to structs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from . import types as t
from ._native import Arena, elements, ffi, lib, path, status_code, text
from .options import DELIVERIES, NS_PER_MS

K = TypeVar("K")

DELIVERY_NAMES: Mapping[int, t.Delivery] = {
    number: cast(t.Delivery, name) for name, number in DELIVERIES.items()
}
FILE_KINDS: Mapping[int, t.FileKind] = {1: "file", 2: "directory", 3: "symlink"}
FILE_CHANGES: Mapping[int, Any] = dict(
    enumerate(("create", "modify", "metadata", "touch", "delete", "rename"), start=1)
)
MARKS: Mapping[int, Any] = dict(enumerate(("prompt_start", "command_start", "output_start", "output_end")))
BREAKERS: tuple[t.BreakerState, ...] = ("closed", "open", "half_open")
SIZE_POLICIES: Mapping[int, t.SizePolicy] = {1: "fixed", 2: "smallest", 3: "latest"}
PROGRESS: Mapping[int, str] = {1: "normal", 2: "failed", 3: "indeterminate", 4: "paused"}
HEALTH: Mapping[int, t.HealthStatus] = {1: "ok", 2: "degraded", 3: "failed"}
PARTS: Mapping[int, str] = dict(
    enumerate(("loop", "memory", "spawning", "terminal", "watch", "listener", "client", "peer"), start=1)
)
WATCH_PROBLEMS: Mapping[int, str] = dict(
    enumerate(
        (
            "unreadable",
            "out_of_watches",
            "too_many_entries",
            "events_lost",
            "root_gone",
            "refused",
            "too_many_rules",
            "roots_overlap",
            "save_unusable",
            "out_of_memory",
        ),
        start=1,
    )
)
SAVE_PROBLEMS: Mapping[int, str] = dict(
    enumerate(("damaged", "other_version", "other_roots", "too_many_entries"), start=1)
)
SCOPES: Mapping[t.Scope, int] = {"observe": 1, "type": 2, "manage": 4, "clipboard": 8}
COLLECTIONS: Mapping[t.Collection, int] = {"sessions": 1, "panes": 2, "terminals": 4, "files": 8}


def bits(names: Iterable[K], numbers: Mapping[K, int]) -> int:
    """The sum of the numbers of names."""
    total = 0
    for name in names:
        if name not in numbers:
            raise ValueError(f"{name!r} is none of {', '.join(map(repr, numbers))}")
        total |= numbers[name]
    return total


def input_bytes(given: str | bytes) -> bytes:
    return given.encode("utf-8", "surrogateescape") if isinstance(given, str) else given


def ms_or_none(nanoseconds: int) -> int | None:
    return None if nanoseconds < 0 else nanoseconds // NS_PER_MS


def place(struct: Any) -> t.Place | None:
    return None if struct.line < 0 else t.Place(struct.line, struct.col)


def exit_status(kind: int, value: int) -> t.Exit:
    if kind == lib.ORCH_EXIT_CODE:
        return t.Exit(code=value)
    return t.Exit(signal=value) if kind == lib.ORCH_EXIT_SIGNAL else t.Exit()


def exit_or_none(kind: int, value: int) -> t.Exit | None:
    return exit_status(kind, value) if kind else None


# Screens


def color(number: int) -> t.Color:
    if not number:
        return None
    if number & lib.ORCH_COLOR_RGB:
        return t.Rgb(number >> 16 & 255, number >> 8 & 255, number & 255)
    return number & 255


def run(struct: Any) -> t.Run:
    link = text(struct.link.uri) if struct.link else None
    return t.Run(
        text(struct.text),
        struct.cols,
        bool(struct.flags & lib.ORCH_RUN_WIDE),
        color(struct.foreground),
        color(struct.background),
        struct.attributes,
        struct.underline,
        color(struct.underline_color),
        link,
    )


def lines(rows: Any) -> tuple[t.PlacedLine, ...]:
    return tuple(
        t.PlacedLine(
            tuple(run(one) for one in elements("orch_run", row.runs, rows.run_stride, row.run_count)),
            bool(row.flags & lib.ORCH_ROW_WRAPPED),
            row.index,
            place(row.line),
        )
        for row in elements("orch_row", rows.rows, rows.row_stride, rows.row_count)
    )


def cursor(struct: Any) -> t.Cursor:
    return t.Cursor(
        struct.row,
        struct.col,
        struct.shape,
        bool(struct.flags & lib.ORCH_CURSOR_BLINKING),
        bool(struct.flags & lib.ORCH_CURSOR_VISIBLE),
    )


def update(struct: Any) -> t.Update:
    scrolls = elements("orch_scroll", struct.scrolls, struct.scroll_stride, struct.scroll_count)
    return t.Update(
        struct.generation,
        struct.offset,
        bool(struct.flags & lib.ORCH_UPDATE_FULL),
        struct.modes,
        struct.window.cols,
        struct.window.rows,
        struct.history,
        struct.viewport,
        cursor(struct.cursor),
        text(struct.title) if struct.title.data else None,
        tuple(t.Scroll(one.top, one.bottom, one.rows) for one in scrolls),
        lines(struct.rows),
        place(struct.line),
    )


def match(struct: Any) -> t.Match:
    start = place(struct.start)
    cols = struct.end.col - struct.start.col if start and struct.end.line == start.line else 0
    return t.Match(
        struct.start_row,
        struct.start_col,
        struct.end_row,
        struct.end_col,
        start.line if start else None,
        start.col if start else struct.start_col,
        cols or max(struct.end_col - struct.start_col, 0),
    )


def terminal_detail(s: Any) -> t.TerminalDetail:
    flags = s.flags
    paused_by: set[Any] = {
        name
        for name, flag in (
            ("host", lib.ORCH_TERMINAL_PAUSED_BY_HOST),
            ("reader", lib.ORCH_TERMINAL_PAUSED_BY_READER),
            ("memory", lib.ORCH_TERMINAL_PAUSED_BY_MEMORY),
        )
        if flags & flag
    }
    readers = elements("orch_reader_state", s.readers, s.reader_stride, s.reader_count)
    return t.TerminalDetail(
        terminal=s.terminal,
        foreground_pid=s.foreground_pid or None,
        foreground_name=path(s.foreground_name),
        cwd=path(s.cwd) or None,
        log_start=s.log_start,
        log_end=s.log_end,
        input_bytes=s.input_bytes,
        input_waiting=s.input_waiting,
        since_input_ms=ms_or_none(s.since_input_ns),
        since_output_ms=ms_or_none(s.since_output_ns),
        paused=bool(paused_by),
        history=s.history,
        tag=s.tag,
        pid=s.pid or None,
        cols=s.window.cols,
        rows=s.window.rows,
        running=bool(flags & lib.ORCH_TERMINAL_RUNNING),
        hung_up=bool(flags & lib.ORCH_TERMINAL_HUNG_UP),
        closing=bool(flags & lib.ORCH_TERMINAL_CLOSING),
        exit=exit_or_none(s.exit_kind, s.exit_value),
        core_dumped=bool(s.core_dumped),
        paused_by=frozenset(paused_by),
        hidden_input=bool(flags & lib.ORCH_TERMINAL_HIDDEN_INPUT),
        screen=bool(flags & lib.ORCH_TERMINAL_HAS_SCREEN),
        title=text(s.title),
        reported_cwd=path(s.reported_cwd) or None,
        cursor=cursor(s.cursor),
        modes=s.modes,
        command_for_ms=ms_or_none(s.command_for_ns),
        last_exit=s.last_exit_code if flags & lib.ORCH_TERMINAL_HAS_EXIT_CODE else None,
        size_policy=SIZE_POLICIES.get(s.size_policy, ""),
        progress=PROGRESS.get(s.progress),
        percent=s.progress_percent,
        screen_bytes=s.screen_bytes,
        screen_failures=s.screen_failures,
        restarts=bool(flags & lib.ORCH_TERMINAL_RESTARTS),
        given_up=bool(flags & lib.ORCH_TERMINAL_GIVEN_UP),
        restart_in_ms=ms_or_none(s.restart_in_ns),
        restart_attempts=s.restart_attempts,
        restart_breaker=BREAKERS[s.restart_breaker],
        restart_error=status_code(s.restart_error) if s.restart_error else None,
        readers=tuple(
            t.ReaderState(one.reader, DELIVERY_NAMES[one.delivery], bool(one.paused), one.offset, one.backlog)
            for one in readers
        ),
    )


# Files


def version(struct: Any) -> t.Version:
    return t.Version(struct.epoch, struct.n)


def file_kind(number: int) -> t.FileKind:
    return FILE_KINDS.get(number, "other")


def file_entry(struct: Any) -> t.FileEntry:
    return t.FileEntry(
        struct.id,
        struct.parent,
        path(struct.path),
        struct.bytes,
        struct.modified_ns,
        struct.inode,
        file_kind(struct.file_type),
        bool(struct.flags & lib.ORCH_FILE_FLAG_IGNORED),
        struct.mode,
    )


def file_changes(struct: Any) -> t.FileChanges:
    entries = elements("orch_file_entry", struct.entries, struct.entry_stride, struct.entry_count)
    removed = tuple(ffi.unpack(struct.removed, struct.removed_count)) if struct.removed_count else ()
    return t.FileChanges(
        version(struct.version),
        bool(struct.full),
        bool(struct.more),
        removed,
        tuple(file_entry(one) for one in entries),
    )


def file_event(struct: Any) -> t.FileEvent:
    is_rename = struct.kind == lib.ORCH_FILE_EVENT_RENAME
    return t.FileEvent(
        FILE_CHANGES.get(struct.kind, ""),
        path(struct.path),
        file_kind(struct.file_type),
        path(getattr(struct, "from")) if is_rename else None,
        struct.id,
        bool(struct.flags & lib.ORCH_FILE_FLAG_REPLACED),
        bool(struct.flags & lib.ORCH_FILE_FLAG_IGNORED),
    )


def file_summary(struct: Any) -> t.FileSummary:
    return t.FileSummary(
        path(struct.dir),
        struct.created,
        struct.modified,
        struct.deleted,
        struct.renamed,
        bool(struct.recursive),
    )


def watch_detail(struct: Any) -> t.WatchDetail:
    roots = elements("orch_bytes", struct.roots, ffi.sizeof("orch_bytes"), struct.root_count)
    flags = struct.flags
    return t.WatchDetail(
        tag=struct.tag,
        version=version(struct.version),
        roots=tuple(path(root) for root in roots),
        ready=bool(flags & lib.ORCH_WATCH_IS_READY),
        complete=bool(flags & lib.ORCH_WATCH_IS_COMPLETE),
        healthy=bool(flags & lib.ORCH_WATCH_IS_HEALTHY),
        problem=WATCH_PROBLEMS.get(struct.problem, ""),
        entries=struct.entries,
        directories=struct.directories,
        kernel_watches=struct.kernel_watches,
        polled_directories=struct.polled_directories,
        unreadable_directories=struct.unreadable_directories,
        waiting_directories=struct.waiting_directories,
        dirty_names=struct.dirty_names,
        kernel_events=struct.kernel_events,
        events=struct.events,
        batches=struct.batches,
        overflows=struct.overflows,
        path_watches=struct.path_watches,
        save_problem=SAVE_PROBLEMS.get(struct.save_problem, ""),
    )


# State


def metadata(struct: Any) -> Mapping[str, str]:
    pairs = elements("orch_key_value", struct.metadata, ffi.sizeof("orch_key_value"), struct.metadata_count)
    return {text(pair.key): text(pair.value) for pair in pairs}


def session(struct: Any) -> t.Session:
    panes = elements("orch_bytes", struct.panes, ffi.sizeof("orch_bytes"), struct.pane_count)
    names = tuple(text(pane) for pane in panes)
    return t.Session(text(struct.id), struct.version, text(struct.name), names, metadata(struct))


def content(struct: Any) -> t.Content:
    if struct.content == lib.ORCH_PANE_EMPTY:
        return None
    if struct.content == lib.ORCH_PANE_TERMINAL:
        return t.TerminalContent(struct.terminal)
    if struct.content == lib.ORCH_PANE_FILE:
        return t.FileContent(path(struct.data))
    if struct.content == lib.ORCH_PANE_CUSTOM:
        return t.CustomContent(text(struct.data))
    return t.UnknownContent(str(struct.content))


def pane(struct: Any) -> t.Pane:
    names = text(struct.id), struct.version, text(struct.session), text(struct.title)
    return t.Pane(*names, content(struct), metadata(struct))


def state_terminal(struct: Any) -> t.Terminal:
    flags = struct.flags
    return t.Terminal(
        id=struct.terminal,
        version=struct.version,
        title=text(struct.title),
        cwd=path(struct.cwd) if struct.cwd.data else None,
        cols=struct.cols,
        rows=struct.rows,
        pid=struct.pid or None,
        running=bool(flags & lib.ORCH_TERMINAL_RUNNING),
        exit=exit_or_none(struct.exit_kind, struct.exit_value),
        closing=bool(flags & lib.ORCH_TERMINAL_CLOSING),
        screen=bool(flags & lib.ORCH_TERMINAL_HAS_SCREEN),
        program=path(struct.program),
        last_exit=struct.last_exit_code if flags & lib.ORCH_TERMINAL_HAS_EXIT_CODE else None,
        hidden_input=bool(flags & lib.ORCH_TERMINAL_HIDDEN_INPUT),
        size_policy=SIZE_POLICIES.get(struct.size_policy, ""),
    )


def state_file(struct: Any) -> t.File:
    return t.File(
        struct.watch,
        struct.id,
        struct.version,
        struct.parent,
        path(struct.name),
        file_kind(struct.file_type),
        struct.bytes,
        struct.modified_us,
        struct.mode,
        bool(struct.flags & lib.ORCH_FILE_FLAG_IGNORED),
    )


def state_ops(changes: Sequence[t.Change], arena: Arena) -> Any:
    """An array of operations."""
    array = arena.keep(ffi.new("orch_state_op[]", len(changes)))
    for op, change in zip(array, changes, strict=True):
        if change.base is not None:
            op.flags, op.base = lib.ORCH_STATE_OP_HAS_BASE, change.base
        if isinstance(change, t.PutSession):
            op.kind, op.session = lib.ORCH_STATE_OP_SET_SESSION, _session_struct(change, arena)
        elif isinstance(change, t.PutPane):
            op.kind, op.pane = lib.ORCH_STATE_OP_SET_PANE, _pane_struct(change, arena)
        elif isinstance(change, t.RemoveSession):
            op.kind, op.id = lib.ORCH_STATE_OP_REMOVE_SESSION, arena.text(change.id)
        elif isinstance(change, t.RemovePane):
            op.kind, op.id = lib.ORCH_STATE_OP_REMOVE_PANE, arena.text(change.id)
        else:
            raise TypeError(f"{change!r} is no change")
    return array


def _metadata_struct(struct: Any, given: Mapping[str, str], arena: Arena) -> None:
    pairs = [(arena.text(key), arena.text(value)) for key, value in given.items()]
    struct.metadata, struct.metadata_count = arena.array("orch_key_value", pairs), len(pairs)


def _session_struct(change: t.PutSession, arena: Arena) -> Any:
    struct = arena.struct("orch_session")
    struct.id, struct.name = arena.text(change.id), arena.text(change.name)
    panes = [arena.text(name) for name in change.panes]
    struct.panes, struct.pane_count = arena.array("orch_bytes", panes), len(panes)
    _metadata_struct(struct, change.metadata, arena)
    return struct


def _pane_struct(change: t.PutPane, arena: Arena) -> Any:
    struct = arena.struct("orch_pane")
    struct.id, struct.session = arena.text(change.id), arena.text(change.session)
    struct.title = arena.text(change.title)
    what = change.content
    if isinstance(what, t.TerminalContent):
        struct.content, struct.terminal = lib.ORCH_PANE_TERMINAL, what.terminal
    elif isinstance(what, t.FileContent):
        struct.content, struct.data = lib.ORCH_PANE_FILE, arena.path(what.path)
    elif isinstance(what, t.CustomContent):
        struct.content, struct.data = lib.ORCH_PANE_CUSTOM, arena.text(what.name)
    elif what is not None:
        raise ValueError(f"content of the kind {what.kind!r} cannot be set")
    _metadata_struct(struct, change.metadata, arena)
    return struct


def changes_of(ops: Iterable[Any]) -> tuple[t.Change, ...]:
    """Changes of a client that wait for review."""
    made: list[t.Change] = []
    for op in ops:
        base = op.base if op.flags & lib.ORCH_STATE_OP_HAS_BASE else None
        if op.kind == lib.ORCH_STATE_OP_SET_SESSION:
            one = session(op.session)
            made.append(t.PutSession(one.id, one.name, one.panes, one.metadata, base))
        elif op.kind == lib.ORCH_STATE_OP_SET_PANE:
            new = pane(op.pane)
            made.append(t.PutPane(new.id, new.session, new.title, new.content, new.metadata, base))
        elif op.kind == lib.ORCH_STATE_OP_REMOVE_SESSION:
            made.append(t.RemoveSession(text(op.id), base))
        else:
            made.append(t.RemovePane(text(op.id), base))
    return tuple(made)


# Health and clients


def part_health(struct: Any) -> t.PartHealth:
    return t.PartHealth(
        PARTS.get(struct.part, ""),
        struct.id,
        HEALTH[struct.status],
        text(struct.reason_name),
        text(struct.sentence),
        struct.lasts_ns // NS_PER_MS,
    )


def client_detail(struct: Any) -> t.ClientDetail:
    scopes = frozenset(name for name, number in SCOPES.items() if struct.scopes & number)
    return t.ClientDetail(
        struct.client, text(struct.name), scopes, struct.terminals, struct.queued_bytes, struct.memory_bytes
    )


def listener_detail(struct: Any) -> t.ListenerDetail:
    return t.ListenerDetail(
        bool(struct.accepting),
        status_code(struct.error) if struct.error else None,
        struct.os_error,
        struct.since_ns // NS_PER_MS,
        ms_or_none(struct.retry_in_ns),
        struct.outages,
    )
