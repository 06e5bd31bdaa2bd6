"""The package: its sources are what is tested, and typed."""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import orchflow_client

HERE = pathlib.Path(__file__).resolve().parents[1]
IS_STRICT = os.environ.get("ORCHFLOW_TOOLS_STRICT") == "1"

# Each line that is marked has to be an error, and no other line.
TYPED = """
from typing import Optional, Tuple

from orchflow_client import Client, Disconnected, PutSession, Run, Terminal, connect


async def use() -> None:
    client: Client = connect("unix:x", codec="bincode")
    connect("unix:x", codec="xml")  # type: ignore[arg-type]
    async for number in client.state.subscribe(lambda state: len(state.terminals)):
        number.bit_length()
        number.upper()  # type: ignore[attr-defined]
    entry: Terminal = await client.wait_for(lambda state: state.terminals.get(1))
    cwd: Optional[str] = entry.cwd
    entry.cwd = cwd  # type: ignore[misc]
    async with client.attach_screen(1) as screen:
        runs: Tuple[Run, ...] = screen.lines[0].runs
    async for data in await client.attach_raw(1):
        data.decode()
    await client.change(PutSession("a", "b"))
    await client.change(lambda state: [PutSession("a", state.sessions["a"].name)])
    await client.change("a")  # type: ignore[call-overload]
    client.on("status", lambda status: status.upper())
    client.on("notice", lambda notice: notice.terminal)
    client.on("weather", print)  # type: ignore[call-overload]
"""


class Package(unittest.TestCase):
    def test_these_sources_are_tested(self) -> None:
        source = HERE / "src/orchflow_client"
        used = pathlib.Path(orchflow_client.__file__).parent
        self.assertEqual(used.resolve(), source, "set PYTHONPATH=src")
        self.assertTrue((source / "py.typed").exists())
        version = re.search(r'^version = "(.*)"$', (HERE / "pyproject.toml").read_text(), re.M)
        assert version is not None
        self.assertEqual(orchflow_client.__version__, version[1])

    def test_types(self) -> None:
        if importlib.util.find_spec("mypy") is None and not IS_STRICT:
            self.skipTest("mypy is missing: tests/tools.sh installs it")
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "typed.py"
            path.write_text(TYPED, encoding="utf-8")
            self.check(str(path), "examples")
        self.check("src")
        self.check("tests")

    def check(self, *paths: str) -> None:
        command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull, *paths]
        environment = {**os.environ, "MYPYPATH": str(HERE / "src")}
        done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
