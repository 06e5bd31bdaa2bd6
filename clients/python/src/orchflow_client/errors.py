"""What goes wrong, as exceptions."""

from __future__ import annotations

from typing import Optional, Tuple

from .types import Pane, Session


class OrchflowError(Exception):
    """A request that failed. `code` is one of docs/PROTOCOL.md ("Errors"), or of the class below."""

    def __init__(self, code: str, message: str, terminal: Optional[int] = None) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.terminal = terminal


class Conflict(OrchflowError):
    """A change whose `base` is no longer the version of the entry: nothing of it was applied."""

    def __init__(self, message: str, op: int, session: Optional[Session], pane: Optional[Pane]) -> None:
        super().__init__("conflict", message)
        self.op = op
        """The operation that conflicts, from 0."""
        self.session = session
        """The present entry, if the conflict is over a session that still exists."""
        self.pane = pane


class Disconnected(OrchflowError):
    """There is no connection, or it ended before the reply.

    | code | |
    |---|---|
    | `disconnected` | the connection broke, or could not be made |
    | `closed` | this client was closed, or the host closed the connection |
    | `shutdown` | the server shuts down |
    | `unauthorized` | the server does not accept the token, or no longer |
    | `refused` | the server does not accept the request for a connection |
    | `too_slow`, `full` | a limit of the server |
    | `schema` | the codec `bincode` of this client is that of another version |
    | `protocol` | one side sent what the other does not understand |
    """

    def __init__(self, code: str, message: str, close_code: Optional[int] = None, retry: bool = True) -> None:
        super().__init__(code, message)
        self.close_code = close_code
        """The code with which the server closed the connection."""
        self.retry = retry
        """Connecting again can help."""


CLOSE_CODES = {
    1000: ("closed", False),
    1001: ("shutdown", True),
    1002: ("protocol", False),
    1007: ("protocol", False),
    1009: ("protocol", False),
    4001: ("unauthorized", False),
    4002: ("disconnected", True),
    4003: ("protocol", False),
    4004: ("too_slow", True),
    4006: ("full", True),
    4007: ("schema", False),
}


def closed_with(close_code: Optional[int], reason: str) -> Disconnected:
    """The error for a connection that the server closed."""
    known: Tuple[str, bool] = ("disconnected", True)
    if close_code is not None:
        known = CLOSE_CODES.get(close_code, known)
    return Disconnected(known[0], reason or "the connection broke", close_code, known[1])
