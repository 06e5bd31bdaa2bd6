"""The package: typed, complete, equal to the header, and a wheel that runs elsewhere."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import venv
import zipfile

import pytest

import orchflow
from orchflow import Engine, OrchflowError, _native, convert, events, figures, options
from orchflow._native import ffi, lib
from support import HERE, ROOT

sys.path.insert(0, str(ROOT / "clients/python/src"))

import orchflow_client

# Each line that is marked has to be an error, and no other line.
TYPED = """
from orchflow import (
    AsyncEngine, Batch, Engine, Exit, Output, PutSession, Run, Session, TitleChanged, WatchHandle
)


async def use() -> None:
    async with AsyncEngine() as engine:
        result = await engine.run("true")
        result.text.upper()
        async with engine.spawn(["cat"], screen=True) as terminal:
            async for data in terminal:
                data.decode()
            exit: Exit = await terminal.wait()
            terminal.on(TitleChanged, lambda event: event.title.upper())
            terminal.on(TitleChanged, lambda event: event.count)  # type: ignore[attr-defined]
            screen = terminal.attach_screen()
            runs: tuple[Run, ...] = screen.lines[0].runs
            terminal.attach_raw(mode="fast")  # type: ignore[arg-type]
        exit.code = 3  # type: ignore[misc]
        async for batch in engine.watch("/tmp"):
            one: Batch = batch
        session: Session = await engine.state.wait_for(lambda state: state.sessions.get("s"))
        engine.change("a")  # type: ignore[arg-type]
        engine.add_token("rule")  # type: ignore[arg-type]


def drive(engine: Engine) -> None:
    watch: WatchHandle = engine.watch("/tmp")
    for event in engine:
        if isinstance(event, Output):
            event.data.decode()
        event.data  # type: ignore[union-attr]
"""


def test_these_sources_are_tested() -> None:
    source = HERE / "src/orchflow"
    assert pathlib.Path(orchflow.__file__).parent.resolve() == source
    assert (source / "py.typed").exists()
    version = re.search(r'^version = "(.*)"$', (HERE / "pyproject.toml").read_text(), re.M)
    assert version is not None and orchflow.__version__ == version[1]
    assert orchflow.library_version == lib_version_of_the_crate()
    assert set(orchflow.__all__) <= set(vars(orchflow))


def lib_version_of_the_crate() -> str:
    found = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M)
    assert found is not None
    return found[1]


def constants(prefix: str) -> list[str]:
    return [name for name in dir(lib) if name.startswith(prefix)]


def test_every_function_is_in_the_library() -> None:
    functions = [name for name in dir(lib) if name.startswith("orch_")]
    assert len(functions) > 90
    for name in functions:
        getattr(lib, name)


def test_every_status_has_a_class() -> None:
    for name in constants("ORCH_E_"):
        error = _native.of_status(getattr(lib, name))
        assert type(error) is not OrchflowError and error.code == name.removeprefix("ORCH_E_").lower()
        assert error.status == getattr(lib, name) and type(error).__name__ in orchflow.__all__


def test_every_kind_of_event_but_those_of_peers_has_a_class() -> None:
    kinds = {getattr(lib, n) for n in constants("ORCH_EVENT_") if not n.startswith("ORCH_EVENT_PEER_")}
    assert events.MAKERS.keys() == kinds


def names(struct: str) -> list[str]:
    return [name for name, _ in ffi.typeof(struct).fields]


def test_figures_have_all_fields_of_their_structs() -> None:
    for kind, struct in figures.STRUCTS.items():
        bookkeeping = {"size", "reserved", "stage_count", "stage_stride"}
        wanted = [name for name in names(struct) if name not in bookkeeping]
        assert [field.name for field in dataclasses.fields(kind)] == wanted, kind


def test_options_have_all_fields_of_their_structs() -> None:
    wanted = [name for name in names("orch_config") if name not in ("size", "reserved", "reserved_end")]
    assert [field.name for field in dataclasses.fields(options.Config)] == wanted


@pytest.mark.parametrize(
    ("table", "prefix"),
    [
        (convert.FILE_CHANGES, "ORCH_FILE_EVENT_"),
        (convert.MARKS, "ORCH_MARK_"),
        (convert.PARTS, "ORCH_PART_"),
        (convert.HEALTH, "ORCH_HEALTH_"),
        (convert.WATCH_PROBLEMS, "ORCH_WATCH_PROBLEM_"),
        (convert.SAVE_PROBLEMS, "ORCH_SAVE_PROBLEM_"),
        (convert.PROGRESS, "ORCH_PROGRESS_"),
        (convert.SIZE_POLICIES, "ORCH_SIZE_POLICY_"),
        (convert.DELIVERY_NAMES, "ORCH_DELIVERY_"),
        (convert.FILE_KINDS, "ORCH_FILE_TYPE_"),
        (figures.STAGES, "ORCH_STAGE_"),
    ],
)
def test_tables_of_names_are_those_of_the_header(table: dict[int, str], prefix: str) -> None:
    wanted = {getattr(lib, name): name.removeprefix(prefix).lower() for name in constants(prefix)}
    left_out = {"none", "other"} if prefix != "ORCH_DELIVERY_" else set()
    assert dict(table) == {number: name for number, name in wanted.items() if name not in left_out}


def test_names_are_shared_with_the_client() -> None:
    """A class of both has the client's fields first, in their order."""
    shared = 0
    for name in sorted(set(orchflow.__all__) & set(orchflow_client.__all__)):
        ours, theirs = getattr(orchflow, name), getattr(orchflow_client, name)
        if not (dataclasses.is_dataclass(ours) and dataclasses.is_dataclass(theirs)):
            continue
        wanted = [field.name for field in dataclasses.fields(theirs)]
        assert [field.name for field in dataclasses.fields(ours)][: len(wanted)] == wanted, name
        shared += 1
    assert shared >= 45


def run(*command: str | pathlib.Path, **environment: str) -> str:
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in command],
        env={**kept, **environment},
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_types(tmp_path: pathlib.Path) -> None:
    typed = tmp_path / "typed.py"
    typed.write_text(TYPED, encoding="utf-8")
    paths = f"src:tests:{ROOT / 'clients/python/src'}"
    mypy = (sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull)
    sources = ("src", "tests", "examples", "bench", "hatch_build.py", typed)
    run(*mypy, *sources, MYPYPATH=paths)


def test_style() -> None:
    run(sys.executable, "-m", "ruff", "check", "--no-cache", ".")
    run(sys.executable, "-m", "ruff", "format", "--no-cache", "--check", ".")


USE = """
import orchflow, pathlib, sys
from orchflow import _abi, Engine, Exited
print(orchflow.library_path)
with Engine() as engine:
    engine.spawn(["sh", "-c", "exit 3"])
    for event in engine:
        if isinstance(event, Exited):
            sys.exit(0 if event.exit.code == 3 else 1)
"""


def built(directory: pathlib.Path, **environment: str) -> pathlib.Path:
    """The wheel of these sources."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory, **environment)
    (wheel,) = directory.glob("*.whl")
    return wheel


def test_sources_of_the_package_stand_alone(tmp_path: pathlib.Path) -> None:
    """The header is a link in the project, and a file in an archive of the sources."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path)
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        members = {one.name.partition("/")[2]: one for one in archive.getmembers()}
        assert all(one.isfile() for one in members.values())
        header = archive.extractfile(members["src/orchflow/orchflow_ffi.h"])
        assert header is not None and header.read() == (ROOT / "include/orchflow_ffi.h").read_bytes()


def test_a_wheel_carries_the_library_and_runs(tmp_path: pathlib.Path) -> None:
    wheel = built(tmp_path)
    assert re.fullmatch(r"orchflow-[0-9.]+-py3-none-manylinux_2_\d+_\w+\.whl", wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
        header = archive.read("orchflow/orchflow_ffi.h")
    assert {"orchflow/liborchflow.so", "orchflow/_abi.py", "orchflow/py.typed"} <= inside
    assert header == (ROOT / "include/orchflow_ffi.h").read_bytes()
    # Installed as pip does it, beside the cffi of these tests: nothing is downloaded.
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv/bin/python"
    (site,) = (tmp_path / "venv/lib").glob("python3*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    own = pathlib.Path(sys.modules["cffi"].__file__ or "").parents[1]
    (site / "cffi.pth").write_text(f"{own}\n")
    library = run(python, "-W", "error", "-c", USE, ORCHFLOW_LIBRARY_DIR="").strip()
    assert library == str(site / "orchflow/liborchflow.so")


def test_a_wheel_without_the_library_is_for_any_machine(tmp_path: pathlib.Path) -> None:
    wheel = built(tmp_path, ORCHFLOW_LIBRARY_DIR="")
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert "orchflow/liborchflow.so" not in archive.namelist()


def test_a_missing_library_is_a_clear_error(tmp_path: pathlib.Path) -> None:
    source = "import orchflow"
    done = subprocess.run(
        [sys.executable, "-c", source],
        env={**os.environ, "PYTHONPATH": str(HERE / "src"), "ORCHFLOW_LIBRARY_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ImportError" in done.stderr and str(tmp_path) in done.stderr
    assert "set ORCHFLOW_LIBRARY_DIR" in done.stderr.replace("\n", " ")


def test_a_library_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for needed, is_good in (((0, 0), True), ((0, 1), True), ((0, 2), False), ((1, 0), False)):
        monkeypatch.setattr(_native, "NEEDED", needed)
        if is_good:
            assert _native._check_version(lib, "x") == orchflow.library_version
        else:
            with pytest.raises(ImportError, match="this package needs"):
                _native._check_version(lib, "x")


def test_the_readme_runs(engine: Engine, tmp_path: pathlib.Path) -> None:
    """Each program of README is run: those that are whole have a main of their own."""
    text = (HERE / "README.md").read_text(encoding="utf-8")
    programs = [block for block in re.findall(r"```python\n(.*?)```", text, re.S) if "import" in block]
    assert len(programs) >= 2
    for number, program in enumerate(programs):
        path = tmp_path / f"{number}.py"
        path.write_text(program, encoding="utf-8")
        (tmp_path / "work").mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-W", "error", str(path)],
            env={**os.environ, "PYTHONPATH": str(HERE / "src")},
            cwd=tmp_path / "work",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, program + done.stdout + done.stderr
