"""What a client can ask the engine to do. Each coroutine raises `OrchflowError` if it fails."""

from __future__ import annotations

import asyncio
from typing import Callable, Iterable, List, Mapping, Optional, Sequence, Union, overload

from . import convert
from . import types as t
from .errors import Conflict, OrchflowError
from .protocol import input_frame
from .requests import Message, Requests, _failed
from .state import State

Make = Callable[[State], Iterable[t.Change]]

CHANGE_ATTEMPTS = 16
SLICE_MAX = 262_144
READ_ATTEMPTS, READ_AGAIN_SECONDS = 4, 0.05


class Watch:
    """A directory or a file that the engine watches for this client."""

    def __init__(self, path: str, number: int) -> None:
        self.path = path
        self.number: Optional[int] = number
        """Its number in `files`. It may be another one after a connection was made anew, and is
        `None` while the path is not watched."""


class Operations(Requests):
    """Requests as coroutines."""

    def __init__(self, collections: Sequence[t.Collection]) -> None:
        super().__init__()
        self._collections = list(collections)
        self._watches: List[Watch] = []
        self._orphans: List[int] = []
        self._making: Optional[asyncio.Lock] = None

    # Terminals

    async def spawn(
        self,
        profile: str,
        *,
        cwd: Optional[t.Path] = None,
        cols: int = 0,
        rows: int = 0,
    ) -> int:
        """Starts a program that the host has granted (`welcome.profiles`); gives its terminal."""
        message: Message = {
            "type": "spawn",
            "profile": profile,
            "cwd": None if cwd is None else convert.path_bytes(cwd),
            "cols": cols,
            "rows": rows,
        }

        def undo(outcome: Message) -> None:
            self._close_unwanted(outcome["terminal"])

        outcome = await self._request(message, "spawned", undo)
        return int(outcome["terminal"])

    async def batch(self, ops: Iterable[t.TerminalOp]) -> List[Optional[OrchflowError]]:
        """Operations in order; gives an error, or `None` for success, for each of them."""
        sent = list(ops)
        wire = [convert.op_to_wire(op) for op in sent]
        statuses = await self._request({"type": "batch", "ops": wire}, "statuses")
        if len(statuses) != len(sent):
            raise OrchflowError("protocol", "a reply with another number of statuses")
        return [
            None if failure is None else _failed(failure, op.terminal)
            for op, failure in zip(sent, statuses, strict=True)
        ]

    async def _one(self, op: t.TerminalOp) -> None:
        for error in await self.batch([op]):
            if error is not None:
                raise error

    def _close_unwanted(self, terminal: int) -> None:
        """Closes a terminal that nobody wants any more, on the next connection if there is none."""
        if self._link is None:
            self._orphans.append(terminal)
        else:
            ops = [convert.op_to_wire(t.Close(terminal))]
            self._send_if_open({"type": "batch", "id": next(self._ids), "ops": ops})

    async def input(self, terminal: int, data: Union[str, bytes]) -> None:
        """Types. Returns once the terminal has the input."""
        await self._one(t.Input(terminal, data))

    def input_nowait(self, terminal: int, data: Union[str, bytes]) -> None:
        """Types without a reply, as for each key. A failure is reported to `on("failure")`."""
        self._send_frame(input_frame(terminal, convert.typed_bytes(data)))

    async def paste(self, terminal: int, text: Union[str, bytes]) -> None:
        """Types text as pasted: without control characters, in brackets if the program wants them."""
        await self._one(t.Paste(terminal, text))

    async def resize(self, terminal: int, cols: int, rows: int) -> None:
        """Reports the grid of an attached terminal; gives another terminal this size."""
        await self._one(t.Resize(terminal, cols, rows))

    async def interrupt(self, terminal: int) -> None:
        """Types the interrupt character, usually Ctrl-C."""
        await self._one(t.Interrupt(terminal))

    async def eof(self, terminal: int) -> None:
        """Ends the input, usually with Ctrl-D."""
        await self._one(t.Eof(terminal))

    async def signal(self, terminal: int, signal: int) -> None:
        """Sends a signal to the foreground process group."""
        await self._one(t.Signal(terminal, signal))

    async def clear(self, terminal: int) -> None:
        """Drops the scrollback and the rows above the cursor."""
        await self._one(t.Clear(terminal))

    async def close_terminal(self, terminal: int, grace_ms: int = 1000) -> None:
        """Hangs up; what has not ended after `grace_ms` is killed."""
        await self._one(t.Close(terminal, grace_ms))

    async def search(
        self,
        terminal: int,
        pattern: str,
        *,
        regex: bool = False,
        ignore_case: bool = False,
        max: int = 0,
    ) -> t.Matches:
        """Searches the screen and the scrollback. Cancelling the coroutine ends the search."""
        message: Message = {
            "type": "search",
            "terminal": terminal,
            "pattern": pattern,
            "regex": regex,
            "ignore_case": ignore_case,
            "max": max,
        }
        return convert.matches(await self._request(message, "found"))

    async def rows(
        self,
        terminal: int,
        *,
        start: Optional[t.Place] = None,
        above: int = 0,
        max: int = 1000,
    ) -> t.Rows:
        """Rows of the scrollback and the screen, from `start` (or the top of the screen) on."""
        place = None if start is None else {"line": start.line, "col": start.col}
        message = {"type": "rows", "terminal": terminal, "from": place, "above": above, "max": max}
        return convert.rows(await self._request(message, "rows"))

    async def query(self, terminal: int) -> t.TerminalDetail:
        """Details of a terminal: its foreground program, its offsets, how long it has been quiet."""
        message: Message = {"type": "query", "terminal": terminal}
        return convert.detail(await self._request(message, "terminal"))

    # The state

    @overload
    async def change(self, *changes: t.Change) -> int: ...

    @overload
    async def change(self, changes: Make, /) -> int: ...

    async def change(self, *changes: Union[t.Change, Make]) -> int:
        """Applies all of these changes or none; gives the version that they made.

        The state shows them at once, and no longer if they are rejected. A cancelled change is not
        undone. Instead of changes it may be a function that makes them from the state: it is called
        again when they conflict with what somebody else has done meanwhile. Such functions run one
        after the other, since each has to see what the one before has led to.
        """
        fixed = [one for one in changes if not callable(one)]
        makes = [one for one in changes if callable(one)]
        if not makes:
            return await self._change(fixed)
        if self._making is None:
            self._making = asyncio.Lock()
        async with self._making:
            return await self._make(makes[0])

    async def _make(self, make: Make) -> int:
        for _ in range(CHANGE_ATTEMPTS):
            made = list(make(self.state))
            try:
                return await self._change(made)
            except Conflict as error:
                conflict = error
                await self._caught_up(made, error)
        raise conflict

    async def _caught_up(self, made: List[t.Change], conflict: Conflict) -> None:
        """Waits until the state has the entry with which a change conflicts."""
        change = made[conflict.op]
        is_session = isinstance(change, (t.PutSession, t.RemoveSession))
        current = conflict.session if is_session else conflict.pane

        def is_known(state: State) -> bool:
            entries: Mapping[str, Union[t.Session, t.Pane]]
            entries = state.sessions if is_session else state.panes
            entry = entries.get(change.id)
            if current is None or entry is None:
                return current is entry
            return entry.version >= current.version

        if ("sessions" if is_session else "panes") not in self._collections:
            raise conflict
        await self.state.wait_for(is_known)

    # Files

    async def watch(self, path: t.Path) -> Watch:
        """Has the engine list what is below a path, in the collection `files`.

        A new connection watches the path again.
        """
        data = convert.path_bytes(path)

        def undo(outcome: Message) -> None:
            self._unwatch_unshared(outcome["watch"])

        outcome = await self._request({"type": "watch", "path": data}, "watching", undo)
        watch = Watch(convert.path_text(data), outcome["watch"])
        self._watches.append(watch)
        return watch

    async def unwatch(self, watch: Watch) -> None:
        """Ends a watch, unless another `Watch` of this client is of the same path."""
        if watch not in self._watches:
            raise OrchflowError("not_found", "no such watch")
        self._watches.remove(watch)
        number, watch.number = watch.number, None
        if number is not None and not self._is_watched(number):
            await self._request({"type": "unwatch", "watch": number}, "done")

    def _is_watched(self, number: int) -> bool:
        return any(watch.number == number for watch in self._watches)

    def _unwatch_unshared(self, number: int) -> None:
        """Ends a watch that nobody wants any more, unless a `Watch` of this client has the same number."""
        if not self._is_watched(number):
            self._send_if_open({"type": "unwatch", "id": next(self._ids), "watch": number})

    async def _watch_again(self) -> List[OrchflowError]:
        """The server has ended the watches of the connection before."""
        errors = []
        for watch in list(self._watches):
            watch.number = None
        for watch in list(self._watches):
            if watch not in self._watches:
                continue
            message = {"type": "watch", "path": convert.path_bytes(watch.path)}
            try:
                outcome = await self._request(message, "watching")
            except OrchflowError as error:
                errors.append(error)
                continue
            if watch in self._watches:
                watch.number = outcome["watch"]
            else:
                self._unwatch_unshared(outcome["watch"])
        # Files may have come before the number by which selectors find them.
        self.state._show()
        return errors

    async def read(
        self,
        path: t.Path,
        *,
        offset: int = 0,
        max: int = 0,
        base: Optional[t.FileVersion] = None,
    ) -> t.Slice:
        """A slice of a file. `base` is the version of an earlier slice, to learn of a change."""
        message: Message = {
            "type": "read",
            "path": convert.path_bytes(path),
            "offset": offset,
            "max": max,
            "base": None if base is None else convert.file_version_to_wire(base),
        }
        return convert.file_slice(await self._request(message, "slice"))

    async def read_file(self, path: t.Path, *, limit: int = 16 << 20) -> t.FileData:
        """The bytes of a file, at most `limit`. Begins anew if the file changes meanwhile."""
        for attempt in range(READ_ATTEMPTS):
            await asyncio.sleep(READ_AGAIN_SECONDS * attempt)
            whole = await self._read_whole(path, limit)
            if whole is not None:
                return whole
        raise OrchflowError("conflict", "the file changes while it is read")

    async def _read_whole(self, path: t.Path, limit: int) -> Optional[t.FileData]:
        """A file slice by slice; `None` if it has changed meanwhile."""
        # Also without bytes to read there is a version, and an end or none.
        first = await self.read(path, max=max(1, min(SLICE_MAX, limit)))
        data, is_end = bytearray(first.data), first.end
        while not is_end and len(data) < limit:
            most = min(SLICE_MAX, limit - len(data))
            part = await self.read(path, offset=len(data), max=most, base=first.version)
            if part.changed:
                return None
            if not part.data and not part.end:
                raise OrchflowError("system", "the server sends no more of the file")
            data += part.data
            is_end = part.end
        return t.FileData(bytes(data[:limit]), first.version, not is_end or len(data) > limit)

    # The connection

    async def stats(self) -> t.Stats:
        """Figures of the engine."""
        return t.Stats(**await self._request({"type": "stats"}, "stats"))

    async def ping(self) -> float:
        """The time of a round trip to the engine, in seconds."""
        loop = asyncio.get_running_loop()
        sent = loop.time()
        await self._request({"type": "ping"}, "pong")
        return loop.time() - sent

    def _send_frame(self, frame: bytes) -> None:
        raise NotImplementedError
