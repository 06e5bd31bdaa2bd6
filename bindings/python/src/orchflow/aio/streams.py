"""Listeners, and values to wait for. Nothing here queues without a bound."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, TypeVar

from ..errors import OrchflowError

T = TypeVar("T")
E = TypeVar("E")
Off = Callable[[], None]


def call(listener: Callable[..., object], *arguments: Any) -> None:
    """Calls a listener. What it raises goes to the event loop's handler, not to the engine."""
    try:
        listener(*arguments)
    except Exception as error:
        context = {"message": f"a listener of orchflow: {listener!r}", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)


class Listeners:
    """Listeners by the class of the event, in the order in which they came."""

    def __init__(self) -> None:
        self._listeners: dict[object, tuple[type[Any], Callable[[Any], object]]] = {}

    def add(self, kind: type[E], listener: Callable[[E], object]) -> Off:
        """Gives a function that removes the listener again."""
        key = object()
        self._listeners[key] = (kind, listener)

        def off() -> None:
            self._listeners.pop(key, None)

        return off

    def emit(self, event: object) -> None:
        if not self._listeners:
            return
        for key, (kind, listener) in list(self._listeners.items()):
            if key in self._listeners and isinstance(event, kind):
                call(listener, event)


class Changes:
    """Wakes those that wait for a change; after the end they get its error, or none."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []
        self.is_ended = False
        self.error: OrchflowError | None = None

    async def wait(self) -> None:
        """Until the next change or the end."""
        if self.is_ended:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
        finally:
            if future in self._waiting:
                self._waiting.remove(future)

    def notify(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def end(self, error: OrchflowError | None = None) -> None:
        """Only the first end counts."""
        if not self.is_ended:
            self.is_ended, self.error = True, error
            self.notify()

    def raise_failure(self) -> None:
        if self.error is not None:
            raise self.error


class EventStream(Generic[T]):
    """An async iterator over events from now on. It keeps the newest that nobody took, and counts the rest.

    It ends with `close` or with the engine.
    """

    def __init__(self, ends: Changes, keep: int) -> None:
        self._ends = ends
        self._items: deque[T] = deque(maxlen=keep)
        self._off: Off | None = None
        self._is_closed = False
        self.dropped = 0
        """Events that were dropped because nobody took them in time."""

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self._is_closed or self._ends.is_ended:
                self._ends.raise_failure()
                raise StopAsyncIteration
            await self._ends.wait()
        return self._items.popleft()

    def close(self) -> None:
        """Ends the iteration, after what has come."""
        self._is_closed = True
        if self._off is not None:
            self._off()
        self._ends.notify()

    def _put(self, item: T) -> None:
        self.dropped += len(self._items) == self._items.maxlen
        self._items.append(item)
        self._ends.notify()
