"""A terminal within this one: runs a program in an engine, and passes keys, output and the size on.

    python examples/terminal.py [PROGRAM [ARGUMENT...]]

Everything happens in one asyncio loop: keys come by `add_reader`, output by `async for`. Whoever writes to a
slow terminal waits, then the reader is paused, then the program: nothing grows.
"""

import asyncio
import contextlib
import os
import signal
import sys
import termios
import tty
from collections.abc import Iterator

from orchflow import AsyncEngine, AsyncTerminal

STDIN, STDOUT = 0, 1


@contextlib.contextmanager
def raw_mode() -> Iterator[None]:
    """Keys come one by one; if the input is a terminal."""
    if not os.isatty(STDIN):
        yield
        return
    before = termios.tcgetattr(STDIN)
    tty.setraw(STDIN)
    try:
        yield
    finally:
        termios.tcsetattr(STDIN, termios.TCSADRAIN, before)


def size() -> tuple[int, int]:
    try:
        cols, rows = os.get_terminal_size(STDOUT)
    except OSError:
        cols, rows = 80, 24
    return cols, rows


async def type_keys(terminal: AsyncTerminal) -> None:
    """Passes on what is typed, until the end of the input."""
    loop = asyncio.get_running_loop()
    while True:
        readable = loop.create_future()
        loop.add_reader(STDIN, readable.set_result, None)
        try:
            await readable
        finally:
            loop.remove_reader(STDIN)
        keys = os.read(STDIN, 65536)
        if not keys:
            terminal.eof()
            return
        await terminal.input(keys)


async def main(argv: list[str]) -> int:
    loop = asyncio.get_running_loop()
    cols, rows = size()
    async with AsyncEngine() as engine, engine.spawn(argv, cols=cols, rows=rows) as terminal:
        loop.add_signal_handler(signal.SIGWINCH, lambda: terminal.resize(*size()))
        with raw_mode():
            typing = asyncio.create_task(type_keys(terminal))
            async for data in terminal:
                # Blocks while the outer terminal is slow, as `cat` does.
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            typing.cancel()
        return (await terminal.wait()).status or 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
