"""What the tests share: a server of the demo, a relay that breaks connections, and a server that lies."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import json
import os
import pathlib
import shutil
import sys
import tempfile
import unittest
from typing import Any, AsyncIterator, Awaitable, Callable, Dict, List, Optional

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from orchflow_client import Client, connect
from orchflow_client.protocol import Codec

ROOT = pathlib.Path(__file__).resolve().parents[3]
DEMO = os.environ.get("ORCHFLOW_DEMO", str(ROOT / "target/debug/orchflow-demo"))
WATCHDOG_SECONDS = 120
RUNNING: List[asyncio.subprocess.Process] = []
"""What has to end even if a test hangs."""
CODECS: List[Codec] = ["json", "bincode"]


class Case(unittest.IsolatedAsyncioTestCase):
    """A test that ends the whole run, and says where it waits, rather than hang."""

    async def asyncSetUp(self) -> None:
        faulthandler.dump_traceback_later(2 * WATCHDOG_SECONDS, exit=True)
        self.addCleanup(faulthandler.cancel_dump_traceback_later)
        loop = asyncio.get_running_loop()
        loop.set_debug(False)  # It takes more time than everything else.
        watchdog = loop.call_later(WATCHDOG_SECONDS, self._hangs)
        self.addCleanup(watchdog.cancel)

    def _hangs(self) -> None:
        print(f"{self.id()} hangs", file=sys.stderr)
        for task in asyncio.all_tasks():
            awaited: Any = task.get_coro()
            while hasattr(awaited, "cr_frame") and awaited.cr_frame is not None:
                frame = awaited.cr_frame
                print(f"  {frame.f_code.co_filename}:{frame.f_lineno}", file=sys.stderr)
                awaited = awaited.cr_await
            print("  --", file=sys.stderr)
        for process in RUNNING:
            process.kill()
        os._exit(1)

    async def enter(self, context: Any) -> Any:
        """Enters an async context until the end of the test."""
        value = await context.__aenter__()
        self.addAsyncCleanup(context.__aexit__, None, None, None)
        return value

    async def demo(self, *options: str, shell: str = "bash --norc --noprofile") -> Demo:
        demo: Demo = await self.enter(Demo(*options, shell=shell))
        return demo

    async def relayed_demo(self, *options: str, shell: str = "bash --norc --noprofile") -> tuple[Demo, Relay]:
        """A server, and a relay by whose port it accepts to be called."""
        relay: Relay = await self.enter(Relay())
        demo = await self.demo("--host", f"127.0.0.1:{relay.port}", *options, shell=shell)
        relay.connect_to(demo.port)
        return demo, relay

    async def client(self, address: str, **options: Any) -> Client:
        client: Client = await self.enter(connect(address, **options))
        return client


class Demo:
    """`orchflow-demo serve` with a directory of its own."""

    def __init__(self, *options: str, shell: str) -> None:
        self._options = options
        self._shell = shell
        self._process: Optional[asyncio.subprocess.Process] = None
        self.address = ""
        self.root = pathlib.Path()

    async def __aenter__(self) -> Demo:
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="orchflow-"))
        environment = {**os.environ, "HOME": str(self.root), "PS1": "$ ", "HISTFILE": ""}
        environment.pop("ORCHFLOW_TOKEN", None)
        self._process = await asyncio.create_subprocess_exec(
            *(DEMO, "serve", "--root", str(self.root), "--shell", self._shell, *self._options),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
        )
        RUNNING.append(self._process)
        assert self._process.stdout is not None
        self.address = (await self._process.stdout.readline()).decode().strip()
        assert self.address, "the demo has printed no address"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    async def stop(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()
        if self._process in RUNNING:
            RUNNING.remove(self._process)

    @property
    def port(self) -> int:
        return int(self.address.split("#")[0].rstrip("/").rsplit(":", 1)[1])

    @property
    def token(self) -> str:
        return self.address.rpartition("#token=")[2]


class Relay:
    """Passes bytes between clients and a port until it cuts them off."""

    def __init__(self) -> None:
        self._to = 0
        self._server: Optional[asyncio.Server] = None
        self._tasks: List[asyncio.Task[None]] = []
        self._writers: List[asyncio.StreamWriter] = []
        self._is_open = True
        self._is_held = False
        self.port = 0
        self.connections = 0

    async def __aenter__(self) -> Relay:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        assert self._server is not None
        self._server.close()

    def cut(self) -> None:
        """Breaks all connections, without a goodbye."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        self._is_held = False

    def refuse(self, is_refusing: bool) -> None:
        """Breaks connections that come from now on at once, or no longer."""
        self._is_open = not is_refusing

    def hold(self) -> None:
        """Passes nothing on until the connections are cut."""
        self._is_held = True

    def connect_to(self, port: int) -> None:
        """Where new connections lead from now on."""
        self._to = port

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._is_open:
            writer.transport.abort()
            return
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        self._writers += [writer, far_writer]
        await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if self._is_held:
                    continue
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


LIMITS = {
    "message_bytes": 1 << 20,
    "inflated_bytes": 1 << 22,
    "messages_per_second": 2000,
    "bytes_per_second": 1 << 24,
    "attachments": 256,
    "window_bytes": 1 << 20,
}
WELCOME: Dict[str, Any] = {
    "type": "welcome",
    "protocol": 1,
    "server": "fake/1",
    "client": 1,
    "scopes": ["observe", "type", "manage"],
    "version": {"epoch": 5, "n": 1},
    "resumed": False,
    "profiles": ["shell"],
    "limits": LIMITS,
}
DIFF: Dict[str, Any] = {
    "type": "diff",
    "epoch": 5,
    "from": 0,
    "to": 1,
    "full": True,
    "more": False,
    "removed": [],
    "sessions": [],
    "panes": [],
    "terminals": [],
    "files": [],
    "applied": [],
    "hash": "0000000000000000",
}
Script = Callable[["Peer"], Awaitable[None]]


class Peer:
    """The server's side of a connection, in JSON."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def receive(self, kind: str) -> Dict[str, Any]:
        """The next message of this type; others are skipped."""
        while True:
            frame = await self.socket.recv()
            message: Dict[str, Any] = json.loads(frame) if isinstance(frame, str) else {"type": "?"}
            if message["type"] == kind:
                return message

    async def greet(self, **changes: Any) -> Dict[str, Any]:
        """Answers `hello` and sends the state."""
        hello = await self.receive("hello")
        await self.send(**{**WELCOME, **changes})
        await self.send(**DIFF)
        return hello


@contextlib.asynccontextmanager
async def fake_server(*scripts: Script) -> AsyncIterator[str]:
    """Serves each connection by the next script, the last of them again and again; gives its address."""
    left = list(scripts)

    async def talk(socket: ServerConnection) -> None:
        script = left.pop(0) if len(left) > 1 else left[0]
        with contextlib.suppress(ConnectionClosed):
            await script(Peer(socket))

    protocols = [Subprotocol("orchflow.v1.json"), Subprotocol("orchflow.v1.bincode")]
    async with serve(talk, "127.0.0.1", 0, subprotocols=protocols, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/"


def vectors() -> Dict[str, Any]:
    path = ROOT / "tests/vectors/messages.json"
    loaded: Dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def shown_terminal(client: Client) -> int:
    """The terminal that the demo has started."""
    ((terminal, _),) = client.state.terminals.items()
    return terminal
