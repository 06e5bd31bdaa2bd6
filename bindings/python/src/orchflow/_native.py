"""The C interface: the library, its header, and what every call needs.

The header is `orchflow_ffi.h`, read by cffi in ABI mode: nothing is compiled. A wheel has it parsed already
(`_abi.py`); in a checkout it is parsed at import, which takes some tenths of a second.
"""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Iterator
from typing import Any

from .errors import OrchflowError, error_of

HERE = pathlib.Path(__file__).resolve().parent
HEADER = HERE / "orchflow_ffi.h"
LIBRARY = "liborchflow.so"
SONAME = "liborchflow.so.0"
NEEDED = (0, 1)
"""Major and minor version of the header. A library is good if its minor version is the same or above."""


def _interface() -> Any:
    try:
        from ._abi import ffi  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        from cffi import FFI

        ffi = FFI()
        ffi.cdef(HEADER.read_text(encoding="utf-8"))
    return ffi


def _load() -> tuple[Any, str]:
    """The library: that of ORCHFLOW_LIBRARY_DIR, else the one beside this file, else the system's."""
    folder = os.environ.get("ORCHFLOW_LIBRARY_DIR")
    if folder:
        path = os.path.join(folder, LIBRARY)
    elif (HERE / LIBRARY).exists():
        path = str(HERE / LIBRARY)
    else:
        path = SONAME
    try:
        return ffi.dlopen(path), path
    except OSError as error:
        raise ImportError(
            f"{path} cannot be loaded ({error}). Install the library of OrchFlow, or set "
            f"ORCHFLOW_LIBRARY_DIR to the folder that has {LIBRARY}."
        ) from error


def _check_version(library: Any, path: str) -> str:
    version: str = ffi.string(library.orch_library_get_version()).decode()
    found = re.match(r"(\d+)\.(\d+)", version)
    numbers = (int(found[1]), int(found[2])) if found else (0, 0)
    if numbers[0] != NEEDED[0] or numbers < NEEDED:
        needed = ".".join(map(str, NEEDED))
        raise ImportError(
            f"{path} is version {version}; this package needs {needed} or a later {NEEDED[0]}.x"
        )
    return version


ffi: Any = _interface()
lib, library_path = _load()
library_version = _check_version(lib, library_path)
NULL: Any = ffi.NULL
DONE: int = lib.ORCH_DONE


def new(name: str) -> Any:
    """A struct that begins with its size, with every default."""
    struct = ffi.new(f"{name} *")
    struct.size = ffi.sizeof(name)
    return struct


def check(status: int, engine: Any = NULL) -> int:
    """Raises what a call has returned, if that is an error."""
    if status < 0:
        raise failure(status, engine)
    return status


def failure(status: int, engine: Any = NULL) -> OrchflowError:
    """The error for the status that a call has just returned, with its message."""
    error = new("orch_error")
    kept_by = [engine, NULL] if engine else [NULL]
    for keeper in kept_by:
        if lib.orch_error_get(keeper, error) >= 0 and error.status == status:
            return error_of(status_code(status), status, text(error.message), error.os_error)
    return of_status(status)


def of_status(status: int, message: str = "") -> OrchflowError:
    """The error for a status that came without a call, as in a batch."""
    return error_of(status_code(status), status, message, 0)


def status_code(status: int) -> str:
    """The name of a status as errors have it: `stale_id` for ORCH_E_STALE_ID."""
    name: str = ffi.string(lib.orch_status_get_name(status)).decode()
    return name.removeprefix("ORCH_E_").lower()


def data(lent: Any) -> bytes:
    """A copy of the bytes that the library lends."""
    copy: bytes = ffi.buffer(lent.data, lent.len)[:] if lent.len else b""
    return copy


def text(lent: Any) -> str:
    return data(lent).decode("utf-8", "replace")


def path(lent: Any) -> str:
    return os.fsdecode(data(lent))


def elements(kind: str, array: Any, stride: int, count: int) -> Iterator[Any]:
    """The elements of an array that the library lends."""
    if count:
        first, pointer = ffi.cast("char *", array), ffi.typeof(kind + " *")
        for index in range(count):
            yield ffi.cast(pointer, first + index * stride)


class Arena:
    """What a call passes by pointer, kept until the call is over."""

    def __init__(self) -> None:
        self._kept: list[Any] = []

    def keep(self, value: Any) -> Any:
        self._kept.append(value)
        return value

    def struct(self, name: str) -> Any:
        return self.keep(new(name))

    def bytes(self, value: bytes) -> tuple[Any, int]:
        """For a field of the type `orch_bytes`."""
        return self.keep(ffi.from_buffer(value)), len(value)

    def text(self, value: str) -> tuple[Any, int]:
        return self.bytes(value.encode("utf-8"))

    def path(self, value: Any) -> tuple[Any, int]:
        return self.bytes(os.fsencode(value))

    def array(self, name: str, values: list[Any]) -> Any:
        """An array of structs; NULL if there are none."""
        return self.keep(ffi.new(f"{name}[]", values)) if values else NULL
