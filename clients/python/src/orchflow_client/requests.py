"""Requests and their replies.

A request that nobody waits for any more (its coroutine was cancelled) leaves nothing behind: a search is
cancelled, and a terminal or a watch that is started all the same is ended again.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

from . import convert
from .errors import Conflict, Disconnected, OrchflowError
from .link import Link
from .state import State
from .types import Change, Pane, Session

Message = Dict[str, Any]
Undo = Callable[[Any], object]


class Requests:
    """What waits for a reply on the present connection."""

    def __init__(self) -> None:
        self.state = State()
        self._link: Optional[Link] = None
        # Requests, pings and mutations share their numbers: an error has just a number.
        self._ids = itertools.count(1)
        self._replies: Dict[int, Tuple[asyncio.Future[Any], Message]] = {}
        self._abandoned: Dict[int, Undo] = {}
        self._mutations: Dict[int, asyncio.Future[int]] = {}
        self._barriers: Dict[int, Callable[[], object]] = {}

    def _send(self, message: Message) -> None:
        """Sends now, or raises."""
        if self._link is None:
            raise Disconnected("disconnected", "there is no connection")
        try:
            self._link.send(message)
        except (ValueError, TypeError) as error:
            raise OrchflowError("invalid", str(error), message.get("terminal")) from error

    def _send_if_open(self, message: Message) -> None:
        """For what the client itself has to send, and what a new connection makes up for."""
        if self._link is not None:
            self._link.send(message, is_bounded=False)

    def _once_answered(self, then: Callable[[], object]) -> None:
        """Calls `then` once the server has replied to everything that was sent before."""
        number = next(self._ids)
        self._barriers[number] = then
        self._send_if_open({"type": "ping", "id": number})

    async def _request(self, message: Message, wanted: str, undo: Optional[Undo] = None) -> Any:
        """What the outcome with this name carries. `undo` gets it if nobody waits any more."""
        number = next(self._ids)
        message = {"type": message["type"], "id": number, **message}
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._send(message)
        link = self._link
        undone = None if undo is None else _undo(undo, wanted)
        self._replies[number] = reply, message
        try:
            return _carried(await reply, wanted)
        except asyncio.CancelledError:
            if self._link is link:
                self._abandon(number, message, reply, undone)
            raise
        finally:
            self._replies.pop(number, None)

    def _abandon(
        self, number: int, message: Message, reply: asyncio.Future[Any], undo: Optional[Undo]
    ) -> None:
        if reply.done() and not reply.cancelled():
            # The reply came in the same moment.
            if undo is not None and reply.exception() is None:
                undo(reply.result())
            return
        if message["type"] == "search":
            self._send_if_open({"type": "cancel", "id": number})
        if undo is not None:
            self._abandoned[number] = undo

    def _on_result(self, message: Message) -> None:
        number, outcome = message["id"], message["outcome"]
        undo = self._abandoned.pop(number, None)
        reply, request = self._replies.get(number, (None, {}))
        failure = outcome.get("failed") if isinstance(outcome, dict) else None
        if reply is None or reply.done():
            if undo is not None and failure is None:
                undo(outcome)
        elif failure is not None:
            reply.set_exception(_failed(failure, request.get("terminal")))
        else:
            reply.set_result(outcome)

    def _on_pong(self, message: Message) -> None:
        barrier = self._barriers.pop(message["id"], None)
        if barrier is not None:
            barrier()
            return
        reply, _ = self._replies.get(message["id"], (None, {}))
        if reply is not None and not reply.done():
            reply.set_result("pong")

    def _on_request_error(self, message: Message) -> bool:
        """An error that says which request it is of."""
        number = message["id"]
        self._abandoned.pop(number, None)
        reply, request = self._replies.get(number, (None, {}))
        waiting = reply or self._mutations.get(number)
        if waiting is None or waiting.done():
            return number in self.state._pending and self._drop_mutation(number)
        terminal = message["terminal"]
        terminal = request.get("terminal") if terminal is None else terminal
        waiting.set_exception(_failed(message, terminal))
        self._drop_mutation(number)
        return True

    def _drop_mutation(self, number: int) -> bool:
        if self.state._pending.pop(number, None) is not None:
            self.state._show()
        return True

    async def _change(self, changes: Sequence[Change]) -> int:
        number = next(self._ids)
        ops = [convert.change_to_wire(change) for change in changes]
        reply: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._send({"type": "change", "mutation": number, "ops": ops})
        self._mutations[number] = reply
        self.state._pending[number] = tuple(changes)
        self.state._show()
        try:
            return await reply
        finally:
            self._mutations.pop(number, None)

    def _on_applied(self, diff: Message) -> None:
        for applied in diff["applied"]:
            reply = self._mutations.get(applied["mutation"])
            if reply is not None and not reply.done():
                reply.set_result(applied["version"])

    def _on_rejected(self, message: Message) -> OrchflowError:
        session, pane = message["session"], message["pane"]
        error: OrchflowError = OrchflowError(_code(message), message["message"])
        if message["code"] == "conflict":
            current: Optional[Session] = None if session is None else convert.session(session)
            current_pane: Optional[Pane] = None if pane is None else convert.pane(pane)
            error = Conflict(message["message"], message["op"], current, current_pane)
        reply = self._mutations.get(message["mutation"])
        if reply is not None and not reply.done():
            reply.set_exception(error)
        self._drop_mutation(message["mutation"])
        return error

    def _fail_requests(self, error: Disconnected) -> None:
        """The connection is gone, and with it all replies."""
        waiting = [reply for reply, _ in self._replies.values()]
        for reply in [*waiting, *self._mutations.values()]:
            if not reply.done():
                reply.set_exception(error)
        self._abandoned.clear()
        self._barriers.clear()


def _undo(undo: Undo, wanted: str) -> Undo:
    return lambda outcome: undo(_carried(outcome, wanted))


def _carried(outcome: Any, wanted: str) -> Any:
    if outcome == wanted:
        return None
    if isinstance(outcome, dict) and wanted in outcome:
        return outcome[wanted]
    raise OrchflowError("protocol", f"a reply without {wanted}")


def _code(failure: Message) -> str:
    return failure["code"] if isinstance(failure["code"], str) else "system"


def _failed(failure: Message, terminal: Optional[int]) -> OrchflowError:
    return OrchflowError(_code(failure), failure["message"], terminal)
