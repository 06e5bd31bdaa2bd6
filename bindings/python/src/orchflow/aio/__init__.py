"""The engine in asyncio: its descriptor is one more reader of the event loop."""

from .engine import AsyncEngine, CommandResult
from .state import State, Subscription
from .streams import EventStream
from .terminal import AsyncTerminal, RawTerminal, ScreenTerminal
from .watch import AsyncWatch

__all__ = [
    "AsyncEngine",
    "AsyncTerminal",
    "AsyncWatch",
    "CommandResult",
    "EventStream",
    "RawTerminal",
    "ScreenTerminal",
    "State",
    "Subscription",
]
