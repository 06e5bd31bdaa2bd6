"""The examples of docs/CLIENTS.md and README.md, each run as it stands, and the programs in `examples`."""

import ast
import asyncio
import contextlib
import inspect
import io
import os
import pathlib
import re
import shutil
import sys
import tempfile
from typing import Any, Dict, List, Tuple
from unittest import mock

import orchflow_client as oc
from support import DIFF, ROOT, RUNNING, Case, Demo, Peer, fake_server

HERE = pathlib.Path(__file__).resolve().parents[1]
LINES_MAX = 15

PRINTS = {
    "Connect": r"orchflow/\S+ \('observe', 'type', 'manage'",
    "Mirror the state": r"Demo \('shell',\)\n1 terminals, now 2\n80 24 True\n",
    "Follow a terminal as rows": r"\d .*followed\n(.*\n)*.* \d+ \d+ \d+\n",
    "Follow a terminal as bytes": r"reset to 80 24 b'.*\n(.*\n)*\d+ b.*bytes",
    "Type": r"\[None, None\]\n",
    "Run a command and get its output and status": r"3 (.*\n)*.*\btmp\b",
    "Change the layout": r"Other\nOther!\n",
    "Search and history": r"0 True\n",
    "Files": r"notes\n? 6 False\n",
    "Notices": r"Bell\(count=1\) 1\n",
}


def examples(path: pathlib.Path) -> List[Tuple[str, str]]:
    """Headings and the code below them."""
    text = path.read_text(encoding="utf-8")
    part = re.split(r"^## Python\n", text, flags=re.M)[-1]
    part = re.split(r"^## ", part, flags=re.M)[0]
    found = re.findall(r"^### (.*?)\n.*?^```python\n(.*?)^```$", part, flags=re.M | re.S)
    return [(str(heading), str(code)) for heading, code in found]


class Documents(Case):
    async def run_code(self, demo: Demo, code: str, names: Dict[str, Any]) -> str:
        """What code prints that may `await` at its top level."""
        (demo.root / "notes.txt").write_text("notes\n")
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        compiled = compile(code, "example", "exec", flags=flags, dont_inherit=True)
        printed = io.StringIO()
        before = pathlib.Path.cwd()
        os.chdir(demo.root)
        try:
            with contextlib.redirect_stdout(printed):
                result = eval(compiled, names)
                if inspect.isawaitable(result):
                    await result
        finally:
            os.chdir(before)
        return printed.getvalue()

    async def run_whole(self, demo: Demo, code: str) -> str:
        """What a whole program prints that ends with `asyncio.run(main())`."""
        program, _, start = code.rpartition("\nasyncio.run(")
        self.assertEqual(start, "main())\n")
        with mock.patch.dict(os.environ, {"ORCHFLOW_ADDRESS": demo.address}):
            return await self.run_code(demo, program + "\nawait main()\n", {})

    async def test_clients(self) -> None:
        found = examples(ROOT / "docs/CLIENTS.md")
        self.assertEqual([heading for heading, _ in found], list(PRINTS))
        for heading, code in found:
            with self.subTest(heading):
                self.assertLessEqual(len(code.splitlines()), LINES_MAX)
                demo = await self.demo(shell="dash")
                if heading == "Connect":
                    printed = await self.run_whole(demo, code)
                else:
                    async with oc.connect(demo.address) as client:
                        names = {"asyncio": asyncio, "os": os, "client": client}
                        printed = await self.run_code(demo, code, names)
                self.assertRegex(printed, PRINTS[heading])
                await demo.stop()

    async def test_readme(self) -> None:
        text = (HERE / "README.md").read_text(encoding="utf-8")
        (code,) = re.findall(r"^```python\n(.*?)^```$", text, flags=re.M | re.S)
        demo = await self.demo()
        self.assertRegex(await self.run_whole(demo, code), r"^3 Linux\n\n\d+ .* 80 24\n")


class Examples(Case):
    async def start(self, name: str, *arguments: str) -> asyncio.subprocess.Process:
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, str(HERE / "examples" / name), *arguments),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        RUNNING.append(program)

        async def end() -> None:
            RUNNING.remove(program)
            if program.returncode is None:
                program.kill()
            await program.communicate()

        self.addAsyncCleanup(end)
        return program

    async def line(self, program: asyncio.subprocess.Process, wanted: str) -> None:
        """Waits for a line of output; a prompt may be before it."""
        assert program.stdout is not None
        while (line := (await program.stdout.readline()).decode()).rpartition("$ ")[2].strip() != wanted:
            self.assertTrue(line, f"it has ended without {wanted!r}")

    async def next_line(self, program: asyncio.subprocess.Process) -> str:
        assert program.stdout is not None
        line = await program.stdout.readline()
        self.assertTrue(line, "it has ended")
        return line.decode().strip()

    async def test_run_command(self) -> None:
        demo = await self.demo()
        program = await self.start("run_command.py", demo.address, "echo hello; exit 7")
        output, _ = await program.communicate()
        self.assertEqual((output, program.returncode), (b"hello\n", 7))

    async def test_follow_terminal(self) -> None:
        demo = await self.demo(shell="dash")
        program = await self.start("follow_terminal.py", demo.address)
        client = await self.client(demo.address)
        (terminal,) = client.state.terminals
        await client.input(terminal, "echo fol''lowed\r")
        await self.line(program, "followed")
        await client.input(terminal, "exit 4\r")
        await self.line(program, "ended: status 4")

    async def test_mirror_files(self) -> None:
        demo = await self.demo()
        source, target = demo.root / "source", demo.root / "copy"
        (source / "sub").mkdir(parents=True)
        (source / "sub" / "one").write_text("1")
        program = await self.start("mirror_files.py", demo.address, str(source), str(target))
        await self.line(program, "copied sub/one")
        self.assertEqual((target / "sub" / "one").read_text(), "1")
        (source / "sub" / "one").write_text("more")
        await self.line(program, "copied sub/one")
        self.assertEqual((target / "sub" / "one").read_text(), "more")
        (source / "sub" / "one").unlink()
        await self.line(program, "removed sub/one")
        self.assertFalse((target / "sub" / "one").exists())

    async def test_a_mirror_follows_a_change_of_kind(self) -> None:
        demo = await self.demo()
        source, target = demo.root / "source", demo.root / "copy"
        source.mkdir()
        (source / "one").write_text("1")
        program = await self.start("mirror_files.py", demo.address, str(source), str(target))
        await self.line(program, "copied one")
        (source / "one").unlink()
        (source / "one").mkdir()
        (source / "one" / "two").write_text("2")
        await self.line(program, "copied one/two")
        self.assertEqual((target / "one" / "two").read_text(), "2")
        shutil.rmtree(source / "one")
        (source / "one").write_text("3")
        await self.line(program, "copied one")
        self.assertEqual((target / "one").read_text(), "3")

    async def test_a_mirror_keeps_its_copy_over_a_break(self) -> None:
        demo, relay = await self.relayed_demo()
        source, target = demo.root / "source", demo.root / "copy"
        (source / "sub").mkdir(parents=True)
        for name in ("kept", "gone", "sub/more"):
            (source / name).write_text(name)
        address = f"ws://127.0.0.1:{relay.port}/#token={demo.token}"
        program = await self.start("mirror_files.py", address, str(source), str(target))
        await self.line(program, "copied sub/more")
        before = {path: path.stat().st_ctime_ns for path in (target / "kept", target / "sub" / "more")}
        relay.refuse(True)
        relay.cut()
        (source / "gone").unlink()
        (source / "new").write_text("new")
        relay.refuse(False)
        lines = [await self.next_line(program) for _ in range(2)]
        self.assertEqual(sorted(lines), ["copied new", "removed gone"])
        self.assertEqual({path: path.stat().st_ctime_ns for path in before}, before)

    async def test_a_mirror_keeps_what_is_not_listed_and_still_there(self) -> None:
        entry = {"watch": 1, "version": 1, "modified_us": 0, "mode": 0, "ignored": False}
        top = {**entry, "id": "1", "parent": "0", "name": "/src", "kind": "directory", "size": 0}

        def file(number: int, name: str, size: int = 1) -> Dict[str, Any]:
            more = {"id": str(number), "parent": "1", "name": name, "kind": "file", "size": size}
            return {**entry, **more}

        def diff(n: int, **fields: Any) -> Dict[str, Any]:
            return {**DIFF, "full": False, "from": n - 1, "to": n, "hash": None, **fields}

        async def script(peer: Peer) -> None:
            await peer.greet()
            number = (await peer.receive("watch"))["id"]
            await peer.send(type="result", id=number, outcome={"watching": {"watch": 1}})
            listed = [top, file(2, "left_out"), file(3, "gone"), file(4, "large", 1 << 40)]
            await peer.send(**diff(2, files=listed))
            left_out = [{"file": {"watch": 1, "id": str(number)}} for number in (2, 3)]
            gone = {"failed": {"code": "not_found", "message": ""}}
            version = {"device": "1", "inode": "1", "size": 1, "changed_ns": "1"}
            while True:
                read = await peer.receive("read")
                name, is_question = read["path"].rpartition("/")[2], read["max"] == 1
                data = "x" * (read["max"] if name == "large" else 1)
                fields = {"data": data, "offset": read["offset"], "version": version}
                outcome = {"slice": {**fields, "changed": False, "end": name != "large"}}
                is_gone = name == "gone" and is_question
                await peer.send(type="result", id=read["id"], outcome=gone if is_gone else outcome)
                if name == "left_out" and not is_question:
                    await peer.send(**diff(3, removed=left_out))
                elif is_gone:
                    await peer.send(**diff(4, files=[file(5, "last")]))

        async with fake_server(script) as address:
            with tempfile.TemporaryDirectory() as target:
                program = await self.start("mirror_files.py", address, "/src", target)
                lines = [await self.next_line(program) for _ in range(5)]
                expected = ["copied gone", "not copied large: limit: it is too large", "copied left_out"]
                self.assertEqual(lines, [*expected, "removed gone", "copied last"])
                names = sorted(path.name for path in pathlib.Path(target).iterdir())
                self.assertEqual(names, ["last", "left_out"])
