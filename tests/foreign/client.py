"""The client in Python (clients/python): checks the vectors, then talks to a server in both codecs.

    client.py VECTORS
    client.py VECTORS HOST:PORT TOKEN
"""

import asyncio
import json
import sys

import orchflow_client as oc
from orchflow_client.protocol import CLIENT, SCHEMA, SERVER, Frames, Output, digest, input_frame
from orchflow_client.protocol.schema import ENTRIES
from orchflow_client.protocol.values import bytes_to_json

TIMEOUT = 60
CODECS = ("json", "bincode")
SIDES = {"client": CLIENT, "server": SERVER}


def plain(message):
    """A message as JSON has it."""
    return json.loads(json.dumps(message, default=bytes_to_json))


def check_vectors(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    assert int(vectors["schema"], 16) == SCHEMA
    frames = {
        (codec, name): Frames(codec, side, side) for codec in CODECS for name, side in SIDES.items()
    }
    for vector in vectors["messages"]:
        frame, side = bytes.fromhex(vector["bincode"]), vector["from"]
        message = frames["bincode", side].decode(frame)
        assert plain(message) == vector["json"], vector["name"]
        assert frames["bincode", side].encode(vector["json"]) == frame, vector["name"]
        assert frames["json", side].decode(json.dumps(vector["json"])) == message, vector["name"]
        assert json.loads(frames["json", side].encode(vector["json"])) == vector["json"], vector["name"]
    for vector in vectors["deflated"]:
        for codec in CODECS:
            side = frames[codec, vector["from"]]
            message = side.decode(bytes.fromhex(vector[f"{codec}_deflated"]))
            assert plain(message) == vector["json"], vector["name"]
            assert side.decode(side.encode(vector["json"], compress=True)) == message, vector["name"]
    for vector in vectors["frames"]:
        frame, data = bytes.fromhex(vector["frame"]), bytes.fromhex(vector["bytes"])
        if vector["from"] == "server":
            wanted = Output(vector["terminal"], vector["offset"], data)
            assert all(frames[codec, "server"].decode(frame) == wanted for codec in CODECS)
        else:
            assert input_frame(vector["terminal"], data) == frame, vector["name"]
    total = 0
    for vector in vectors["digests"]:
        entry = ENTRIES[vector["collection"]].load(vector["entry"])
        number = digest(vector["collection"], entry)
        assert f"{number:016x}" == vector["digest"], vector["entry"]
        total += number
    assert f"{total % (1 << 64):016x}" == vectors["hash"]
    return len(vectors["messages"])


async def fails(code, awaitable):
    try:
        await awaitable
    except oc.OrchflowError as error:
        assert error.code == code, error
        return error
    raise AssertionError(f"no {code}")


def checked(client):
    """Compares each hash of a diff with that of the copy; gives the list of the hashes.

    The client itself would mend a copy that differs: it asks for the whole state.
    """
    hashes, dispatch = [], client._dispatch

    def compare(message):
        dispatch(message)
        if isinstance(message, dict) and message["type"] == "diff" and message["hash"] is not None:
            hashes.append((message["hash"], client.state._hash))

    client._dispatch = compare
    return hashes


async def check_hash(client, hashes):
    """The copy that diffs have made has the hash that the server sends with the whole state."""
    made = None
    while made != client.state.version:
        made, own, count = client.state.version, client.state._hash, len(hashes)
        client._ask_for_all()
        await client.wait_for(lambda _: len(hashes) > count)
    assert own == hashes[-1][0], (own, hashes)
    assert all(sent == own for sent, own in hashes), hashes


async def expect(raw, wanted):
    """Output that ends with `wanted`, and nothing else."""
    data = b""
    async for event in raw.events():
        assert isinstance(event, oc.Output), event
        data += event.data
        if data.endswith(wanted):
            break
    assert data == wanted, data


async def change(client, codec, plain_terminal):
    name = f"python-{codec}"
    metadata = {"é": "1", "a": ""}
    version = await client.change(oc.PutSession(name, "one", [], metadata, base=0))
    assert client.state.sessions[name].version == version
    conflict = await fails("conflict", client.change(oc.PutSession(name, "two", base=0)))
    assert conflict.session == client.state.sessions[name]
    # So large that it goes and comes back compressed.
    panes = [f"{name}:{number}" for number in (1, 2, 3)]
    await client.change(
        oc.PutSession(name, "x" * 1000, panes, metadata, base=version),
        oc.PutPane(panes[0], name, content=oc.TerminalContent(plain_terminal)),
        oc.PutPane(panes[1], name, content=oc.FileContent(b"/\xff")),
        oc.PutPane(panes[2], name, "ü" * 500),
    )
    assert client.state.sessions[name].panes == tuple(panes)
    assert client.state.panes[panes[1]].content == oc.FileContent("/\udcff")
    await fails("invalid", client.change(oc.PutSession("no id", "")))
    return name


async def ask(client, plain_terminal, drawn):
    assert (await client.query(plain_terminal)).terminal == plain_terminal
    gone = oc.Eof(1 << 40)
    statuses = await client.batch([oc.Resize(drawn, 90, 30), gone, gone])
    assert [status and status.code for status in statuses] == [None, "not_found", "skipped"]
    found = await client.search(drawn, "needle")
    assert len(found.matches) == 1 and found.complete
    await fails("no_screen", client.search(plain_terminal, "x"))
    assert await client.ping() > 0


async def look(client, drawn):
    """A screen in cells, and as control sequences."""
    async with client.attach_screen(drawn) as screen:
        assert "needle" in screen.text(), screen.text()
    async with client.attach_raw(drawn, start=oc.FromSnapshot(10), cols=95, rows=31) as raw:
        async for event in raw.events():
            assert isinstance(event, oc.Snapshot) and b"needle" in event.data, event
            assert (event.cols, event.rows) == (95, 31)
            break


async def talk(codec, address, token):
    options = {"token": token, "codec": codec}
    client = oc.connect(f"ws://{address}/", **options)
    hashes, failures = checked(client), []
    await client
    client.on("failure", failures.append)
    assert not client.welcome.resumed and client.welcome.scopes[:3] == ("observe", "type", "manage")
    terminals = client.state.terminals.values()
    (plain_terminal,) = [entry.id for entry in terminals if not entry.screen]
    (drawn,) = [entry.id for entry in terminals if entry.screen]

    # Type, and see the echo: of the terminal and of the program.
    async with client.attach_raw(plain_terminal, start="now") as raw:
        line = f"héllo {codec}".encode()
        client.input_nowait(plain_terminal, line + b"\n")
        await expect(raw, line + b"\r\n" + line + b"\r\n")
        await client.input(plain_terminal, b"x\xffx\n")
        await expect(raw, b"x\xffx\r\nx\xffx\r\n")
        offset = raw.offset

    name = await change(client, codec, plain_terminal)
    await check_hash(client, hashes)
    await ask(client, plain_terminal, drawn)
    await look(client, drawn)

    # Away, while somebody else does something, and back with the same state.
    await client.close()
    async with oc.connect(f"ws://{address}/", **options) as other:
        await other.change(oc.RemoveSession(name))
        other.input_nowait(plain_terminal, b"meanwhile\n")
        await other.ping()
    await client.connect()
    assert client.welcome.resumed
    async with client.attach_raw(plain_terminal, start=oc.FromOffset(offset)) as raw:
        await expect(raw, b"meanwhile\r\nmeanwhile\r\n")
    await client.wait_for(lambda state: name not in state.sessions)
    assert not client.state.panes
    await check_hash(client, hashes)
    await client.close()
    assert not failures, failures


async def main():
    count = check_vectors(sys.argv[1])
    print(f"python: {count} messages of the vectors")
    if len(sys.argv) > 2:
        for codec in CODECS:
            await asyncio.wait_for(talk(codec, sys.argv[2], sys.argv[3]), TIMEOUT)
            print(f"python: a session in {codec}")


asyncio.run(main())
