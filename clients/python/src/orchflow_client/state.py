"""A copy of the engine's state, with own changes on top.

The copy as the server has sent it changes only when a diff is complete: the parts of a diff are collected
beside it. Maps are replaced, never changed, so whoever holds one holds a consistent version, and a diff
that breaks off leaves nothing behind.
"""

from __future__ import annotations

from typing import (
    Any,
    AsyncIterator,
    Callable,
    Dict,
    Generic,
    Mapping,
    Optional,
    Sequence,
    Set,
    Tuple,
    TypeVar,
    Union,
    overload,
)

from . import convert
from .errors import Disconnected
from .events import Changes, Listeners, call
from .overlay import with_changes
from .protocol import digest
from .types import Change, File, FileKey, Pane, Session, Terminal, Version

T = TypeVar("T")
Wire = Dict[str, Any]
Key = Union[str, int, FileKey]
Unsubscribe = Callable[[], None]

COLLECTIONS = ("sessions", "panes", "terminals", "files")
MASK = (1 << 64) - 1


class _Staged:
    """The parts of a diff that is not complete."""

    def __init__(self, entries: Mapping[str, Dict[Any, Any]], is_full: bool, is_hashed: bool) -> None:
        self.is_full = is_full
        self._is_hashed = is_hashed
        self.entries = {name: {} if is_full else entries[name] for name in COLLECTIONS}
        self.digests: Dict[Tuple[str, Key], int] = {}
        self._owned = set(COLLECTIONS) if is_full else set()

    def apply(self, diff: Wire) -> None:
        for key in diff["removed"]:
            if isinstance(key, dict):
                ((kind, value),) = key.items()
                self._remove(kind + "s", value)
        for collection in COLLECTIONS:
            for wire in diff[collection]:
                entry: Any = convert.ENTRIES[collection](wire)
                name: Key = (entry.watch, entry.id) if isinstance(entry, File) else entry.id
                self._own(collection)[name] = entry
                if self._is_hashed:
                    self.digests[collection, name] = digest(collection, wire)

    def _remove(self, collection: str, value: Any) -> None:
        name: Key = (value["watch"], int(value["id"])) if collection == "files" else value
        if name in self.entries.get(collection, ()):
            del self._own(collection)[name]
            if self._is_hashed:
                self.digests[collection, name] = 0

    def _own(self, collection: str) -> Dict[Any, Any]:
        """The map of a collection, which is copied before its first change."""
        if collection not in self._owned:
            self._owned.add(collection)
            self.entries[collection] = dict(self.entries[collection])
        return self.entries[collection]


class State:
    """The state as this client sees it. Do not change its maps."""

    def __init__(self) -> None:
        self.sessions: Mapping[str, Session] = {}
        self.panes: Mapping[str, Pane] = {}
        self.terminals: Mapping[int, Terminal] = {}
        self.files: Mapping[FileKey, File] = {}
        self.version: Optional[Version] = None
        """The version of the copy, without own changes. `None` before the first complete diff."""
        self._entries: Dict[str, Dict[Any, Any]] = {name: {} for name in COLLECTIONS}
        self._digests: Dict[Tuple[str, Key], int] = {}
        self._sum = 0
        self._is_hashed = True
        """Whether digests are computed. They take most of the time that a diff takes."""
        self._staged: Optional[_Staged] = None
        self._was_full = False
        self._pending: Dict[int, Sequence[Change]] = {}
        self._skipped: Set[int] = set()
        """Own changes that were applied by diffs which did not fit this copy. A full diff has them."""
        self._listeners = Listeners()
        self._changes = Changes()

    # What programs use

    @overload
    def subscribe(self, selector: Callable[[State], T]) -> Subscription[T]: ...

    @overload
    def subscribe(
        self, selector: Callable[[State], T], listener: Callable[[T, T], object]
    ) -> Unsubscribe: ...

    def subscribe(
        self,
        selector: Callable[[State], T],
        listener: Optional[Callable[[T, T], object]] = None,
    ) -> Union[Subscription[T], Unsubscribe]:
        """Follows what `selector` gives.

        Without a listener: an async iterator over the present value and then each value that
        differs from the one before; values that nobody has taken in time are skipped. With a
        listener: it is called with the new and the old value; call what this returns to stop.
        """
        if listener is None:
            return Subscription(self, selector)
        last = selector(self)

        def look() -> None:
            nonlocal last
            value, before = selector(self), last
            if value is not before and value != before:
                last = value
                call(listener, value, before)

        return self._listeners.add(look)

    async def wait_for(self, predicate: Callable[[State], Optional[T]]) -> T:
        """Waits until `predicate` gives something true, and gives that."""
        while True:
            value = predicate(self)
            if value:
                return value
            self._raise_if_ended()
            await self._changes.wait()

    def path(self, file: File) -> Optional[str]:
        """The absolute path of an entry of `files`; `None` if a directory above it is gone."""
        names = [file.name]
        while file.parent:
            above = self.files.get((file.watch, file.parent))
            if above is None:
                return None
            file = above
            names.append(file.name)
        return "/".join(reversed(names)).replace("//", "/", 1)

    # What the client does

    def _apply(self, diff: Wire) -> bool:
        """Applies a part of a diff. False if it does not follow the copy."""
        if diff["full"]:
            self._staged = _Staged(self._entries, True, self._is_hashed)
        elif self._staged is None:
            if self.version != Version(diff["epoch"], diff["from"]):
                return False
            self._staged = _Staged(self._entries, False, self._is_hashed)
        self._staged.apply(diff)
        if not diff["more"]:
            self._complete(self._staged, Version(diff["epoch"], diff["to"]))
            self._skipped.update(applied["mutation"] for applied in diff["applied"])
            self._drop_pending(self._skipped)
        return True

    def _skip(self, diff: Wire) -> None:
        """Leaves out a diff that does not follow the copy. What it has comes with a full one."""
        self._skipped.update(applied["mutation"] for applied in diff["applied"])

    def _drop_pending(self, mutations: Set[int]) -> None:
        for mutation in mutations:
            self._pending.pop(mutation, None)
        mutations.clear()

    def _complete(self, staged: _Staged, version: Version) -> None:
        if staged.is_full:
            self._digests, self._sum = {}, 0
        for key, number in staged.digests.items():
            self._sum += number - self._digests.pop(key, 0)
            if number:
                self._digests[key] = number
        self._entries, self._staged, self.version = staged.entries, None, version
        self._was_full = staged.is_full

    @property
    def _hash(self) -> str:
        return f"{self._sum & MASK:016x}"

    def _break_off(self) -> None:
        """The connection is gone: parts of a diff and own changes get no more news."""
        self._staged = None
        self._skipped.clear()
        if self._pending:
            self._pending.clear()
            self._show()

    def _show(self) -> None:
        """Puts own changes on top and reports what is new."""
        sessions, panes = self._entries["sessions"], self._entries["panes"]
        if self._pending:
            changes = [change for changes in self._pending.values() for change in changes]
            sessions, panes = with_changes(sessions, panes, changes)
        self.sessions, self.panes = sessions, panes
        self.terminals, self.files = self._entries["terminals"], self._entries["files"]
        self._listeners.emit()
        self._changes.notify()

    def _raise_if_ended(self) -> None:
        if self._changes.is_ended:
            raise self._changes.error or Disconnected("closed", "the client is closed", retry=False)


class Subscription(Generic[T]):
    """An async iterator over what a selector gives. It ends when the client is closed."""

    def __init__(self, state: State, selector: Callable[[State], T]) -> None:
        self._state = state
        self._selector = selector
        self._last: Tuple[T, ...] = ()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        changes = self._state._changes
        while True:
            value = self._selector(self._state)
            if not self._last or (value is not self._last[0] and value != self._last[0]):
                self._last = (value,)
                return value
            if changes.is_ended:
                changes.raise_failure()
                raise StopAsyncIteration
            await changes.wait()
