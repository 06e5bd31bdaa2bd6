#!/usr/bin/env python3
"""A judge of screens: tmux, without a client.

    tests/judges/tmux.py [--cells] RECORDING.rec|FOLDER ...

Prints one JSON object per recording and line: see README.md for its fields.

Each recording runs in a pane of a tmux server of its own (own socket, no configuration). The pane's
program is this file again, with --feed: it makes its PTY raw and writes what it is told to. After
each part it asks for the terminal's status (CSI 5 n) and waits for the answer: since tmux answers in
order, all before it has been drawn. Only then is the window resized, or the screen captured.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import tty
import unicodedata

SCROLLBACK_SHOWN = 200
QUESTION, ANSWER = b"\x1b[5n", b"\x1b[0n"


def feed(control_path, recording):
    """In the pane: writes the parts `START END` that come over the control socket."""
    tty.setraw(0)
    with open(recording, "rb") as file:
        data = file.read()
    control = socket.socket(socket.AF_UNIX)
    control.connect(control_path)
    orders = control.makefile("rw")
    for order in orders:
        start, end = map(int, order.split())
        part = data[start:end]
        write(part + QUESTION)
        # The part may have asked the same; answers then come for each.
        await_answers(part.count(QUESTION) + 1)
        orders.write("done\n")
        orders.flush()


def write(data):
    """Writes while reading what tmux answers, which could otherwise stop it."""
    while data:
        data = data[os.write(1, data[:1024]) :]


def await_answers(count):
    seen = b""
    while seen.count(ANSWER) < count:
        seen += os.read(0, 4096)


def load(path):
    """The size at the start, and the parts: (size while it arrives, start, end)."""
    with open(path[: -len(".rec")] + ".txt") as file:
        first, *rest = file.read().split("\n")
    parts, start, size = [], 0, parse_size(first)
    for line in filter(None, rest):
        word, offset, following = line.split()
        assert word == "resize", line
        parts.append((size, start, int(offset)))
        start, size = int(offset), parse_size(following)
    parts.append((size, start, os.path.getsize(path)))
    return parts


def parse_size(text):
    cols, rows = text.split("x")
    return int(cols), int(rows)


SETTINGS = """\
set -g status off
set -g history-limit 2000
set -g remain-on-exit on
"""


class Server:
    """A tmux server with one window, for one recording."""

    def __init__(self, folder, size, program):
        self.socket = os.path.join(folder, "tmux")
        cols, rows = map(str, size)
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        self.environment = environment
        settings = os.path.join(folder, "settings")
        with open(settings, "w") as file:
            file.write(SETTINGS)
        self.run("-f", settings, "new-session", "-d", "-x", cols, "-y", rows, *program)

    def run(self, *arguments):
        command = ["tmux", "-u", "-S", self.socket, *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, check=True)
        return done.stdout.decode("utf-8", "replace")

    def kill(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], env=self.environment, check=False)


# What capture-pane writes, read back into runs of attributes.

FLAGS = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 5: "blink", 7: "inverse", 8: "invisible", 9: "strike"}
SGR = re.compile(r"\x1b\[([0-9;:]*)m|\x1b\].*?\x1b\\|\x1b[()].|\x0e|\x0f")
DRAWN = dict(zip("`abcdefghijklmnopqrstuvwxyz{|}~", "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"))


def graphics(parameters, state):
    """Applies one SGR sequence."""
    numbers = parameters.split(";") if parameters else ["0"]
    while numbers:
        head = numbers.pop(0)
        code = int(head.split(":")[0] or 0)
        if code == 0:
            state.clear()
        elif code in FLAGS:
            state[FLAGS[code]] = True
        elif 30 <= code <= 37 or 40 <= code <= 47:
            state["fg" if code < 40 else "bg"] = f"p{code % 10}"
        elif 90 <= code <= 97 or 100 <= code <= 107:
            state["fg" if code < 100 else "bg"] = f"p{code % 10 + 8}"
        elif code in (39, 49):
            state.pop("fg" if code == 39 else "bg", None)
        elif code in (38, 48, 58):
            rest = head.split(":")[1:] if ":" in head else numbers
            kind = rest.pop(0)
            if kind == "5":
                color = f"p{rest.pop(0)}"
            else:
                if ":" in head and len(rest) > 3:
                    rest.pop(0)  # The colour space.
                color = "#" + "".join(f"{int(rest.pop(0)):02x}" for _ in range(3))
            if code != 58:
                state["fg" if code == 38 else "bg"] = color
        # The rest switches something off, and tmux writes 0 instead; or is an overline.


def columns(text):
    """Of what a captured line holds. tmux does not tell where it put a character: this counts as it
    does, with what the Unicode of Python says where tmux asks the one of libc."""
    count, joined = 0, False
    for character in text:
        zero = unicodedata.category(character) in ("Mn", "Me", "Cf") or "\u1160" <= character <= "\u11ff"
        if not zero and not joined:
            count += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        joined = character == "\u200d"
    return count


def runs(line, state):
    """Runs of equal attributes: [first column, text, attributes], plain blanks at the end cut.

    tmux writes only changes, also from one line to the next: `state` goes on.
    """
    found, column, at, shifted = [], 0, 0, state.pop("shifted", False)

    def add(text):
        nonlocal column
        if shifted:
            text = "".join(DRAWN.get(character, character) for character in text)
        if not text:
            return
        attributes = {"fg": state.get("fg", "default"), "bg": state.get("bg", "default")}
        attributes.update({flag: True for flag in FLAGS.values() if state.get(flag)})
        if found and found[-1][2] == attributes:
            found[-1][1] += text
        else:
            found.append([column, text, attributes])
        column += columns(text)

    for match in SGR.finditer(line):
        add(line[at : match.start()])
        at = match.end()
        if match.group(0) in "\x0e\x0f":
            shifted = match.group(0) == "\x0e"
        elif match.group(1) is not None:
            graphics(match.group(1), state)
    add(line[at:])
    if shifted:
        state["shifted"] = True
    if found and found[-1][2] == {"fg": "default", "bg": "default"}:
        found[-1][1] = found[-1][1].rstrip(" ")
        if not found[-1][1]:
            found.pop()
    return found


def judge(path, cells):
    parts = load(path)
    with tempfile.TemporaryDirectory() as folder:
        control_path = os.path.join(folder, "control")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(control_path)
        listener.listen()
        listener.settimeout(20)
        program = [sys.executable, os.path.abspath(__file__), "--feed", control_path, os.path.abspath(path)]
        server = Server(folder, parts[0][0], program)
        try:
            control, _ = listener.accept()
            control.settimeout(20)
            orders = control.makefile("rw")
            server.run("select-pane", "-T", "")  # Instead of the name of this host.
            for index, (size, start, end) in enumerate(parts):
                if index:
                    server.run("resize-window", "-x", str(size[0]), "-y", str(size[1]))
                orders.write(f"{start} {end}\n")
                orders.flush()
                assert orders.readline() == "done\n", path
            return verdict(server, path, parts[-1][0], cells)
        finally:
            server.kill()
            listener.close()


def verdict(server, path, size, cells):
    cols, rows = size
    asked = "#{cursor_y} #{cursor_x} #{alternate_on} #{pane_width} #{pane_height} #{history_size} #{pane_title}"
    y, x, alternate, width, height, history, title = server.run("display", "-p", asked).rstrip("\n").split(" ", 6)
    assert (int(width), int(height)) == size, (path, width, height)
    screen = captured(server)
    found = {
        "name": os.path.basename(path)[: -len(".rec")],
        "judge": "tmux",
        "cols": cols,
        "rows": rows,
        "cursor": [int(y), min(int(x), cols - 1)],
        "pending_wrap": int(x) >= cols,
        "alternate": alternate == "1",
        "title": title,
        "lines": list(map(text, screen)),
        "scrollback": [],
    }
    if int(history):
        above = captured(server, "-S", f"-{SCROLLBACK_SHOWN}", "-E", "-1")
        found["scrollback"] = list(map(text, above))
    if cells:
        found["cells"] = screen
    return found


def captured(server, *arguments):
    """Rows as runs. Not the plain capture, which has `q` where a line is drawn."""
    state = {}
    lines = server.run("capture-pane", "-p", "-e", "-N", *arguments).split("\n")[:-1]
    return [runs(line, state) for line in lines]


def text(row):
    return "".join(run[1] for run in row).rstrip(" ")


def recordings(paths):
    for path in paths:
        if os.path.isdir(path):
            yield from sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith(".rec"))
        else:
            yield path


def main(arguments):
    if arguments[:1] == ["--feed"]:
        return feed(*arguments[1:])
    paths = [argument for argument in arguments if not argument.startswith("--")]
    if not paths:
        raise SystemExit(__doc__)
    for path in recordings(paths):
        print(json.dumps(judge(path, "--cells" in arguments), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
