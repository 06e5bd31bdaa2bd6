"""The examples, as a user runs them."""

from __future__ import annotations

import asyncio
import os
import pathlib
import subprocess
import sys

from orchflow import AsyncEngine
from support import HERE

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE / "src")}


def example(name: str, *arguments: str) -> list[str]:
    return [sys.executable, str(HERE / "examples" / name), *arguments]


def test_the_poll_host() -> None:
    command = example("poll_host.py", "echo one; exit 3", "echo two")
    done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("0")] == ["0: one", "0: exit 3"]
    assert [line for line in lines if line.startswith("1")] == ["1: two", "1: exit 0"]


async def test_a_terminal_in_a_terminal() -> None:
    """The example runs in an engine: keys, output, sizes and the status go through both."""
    async with AsyncEngine() as engine:
        script = (
            "trap 'echo size $(stty size)' WINCH; echo ready; until read x && test $x; do :; done; exit 5"
        )
        words = example("terminal.py", "sh", "-c", script)
        async with engine.spawn(words, env={"PYTHONPATH": str(HERE / "src")}, cols=90, rows=30) as terminal:
            raw = terminal.attach_raw()
            await raw.read_until(b"ready")
            terminal.resize(70, 20)
            await raw.read_until(b"size 20 70")
            await terminal.input("x\r")
            assert (await terminal.wait()).code == 5


def test_a_terminal_without_a_terminal() -> None:
    done = subprocess.run(
        example("terminal.py", "sh", "-c", "read x; echo got $x; read y || exit 4"),
        env=ENVIRONMENT,
        input=b"it\n",
        stdout=subprocess.PIPE,
        check=False,
    )
    assert b"got it" in done.stdout and done.returncode == 4


async def test_the_watch(tmp_path: pathlib.Path) -> None:
    command = example("watch.py", "--count", "1", str(tmp_path))
    process = await asyncio.create_subprocess_exec(*command, env=ENVIRONMENT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"watching 1 entries\n"
    (tmp_path / "a").write_text("a")
    assert await process.stdout.read() == f"create {tmp_path / 'a'}\n".encode()
    assert await process.wait() == 0
    process._transport.close()  # type: ignore[attr-defined]
