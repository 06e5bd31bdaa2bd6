"""Screens: rows, styles and the cursor follow the program, and a copy equals the engine's screen."""

from __future__ import annotations

import random

import pytest

from orchflow import (
    AsyncEngine,
    Cursor,
    Ended,
    Engine,
    InvalidArgument,
    NoScreen,
    NotFound,
    Rgb,
    Run,
    Screen,
    ScreenChanged,
    ScreenOptions,
    ScreenTerminal,
    ScreenUpdate,
)


def printed(text: str) -> list[str]:
    """A program that prints this and waits for a line."""
    return ["sh", "-c", 'stty -echo -onlcr; printf %b "$1"; read x', "sh", text]


async def test_rows_styles_and_the_cursor() -> None:
    text = "plain\\r\\n\\033[1;31mred\\033[0m \\033[38;2;1;2;3;48;5;9mrgb\\033[0m\\r\\n"
    text += "\\344\\270\\255x\\033[?25l"
    async with AsyncEngine() as engine:
        async with engine.spawn(printed(text), screen=True, cols=20, rows=5) as terminal:
            screen = terminal.attach_screen()
            await screen.wait_for(lambda one: "中x" in one.text())
            assert screen.text() == "plain\nred rgb\n中x\n\n"
            assert (screen.cols, screen.rows, len(screen.lines)) == (20, 5, 5)
            assert screen.lines[1].runs == (
                Run("red", 3, fg=1, attributes=1),
                Run(" ", 1),
                Run("rgb", 3, fg=Rgb(1, 2, 3), bg=9),
            )
            assert screen.lines[2].runs == (Run("中", 2, wide=True), Run("x", 1))
            assert screen.cursor == Cursor(row=2, col=3, visible=False)
            assert terminal.rows(1, 2)[1].runs == screen.lines[2].runs
            assert terminal.text().splitlines()[:2] == ["plain", "red rgb"]


async def test_links_titles_and_modes() -> None:
    text = "\\033]8;;http://example.com/\\033\\\\here\\033]8;;\\033\\\\\\033]2;title\\007\\033[?2004h"
    async with AsyncEngine() as engine, engine.spawn(printed(text), screen=True) as terminal:
        screen = terminal.attach_screen()
        await screen.wait_for(lambda one: one.title == "title" and one.modes & 8)
        assert screen.lines[0].runs[0].link == "http://example.com/"
        assert not screen.is_alternate


async def test_a_paste_is_bracketed_and_cleaned() -> None:
    script = "stty raw -echo; printf '\\033[?2004hready'; head -c 15 | od -An -c"
    async with AsyncEngine() as engine, engine.spawn(["sh", "-c", script], screen=True) as terminal:
        raw = terminal.attach_raw()
        await raw.read_until(b"ready")
        terminal.paste("a\x1b[201~\nb")
        output = b"".join([data async for data in raw])
        assert b"".join(output.split()) == b"033[200~a\\rb033[201~"


async def test_scrollback_search_places_and_clear() -> None:
    async with AsyncEngine() as engine:
        script = "stty -echo; seq 1 100; read x; echo done; read x"
        async with engine.spawn(["sh", "-c", script], screen=True, rows=10) as terminal:
            screen = terminal.attach_screen()
            await screen.wait_for(lambda one: "100" in one.text())
            assert screen.history == 91
            assert [row.text for row in terminal.rows(-3, 4)] == ["89", "90", "91", "92"]
            assert terminal.rows(-91, 1)[0].row == -91
            assert "42\n" in terminal.text(100)
            found = terminal.search("^[0-9]*7$", regex=True, max=4)
            assert [match.line for match in found.matches] == [6, 16, 26, 36]
            assert not found.complete and found.next is not None
            rest = terminal.search("^[0-9]*7$", regex=True, start=found.next)
            assert [match.line for match in rest.matches] == [46, 56, 66, 76, 86, 96] and rest.complete
            place = terminal.rows(-91, 1)[0].place
            assert place is not None and terminal.position(place) == (-91, 0)
            with pytest.raises(InvalidArgument, match="regex"):
                terminal.search("(", regex=True)
            screen.scroll(5)
            await screen.wait_for(lambda one: one.viewport == 5)
            assert screen.text().split("\n")[0] == "87"
            await terminal.input("\n")
            screen.scroll(0)
            await screen.wait_for(lambda one: one.viewport == 0 and "done" in one.text())
            terminal.clear()
            await screen.wait_for(lambda one: one.history == 0)
            with pytest.raises(NotFound):
                terminal.position(place)


async def test_marks_of_a_shell() -> None:
    text = "\\033]133;A\\007$ \\033]133;B\\007ls\\r\\n\\033]133;C\\007out\\r\\n\\033]133;D;3\\007"
    async with AsyncEngine() as engine, engine.spawn(printed(text), screen=True) as terminal:
        await terminal.attach_screen().wait_for(lambda one: "out" in one.text())
        kinds = [mark.kind for mark in terminal.marks()]
        assert kinds == ["prompt_start", "command_start", "output_start", "output_end"]
        assert terminal.query().last_exit == 3


async def test_a_snapshot_draws_the_same_elsewhere() -> None:
    text = "\\033[1mone\\033[0m\\r\\ntwo\\033[5;7H\\033[4mthree"
    async with AsyncEngine() as engine:
        async with engine.spawn(printed(text), screen=True, cols=40, rows=8) as terminal:
            await terminal.attach_screen().wait_for(lambda one: "three" in one.text())
            snapshot = terminal.snapshot()
            read = ["sh", "-c", f"stty raw -echo; echo ready; head -c {len(snapshot.data)}; read x"]
            async with engine.spawn(read, screen=True, cols=snapshot.cols, rows=snapshot.rows) as other:
                await other.attach_raw().read_until(b"ready")
                await other.input(snapshot.data)
                await other.attach_screen().wait_for(lambda one: "three" in one.text())
                assert [row.runs for row in other.rows()] == [row.runs for row in terminal.rows()]
                assert other.query().cursor == terminal.query().cursor


async def test_a_terminal_without_a_screen_says_so() -> None:
    async with AsyncEngine() as engine, engine.spawn(["cat"]) as terminal:
        for call in (terminal.attach_screen, terminal.text, terminal.snapshot, terminal.marks):
            with pytest.raises(NoScreen):
                call()


async def test_screen_options() -> None:
    script = "stty raw -echo; printf '\\033]11;?\\033\\\\'; head -c 24 | od -An -c"
    options = ScreenOptions(scrollback=0, background=Rgb(1, 2, 255))
    async with AsyncEngine() as engine, engine.spawn(["sh", "-c", script], screen=options) as terminal:
        raw = terminal.attach_raw()
        output = b"".join((b"".join([data async for data in raw])).split())
        assert b"rgb:0101/0202/ffff" in output
        assert terminal.update().history == 0
    async with AsyncEngine() as engine:
        async with engine.spawn(["seq", "100"], screen=ScreenOptions(scrollback=7)) as terminal:
            await terminal.wait()
            assert terminal.query().history == 7


async def test_updates_are_merged_for_who_is_slow_and_end_with_the_program() -> None:
    async with AsyncEngine() as engine:
        async with engine.spawn(["sh", "-c", "read x; printf a; read x; printf b"], screen=True) as terminal:
            terminal.set_mode("no_echo")
            screen = terminal.attach_screen(interval_us=0)
            seen: list[ScreenUpdate] = []
            off = screen.on_update(seen.append)
            first = await anext(aiter(screen))
            assert first.full and first.changed == frozenset(range(24))
            await terminal.input("\n")
            await screen.wait_for(lambda one: "a" in one.text())
            await terminal.input("\n")
            await screen.wait_for(lambda one: "ab" in one.text())
            merged = await anext(aiter(screen))
            assert 0 in merged.changed and not merged.full
            assert len(seen) >= 3
            off()
            assert [update async for update in screen] == []
            with pytest.raises(Ended):
                await screen.wait_for(lambda one: "c" in one.text())
            # Whoever attaches after the end gets the last screen.
            late = terminal.attach_screen()
            assert isinstance(late, ScreenTerminal)
            assert [update.full async for update in late] == [True] and "ab" in late.text()


SEQUENCES = (
    "\x1b[{a};{b}H", "\x1b[{a}L", "\x1b[{a}M", "\x1b[{a}S", "\x1b[{a}T", "\x1b[2J", "\x1b[K", "\x1b[{a};{b}r",
    "\r\n", "\n\n\n", "\x1b[1;3{a}m", "\x1b[0m", "word ", "中文", "\x1b[?1049h", "\x1b[?1049l",
    "e\u0301", "x" * 50,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_equals_the_screen_after_every_update(engine: Engine, seed: int) -> None:
    """Generated streams: scrolls, regions, both screens, wide characters; and a change of the size."""
    pick = random.Random(seed)
    steps = []
    for _ in range(20):
        parts = [pick.choice(SEQUENCES).format(a=pick.randint(1, 9), b=pick.randint(5, 9)) for _ in range(12)]
        steps.append("".join(parts))
        # Lines that push others up come as scrolls.
        steps.append("".join(f"\r\nline {pick.random()}" for _ in range(pick.randint(1, 4))))
    terminal = engine.spawn(["cat"], screen=True, cols=30, rows=9, delivery="screen")
    terminal.set_mode("raw")
    copy, written, scrolls = Screen(), 0, 0
    for number, step in enumerate(steps):
        if number == 15:
            terminal.resize(22, 7)
        written += terminal.write(step)
        while copy.offset < written:
            engine.wait()
            engine.turn()
            for event in engine.events():
                if isinstance(event, ScreenChanged):
                    copy.apply(event.update)
                    scrolls += len(event.update.scrolls)
        expected = terminal.update()
        assert [line.runs for line in copy.lines] == [line.runs for line in expected.lines]
        assert copy.cursor == expected.cursor and copy.history == expected.history
    assert (copy.cols, copy.rows) == (22, 7) and scrolls > 0
