"""The engine behind its handles: the pointer, its descriptor, and its end.

An engine belongs to one thread. All calls but those of senders raise `WrongThread` on another one.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

from ._native import DONE, NULL, check, failure, ffi, lib
from .errors import Gone
from .events import MAKERS, Event, Unknown
from .options import Config

OK: int = lib.ORCH_OK
# What is called for each piece of output, looked up once.
turn, next_event = lib.orch_engine_turn, lib.orch_engine_next_event


class Core:
    """What engines of both kinds are."""

    def __init__(self, config: Config | None = None) -> None:
        self._pointer: Any = NULL
        self._pid = os.getpid()
        out = ffi.new("orch_engine **")
        check(lib.orch_engine_create(NULL if config is None else config._struct(), out))
        self._pointer = out[0]
        self._event = ffi.new("orch_event *")
        self._event.size = ffi.sizeof("orch_event")
        self._fd: int = check(lib.orch_engine_get_fd(self._pointer))

    @property
    def is_closed(self) -> bool:
        return not self._pointer

    def fileno(self) -> int:
        """The descriptor to poll for readability. It never changes; never read it, write it or close it."""
        self._engine()
        return self._fd

    def _engine(self) -> Any:
        if not self._pointer:
            raise Gone("gone", "the engine is closed")
        return self._pointer

    def _call(self, function: Any, *arguments: Any) -> int:
        """Calls the library with this engine; raises the error of the call."""
        pointer = self._pointer or self._engine()
        status: int = function(pointer, *arguments)
        return check(status, pointer) if status < 0 else status

    def _turn(self) -> None:
        status: int = turn(self._pointer, 0)
        if status != OK:
            raise failure(status, self._engine())

    def _next(self) -> Event | None:
        """The next event; `None` when there is none before the next turn."""
        event = self._event
        status: int = next_event(self._pointer, event)
        if status == OK:
            maker = MAKERS.get(event.kind)
            if maker is None:
                return Unknown(event.kind, event.source, event.tag)
            return maker(event.payload, event.source, event.tag)
        if status == DONE:
            return None
        raise failure(status, self._engine())

    def _destroy(self) -> None:
        """Kills what runs in the engine and frees it, without waiting."""
        if self._pointer:
            check(lib.orch_engine_destroy(self._pointer), self._pointer)
            self._pointer = NULL

    def __del__(self) -> None:
        if getattr(self, "_pointer", NULL) and self._pid == os.getpid():
            warnings.warn(f"{self!r} was not closed", ResourceWarning, source=self, stacklevel=2)
            # On another thread this is refused, and the engine stays until the process ends.
            lib.orch_engine_destroy(self._pointer)


def reap() -> int:
    """Reaps the programs of closed engines that have ended since; gives how many have not.

    Each that has not is a zombie and a descriptor until then. It is also done whenever an engine is made,
    is closed or starts a program.
    """
    left = ffi.new("size_t *")
    check(lib.orch_program_reap(left))
    return int(left[0])
