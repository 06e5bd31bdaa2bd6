"""What the client gives and takes: values that never change.

Fields have the names and units of docs/PROTOCOL.md. Paths and names of programs are `str` with
surrogate escapes for bytes that are not UTF-8, as `os.fsdecode` gives them on Linux.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Literal, Mapping, Optional, Sequence, Tuple, Union

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
Collection = Literal["sessions", "panes", "terminals", "files"]
Scope = Literal["observe", "type", "manage", "clipboard"]
NoticeKind = Literal["bell", "notification", "clipboard", "progress", "command", "title", "cwd"]
Status = Literal["idle", "connecting", "open", "waiting", "closed"]
AttachmentStatus = Literal["attaching", "attached", "ended", "detached"]


@dataclass(frozen=True)
class Version:
    """A version of the state. Versions of different epochs are not comparable."""

    epoch: int
    n: int


@dataclass(frozen=True)
class Place:
    """A position in the text of a terminal. It stays with its text."""

    line: int
    col: int


@dataclass(frozen=True)
class Limits:
    """Limits for messages of this client."""

    message_bytes: int
    inflated_bytes: int
    messages_per_second: int
    bytes_per_second: int
    attachments: int
    window_bytes: int


@dataclass(frozen=True)
class Welcome:
    """What the server says about itself and this connection."""

    protocol: int
    server: str
    client: int
    scopes: Tuple[str, ...]
    version: Version
    resumed: bool
    profiles: Tuple[str, ...]
    limits: Limits


# Entries of the state


@dataclass(frozen=True)
class TerminalContent:
    terminal: int


@dataclass(frozen=True)
class FileContent:
    path: Path


@dataclass(frozen=True)
class CustomContent:
    name: str


@dataclass(frozen=True)
class UnknownContent:
    """Content of a kind that this client does not know."""

    kind: str


Content = Union[TerminalContent, FileContent, CustomContent, UnknownContent, None]
"""What a pane shows. `None` is an empty pane."""


@dataclass(frozen=True)
class Exit:
    """How a program ended: with a code, by a signal, or unknown (both `None`)."""

    code: Optional[int] = None
    signal: Optional[int] = None

    @property
    def status(self) -> Optional[int]:
        """As a shell has it: the code, or 128 and the signal."""
        return self.code if self.signal is None else 128 + self.signal


@dataclass(frozen=True)
class Session:
    id: str
    version: int
    name: str
    panes: Tuple[str, ...]
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class Pane:
    id: str
    version: int
    session: str
    title: str
    content: Content
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class Terminal:
    id: int
    version: int
    title: str
    cwd: Optional[str]
    cols: int
    rows: int
    pid: Optional[int]
    running: bool
    exit: Optional[Exit]
    closing: bool
    screen: bool
    program: str
    last_exit: Optional[int]
    hidden_input: bool
    size_policy: str


@dataclass(frozen=True)
class File:
    watch: int
    id: int
    version: int
    parent: int
    name: str
    kind: Literal["file", "directory", "symlink", "other"]
    size: int
    modified_us: int
    mode: int
    ignored: bool


FileKey = Tuple[int, int]
"""The watch and the id of a file."""


# Changes


@dataclass(frozen=True)
class PutSession:
    """Creates a session or replaces it.

    `base` is the version of the entry on which the change is based: 0 if it is to be new, `None` if it is
    to replace whatever there is.
    """

    id: str
    name: str
    panes: Sequence[str] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    base: Optional[int] = None


@dataclass(frozen=True)
class RemoveSession:
    id: str
    base: Optional[int] = None


@dataclass(frozen=True)
class PutPane:
    """Creates a pane or replaces it."""

    id: str
    session: str
    title: str = ""
    content: Content = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    base: Optional[int] = None


@dataclass(frozen=True)
class RemovePane:
    id: str
    base: Optional[int] = None


Change = Union[PutSession, RemoveSession, PutPane, RemovePane]


# Operations on terminals


@dataclass(frozen=True)
class Input:
    terminal: int
    data: Union[str, bytes]


@dataclass(frozen=True)
class Paste:
    terminal: int
    text: Union[str, bytes]


@dataclass(frozen=True)
class Resize:
    terminal: int
    cols: int
    rows: int


@dataclass(frozen=True)
class Interrupt:
    terminal: int


@dataclass(frozen=True)
class Eof:
    terminal: int


@dataclass(frozen=True)
class Signal:
    """A signal by its number on Linux."""

    terminal: int
    signal: int


@dataclass(frozen=True)
class Clear:
    terminal: int


@dataclass(frozen=True)
class Close:
    terminal: int
    grace_ms: int = 1000


TerminalOp = Union[Input, Paste, Resize, Interrupt, Eof, Signal, Clear, Close]


# What a screen shows


@dataclass(frozen=True)
class Rgb:
    red: int
    green: int
    blue: int


Color = Union[int, Rgb, None]
"""A colour of the palette by its number, one by its parts, or `None` for the default."""


@dataclass(frozen=True)
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
    link: Optional[str] = None


@dataclass(frozen=True)
class Line:
    """A row of a screen."""

    runs: Tuple[Run, ...] = ()
    wrapped: bool = False

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True)
class PlacedLine(Line):
    """A row of a terminal: 0 is the top of the screen, -1 the newest row of the scrollback."""

    row: int = 0
    place: Optional[Place] = None


@dataclass(frozen=True)
class Cursor:
    row: int = 0
    col: int = 0
    shape: int = 0
    blinking: bool = False
    visible: bool = True


@dataclass(frozen=True)
class Rows:
    lines: Tuple[PlacedLine, ...]
    kept_from: Optional[Place]
    kept_to: Optional[Place]
    history: int
    cols: int

    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


# Replies


@dataclass(frozen=True)
class Match:
    start_row: int
    start_col: int
    end_row: int
    end_col: int
    line: Optional[int]
    col: int
    cols: int


@dataclass(frozen=True)
class Matches:
    matches: Tuple[Match, ...]
    complete: bool
    """There are no more."""


@dataclass(frozen=True)
class TerminalDetail:
    terminal: int
    foreground_pid: Optional[int]
    foreground_name: str
    cwd: Optional[str]
    log_start: int
    log_end: int
    input_bytes: int
    input_waiting: int
    since_input_ms: Optional[int]
    since_output_ms: Optional[int]
    paused: bool
    history: int


@dataclass(frozen=True)
class FileVersion:
    device: int
    inode: int
    size: int
    changed_ns: int


@dataclass(frozen=True)
class Slice:
    data: bytes
    offset: int
    version: FileVersion
    changed: bool
    """The file is not that of `base`."""
    end: bool


@dataclass(frozen=True)
class FileData:
    data: bytes
    version: FileVersion
    truncated: bool
    """There is more in the file than was asked for."""


@dataclass(frozen=True)
class Stats:
    uptime_ms: int
    turns: int
    longest_turn_us: int
    clients: int
    terminals: int
    watches: int
    queued_bytes: int


@dataclass(frozen=True)
class Times:
    """A distribution of times since the engine was made, in microseconds."""

    count: int
    sum_us: int
    p50_us: int
    p95_us: int
    p99_us: int
    max_us: int


@dataclass(frozen=True)
class Figures:
    """Figures of the engine since it was made; see "figures" in docs/PROTOCOL.md."""

    uptime_ms: int
    turns: int
    unfinished_turns: int
    pty_read_bytes: int
    pty_written_bytes: int
    received_bytes: int
    sent_bytes: int
    received_messages: int
    sent_messages: int
    file_events: int
    rescans: int
    gap_bytes: int
    errors: int
    turn: Times
    lag: Times
    response: Times
    file_latency: Times
    diff_age: Times
    round_trip: Times
    memory: Mapping[str, int]
    """Bytes by the part of the engine that uses them."""
    memory_limit: int
    """0: none."""
    queued_bytes: int
    """What waits to be sent to this client."""
    terminals: int
    clients: int
    watches: int
    peers: int


HealthStatus = Literal["ok", "degraded", "failed"]


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Health:
    status: HealthStatus
    """That of the worst part."""
    parts: Tuple[PartHealth, ...]
    """Every part that is not well."""
    more: int
    """Parts that are not well and not listed."""


# Notices


@dataclass(frozen=True)
class Bell:
    count: int


@dataclass(frozen=True)
class Notification:
    title: str
    body: str


@dataclass(frozen=True)
class Clipboard:
    selection: bool
    text: str


@dataclass(frozen=True)
class Progress:
    """`state` is `None` once there is no progress to show."""

    state: Optional[str] = None
    percent: int = 0


@dataclass(frozen=True)
class CommandStarted:
    command: str


@dataclass(frozen=True)
class CommandFinished:
    exit_code: Optional[int]
    duration_ms: int


@dataclass(frozen=True)
class TitleChanged:
    title: str


@dataclass(frozen=True)
class DirectoryChanged:
    path: str


NoticeEvent = Union[
    Bell,
    Notification,
    Clipboard,
    Progress,
    CommandStarted,
    CommandFinished,
    TitleChanged,
    DirectoryChanged,
]


@dataclass(frozen=True)
class Notice:
    """Something that a terminal reports.

    `seq` counts the notices of the terminal. A jump shows that some were dropped, or that only other
    clients wanted them.
    """

    terminal: int
    seq: int
    event: NoticeEvent


@dataclass(frozen=True)
class LagWarning:
    """A program waits because this client does not consume its output."""

    terminal: int
    remaining_ms: int
