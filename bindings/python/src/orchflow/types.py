"""Values that the engine gives and takes. They never change.

What `orchflow_client` has as well has the same name and the same fields here. Paths are `str` with surrogate
escapes for bytes that are not UTF-8, as `os.fsdecode` gives them. Times that end in `_ms` are milliseconds,
those that end in `_ns` nanoseconds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Union

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
Collection = Literal["sessions", "panes", "terminals", "files"]
Scope = Literal["observe", "type", "manage", "clipboard"]
Delivery = Literal["lossless", "lossy", "none", "screen"]
FileKind = Literal["file", "directory", "symlink", "other"]
SizePolicy = Literal["fixed", "smallest", "latest", ""]
BreakerState = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the state, or of a watch's tree. Versions of different epochs are not comparable."""

    epoch: int
    n: int


@dataclass(frozen=True, slots=True)
class Place:
    """A position in the text of a terminal. It stays with its text."""

    line: int
    col: int


@dataclass(frozen=True, slots=True)
class FromOffset:
    """Output begins with this byte."""

    offset: int


@dataclass(frozen=True, slots=True)
class FromSnapshot:
    """Output begins with a snapshot that has so many rows of scrollback."""

    rows: int


Start = Union[Literal["oldest", "now", "default"], FromOffset, FromSnapshot]


# Entries of the state


@dataclass(frozen=True, slots=True)
class TerminalContent:
    terminal: int


@dataclass(frozen=True, slots=True)
class FileContent:
    path: Path


@dataclass(frozen=True, slots=True)
class CustomContent:
    name: str


@dataclass(frozen=True, slots=True)
class UnknownContent:
    """Content of a kind that this package does not know."""

    kind: str


Content = Union[TerminalContent, FileContent, CustomContent, UnknownContent, None]
"""What a pane shows. `None` is an empty pane."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a program ended: with a code, by a signal, or unknown (both `None`)."""

    code: int | None = None
    signal: int | None = None

    @property
    def status(self) -> int | None:
        """As a shell has it: the code, or 128 and the signal."""
        return self.code if self.signal is None else 128 + self.signal


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    version: int
    name: str
    panes: tuple[str, ...]
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pane:
    id: str
    version: int
    session: str
    title: str
    content: Content
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Terminal:
    """The entry of a terminal in the state. `TerminalHandle.query` knows more."""

    id: int
    version: int
    title: str
    cwd: str | None
    cols: int
    rows: int
    pid: int | None
    running: bool
    exit: Exit | None
    closing: bool
    screen: bool
    program: str
    last_exit: int | None
    hidden_input: bool
    size_policy: str


@dataclass(frozen=True, slots=True)
class File:
    """The entry of a file of a published watch in the state."""

    watch: int
    id: int
    version: int
    parent: int
    name: str
    kind: FileKind
    size: int
    modified_us: int
    mode: int
    ignored: bool


FileKey = tuple[int, int]
"""The watch and the id of a file."""


# Changes


@dataclass(frozen=True, slots=True)
class PutSession:
    """Creates a session or replaces it.

    `base` is the version of the entry on which the change is based: 0 if it is to be new, `None` if it is
    to replace whatever there is.
    """

    id: str
    name: str
    panes: Sequence[str] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    base: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveSession:
    id: str
    base: int | None = None


@dataclass(frozen=True, slots=True)
class PutPane:
    """Creates a pane or replaces it."""

    id: str
    session: str
    title: str = ""
    content: Content = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    base: int | None = None


@dataclass(frozen=True, slots=True)
class RemovePane:
    id: str
    base: int | None = None


Change = Union[PutSession, RemoveSession, PutPane, RemovePane]


# Operations on terminals


@dataclass(frozen=True, slots=True)
class Input:
    terminal: int
    data: str | bytes


@dataclass(frozen=True, slots=True)
class Paste:
    terminal: int
    text: str | bytes


@dataclass(frozen=True, slots=True)
class Resize:
    terminal: int
    cols: int
    rows: int


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal by its number, to the foreground process group."""

    terminal: int
    signal: int


@dataclass(frozen=True, slots=True)
class Clear:
    terminal: int


TerminalOp = Union[Input, Paste, Resize, Signal, Clear]


# What a screen shows


@dataclass(frozen=True, slots=True)
class Rgb:
    red: int
    green: int
    blue: int


Color = Union[int, Rgb, None]
"""A colour of the palette by its number, one by its parts, or `None` for the default."""


@dataclass(frozen=True, slots=True)
class Run:
    """Adjacent characters that look the same."""

    text: str
    cols: int
    wide: bool = False
    fg: Color = None
    bg: Color = None
    attributes: int = 0
    underline: int = 0
    underline_color: Color = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a screen."""

    runs: tuple[Run, ...] = ()
    wrapped: bool = False

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class PlacedLine(Line):
    """A row of a terminal: 0 is the top of the screen, -1 the newest row of the scrollback."""

    row: int = 0
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    row: int = 0
    col: int = 0
    shape: int = 0
    blinking: bool = False
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Scroll:
    """Rows that moved: those from `top` up to, but not including, `bottom` by `rows`, up if positive."""

    top: int
    bottom: int
    rows: int


@dataclass(frozen=True, slots=True)
class Update:
    """What has to be drawn: apply the scrolls, then put in the lines. `Screen.apply` does it."""

    generation: int
    offset: int
    full: bool
    modes: int
    cols: int
    rows: int
    history: int
    viewport: int
    cursor: Cursor
    title: str | None
    scrolls: tuple[Scroll, ...]
    lines: tuple[PlacedLine, ...]
    line: Place | None


@dataclass(frozen=True, slots=True)
class ScreenSnapshot:
    """Control sequences that reset a terminal of this size and make it show the same screen."""

    offset: int
    cols: int
    rows: int
    line: Place | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """A place that the shell has marked."""

    kind: Literal["prompt_start", "command_start", "output_start", "output_end", ""]
    place: Place


@dataclass(frozen=True, slots=True)
class Match:
    start_row: int
    start_col: int
    end_row: int
    end_col: int
    line: int | None
    col: int
    cols: int


@dataclass(frozen=True, slots=True)
class Matches:
    matches: tuple[Match, ...]
    complete: bool
    """There are no more."""
    next: Place | None = None
    """Where to go on, for `search(start=...)`, if there are more."""


# What is known of terminals


@dataclass(frozen=True, slots=True)
class ReaderState:
    reader: int
    delivery: Delivery
    paused: bool
    offset: int
    backlog: int


@dataclass(frozen=True, slots=True)
class TerminalDetail:
    """Everything that is known of a terminal now. The fields of the client's `TerminalDetail` come first."""

    terminal: int
    foreground_pid: int | None
    foreground_name: str
    cwd: str | None
    log_start: int
    log_end: int
    input_bytes: int
    input_waiting: int
    since_input_ms: int | None
    since_output_ms: int | None
    paused: bool
    history: int
    tag: int
    pid: int | None
    cols: int
    rows: int
    running: bool
    hung_up: bool
    closing: bool
    exit: Exit | None
    core_dumped: bool
    paused_by: frozenset[Literal["host", "reader", "memory"]]
    hidden_input: bool
    screen: bool
    title: str
    reported_cwd: str | None
    cursor: Cursor
    modes: int
    command_for_ms: int | None
    last_exit: int | None
    size_policy: SizePolicy
    progress: str | None
    percent: int
    screen_bytes: int
    screen_failures: int
    restarts: bool
    given_up: bool
    restart_in_ms: int | None
    restart_attempts: int
    restart_breaker: BreakerState
    restart_error: str | None
    readers: tuple[ReaderState, ...]


# Files


@dataclass(frozen=True, slots=True)
class FileEntry:
    """An entry of a watch's tree. `id` names it as long as it exists, renames included."""

    id: int
    parent: int
    path: str
    size: int
    modified_ns: int
    inode: int
    kind: FileKind
    ignored: bool
    mode: int


@dataclass(frozen=True, slots=True)
class FileChanges:
    """What changed since a cursor: if `full`, empty the copy; take out `removed`; put in `entries`."""

    version: Version
    full: bool
    more: bool
    removed: tuple[int, ...]
    entries: tuple[FileEntry, ...]


@dataclass(frozen=True, slots=True)
class FileEvent:
    """One change of a file. `source` is the path before a rename."""

    change: Literal["create", "modify", "metadata", "touch", "delete", "rename", ""]
    path: str
    kind: FileKind
    source: str | None
    id: int
    replaced: bool
    ignored: bool


@dataclass(frozen=True, slots=True)
class FileSummary:
    """Changes in one directory that are not listed, counted."""

    directory: str
    created: int
    modified: int
    deleted: int
    renamed: int
    recursive: bool


@dataclass(frozen=True, slots=True)
class WatchDetail:
    """What is known of a watch."""

    tag: int
    version: Version
    roots: tuple[str, ...]
    ready: bool
    complete: bool
    healthy: bool
    problem: str
    entries: int
    directories: int
    kernel_watches: int
    polled_directories: int
    unreadable_directories: int
    waiting_directories: int
    dirty_names: int
    kernel_events: int
    events: int
    batches: int
    overflows: int
    path_watches: int
    save_problem: str


# Health


HealthStatus = Literal["ok", "degraded", "failed"]


@dataclass(frozen=True, slots=True)
class PartHealth:
    part: str
    """`terminal`, `watch`, `listener`, `client`, `peer`, `spawning`, `loop`, `memory`."""
    id: int
    status: HealthStatus
    reason: str
    """A name for programs."""
    message: str
    """A sentence for people."""
    since_ms: int
    """How long it has been so."""


@dataclass(frozen=True, slots=True)
class Health:
    status: HealthStatus
    """That of the worst part."""
    parts: tuple[PartHealth, ...]
    """Every part that is not well."""
    more: int = 0
    """Always 0: here all parts that are not well are listed."""


# Serving


@dataclass(frozen=True, slots=True)
class Resource:
    """A page, or what belongs to one. The path begins with a slash; "/index.html" is also "/"."""

    path: str
    content: bytes
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class ListenerDetail:
    accepting: bool
    error: str | None
    os_error: int
    since_ms: int
    retry_in_ms: int | None
    outages: int


@dataclass(frozen=True, slots=True)
class ClientDetail:
    client: int
    name: str
    scopes: frozenset[Scope]
    terminals: int
    queued_bytes: int
    memory_bytes: int
