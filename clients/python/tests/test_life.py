"""The life of a client: connecting, closing, waiting between connections, and what is asked for meanwhile."""

import asyncio
import contextlib
import gc
from typing import Any, List
from unittest import mock

import orchflow_client as oc
from orchflow_client.client import STEADY_SECONDS
from orchflow_client.link import within
from support import DIFF, WELCOME, Case, Peer, fake_server


async def until_closed(peer: Peer) -> None:
    with contextlib.suppress(Exception):
        while True:
            await peer.socket.recv()


async def leave(peer: Peer) -> None:
    """Serves until the first ping, then closes."""
    await peer.greet()
    await peer.receive("ping")
    await peer.socket.close(1001, "")


async def waiting(client: oc.Client) -> None:
    """Until the client waits for its next attempt to connect."""
    is_waiting = asyncio.Event()

    def look(status: oc.Status) -> None:
        if status == "waiting":
            is_waiting.set()

    off = client.on("status", look)
    with contextlib.suppress(oc.Disconnected):
        await client.ping()
    await is_waiting.wait()
    off()


class Closing(Case):
    async def test_while_it_connects(self) -> None:
        asked, gone = asyncio.Event(), asyncio.Event()

        async def silent(peer: Peer) -> None:
            await peer.receive("hello")
            asked.set()
            await until_closed(peer)
            gone.set()

        async with fake_server(silent) as address:
            client = oc.connect(address)
            connecting = asyncio.ensure_future(client.connect())
            await asked.wait()
            await client.close()
            self.assertEqual(client.status, "closed")
            with self.assertRaises(oc.Disconnected) as caught:
                await connecting
            self.assertEqual(caught.exception.code, "closed")
            await gone.wait()

            asked.clear()
            gone.clear()
            connecting = asyncio.ensure_future(client.connect())
            await asked.wait()
            connecting.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await connecting
            self.assertEqual(client.status, "closed")
            await gone.wait()

    async def test_that_is_cancelled_goes_on(self) -> None:
        gone = asyncio.Event()

        async def script(peer: Peer) -> None:
            await peer.greet()
            await until_closed(peer)
            gone.set()

        async with fake_server(script) as address:
            for _ in range(2):
                client = await oc.connect(address)
                closing = asyncio.ensure_future(client.close())
                await asyncio.sleep(0)
                closing.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await closing
                await asyncio.gather(client.close(), client.close())
                self.assertEqual((client.status, client._supervisor), ("closed", None))
                assert client.last_error is not None
                self.assertEqual(client.last_error.message, "the client was closed")
                await gone.wait()
                gone.clear()

    async def test_what_waits_then_is_disconnected(self) -> None:
        async def script(peer: Peer) -> None:
            await peer.greet()
            await until_closed(peer)

        async with fake_server(script) as address:
            client = await oc.connect(address)
            before = asyncio.ensure_future(client.wait_for(lambda _: False))
            await asyncio.sleep(0)
            await client.close()
            for call in (before, client.wait_for(lambda _: False), client.ping()):
                with self.assertRaises(oc.Disconnected):
                    await call
            self.assertEqual([one async for one in client.state.subscribe(lambda _: 1)], [1])

    async def test_a_cancellation_that_comes_with_the_result(self) -> None:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        task = asyncio.ensure_future(within(60, future))
        await asyncio.sleep(0)
        future.set_result(1)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task

    async def test_what_cannot_be_sent_fails_as_it_is(self) -> None:
        async def script(peer: Peer) -> None:
            await until_closed(peer)

        async with fake_server(script) as address:
            client = oc.connect(address, name="\udcff")
            with self.assertRaises(ValueError):
                await client
            self.assertEqual(client.status, "closed")


class Waiting(Case):
    async def waits(self, count: int) -> List[float]:
        """How long a client waits that the server disconnects as soon as it is there."""
        waits: List[float] = []

        async def fleeting(peer: Peer) -> None:
            await peer.greet()
            await peer.socket.close(1001, "")

        async def wait(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == count:
                await asyncio.get_running_loop().create_future()

        async with fake_server(fleeting) as address:
            client = oc.connect(address)
            with (
                mock.patch.object(client, "_wait", wait),
                mock.patch("random.random", return_value=1.0),
            ):
                await client
                while len(waits) < count:
                    await asyncio.sleep(0)
                await client.close()
        return waits

    async def test_times_grow_until_a_connection_lasts(self) -> None:
        self.assertEqual(await self.waits(8), [0.5, 1, 2, 4, 8, 16, 30, 30])
        self.assertEqual(STEADY_SECONDS, 5.0)
        with mock.patch("orchflow_client.client.STEADY_SECONDS", 0.0):
            self.assertEqual(await self.waits(3), [0.5, 0.5, 0.5])


class Settings(Case):
    async def test_between_two_connections(self) -> None:
        hellos: List[Any] = []

        async def stay(peer: Peer) -> None:
            hellos.append(await peer.greet())
            await until_closed(peer)

        async with fake_server(leave, stay) as address:
            client = await self.client(address)
            await waiting(client)
            await client.set_notices(["bell"])
            subscribing = asyncio.ensure_future(client.subscribe_to(["panes"]))
            await asyncio.sleep(0)
            self.assertFalse(subscribing.done())
            for wrong in (client.set_notices(["smell"]), client.subscribe_to(["smells"])):  # type: ignore[list-item]
                with self.assertRaises(oc.OrchflowError) as caught:
                    await wrong
                self.assertEqual(caught.exception.code, "invalid")
            client.retry_now()
            await subscribing
            (hello,) = hellos
            wanted = (["bell"], ["panes"], None)
            self.assertEqual((hello["notices"], hello["collections"], hello["resume"]), wanted)

    async def test_before_the_first_connection(self) -> None:
        hellos: List[Any] = []

        async def script(peer: Peer) -> None:
            hellos.append(await peer.greet())
            await until_closed(peer)

        async with fake_server(script) as address:
            client = oc.connect(address)
            await client.set_notices(["title"])
            await client.subscribe_to(["sessions"])
            await client
            self.assertEqual((hellos[0]["notices"], hellos[0]["collections"]), (["title"], ["sessions"]))
            await client.close()

    async def test_without_the_scope(self) -> None:
        async def script(peer: Peer) -> None:
            await peer.receive("hello")
            await peer.send(**{**WELCOME, "scopes": ["type"]})
            await until_closed(peer)

        async with fake_server(script) as address:
            client = await self.client(address)
            for call in (client.set_notices(["bell"]), client.subscribe_to(["panes"])):
                with self.assertRaises(oc.OrchflowError) as caught:
                    await call
                self.assertEqual(caught.exception.code, "forbidden")
            self.assertEqual(client._notices, [])

    async def test_notices_that_nobody_reads_any_more(self) -> None:
        async def script(peer: Peer) -> None:
            await peer.greet()
            await peer.receive("ping")
            await peer.send(type="notice", terminal=1, seq=1, notice={"bell": {"count": 1}})
            await until_closed(peer)

        async with fake_server(script) as address:
            client = await self.client(address)
            asked = asyncio.ensure_future(client.ping())
            async for notice in client.notices():
                self.assertEqual(notice.event, oc.Bell(1))
                break
            kept = client.notices()
            gc.collect()
            self.assertEqual(len(client._listeners["notice"]._listeners), 1)
            kept.close()
            self.assertEqual(len(client._listeners["notice"]._listeners), 0)
            asked.cancel()


FILE = {
    "watch": 7,
    "id": "1",
    "version": 1,
    "parent": "0",
    "name": "/a",
    "kind": "file",
    "size": 0,
    "modified_us": 0,
    "mode": 0,
    "ignored": False,
}


class Watching(Case):
    async def reply(self, peer: Peer, number: int) -> None:
        asked = await peer.receive("watch")
        await peer.send(type="result", id=asked["id"], outcome={"watching": {"watch": number}})

    async def test_a_watch_that_ends_while_it_is_made_again(self) -> None:
        ended, unwatched = asyncio.Event(), asyncio.get_running_loop().create_future()

        async def first(peer: Peer) -> None:
            await peer.greet()
            await self.reply(peer, 7)
            await self.reply(peer, 8)
            await peer.receive("ping")
            await peer.socket.close(1001, "")

        async def second(peer: Peer) -> None:
            await peer.greet()
            asked = await peer.receive("watch")
            await ended.wait()
            await peer.send(type="result", id=asked["id"], outcome={"watching": {"watch": 9}})
            unwatched.set_result((await peer.receive("unwatch"))["watch"])
            await until_closed(peer)

        async with fake_server(first, second) as address:
            client = await self.client(address)
            one, two = await client.watch("/a"), await client.watch("/b")
            await waiting(client)
            client.retry_now()
            while one.number is not None:
                await asyncio.sleep(0)
            await client.unwatch(one)
            await client.unwatch(two)
            ended.set()
            self.assertEqual(await unwatched, 9)
            self.assertEqual((one.number, two.number), (None, None))

    async def test_the_state_is_looked_at_again_once_it_has_its_number(self) -> None:
        async def first(peer: Peer) -> None:
            await peer.receive("hello")
            await peer.send(**WELCOME)
            await peer.send(**{**DIFF, "files": [FILE], "hash": None})
            await self.reply(peer, 7)
            await peer.receive("ping")
            await peer.socket.close(1001, "")

        looked = asyncio.Event()

        async def second(peer: Peer) -> None:
            await peer.receive("hello")
            await peer.send(**{**WELCOME, "resumed": True})
            await looked.wait()
            await self.reply(peer, 7)
            await until_closed(peer)

        async with fake_server(first, second) as address:
            client = await self.client(address)
            watch = await client.watch("/a")
            await waiting(client)
            client.retry_now()
            while watch.number is not None:
                await asyncio.sleep(0)
            names = client.state.subscribe(
                lambda state: [one.name for one in state.files.values() if one.watch == watch.number]
            )
            self.assertEqual(await names.__anext__(), [])
            looked.set()
            self.assertEqual(await names.__anext__(), ["/a"])
