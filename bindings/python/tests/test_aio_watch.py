"""Watches: every change is reported, a copy equals the disk, and whoever is slow learns that he is."""

from __future__ import annotations

import asyncio
import os
import pathlib
import random
import shutil

import pytest

from orchflow import (
    AsyncEngine,
    AsyncWatch,
    Batch,
    FileTree,
    Gone,
    InvalidArgument,
    NotFound,
    StaleId,
    WatchOptions,
    WatchWarning,
)
from orchflow.aio import watch as watch_module

QUICK = WatchOptions(window_ms=0, gitignore=False)


def changes(batches: list[Batch], root: pathlib.Path) -> list[tuple[str, str]]:
    return [(event.change, os.path.relpath(event.path, root)) for batch in batches for event in batch.events]


async def taken(watch: AsyncWatch) -> list[Batch]:
    """The batches of everything that has happened so far."""
    version = await watch.sync()
    batches: list[Batch] = []
    while not batches or batches[-1].version.n < version.n:
        batches.append(await anext(watch))
    return batches


def on_disk(root: pathlib.Path) -> set[str]:
    return {str(root), *(str(path) for path in root.rglob("*"))}


async def test_what_happens_to_files(tmp_path: pathlib.Path) -> None:
    (tmp_path / "old").write_text("a")
    async with AsyncEngine() as engine, engine.watch(tmp_path, options=QUICK) as watch:
        assert watch.tree().paths().keys() == on_disk(tmp_path)
        (tmp_path / "new").write_text("a")
        assert ("create", "new") in changes(await taken(watch), tmp_path)
        (tmp_path / "old").write_text("ab")
        assert changes(await taken(watch), tmp_path) == [("modify", "old")]
        (tmp_path / "new").rename(tmp_path / "moved")
        (batch,) = await taken(watch)
        (event,) = batch.events
        assert (event.change, event.source, event.kind) == ("rename", str(tmp_path / "new"), "file")
        assert batch.complete and not batch.missed and batch.original_events == 1
        (tmp_path / "old").chmod(0o600)
        assert changes(await taken(watch), tmp_path) == [("metadata", "old")]
        (tmp_path / "old").unlink()
        assert changes(await taken(watch), tmp_path) == [("delete", "old")]


async def test_an_atomic_save_is_one_modification(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("a")
    options = WatchOptions(gitignore=False)
    async with AsyncEngine() as engine, engine.watch(tmp_path, options=options) as watch:
        (tmp_path / "file.tmp").write_text("ab")
        (tmp_path / "file.tmp").rename(tmp_path / "file")
        (event,) = (await taken(watch))[-1].events
        assert (event.change, event.path, event.replaced) == ("modify", str(tmp_path / "file"), True)


async def test_a_copy_equals_the_disk_after_anything(tmp_path: pathlib.Path) -> None:
    pick = random.Random(7)
    async with AsyncEngine() as engine, engine.watch(tmp_path, options=QUICK) as watch:
        tree = watch.tree()
        for _ in range(12):
            for _ in range(40):
                change_something(tmp_path, pick)
            await watch.sync()
            tree.refresh()
            assert tree.paths().keys() == on_disk(tmp_path)
            for path, entry in tree.paths().items():
                assert entry.kind == ("directory" if os.path.isdir(path) else "file")
        assert not tree.refresh()
        assert FileTree(watch).paths().keys() == tree.paths().keys()


def change_something(root: pathlib.Path, pick: random.Random) -> None:
    directories = [root, *(path for path in root.rglob("*") if path.is_dir())]
    others = list(root.rglob("*"))
    place = pick.choice(directories) / pick.choice("abcdef")
    action = pick.randrange(5)
    if action == 0 and not place.exists():
        place.mkdir()
    elif action == 1 and others:
        one = pick.choice(others)
        shutil.rmtree(one) if one.is_dir() else one.unlink()
    elif action == 2 and others and not place.exists():
        one = pick.choice(others)
        if one not in place.parents:
            one.rename(place)
    elif not place.is_dir():
        place.write_text(str(pick.random()))


async def test_many_changes_are_summed_up(tmp_path: pathlib.Path) -> None:
    async with AsyncEngine() as engine, engine.watch(tmp_path) as watch:
        for number in range(300):
            (tmp_path / str(number)).write_text("a")
        batches = await taken(watch)
        assert sum(batch.original_events for batch in batches) == 300
        listed = sum(len(batch.events) for batch in batches)
        counted = sum(one.created for batch in batches for one in batch.summaries)
        assert listed + counted == 300 and counted > 0
        assert {one.directory for batch in batches for one in batch.summaries} == {str(tmp_path)}


async def test_what_is_ignored_is_not_there(tmp_path: pathlib.Path) -> None:
    (tmp_path / ".gitignore").write_text("*.o\n")
    for name in ("a.c", "a.o", "a.log", ".hidden"):
        (tmp_path / name).write_text("")
    async with AsyncEngine() as engine:
        async with engine.watch(tmp_path, options=WatchOptions(ignore=["*.log"], hidden=False)) as watch:
            assert watch.tree().paths().keys() == {str(tmp_path), str(tmp_path / "a.c")}
        with pytest.raises(StaleId):
            watch.query()
        with pytest.raises(InvalidArgument):
            engine.watch(tmp_path, options=WatchOptions(ignore=["a\nb"]))


async def test_whoever_is_slow_learns_it(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "KEPT_EVENTS", 3)
    async with AsyncEngine() as engine, engine.watch(tmp_path, options=QUICK) as watch:
        for number in range(6):
            (tmp_path / str(number)).write_text("a")
            await watch.sync()
        batch = await anext(watch)
        assert batch.missed and ("create", "0") not in changes([batch], tmp_path)
        assert not (await anext(watch)).missed
        assert len(watch.tree().entries) == 7


async def test_what_changed_while_nobody_watched(tmp_path: pathlib.Path) -> None:
    (tmp_path / "old").write_text("a")
    (tmp_path / "same").write_text("a")
    async with AsyncEngine() as engine:
        async with engine.watch(tmp_path, options=QUICK) as watch:
            saved = watch.save()
            watch.report_save()
        (tmp_path / "old").unlink()
        (tmp_path / "new").write_text("a")
        options = WatchOptions(window_ms=0, gitignore=False, since=saved)
        async with engine.watch(tmp_path, options=options) as watch:
            seen = changes(await taken(watch), tmp_path)
            assert sorted(seen) == [("create", "new"), ("delete", "old")]
        warnings = engine.events(WatchWarning)
        async with engine.watch(tmp_path, options=WatchOptions(since=saved[:-1])) as watch:
            assert (await anext(warnings)).problem == "save_unusable"
            assert watch.query().save_problem == "damaged"


async def test_a_watch_that_is_removed_ends(tmp_path: pathlib.Path) -> None:
    async with AsyncEngine() as engine:
        watch = engine.watch(tmp_path)
        reading = asyncio.ensure_future(anext(watch))
        ready = asyncio.ensure_future(watch.ready())
        await asyncio.sleep(0)
        watch.remove()
        with pytest.raises(StopAsyncIteration):
            await reading
        with pytest.raises(StaleId):
            await ready
        with pytest.raises(NotFound):
            engine.watch(tmp_path / "none")
        assert engine.watches() == []
        last = engine.watch(tmp_path)
        syncing = asyncio.ensure_future(last.sync())
        await asyncio.sleep(0)
    with pytest.raises((StaleId, Gone)):
        await syncing


async def test_figures_of_a_watch(tmp_path: pathlib.Path) -> None:
    async with AsyncEngine() as engine, engine.watch(tmp_path, options=QUICK) as watch:
        (tmp_path / "a").write_text("a")
        await taken(watch)
        detail = watch.query()
        assert detail.roots == (str(tmp_path),) and detail.entries == 2 and detail.directories == 1
        assert detail.ready and detail.complete and detail.healthy and detail.problem == ""
        assert watch.metrics().entries == 2 and watch.metrics().events >= 1


async def test_names_that_are_not_text(tmp_path: pathlib.Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff"
    async with AsyncEngine() as engine, engine.watch(tmp_path, options=QUICK) as watch:
        with open(name, "w"):
            pass
        events = [event for batch in await taken(watch) for event in batch.events]
        assert os.fsencode(events[0].path) == name
