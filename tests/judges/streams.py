#!/usr/bin/env python3
"""Generated streams: short output on small screens, each of one family of sequences.

    ./streams.py [--family NAME] SEED COUNT      prints cases, one a line
    ./streams.py NAME ...                        prints these once more

A case is `NAME SIZE HEX [SIZE HEX ...]`: output, and the size `COLSxROWS` of the screen while it arrives. Its name is
`FAMILY-SEED-NUMBER`, from which it follows. Most end with CAN, so that nothing is left unfinished.
"""

import os
import random
import sys

from pieces import FAMILIES

SIZES = ["20x6"] * 8 + ["9x4", "33x5", "5x3", "2x2"]
# How many of 100 cases that may change their size do so.
RESIZED = {"reflow": 100, "resize_alternate": 100}
ENTER_ALTERNATE = b"\x1b[?1049h"


def case(name):
    """The sizes and outputs of a case."""
    family, seed, number = name.rsplit("-", 2)
    rng = random.Random(name)
    make = FAMILIES[family]
    size = rng.choice(SIZES)
    parts = [(size, stream(rng, make, size))]
    if family == "resize_alternate":
        parts[0] = (size, ENTER_ALTERNATE + parts[0][1])
    while rng.randrange(100) < RESIZED.get(family, 0) and len(parts) < 4:
        size = f"{rng.randint(2, 30)}x{rng.randint(2, 9)}"
        parts.append((size, stream(rng, make, size)))
    # A letter shows more of the state than the cursor does.
    end = b"" if family == "reflow" else rng.choice([b"", b"Z"]) + b"\x18"
    return parts[:-1] + [(parts[-1][0], parts[-1][1] + end)]


def stream(rng, make, size):
    cols, rows = map(int, size.split("x"))
    return b"".join(make(rng, cols, rows) for _ in range(rng.randint(3, 14)))


def line(name, parts):
    return " ".join([name] + [f"{size} {output.hex()}" for size, output in parts])


def names(seed, count, only=None):
    families = [only] if only else list(FAMILIES)
    for number in range(count):
        yield f"{families[number % len(families)]}-{seed}-{number}"


def load(path):
    """Name and parts (size, output) of each case of a file, or of a recording, or of each one of a folder."""
    if os.path.isdir(path):
        names = sorted(name for name in os.listdir(path) if name.endswith(".rec"))
        for name in names:
            yield from load(os.path.join(path, name))
    elif path.endswith(".rec"):
        yield os.path.basename(path)[: -len(".rec")], recorded(path)
    else:
        with open(path) as file:
            yield from map(parse, file)


def parse(text):
    name, *words = text.split()
    return name, [(size, bytes.fromhex(output)) for size, output in zip(words[0::2], words[1::2])]


def recorded(path):
    """The output of a recording in parts, each with the size of the screen while it arrives."""
    with open(path, "rb") as file:
        output = file.read()
    with open(path[: -len(".rec")] + ".txt") as file:
        size, *changes = file.read().splitlines()
    parts, start = [], 0
    for _, offset, following in map(str.split, changes):
        parts.append((size, output[start : int(offset)]))
        start, size = int(offset), following
    return parts + [(size, output[start:])]


def main(arguments):
    only = None
    if arguments[0] == "--family":
        only, arguments = arguments[1], arguments[2:]
    if arguments[0].isdigit():
        chosen = names(int(arguments[0]), int(arguments[1]), only)
    else:
        chosen = arguments
    for name in chosen:
        print(line(name, case(name)))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
