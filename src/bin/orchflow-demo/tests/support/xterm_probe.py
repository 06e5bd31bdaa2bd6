"""Asks the terminal that this runs in for its modes and looks, runs a command, and asks again.

    xterm_probe.py OUTPUT COMMAND [ARGUMENT ...]

OUTPUT gets the exit status of the command, then a line for each answer that is another one afterwards.
"""

import os
import re
import subprocess
import sys
import termios
import tty

MODES = ["4", "20"] + [
    f"?{mode}"
    for mode in (1, 3, 5, 6, 7, 8, 9, 12, 25, 40, 45, 66, 67, 69, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007,
                 1015, 1016, 1034, 1035, 1036, 1047, 1049, 2004)
]
# Attributes, margins, the cursor's shape; tab stops; colours.
SETTINGS = ["\x1bP$qm\x1b\\", "\x1bP$qr\x1b\\", "\x1bP$qs\x1b\\", "\x1bP$q q\x1b\\", "\x1b[2$w"]
COLOURS = [f"\x1b]{what};?\x1b\\" for what in ("10", "11", "12", "4;1")]
# All terminals answer this one, so its answer is the last one.
LAST = "\x1b[c"


def ask():
    """The answers, in the order of the questions."""
    before = termios.tcgetattr(0)
    tty.setraw(0)
    questions = [f"\x1b[{mode}$p" for mode in MODES] + SETTINGS + COLOURS + [LAST]
    os.write(1, "".join(questions).encode())
    answers = ""
    while not re.search(r"\x1b\[\?[0-9;]*c$", answers):
        answers += os.read(0, 4096).decode()
    termios.tcsetattr(0, termios.TCSANOW, before)
    # The first column and those beyond the window have no stops that could be set again.
    answers = re.sub(r"(\$u)1/", r"\1", re.sub(r"(/\d+)?\x1b\\", lambda m: "\x1b\\" if beyond(m[1]) else m[0], answers))
    return re.findall(r"\x1b[\[\]P][^\x1b]*", answers)


def beyond(stop):
    return stop is not None and int(stop[1:]) > os.get_terminal_size(0).columns


def main():
    output, command = sys.argv[1], sys.argv[2:]
    before = ask()
    status = subprocess.run(command).returncode
    after = ask()
    with open(output + ".part", "w") as out:
        print(status, file=out)
        print(len(before), file=out)
        for one, other in zip(before, after):
            if one != other:
                print(f"{one!r} became {other!r}", file=out)
    os.rename(output + ".part", output)


main()
