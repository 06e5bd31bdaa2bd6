#!/usr/bin/env python3
"""Says where two verdicts differ, one line for each recording that does.

    node xterm.mjs --cells ../recordings > /tmp/a.json
    ./tmux.py --cells ../recordings > /tmp/b.json
    ./compare.py /tmp/a.json /tmp/b.json [--show NAME]

Attributes are compared where both show the same text, and not of blanks at the end of a line, of
which tmux does not tell. `--show NAME` prints the rows of that recording that differ.
"""

import json
import sys


def load(path):
    with open(path) as file:
        return {verdict["name"]: verdict for verdict in map(json.loads, file)}


def trimmed(row):
    """A row without the blanks at its end, whatever their colour."""
    row = [list(run) for run in row]
    while row:
        row[-1][1] = row[-1][1].rstrip(" ")
        if row[-1][1]:
            break
        row.pop()
    return row


def told(a, b, field):
    """Whether both judges say something of it."""
    return a[field] is not None and b[field] is not None


def differences(a, b):
    found, rows = [], []
    for field in ("cols", "rows", "cursor", "pending_wrap", "alternate", "title"):
        if told(a, b, field) and a[field] != b[field]:
            found.append(f"{field} {a[field]!r} / {b[field]!r}")
    if a["lines"] != b["lines"]:
        rows = [row for row, pair in enumerate(zip(a["lines"], b["lines"])) if pair[0] != pair[1]]
        found.append(f"{len(rows)} lines from row {rows[0]}")
    if told(a, b, "scrollback") and a["scrollback"] != b["scrollback"]:
        found.append(f"scrollback {len(a['scrollback'])} / {len(b['scrollback'])}")
    cells = []
    if "cells" in a and "cells" in b:
        for row, (first, second) in enumerate(zip(a["cells"], b["cells"])):
            if row not in rows and trimmed(first) != trimmed(second):
                cells.append(row)
    if cells:
        found.append(f"attributes in {len(cells)} lines from row {cells[0]}")
    return found, rows, cells


def main(arguments):
    shown = arguments[3] if arguments[2:3] == ["--show"] else None
    first, second = load(arguments[0]), load(arguments[1])
    for name in sorted(first.keys() & second.keys()):
        a, b = first[name], second[name]
        found, rows, cells = differences(a, b)
        if shown not in (None, name):
            continue
        if found:
            print(f"{name}: {'; '.join(found)}")
        if shown:
            for row in rows:
                print(f"{row:3} a |{a['lines'][row]}\n{row:3} b |{b['lines'][row]}")
            for row in cells:
                print(f"{row:3} a {trimmed(a['cells'][row])}\n{row:3} b {trimmed(b['cells'][row])}")
    print(f"{len(first.keys() & second.keys())} compared", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
