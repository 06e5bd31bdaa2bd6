#!/usr/bin/env python3
"""Holds our verdicts against those of the judges.

    ./check.py [--list] OURS JUDGE...       files of verdicts

Every divergence has to be in `divergences.txt`, and everything that is there has to occur: else it is
printed, and this fails. `--list` prints all divergences in the form of that file instead.
"""

import fnmatch
import os
import sys

from compare import load, told, trimmed
from looks import differing

LISTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "divergences.txt")
ATTRIBUTES = ("fg", "bg", "bold", "dim", "italic", "underline", "blink", "inverse", "strike", "invisible")
PLAIN = {"fg": "default", "bg": "default"}


def divergences(ours, judge):
    """What differs, as it is called in `divergences.txt`."""
    if judge["judge"] == "real":
        fields, rows = differing(ours, judge)
        yield from fields
        yield from (f"{what} {spans(numbers)}" for what, numbers in rows.items() if numbers)
        return
    for field in ("cols", "rows", "cursor", "alternate"):
        if ours[field] != judge[field]:
            yield field
    # The title of a tmux pane is not only what programs made it.
    if judge["judge"] == "xterm" and ours["title"] != judge["title"]:
        yield "title"
    if told(ours, judge, "scrollback") and ours["scrollback"] != judge["scrollback"]:
        yield f"scrollback {scrollback_kind(ours['scrollback'], judge['scrollback'])}"
    rows = {}
    for row, (text, other) in enumerate(zip(ours["lines"], judge["lines"])):
        if text != other:
            rows.setdefault("lines", []).append(row)
            continue
        for what in cell_differences(ours["cells"][row], judge["cells"][row], judge["judge"]):
            rows.setdefault(what, []).append(row)
    for what, numbers in rows.items():
        yield f"{what} {spans(numbers)}"


def scrollback_kind(ours, judge):
    """`more` if we only have lines in addition, `less` if we only lack some."""

    def is_within(some, all_lines):
        rest = iter(all_lines)
        return all(line in rest for line in some)

    return "more" if is_within(judge, ours) else "less" if is_within(ours, judge) else "other"


def cell_differences(ours, judge, name):
    """The attributes in which cells of the same text differ, and `columns` if they stand elsewhere.

    tmux does not tell the look of blanks at the end, and its columns are only counted.
    """
    if name == "tmux":
        ours, judge = trimmed(ours), trimmed(judge)
    looks, others = looks_of(ours), looks_of(judge)
    length = max(len(looks), len(others))
    pairs = list(zip(*(part + [PLAIN] * (length - len(part)) for part in (looks, others))))
    found = [what for what in ATTRIBUTES if any(a.get(what) != b.get(what) for a, b in pairs)]
    if name != "tmux":
        starts, other_starts = starts_of(ours), starts_of(judge)
        if any(starts[at] != other_starts[at] for at in starts.keys() & other_starts.keys()):
            found.append("columns")
    return found


def looks_of(row):
    return [look for _, text, look in row for _ in text]


def starts_of(row):
    """The column by the number of characters before it, where a run begins."""
    starts, count = {}, 0
    for column, text, _ in row:
        starts[count] = column
        count += len(text)
    return starts


def spans(numbers):
    """`1-3,5` for 1, 2, 3, 5."""
    found = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def listed(names, judges):
    """Recording, judge and divergence of what is listed, with the number of its line."""
    found = {}
    with open(LISTED) as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            head, _, reason = line.partition(": ")
            patterns, who, what = head.split(" ", 2)
            if not reason.strip():
                raise SystemExit(f"divergences.txt:{number}: no reason")
            for pattern in patterns.split(","):
                matching = fnmatch.filter(names, pattern)
                if not matching:
                    raise SystemExit(f"divergences.txt:{number}: no recording is called {pattern}")
                for name in matching:
                    for judge in ("xterm", "tmux") if who == "both" else (who,):
                        if (name, judge, what) in found:
                            raise SystemExit(f"divergences.txt:{number}: {name} {judge} {what} is there twice")
                        found[name, judge, what] = number
    return found


def main(arguments):
    only_list = "--list" in arguments
    ours, *judges = [load(path) for path in arguments if path != "--list"]
    occurring, same, asked = {}, {}, {}
    for verdicts in judges:
        if not verdicts.keys() <= ours.keys():
            raise SystemExit(f"verdicts on different recordings: {sorted(verdicts.keys() - ours.keys())}")
        for name in sorted(verdicts):
            judge = verdicts[name]["judge"]
            different = [(name, judge, what) for what in divergences(ours[name], verdicts[name])]
            occurring.update(dict.fromkeys(different))
            same[judge] = same.get(judge, 0) + (not different)
            asked[judge] = asked.get(judge, 0) + 1
    if only_list:
        for divergence in occurring:
            print(*divergence, end=": \n")
        return
    known = listed(list(ours), list(same))
    for divergence in occurring.keys() - known.keys():
        print("a divergence that is not in divergences.txt:", *divergence)
    for divergence in known.keys() - occurring.keys():
        print(f"divergences.txt:{known[divergence]}: does not occur any more:", *divergence)
    counts = ", ".join(f"{count} of {asked[judge]} as {judge}" for judge, count in same.items())
    print(f"judges: {counts}; {len(occurring)} divergences, {len(known)} known")
    if occurring.keys() != known.keys():
        raise SystemExit(1)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
