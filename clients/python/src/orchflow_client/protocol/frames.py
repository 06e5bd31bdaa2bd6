"""Frames: messages as they cross the WebSocket, compressed or not, and the bytes of terminals."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any, Dict, Literal, NamedTuple, Optional, Union

from .schema import CLIENT, SCHEMA, SERVER, known
from .values import Reader, Type, bytes_to_json

Codec = Literal["json", "bincode"]
Message = Dict[str, Any]
Frame = Union[str, bytes]

INFLATED_MAX = 64 << 20
"""No message of a server is larger."""
COMPRESS_ABOVE = 1024

BINCODE, JSON_DEFLATED, OUTPUT, INPUT = 0x01, 0x02, 0x10, 0x11
BINCODE_HEADER = struct.Struct("<BB2sII")
JSON_HEADER = struct.Struct("<BBHI")
OUTPUT_HEADER = struct.Struct("<BBQQ")
INPUT_HEADER = struct.Struct("<BBQ")


class Output(NamedTuple):
    """Bytes that a terminal has written."""

    terminal: int
    offset: int
    data: bytes


def input_frame(terminal: int, data: bytes) -> bytes:
    return INPUT_HEADER.pack(INPUT, 0, terminal) + data


def _output(frame: bytes) -> Output:
    _, flags, terminal, offset = OUTPUT_HEADER.unpack_from(frame)
    if flags:
        raise ValueError("unknown flags")
    return Output(terminal, offset, frame[OUTPUT_HEADER.size :])


class Frames:
    """Encodes the messages of one side and decodes those of the other, in one codec."""

    def __init__(self, codec: Codec, sends: Type = CLIENT, receives: Type = SERVER) -> None:
        if codec not in ("json", "bincode"):
            raise ValueError(f"there is no codec {codec!r}")
        self.codec = codec
        self._sends = sends
        self._receives = receives

    def encode(self, message: Message, compress: bool = False) -> Frame:
        """A frame, compressed if that is wanted and makes it shorter.

        A message that is not of the protocol is a `ValueError`, in JSON as well.
        """
        fields = dict(message)
        out = bytearray()
        self._sends.write(out, {fields.pop("type"): fields})
        if self.codec == "json":
            return _json_frame(message, compress)
        body = bytes(out)
        packed = _deflate(body) if compress and len(body) > COMPRESS_ABOVE else body
        is_packed = len(packed) < len(body)
        header = BINCODE_HEADER.pack(BINCODE, is_packed, b"OF", SCHEMA, len(body))
        return header + (packed if is_packed else body)

    def decode(self, frame: Frame) -> Union[Message, Output, None]:
        """A message, output of a terminal, or `None` for a message of a later server.

        Everything else that is not as it should be is a `ValueError`.
        """
        try:
            return self._decode(frame)
        except (struct.error, zlib.error, RecursionError) as error:
            raise ValueError(str(error)) from error

    def _decode(self, frame: Frame) -> Union[Message, Output, None]:
        if isinstance(frame, str):
            return self._from_json(frame)
        if not frame:
            raise ValueError("an empty frame")
        if frame[0] == OUTPUT:
            return _output(frame)
        if frame[0] == JSON_DEFLATED:
            _, flags, zero, length = JSON_HEADER.unpack_from(frame)
            if flags != 1 or zero:
                raise ValueError("unknown flags")
            return self._from_json(_inflate(frame[JSON_HEADER.size :], length))
        if frame[0] == BINCODE and self.codec == "bincode":
            return self._from_bincode(frame)
        raise ValueError(f"a frame of kind {frame[0]:#04x}")

    def _from_json(self, text: Frame) -> Optional[Message]:
        if self.codec != "json":
            raise ValueError("text in bincode")
        value = json.loads(text)
        if not isinstance(value, dict) or not isinstance(value.get("type"), str):
            raise ValueError("a message without a type")
        fields = known(value["type"], self._receives)
        return None if fields is None else {"type": value["type"], **fields.load(value)}

    def _from_bincode(self, frame: bytes) -> Message:
        _, flags, magic, schema, length = BINCODE_HEADER.unpack_from(frame)
        if magic != b"OF" or flags > 1:
            raise ValueError("not a message in bincode")
        if schema != SCHEMA:
            raise ValueError(f"the server has the schema {schema:08x}, this client {SCHEMA:08x}")
        body = frame[BINCODE_HEADER.size :]
        reader = Reader(_inflate(body, length) if flags else body)
        if len(reader.data) != length:
            raise ValueError("not as long as it says")
        ((name, fields),) = self._receives.read(reader).items()
        if reader.at != length:
            raise ValueError("bytes left over")
        return {"type": name, **fields}


def _json_frame(message: Message, compress: bool) -> Frame:
    text = json.dumps(message, default=bytes_to_json, separators=(",", ":"))
    data = text.encode()
    packed = _deflate(data) if compress and len(data) > COMPRESS_ABOVE else data
    if len(packed) + JSON_HEADER.size >= len(data):
        return text
    return JSON_HEADER.pack(JSON_DEFLATED, 1, 0, len(data)) + packed


def _deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def _inflate(stream: bytes, length: int) -> bytes:
    if length > INFLATED_MAX:
        raise ValueError("too large")
    unpacker = zlib.decompressobj(wbits=-15)
    data = unpacker.decompress(stream, length + 1)
    if len(data) != length or not unpacker.eof or unpacker.unused_data:
        raise ValueError("not as long as it says")
    return data
