"""Keeps a copy of the files below a directory of the engine: mirror_files.py ADDRESS DIRECTORY COPY

Prints what it does. Files that the engine ignores (`.gitignore`), links and files above 16 MiB are left out.

Nothing is removed from the copy only because it is not listed: after a break the engine lists the directory
anew, bit by bit, and what does not fit into its state it never lists. So it is asked whether a file is there.
"""

import asyncio
import os
import pathlib
import shutil
import sys
from typing import Dict

from orchflow_client import Client, Disconnected, File, OrchflowError, State, Watch, connect


def listed(state: State, watch: Watch) -> Dict[str, File]:
    """The entries of a watch by their paths in it."""
    mine = [file for file in state.files.values() if file.watch == watch.number and file.parent]
    paths = {file: state.path(file) for file in mine}
    return {os.path.relpath(path, watch.path): file for file, path in paths.items() if path is not None}


def is_wanted(file: File) -> bool:
    return file.kind in ("file", "directory") and not file.ignored


class Mirror:
    """The copy, and for each path in it the entry that it is a copy of."""

    def __init__(self, client: Client, watch: Watch, root: pathlib.Path) -> None:
        self.client = client
        self.watch = watch
        self.root = root
        self.copied: Dict[str, File] = {}

    async def update(self, present: Dict[str, File]) -> None:
        wanted = {name: file for name, file in present.items() if is_wanted(file)}
        for name in sorted(self.copied.keys() - wanted.keys(), reverse=True):
            if name in present or await self.is_gone(name):
                self.remove(name)
                del self.copied[name]
                print(f"removed {name}", flush=True)
        for name, file in sorted(wanted.items()):
            await self.put(name, file)

    async def is_gone(self, name: str) -> bool:
        try:
            await self.client.read(os.path.join(self.watch.path, name), max=1)
        except OrchflowError as error:
            # A directory is `invalid`. Without a connection nobody knows.
            return error.code == "not_found"
        return False

    def remove(self, name: str) -> None:
        path = self.root / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    async def put(self, name: str, file: File) -> None:
        path, before = self.root / name, self.copied.get(name)
        if path.is_dir() != (file.kind == "directory"):
            self.remove(name)
            before = None
        if file.kind == "directory":
            path.mkdir(parents=True, exist_ok=True)
        elif before is None or (before.size, before.modified_us) != (file.size, file.modified_us):
            try:
                await self.copy(name, path)
            except Disconnected:
                return  # It is listed again on the next connection.
        self.copied[name] = file

    async def copy(self, name: str, path: pathlib.Path) -> None:
        try:
            read = await self.client.read_file(os.path.join(self.watch.path, name))
            if read.truncated:
                raise OrchflowError("limit", "it is too large")
        except Disconnected:
            raise
        except OrchflowError as error:
            # If it is gone again or still being written, the next change shows.
            print(f"not copied {name}: {error}", flush=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(read.data)
        print(f"copied {name}", flush=True)


async def main(address: str, directory: str, target: str) -> None:
    async with connect(address, collections=["files"]) as client:
        watch = await client.watch(os.path.abspath(directory))
        mirror = Mirror(client, watch, pathlib.Path(target))
        async for present in client.state.subscribe(lambda state: listed(state, watch)):
            if watch.number is not None:
                await mirror.update(present)


asyncio.run(main(*sys.argv[1:]))
