"""A watch: a tree of what is below its roots, kept equal to the disk."""

from __future__ import annotations

from collections.abc import Iterator

from . import convert
from . import types as t
from ._native import data, ffi, lib, new
from .core import Core
from .figures import WatchMetrics, figures


class WatchHandle:
    """A watch of an engine of this process."""

    def __init__(self, core: Core, id: int) -> None:
        self._core = core
        self.id = id

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    def query(self) -> t.WatchDetail:
        """Everything that is known of it now."""
        struct = new("orch_watch_state")
        self._core._call(lib.orch_watch_get_state, self.id, struct)
        return convert.watch_detail(struct)

    def metrics(self) -> WatchMetrics:
        struct = new("orch_watch_metrics")
        self._core._call(lib.orch_watch_get_metrics, self.id, struct)
        return figures(WatchMetrics, struct)

    def request_sync(self, sync_tag: int = 0) -> None:
        """Requests `WatchSynced`, which comes when everything that happened before has been reported."""
        self._core._call(lib.orch_watch_sync, self.id, sync_tag)

    def tree(self) -> FileTree:
        """A copy of the tree that can be brought up to date."""
        return FileTree(self)

    def save(self) -> bytes:
        """The tree, for the option `since` of a later watch. Read the events that are there before."""
        cursor, lent, more = ffi.new("orch_save_cursor *"), ffi.new("orch_bytes *"), ffi.new("uint32_t *", 1)
        parts = []
        while more[0]:
            self._core._call(lib.orch_watch_save, self.id, cursor, 0, lent, more)
            parts.append(data(lent))
        return b"".join(parts)

    def report_save(self, os_error: int = 0) -> None:
        """What became of writing these bytes: 0, or an error number. A failure is part of the health."""
        self._core._call(lib.orch_watch_report_save, self.id, os_error)

    def publish(self, publish: bool = True) -> None:
        """Makes its files part of the state, or takes them out again."""
        self._core._call(lib.orch_watch_set_published, self.id, int(publish))

    def remove(self) -> None:
        """Ends the watch. Unread events of it are discarded."""
        self._core._call(lib.orch_watch_remove, self.id)


class FileTree:
    """A copy of a watch's tree: `entries` by their ids. `refresh` costs what changed since the last one."""

    def __init__(self, watch: WatchHandle) -> None:
        self.entries: dict[int, t.FileEntry] = {}
        self.version = t.Version(0, 0)
        self._watch = watch
        self._cursor = ffi.new("orch_file_cursor *")
        self.refresh()

    def refresh(self) -> bool:
        """Brings the copy up to date; gives whether anything was different."""
        is_different = False
        for changes in self._changes():
            if changes.full:
                self.entries.clear()
            for id in changes.removed:
                self.entries.pop(id, None)
            self.entries.update((entry.id, entry) for entry in changes.entries)
            is_different |= bool(changes.full or changes.removed or changes.entries)
            self.version = changes.version
        return is_different

    def path(self, entry: t.FileEntry) -> str:
        """The path of an entry now. A directory that is renamed is reported alone, and this follows it."""
        names = []
        while entry.parent:
            names.append(entry.path.rpartition("/")[2])
            entry = self.entries[entry.parent]
        return "/".join([entry.path.rstrip("/"), *reversed(names)])

    def paths(self) -> dict[str, t.FileEntry]:
        """All entries by their paths."""
        return {self.path(entry): entry for entry in self.entries.values()}

    def _changes(self) -> Iterator[t.FileChanges]:
        struct = new("orch_file_changes")
        while True:
            self._watch._core._call(lib.orch_watch_get_changes, self._watch.id, self._cursor, 0, struct)
            changes = convert.file_changes(struct)
            yield changes
            if not changes.more:
                return
