"""The application state in asyncio: a copy that is brought up to date after each turn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar, overload

from ..core import Core
from ..errors import Gone
from ..state import StateCopy
from .streams import Changes, Listeners, call

T = TypeVar("T")
Unsubscribe = Callable[[], None]


class _Shown:
    """The event of the listeners of a state."""


SHOWN = _Shown()


class State(StateCopy):
    """The state of an `AsyncEngine`. Do not change its maps: `AsyncEngine.change` changes the state."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._listeners = Listeners()
        self._changes = Changes()

    @overload
    def subscribe(self, selector: Callable[[State], T]) -> Subscription[T]: ...

    @overload
    def subscribe(
        self, selector: Callable[[State], T], listener: Callable[[T, T], object]
    ) -> Unsubscribe: ...

    def subscribe(
        self,
        selector: Callable[[State], T],
        listener: Callable[[T, T], object] | None = None,
    ) -> Subscription[T] | Unsubscribe:
        """Follows what `selector` gives.

        Without a listener: an async iterator over the present value and then each value that
        differs from the one before; values that nobody has taken in time are skipped. With a
        listener: it is called with the new and the old value; call what this returns to stop.
        """
        if listener is None:
            return Subscription(self, selector)
        last = selector(self)

        def look(_: _Shown) -> None:
            nonlocal last
            value, before = selector(self), last
            if value is not before and value != before:
                last = value
                call(listener, value, before)

        return self._listeners.add(_Shown, look)

    async def wait_for(self, predicate: Callable[[State], T | None]) -> T:
        """Waits until `predicate` gives something true, and gives that."""
        while True:
            value = predicate(self)
            if value:
                return value
            if self._changes.is_ended:
                raise self._changes.error or Gone("gone", "the engine is closed")
            await self._changes.wait()

    def _look(self) -> None:
        """Brings the copy up to date and reports what is new."""
        if self.refresh():
            self._listeners.emit(SHOWN)
            self._changes.notify()


class Subscription(Generic[T]):
    """An async iterator over what a selector gives. It ends when the engine is closed."""

    def __init__(self, state: State, selector: Callable[[State], T]) -> None:
        self._state = state
        self._selector = selector
        self._last: tuple[T, ...] = ()

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
