"""Types of the protocol: each reads and writes bincode, and checks what came as JSON.

A type is made once from the types that it is made of. Its three functions are closures that hold
everything they need, since tables that are walked for each value are several times slower.

Values of both encodings are the same: dictionaries, lists, strings and numbers as in JSON, and `bytes`
for the type `bytes`.
"""

from __future__ import annotations

import base64
import re
import struct as packing
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

REQUIRED: Any = object()
WIDER = {0xFB: 2, 0xFC: 4, 0xFD: 8}


class Reader:
    """Bytes of bincode, and how far they are read."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise ValueError("cut off")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise ValueError("cut off")
        self.at += 1
        return self.data[self.at - 1]

    def unsigned(self, width: int = 8) -> int:
        """A variable integer of at most so many bytes."""
        first = self.byte()
        if first < 0xFB:
            return first
        size = WIDER.get(first, 16)
        if size > width:
            raise ValueError("too wide an integer")
        return int.from_bytes(self.take(size), "little")

    def count(self) -> int:
        """The number of elements that follow. Each takes a byte at least."""
        count = self.unsigned()
        if count > len(self.data) - self.at:
            raise ValueError("cut off")
        return count


def write_unsigned(out: bytearray, number: int) -> None:
    if number < 0xFB:
        out.append(number)
    elif number < 1 << 16:
        out.append(0xFB)
        out += packing.pack("<H", number)
    elif number < 1 << 32:
        out.append(0xFC)
        out += packing.pack("<I", number)
    else:
        out.append(0xFD)
        out += packing.pack("<Q", number)


@dataclass(frozen=True)
class Type:
    """`read` and `write` are bincode; `load` checks a value from JSON and gives it as `read` would."""

    read: Callable[[Reader], Any]
    write: Callable[[bytearray, Any], None]
    load: Callable[[Any], Any]
    default: Any = REQUIRED
    """What a field of this type is if it is omitted in JSON."""

    def optional_in_json(self, default: Any) -> Type:
        return replace(self, default=default)


def _integer(low: int, high: int, value: Any) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{value!r} is not from {low} to {high}")
    return value


def unsigned(bits: int) -> Type:
    width, high = bits // 8, (1 << bits) - 1

    def write(out: bytearray, value: Any) -> None:
        write_unsigned(out, _integer(0, high, value))

    return Type(lambda reader: reader.unsigned(width), write, lambda value: _integer(0, high, value))


def signed(bits: int) -> Type:
    width, low, high = bits // 8, -(1 << bits - 1), (1 << bits - 1) - 1

    def read(reader: Reader) -> int:
        number = reader.unsigned(width)
        return number >> 1 if number & 1 == 0 else -(number >> 1) - 1

    def write(out: bytearray, value: Any) -> None:
        number = _integer(low, high, value)
        write_unsigned(out, 2 * number if number >= 0 else -2 * number - 1)

    return Type(read, write, lambda value: _integer(low, high, value))


def _u8() -> Type:
    def write(out: bytearray, value: Any) -> None:
        out.append(_integer(0, 255, value))

    return Type(Reader.byte, write, lambda value: _integer(0, 255, value))


def _bool() -> Type:
    def read(reader: Reader) -> bool:
        byte = reader.byte()
        if byte > 1:
            raise ValueError("neither 0 nor 1")
        return byte == 1

    def load(value: Any) -> bool:
        if value is not True and value is not False:
            raise ValueError(f"{value!r} is neither true nor false")
        return bool(value)

    return Type(read, lambda out, value: out.append(load(value)), load)


def _string() -> Type:
    def read(reader: Reader) -> str:
        return reader.take(reader.unsigned()).decode()

    def write(out: bytearray, value: Any) -> None:
        data = load(value).encode()
        write_unsigned(out, len(data))
        out += data

    def load(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not a string")
        return value

    return Type(read, write, load)


def _bytes() -> Type:
    def read(reader: Reader) -> bytes:
        return reader.take(reader.unsigned())

    def write(out: bytearray, value: Any) -> None:
        data = load(value)
        write_unsigned(out, len(data))
        out += data

    def load(value: Any) -> bytes:
        if isinstance(value, bytes):
            return value
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, dict) and isinstance(value.get("bytes"), str):
            return base64.b64decode(value["bytes"], validate=True)
        raise ValueError(f"{value!r} is neither a string nor bytes")

    return Type(read, write, load)


def bytes_to_json(value: Any) -> Union[str, Dict[str, str]]:
    """For `json.dumps`: bytes as the protocol has them in JSON."""
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__} is not of the protocol")
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"bytes": base64.b64encode(value).decode()}


def _digits(pattern: str, base: int, form: str) -> Type:
    """A `u64` that is a string in JSON."""
    valid = re.compile(pattern, re.ASCII)

    def load(value: Any) -> str:
        if not isinstance(value, str) or not valid.fullmatch(value) or int(value, base) >= 1 << 64:
            raise ValueError(f"{value!r} is not a number as expected")
        return value

    def write(out: bytearray, value: Any) -> None:
        write_unsigned(out, int(load(value), base))

    return Type(lambda reader: format(reader.unsigned(), form), write, load)


U8 = _u8()
U16, U32, U64 = unsigned(16), unsigned(32), unsigned(64)
I16, I32, I64 = signed(16), signed(32), signed(64)
BOOL, STRING, BYTES = _bool(), _string(), _bytes()
DECIMAL = _digits("0|[1-9][0-9]{0,19}", 10, "d")
HEX = _digits("[0-9a-f]{16}", 16, "016x")


def optional(of: Type) -> Type:
    def write(out: bytearray, value: Any) -> None:
        out.append(value is not None)
        if value is not None:
            of.write(out, value)

    return Type(
        lambda reader: of.read(reader) if BOOL.read(reader) else None,
        write,
        lambda value: None if value is None else of.load(value),
    )


def list_of(of: Type) -> Type:
    def write(out: bytearray, value: Any) -> None:
        if not isinstance(value, list):
            raise ValueError(f"{value!r} is not a list")
        write_unsigned(out, len(value))
        for one in value:
            of.write(out, one)

    def load(value: Any) -> List[Any]:
        if not isinstance(value, list):
            raise ValueError(f"{value!r} is not a list")
        return [of.load(one) for one in value]

    return Type(lambda reader: [of.read(reader) for _ in range(reader.count())], write, load)


def _map() -> Type:
    def read(reader: Reader) -> Dict[str, str]:
        pairs = [(STRING.read(reader), STRING.read(reader)) for _ in range(reader.count())]
        result = dict(pairs)
        if len(result) != len(pairs):
            raise ValueError("a repeated key")
        return result

    def write(out: bytearray, value: Any) -> None:
        pairs = load(value)
        write_unsigned(out, len(pairs))
        for key in sorted(pairs, key=str.encode):
            STRING.write(out, key)
            STRING.write(out, pairs[key])

    def load(value: Any) -> Dict[str, str]:
        if not isinstance(value, dict):
            raise ValueError(f"{value!r} is not a map")
        return {STRING.load(key): STRING.load(one) for key, one in value.items()}

    return Type(read, write, load)


MAP = _map()


def structure(fields: Mapping[str, Type]) -> Type:
    reads = [(name, of.read) for name, of in fields.items()]
    writes = [(name, of.write, of.default) for name, of in fields.items()]
    loads = [(name, of.load, of.default) for name, of in fields.items()]

    def read(reader: Reader) -> Dict[str, Any]:
        return {name: read_one(reader) for name, read_one in reads}

    def field(value: Any, name: str, default: Any) -> Any:
        found = value.get(name, default)
        if found is REQUIRED:
            raise ValueError(f"{name} is missing")
        return found

    def write(out: bytearray, value: Any) -> None:
        for name, write_one, default in writes:
            write_one(out, field(value, name, default))

    def load(value: Any) -> Dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError(f"{value!r} is not an object")
        return {
            name: load_one(field(value, name, default)) if name in value or default is REQUIRED else default
            for name, load_one, default in loads
        }

    return Type(read, write, load)


def values(*types: Type) -> Type:
    """Several values that a choice carries together."""

    def write(out: bytearray, value: Any) -> None:
        for of, one in zip(types, _as_many(value, types), strict=True):
            of.write(out, one)

    return Type(
        lambda reader: [of.read(reader) for of in types],
        write,
        lambda value: [of.load(one) for of, one in zip(types, _as_many(value, types), strict=True)],
    )


def _as_many(value: Any, types: Tuple[Type, ...]) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)) or len(value) != len(types):
        raise ValueError(f"{value!r} has not {len(types)} values")
    return value


def choice(cases: Mapping[str, Optional[Type]]) -> Type:
    """Alternatives by number: a name alone, or `{name: what it carries}`."""
    numbered = list(cases.items())
    numbers = {name: number for number, name in enumerate(cases)}

    def read(reader: Reader) -> Any:
        number = reader.unsigned(4)
        if number >= len(numbered):
            raise ValueError(f"choice {number}")
        name, carried = numbered[number]
        return name if carried is None else {name: carried.read(reader)}

    def write(out: bytearray, value: Any) -> None:
        name, carried = _case(value)
        if name not in cases:
            raise ValueError(f"there is no {name!r}")
        of = cases[name]
        write_unsigned(out, numbers[name])
        if (of is None) is not isinstance(value, str):
            raise ValueError(f"{name} with or without a value")
        if of is not None:
            of.write(out, carried)

    def load(value: Any) -> Any:
        """A name that a later server has is accepted as it is."""
        name, carried = _case(value)
        of = cases.get(name)
        if name in cases and (of is None) is not isinstance(value, str):
            raise ValueError(f"{name} with or without a value")
        return value if of is None else {name: of.load(carried)}

    return Type(read, write, load)


def _case(value: Any) -> Tuple[str, Any]:
    if isinstance(value, str):
        return value, None
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(f"{value!r} is not a choice")
    return next(iter(value.items()))
