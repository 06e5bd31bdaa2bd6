"""The vectors of the protocol in both codecs, and the hash of the state."""

import json
import unittest
from typing import Any

from orchflow_client.protocol import CLIENT, SCHEMA, SERVER, Frames, Output, digest, input_frame
from orchflow_client.protocol.schema import ENTRIES
from orchflow_client.protocol.values import Reader, bytes_to_json
from support import vectors

SIDES = {"client": (CLIENT, SERVER), "server": (SERVER, CLIENT)}


def plain(message: Any) -> Any:
    """As JSON has it."""
    return json.loads(json.dumps(message, default=bytes_to_json))


def frames(codec: Any, side: str) -> Frames:
    """Encodes and decodes messages of this side."""
    own, _ = SIDES[side]
    return Frames(codec, own, own)


class Vectors(unittest.TestCase):
    def setUp(self) -> None:
        self.vectors = vectors()

    def test_messages(self) -> None:
        self.assertEqual(int(self.vectors["schema"], 16), SCHEMA)
        self.assertGreater(len(self.vectors["messages"]), 80)
        for vector in self.vectors["messages"]:
            with self.subTest(vector["name"]):
                binary = bytes.fromhex(vector["bincode"])
                bincode, text = (frames(codec, vector["from"]) for codec in ("bincode", "json"))
                message = bincode.decode(binary)
                self.assertEqual(plain(message), vector["json"])
                self.assertEqual(bincode.encode(vector["json"]), binary)
                self.assertEqual(text.decode(json.dumps(vector["json"])), message)
                self.assertEqual(json.loads(text.encode(vector["json"])), vector["json"])

    def test_compressed_messages(self) -> None:
        for vector in self.vectors["deflated"]:
            for codec in ("json", "bincode"):
                with self.subTest(vector["name"], codec=codec):
                    side = frames(codec, vector["from"])
                    given = side.decode(bytes.fromhex(vector[f"{codec}_deflated"]))
                    self.assertEqual(plain(given), vector["json"])
                    own = side.encode(vector["json"], compress=True)
                    self.assertLess(len(own), len(side.encode(vector["json"])))
                    self.assertEqual(side.decode(own), given)

    def test_what_is_no_message_is_a_value_error(self) -> None:
        for metadata in (None, 5, ["a"], {1: "a"}, {"a": 1}, "a"):
            fields = {"id": "s", "name": "", "panes": [], "metadata": metadata}
            ops = [{"change": {"put_session": fields}, "base": None}]
            for codec in ("json", "bincode"):
                with self.subTest(metadata, codec=codec), self.assertRaises(ValueError):
                    frames(codec, "client").encode({"type": "change", "mutation": 1, "ops": ops})

    def test_output_and_input(self) -> None:
        for vector in self.vectors["frames"]:
            frame, data = bytes.fromhex(vector["frame"]), bytes.fromhex(vector["bytes"])
            with self.subTest(vector["name"]):
                if vector["from"] == "client":
                    self.assertEqual(input_frame(vector["terminal"], data), frame)
                else:
                    wanted = Output(vector["terminal"], vector["offset"], data)
                    for codec in ("json", "bincode"):
                        self.assertEqual(frames(codec, "server").decode(frame), wanted)

    def test_digests(self) -> None:
        total = 0
        for vector in self.vectors["digests"]:
            collection = vector["collection"]
            number = digest(collection, ENTRIES[collection].load(vector["entry"]))
            self.assertEqual(f"{number:016x}", vector["digest"], vector["entry"])
            total += number
        self.assertEqual(f"{total % (1 << 64):016x}", self.vectors["hash"])

    def test_every_cut_of_a_frame_is_an_error(self) -> None:
        for vector in self.vectors["messages"]:
            side, frame = frames("bincode", vector["from"]), bytes.fromhex(vector["bincode"])
            for length in range(len(frame)):
                with self.subTest(vector["name"], length=length), self.assertRaises(ValueError):
                    side.decode(frame[:length])
            with self.assertRaises(ValueError):
                side.decode(frame + b"\0")

    def test_integers_that_are_too_wide(self) -> None:
        for width, data in ((2, "fc00000100"), (4, "fd0000000001000000"), (8, "fe"), (8, "ff")):
            with self.subTest(data), self.assertRaises(ValueError):
                Reader(bytes.fromhex(data) + bytes(20)).unsigned(width)
        self.assertEqual(Reader(bytes.fromhex("fb0100")).unsigned(2), 1)
