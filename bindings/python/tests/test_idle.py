"""Idle costs nothing: without something to do there is no turn, no timer, and the host is not woken."""

from __future__ import annotations

import asyncio
import pathlib
import select
import socket

from orchflow import AsyncEngine, Engine, WatchOptions
from support import Turns


async def test_an_idle_engine_wakes_nobody(tmp_path: pathlib.Path) -> None:
    """Terminals at their prompts, a screen, a watch, a listener: all there, and the loop stands still."""
    async with AsyncEngine() as engine:
        turns = Turns(engine)
        engine.listen()
        # Rules of `.gitignore` may come above the root, where others make files meanwhile.
        watch = engine.watch(tmp_path, options=WatchOptions(window_ms=5, gitignore=False))
        await watch.ready()
        terminals = [engine.spawn(["sh", "-c", "echo ready; exec cat"], screen=True) for _ in range(20)]
        for terminal in terminals:
            await terminal.attach_raw().read_until(b"ready")
            await terminal.attach_screen().wait_for(lambda one: "ready" in one.text())
        (tmp_path / "a").write_text("a")
        await anext(watch)
        # What was begun comes to its end: timers that are set fire, and are not set again.
        await turns.until(lambda: engine.timeout() is None)
        counted, figures = turns.count, engine.stats().turns
        # The loop does a lot of other work meanwhile: a thousand round trips through the kernel.
        reader, writer = await asyncio.open_connection(sock=(pair := socketpair())[0])
        for _ in range(1000):
            writer.write(b"x")
            await asyncio.get_running_loop().sock_recv(pair[1], 1)
            await asyncio.get_running_loop().sock_sendall(pair[1], b"y")
            assert await reader.readexactly(1) == b"y"
        writer.close()
        await writer.wait_closed()
        pair[1].close()
        assert turns.count == counted and engine.stats().turns == figures
        assert engine.timeout() is None and not select.select([engine], [], [], 0)[0]
        await terminals[7].input("awake\n")
        await turns.until(lambda: "awake" in terminals[7].text())
        assert turns.count > counted


def socketpair() -> tuple[socket.socket, socket.socket]:
    pair = socket.socketpair()
    for one in pair:
        one.setblocking(False)
    return pair


def test_a_new_engine_has_nothing_to_do(engine: Engine) -> None:
    while engine.wait(0):
        engine.turn()
        assert list(engine.events()) == []
    assert engine.timeout() is None
