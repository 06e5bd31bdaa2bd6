"""How engines, terminals, screens and watches are made. In every field the default is that of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from ._native import NULL, Arena, ffi, lib, new
from .types import Delivery, Path, Rgb

DELIVERIES: Mapping[str, int] = {"lossless": 0, "lossy": 1, "none": 2, "screen": 3}
NS_PER_MS = 1_000_000
COLS, ROWS = 80, 24


@dataclass(frozen=True, slots=True)
class Config:
    """The limits of an engine; docs/LIMITS.md explains each. 0 is the default."""

    log_level: int = 0
    terminals: int = 0
    readers_per_terminal: int = 0
    log_bytes: int = 0
    log_bytes_max: int = 0
    log_bytes_total: int = 0
    input_bytes: int = 0
    inbox_commands: int = 0
    inbox_bytes: int = 0
    events: int = 0
    turn_bytes_per_terminal: int = 0
    turn_bytes: int = 0
    turn_time_us: int = 0
    turn_time_typing_us: int = 0
    typing_window_ms: int = 0
    resize_interval_ms: int = 0
    screen_cells: int = 0
    scrollback_rows: int = 0
    screen_bytes_total: int = 0
    watches: int = 0
    watch_entries: int = 0
    watch_dirty_names: int = 0
    watch_batch_events: int = 0
    watch_read_bytes: int = 0
    watch_tombstones: int = 0
    state_sessions: int = 0
    state_panes: int = 0
    state_session_panes: int = 0
    state_bytes: int = 0
    state_tombstone_bytes: int = 0
    state_change_ops: int = 0
    listeners: int = 0
    clients: int = 0
    clients_pending: int = 0
    client_queue_bytes: int = 0
    client_message_bytes: int = 0
    client_inflated_bytes: int = 0
    client_messages_per_second: int = 0
    client_bytes_per_second: int = 0
    client_attachments: int = 0
    client_window_bytes: int = 0
    client_watches: int = 0
    reviews: int = 0
    client_hello_ms: int = 0
    client_stall_ms: int = 0
    review_changes: bool = False
    """Changes that clients make to the state wait for `answer_review`."""
    peers: int = 0
    peer_queue_bytes: int = 0
    turn_time_warn_us: int = 0
    client_hold_ms: int = 0
    client_partial_bytes_total: int = 0
    resource_bytes: int = 0
    recorder_events: int = 0
    memory_bytes_total: int = 0

    def _struct(self) -> Any:
        struct = new("orch_config")
        for one in fields(self):
            setattr(struct, one.name, int(getattr(self, one.name)))
        return struct


@dataclass(frozen=True, slots=True)
class ScreenOptions:
    """How the engine keeps what a terminal shows. Colours are those that programs are given if they ask."""

    scrollback: int | None = None
    """Rows of scrollback; 0 for none, `None` for 1,000."""
    replies: bool = True
    """The engine answers queries of programs. Off if another terminal that gets the output answers them."""
    clipboard: bool = False
    """Programs may ask to set the clipboard."""
    readback: bool = False
    """Programs may read back the screen and the title, which is dangerous; see ORCH_SCREEN_READBACK."""
    foreground: Rgb | None = None
    background: Rgb | None = None
    cursor: Rgb | None = None

    def _struct(self, arena: Arena) -> Any:
        struct = arena.struct("orch_screen_options")
        struct.scrollback = self.scrollback or 0
        struct.flags = (
            (0 if self.replies else lib.ORCH_SCREEN_NO_REPLIES)
            | (lib.ORCH_SCREEN_CLIPBOARD if self.clipboard else 0)
            | (lib.ORCH_SCREEN_READBACK if self.readback else 0)
            | (lib.ORCH_SCREEN_NO_SCROLLBACK if self.scrollback == 0 else 0)
        )
        struct.foreground = color_number(self.foreground)
        struct.background = color_number(self.background)
        struct.cursor = color_number(self.cursor)
        return struct


def color_number(color: Rgb | None) -> int:
    """A colour as the C interface has it."""
    if color is None:
        return 0
    number: int = lib.ORCH_COLOR_RGB | color.red << 16 | color.green << 8 | color.blue
    return number


@dataclass(frozen=True, slots=True)
class Retry:
    """The delays between starts: random below a bound that grows from `initial_ms` to `max_ms`."""

    initial_ms: int = 0
    max_ms: int = 0
    multiplier: float = 0.0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Breaker:
    """After how many failures in a row nothing is started for a while."""

    failures: int = 0
    successes: int = 0
    open_ms: int = 0


@dataclass(frozen=True, slots=True)
class Restart:
    """Starts a program again, in a new terminal, after it has ended otherwise than with code 0."""

    always: bool = False
    """Also after it has exited with code 0."""
    close_ended: bool = False
    """A start closes the terminal of the run before."""
    keep_ended: int = 0
    """So many terminals of ended runs stay. 0: one."""
    retry: Retry = field(default_factory=Retry)
    breaker: Breaker = field(default_factory=Breaker)
    stable_after_ms: int = 0
    """How long a run lasts before the failures before it are forgotten. 0: 10 seconds."""

    def _struct(self, arena: Arena) -> Any:
        struct = arena.struct("orch_restart_options")
        struct.flags = (lib.ORCH_RESTART_ALWAYS if self.always else 0) | (
            lib.ORCH_RESTART_CLOSE_ENDED if self.close_ended else 0
        )
        struct.keep_ended = self.keep_ended
        retry = arena.struct("orch_retry_options")
        retry.initial_ns = self.retry.initial_ms * NS_PER_MS
        retry.max_ns = self.retry.max_ms * NS_PER_MS
        retry.multiplier = self.retry.multiplier
        retry.attempts = self.retry.attempts
        breaker = arena.struct("orch_breaker_options")
        breaker.failures = self.breaker.failures
        breaker.successes = self.breaker.successes
        breaker.open_ns = self.breaker.open_ms * NS_PER_MS
        struct.retry, struct.breaker = retry, breaker
        struct.stable_after_ns = self.stable_after_ms * NS_PER_MS
        return struct


Words = Path | Sequence[Path]
"""A program alone, or a program and its arguments. Nothing is given to a shell."""


@dataclass(frozen=True, slots=True)
class Spawn:
    """How to start a program in a terminal."""

    argv: Words = ()
    """The program and its arguments; empty: the user's shell."""
    env: Mapping[str, str | None] = field(default_factory=dict)
    """Changes to the environment; `None` removes a variable."""
    env_clear: bool = False
    """Begin with an empty environment."""
    cwd: Path | None = None
    cols: int = 0
    rows: int = 0
    pixel_width: int = 0
    pixel_height: int = 0
    log_bytes: int = 0
    """Bytes of output that are kept; 0 for the engine's."""
    delivery: Delivery | None = None
    """How output reaches the reader that is made with the terminal; see the `spawn` of the engine."""
    tag: int = 0
    """A number of your own, which comes back in every event of the terminal."""
    screen: ScreenOptions | bool = False
    restart: Restart | None = None

    def words(self) -> Sequence[Path]:
        return (
            [self.argv]
            if not isinstance(self.argv, Sequence) or isinstance(self.argv, (str, bytes))
            else self.argv
        )

    def _fill(self, struct: Any, arena: Arena, delivery: Delivery) -> None:
        words = [arena.path(word) for word in self.words()]
        struct.argv, struct.argv_len = arena.array("orch_bytes", words), len(words)
        changes = [
            arena.path(name if value is None else f"{name}={value}") for name, value in self.env.items()
        ]
        struct.env, struct.env_len = arena.array("orch_bytes", changes), len(changes)
        struct.env_clear = self.env_clear
        struct.delivery = DELIVERIES[self.delivery or delivery]
        if self.cwd is not None:
            struct.cwd = arena.path(self.cwd)
        if self.cols or self.rows:
            size = (self.cols or COLS, self.rows or ROWS)
            struct.window = (*size, self.pixel_width, self.pixel_height)
        struct.log_bytes, struct.tag = self.log_bytes, self.tag
        struct.screen = screen_struct(self.screen, arena)
        if self.restart is not None:
            struct.restart = self.restart._struct(arena)

    def _struct(self, arena: Arena, delivery: Delivery) -> Any:
        struct = arena.struct("orch_spawn_options")
        self._fill(struct, arena, delivery)
        return struct


def screen_struct(screen: ScreenOptions | bool, arena: Arena) -> Any:
    """The screen options; NULL for none."""
    if screen is False:
        return NULL
    return (ScreenOptions() if screen is True else screen)._struct(arena)


def spawn_structs(several: Sequence[Spawn], arena: Arena, delivery: Delivery) -> Any:
    """An array of spawn options."""
    array = arena.keep(ffi.new("orch_spawn_options[]", len(several)))
    for index, one in enumerate(several):
        array[index].size = ffi.sizeof("orch_spawn_options")
        one._fill(array[index], arena, delivery)
    return array


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What to watch below the roots, and how."""

    ignore: Sequence[str] = ()
    """Globs in the syntax of `.gitignore`, relative to the root."""
    gitignore: bool = True
    """What `.gitignore` files exclude is left out."""
    git_dir: bool = False
    """Look into `.git`."""
    hidden: bool = True
    """Entries whose names begin with a dot are there."""
    follow_devices: bool = False
    """Look into directories on other devices than their root."""
    window_ms: int | None = None
    """How long a name has to be quiet before it is looked at; 0: not at all, `None`: 50."""
    max_wait_ms: int = 0
    summary_threshold: int | None = None
    """A batch of more events is shortened by summaries; 0: never, `None`: 100."""
    max_depth: int = 0
    entry_limit: int = 0
    poll_interval_ms: int = 0
    git_wait_ms: int = 0
    tag: int = 0
    since: bytes = b""
    """A tree that `save` has saved: what changed since is reported first."""

    def _struct(self, roots: Sequence[Path], arena: Arena) -> Any:
        struct = arena.struct("orch_watch_options")
        paths = [arena.path(root) for root in roots]
        struct.roots, struct.root_count = arena.array("orch_bytes", paths), len(paths)
        globs = [arena.text(glob) for glob in self.ignore]
        struct.ignore, struct.ignore_count = arena.array("orch_bytes", globs), len(globs)
        struct.window_ms = self.window_ms or 0
        struct.summary_threshold = self.summary_threshold or 0
        struct.flags = (
            (0 if self.gitignore else lib.ORCH_WATCH_NO_GITIGNORE)
            | (lib.ORCH_WATCH_GIT_DIR if self.git_dir else 0)
            | (0 if self.hidden else lib.ORCH_WATCH_NO_HIDDEN)
            | (lib.ORCH_WATCH_FOLLOW_DEVICES if self.follow_devices else 0)
            | (lib.ORCH_WATCH_NO_DEBOUNCE if self.window_ms == 0 else 0)
            | (lib.ORCH_WATCH_NO_SUMMARIES if self.summary_threshold == 0 else 0)
        )
        for name in ("max_wait_ms", "max_depth", "entry_limit", "poll_interval_ms", "git_wait_ms", "tag"):
            setattr(struct, name, getattr(self, name))
        if self.since:
            struct.since = arena.bytes(self.since)
        return struct
