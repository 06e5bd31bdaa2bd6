"""One connection: the WebSocket, and the frames that wait to be written.

Frames are written by a task of their own. Whoever reads must never wait for a write: the server stops
reading while its replies are not read.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any, Awaitable, Dict, Optional, TypeVar, Union

from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
)
from websockets.typing import Subprotocol

from .address import Address
from .errors import Disconnected, OrchflowError, closed_with
from .protocol import Codec, Frames, Output
from .protocol.frames import INFLATED_MAX, Frame

T = TypeVar("T")
Message = Dict[str, Any]

QUEUED_MAX = 16 << 20
"""Bytes that wait to be written. The server reads on only while its replies are read."""
CLOSE_SECONDS = 2.0
RETRY_STATUS = (408, 503)


async def within(seconds: float, awaitable: Awaitable[T]) -> T:
    """As `asyncio.wait_for`, which loses a cancellation that comes together with the result (before 3.12)."""
    task = asyncio.ensure_future(awaitable)
    try:
        await asyncio.wait([task], timeout=seconds)
        if not task.done():
            raise asyncio.TimeoutError
        return task.result()
    finally:
        task.cancel()
        if task.done() and not task.cancelled():
            task.exception()  # Nobody asks for it if this was cancelled.


@dataclass(frozen=True)
class LinkOptions:
    address: Address
    token: Optional[str]
    codec: Codec
    compress: bool
    open_timeout: float
    keepalive: Optional[float]


class Link:
    """A connection that has been opened."""

    def __init__(self, socket: ClientConnection, options: LinkOptions) -> None:
        self._socket = socket
        self._frames = Frames(options.codec)
        self._compress = options.compress
        self._queue: asyncio.Queue[Frame] = asyncio.Queue()
        self._queued = 0
        self._writer = asyncio.get_running_loop().create_task(self._write())

    @classmethod
    async def open(cls, options: LinkOptions) -> Link:
        """Connects, or raises `Disconnected`."""
        protocols = [Subprotocol(f"orchflow.v1.{options.codec}")]
        if options.token is not None:
            protocols.append(Subprotocol(f"orchflow.token.{options.token}"))
        settings: Dict[str, Any] = {
            "subprotocols": protocols,
            "compression": None,
            "max_size": INFLATED_MAX,
            "open_timeout": options.open_timeout,
            "close_timeout": CLOSE_SECONDS,
            "ping_interval": options.keepalive,
            "ping_timeout": options.keepalive,
            "user_agent_header": None,
        }
        address = options.address
        try:
            if address.unix_path is None:
                socket = await connect(address.uri, proxy=None, **settings)
            else:
                socket = await unix_connect(address.unix_path, address.uri, **settings)
        except InvalidStatus as error:
            status, body = error.response.status_code, error.response.body or b""
            reason = body.decode("utf-8", "replace").partition("\n")[0] or f"HTTP status {status}"
            if status in RETRY_STATUS:
                raise Disconnected("full", reason) from error
            raise Disconnected("refused", reason, retry=False) from error
        except InvalidMessage as error:
            # The connection ended within the handshake, or what answers speaks no HTTP.
            raise Disconnected("disconnected", str(error)) from error
        except InvalidHandshake as error:
            raise Disconnected("refused", str(error), retry=False) from error
        except (OSError, EOFError, asyncio.TimeoutError) as error:
            reason = str(error) or "no answer in time"
            raise Disconnected("disconnected", reason) from error
        return cls(socket, options)

    def send(self, message: Message, is_bounded: bool = True) -> None:
        """Queues a message. Never waits."""
        self.send_frame(self._frames.encode(message, self._compress), is_bounded)

    def send_frame(self, frame: Frame, is_bounded: bool = True) -> None:
        """Queues a frame, or raises if too much waits.

        What the protocol has the client send (acknowledgements, credit) is not bounded: it is small, and
        without it the connection would be of no use any more.
        """
        if is_bounded and self._queued + len(frame) > QUEUED_MAX:
            raise OrchflowError("limit", "too much waits to be sent")
        self._queued += len(frame)
        self._queue.put_nowait(frame)

    async def _write(self) -> None:
        while True:
            frame = await self._queue.get()
            try:
                await self._socket.send(frame)
            except ConnectionClosed:
                return  # Whoever reads gets the reason.
            finally:
                self._queued -= len(frame)
                self._queue.task_done()

    async def receive(self) -> Union[Message, Output]:
        """The next message that this client knows, or output; raises `Disconnected`."""
        while True:
            try:
                frame = await self._socket.recv()
            except ConnectionClosed as error:
                raise _reason(error) from error
            try:
                received = self._frames.decode(frame)
            except ValueError as error:
                raise Disconnected("protocol", str(error), retry=False) from error
            if received is not None:
                return received

    async def flush(self) -> None:
        """Waits until everything is written, for at most `CLOSE_SECONDS`."""
        if not self._writer.done():
            with contextlib.suppress(asyncio.TimeoutError):
                await within(CLOSE_SECONDS, self._queue.join())

    async def close(self) -> None:
        """Closes the connection, whatever waits to be written."""
        self._writer.cancel()
        await self._socket.close()


def _reason(error: ConnectionClosed) -> Disconnected:
    if error.rcvd is not None:
        return closed_with(error.rcvd.code, error.rcvd.reason)
    if error.sent is not None and error.sent.code in (1002, 1007, 1009):
        return Disconnected("protocol", error.sent.reason, retry=False)
    if error.sent is not None and error.sent.reason:
        return Disconnected("disconnected", error.sent.reason)
    return Disconnected("disconnected", "the connection broke")
