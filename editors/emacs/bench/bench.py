"""Terminals in Emacs beside each other: a flood until it is shown, and keys while another one floods.

    bench.py EMACS_ARGUMENT...

Each figure is taken in an Emacs of its own on a text terminal of 120 by 40 that this program drives as a person would: a
key is a byte on its input, an echo is a byte on its output. ROUNDS, KEYS and KINDS come from the environment.
"""

import fcntl
import os
import pty
import random
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time

ROUNDS = int(os.environ.get("ROUNDS", "5"))
KEYS = int(os.environ.get("KEYS", "60"))
KINDS = os.environ.get("KINDS", "orchflow term vterm").split()
# Letters that end no control sequence of Emacs's.
LETTERS = b"qvwyzjkox"
PATIENCE = 120
# A flood that takes longer than this is measured once.
SLOW_SECONDS = 30


class Emacs:
    """An Emacs with a terminal of one kind."""

    def __init__(self, kind: str, command: str, flood: str = "") -> None:
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.environ.update(
                TERM="xterm-256color", BENCH_KIND=kind, BENCH_COMMAND=command, BENCH_FLOOD=flood, SHELL="/bin/sh"
            )
            os.execvp("emacs", ["emacs", "-nw", "-Q", *sys.argv[1:], "-l", "bench/bench.el"])
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def wait_for(self, text: bytes) -> float:
        """When `text` came, as time.perf_counter has it; never, after a while."""
        seen = b""
        give_up_at = time.perf_counter() + PATIENCE
        while time.perf_counter() < give_up_at:
            if select.select([self.master], [], [], 1)[0]:
                seen += os.read(self.master, 65536)
                if text in seen:
                    return time.perf_counter()
                seen = seen[-len(text) :]
        return float("inf")

    def drain(self, seconds: float) -> None:
        """Reads what comes in this time."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if select.select([self.master], [], [], left)[0]:
                os.read(self.master, 65536)

    def key(self, key: bytes, text: bytes) -> float:
        """Milliseconds from a key to this text."""
        start = time.perf_counter()
        os.write(self.master, key)
        return (self.wait_for(text) - start) * 1000

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.master)


def flood(kind: str, path: str) -> float:
    """Seconds until 10 MB are shown."""
    emacs = Emacs(kind, f"echo rea''dy; read x; cat {path}; echo fini''shed; exec cat")
    emacs.wait_for(b"ready")
    emacs.drain(0.5)
    seconds = emacs.key(b"\r", b"finished") / 1000
    emacs.end()
    return seconds


def echo(kind: str, command: str) -> list[float]:
    """Milliseconds from keys to their echoes while `command` runs in the window beside."""
    emacs = Emacs(kind, "stty -icanon; echo rea''dy; exec cat >/dev/null", command)
    emacs.wait_for(b"ready")
    emacs.drain(1)
    values = []
    for index in range(KEYS):
        # A pause of changing length, so that keys do not fall into step with anything.
        emacs.drain(random.uniform(0.02, 0.07))
        letter = LETTERS[index % len(LETTERS) :][:1]
        values.append(emacs.key(letter, letter))
    emacs.end()
    return values


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def main() -> None:
    floods: dict[str, list[float]] = {kind: [] for kind in KINDS}
    loud: dict[str, list[float]] = {kind: [] for kind in KINDS}
    quiet: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        for line in range(10_000_000 // 80):
            file.write(f"\033[3{line % 8}m{line:08}\033[m {'0123456789' * 6}".ljust(79) + "\n")
        file.flush()
        for round_ in range(ROUNDS):
            for kind in reversed(KINDS) if round_ % 2 else KINDS:
                if not floods[kind] or floods[kind][0] < SLOW_SECONDS:
                    floods[kind].append(flood(kind, file.name))
                loud[kind] += echo(kind, "while :; do cat " + file.name + "; done")
                quiet[kind] += echo(kind, "exec cat")
                print(f"round {round_ + 1} {row(kind, floods, quiet, loud)}", file=sys.stderr)
    print("| | 10 MB until shown | echo, p50 | echo while another terminal floods, p50 | p99 |")
    print("|---|--:|--:|--:|--:|")
    for kind in KINDS:
        print(row(kind, floods, quiet, loud))


Figures = dict[str, list[float]]


def row(kind: str, floods: Figures, quiet: Figures, loud: Figures) -> str:
    """A row of the table."""
    seconds = statistics.median(floods[kind])
    shown = f"{seconds:.2f} s" if seconds < PATIENCE else f"more than {PATIENCE} s"
    return (
        f"| {kind} | {shown} | {percentile(quiet[kind], 0.5):.1f} ms "
        f"| {percentile(loud[kind], 0.5):.1f} ms | {percentile(loud[kind], 0.99):.1f} ms |"
    )


main()
