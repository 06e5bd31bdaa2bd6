"""Servers that send what they should not, or nothing at all."""

import asyncio
import contextlib
import json
import struct
from typing import Any
from unittest import mock

import orchflow_client as oc
from orchflow_client.protocol import SCHEMA
from support import DIFF, WELCOME, Case, Peer, fake_server

SCREEN: dict[str, Any] = {
    "type": "screen",
    "terminal": 1,
    "offset": 0,
    "full": True,
    "cols": 4,
    "rows": 2,
    "history": 0,
    "line": None,
    "cursor": {"row": 0, "col": 0, "shape": 0, "blinking": False, "visible": True},
    "modes": 0,
    "title": None,
    "scrolls": [],
    "lines": [],
    "viewport": 0,
}
TERMINAL = {"id": 1, "version": 1, "title": "", "cwd": None, "cols": 80, "rows": 24, "pid": None}
BAD_FRAMES: list[Any] = [
    "{",
    "[]",
    "{}",
    '{"type":1}',
    "nonsense",
    '{"type":"result"}',
    '{"type":"result","id":1,"outcome":{"statuses":{}}}',
    '{"type":"result","id":"1","outcome":"done"}',
    '{"type":"result","id":1.5,"outcome":"done"}',
    '{"type":"result","id":-1,"outcome":"done"}',
    '{"type":"pong","id":true}',
    json.dumps({**WELCOME}),
    json.dumps({**DIFF, "removed": [{"session": 1}]}),
    json.dumps({**DIFF, "terminals": [TERMINAL]}),
    json.dumps({**DIFF, "hash": "xyz"}),
    json.dumps({**SCREEN, "scrolls": [{"top": 0, "bottom": 9, "rows": 1}]}),
    json.dumps({**SCREEN, "lines": [{"row": 2, "wrapped": False, "runs": []}]}),
    json.dumps({**SCREEN, "cols": 1 << 16}),
    "[" * 100_000,
    b"",
    b"\x10",
    b"\x10\x01" + bytes(16),
    b"\x02\x00\x00\x00\x01\x00\x00\x00x",
    b"\x02\x01\x00\x00\x05\x00\x00\x00nope",
    b"\x02\x01\x00\x00\xff\xff\xff\xffnope",
    b"\x01\x00OF" + struct.pack("<II", SCHEMA, 1) + b"\x0b",
    b"\x7f",
]


async def until_closed(peer: Peer) -> None:
    with contextlib.suppress(Exception):
        while True:
            await peer.socket.recv()


class Lies(Case):
    async def test_bad_frames_end_the_connection_with_an_error(self) -> None:
        for frame in BAD_FRAMES:
            with self.subTest(frame if len(frame) < 100 else frame[:100]):

                async def script(peer: Peer, frame: Any = frame) -> None:
                    await peer.greet()
                    await peer.receive("attach")
                    await peer.send(type="attached", terminal=1, mode="screen", offset=0)
                    await peer.receive("query")
                    await peer.socket.send(frame)
                    await until_closed(peer)

                async with fake_server(script) as address:
                    client = await self.client(address)
                    attaching = asyncio.ensure_future(client.attach_screen(1)._started())
                    watching = asyncio.ensure_future(client.wait_for(lambda _: False))
                    await asyncio.sleep(0)
                    calls = [client.query(1), attaching, watching]
                    for result in await asyncio.gather(*calls, return_exceptions=True):
                        assert isinstance(result, oc.Disconnected), result
                        self.assertEqual(result.code, "protocol")
                    self.assertEqual(client.status, "closed")

    async def test_bad_beginnings(self) -> None:
        async def silent(peer: Peer) -> None:
            await until_closed(peer)

        async def early(peer: Peer) -> None:
            await peer.send(**DIFF)
            await until_closed(peer)

        async def other_version(peer: Peer) -> None:
            await peer.send(**{**WELCOME, "protocol": 2})
            await until_closed(peer)

        async def stateless(peer: Peer) -> None:
            await peer.send(**WELCOME)
            await until_closed(peer)

        async def goodbye(peer: Peer) -> None:
            await peer.socket.close(4006, "too many clients")

        wanted = (
            (silent, "disconnected"),
            (early, "protocol"),
            (other_version, "protocol"),
            (stateless, "disconnected"),
            (goodbye, "full"),
        )
        for script, code in wanted:
            with self.subTest(script.__name__):
                async with fake_server(script) as address:
                    with self.assertRaises(oc.Disconnected) as caught:
                        await oc.connect(address, open_timeout=0.3)
                    self.assertEqual(caught.exception.code, code)

    async def test_another_schema(self) -> None:
        async def script(peer: Peer) -> None:
            await peer.socket.recv()
            await peer.socket.send(b"\x01\x00OF" + struct.pack("<II", SCHEMA ^ 1, 1) + b"\x00")
            await until_closed(peer)

        async with fake_server(script) as address:
            with self.assertRaises(oc.Disconnected) as caught:
                await oc.connect(address, codec="bincode")
        self.assertIn("schema", caught.exception.message)

    async def test_what_a_later_server_may_send(self) -> None:
        entry = {**TERMINAL, "running": True, "exit": {"core": 1}, "closing": False, "screen": True}
        more = {"program": "", "last_exit": None, "hidden_input": False, "size_policy": "largest"}

        async def script(peer: Peer) -> None:
            await peer.receive("hello")
            await peer.send(**{**WELCOME, "scopes": ["observe", "fly"], "new": {"x": [1]}})
            await peer.send(**{**DIFF, "terminals": [{**entry, **more, "colour": 1}], "hash": None})
            await peer.send(type="weather", id=1)
            await peer.send(type="notice", terminal=1, seq=1, notice={"smell": {}})
            await peer.send(type="notice", terminal=1, seq=2, notice={"bell": {"count": 3}})
            number = (await peer.receive("query"))["id"]
            await peer.send(type="result", id=number, outcome={"poem": {}})
            number = (await peer.receive("query"))["id"]
            failure = {"code": {"tired": 1}, "message": ""}
            await peer.send(type="result", id=number, outcome={"failed": failure})
            await until_closed(peer)

        async with fake_server(script) as address:
            client = oc.connect(address)
            notices = client.notices()
            await client
            self.assertEqual(client.state.terminals[1].exit, oc.Exit())
            self.assertEqual(await notices.__anext__(), oc.Notice(1, 2, oc.Bell(3)))
            for code in ("protocol", "system"):
                with self.assertRaises(oc.OrchflowError) as caught:
                    await client.query(1)
                self.assertEqual(caught.exception.code, code)
            self.assertEqual(client.status, "open")
            await client.close()


class Views(Case):
    async def test_the_cursor_of_a_view_that_moves(self) -> None:
        more = asyncio.Event()

        async def script(peer: Peer) -> None:
            await peer.greet()
            await peer.receive("attach")
            await peer.send(type="attached", terminal=1, mode="screen", offset=0)
            screen = {**SCREEN, "rows": 6}
            await peer.send(**{**screen, "viewport": 1})
            await more.wait()
            await peer.send(**{**screen, "full": False, "viewport": 2})
            more.clear()
            await more.wait()
            cursor = {**SCREEN["cursor"], "row": 1}
            await peer.send(**{**screen, "full": False, "viewport": 4, "cursor": cursor})
            await until_closed(peer)

        async with fake_server(script) as address:
            client = await self.client(address)
            screen = await client.attach_screen(1)
            await screen.__anext__()
            for rows in ({1, 2}, {2, 5}):
                more.set()
                self.assertEqual((await screen.__anext__()).changed, rows)

    async def test_a_new_connection_gets_no_fresh_window(self) -> None:
        def output(offset: int, count: int) -> bytes:
            return struct.pack("<BBQQ", 0x10, 0, 1, offset) + bytes(count)

        attaches: list[Any] = []
        credits: asyncio.Queue[int] = asyncio.Queue()

        async def attached(peer: Peer) -> None:
            await peer.greet()
            attaches.append(await peer.receive("attach"))
            start = attaches[-1]["start"]
            offset = start["offset"] if isinstance(start, dict) else 0
            await peer.send(type="attached", terminal=1, mode="lossless", offset=offset)

        async def first(peer: Peer) -> None:
            await attached(peer)
            for part in range(3):
                await peer.socket.send(output(part * 4096, 4096))
            await peer.receive("ping")
            await peer.socket.close(1001, "")

        async def second(peer: Peer) -> None:
            await attached(peer)
            await peer.socket.send(output(12288, 4096))
            credits.put_nowait((await peer.receive("credit"))["offset"])
            await until_closed(peer)

        async with fake_server(first, second) as address:
            client = await self.client(address)
            raw = await client.attach_raw(1, start="oldest", window=16384)
            with self.assertRaises(oc.Disconnected):
                await client.ping()
            client.retry_now()
            while raw.offset < 16384:
                client.retry_now()
                await asyncio.sleep(0)
            windows = [(one["start"], one["window"]) for one in attaches]
            self.assertEqual(windows, [("oldest", 16384), ({"offset": 12288}, 4096)])
            # All that may be in the queue is a window, as if the connection had not broken.
            for consumed in (4096, 8192, 12288, 16384):
                self.assertEqual(len(await raw.__anext__()), 4096)
                reading = asyncio.ensure_future(raw._next()) if consumed == 16384 else None
            self.assertEqual(await credits.get(), 16384)
            assert reading is not None
            reading.cancel()


class Repairs(Case):
    async def test_a_wrong_hash_and_a_hole(self) -> None:
        session = {"id": "s", "version": 1, "name": "", "panes": [], "metadata": {}}

        async def script(peer: Peer) -> None:
            await peer.greet()
            await peer.send(**{**DIFF, "full": False, "from": 1, "to": 2, "hash": "0" * 15 + "1"})
            await peer.receive("snapshot")
            await peer.send(**{**DIFF, "to": 2})
            await peer.send(**{**DIFF, "full": False, "from": 3, "to": 4, "hash": None})
            await peer.receive("snapshot")
            # Still of the hole.
            await peer.send(**{**DIFF, "full": False, "from": 4, "to": 5, "hash": None})
            await peer.send(**{**DIFF, "to": 6, "sessions": [session], "hash": "f0060314190ed12a"})
            # Its hash is wrong although it is full: there is no sense in asking again.
            await peer.send(**{**DIFF, "to": 7, "sessions": [session], "hash": "0" * 16})
            await until_closed(peer)

        async with fake_server(script) as address:
            client = await self.client(address)
            failures: list[oc.OrchflowError] = []
            client.on("failure", failures.append)
            await client.wait_for(lambda state: "s" in state.sessions)
            await client.wait_for(lambda state: state.version == oc.Version(5, 7))
            self.assertEqual([error.code for error in failures], ["protocol"])

    async def test_errors_name_their_request(self) -> None:
        async def script(peer: Peer) -> None:
            await peer.greet()
            number = (await peer.receive("search"))["id"]
            error = {"type": "error", "code": "forbidden", "message": "no", "terminal": None}
            await peer.send(**{**error, "id": number})
            number = (await peer.receive("change"))["mutation"]
            await peer.send(**{**error, "id": number})
            await peer.receive("attach")
            await peer.send(**{**error, "id": None, "terminal": 7})
            await peer.send(**{**error, "id": None})
            await peer.send(type="pong", id=(await peer.receive("ping"))["id"])
            await until_closed(peer)

        async with fake_server(script) as address:
            client = await self.client(address)
            failures: list[oc.OrchflowError] = []
            client.on("failure", failures.append)
            for call in (client.search(7, "x"), client.change(oc.PutSession("s", ""))):
                with self.assertRaises(oc.OrchflowError) as caught:
                    await call
                self.assertEqual(caught.exception.code, "forbidden")
            self.assertNotIn("s", client.state.sessions)
            with self.assertRaises(oc.OrchflowError) as caught:
                await client.attach_raw(7)
            self.assertEqual((caught.exception.code, caught.exception.terminal), ("forbidden", 7))
            await client.close()
            self.assertEqual([error.code for error in failures], ["forbidden"])

    async def test_errors_beside_an_attach(self) -> None:
        error = {"type": "error", "code": "limit", "message": "", "terminal": 1}

        async def script(peer: Peer) -> None:
            await peer.greet()
            await peer.receive("attach")
            # Of an input frame before it, and of a request that nobody waits for.
            await peer.send(**{**error, "id": None})
            await peer.send(**{**error, "id": 1 << 40})
            await peer.send(type="attached", terminal=1, mode="screen", offset=0)
            await peer.send(**SCREEN)
            await peer.send(type="pong", id=(await peer.receive("ping"))["id"])
            await until_closed(peer)

        async with fake_server(script) as address:
            client = await self.client(address)
            failures: asyncio.Queue[oc.OrchflowError] = asyncio.Queue()
            client.on("failure", failures.put_nowait)
            client.input_nowait(1, "x")
            screen = await client.attach_screen(1)
            for _ in range(2):
                self.assertEqual((await failures.get()).code, "limit")
            self.assertEqual(screen.status, "attached")

    async def test_an_own_change_in_a_diff_that_does_not_fit(self) -> None:
        async def script(peer: Peer) -> None:
            await peer.greet()
            number = (await peer.receive("change"))["mutation"]
            applied = [{"mutation": number, "version": 4}]
            hole = {**DIFF, "full": False, "from": 3, "to": 4, "hash": None, "applied": applied}
            await peer.send(**hole)
            await peer.receive("snapshot")
            await peer.receive("ping")
            # Somebody has removed the session meanwhile.
            await peer.send(**{**DIFF, "to": 5})
            await until_closed(peer)

        async with fake_server(script) as address:
            client = await self.client(address)
            self.assertEqual(await client.change(oc.PutSession("mine", "")), 4)
            self.assertIn("mine", client.state.sessions)
            asked = asyncio.ensure_future(client.ping())
            await client.wait_for(lambda state: state.version == oc.Version(5, 5))
            self.assertNotIn("mine", client.state.sessions)
            asked.cancel()

    async def test_digests_are_computed_only_to_be_compared(self) -> None:
        session = {"id": "s", "version": 1, "name": "", "panes": [], "metadata": {}}

        async def script(peer: Peer) -> None:
            await peer.receive("hello")
            await peer.send(**WELCOME)
            await peer.send(**{**DIFF, "sessions": [session]})
            await until_closed(peer)

        async with fake_server(script) as address:
            with mock.patch("orchflow_client.state.digest") as digest:
                client = await self.client(address, check_hash=False)
                self.assertIn("s", client.state.sessions)
                digest.assert_not_called()

    async def test_a_queue_that_is_full(self) -> None:
        full, acknowledged = asyncio.Event(), asyncio.Event()

        async def script(peer: Peer) -> None:
            await peer.greet()
            await peer.receive("attach")
            await peer.send(type="attached", terminal=1, mode="lossless", offset=0)
            await full.wait()
            await peer.socket.send(struct.pack("<BBQQ", 0x10, 0, 1, 0) + bytes(8192))
            self.assertEqual((await peer.receive("credit"))["offset"], 8192)
            await peer.send(**{**DIFF, "full": False, "from": 1, "to": 2, "hash": None})
            while (await peer.receive("ack"))["version"] != 2:
                pass
            await peer.receive("detach")
            acknowledged.set()
            await until_closed(peer)

        async with fake_server(script) as address:
            client = await self.client(address)
            async with client.attach_raw(1, window=8192) as raw:
                with mock.patch("orchflow_client.link.QUEUED_MAX", 0):
                    with self.assertRaises(oc.OrchflowError) as caught:
                        client.input_nowait(1, "x")
                    self.assertEqual(caught.exception.code, "limit")
                    full.set()
                    await raw.__anext__()
                    reading = asyncio.ensure_future(raw._next())
                    await client.wait_for(lambda state: state.version == oc.Version(5, 2))
                    reading.cancel()
                    raw.detach()
                    await acknowledged.wait()
            self.assertEqual(client.status, "open")

    async def test_close_codes(self) -> None:
        for code, name, again in (
            (1001, "shutdown", True),
            (4001, "unauthorized", False),
            (4003, "protocol", False),
            (4004, "too_slow", True),
            (4007, "schema", False),
        ):
            with self.subTest(code):
                asked: list[int] = []

                async def leave(peer: Peer, code: int = code) -> None:
                    await peer.greet()
                    await peer.receive("ping")
                    await peer.socket.close(code, "reason")

                async def stay(peer: Peer) -> None:
                    hello = await peer.greet(resumed=True)
                    asked.append(hello["resume"]["n"])
                    await until_closed(peer)

                async with fake_server(leave, stay) as address:
                    client = await self.client(address)
                    with self.assertRaises(oc.Disconnected) as caught:
                        await client.ping()
                    error = caught.exception
                    self.assertEqual((error.code, error.close_code, error.retry), (name, code, again))
                    if again:
                        while not asked:
                            client.retry_now()
                            await asyncio.sleep(0)
                        self.assertEqual(asked, [1])
                    else:
                        with self.assertRaises(oc.Disconnected):
                            await client.wait_for(lambda _: False)
                    await client.close()

    async def test_a_listener_that_raises(self) -> None:
        async def script(peer: Peer) -> None:
            await peer.greet()
            await peer.send(type="notice", terminal=1, seq=1, notice={"bell": {"count": 1}})
            number = (await peer.receive("ping"))["id"]
            await peer.send(type="pong", id=number)
            await until_closed(peer)

        def listener(_: oc.Notice) -> None:
            raise RuntimeError("mine")

        reported: list[Any] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context["exception"]))
        async with fake_server(script) as address:
            client = oc.connect(address)
            client.on("notice", listener)
            await client
            await client.ping()
            await client.close()
        self.assertEqual([str(error) for error in reported], ["mine"])
