#!/usr/bin/env python3
"""Makes streams short on which our screens differ from a real xterm's.

    ./shrink.py CASES OURS REAL      files: cases, our verdicts, xterm's verdicts
"""

import os
import re
import subprocess
import sys
import tempfile

import realxterm
import streams
from check_streams import described, differences, load

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SHRUNK_AT_ONCE = 120
TOKEN = re.compile(rb"\x1b\[[^@-~]*[@-~]|\x1b[\]P_^X].*?(?:\x1b\\|\x07|\x18)|\x1b[ -/]*[0-~]|[\xc2-\xf4][\x80-\xbf]+|[a-z]+|.", re.S)


def ours(cases):
    with tempfile.TemporaryDirectory() as folder:
        path, verdicts = os.path.join(folder, "cases"), os.path.join(folder, "verdicts")
        with open(path, "w") as file:
            file.writelines(streams.line(name, parts) + "\n" for name, parts in cases)
        environment = os.environ | {"ORCHFLOW_CASES": path, "ORCHFLOW_VERDICTS": verdicts}
        command = ["cargo", "test", "--quiet", "--locked", "--test", "screen_judges"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        return load(verdicts)


def real(cases):
    with tempfile.NamedTemporaryFile("w+", suffix=".json") as file:
        file.writelines(realxterm.judge(cases, True))
        file.flush()
        return load(file.name)


def shorter(parts, count):
    """The case without so many of its tokens."""
    for index, (size, output) in enumerate(parts):
        tokens = TOKEN.findall(output)
        first = int(index == 0 and output.startswith(streams.ENTER_ALTERNATE))
        for at in range(first, len(tokens), count):
            rest = b"".join(tokens[:at] + tokens[at + count :])
            if rest or len(parts) == 1:
                yield parts[:index] + [(size, rest)] + parts[index + 1 :]
            else:
                yield parts[:index] + parts[index + 1 :]
        if count == 1:
            for at, token in enumerate(tokens):
                if token.isalpha() and len(token) > 1:
                    for cut in (token[: len(token) // 2], token[:-1]):
                        yield parts[:index] + [(size, b"".join(tokens[:at] + [cut] + tokens[at + 1 :]))] + parts[index + 1 :]


def shrink(cases):
    """Each case as short as it stays different."""
    cases = dict(cases)
    counts = {name: 16 for name in cases}
    while counts:
        tries = [(f"{name}-{at}", parts) for name in counts for at, parts in enumerate(shorter(cases[name], counts[name]))]
        mine, theirs = ours(tries), real(tries)
        shrunk = set()
        for tried, parts in tries:
            name = tried.rsplit("-", 1)[0]
            if name not in shrunk and tried in theirs and differences(mine[tried], theirs[tried]):
                cases[name] = parts
                shrunk.add(name)
        for name in set(counts) - shrunk:
            counts[name] //= 2
        counts = {name: count for name, count in counts.items() if count}
    return cases


def main(arguments):
    path, mine, theirs = arguments
    mine, theirs = load(mine), load(theirs)
    bad = [(name, parts) for name, parts in streams.load(path)
           if name in theirs and differences(mine[name], theirs[name])]
    bad = bad[:: max(1, len(bad) // SHRUNK_AT_ONCE)]
    cases = shrink(bad)
    mine, theirs = ours(cases.items()), real(list(cases.items()))
    for name, parts in sorted(cases.items(), key=lambda case: len(described(case[1]))):
        print(name, described(parts), differences(mine[name], theirs[name]))
        print("    ours ", mine[name]["cursor"], mine[name]["lines"])
        print("    xterm", theirs[name]["cursor"], theirs[name]["lines"])


if __name__ == "__main__":
    main(sys.argv[1:])
