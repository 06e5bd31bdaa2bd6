"""History, notices, files and figures, in both codecs."""

import asyncio

import orchflow_client as oc
from orchflow_client.protocol import Codec
from support import CODECS, Case, Demo, shown_terminal


class History(Case):
    async def test_rows_and_places(self) -> None:
        demo = await self.demo(shell="sh -c 'seq 1 3000; exec cat'")
        for codec in CODECS:
            await self.rows_and_places(demo, codec)

    async def rows_and_places(self, demo: Demo, codec: Codec) -> None:
        client = await self.client(demo.address, codec=codec)
        terminal = shown_terminal(client)
        async with client.attach_screen(terminal) as screen:
            await screen.wait_for(lambda s: "3000" in s.text())
        rows = await client.rows(terminal, above=5, max=24)
        self.assertEqual([line.row for line in rows.lines], list(range(-5, 24)))
        self.assertEqual(rows.cols, 80)
        # All the way up, page by page, by the place of the oldest row that is there.
        texts = [line.text for line in rows.lines]
        place = rows.lines[0].place
        while place != rows.kept_from:
            page = await client.rows(terminal, start=place, above=300, max=0)
            self.assertTrue(page.lines)
            texts = [line.text for line in page.lines] + texts
            place = page.lines[0].place
        # One row is that of the cursor.
        self.assertEqual(len(texts), rows.history + 24)
        self.assertEqual(texts[:-1], [str(n) for n in range(3002 - len(texts), 3001)])
        # A match and a row have the same place.
        (match,) = (await client.search(terminal, "2345")).matches
        assert match.line is not None
        (line,) = (await client.rows(terminal, start=oc.Place(match.line, match.col), max=1)).lines
        self.assertEqual((line.text, line.row), ("2345", match.start_row))
        with self.assertRaises(oc.OrchflowError) as caught:
            await client.rows(1 << 40)
        self.assertEqual(caught.exception.code, "not_found")

    async def test_a_view_that_is_scrolled_back(self) -> None:
        demo = await self.demo(shell="sh -c 'seq 1 500; exec cat'")
        client = await self.client(demo.address)
        terminal = shown_terminal(client)
        async with client.attach_screen(terminal) as screen:
            await screen.wait_for(lambda s: "500" in s.text())
            screen.scroll(100)
            await screen.wait_for(lambda s: s.viewport == 100)
            top = screen.lines[0].text
            self.assertEqual(int(top), 500 - 22 - 100)
            await client.input(terminal, "more\r")
            await screen.wait_for(lambda s: s.viewport == 102)
            self.assertEqual(screen.lines[0].text, top)
            screen.scroll(1 << 20)
            await screen.wait_for(lambda s: s.lines[0].text == "1")
            screen.scroll(0)
            await screen.wait_for(lambda s: s.viewport == 0 and "more" in s.text())

    async def test_stats(self) -> None:
        demo = await self.demo()
        for codec in CODECS:
            client = await self.client(demo.address, codec=codec)
            stats = await client.stats()
            self.assertEqual(stats.terminals, 1)
            self.assertGreater(stats.turns, 0)
            await client.close()

    async def test_figures_and_health(self) -> None:
        demo = await self.demo()
        for codec in CODECS:
            client = await self.client(demo.address, codec=codec)
            events: asyncio.Queue[object] = asyncio.Queue()
            client.on("figures", events.put_nowait)
            client.on("health", events.put_nowait)
            await client.observe(health=True)
            health = await events.get()
            assert isinstance(health, oc.Health)
            self.assertEqual((health.status, health.parts, health.more), ("ok", (), 0))
            await client.observe(figures_ms=250)
            first, second = await events.get(), await events.get()
            assert isinstance(first, oc.Figures) and isinstance(second, oc.Figures)
            self.assertEqual((first.terminals, first.clients), (1, 1))
            self.assertGreater(second.turns, first.turns)
            self.assertGreater(second.uptime_ms, first.uptime_ms)
            self.assertGreater(first.memory["screens"], 0)
            await client.observe()
            with self.assertRaises(ValueError):
                await client.observe(figures_ms=-1)
            await client.close()


class Notices(Case):
    async def test_kinds(self) -> None:
        demo = await self.demo(shell="sh -c 'while read -r line; do printf \"$line\"; done'")
        for codec in CODECS:
            client = await self.client(demo.address, codec=codec, notices=["bell", "title"])
            terminal = shown_terminal(client)
            notices = client.notices()
            title = f"name {codec}"
            await client.input(terminal, "\\a\r")
            self.assertEqual((await notices.__anext__()).event, oc.Bell(1))
            await client.input(terminal, f"\\033]2;{title}\\a\r")
            first = await notices.__anext__()
            self.assertEqual((first.terminal, first.event), (terminal, oc.TitleChanged(title)))
            await client.set_notices(["notification", "progress", "cwd"])
            await client.input(terminal, "\\033]2;other\\a\r")
            await client.wait_for(lambda state: state.terminals[terminal].title == "other")
            await client.input(terminal, "\\033]777;notify;a;b\\a\\033]9;4;1;30\\a\r")
            second = await notices.__anext__()
            self.assertEqual(second.event, oc.Notification("a", "b"))
            self.assertGreater(second.seq, first.seq)
            self.assertEqual((await notices.__anext__()).event, oc.Progress("normal", 30))
            await client.input(terminal, f"\\033]9;4;0\\a\\033]7;file:///{codec}\\a\r")
            self.assertEqual((await notices.__anext__()).event, oc.Progress())
            self.assertEqual((await notices.__anext__()).event, oc.DirectoryChanged(f"/{codec}"))
            await client.close()

    async def test_no_clipboard_without_the_scope(self) -> None:
        demo = await self.demo()
        client = await self.client(demo.address)
        assert client.welcome is not None
        self.assertNotIn("clipboard", client.welcome.scopes)
        failures: list[oc.OrchflowError] = []
        client.on("failure", failures.append)
        with self.assertRaises(oc.OrchflowError) as caught:
            await client.set_notices(["clipboard"])
        self.assertEqual(caught.exception.code, "forbidden")
        await client.ping()
        self.assertEqual(failures, [])

    async def test_what_a_terminal_runs(self) -> None:
        demo = await self.demo(shell="dash")
        client = await self.client(demo.address, codec="bincode")
        terminal = shown_terminal(client)
        await client.input(terminal, "stty -echo; cat\r")
        await client.wait_for(lambda state: state.terminals[terminal].program == "cat")
        entry = await client.wait_for(
            lambda state: state.terminals[terminal] if state.terminals[terminal].hidden_input else None
        )
        self.assertEqual((entry.size_policy, entry.last_exit), ("latest", None))


class Files(Case):
    async def test_read(self) -> None:
        demo = await self.demo()
        path, empty = demo.root / "bytes", demo.root / "empty"
        data = bytes(range(256)) * 3000
        path.write_bytes(data)
        for codec in CODECS:
            client = await self.client(demo.address, codec=codec)
            first = await client.read(path, offset=10, max=100)
            self.assertEqual((first.data, first.offset, first.end), (data[10:110], 10, False))
            self.assertEqual((first.version.size, first.version.inode), (len(data), path.stat().st_ino))
            whole = await client.read_file(path)
            self.assertEqual((whole.data, whole.truncated), (data, False))
            part = await client.read_file(path, limit=300_000)
            self.assertEqual((part.data, part.truncated), (data[:300_000], True))
            exact = await client.read_file(path, limit=len(data))
            self.assertEqual((exact.data, exact.truncated), (data, False))
            nothing = await client.read_file(path, limit=0)
            self.assertEqual((nothing.data, nothing.truncated), (b"", True))
            empty.write_bytes(b"")
            nothing = await client.read_file(empty, limit=0)
            self.assertEqual((nothing.data, nothing.truncated, nothing.version.size), (b"", False, 0))
            self.assertFalse((await client.read(path, base=first.version)).changed)
            data = data[1:]
            path.write_bytes(data)
            self.assertTrue((await client.read(path, base=first.version)).changed)
            for wrong, code in (("/etc/passwd", "forbidden"), (demo.root / "absent", "not_found")):
                with self.assertRaises(oc.OrchflowError) as caught:
                    await client.read_file(wrong)
                self.assertEqual(caught.exception.code, code)
