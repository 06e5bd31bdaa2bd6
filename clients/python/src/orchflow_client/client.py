"""The client: connects, connects again, and hands each message to what it is for."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import replace
from typing import (
    Any,
    Callable,
    ClassVar,
    Dict,
    Generator,
    Iterable,
    List,
    Literal,
    Optional,
    Sequence,
    TypeVar,
    Union,
    get_args,
    overload,
)

from . import convert
from .address import parse
from .attachments import Attachment
from .errors import Disconnected, OrchflowError
from .events import Changes, Listeners, Stream
from .link import Link, LinkOptions, within
from .operations import Operations
from .protocol import Codec, Output
from .raw import RawMode, RawTerminal, Start
from .requests import Message, _failed
from .run import CommandResult, run_command
from .screen import ScreenTerminal
from .state import State
from .types import (
    Collection,
    Figures,
    Health,
    LagWarning,
    Notice,
    NoticeKind,
    Scope,
    Status,
    Welcome,
)

T = TypeVar("T")
Off = Callable[[], None]

ALL: Sequence[Collection] = ("sessions", "panes", "terminals", "files")
WAIT_FIRST, WAIT_MOST = 0.5, 30.0
STEADY_SECONDS = 5.0
"""A connection that has lasted so long was a good one: waiting times begin anew after it."""
NOTICES_KEPT = 256
PROTOCOL = 1


class Client(Operations):
    """A client of one server. Make it with `connect`."""

    def __init__(
        self,
        options: LinkOptions,
        name: str,
        collections: Sequence[Collection],
        notices: Sequence[NoticeKind],
        reconnect: bool,
        check_hash: bool,
    ) -> None:
        super().__init__(collections)
        self.status: Status = "idle"
        self.welcome: Optional[Welcome] = None
        """What the server of the newest connection has said."""
        self.last_error: Optional[Disconnected] = None
        self.retry_at: Optional[float] = None
        """When the next attempt to connect begins, in the time of the event loop."""
        self._options = options
        self._name = name
        self._copied: Optional[List[Collection]] = None
        self._notices = list(notices)
        self._observed: Optional[Message] = None
        self._reconnect = reconnect
        self.state._is_hashed = check_hash
        self._is_asking_for_all = False
        self._attachments: Dict[int, Attachment] = {}
        self._detaching: Dict[int, int] = {}
        self._listeners: Dict[str, Listeners] = {}
        self._ends = Changes()
        # From the first attempt to connect to the end for good.
        self._supervisor: Optional[asyncio.Task[None]] = None
        self._closing: Optional[asyncio.Task[None]] = None
        self._rewatch: Optional[asyncio.Task[None]] = None
        self._retry: Optional[asyncio.Event] = None

    # Connecting and closing

    def __await__(self) -> Generator[Any, None, Client]:
        return self._connected().__await__()

    async def __aenter__(self) -> Client:
        return await self._connected()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _connected(self) -> Client:
        await self.connect()
        return self

    async def connect(self) -> Welcome:
        """Connects and gets the state, or raises `Disconnected`.

        A connection that breaks later is made anew.
        """
        if self._supervisor is not None:
            raise OrchflowError("invalid", "the client is connected already")
        self._ends.reopen()
        self.state._changes.reopen()
        self._set_status("connecting")
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[Welcome] = loop.create_future()
        self._supervisor = loop.create_task(self._run(opened))
        try:
            welcome = await opened
            if self._collections and "observe" in welcome.scopes:
                await self._first_state()
        except BaseException:
            await self.close()
            raise
        return welcome

    async def _first_state(self) -> None:
        seconds = self._options.open_timeout
        try:
            await within(seconds, self.state.wait_for(lambda _: self._copied is not None))
        except asyncio.TimeoutError as error:
            raise Disconnected("disconnected", "no state in time") from error

    async def close(self) -> None:
        """Closes the connection for good, after everything is sent.

        It may be called at any time, also while the client connects, and goes on if the caller is cancelled.
        """
        if self._supervisor is None:
            return
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close(self._supervisor))
        await asyncio.shield(self._closing)

    async def _close(self, supervisor: asyncio.Task[None]) -> None:
        try:
            if self._link is not None:
                # Meanwhile messages are read: the server reads on only while its replies are.
                await self._link.flush()
        finally:
            supervisor.cancel()
            await asyncio.wait([supervisor])
            self._closing = None

    def retry_now(self) -> None:
        """Does not wait any longer for the next attempt to connect."""
        if self._retry is not None:
            self._retry.set()

    def set_token(self, token: str) -> None:
        """The token for connections from now on."""
        self._options = replace(self._options, token=token)
        self.retry_now()

    async def _run(self, opened: asyncio.Future[Welcome]) -> None:
        """All connections, one after the other. `opened` gets the outcome of the first attempt."""
        error = Disconnected("closed", "the client was closed", retry=False)
        failure: Exception = error
        try:
            error = failure = await self._supervise(opened)
        except Disconnected as failed:
            error = failure = failed
        except Exception as failed:
            # As a name that no message can have: no attempt would succeed.
            error = Disconnected("protocol", f"{type(failed).__name__}: {failed}", retry=False)
            error.__cause__ = failure = failed
        finally:
            self._supervisor = None
            self._finish(error)
            if not opened.done():
                opened.set_exception(failure)

    async def _supervise(self, opened: asyncio.Future[Welcome]) -> Disconnected:
        """Connects again until the end for good; gives its reason."""
        loop = asyncio.get_running_loop()
        link: Optional[Link] = await self._open()
        assert self.welcome is not None
        if not opened.done():
            opened.set_result(self.welcome)
        attempt, error = 0, Disconnected("disconnected", "")
        while True:
            if link is not None:
                since = loop.time()
                error = await self._serve(link)
                if loop.time() - since >= STEADY_SECONDS:
                    attempt = 0
            self.last_error = error
            if not (error.retry and self._reconnect):
                return error
            await self._wait(min(WAIT_FIRST * 2 ** min(attempt, 10), WAIT_MOST) * random.random())
            attempt += 1
            self._set_status("connecting")
            try:
                link = await self._open()
            except Disconnected as failed:
                link, error = None, failed

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._retry = asyncio.Event()
        self.retry_at = loop.time() + seconds
        self._set_status("waiting")
        timer = loop.call_later(seconds, self._retry.set)
        try:
            await self._retry.wait()
        finally:
            timer.cancel()
            self._retry = self.retry_at = None

    async def _open(self) -> Link:
        """Connects and exchanges `hello` and `welcome`."""
        seconds = self._options.open_timeout
        link = await Link.open(self._options)
        try:
            link.send(self._hello())
            message = await within(seconds, link.receive())
            if isinstance(message, Output) or message["type"] != "welcome":
                raise Disconnected("protocol", "no welcome", retry=False)
            if message["protocol"] != PROTOCOL:
                text = f"the server speaks version {message['protocol']} of the protocol"
                raise Disconnected("protocol", text, retry=False)
        except asyncio.TimeoutError as error:
            await link.close()
            raise Disconnected("disconnected", "no welcome in time") from error
        except BaseException:
            await link.close()
            raise
        self._on_welcome(link, convert.welcome(message))
        return link

    def _hello(self) -> Message:
        version, resume = self.state.version, None
        if version is not None and self._copied == self._collections:
            resume = {"epoch": version.epoch, "n": version.n}
        return {
            "type": "hello",
            "client": self._name,
            "resume": resume,
            "collections": self._collections,
            "compress": self._options.compress,
            "notices": self._notices,
        }

    def _on_welcome(self, link: Link, welcome: Welcome) -> None:
        before, self.welcome = self.welcome, welcome
        self._link = link
        self._is_asking_for_all = False
        self._detaching.clear()
        if not welcome.resumed:
            # The copy is that of an earlier time until the full diff has come.
            self._copied = None
        if before is not None and before.version.epoch != welcome.version.epoch:
            # The engine has started anew: the same numbers name other terminals.
            for attachment in self._attachments.values():
                attachment._detached()
            self._attachments.clear()
            self._orphans.clear()
        for attachment in self._attachments.values():
            self._send_if_open(attachment._on_connected())
        orphans, self._orphans = self._orphans, []
        for terminal in orphans:
            self._close_unwanted(terminal)
        if self._observed is not None:
            self._send_if_open(self._observed)
        if self._watches:
            self._rewatch = asyncio.get_running_loop().create_task(self._restore_watches())
        self._set_status("open")

    async def _restore_watches(self) -> None:
        for error in await self._watch_again():
            self._emit("failure", error)

    async def _serve(self, link: Link) -> Disconnected:
        """Reads until the end of the connection; gives the reason."""
        try:
            while True:
                self._dispatch(await link.receive())
        except Disconnected as error:
            reason = error
        except Exception as error:
            # The message has the right form and makes no sense. Whatever it was, nobody may wait for
            # a connection that nobody reads.
            reason = Disconnected("protocol", f"{type(error).__name__}: {error}", retry=False)
            reason.__cause__ = error
        finally:
            self._link = None
            if self._rewatch is not None:
                self._rewatch.cancel()
            with contextlib.suppress(Disconnected):
                await link.close()
        self._disconnected(reason)
        return reason

    def _disconnected(self, error: Disconnected) -> None:
        self._fail_requests(error)
        self.state._break_off()

    def _finish(self, error: Disconnected) -> None:
        """There will be no other connection."""
        self._disconnected(error)
        self.last_error = error
        for attachment in list(self._attachments.values()):
            attachment._detached(error)
        self._attachments.clear()
        self._set_status("closed")
        self.state._changes.end(error)
        self._ends.end(error)

    def _set_status(self, status: Status) -> None:
        if status != self.status:
            self.status = status
            self._emit("status", status)

    # Messages

    def _dispatch(self, message: Union[Message, Output]) -> None:
        if isinstance(message, Output):
            attachment = self._attachment(message.terminal)
            if isinstance(attachment, RawTerminal):
                attachment._on_output(message)
            return
        handler = self._HANDLERS.get(message["type"])
        if handler is None:
            raise ValueError(f"{message['type']} after welcome")
        handler(self, message)

    def _attachment(self, terminal: int) -> Optional[Attachment]:
        """Whose messages come now: those of one that is being detached are nobody's."""
        return None if terminal in self._detaching else self._attachments.get(terminal)

    def _on_diff(self, diff: Message) -> None:
        is_of_a_hole = self._is_asking_for_all and not diff["full"] and self.state._staged is None
        if is_of_a_hole or not self.state._apply(diff):
            self.state._skip(diff)
            self._on_applied(diff)
            self._acknowledge(diff)
            if not is_of_a_hole:
                self._ask_for_all()
            return
        if diff["more"]:
            return
        self._acknowledge(diff)
        self._on_applied(diff)
        wrong = self.state._is_hashed and diff["hash"] not in (None, self.state._hash)
        if self.state._was_full:
            self._is_asking_for_all = False
            self._copied = list(self._collections)
        if wrong and self.state._was_full:
            self.state._is_hashed = False
            self._emit("failure", OrchflowError("protocol", "the hash of the state differs"))
        elif wrong:
            self._ask_for_all()
        self.state._show()

    def _acknowledge(self, diff: Message) -> None:
        if not diff["more"]:
            self._send_if_open({"type": "ack", "version": diff["to"]})

    def _ask_for_all(self) -> None:
        self._is_asking_for_all = True
        self._send_if_open({"type": "snapshot"})

    def _on_rejected_change(self, message: Message) -> None:
        self._emit("rejected", self._on_rejected(message))

    def _on_attached(self, message: Message) -> None:
        attachment = self._attachment(message["terminal"])
        if attachment is not None:
            attachment._on_attached(message)

    def _on_detached(self, message: Message) -> None:
        terminal = message["terminal"]
        if message["reason"] == "asked":
            left = self._detaching.get(terminal, 0) - 1
            if left > 0:
                self._detaching[terminal] = left
            else:
                self._detaching.pop(terminal, None)
            return
        attachment = self._attachment(terminal)
        if attachment is not None:
            del self._attachments[terminal]
            attachment._detached()

    def _on_gap(self, message: Message) -> None:
        attachment = self._attachment(message["terminal"])
        if isinstance(attachment, RawTerminal):
            attachment._on_gap(message)

    def _on_snapshot(self, message: Message) -> None:
        attachment = self._attachment(message["terminal"])
        if isinstance(attachment, RawTerminal):
            attachment._on_snapshot(message)

    def _on_screen(self, message: Message) -> None:
        attachment = self._attachment(message["terminal"])
        if isinstance(attachment, ScreenTerminal):
            attachment._on_screen(message)

    def _on_ended(self, message: Message) -> None:
        attachment = self._attachment(message["terminal"])
        if attachment is not None:
            attachment._on_ended(message)

    def _on_error(self, message: Message) -> None:
        if message["id"] is not None and self._on_request_error(message):
            return
        terminal = message["terminal"]
        error = _failed(message, terminal)
        attachment = None if terminal is None else self._attachment(terminal)
        if message["id"] is not None or attachment is None or attachment.status != "attaching":
            self._emit("failure", error)
            return
        # It is of the `attach`, or of what was typed before that. Then the reply to the `attach` still comes.
        self._once_answered(lambda: self._on_late_error(attachment, error))

    def _on_late_error(self, attachment: Attachment, error: OrchflowError) -> None:
        is_current = self._attachments.get(attachment.terminal) is attachment
        if is_current and attachment.status == "attaching":
            del self._attachments[attachment.terminal]
            attachment._detached(error)
        else:
            self._emit("failure", error)

    def _on_notice(self, message: Message) -> None:
        notice = convert.notice(message)
        if notice is not None:
            self._emit("notice", notice)

    def _on_figures(self, message: Message) -> None:
        self._emit("figures", convert.figures(message))

    def _on_health(self, message: Message) -> None:
        self._emit("health", convert.health(message))

    def _on_lag_warning(self, message: Message) -> None:
        self._emit("lag", LagWarning(message["terminal"], message["remaining_ms"]))

    _HANDLERS: ClassVar[Dict[str, Callable[[Client, Message], None]]] = {
        "diff": _on_diff,
        "rejected": _on_rejected_change,
        "attached": _on_attached,
        "detached": _on_detached,
        "gap": _on_gap,
        "terminal_snapshot": _on_snapshot,
        "screen": _on_screen,
        "ended": _on_ended,
        "result": Operations._on_result,
        "error": _on_error,
        "pong": Operations._on_pong,
        "lag_warning": _on_lag_warning,
        "notice": _on_notice,
        "figures": _on_figures,
        "health": _on_health,
    }

    # Events

    @overload
    def on(self, event: Literal["status"], listener: Callable[[Status], object]) -> Off: ...

    @overload
    def on(self, event: Literal["notice"], listener: Callable[[Notice], object]) -> Off: ...

    @overload
    def on(self, event: Literal["figures"], listener: Callable[[Figures], object]) -> Off: ...

    @overload
    def on(self, event: Literal["health"], listener: Callable[[Health], object]) -> Off: ...

    @overload
    def on(self, event: Literal["lag"], listener: Callable[[LagWarning], object]) -> Off: ...

    @overload
    def on(
        self, event: Literal["failure", "rejected"], listener: Callable[[OrchflowError], object]
    ) -> Off: ...

    def on(self, event: str, listener: Callable[..., object]) -> Off:
        """Calls `listener` for each event; call what this returns to stop.

        `status` has the new status; `notice` a `Notice`; `failure` what failed without anybody who
        waits for it; `rejected` a change that was rejected, also to whoever made it; `lag` a terminal
        whose program waits for this client; `figures` and `health` what `observe` asked for.
        """
        return self._listeners.setdefault(event, Listeners()).add(listener)

    def _emit(self, event: str, argument: object) -> None:
        listeners = self._listeners.get(event)
        if listeners is not None:
            listeners.emit(argument)

    def notices(self) -> Stream[Notice]:
        """An async iterator over the notices that come from now on. It keeps the newest 256.

        It ends with `close()`, or when nobody has it any more.
        """
        listeners = self._listeners.setdefault("notice", Listeners())
        return Stream[Notice](self._ends, NOTICES_KEPT).start(listeners)

    async def set_notices(self, kinds: Iterable[NoticeKind]) -> None:
        """Which notices come from now on; without a connection, from the next one on."""
        wanted = _known(kinds, NoticeKind)
        if self._link is not None:
            self._require("observe")
            if "clipboard" in wanted:
                self._require("clipboard")
            self._send({"type": "notices", "kinds": wanted})
        self._notices = wanted

    async def observe(self, *, figures_ms: int = 0, health: bool = False) -> None:
        """Asks for the event `figures` each so many milliseconds (250 to 60,000; 0: never), and for `health`
        at once and when it changes. It takes the place of an earlier call, and holds after a reconnect.
        """
        if not 0 <= figures_ms <= 60_000:
            raise ValueError("figures_ms is a number from 0 to 60,000")
        message = {"type": "observe", "figures_ms": int(figures_ms), "health": bool(health)}
        if self._link is not None:
            self._require("observe")
            self._send(message)
        self._observed = message if figures_ms > 0 or health else None

    # The state

    async def subscribe_to(self, collections: Iterable[Collection]) -> None:
        """The collections that the state has from now on. Returns once it has them.

        Between two connections this waits for the next one. A client that is not connected at all gets them
        when it connects.
        """
        wanted = _known(collections, Collection)
        if self._link is not None:
            self._require("observe")
            self._send({"type": "subscribe", "collections": wanted})
        self._collections, self._copied = wanted, None
        if self._supervisor is not None:
            await self.state.wait_for(lambda _: self._copied == self._collections)

    def _require(self, scope: Scope) -> None:
        """Raises if the token has not this scope: some messages get no reply then that says so."""
        if self.welcome is not None and scope not in self.welcome.scopes:
            raise OrchflowError("forbidden", f"the token has not the scope {scope}")

    async def wait_for(self, predicate: Callable[[State], Optional[T]]) -> T:
        """Waits until `predicate` gives something true for the state, and gives that."""
        return await self.state.wait_for(predicate)

    # Terminals

    def attach_screen(self, terminal: int, *, cols: int = 0, rows: int = 0) -> ScreenTerminal:
        """What a terminal shows, as rows of cells. `await` it, or use it with `async with`."""
        return ScreenTerminal(self, terminal, cols, rows)

    def attach_raw(
        self,
        terminal: int,
        *,
        start: Start = "default",
        mode: RawMode = "lossless",
        window: int = 0,
        cols: int = 0,
        rows: int = 0,
    ) -> RawTerminal:
        """The bytes of a terminal. `await` it, or use it with `async with`."""
        return RawTerminal(self, terminal, cols, rows, start, mode, window)

    def _attach(self, attachment: Attachment) -> None:
        if attachment.terminal in self._attachments:
            text = "this client is attached to the terminal already"
            raise OrchflowError("invalid", text, attachment.terminal)
        self._send(attachment._attach_message())
        self._attachments[attachment.terminal] = attachment

    def _detach(self, attachment: Attachment) -> None:
        terminal = attachment.terminal
        if self._attachments.get(terminal) is not attachment:
            return
        del self._attachments[terminal]
        if self._link is not None:
            self._detaching[terminal] = self._detaching.get(terminal, 0) + 1
            self._send_if_open({"type": "detach", "terminal": terminal})

    def _send_frame(self, frame: bytes) -> None:
        if self._link is None:
            raise Disconnected("disconnected", "there is no connection")
        self._link.send_frame(frame)

    async def run(
        self,
        command: str,
        *,
        profile: str = "shell",
        cwd: Optional[str] = None,
        cols: int = 0,
        rows: int = 0,
        limit: int = 16 << 20,
    ) -> CommandResult:
        """Runs a command of the POSIX shell in a new terminal; see `run.py` for what it cannot do."""
        terminal = await self.spawn(profile, cwd=cwd, cols=cols, rows=rows)
        return await run_command(self, terminal, command, limit)


def _known(names: Iterable[T], kinds: Any) -> List[T]:
    """A list of names that a message can have: the next `hello` has them as well."""
    wanted = list(names)
    for name in wanted:
        if name not in get_args(kinds):
            raise OrchflowError("invalid", f"there is no {name!r}")
    return wanted


def connect(
    url: str,
    *,
    token: Optional[str] = None,
    codec: Codec = "json",
    name: str = "orchflow-client",
    collections: Sequence[Collection] = ALL,
    notices: Sequence[NoticeKind] = (),
    compress: bool = True,
    reconnect: bool = True,
    check_hash: bool = True,
    open_timeout: float = 10.0,
    keepalive: Optional[float] = 20.0,
) -> Client:
    """A client of the server at `ws://HOST:PORT/`, `http://HOST:PORT/` or `unix:PATH`.

    `async with connect(...) as client`, or `client = await connect(...)`. The token may be at the end of
    the address (`#token=...`). Connecting takes at most `open_timeout` seconds, and getting the state as
    many again. The client sends a WebSocket ping each `keepalive` seconds; a server that
    does not reply in this time counts as gone.
    """
    address = parse(url)
    options = LinkOptions(
        address,
        token if token is not None else address.token,
        codec,
        compress,
        open_timeout,
        keepalive,
    )
    return Client(options, name, collections, notices, reconnect, check_hash)
