"""Runs coroutine tests in an event loop of their own, in debug mode, and nothing may be left behind.

A test that hangs is ended by a watchdog that shows where its tasks wait; if even the loop stands still,
`faulthandler_timeout` (pyproject.toml) ends everything.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
from collections.abc import Iterator
from typing import Any

import pytest

from orchflow import Engine, reap

if not os.environ.get("ORCHFLOW_LIBRARY_DIR"):
    raise pytest.UsageError("set ORCHFLOW_LIBRARY_DIR to the folder that has liborchflow.so")


HANGS_AFTER = 120.0


def hangs() -> None:
    """Shows where each task waits, and ends them all."""
    tasks = asyncio.all_tasks()
    for task in tasks:
        task.print_stack()
        task.cancel("the test hangs")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    errors: list[dict[str, Any]] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        loop = asyncio.get_running_loop()
        watchdog = loop.call_later(HANGS_AFTER, hangs)
        await pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
        watchdog.cancel()

    asyncio.run(run())
    gc.collect()
    assert not errors, errors
    return True


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No descriptor and no child of this process is left by a test."""
    before = set(os.listdir("/proc/self/fd"))
    yield
    gc.collect()
    Engine().close()
    # The kernel needs a moment for what was killed: waits for each child, and reaps it by the library.
    while reap():
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    with pytest.raises(ChildProcessError):
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    assert set(os.listdir("/proc/self/fd")) <= before


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        yield engine
