"""Beside peers in one run: output of a program, and the time until a change of a file is reported.

    python bench/bench.py [--rounds N]

Peers that are not installed (bench/requirements.txt) are left out. Each round runs everything once, in
another order; the table has medians. Processor time is that of this process, without the program's.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import pathlib
import pty
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

from orchflow import AsyncEngine, Engine, Exited, Output, WatchOptions

BYTES = 200 << 20
LINE = "The quick brown fox jumps over the lazy dog 0123456789 0123456789 01234567"
PROGRAM = ["sh", "-c", f"stty raw; yes '{LINE}' 2>/dev/null | head -c {BYTES}"]
CHANGES = 5_000
Result = tuple[float, float]
"""Seconds on the clock and of the processor."""


@contextlib.contextmanager
def measured(into: list[Result]) -> Iterator[None]:
    clock, processor = time.perf_counter(), time.process_time()
    yield
    into.append((time.perf_counter() - clock, time.process_time() - processor))


# Output: every byte reaches Python as `bytes`, and is counted.


def output_engine(into: list[Result]) -> None:
    with Engine() as engine, measured(into):
        engine.spawn(PROGRAM)
        count = 0
        for event in engine:
            if isinstance(event, Output):
                count += len(event.data)
            elif isinstance(event, Exited):
                break
        assert count == BYTES, count


def output_asyncio(into: list[Result]) -> None:
    async def main() -> None:
        async with AsyncEngine() as engine:
            with measured(into):
                count = 0
                terminal = engine.spawn(PROGRAM)
                async for data in terminal:
                    count += len(data)
                assert count == BYTES, count

    asyncio.run(main())


def output_screen(into: list[Result]) -> None:
    async def main() -> None:
        async with AsyncEngine() as engine:
            with measured(into):
                count = 0
                terminal = engine.spawn(PROGRAM, screen=True)
                async for data in terminal:
                    count += len(data)
                assert count == BYTES, count

    asyncio.run(main())


def output_pty(into: list[Result]) -> None:
    with measured(into):
        pid, fd = pty.fork()
        if pid == 0:
            os.execvp(PROGRAM[0], PROGRAM)
        count = 0
        with contextlib.suppress(OSError):  # EIO is the end.
            while data := os.read(fd, 65_536):
                count += len(data)
        os.close(fd)
        os.waitpid(pid, 0)
        assert count == BYTES, count


def output_ptyprocess(into: list[Result]) -> None:
    from ptyprocess import PtyProcess

    with measured(into):
        process = PtyProcess.spawn(PROGRAM)
        count = 0
        with contextlib.suppress(EOFError):
            while True:
                count += len(process.read(65_536))
        process.wait()
        assert count == BYTES, count


def output_pexpect(into: list[Result]) -> None:
    import pexpect

    with measured(into):
        process = pexpect.spawn(PROGRAM[0], PROGRAM[1:], maxread=65_536)
        count = 0
        with contextlib.suppress(pexpect.EOF):
            while True:
                count += len(process.read_nonblocking(65_536, timeout=None))
        process.wait()
        assert count == BYTES, count


# Files: one after the other is written, and the next one when the one before was reported.


def change_files(directory: pathlib.Path, number: int) -> None:
    (directory / str(number)).write_bytes(b"x")


def files_orchflow(into: list[Result]) -> None:
    async def main(directory: pathlib.Path) -> None:
        options = WatchOptions(window_ms=0, gitignore=False)
        async with AsyncEngine() as engine, engine.watch(directory, options=options) as watch:
            with measured(into):
                for number in range(CHANGES):
                    change_files(directory, number)
                seen = 0
                async for batch in watch:
                    seen += sum(event.change == "create" for event in batch.events)
                    seen += sum(one.created for one in batch.summaries)
                    if seen == CHANGES:
                        return

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(main(pathlib.Path(directory)))


def files_watchfiles(into: list[Result]) -> None:
    from watchfiles import Change, awatch

    async def main(directory: pathlib.Path) -> None:
        stop = asyncio.Event()
        changes = awatch(directory, debounce=1, step=1, stop_event=stop)
        # It begins to watch when it is asked for the first time.
        first = asyncio.ensure_future(anext(changes))
        ready = directory / "ready"
        while not first.done():
            ready.touch()
            ready.unlink()
            await asyncio.sleep(0.01)
        with measured(into):
            for number in range(CHANGES):
                change_files(directory, number)
            seen: set[str] = set()
            async for batch in changes:
                seen |= {path for kind, path in batch if kind == Change.added and path != str(ready)}
                if len(seen) == CHANGES:
                    stop.set()
                    return

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(main(pathlib.Path(directory)))


def files_watchdog(into: list[Result]) -> None:
    import threading

    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers import Observer

    class Handler(FileSystemEventHandler):  # type: ignore[misc]
        def __init__(self) -> None:
            self.seen: set[object] = set()
            self.done = threading.Event()

        def on_created(self, event: FileSystemEvent) -> None:
            self.seen.add(event.src_path)
            if len(self.seen) == CHANGES:
                self.done.set()

    with tempfile.TemporaryDirectory() as directory:
        handler, observer = Handler(), Observer()
        observer.schedule(handler, directory, recursive=True)
        observer.start()
        with measured(into):
            for number in range(CHANGES):
                change_files(pathlib.Path(directory), number)
            handler.done.wait()
        observer.stop()
        observer.join()


Bench = Callable[[list[Result]], None]
OUTPUT: dict[str, Bench] = {
    "os.read of pty.fork": output_pty,
    "Engine": output_engine,
    "AsyncEngine": output_asyncio,
    "AsyncEngine, screen kept": output_screen,
    "ptyprocess": output_ptyprocess,
    "pexpect": output_pexpect,
}
FILES: dict[str, Bench] = {
    "AsyncEngine": files_orchflow,
    "watchfiles": files_watchfiles,
    "watchdog": files_watchdog,
}


def rounds(benches: dict[str, Bench], count: int) -> dict[str, list[Result]]:
    """The results of all that can be run."""
    results: dict[str, list[Result]] = {name: [] for name in benches}
    for _ in range(count):
        for name in random.sample(list(benches), len(benches)):
            try:
                benches[name](results[name])
            except ModuleNotFoundError as error:
                print(f"{name} is left out: {error}", file=sys.stderr)
    return {name: found for name, found in results.items() if found}


def medians(results: list[Result]) -> Result:
    return statistics.median(one for one, _ in results), statistics.median(one for _, one in results)


def main(count: int) -> None:
    print(f"| output, {BYTES >> 20} MiB | MiB/s | processor time, s |\n|---|---|---|")
    for name, results in rounds(OUTPUT, count).items():
        clock, processor = medians(results)
        print(f"| {name} | {BYTES / clock / (1 << 20):.0f} | {processor:.2f} |")
    print(f"\n| {CHANGES:,} new files | s | processor time, s |\n|---|---|---|")
    for name, results in rounds(FILES, count).items():
        clock, processor = medians(results)
        print(f"| {name} | {clock:.2f} | {processor:.2f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Figures beside peers in one run.")
    parser.add_argument("--rounds", type=int, default=5)
    main(parser.parse_args().rounds)
