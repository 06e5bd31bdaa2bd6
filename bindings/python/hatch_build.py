"""What a wheel has beside the sources: the interface, parsed, and the engine's library if there is one.

With ORCHFLOW_LIBRARY_DIR set, the wheel carries the `liborchflow.so` of that folder and is for this kind of
machine only. Without it the wheel is for any, and the library is that of the system.
"""

import os
import pathlib
import platform
import re
import shutil
import tempfile
from typing import Any

from cffi import FFI
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LIBRARY = "liborchflow.so"


def glibc_minor(library: bytes) -> int:
    """The newest glibc 2.N of which a library asks for a symbol."""
    return max(
        (int(found) for found in re.findall(rb"\0GLIBC_2\.(\d+)(?:\.\d+)?(?=\0)", library)), default=17
    )


class Hook(BuildHookInterface[Any]):
    """Called by hatchling before it packs a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self._directory = pathlib.Path(tempfile.mkdtemp(prefix="orchflow-build-"))
        ffi = FFI()
        ffi.set_source("_abi", None)
        header = pathlib.Path(self.root, "src/orchflow/orchflow_ffi.h")
        ffi.cdef(header.read_text(encoding="utf-8"))
        ffi.compile(tmpdir=str(self._directory))
        build_data["force_include"][str(self._directory / "_abi.py")] = "orchflow/_abi.py"
        folder = os.environ.get("ORCHFLOW_LIBRARY_DIR")
        if folder:
            self._carry(pathlib.Path(folder, LIBRARY), build_data)

    def _carry(self, library: pathlib.Path, build_data: dict[str, Any]) -> None:
        if not library.is_file():
            raise FileNotFoundError(f"ORCHFLOW_LIBRARY_DIR has no {LIBRARY}: {library}")
        build_data["force_include"][str(library)] = f"orchflow/{LIBRARY}"
        build_data["pure_python"] = False
        glibc = glibc_minor(library.read_bytes())
        build_data["tag"] = f"py3-none-manylinux_2_{glibc}_{platform.machine()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            shutil.rmtree(self._directory)
