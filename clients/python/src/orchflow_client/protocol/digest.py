"""The digest of an entry. The hash of a copy of the state is the sum of the digests, modulo 2^64."""

from __future__ import annotations

import struct
from typing import Any, Dict, List, Union

from .schema import ENTRY_FIELDS

START, PRIME, MASK = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1
Field = Union[str, bytes, int, None]


def digest(collection: str, entry: Dict[str, Any]) -> int:
    """FNV-1a over the fields of an entry of a diff."""
    fields: List[Field] = [collection[:-1]]
    for name in ENTRY_FIELDS[collection]:
        value = entry[name]
        if name == "metadata":
            fields.append(len(value))
            for key in sorted(value, key=str.encode):
                fields += [key, value[key]]
        elif name == "panes":
            fields += [len(value), *value]
        elif name == "content":
            fields += [value, ""] if isinstance(value, str) else next(iter(value.items()))
        elif name == "exit" and isinstance(value, dict):
            ((kind, number),) = value.items()
            fields.append(f"{kind}:{number}")
        else:
            fields.append(value)
    result = START
    for field in fields:
        data = _data(field)
        for byte in struct.pack("<I", len(data)) + data:
            result = (result ^ byte) * PRIME & MASK
    return result


def _data(field: Field) -> bytes:
    if field is None:
        return b""
    if isinstance(field, bytes):
        return field
    if isinstance(field, int):
        return b"%d" % field
    return field.encode()
