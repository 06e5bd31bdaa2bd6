"""Listeners, and values to wait for. Nothing here queues without a bound."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from typing import Any, AsyncIterator, Callable, Deque, Dict, Generic, List, Optional, TypeVar

from .errors import OrchflowError

T = TypeVar("T")
Listener = Callable[..., object]


def call(listener: Listener, *arguments: Any) -> None:
    """Calls a listener. What it raises goes to the event loop's handler, not to the connection."""
    try:
        listener(*arguments)
    except Exception as error:
        context = {"message": f"a listener of orchflow_client: {listener!r}", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)


class Listeners:
    """Listeners in the order in which they came."""

    def __init__(self) -> None:
        self._listeners: Dict[object, Listener] = {}

    def add(self, listener: Listener) -> Callable[[], None]:
        """Gives a function that removes the listener again."""
        key = object()
        self._listeners[key] = listener
        return lambda: void(self._listeners.pop(key, None))

    def emit(self, *arguments: Any) -> None:
        for key, listener in list(self._listeners.items()):
            if key in self._listeners:
                call(listener, *arguments)


def void(_: object) -> None:
    """For lambdas that give nothing."""


class Changes:
    """Wakes those that wait for a change; after the end they get its error, or none."""

    def __init__(self) -> None:
        self._waiting: List[asyncio.Future[None]] = []
        self.is_ended = False
        self.error: Optional[OrchflowError] = None

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

    def end(self, error: Optional[OrchflowError] = None) -> None:
        self.is_ended = True
        self.error = error
        self.notify()

    def raise_failure(self) -> None:
        """For iterators: they just end when the client is closed, and raise any other end."""
        if self.error is not None and self.error.code != "closed":
            raise self.error

    def reopen(self) -> None:
        self.is_ended = False
        self.error = None


class Stream(Generic[T]):
    """An async iterator over what comes from now on. Of what nobody takes it keeps the newest.

    It ends when the client is closed; a failure of the connection that is final is raised. A stream that
    nobody has any more is no listener any more, so leaving its loop is enough.
    """

    def __init__(self, ends: Changes, keep: int) -> None:
        self._changes = ends
        self._items: Deque[T] = deque(maxlen=keep)
        self._stop: Optional[Callable[[], None]] = None
        self._is_closed = False

    def start(self, listeners: Listeners) -> Stream[T]:
        put = weakref.WeakMethod(self._put)

        def pass_on(item: T) -> None:
            if (alive := put()) is not None:
                alive(item)

        self._stop = listeners.add(pass_on)
        weakref.finalize(self, self._stop).atexit = False
        return self

    def _put(self, item: T) -> None:
        self._items.append(item)
        self._changes.notify()

    def close(self) -> None:
        """Ends the iteration."""
        self._is_closed = True
        if self._stop is not None:
            self._stop()
        self._changes.notify()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self._is_closed:
                raise StopAsyncIteration
            if self._changes.is_ended:
                self.close()
                self._changes.raise_failure()
                raise StopAsyncIteration
            await self._changes.wait()
        return self._items.popleft()
