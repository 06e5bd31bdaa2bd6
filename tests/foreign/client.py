"""A client of the server in Python: checks the vectors, then talks to a server in both codecs.

    client.py VECTORS
    client.py VECTORS HOST:PORT TOKEN
"""

import contextlib
import json
import sys

import orchflow
from orchflow import CLIENT, SERVER
from websockets.sync.client import connect

TIMEOUT = 60
CONNECTIONS = contextlib.ExitStack()


def check_vectors(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    assert int(vectors["schema"], 16) == orchflow.SCHEMA
    sides = {"client": CLIENT, "server": SERVER}
    for vector in vectors["messages"]:
        frame = bytes.fromhex(vector["bincode"])
        message, side = vector["json"], sides[vector["from"]]
        assert orchflow.decode("bincode", side, frame) == message, vector["name"]
        assert orchflow.encode("bincode", side, message) == frame, vector["name"]
    for vector in vectors["deflated"]:
        for codec in ("json", "bincode"):
            frame = bytes.fromhex(vector[f"{codec}_deflated"])
            side = sides[vector["from"]]
            assert orchflow.decode(codec, side, frame) == vector["json"], vector["name"]
            own = orchflow.encode(codec, side, vector["json"], compress=True)
            assert orchflow.decode(codec, side, own) == vector["json"], vector["name"]
    for vector in vectors["frames"]:
        frame, data = bytes.fromhex(vector["frame"]), bytes.fromhex(vector["bytes"])
        if vector["from"] == "server":
            wanted = (vector["terminal"], vector["offset"], data)
            assert orchflow.decode("json", SERVER, frame) == wanted, vector["name"]
        else:
            assert orchflow.input_frame(vector["terminal"], data) == frame, vector["name"]
    total = 0
    for vector in vectors["digests"]:
        digest = orchflow.digest(vector["collection"], vector["entry"])
        assert f"{digest:016x}" == vector["digest"], vector["entry"]
        total += digest
    assert f"{total % (1 << 64):016x}" == vectors["hash"]
    return len(vectors["messages"])


class Client:
    """A connection with a copy of the state, which may be that of an earlier connection."""

    def __init__(self, codec, address, token, entries=None, version=None, attach=()):
        self.codec = codec
        self.entries = entries if entries is not None else {}
        self.version = version
        self.mutation = 0
        self.is_compressed = False
        # The token goes both ways: beside the one codec, and in the hello of the other.
        protocols = [f"orchflow.v1.{codec}"]
        hello = {"client": "foreign python", "compress": True, "resume": version}
        if codec == "json":
            protocols.append(f"orchflow.token.{token}")
        else:
            hello["token"] = token
        server = connect(
            f"ws://{address}/", subprotocols=protocols, compression=None, proxy=None, max_size=None
        )
        self.socket = CONNECTIONS.enter_context(server)
        assert self.socket.subprotocol == protocols[0]
        collections = ["sessions", "panes", "terminals", "files"]
        self.send("hello", collections=collections, attach=list(attach), **hello)
        self.welcome = self.receive()
        assert self.welcome["type"] == "welcome" and self.welcome["protocol"] == 1

    def send(self, kind, packed=False, **fields):
        message = {"type": kind, **fields}
        self.socket.send(orchflow.encode(self.codec, CLIENT, message, packed))

    def receive(self):
        frame = self.socket.recv(timeout=TIMEOUT)
        if isinstance(frame, bytes) and frame[0] in (1, 2) and frame[1] == 1:
            self.is_compressed = True
        message = orchflow.decode(self.codec, SERVER, frame)
        if isinstance(message, dict) and message["type"] == "diff":
            self.apply(message)
        return message

    def apply(self, diff):
        if diff["full"]:
            self.entries.clear()
        else:
            known = (self.version["epoch"], self.version["n"])
            assert known == (diff["epoch"], diff["from"]), diff
        for key in diff["removed"]:
            ((kind, name),) = key.items()
            name = (name["watch"], name["id"]) if kind == "file" else name
            self.entries.pop((f"{kind}s", name), None)
        for collection in ("sessions", "panes", "terminals", "files"):
            for entry in diff[collection]:
                name = entry["id"]
                name = (entry["watch"], name) if collection == "files" else name
                self.entries[collection, name] = entry
        if not diff["more"]:
            self.version = {"epoch": diff["epoch"], "n": diff["to"]}
            if diff["hash"] is not None:
                assert diff["hash"] == self.hash(), diff
            self.send("ack", version=diff["to"])

    def hash(self):
        digests = (orchflow.digest(kind, entry) for (kind, _), entry in self.entries.items())
        return f"{sum(digests) % (1 << 64):016x}"

    def wait(self, wanted):
        """Reads until something fits."""
        while True:
            message = self.receive()
            if wanted(message):
                return message

    def wait_type(self, kind):
        return self.wait(lambda message: isinstance(message, dict) and message["type"] == kind)

    def ask(self, kind, **fields):
        self.send(kind, id=7, **fields)
        result = self.wait_type("result")
        assert result["id"] == 7
        return result["outcome"]

    def change(self, *ops, packed=False):
        """Whether the change was done, and the message that said so."""
        self.mutation += 1
        number = self.mutation
        self.send("change", mutation=number, ops=list(ops), packed=packed)

        def answers(message):
            if not isinstance(message, dict):
                return False
            if message["type"] == "rejected":
                return message["mutation"] == number
            applied = message.get("applied", [])
            return any(one["mutation"] == number for one in applied)

        message = self.wait(answers)
        return message["type"] == "diff", message

    def read_output(self, terminal, at, wanted):
        """Output from `at` on until it ends with `wanted`; the offset behind it, and the bytes."""
        data = b""
        while not data.endswith(wanted):
            message = self.receive()
            assert not isinstance(message, dict) or message["type"] == "diff", message
            if isinstance(message, tuple):
                assert message[:2] == (terminal, at), message
                data += message[2]
                at += len(message[2])
                self.send("credit", terminal=terminal, offset=at)
        return at, data


def put_session(name, text):
    return {"put_session": {"id": name, "name": text, "panes": [], "metadata": {"é": "1", "a": ""}}}


def talk(codec, address, token):
    client = Client(codec, address, token)
    assert client.welcome["resumed"] is False
    assert client.welcome["scopes"] == ["observe", "type", "manage"]
    first = client.wait_type("diff")
    assert first["full"]
    terminals = [entry for (kind, _), entry in client.entries.items() if kind == "terminals"]
    (plain,) = [entry["id"] for entry in terminals if not entry["screen"]]
    (drawn,) = [entry["id"] for entry in terminals if entry["screen"]]

    # Type, and see the echo: of the terminal and of the program.
    client.send("attach", terminal=plain, start="now")
    at = client.wait_type("attached")["offset"]
    line = f"héllo {codec}".encode()
    client.socket.send(orchflow.input_frame(plain, line + b"\n"))
    at, data = client.read_output(plain, at, line + b"\r\n" + line + b"\r\n")
    assert data == line + b"\r\n" + line + b"\r\n", data
    client.send("input", terminal=plain, data={"bytes": "eP94Cg=="})
    at, data = client.read_output(plain, at, b"x\r\n" + b"x\xffx\r\n")
    assert data == b"x\xffx\r\nx\xffx\r\n", data

    # Change, conflict, and a change that is so large that it comes back compressed.
    name = f"python-{codec}"
    done, _ = client.change({"change": put_session(name, "one"), "base": 0})
    assert done
    mine = client.entries["sessions", name]
    done, rejected = client.change({"change": put_session(name, "two"), "base": 0})
    assert not done and rejected["code"] == "conflict" and rejected["session"] == mine
    done, message = client.change(
        {"change": put_session(name, "x" * 1000), "base": mine["version"]},
        {"change": {"put_pane": {"id": f"{name}:1", "session": name, "content": {"terminal": plain}}}},
        {"change": {"put_pane": {"id": f"{name}:2", "session": name, "content": {"file": {"bytes": "L/8="}}}}},
        {"change": {"put_pane": {"id": f"{name}:3", "session": name, "title": "ü" * 500}}},
        packed=True,
    )
    assert done and client.is_compressed, message
    assert client.entries["sessions", name]["panes"] == [f"{name}:{n}" for n in (1, 2, 3)]
    done, rejected = client.change({"change": put_session("no id", "")})
    assert not done and rejected["code"] == "invalid"

    # Questions and operations.
    detail = client.ask("query", terminal=plain)["terminal"]
    assert detail["log_end"] == at and detail["terminal"] == plain
    resize = {"terminal": drawn, "op": {"resize": {"cols": 90, "rows": 30}}}
    gone = {"terminal": 1 << 40, "op": "eof"}
    statuses = client.ask("batch", ops=[resize, gone, gone])["statuses"]
    assert [status and status["code"] for status in statuses] == [None, "not_found", "skipped"]
    found = client.ask("search", terminal=drawn, pattern="needle")["found"]
    assert len(found["matches"]) == 1 and found["complete"]
    assert client.ask("search", terminal=plain, pattern="x")["failed"]["code"] == "no_screen"
    client.send("ping", id=1 << 40)
    assert client.wait_type("pong")["id"] == 1 << 40

    # A screen, in cells.
    client.send("attach", terminal=drawn, mode="screen")
    screen = client.wait_type("screen")
    assert screen["full"]
    text = "\n".join("".join(run["text"] for run in line["runs"]) for line in screen["lines"])
    assert "needle" in text, text
    client.send("detach", terminal=drawn)
    client.wait_type("detached")
    # And as control sequences.
    client.send("attach", terminal=drawn, start={"snapshot": 10}, cols=95, rows=31)
    client.wait_type("attached")
    snapshot = client.wait_type("terminal_snapshot")
    assert "needle" in snapshot["data"] and not snapshot["more"]
    assert (snapshot["cols"], snapshot["rows"]) == (95, 31)

    # The copy is what a fresh one would be.
    client.send("snapshot")
    full = client.wait(lambda m: isinstance(m, dict) and m["type"] == "diff" and m["full"])
    assert full["more"] or full["hash"] is not None

    # Away, while somebody else does something, and back.
    client.socket.close()
    other = Client(codec, address, token)
    other.wait_type("diff")
    done, _ = other.change({"change": {"remove_session": {"id": name}}})
    assert done
    other.socket.send(orchflow.input_frame(plain, b"meanwhile\n"))
    back = Client(
        codec,
        address,
        token,
        client.entries,
        client.version,
        [{"terminal": plain, "start": {"offset": at}}],
    )
    assert back.welcome["resumed"] is True
    assert back.wait_type("attached")["offset"] == at
    _, data = back.read_output(plain, at, b"meanwhile\r\nmeanwhile\r\n")
    assert data == b"meanwhile\r\nmeanwhile\r\n", data
    while ("sessions", name) in back.entries:
        back.receive()
    assert not any(key[0] == "panes" for key in back.entries)
    back.send("snapshot")
    back.wait(lambda m: isinstance(m, dict) and m["type"] == "diff" and m["full"])
    for connection in (other, back):
        connection.socket.close()


def main():
    count = check_vectors(sys.argv[1])
    print(f"python: {count} messages of the vectors")
    if len(sys.argv) > 2:
        for codec in ("json", "bincode"):
            with CONNECTIONS:
                talk(codec, sys.argv[2], sys.argv[3])
            print(f"python: a session in {codec}")


main()
