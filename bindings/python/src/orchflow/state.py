"""The application state: sessions and panes, which hosts and clients write, terminals and published files.

`StateCopy` mirrors it. Maps are replaced and never changed, so whoever keeps one has a consistent version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import convert
from . import types as t
from ._native import DONE, Arena, check, elements, failure, ffi, lib, new, text
from .core import Core
from .errors import Conflict

ALL = ("sessions", "panes", "terminals", "files")


class StateCopy:
    """A copy of the engine's state. `refresh` costs what changed since the last one."""

    def __init__(self, core: Core, collections: Sequence[t.Collection] = ALL) -> None:  # type: ignore[assignment]
        self.sessions: Mapping[str, t.Session] = {}
        self.panes: Mapping[str, t.Pane] = {}
        self.terminals: Mapping[int, t.Terminal] = {}
        self.files: Mapping[t.FileKey, t.File] = {}
        self.version = t.Version(0, 0)
        self._core = core
        self._collections = convert.bits(collections, convert.COLLECTIONS)
        self._cursor = ffi.new("orch_state_cursor *")
        self._seen = ffi.new("orch_state_version *")

    def refresh(self) -> bool:
        """Brings the copy up to date; gives whether there was a new version."""
        core = self._core
        core._call(lib.orch_state_get_version, 0, self._seen)
        if (self._seen.epoch, self._seen.n) == (self.version.epoch, self.version.n):
            return False
        maps: dict[str, dict[Any, Any]] = {name: dict(getattr(self, name)) for name in ALL}
        struct = new("orch_state_changes")
        while True:
            core._call(lib.orch_state_get_changes, 0, self._cursor, self._collections, 0, struct)
            if struct.full:
                maps = {name: {} for name in ALL}
            _apply(struct, maps)
            if not struct.more:
                break
        for name, entries in maps.items():
            setattr(self, name, entries)
        self.version = convert.version(struct.version)
        return True

    def path(self, file: t.File) -> str | None:
        """The absolute path of an entry of `files`; `None` if a directory above it is gone."""
        names = [file.name]
        while file.parent:
            above = self.files.get((file.watch, file.parent))
            if above is None:
                return None
            file = above
            names.append(file.name)
        return "/".join(reversed(names)).replace("//", "/", 1)


def _apply(struct: Any, maps: dict[str, dict[Any, Any]]) -> None:
    for key in elements("orch_state_key", struct.removed, struct.removed_stride, struct.removed_count):
        collection, name = _key(key)
        maps[collection].pop(name, None)
    makers: tuple[tuple[str, str, Callable[[Any], Any], Callable[[Any], Any]], ...] = (
        ("session", "orch_session", convert.session, lambda one: one.id),
        ("pane", "orch_pane", convert.pane, lambda one: one.id),
        ("terminal", "orch_state_terminal", convert.state_terminal, lambda one: one.id),
        ("file", "orch_state_file", convert.state_file, lambda one: (one.watch, one.id)),
    )
    for name, kind, make, key_of in makers:
        stride, count = getattr(struct, f"{name}_stride"), getattr(struct, f"{name}_count")
        for one in elements(kind, getattr(struct, f"{name}s"), stride, count):
            entry = make(one)
            maps[f"{name}s"][key_of(entry)] = entry


def _key(key: Any) -> tuple[str, Any]:
    if key.collection == lib.ORCH_COLLECTION_SESSIONS:
        return "sessions", text(key.text)
    if key.collection == lib.ORCH_COLLECTION_PANES:
        return "panes", text(key.text)
    if key.collection == lib.ORCH_COLLECTION_TERMINALS:
        return "terminals", key.id
    return "files", (key.watch, key.id)


def change(core: Core, changes: Sequence[t.Change]) -> t.Version:
    """Applies all of the changes or none; gives the version that they made."""
    arena, engine = Arena(), core._engine()
    version, refusal = ffi.new("orch_state_version *"), new("orch_state_refusal")
    ops, size = convert.state_ops(changes, arena), ffi.sizeof("orch_state_op")
    status = lib.orch_state_change(engine, ops, len(changes), size, version, refusal)
    if status == lib.ORCH_E_CONFLICT:
        error = failure(status, engine)
        assert isinstance(error, Conflict)
        error.op, error.version = refusal.index, refusal.version
        raise error
    check(status, engine)
    return convert.version(version)


def state_version(core: Core) -> t.Version | None:
    version = ffi.new("orch_state_version *")
    return None if core._call(lib.orch_state_get_version, 0, version) == DONE else convert.version(version)


def state_hash(core: Core, collections: Sequence[t.Collection]) -> str:
    out = ffi.new("uint64_t *")
    core._call(lib.orch_state_get_hash, 0, convert.bits(collections, convert.COLLECTIONS), out)
    return f"{int(out[0]):016x}"
