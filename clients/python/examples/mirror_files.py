"""Keeps a copy of the files below a directory of the engine: mirror_files.py ADDRESS DIRECTORY COPY

Prints what it does. Files that the engine ignores (`.gitignore`) and links are left out.
"""

import asyncio
import os
import pathlib
import shutil
import sys
from typing import Dict

from orchflow_client import Client, File, OrchflowError, State, Watch, connect


def below(state: State, watch: Watch) -> Dict[str, File]:
    """The entries of a watch by their paths in it."""
    found = {}
    for file in state.files.values():
        path = state.path(file) if file.watch == watch.number and not file.ignored else None
        if path is not None and file.kind in ("file", "directory"):
            found[os.path.relpath(path, watch.path)] = file
    return found


async def copy(client: Client, watch: Watch, name: str, to: pathlib.Path) -> None:
    try:
        read = await client.read_file(os.path.join(watch.path, name))
    except OrchflowError as error:
        # It is gone again, or still being written: the next change shows.
        print(f"not copied {name}: {error}", flush=True)
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(read.data)
    print(f"copied {name}", flush=True)


async def main(address: str, directory: str, target: str) -> None:
    root = pathlib.Path(target)
    async with connect(address, collections=["files"]) as client:
        watch = await client.watch(os.path.abspath(directory))
        mirrored: Dict[str, File] = {}
        async for present in client.state.subscribe(lambda state: below(state, watch)):
            for name in sorted(mirrored.keys() - present.keys(), reverse=True):
                path = root / name
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
                print(f"removed {name}", flush=True)
            for name, file in sorted(present.items()):
                before = mirrored.get(name)
                if file.kind == "directory":
                    (root / name).mkdir(parents=True, exist_ok=True)
                elif before is None or (before.size, before.modified_us) != (file.size, file.modified_us):
                    await copy(client, watch, name, root / name)
            mirrored = present


asyncio.run(main(*sys.argv[1:]))
