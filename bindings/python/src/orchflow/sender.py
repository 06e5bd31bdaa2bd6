"""A sender: posts commands to an engine from any thread, and so wakes it."""

from __future__ import annotations

from typing import Any

from . import types as t
from ._native import NULL, Arena, check, ffi, lib
from .core import Core
from .options import Spawn
from .terminal import op_structs


class Sender:
    """Posts commands from any thread. Each comes back as `Completed`. It may outlive its engine."""

    def __init__(self, core: Core) -> None:
        out = ffi.new("orch_sender **")
        core._call(lib.orch_sender_create, out)
        # Commands that it has posted are still done after its end.
        self._pointer = ffi.gc(out[0], lib.orch_sender_destroy)

    def notify(self, tag: int = 0) -> None:
        """Does nothing but come back: it wakes the engine."""
        self._post(lib.ORCH_COMMAND_NOTIFY, tag)

    def operate(self, op: t.TerminalOp, tag: int = 0) -> None:
        """Does an operation on a terminal."""
        arena = Arena()
        self._post(lib.ORCH_COMMAND_OP, tag, op=op_structs([op], arena), op_size=ffi.sizeof("orch_op"))

    def spawn(self, spawn: Spawn | None = None, tag: int = 0) -> None:
        """Starts a program; `Completed` has the terminal, which has no reader unless `delivery` says so."""
        arena = Arena()
        struct = NULL if spawn is None else spawn._struct(arena, "none")
        self._post(lib.ORCH_COMMAND_SPAWN, tag, spawn=struct)

    def close_terminal(self, terminal: int, grace_ms: int = 1000, tag: int = 0) -> None:
        self._post(lib.ORCH_COMMAND_CLOSE, tag, terminal=terminal, grace_ms=grace_ms)

    def _post(self, kind: int, tag: int, **fields: Any) -> None:
        command = ffi.new("orch_command *", {"size": ffi.sizeof("orch_command"), "kind": kind, **fields})
        check(lib.orch_sender_post(self._pointer, command, tag))
