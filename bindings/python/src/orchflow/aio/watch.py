"""A watch in asyncio: changes as an async iterator, and points in time up to which all is reported."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from ..errors import OrchflowError, StaleId
from ..events import Batch, WatchEvent, WatchReady, WatchSynced
from ..types import Version
from ..watch import WatchHandle
from .streams import Changes, Listeners, Off

if TYPE_CHECKING:
    from .engine import AsyncEngine

E = TypeVar("E")
KEPT_EVENTS = 65_536
"""File events that wait to be taken. With more, the oldest batches go, and the next one says `missed`."""


class AsyncWatch(WatchHandle):
    """A watch of an `AsyncEngine`. With `async with`, it is ready at the beginning and removed at the end.

    `async for batch in watch` gives the batches from the moment at which the watch was made. Whoever falls
    behind by more than 65,536 events loses the oldest batches; the next one has `missed` set, and `tree()`
    gives what is there.
    """

    def __init__(self, engine: AsyncEngine, id: int) -> None:
        super().__init__(engine, id)
        self._engine = engine
        self._batches: deque[Batch] = deque()
        self._waiting = 0
        self._is_missed = False
        self._is_ready = False
        self._is_removed = False
        self._tags = count(1)
        self._synced: dict[int, Version] = {}
        self._changes = Changes()
        self._listeners = Listeners()

    async def __aenter__(self) -> AsyncWatch:
        try:
            await self.ready()
        except BaseException:
            self.remove()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self._is_removed and not self._core.is_closed:
            self.remove()

    async def ready(self) -> None:
        """Until the tree has been read for the first time."""
        while not self._is_ready:
            self._raise_if_ended()
            await self._changes.wait()

    async def sync(self) -> Version:
        """Until everything that has happened to the files so far is reported; gives the tree's version."""
        tag = next(self._tags)
        self.request_sync(tag)
        while tag not in self._synced:
            self._raise_if_ended()
            await self._changes.wait()
        return self._synced.pop(tag)

    def __aiter__(self) -> AsyncIterator[Batch]:
        return self

    async def __anext__(self) -> Batch:
        """The next batch. The iteration ends when the watch is removed."""
        while not self._batches:
            if self._changes.is_ended:
                self._changes.raise_failure()
                raise StopAsyncIteration
            await self._changes.wait()
        batch = self._batches.popleft()
        self._waiting -= len(batch.events)
        if self._is_missed:
            self._is_missed = False
            return replace(batch, missed=True)
        return batch

    def on(self, kind: type[E], listener: Callable[[E], object]) -> Off:
        """Calls `listener` with each event of a class, such as `WatchWarning`."""
        return self._listeners.add(kind, listener)

    def remove(self) -> None:
        """Ends the watch and its iterations."""
        self._is_removed = True
        self._engine._forget_watch(self.id)
        super().remove()
        self._changes.end()

    def _on_event(self, event: WatchEvent) -> None:
        if isinstance(event, WatchReady):
            self._is_ready = True
        elif isinstance(event, WatchSynced):
            self._synced[event.sync_tag] = event.version
        elif isinstance(event, Batch):
            self._batches.append(event)
            self._waiting += len(event.events)
            while self._waiting > KEPT_EVENTS and len(self._batches) > 1:
                self._waiting -= len(self._batches.popleft().events)
                self._is_missed = True
        self._changes.notify()
        self._listeners.emit(event)

    def _raise_if_ended(self) -> None:
        if self._changes.is_ended:
            raise self._changes.error or StaleId("stale_id", "the watch was removed")

    def _finish(self, error: OrchflowError | None) -> None:
        """The engine is gone."""
        self._changes.end(error)
