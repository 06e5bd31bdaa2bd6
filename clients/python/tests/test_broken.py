"""Connections that break, floods, and coroutines that are cancelled."""

import asyncio
import pathlib
import tempfile
import tracemalloc
from typing import Any

import orchflow_client as oc
from support import CODECS, Case, Demo, Relay, shown_terminal


class Broken(Case):
    async def relayed(self, demo: Demo, relay: Relay, **options: Any) -> oc.Client:
        return await self.client(f"ws://127.0.0.1:{relay.port}/", token=demo.token, **options)

    async def broken(self, client: oc.Client, relay: Relay) -> None:
        """Cuts the connection and waits for the next."""
        seen: list[str] = []
        again = asyncio.get_running_loop().create_future()

        def look(status: oc.Status) -> None:
            seen.append(status)
            if status == "open" and not again.done():
                again.set_result(None)

        off = client.on("status", look)
        relay.cut()
        await again
        off()
        self.assertEqual(seen[0], "waiting")
        self.assertEqual(seen[-1], "open")

    async def test_state_resumes(self) -> None:
        demo, relay = await self.relayed_demo()
        for codec in CODECS:
            client = await self.relayed(demo, relay, codec=codec)
            other = await self.client(demo.address)
            await other.change(oc.PutSession("before", "", base=None))
            await client.wait_for(lambda state: "before" in state.sessions)
            relay.refuse(True)
            broken = asyncio.ensure_future(self.broken(client, relay))
            await asyncio.sleep(0)
            await other.change(oc.RemoveSession("before"), oc.PutSession("after", ""))
            relay.refuse(False)
            client.retry_now()
            await broken
            assert client.welcome is not None
            self.assertTrue(client.welcome.resumed)
            await client.wait_for(lambda state: "after" in state.sessions)
            self.assertNotIn("before", client.state.sessions)
            await other.change(oc.RemoveSession("after"))

    async def test_requests_fail_and_changes_are_taken_back(self) -> None:
        demo, relay = await self.relayed_demo(shell="cat")
        client = await self.relayed(demo, relay)
        relay.hold()
        pending = [
            asyncio.ensure_future(call)
            for call in (
                client.change(oc.PutSession("mine", "")),
                client.ping(),
                client.query(shown_terminal(client)),
            )
        ]
        await asyncio.sleep(0)
        self.assertIn("mine", client.state.sessions)
        relay.refuse(True)
        relay.cut()
        for one in pending:
            with self.assertRaises(oc.Disconnected) as caught:
                await one
            self.assertEqual(caught.exception.code, "disconnected")
        self.assertNotIn("mine", client.state.sessions)
        with self.assertRaises(oc.Disconnected):
            await client.ping()

    async def test_output_continues_at_the_same_byte(self) -> None:
        demo, relay = await self.relayed_demo(shell="seq 1 50000")
        for codec in CODECS:
            client = await self.relayed(demo, relay, codec=codec)
            terminal = await client.spawn("shell")
            raw = await client.attach_raw(terminal, start="oldest", window=16384)
            got = bytearray()
            cuts = 0
            async for data in raw:
                got += data
                if len(got) // 60_000 > cuts:
                    cuts += 1
                    relay.cut()
                    client.retry_now()
            self.assertEqual(cuts, 5)
            self.assertEqual(bytes(got), b"".join(b"%d\r\n" % n for n in range(1, 50001)))
            self.assertEqual((raw.lost, (await raw.wait_ended()).status), (0, 0))
            await client.close_terminal(terminal)

    async def test_screen_and_watch_survive(self) -> None:
        demo, relay = await self.relayed_demo(shell="dash")
        client = await self.relayed(demo, relay)
        terminal = shown_terminal(client)
        (demo.root / "sub").mkdir()
        watch = await client.watch(demo.root / "sub")
        screen = await client.attach_screen(terminal, cols=90, rows=20)
        await client.input(terminal, "echo one\r")
        await screen.wait_for(lambda s: s.text().count("one") == 2)
        await self.broken(client, relay)
        self.assertIn("one", screen.text())
        await client.input(terminal, "echo two\r")
        await screen.wait_for(lambda s: s.text().count("two") == 2)
        self.assertEqual((screen.cols, screen.rows), (90, 20))
        (demo.root / "sub" / "new").write_bytes(b"")
        await client.wait_for(
            lambda state: [f for f in state.files.values() if f.watch == watch.number and f.name == "new"]
        )

    async def test_a_server_that_starts_anew(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            token = pathlib.Path(directory) / "token"
            demo, relay = await self.relayed_demo("--token-file", str(token))
            address = f"ws://127.0.0.1:{relay.port}/"
            client = await self.client(address, token=token.read_text().strip())
            screen = await client.attach_screen(shown_terminal(client))
            before = client.state.version
            await demo.stop()
            host = f"127.0.0.1:{relay.port}"
            next_demo = await self.demo("--token-file", str(token), "--host", host)
            relay.connect_to(next_demo.port)
            with self.assertRaises(oc.OrchflowError) as caught:
                client.retry_now()
                await screen.wait_for(lambda _: False)
            self.assertEqual(caught.exception.code, "ended")
            await client.wait_for(lambda s: s.version and before and s.version.epoch != before.epoch)
            self.assertEqual(len(client.state.terminals), 1)

    async def test_a_command_survives(self) -> None:
        demo, relay = await self.relayed_demo()
        client = await self.relayed(demo, relay, codec="bincode")
        (demo.root / "go").write_bytes(b"")
        command = "echo begin; touch started; while test -e go; do sleep 0.02; done; echo end; exit 4"
        running = asyncio.ensure_future(client.run(command))
        await client.wait_for(lambda state: [f for f in state.files.values() if f.name == "started"])
        await self.broken(client, relay)
        (demo.root / "go").unlink()
        result = await running
        self.assertEqual((result.text, result.status), ("begin\nend\n", 4))


class Refused(Case):
    async def test_a_wrong_token(self) -> None:
        demo = await self.demo()
        for codec in CODECS:
            for token in ("A" * 43, None):
                with self.assertRaises(oc.Disconnected) as caught:
                    await oc.connect(f"ws://127.0.0.1:{demo.port}/", codec=codec, token=token)
                self.assertEqual((caught.exception.code, caught.exception.close_code), ("unauthorized", 4001))
                self.assertFalse(caught.exception.retry)

    async def test_nobody_there(self) -> None:
        demo = await self.demo()
        await demo.stop()
        client = oc.connect(demo.address)
        with self.assertRaises(oc.Disconnected) as caught:
            await client
        self.assertEqual((caught.exception.code, client.status), ("disconnected", "closed"))
        with self.assertRaises(oc.Disconnected):
            await client.ping()

    async def test_a_wrong_host(self) -> None:
        demo = await self.demo()
        relay: Relay = await self.enter(Relay())
        relay.connect_to(demo.port)
        with self.assertRaises(oc.Disconnected) as caught:
            await oc.connect(f"ws://127.0.0.1:{relay.port}/", token=demo.token)
        self.assertEqual(caught.exception.code, "refused")
        self.assertIn("127.0.0.1", caught.exception.message)


class Flow(Case):
    async def test_a_flood_waits_for_its_reader(self) -> None:
        demo = await self.demo(shell="dash")
        client = await self.client(demo.address)
        terminal = shown_terminal(client)
        raw = await client.attach_raw(terminal, start="now", window=8192)
        await client.input(terminal, "yes\r")
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        total = 0
        async for data in raw:
            total += len(data)
            if total > 4_000_000:
                break
        self.assertEqual(raw.lost, 0)
        # Nobody reads: the program has to wait, and typing elsewhere does not.
        paused = await client.query(terminal)
        while not paused.paused:
            paused = await client.query(terminal)
        self.assertLessEqual(raw.offset - raw._consumed, 2 * 8192)
        self.assertEqual((await client.run("echo hi")).text, "hi\n")
        self.assertLess(tracemalloc.get_traced_memory()[1], 16 << 20)

    async def test_a_lossy_reader_that_sleeps(self) -> None:
        demo = await self.demo(shell="yes")
        client = await self.client(demo.address)
        terminal = shown_terminal(client)
        raw = await client.attach_raw(terminal, start="now", mode="lossy", window=4096)
        async for _ in raw:
            break
        # Until the engine has forgotten what comes next.
        while (await client.query(terminal)).log_start <= raw.offset:
            await asyncio.sleep(0.01)
        self.assertLessEqual(raw._waiting_bytes, 2 * 4096)
        async for event in raw.events():
            if isinstance(event, oc.Snapshot):
                self.assertIn(b"y", event.data)
                break
        self.assertGreater(raw.lost, 0)

    async def test_updates_of_a_flood_are_merged(self) -> None:
        demo = await self.demo(shell="yes")
        client = await self.client(demo.address)
        async with client.attach_screen(shown_terminal(client)) as screen:
            first = screen.offset
            await screen.wait_for(lambda s: s.offset > first + 1_000_000)
            update = await screen.__anext__()
            self.assertLessEqual(len(update.changed), screen.rows)


class Cancelled(Case):
    async def cancel(self, awaitable: Any) -> None:
        task = asyncio.ensure_future(awaitable)
        await asyncio.sleep(0)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task

    async def test_nothing_is_left_behind(self) -> None:
        demo = await self.demo()
        client = await self.client(demo.address)
        terminal = shown_terminal(client)
        (demo.root / "sub").mkdir()
        for _ in range(8):
            await self.cancel(client.search(terminal, "x"))
            await self.cancel(client.spawn("shell"))
            await self.cancel(client.watch(demo.root / "sub"))
            await self.cancel(client.attach_screen(terminal)._started())
            await self.cancel(client.ping())
            await self.cancel(client.wait_for(lambda _: False))
        await client.ping()
        self.assertEqual((client._replies, client._attachments), ({}, {}))
        self.assertEqual(client.state._changes._waiting, [])
        await client.wait_for(lambda state: len(state.terminals) == 1)
        # The server does as well: eight watches and four searches are its limits.
        watches = [await client.watch(demo.root / "sub") for _ in range(2)]
        self.assertEqual(watches[0].number, watches[1].number)
        self.assertEqual((await client.search(terminal, "absent")).matches, ())
        self.assertEqual(client._abandoned, {})

    async def test_a_command_that_takes_too_long(self) -> None:
        demo = await self.demo()
        client = await self.client(demo.address)
        running = asyncio.ensure_future(client.run("touch started; sleep 1000"))
        await client.wait_for(lambda state: [f for f in state.files.values() if f.name == "started"])
        running.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await running
        await client.wait_for(lambda state: len(state.terminals) == 1)
        self.assertEqual(client._attachments, {})
