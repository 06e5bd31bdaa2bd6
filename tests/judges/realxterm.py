#!/usr/bin/env python3
"""A judge of screens: a real xterm, on an X server without a display.

    tests/judges/realxterm.py [--cells] CASES|RECORDING.rec|FOLDER ...

Prints one JSON object per case and line: see README.md for its fields. CASES are those of `streams.py`.

Many cases run in one xterm, which is reset in between. Its program is this file again, with --drive: it writes a case
and then asks: where the cursor is (DECXCPR), whether a wrap is pending (DECCIR), for the text (media copy, to a pipe)
and for the attributes of each cell (XTREPORTSGR). xterm answers in order, so an answer also says that all before it has
been drawn. A case that two xterms die of has no verdict; it is printed to stderr.
"""

import itertools
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import tty
import unicodedata

import streams
from looks import PLAIN, SOFT_HYPHEN

CASES_PER_XTERM = 400
XTERMS = 2
SILENCE_S = 20
RESOURCES = {
    "allowWindowOps": "true",
    "disallowedWindowOps": "",
    "decTerminalID": "420",
    "allowC1Printable": "false",
    "titleModes": "0",
    "utf8": "1",
    "utf8Title": "true",
    "saveLines": "100",
    "boldColors": "false",
    "cursorBlink": "false",
    "font": "fixed",
    "internalBorder": "0",
    "scrollBar": "false",
    "printAttributes": "0",
    "printerAutoClose": "true",
    "printerNewLine": "true",
}


# Inside of the xterm.


class Terminal:
    """What xterm is told and answers."""

    def __init__(self, printer):
        tty.setraw(0)
        self.printer = printer
        self.answers = b""

    def write(self, output):
        """Writes while reading what xterm answers, which could otherwise stop it."""
        while output:
            output = output[os.write(1, output[:1024]) :]

    def ask(self, question, pattern):
        """The last match, behind which there is nothing."""
        self.answers = b""
        self.write(question)
        while not (found := re.search(pattern + rb"\Z", self.answers)):
            if not select.select([0], [], [], SILENCE_S)[0]:
                raise SystemExit(f"no answer to {question[-50:]}, but {self.answers[-100:]}")
            self.answers += os.read(0, 65536)
        return found

    def resize(self, size):
        """Until both xterm and the kernel have it."""
        cols, rows = map(int, size.split("x"))
        self.write(f"\x1b[8;{rows};{cols}t".encode())
        while True:
            told = self.ask(b"\x1b[18t", rb"\x1b\[8;(\d+);(\d+)t")
            if (int(told[2]), int(told[1])) == (cols, rows) == tuple(os.get_terminal_size(0)):
                return

    def printed(self):
        """The screen's text as xterm prints it (media copy)."""
        self.write(b"\x1b[i")
        with open(self.printer, encoding="utf-8", errors="replace") as pipe:
            return pipe.read().split("\n")

    def reset(self):
        """As at first, with what RIS leaves: modes, the alternate screen and its saved cursor, titles."""
        self.write(b"\x18\x1b\\\x1b[?40;41;42l\x1b%G\x1b[?1047h\x1b[!p\x1b[m\x1b[2J\x1b[H\x1b7\x1b[?1047l\x1bc\x1b[3J")
        self.write(b"\x1b[23t" * 12 + b"\x1b]0;xterm\x07\x1b[?6;7s")


def drive(cases, verdicts, printer, cells):
    """In the xterm: a verdict for each case, one a line."""
    terminal = Terminal(printer)
    with open(verdicts, "w") as out:
        try:
            for name, parts in streams.load(cases):
                terminal.reset()
                for size, output in parts:
                    terminal.resize(size)
                    terminal.write(output)
                found = verdict(terminal, name, parts[-1][0], cells)
                out.write(json.dumps(found, ensure_ascii=False) + "\n")
                out.flush()
        except SystemExit as error:
            out.write(f"# {error}")


def verdict(terminal, name, size, cells):
    cols, rows = map(int, size.split("x"))
    # CAN ends what is unfinished; a status report comes behind all other answers to the case itself.
    terminal.ask(b"\x18\x1b\\\x1b F\x1b[5n", rb"\x1b\[0n")
    state = terminal.ask(b"\x1b[1$w", rb"\x1bP1\$u([^\x1b]*)\x1b\\")[1].split(b";")
    alternate = terminal.ask(b"\x1b[?1047$p", rb"\x1b\[\?1047;(\d)\$y")[1] == b"1"
    title = terminal.ask(b"\x1b[21t", rb"(?s)\x1b\]l(.*)\x1b\\")[1].decode("utf-8", "replace")
    title = "" if title == NO_TITLE else title
    # The position is told from the origin, so that goes first; a soft reset leaves the cursor where it is.
    position = terminal.ask(b"\x1b[?42l\x1b[!p\x1b[?6n", rb"\x1b\[\?(\d+);(\d+)[;\d]*R")
    texts = map(cells_of, terminal.printed())
    looks = looks_of(terminal, rows, cols) if cells else [[PLAIN] * cols] * rows
    screen = list(map(runs_of, texts, looks))
    found = {
        "name": name,
        "judge": "real",
        "cols": cols,
        "rows": rows,
        "cursor": [int(position[1]) - 1, int(position[2]) - 1],
        "pending_wrap": bool(state[5][0] & 8),
        "alternate": alternate,
        "title": title,
        "lines": ["".join(run[1] for run in row).rstrip(" ") for row in screen],
        "scrollback": None,
    }
    if cells:
        found["cells"] = screen
    return found


def looks_of(terminal, rows, cols):
    """The attributes of each cell of each row."""
    places = [f"{row + 1};{col + 1};{row + 1};{col + 1}" for row in range(rows) for col in range(cols)]
    questions = "".join(f"\x1b[{place}#|" for place in places)
    told = terminal.ask(questions.encode(), rb"(\x1b\[[0-9;:]*m){%d}" % len(places)).string
    looks = [attributes(look.decode()) for look in re.findall(rb"\x1b\[([0-9;:]*)m", told)]
    return [looks[row * cols : (row + 1) * cols] for row in range(rows)]


def runs_of(texts, looks):
    """A row as runs: [first column, text, attributes], plain blanks at the end cut."""
    runs = []
    for col, (text, look) in enumerate(itertools.zip_longest(texts[: len(looks)], looks, fillvalue=" ")):
        if runs and runs[-1][2] == look:
            runs[-1][1] += text
        elif text:
            runs.append([col, text, look])
    while runs and runs[-1][2] == PLAIN:
        runs[-1][1] = runs[-1][1].rstrip(" ")
        if runs[-1][1]:
            break
        runs.pop()
    return runs


def cells_of(line):
    """The text of each cell of a printed line; none for the second half of a wide character. A half without its other
    one is a blank, as xterm shows it."""
    cells = []
    for character in line:
        if cells and unicodedata.category(character) in ("Mn", "Me", "Cf") and character != SOFT_HYPHEN:
            # xterm keeps it with the half that was written last.
            cells[-1 - (cells[-1] == SECOND_HALF and len(cells) > 1)] += character
        else:
            cells.append(character)
    for at, text in enumerate(cells):
        if is_wide(text) and cells[at + 1 : at + 2] == [SECOND_HALF]:
            cells[at + 1] = ""
        elif is_wide(text) or text == SECOND_HALF:
            cells[at] = " "
    return cells


def is_wide(text):
    return text != "" and unicodedata.east_asian_width(text[0]) in "WF"


# What xterm prints for the second half of a wide character.
SECOND_HALF = "\uffff"
# What xterm shows when it is told an empty title.
NO_TITLE = "xterm"
FLAGS = {"1": "bold", "2": "dim", "3": "italic", "4": "underline", "5": "blink", "7": "inverse", "8": "invisible", "9": "strike",
         "21": "underline"}


def attributes(parameters):
    """The attributes that a report of SGR tells."""
    found = dict(PLAIN)
    for parameter in parameters.split(";"):
        head, *rest = parameter.split(":")
        code = int(head or 0)
        if head in FLAGS:
            found[FLAGS[head]] = True
        elif code in (38, 48):
            kind, *values = rest
            color = f"p{int(values[0]) & 0xFF}" if kind == "5" else "#" + "".join(f"{int(value):02x}" for value in values[-3:])
            found["fg" if code == 38 else "bg"] = color
        elif 30 <= code <= 47:
            found["fg" if code < 40 else "bg"] = f"p{code % 10}"
        elif 90 <= code <= 107:
            found["fg" if code < 100 else "bg"] = f"p{code % 10 + 8}"
    return found


# Outside of it.


class Display:
    """An X server without a display."""

    def __init__(self):
        command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1600x1200x24", "-nolisten", "tcp", "-noreset"]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.name = ":" + self.server.stdout.readline().decode().strip()

    def xterm(self, printer, program):
        resources = RESOURCES | {"printerCommand": f"cat > {printer}"}
        settings = [part for name, value in resources.items() for part in ("-xrm", f"*{name}: {value}")]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "DISPLAY": self.name, "HOME": "/nonexistent"}
        command = ["xterm", "-geometry", "20x6", *settings, "-e", *program]
        return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

    def stop(self):
        self.server.terminate()
        self.server.wait()


class Batch:
    """Cases for one xterm."""

    def __init__(self, display, folder, index, cases, cells):
        self.verdicts = os.path.join(folder, f"{index}.json")
        path = os.path.join(folder, f"{index}.cases")
        with open(path, "w") as out:
            out.writelines(streams.line(name, parts) + "\n" for name, parts in cases)
        printer = os.path.join(folder, f"{index}.printed")
        os.mkfifo(printer)
        program = [sys.executable, os.path.abspath(__file__), "--drive", path, self.verdicts, printer] + ["--cells"] * cells
        self.cases = cases
        self.process = display.xterm(printer, program)

    def wait(self):
        """The verdicts, fewer than cases when the xterm died; and why."""
        self.process.wait()
        with open(self.verdicts) as file:
            lines = file.readlines()
        return [line for line in lines if line[0] == "{"], "".join(line for line in lines if line[0] == "#")


def is_judged(case):
    """Not what changes its size on the normal screen: xterm cuts lines there, and does not wrap them anew."""
    name, parts = case
    return name.startswith("resize_alternate-") or (len(parts) == 1 and not name.startswith("reflow-"))


def judge(cases, cells):
    # Cases of one size together: changes of size are slow.
    waiting = sorted(filter(is_judged, cases), key=lambda case: case[1][0][0])
    display, index, failed = Display(), 0, set()
    try:
        with tempfile.TemporaryDirectory() as folder:
            running = []
            while waiting or running:
                while waiting and len(running) < XTERMS:
                    cut, waiting = waiting[:CASES_PER_XTERM], waiting[CASES_PER_XTERM:]
                    running.append(Batch(display, folder, index, cut, cells))
                    index += 1
                batch = running.pop(0)
                found, why = batch.wait()
                yield from found
                rest = batch.cases[len(found) :]
                if rest and rest[0][0] in failed:
                    print(f"no verdict on {rest[0][0]} {why}", file=sys.stderr)
                    rest = rest[1:]
                failed.update(name for name, _ in rest[:1])
                waiting = rest + waiting
    finally:
        display.stop()


def main(arguments):
    cells = "--cells" in arguments
    paths = [argument for argument in arguments if not argument.startswith("--")]
    if "--drive" in arguments:
        return drive(*paths, cells)
    if not paths:
        raise SystemExit(__doc__)
    for line in judge([case for path in paths for case in streams.load(path)], cells):
        sys.stdout.write(line)


if __name__ == "__main__":
    main(sys.argv[1:])
