"""What programs and parts of the engine report, as events."""

from __future__ import annotations

import errno
import pathlib

import pytest

from orchflow import (
    AsyncEngine,
    Bell,
    Clipboard,
    CommandFinished,
    CommandStarted,
    DirectoryChanged,
    HealthChanged,
    Notification,
    Progress,
    ScreenOptions,
    TitleChanged,
)

REPORTS: list[tuple[str, type[object], dict[str, object]]] = [
    ("\\033]2;a title\\007", TitleChanged, {"title": "a title"}),
    ("\\033]7;file:///usr/share\\007", DirectoryChanged, {"path": "/usr/share"}),
    ("\\007\\007", Bell, {"count": 2}),
    ("\\033]777;notify;head;body\\007", Notification, {"title": "head", "body": "body"}),
    ("\\033]52;c;aGVsbG8=\\007", Clipboard, {"selection": False, "text": "hello"}),
    ("\\033]9;4;1;50\\007", Progress, {"state": "normal", "percent": 50}),
    ("\\033]133;C\\007", CommandStarted, {"command": ""}),
    ("\\033]133;C\\007\\033]133;D;3\\007", CommandFinished, {"exit_code": 3}),
]


@pytest.mark.parametrize(("text", "kind", "fields"), REPORTS, ids=[kind.__name__ for _, kind, _ in REPORTS])
async def test_what_programs_report(text: str, kind: type[object], fields: dict[str, object]) -> None:
    screen = ScreenOptions(clipboard=True)
    async with AsyncEngine() as engine:
        events = engine.events(kind)
        async with engine.spawn(
            ["sh", "-c", 'printf %b "$1"; read x', "sh", text], screen=screen, tag=9
        ) as one:
            event = await anext(events)
            got = {name: getattr(event, name) for name in ("terminal", "tag", *fields)}
            assert got == {"terminal": one.id, "tag": 9, **fields}


async def test_the_health_of_a_watch(tmp_path: pathlib.Path) -> None:
    async with AsyncEngine() as engine, engine.watch(tmp_path) as watch:
        changes = engine.events(HealthChanged)
        watch.report_save(errno.ENOSPC)
        part = (await anext(changes)).part
        assert (part.part, part.id, part.status, part.reason) == ("watch", watch.id, "degraded", "disk_full")
        assert part.message
        health = engine.health()
        assert health.status == "degraded" and [one.reason for one in health.parts] == ["disk_full"]
        watch.report_save()
        assert (await anext(changes)).part.status == "ok"
        assert engine.health().status == "ok"
