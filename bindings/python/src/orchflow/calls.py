"""What can be asked of an engine of either kind. Nothing here waits."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, Literal, TypeVar

from . import convert, state, terminal
from . import types as t
from ._native import NULL, Arena, elements, ffi, lib, new, of_status, text
from .core import Core
from .errors import OrchflowError
from .figures import ClientMetrics, Memory, Metrics, TurnStats, figures
from .options import (
    DELIVERIES,
    Restart,
    ScreenOptions,
    Spawn,
    WatchOptions,
    Words,
    screen_struct,
    spawn_structs,
)
from .sender import Sender
from .serving import ClientHandle, Listener, Token
from .terminal import TerminalHandle
from .watch import WatchHandle

TerminalT = TypeVar("TerminalT", bound=TerminalHandle)
WatchT = TypeVar("WatchT", bound=WatchHandle)
TEXTS = {"dump": 1, "flight_record": 2, "metrics": 3}
REPORTS: Mapping[str, int] = {"metrics": 1, "only": 2, "health": 4}


class Calls(Core, Generic[TerminalT, WatchT]):
    """The calls on an engine. `TerminalT` and `WatchT` are the handles that it gives."""

    _delivery: t.Delivery = "lossless"
    """That of the reader that is made with a terminal, if nothing is said."""

    def _check_delivery(self, delivery: t.Delivery | None) -> None:
        """Raises if nobody would take what the reader of a new terminal gets."""

    @abstractmethod
    def terminal(self, id: int) -> TerminalT:
        """The handle of a terminal."""

    @abstractmethod
    def _spawned(self, id: int) -> TerminalT:
        """The handle of a terminal that was just made."""

    @abstractmethod
    def _watch(self, id: int) -> WatchT:
        """The handle of a watch."""

    # Terminals

    def spawn(
        self,
        argv: Words = (),
        *,
        env: Mapping[str, str | None] | None = None,
        env_clear: bool = False,
        cwd: t.Path | None = None,
        cols: int = 0,
        rows: int = 0,
        log_bytes: int = 0,
        delivery: t.Delivery | None = None,
        tag: int = 0,
        screen: ScreenOptions | bool = False,
        restart: Restart | None = None,
    ) -> TerminalT:
        """Starts a program in a new terminal of 80 columns and 24 rows; without `argv`, the user's shell."""
        options = Spawn(
            argv, env or {}, env_clear, cwd, cols, rows, 0, 0, log_bytes, delivery, tag, screen, restart
        )
        self._check_delivery(delivery)
        arena, out = Arena(), ffi.new("uint64_t *")
        self._call(lib.orch_terminal_spawn, options._struct(arena, self._delivery), out)
        return self._spawned(int(out[0]))

    def spawn_many(self, several: Sequence[Spawn]) -> list[TerminalT | OrchflowError]:
        """Starts many programs; gives a terminal or an error for each."""
        for one in several:
            self._check_delivery(one.delivery)
        arena, count = Arena(), len(several)
        ids, statuses = ffi.new("uint64_t[]", count), ffi.new("int32_t[]", count)
        structs = spawn_structs(several, arena, self._delivery)
        self._call(
            lib.orch_terminal_spawn_many, structs, count, ffi.sizeof("orch_spawn_options"), ids, statuses
        )
        return [
            self._spawned(int(id)) if status >= 0 else of_status(status)
            for id, status in zip(ids, statuses, strict=True)
        ]

    def adopt(
        self,
        fd: int,
        *,
        pid: int = 0,
        cols: int = 0,
        rows: int = 0,
        log_bytes: int = 0,
        delivery: t.Delivery | None = None,
        tag: int = 0,
        screen: ScreenOptions | bool = False,
    ) -> TerminalT:
        """Takes over an open PTY master, as of `pty.fork`; on success the descriptor is the engine's."""
        self._check_delivery(delivery)
        arena, out, options = Arena(), ffi.new("uint64_t *"), new("orch_adopt_options")
        options.pid, options.log_bytes, options.tag = pid, log_bytes, tag
        options.delivery = DELIVERIES[delivery or self._delivery]
        options.window = (cols, rows, 0, 0)
        options.screen = screen_struct(screen, arena)
        self._call(lib.orch_terminal_adopt, fd, options, out)
        return self._spawned(int(out[0]))

    def terminals(self, *, active: bool = False) -> list[TerminalT]:
        """All terminals, or only those whose program is running and that are not being closed."""
        kind = lib.ORCH_LIST_ACTIVE_TERMINALS if active else lib.ORCH_LIST_TERMINALS
        return [self.terminal(id) for id in self._list(kind)]

    def query_many(self, terminals: Iterable[TerminalHandle]) -> list[t.TerminalDetail | OrchflowError]:
        """What is known of many terminals, in one call."""
        ids = [one.id for one in terminals]
        structs, statuses = ffi.new("orch_terminal_state[]", len(ids)), ffi.new("int32_t[]", len(ids))
        size = ffi.sizeof("orch_terminal_state")
        for struct in structs:
            struct.size = size
        self._call(lib.orch_terminal_get_states, ids, len(ids), structs, size, statuses)
        return [
            convert.terminal_detail(struct) if status >= 0 else of_status(status)
            for struct, status in zip(structs, statuses, strict=True)
        ]

    def batch(self, ops: Iterable[t.TerminalOp]) -> list[OrchflowError | None]:
        """Operations in order; gives an error, or `None` for success, for each.

        After one fails, those that follow it directly for the same terminal are skipped.
        """
        return terminal.batch(self, list(ops))

    def write_many(
        self, terminals: Iterable[TerminalHandle], data: str | bytes
    ) -> list[OrchflowError | None]:
        """Types the same into many terminals, all of it or nothing; gives an error, or `None`, for each."""
        return self.batch([t.Input(one.id, data) for one in terminals])

    # Watches

    def watches(self) -> list[WatchT]:
        return [self._watch(id) for id in self._list(lib.ORCH_LIST_WATCHES)]

    def watch(self, *roots: t.Path, options: WatchOptions | None = None) -> WatchT:
        """Watches directories and files. Reading them for the first time takes many turns."""
        arena, out = Arena(), ffi.new("uint64_t *")
        self._call(lib.orch_watch_add, (options or WatchOptions())._struct(roots, arena), out)
        return self._watch(int(out[0]))

    # State

    def change(self, *changes: t.Change) -> t.Version:
        """Applies all of these changes or none; gives the version that they made."""
        return state.change(self, changes)

    def state_version(self) -> t.Version:
        version = state.state_version(self)
        assert version is not None  # Only a copy of a peer's state may have none.
        return version

    def state_hash(self, *collections: t.Collection) -> str:
        """The hash of collections (none: all of them), as clients compute it."""
        return state.state_hash(self, collections or tuple(convert.COLLECTIONS))

    def answer_review(self, review: int, accept: bool, reason: str = "") -> None:
        """Answers a change of a client that waits (`Review`)."""
        arena = Arena()
        lent = ffi.new("orch_bytes *", arena.text(reason))[0]
        self._call(lib.orch_review_answer, review, int(accept), lent)

    # Serving

    def listen(
        self,
        address: str = "127.0.0.1:0",
        *,
        fd: int | None = None,
        hosts: Sequence[str] = (),
        origins: Sequence[str] = (),
        allow_remote: bool = False,
        resources: Sequence[t.Resource] = (),
        resource_directory: t.Path | None = None,
        reports: Sequence[Literal["metrics", "health", "only"]] = (),
    ) -> Listener:
        """Listens for clients: on an IP address with a port, or on the absolute path of a Unix socket.

        With `fd` it is a socket that listens already. `reports` are served at /metrics and /healthz.
        """
        arena, out = Arena(), ffi.new("uint64_t *")
        options = arena.struct("orch_listener_options")
        if fd is None:
            options.address = arena.path(address)
        else:
            options.adopts_fd, options.fd = 1, fd
        names = [arena.text(host) for host in hosts]
        options.hosts, options.host_count = arena.array("orch_bytes", names), len(names)
        names = [arena.text(origin) for origin in origins]
        options.origins, options.origin_count = arena.array("orch_bytes", names), len(names)
        options.allow_remote = allow_remote
        pages = [(arena.text(r.path), arena.text(r.media_type), arena.bytes(r.content)) for r in resources]
        options.resources, options.resource_count = arena.array("orch_resource", pages), len(pages)
        options.resource_stride = ffi.sizeof("orch_resource")
        if resource_directory is not None:
            options.resource_directory = arena.path(resource_directory)
        options.reports = convert.bits(reports, REPORTS)
        self._call(lib.orch_listener_add, options, out)
        return Listener(self, int(out[0]))

    def listeners(self) -> list[Listener]:
        return [Listener(self, id) for id in self._list(lib.ORCH_LIST_LISTENERS)]

    def add_token(
        self,
        *scopes: t.Scope,
        expires_in_ms: int = 0,
        secret: bytes = b"",
        label: str = "",
    ) -> Token:
        """Makes a token; without scopes it may observe only. Pass its text on over a private channel."""
        arena, out = Arena(), ffi.new("uint64_t *")
        options = arena.struct("orch_token_options")
        options.scopes = convert.bits(scopes or ("observe",), convert.SCOPES)
        options.expires_in_ms = expires_in_ms
        if secret:
            options.secret = arena.bytes(secret)
        options.label = arena.text(label)
        characters = ffi.new("char[]", lib.ORCH_TOKEN_BYTES)
        self._call(lib.orch_token_add, options, characters, out)
        return Token(self, int(out[0]), ffi.buffer(characters)[:].decode())

    def grant(self, directory: t.Path, granted: bool = True) -> None:
        """Grants a directory to clients, which may watch files and start programs in it, or ends that."""
        arena = Arena()
        lent = ffi.new("orch_bytes *", arena.path(directory))[0]
        self._call(lib.orch_directory_set_granted, lent, int(granted))

    def set_profile(self, name: str, spawn: Spawn | None) -> None:
        """Sets a program that clients may start by this name; `None` takes the profile away."""
        arena = Arena()
        lent = ffi.new("orch_bytes *", arena.text(name))[0]
        struct = NULL if spawn is None else spawn._struct(arena, "none")
        self._call(lib.orch_profile_set, lent, struct)

    def clients(self) -> list[ClientHandle]:
        """The clients whose token was accepted."""
        return [ClientHandle(self, id) for id in self._list(lib.ORCH_LIST_CLIENTS)]

    def client_metrics(self, client: ClientHandle) -> ClientMetrics:
        struct = new("orch_client_metrics")
        self._call(lib.orch_client_get_metrics, client.id, struct)
        return figures(ClientMetrics, struct)

    # What it says of itself

    def stats(self) -> TurnStats:
        struct = new("orch_engine_stats")
        self._call(lib.orch_engine_get_stats, struct)
        return figures(TurnStats, struct)

    def reset_stats(self) -> None:
        self._call(lib.orch_engine_reset_stats)

    def memory(self) -> Memory:
        struct = new("orch_memory")
        self._call(lib.orch_engine_get_memory, struct)
        return figures(Memory, struct)

    def metrics(self) -> Metrics:
        struct = new("orch_metrics")
        self._call(lib.orch_engine_get_metrics, struct)
        return figures(Metrics, struct)

    def set_observing(self, observing: bool) -> None:
        """Whether times and sizes are recorded."""
        self._call(lib.orch_engine_set_observing, int(observing))

    def health(self) -> t.Health:
        """How it is, with the parts that are not as they should be."""
        struct = new("orch_engine_health")
        self._call(lib.orch_engine_get_health, struct)
        parts = elements("orch_part_health", struct.parts, struct.part_stride, struct.part_count)
        return t.Health(convert.HEALTH[struct.status], tuple(convert.part_health(one) for one in parts))

    def report(self, kind: Literal["dump", "flight_record", "metrics"]) -> str:
        """What it says of itself as text; `metrics` is for Prometheus."""
        lent = ffi.new("orch_bytes *")
        self._call(lib.orch_engine_get_text, TEXTS[kind], lent)
        return text(lent)

    def timeout(self) -> int | None:
        """Milliseconds until a timer makes the descriptor readable; `None`: none will."""
        out = ffi.new("int32_t *")
        self._call(lib.orch_engine_get_timeout, out)
        return None if out[0] < 0 else int(out[0])

    def sender(self) -> Sender:
        """A sender, by which other threads wake this engine."""
        return Sender(self)

    def _list(self, kind: int) -> list[int]:
        count = ffi.new("size_t *")
        self._call(lib.orch_engine_list, kind, NULL, 0, count)
        room = int(count[0])
        ids = ffi.new("uint64_t[]", max(room, 1))
        self._call(lib.orch_engine_list, kind, ids, room, count)
        return [int(ids[index]) for index in range(min(room, int(count[0])))]
