"""The package as it is installed: typed, and made of these sources."""

import importlib.util
import os
import pathlib
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
    def test_it_is_made_of_these_sources(self) -> None:
        source, installed = HERE / "src/orchflow_client", pathlib.Path(orchflow_client.__file__).parent
        names = sorted(str(path.relative_to(source)) for path in source.rglob("*.py"))
        self.assertGreater(len(names), 15)
        for name in [*names, "py.typed"]:
            same = (source / name).read_bytes() == (installed / name).read_bytes()
            self.assertTrue(same, f"{name} differs from what is installed: run tests/tools.sh")

    def test_types(self) -> None:
        if importlib.util.find_spec("mypy") is None and not IS_STRICT:
            self.skipTest("mypy is missing: tests/tools.sh installs it")
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "typed.py"
            path.write_text(TYPED, encoding="utf-8")
            # As a user has it: against the package that is installed.
            self.check(str(path), "examples")
        self.check("src")
        self.check("tests")

    def check(self, *paths: str) -> None:
        command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull, *paths]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
