"""The application state: changes, conflicts, and a copy that follows."""

from __future__ import annotations

import pathlib

import pytest

from orchflow import (
    AsyncEngine,
    Conflict,
    CustomContent,
    Engine,
    FileContent,
    InvalidArgument,
    Pane,
    PutPane,
    PutSession,
    RemovePane,
    RemoveSession,
    Session,
    StateCopy,
    TerminalContent,
)


async def test_sessions_and_panes() -> None:
    async with AsyncEngine() as engine:
        terminal = engine.spawn(["cat"])
        version = engine.change(
            PutSession("s", "a name", metadata={"color": "red"}),
            PutPane("p", "s", "title", TerminalContent(terminal.id)),
            PutPane("q", "s", content=FileContent("/tmp/x")),
            PutPane("r", "s", content=CustomContent("clock"), metadata={"a": "b"}),
        )
        state = engine.state
        assert state.version == version == engine.state_version()
        assert state.sessions == {"s": Session("s", version.n, "a name", ("p", "q", "r"), {"color": "red"})}
        assert state.panes["p"] == Pane("p", version.n, "s", "title", TerminalContent(terminal.id), {})
        assert state.panes["q"].content == FileContent("/tmp/x")
        assert state.panes["r"].metadata == {"a": "b"}
        assert state.terminals[terminal.id].running and state.terminals[terminal.id].cols == 80
        before = state.panes
        engine.change(RemovePane("q"), PutSession("s", "other", ("r", "p")))
        assert before.keys() == {"p", "q", "r"} and state.panes.keys() == {"p", "r"}
        assert state.sessions["s"].panes == ("r", "p")
        engine.change(RemoveSession("s"))
        assert not state.sessions and not state.panes
        with pytest.raises(InvalidArgument, match="none"):
            engine.change(PutPane("p", "none"))


async def test_a_conflict_names_the_entry() -> None:
    async with AsyncEngine() as engine:
        first = engine.change(PutSession("s", "one", base=0))
        second = engine.change(PutSession("s", "two", base=first.n))
        with pytest.raises(Conflict) as caught:
            engine.change(PutSession("t", "x"), PutSession("s", "three", base=first.n))
        assert (caught.value.op, caught.value.version) == (1, second.n)
        assert engine.state.sessions.keys() == {"s"} and engine.state.sessions["s"].name == "two"


async def test_what_programs_do_is_seen() -> None:
    async with AsyncEngine() as engine:
        counts = engine.state.subscribe(lambda state: len(state.terminals))
        assert await anext(counts) == 0
        seen: list[tuple[int, int]] = []
        off = engine.state.subscribe(
            lambda state: len(state.terminals), lambda now, was: seen.append((now, was))
        )
        terminal = engine.spawn(["sh", "-c", "read x; exit 3"])
        assert await anext(counts) == 1 and seen == [(1, 0)]
        await terminal.input("\n")
        entry = await engine.state.wait_for(
            lambda state: state.terminals[terminal.id] if state.terminals[terminal.id].exit else None
        )
        assert entry.exit is not None and entry.exit.code == 3 and not entry.running
        off()
        terminal.close(0)
        assert await anext(counts) == 0 and seen == [(1, 0)]
    with pytest.raises(StopAsyncIteration):
        await anext(counts)


async def test_published_files(tmp_path: pathlib.Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_text("abc")
    async with AsyncEngine() as engine, engine.watch(tmp_path) as watch:
        watch.publish()
        state = engine.state
        await state.wait_for(lambda one: len(one.files) == 3)
        paths = {state.path(file): file for file in state.files.values()}
        assert paths[str(tmp_path / "d/f")].size == 3
        (tmp_path / "d/f").unlink()
        await state.wait_for(lambda one: len(one.files) == 2)
        watch.publish(False)
        await state.wait_for(lambda one: not one.files)


def test_a_copy_follows_by_differences(engine: Engine) -> None:
    copy, panes = StateCopy(engine), StateCopy(engine, ["panes"])
    assert copy.refresh() and not copy.refresh()
    # More than one slice.
    engine.change(*(PutSession(f"s{n}", "x" * 1000) for n in range(1000)))
    for part in range(4):
        engine.change(*(PutPane(f"p{part}-{n}", f"s{n}", "y" * 1000) for n in range(1000)))
    assert copy.refresh() and panes.refresh()
    assert len(copy.sessions) == 1000 and len(copy.panes) == 4000
    assert not panes.sessions and panes.panes == copy.panes
    hashes = engine.state_hash(), engine.state_hash("panes")
    engine.change(*(RemovePane(f"p3-{n}") for n in range(1000)))
    assert copy.refresh() and len(copy.panes) == 3000
    assert hashes[0] != engine.state_hash() and hashes[1] != engine.state_hash("panes")
    with pytest.raises(ValueError, match="windows"):
        engine.state_hash("windows")  # type: ignore[arg-type]
