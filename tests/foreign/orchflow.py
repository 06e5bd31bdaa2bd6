"""The messages of docs/PROTOCOL.md in both codecs, written from that page alone.

Messages are what JSON makes of them (dicts, lists, strings, numbers); bincode is read into the same and
written from the same.
"""

import base64
import json
import struct
import zlib

SCHEMA = 0x54F6FC71
INFLATED_MAX = 64 << 20


class Struct:
    def __init__(self, **fields):
        self.fields = fields


class Choice:
    """Alternatives by number: a name alone, a type, a Struct, or a list of types."""

    def __init__(self, **cases):
        self.cases = list(cases.items())


class List:
    def __init__(self, of):
        self.of = of


class Optional:
    def __init__(self, of):
        self.of = of


class Default:
    """A type with what JSON may leave out."""

    def __init__(self, of, value):
        self.of, self.value = of, value


U8, U16, U32, U64 = "u8", "u16", "u32", "u64"
I16, I32, I64 = "i16", "i32", "i64"
DECIMAL, HEX, BOOL, STRING, BYTES, MAP = "decimal", "hex", "bool", "string", "bytes", "map"
WIDTH = {U8: 8, U16: 16, U32: 32, U64: 64, I16: 16, I32: 32, I64: 64}

VERSION = Struct(epoch=U64, n=U64)
COLLECTION = Choice(sessions=None, panes=None, terminals=None, files=None)
MODE = Choice(lossless=None, lossy=None, screen=None)
START = Choice(oldest=None, now=None, offset=U64, snapshot=U32, default=None)
ATTACH = Struct(
    terminal=U64,
    mode=Default(MODE, "lossless"),
    start=Default(START, "default"),
    window=Default(U64, 0),
    cols=Default(U16, 0),
    rows=Default(U16, 0),
)
OP = Choice(
    input=BYTES,
    paste=BYTES,
    resize=Struct(cols=U16, rows=U16),
    interrupt=None,
    eof=None,
    signal=I32,
    clear=None,
    close=Struct(grace_ms=U32),
)
CONTENT = Choice(empty=None, terminal=U64, file=BYTES, custom=STRING)
CHANGE = Choice(
    put_session=Struct(id=STRING, name=STRING, panes=List(STRING), metadata=MAP),
    remove_session=Struct(id=STRING),
    put_pane=Struct(
        id=STRING,
        session=STRING,
        title=Default(STRING, ""),
        content=Default(CONTENT, "empty"),
        metadata=Default(MAP, {}),
    ),
    remove_pane=Struct(id=STRING),
)
CLIENT = Choice(
    hello=Struct(
        token=Default(Optional(STRING), None),
        client=Default(STRING, ""),
        resume=Default(Optional(VERSION), None),
        collections=Default(List(COLLECTION), []),
        attach=Default(List(ATTACH), []),
        compress=Default(BOOL, False),
    ),
    ack=Struct(version=U64),
    attach=ATTACH,
    detach=Struct(terminal=U64),
    credit=Struct(terminal=U64, offset=U64),
    input=Struct(terminal=U64, data=BYTES),
    batch=Struct(id=U64, ops=List(Struct(terminal=U64, op=OP))),
    spawn=Struct(
        id=U64,
        profile=STRING,
        cwd=Default(Optional(BYTES), None),
        cols=Default(U16, 0),
        rows=Default(U16, 0),
    ),
    change=Struct(
        mutation=U64, ops=List(Struct(change=CHANGE, base=Default(Optional(U64), None)))
    ),
    subscribe=Struct(collections=List(COLLECTION)),
    watch=Struct(id=U64, path=BYTES),
    unwatch=Struct(id=U64, watch=U64),
    search=Struct(
        id=U64,
        terminal=U64,
        pattern=STRING,
        regex=Default(BOOL, False),
        ignore_case=Default(BOOL, False),
        max=Default(U32, 0),
    ),
    query=Struct(id=U64, terminal=U64),
    snapshot=Struct(),
    ping=Struct(id=U64),
    cancel=Struct(id=U64),
)

EXIT = Choice(code=I32, signal=I32, unknown=None)
SESSION = Struct(id=STRING, version=U64, name=STRING, panes=List(STRING), metadata=MAP)
PANE = Struct(id=STRING, version=U64, session=STRING, title=STRING, content=CONTENT, metadata=MAP)
TERMINAL = Struct(
    id=U64,
    version=U64,
    title=STRING,
    cwd=Optional(BYTES),
    cols=U16,
    rows=U16,
    pid=Optional(I32),
    running=BOOL,
    exit=Optional(EXIT),
    closing=BOOL,
    screen=BOOL,
)
FILE = Struct(
    watch=U64,
    id=DECIMAL,
    version=U64,
    parent=DECIMAL,
    name=BYTES,
    kind=Choice(file=None, directory=None, symlink=None, other=None),
    size=U64,
    modified_us=I64,
    mode=U16,
    ignored=BOOL,
)
KEY = Choice(session=STRING, pane=STRING, terminal=U64, file=Struct(watch=U64, id=DECIMAL))
CODE = Choice(
    invalid=None,
    forbidden=None,
    not_found=None,
    limit=None,
    conflict=None,
    refused=None,
    ended=None,
    skipped=None,
    no_screen=None,
    system=None,
    cancelled=None,
)
COLOR = Choice(default=None, indexed=U8, rgb=[U8, U8, U8])
RUN = Struct(
    text=STRING,
    cols=U16,
    wide=BOOL,
    fg=COLOR,
    bg=COLOR,
    attributes=U16,
    underline=U8,
    underline_color=COLOR,
    link=Optional(STRING),
)
FAILURE = Struct(code=CODE, message=STRING)
DETAIL = Struct(
    terminal=U64,
    foreground_pid=Optional(I32),
    foreground_name=BYTES,
    cwd=Optional(BYTES),
    log_start=U64,
    log_end=U64,
    input_bytes=U64,
    input_waiting=U64,
    since_input_ms=Optional(U64),
    since_output_ms=Optional(U64),
    paused=BOOL,
    history=U32,
)
MATCH = Struct(
    start_row=I32,
    start_col=U16,
    end_row=I32,
    end_col=U16,
    line=Optional(U64),
    col=U64,
    cols=U64,
)
PLACE = Struct(line=U64, col=U64)
LIMITS = Struct(
    message_bytes=U64,
    inflated_bytes=U64,
    messages_per_second=U64,
    bytes_per_second=U64,
    attachments=U64,
    window_bytes=U64,
)
# "from" is a word of Python.
DIFF = Struct(
    **{
        "epoch": U64,
        "from": U64,
        "to": U64,
        "full": BOOL,
        "more": BOOL,
        "removed": List(KEY),
        "sessions": List(SESSION),
        "panes": List(PANE),
        "terminals": List(TERMINAL),
        "files": List(FILE),
        "applied": List(Struct(mutation=U64, version=U64)),
        "hash": Optional(HEX),
    }
)
SERVER = Choice(
    welcome=Struct(
        protocol=U32,
        server=STRING,
        client=U64,
        scopes=List(Choice(observe=None, type=None, manage=None)),
        version=VERSION,
        resumed=BOOL,
        profiles=List(STRING),
        limits=LIMITS,
    ),
    diff=DIFF,
    rejected=Struct(
        mutation=U64,
        code=CODE,
        message=STRING,
        op=U32,
        session=Optional(SESSION),
        pane=Optional(PANE),
    ),
    attached=Struct(terminal=U64, mode=MODE, offset=U64),
    detached=Struct(terminal=U64, reason=Choice(asked=None, closed=None)),
    gap=Struct(**{"terminal": U64, "from": U64, "to": U64}),
    terminal_snapshot=Struct(
        terminal=U64, offset=U64, cols=U16, rows=U16, line=PLACE, data=BYTES, more=BOOL
    ),
    screen=Struct(
        terminal=U64,
        offset=U64,
        full=BOOL,
        cols=U16,
        rows=U16,
        history=U32,
        line=Optional(PLACE),
        cursor=Struct(row=U16, col=U16, shape=U8, blinking=BOOL, visible=BOOL),
        modes=U32,
        title=Optional(STRING),
        scrolls=List(Struct(top=U16, bottom=U16, rows=I16)),
        lines=List(Struct(row=I32, wrapped=BOOL, runs=List(RUN))),
    ),
    ended=Struct(terminal=U64, final_offset=U64, exit=EXIT),
    result=Struct(
        id=U64,
        outcome=Choice(
            done=None,
            failed=FAILURE,
            statuses=List(Optional(FAILURE)),
            spawned=Struct(terminal=U64),
            watching=Struct(watch=U64),
            found=Struct(matches=List(MATCH), complete=BOOL),
            terminal=DETAIL,
        ),
    ),
    error=Struct(code=CODE, message=STRING),
    pong=Struct(id=U64),
    lag_warning=Struct(terminal=U64, remaining_ms=U32),
)


def to_bytes(value):
    """The bytes of a value of the type `bytes`."""
    if isinstance(value, str):
        return value.encode()
    return base64.b64decode(value["bytes"], validate=True)


def from_bytes(data):
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"bytes": base64.b64encode(data).decode()}


# bincode


def write_unsigned(out, number):
    for tag, limit, form in ((0xFB, 1 << 16, "<H"), (0xFC, 1 << 32, "<I"), (0xFD, 1 << 64, "<Q")):
        if number < 251:
            out.append(number)
            return
        if number < limit:
            out.append(tag)
            out += struct.pack(form, number)
            return
    raise ValueError(number)


def write(out, of, value):
    if isinstance(of, Default):
        write(out, of.of, value)
    elif isinstance(of, Struct):
        for name, inner in of.fields.items():
            if isinstance(inner, Default) and name not in value:
                write(out, inner.of, inner.value)
            else:
                write(out, inner, value[name])
    elif isinstance(of, Choice):
        name, carried = (value, None) if isinstance(value, str) else next(iter(value.items()))
        number = [case for case, _ in of.cases].index(name)
        write_unsigned(out, number)
        inner = of.cases[number][1]
        if isinstance(inner, list):
            for part, one in zip(inner, carried, strict=True):
                write(out, part, one)
        elif inner is not None:
            write(out, inner, carried)
    elif isinstance(of, List):
        write_unsigned(out, len(value))
        for one in value:
            write(out, of.of, one)
    elif isinstance(of, Optional):
        out.append(value is not None)
        if value is not None:
            write(out, of.of, value)
    elif of == MAP:
        write_unsigned(out, len(value))
        for key in sorted(value, key=str.encode):
            write(out, STRING, key)
            write(out, STRING, value[key])
    elif of in (STRING, BYTES):
        data = to_bytes(value)
        write_unsigned(out, len(data))
        out += data
    elif of == BOOL:
        out.append(value)
    elif of == U8:
        out.append(value)
    elif of == DECIMAL:
        write_unsigned(out, int(value))
    elif of == HEX:
        write_unsigned(out, int(value, 16))
    else:
        write_unsigned(out, value if of[0] == "u" else 2 * value if value >= 0 else -2 * value - 1)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise ValueError("cut off")
        self.at += count
        return self.data[self.at - count : self.at]

    def unsigned(self, bits):
        first = self.take(1)[0]
        if first < 251:
            return first
        width = {0xFB: 2, 0xFC: 4, 0xFD: 8}[first]
        if width * 8 > bits:
            raise ValueError("too wide an integer")
        return int.from_bytes(self.take(width), "little")

    def flag(self):
        byte = self.take(1)[0]
        if byte > 1:
            raise ValueError("neither 0 nor 1")
        return byte == 1

    def read(self, of):
        if isinstance(of, Default):
            return self.read(of.of)
        if isinstance(of, Struct):
            return {name: self.read(inner) for name, inner in of.fields.items()}
        if isinstance(of, Choice):
            name, inner = of.cases[self.unsigned(32)]
            if inner is None:
                return name
            if isinstance(inner, list):
                return {name: [self.read(part) for part in inner]}
            return {name: self.read(inner)}
        if isinstance(of, List):
            return [self.read(of.of) for _ in range(self.unsigned(64))]
        if isinstance(of, Optional):
            return self.read(of.of) if self.flag() else None
        if of == MAP:
            return {self.read(STRING): self.read(STRING) for _ in range(self.unsigned(64))}
        if of == STRING:
            return self.take(self.unsigned(64)).decode()
        if of == BYTES:
            return from_bytes(self.take(self.unsigned(64)))
        if of == BOOL:
            return self.flag()
        if of == U8:
            return self.take(1)[0]
        if of == DECIMAL:
            return str(self.unsigned(64))
        if of == HEX:
            return f"{self.unsigned(64):016x}"
        number = self.unsigned(WIDTH[of])
        if of[0] == "u":
            return number
        return number // 2 if number % 2 == 0 else -(number + 1) // 2


def deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def inflate(stream, length):
    if length > INFLATED_MAX:
        raise ValueError("too large")
    unpacker = zlib.decompressobj(wbits=-15)
    data = unpacker.decompress(stream, length + 1)
    if len(data) != length or not unpacker.eof or unpacker.unused_data:
        raise ValueError("not as long as it says")
    return data


# Frames


def encode(codec, messages, message, compress=False):
    """A frame: `str` for text, `bytes` for binary."""
    if codec == "json":
        text = json.dumps(message)
        if not compress:
            return text
        data = text.encode()
        return struct.pack("<BBHI", 2, 1, 0, len(data)) + deflate(data)
    fields = {name: value for name, value in message.items() if name != "type"}
    out = bytearray()
    write(out, messages, {message["type"]: fields})
    body = deflate(bytes(out)) if compress else bytes(out)
    return struct.pack("<BB2sII", 1, compress, b"OF", SCHEMA, len(out)) + body


def decode(codec, messages, frame):
    """A message, or `(terminal, offset, bytes)` of output."""
    if isinstance(frame, str):
        assert codec == "json", "text in bincode"
        return json.loads(frame)
    kind, flags = frame[0], frame[1]
    if kind == 0x10:
        assert flags == 0
        terminal, offset = struct.unpack_from("<QQ", frame, 2)
        return terminal, offset, frame[18:]
    if kind == 2:
        assert codec == "json" and flags == 1 and frame[2:4] == b"\0\0"
        return json.loads(inflate(frame[8:], int.from_bytes(frame[4:8], "little")))
    assert kind == 1 and codec == "bincode" and flags <= 1, f"kind {kind}"
    magic, schema, length = struct.unpack_from("<2sII", frame, 2)
    assert magic == b"OF" and schema == SCHEMA, f"schema {schema:08x}"
    reader = Reader(inflate(frame[12:], length) if flags else frame[12:])
    assert len(reader.data) == length
    ((name, fields),) = reader.read(messages).items()
    assert reader.at == length, "bytes left over"
    return {"type": name, **fields}


def input_frame(terminal, data):
    return struct.pack("<BBQ", 0x11, 0, terminal) + data


# The hash of a copy


def digest(collection, entry):
    fields = [collection[:-1]]
    order = {"sessions": SESSION, "panes": PANE, "terminals": TERMINAL, "files": FILE}
    names = list(order[collection].fields)
    for name in names:
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
            fields.append("" if value is None else value)
    result = 0xCBF29CE484222325
    for field in fields:
        if isinstance(field, bool):
            field = int(field)
        data = str(field).encode() if isinstance(field, int) else to_bytes(field)
        for byte in struct.pack("<I", len(data)) + data:
            result = (result ^ byte) * 0x100000001B3 % (1 << 64)
    return result
