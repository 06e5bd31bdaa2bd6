"""A session with a server in both codecs, over TCP and Unix sockets."""

import asyncio
import pathlib
import tempfile

import orchflow_client as oc
from orchflow_client.protocol import Codec
from support import CODECS, Case, Demo, shown_terminal


class Session(Case):
    async def test_state_and_changes(self) -> None:
        demo = await self.demo()
        for codec in CODECS:
            await self.state_and_changes(demo, codec)

    async def state_and_changes(self, demo: Demo, codec: Codec) -> None:
        client = await self.client(demo.address, codec=codec)
        other = await self.client(demo.address, codec=codec)
        name = f"work-{codec}"
        shown = [client.state.sessions.get(name)]
        client.state.subscribe(lambda s: s.sessions.get(name), lambda new, _: shown.append(new))
        pane = oc.PutPane("p1", name, "ü" * 500, oc.FileContent("/tmp/\udcff"))
        session = oc.PutSession(name, "Work", ["p2", "p1"], {"é": "1"}, base=0)
        making = asyncio.ensure_future(client.change(session, pane, oc.PutPane("p2", name)))
        await asyncio.sleep(0)
        # Before the server has said anything.
        self.assertEqual(client.state.sessions[name].panes, ("p2", "p1"))
        self.assertEqual(client.state.sessions[name].version, 0)
        version = await making
        entry = client.state.sessions[name]
        self.assertEqual((entry.name, entry.panes, entry.version), ("Work", ("p2", "p1"), version))
        self.assertEqual(client.state.panes["p1"].content, oc.FileContent("/tmp/\udcff"))
        seen = await other.wait_for(lambda state: state.sessions.get(name))
        self.assertEqual(seen, entry)
        self.assertEqual([one and one.version for one in shown], [None, 0, version])

        await other.change(oc.PutSession(name, "Other", base=version))
        with self.assertRaises(oc.Conflict) as caught:
            await client.change(oc.PutSession(name, "Mine", base=version))
        self.assertEqual(caught.exception.session, other.state.sessions[name])
        await client.wait_for(lambda state: state.sessions[name].name == "Other")
        with self.assertRaises(oc.OrchflowError) as failed:
            await client.change(oc.PutSession("no id", ""))
        self.assertEqual(failed.exception.code, "invalid")
        self.assertNotIn("no id", client.state.sessions)

        def renamed(state: oc.State) -> list[oc.Change]:
            entry = state.sessions[name]
            return [oc.PutSession(name, entry.name + "!", entry.panes, base=entry.version)]

        await asyncio.gather(*(one.change(renamed) for one in (client, other) * 3))
        await client.wait_for(lambda state: state.sessions[name].name == "Other!!!!!!")
        await client.change(oc.RemoveSession(name))
        self.assertNotIn("p1", client.state.panes)

    async def test_subscription_as_an_iterator(self) -> None:
        demo = await self.demo()
        client = await self.client(demo.address)
        names = client.state.subscribe(lambda state: sorted(state.sessions))
        self.assertEqual(await names.__anext__(), ["main"])
        await client.change(oc.PutSession("a", "A"))
        await client.change(oc.PutSession("b", "B"))
        self.assertEqual(await names.__anext__(), ["a", "b", "main"])
        await client.close()
        self.assertEqual([one async for one in names], [])

    async def test_other_collections(self) -> None:
        demo = await self.demo()
        client = await self.client(demo.address, collections=["sessions"])
        self.assertEqual((len(client.state.sessions), len(client.state.terminals)), (1, 0))
        await client.subscribe_to(["terminals", "panes"])
        self.assertEqual((len(client.state.sessions), len(client.state.terminals)), (0, 1))

    async def test_screen(self) -> None:
        demo = await self.demo()
        for codec in CODECS:
            client = await self.client(demo.address, codec=codec)
            terminal = shown_terminal(client)
            async with client.attach_screen(terminal, cols=90, rows=30) as screen:
                self.assertEqual((screen.cols, screen.rows, len(screen.lines)), (90, 30, 30))
                await client.input(
                    terminal, "clear; printf '\\033]2;name\\007\\033[1;31mr\\344\\270\\255\\n'\r"
                )
                await screen.wait_for(lambda s: s.lines[0].text.startswith("r中"))
                runs = screen.lines[0].runs
                self.assertEqual((runs[0].text, runs[0].fg, runs[0].attributes & 1), ("r", 1, 1))
                self.assertEqual((runs[1].text, runs[1].cols, runs[1].wide), ("中", 2, True))
                self.assertEqual(screen.title, "name")
                # Scrolling, by the rows that the engine sends as moved.
                await client.input(terminal, "clear; seq 1 100; printf done\r")
                await screen.wait_for(lambda s: "done" in s.text())
                fresh = await self.client(demo.address, codec="json")
                async with fresh.attach_screen(terminal) as whole:
                    self.assertEqual(whole.lines, screen.lines)
                    self.assertEqual(whole.cursor, screen.cursor)
                found = await client.search(terminal, "^5[0-9]$", regex=True)
                self.assertEqual((len(found.matches), found.complete), (10, True))
                await client.clear(terminal)
            self.assertEqual(screen.status, "detached")

    async def test_update_iterator(self) -> None:
        demo = await self.demo(shell="sh -c 'read line; echo $line; read line'")
        client = await self.client(demo.address)
        terminal = shown_terminal(client)
        async with client.attach_screen(terminal) as screen:
            self.assertTrue((await screen.__anext__()).full)
            await client.input(terminal, "hello\r")
            rows: set[int] = set()
            while screen.text().count("hello") < 2 or not rows >= {0, 1}:
                rows |= (await screen.__anext__()).changed
            self.assertNotIn(20, rows)
            await client.input(terminal, "\r")
            async for _ in screen:
                pass
            self.assertEqual((await screen.wait_ended()).status, 0)

    async def test_raw(self) -> None:
        demo = await self.demo(shell="sh -c 'stty raw -echo; printf ready; exec cat'")
        for codec in CODECS:
            client = await self.client(demo.address, codec=codec)
            terminal = shown_terminal(client)
            while (await client.query(terminal)).log_end < len("ready"):
                await asyncio.sleep(0.01)
            async with client.attach_raw(terminal, start="now") as raw:
                data = bytes(range(256)) * 40
                sent = asyncio.ensure_future(client.input(terminal, data))
                got = b""
                async for chunk in raw:
                    got += chunk
                    if len(got) == len(data):
                        break
                await sent
                self.assertEqual(got, data)
                offset = raw.offset
            start = oc.FromOffset(offset - 10)
            async with client.attach_raw(terminal, start=start) as again:
                async for event in again.events():
                    self.assertEqual(event, oc.Output(offset - 10, data[-10:]))
                    break
            async with client.attach_raw(terminal, start=oc.FromSnapshot(5)) as snapshot:
                async for event in snapshot.events():
                    assert isinstance(event, oc.Snapshot)
                    self.assertEqual((event.cols, event.rows), (80, 24))
                    break

    async def test_operations_and_errors(self) -> None:
        # A shell without a line editor, which would change the modes of the terminal while we type.
        demo = await self.demo(shell="dash")
        for codec in CODECS:
            await self.operations_and_errors(demo, codec)

    async def operations_and_errors(self, demo: Demo, codec: Codec) -> None:
        client = await self.client(demo.address, codec=codec)
        terminal = await client.spawn("shell", cwd=demo.root, cols=100, rows=20)
        entry = await client.wait_for(lambda state: state.terminals.get(terminal))
        self.assertEqual((entry.cols, entry.rows, entry.screen), (100, 20, True))
        statuses = await client.batch(
            [oc.Resize(terminal, 70, 10), oc.Eof(1 << 40), oc.Paste(1 << 40, "x"), oc.Clear(terminal)]
        )
        self.assertEqual([one and one.code for one in statuses], [None, "not_found", "skipped", None])
        await client.wait_for(lambda state: state.terminals[terminal].cols == 70)
        for wrong in (5, None, [b"x"]):
            with self.assertRaises(TypeError):
                await client.input(terminal, wrong)  # type: ignore[arg-type]
            with self.assertRaises(TypeError):
                client.input_nowait(terminal, wrong)  # type: ignore[arg-type]
        for call in (client.input(1 << 40, "x"), client.query(1 << 40), client.search(1 << 40, "x")):
            with self.assertRaises(oc.OrchflowError) as caught:
                await call
            self.assertEqual((caught.exception.code, caught.exception.terminal), ("not_found", 1 << 40))
        with self.assertRaises(oc.OrchflowError) as caught:
            await client.attach_screen(1 << 40)
        self.assertEqual(caught.exception.code, "not_found")
        with self.assertRaises(oc.OrchflowError) as caught:
            await client.spawn("no profile")
        self.assertEqual(caught.exception.code, "not_found")
        with self.assertRaises(oc.OrchflowError) as caught:
            await client.resize(terminal, 1 << 20, 1)
        self.assertEqual(caught.exception.code, "invalid")
        self.assertGreater(await client.ping(), 0)
        detail = await client.query(terminal)
        self.assertEqual((detail.terminal, detail.cwd), (terminal, str(demo.root)))
        async with client.attach_screen(terminal) as screen:
            with self.assertRaises(oc.OrchflowError):
                await client.attach_raw(terminal)
            await client.paste(terminal, "cat\ntyped\n")
            await screen.wait_for(lambda s: s.text().count("typed") == 2)
            await client.interrupt(terminal)
            # The mark of the key comes before the end of the program, so wait for the prompt as well.
            await screen.wait_for(lambda s: "^C" in s.text() and s.text().rstrip().endswith("$"))
            await client.input(terminal, "cat\r")
            client.input_nowait(terminal, "mo")
            client.input_nowait(terminal, "re\r")
            await screen.wait_for(lambda s: s.text().count("more") == 2)
            await client.signal(terminal, 15)
            await screen.wait_for(lambda s: "Terminated" in s.text() and s.text().rstrip().endswith("$"))
            await client.input(terminal, "cat\r")
            await client.eof(terminal)
            await client.input(terminal, "exit 3\r")
            self.assertEqual((await screen.wait_ended()).code, 3)
        await client.close_terminal(terminal)
        await client.wait_for(lambda state: terminal not in state.terminals)

    async def test_files(self) -> None:
        demo = await self.demo()
        client = await self.client(demo.address, codec="bincode")
        directory = demo.root / "sub"
        directory.mkdir()
        (directory / "one").write_bytes(b"1")
        watch = await client.watch(directory)

        def paths(state: oc.State) -> list[str]:
            mine = [file for file in state.files.values() if file.watch == watch.number]
            return sorted(state.path(file) or "?" for file in mine)

        wanted = [str(directory), str(directory / "one")]
        await client.wait_for(lambda state: paths(state) == wanted)
        (directory / "one").rename(directory / "two")
        await client.wait_for(lambda state: paths(state) == [str(directory), str(directory / "two")])
        await client.unwatch(watch)
        await client.wait_for(lambda state: not paths(state))
        with self.assertRaises(oc.OrchflowError) as caught:
            await client.watch("/")
        self.assertEqual(caught.exception.code, "forbidden")

    async def test_unix_socket(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "private" / "socket"
            demo = await self.demo("--unix", str(path))
            self.assertTrue(demo.address.startswith("unix:"))
            for codec in CODECS:
                client = await self.client(demo.address, codec=codec)
                self.assertEqual((await client.run("echo hi")).text, "hi\n")
                await client.close()


class Run(Case):
    async def test_shells(self) -> None:
        for shell in ("bash", "zsh", "fish", "dash", "sh"):
            with self.subTest(shell):
                demo = await self.demo(shell=shell)
                client = await self.client(demo.address)
                command = "printf '%s|' \"a  b\" 'c\\n' \"$((1 + 1))\" '!!' \"it's\"; exit 5"
                result = await client.run(command)
                self.assertEqual(result.output, b"a  b|c\\n|2|!!|it's|")
                self.assertEqual((result.status, result.is_complete), (5, True))
                await client.wait_for(lambda state: len(state.terminals) == 1)

    async def test_what_commands_are_like(self) -> None:
        demo = await self.demo()
        client = await self.client(demo.address)
        long = "\n".join(f"echo {number}" for number in range(5000))
        result = await client.run(long)
        self.assertEqual(result.text.split(), [str(number) for number in range(5000)])
        self.assertEqual((await client.run("kill -9 $$")).status, 137)
        self.assertEqual((await client.run("")).status, 0)
        self.assertEqual(
            (await client.run("pwd; tty >&2", cwd=str(demo.root))).text.split()[0], str(demo.root)
        )
        results = await asyncio.gather(*(client.run(f"echo {n}; exit {n}") for n in range(8)))
        self.assertEqual([(r.text, r.status) for r in results], [(f"{n}\n", n) for n in range(8)])
        with self.assertRaises(oc.OrchflowError) as caught:
            await client.run("yes", limit=100_000)
        self.assertEqual(caught.exception.code, "limit")
        await client.wait_for(lambda state: len(state.terminals) == 1)

    async def test_a_profile_that_is_no_shell(self) -> None:
        demo = await self.demo(shell="true")
        client = await self.client(demo.address)
        with self.assertRaises(oc.OrchflowError) as caught:
            await client.run("echo hi")
        self.assertEqual(caught.exception.code, "ended")
