#!/usr/bin/env python3
"""Records what real programs write to their terminal, for the tests of the screen.

    tests/recordings/record.py --list      what there is, and how each recording is made
    tests/recordings/record.py NAME...     make these again (a scenario, or a recording of it)
    tests/recordings/record.py --all       make all of them again

A recording is two files. NAME.rec holds the bytes as the program wrote them to its PTY, after the
line discipline (so a "\\n" of a program in cooked mode is "\\r\\n" here, and its echo is in it).
NAME.txt says in its first line `COLSxROWS`, the size at the start, and then for each resize
`resize OFFSET COLSxROWS`: when so many bytes had been written, the terminal got this size.

A scenario below is a function: its decorator names size and program, its docstring says what
happens, its body types the keys. `keys` types text like a person, a `bytes` argument in one write;
after each step the recorder waits until the program has been silent for a while. `save` ends a
recording at that moment, so that one run gives several: the recordings of a scenario are prefixes
of one another, and the last screen of each is one to judge. Only the pages of vttest are recorded
each by itself, from the key that turned to it.

What a terminal is asked (device attributes, colours, the cursor in the two ways vim asks), the
recorder answers as xterm does, so that programs take the ways they take in a real terminal.

Programs run as pid 1's only family in namespaces of their own: the host is called `box`, /tmp is
empty but for /tmp/home, which the recorder fills, and no other process is to be seen. Needed is
Linux with unshare(1) and the right to use it (root, or user namespaces), Python 3.9, and

    apt-get install bash coreutils dialog fish git htop less mc nano procps python3 screen tmux vim \\
        vttest whiptail zsh

The committed recordings come from Debian 12 (bash 5.2, dialog 1.3, fish 3.6, git 2.39, htop 3.2,
less 590, mc 4.8.29, nano 7.2, procps 4.0, Python 3.11, screen 4.9, tmux 3.3a, vim 9.0, vttest 2.7,
zsh 5.9). Times, loads and process numbers differ at each run; the rest should come out the same.
"""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LARGEST = 60_000
SCENARIOS = {}

ENVIRONMENT = {
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "HOME": "/tmp/home",
    "USER": "user",
    "LOGNAME": "user",
    "SHELL": "/bin/bash",
    "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "HOSTNAME": "box",
    "PS1": "$ ",
    "HISTFILE": "/tmp/home/.history",
    "TMUX_TMPDIR": "/tmp/home",
    "SCREENDIR": "/tmp/home/.screen",
    "LESSHISTFILE": "-",
    "PYTHONDONTWRITEBYTECODE": "1",
}

# In the namespaces: an own /tmp with the home that was prepared, and an own name.
INSIDE = """
mount --bind "$1" /mnt && mount -t tmpfs -o mode=1777 tmpfs /tmp && mkdir /tmp/home &&
mount --bind /mnt /tmp/home && umount /mnt && hostname box && cd /tmp/home/project || exit 99
shift; exec sh -c '"$@"; exit' sh "$@"
"""

# What programs ask of a terminal, and what xterm answers.
ANSWERS = [
    (rb"\x1b\[0?c", b"\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c"),
    (rb"\x1b\[>0?c", b"\x1b[>41;379;0c"),
    (rb"\x1b\[5n", b"\x1b[0n"),
    (rb"\x1b\[2;1H[^\x1b]{1,4}\x1b\[6n", b"\x1b[2;2R"),  # vim: how wide is an ambiguous one?
    (rb"\x1b\[3;1H\x1bPzz\x1b\\\x1b\[0%m\x1b\[6n", b"\x1b[3;1R"),  # vim: is a DCS swallowed?
    (rb"\x1b\[>0?q", b"\x1bP>|XTerm(379)\x1b\\"),
    (rb"\x1b\]10;\?(?:\x07|\x1b\\)", b"\x1b]10;rgb:e5e5/e5e5/e5e5\x1b\\"),
    (rb"\x1b\]11;\?(?:\x07|\x1b\\)", b"\x1b]11;rgb:0000/0000/0000\x1b\\"),
    (rb'\x1bP\$q"p\x1b\\', b'\x1bP1$r64;1"p\x1b\\'),
    (rb"\x1bP\+q[^\x1b]*\x1b\\", b"\x1bP0+r\x1b\\"),
]


def scenario(size, *argv, **environment):
    def register(function):
        name = function.__name__.replace("_", "-")
        SCENARIOS[name] = (function, size, argv, environment)
        return function

    return register


class Terminal:
    """One run of a program, and what it wrote so far."""

    def __init__(self, name, size, argv, environment, home):
        self.name, self.size = name, size
        self.output, self.resizes, self.asked = bytearray(), [], 0
        self.saved = []
        spaces = ["--uts", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]
        if os.geteuid() != 0:
            spaces = ["--user", "--map-root-user", *spaces]
        command = ["unshare", *spaces, "sh", "-c", INSIDE, "sh", home, *argv]
        environment = {**ENVIRONMENT, **environment}
        master, slave = pty.openpty()
        self.master = master
        self.set_size(size)
        self.child = os.fork()
        if self.child == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for descriptor in (0, 1, 2):
                os.dup2(slave, descriptor)
            os.closerange(3, 256)
            os.execvpe("unshare", command, environment)
        os.close(slave)

    def set_size(self, size):
        cols, rows = map(int, size.split("x"))
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def read(self, timeout):
        """Takes what is there; false when nothing came in time or nothing will come."""
        if not select.select([self.master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.output += data
        self.answer()
        return bool(data)

    def answer(self):
        """Answers what was asked since last time, in the order of the questions."""
        found = []
        for question, reply in ANSWERS:
            for match in re.compile(question).finditer(self.output, self.asked):
                found.append((match.end(), reply))
        for end, reply in sorted(found):
            self.asked = end
            os.write(self.master, reply)

    def settle(self, quiet=0.3, longest=8.0):
        """Waits until the program has been silent for `quiet` seconds."""
        end = time.monotonic() + longest
        while time.monotonic() < end and self.read(quiet):
            pass

    def until(self, text, longest=15.0):
        """Waits for these bytes, counted from the beginning of the run."""
        end = time.monotonic() + longest
        while text not in self.output:
            if time.monotonic() > end:
                raise SystemExit(f"{self.name}: {text!r} never came")
            self.read(0.2)
        self.settle()

    def keys(self, *steps, quiet=0.3):
        for step in steps:
            if isinstance(step, bytes):
                os.write(self.master, step)
            else:
                for character in step:
                    os.write(self.master, character.encode())
                    self.read(0.004)
            self.settle(quiet)

    def resize(self, size):
        self.settle()
        self.resizes.append((len(self.output), size))
        self.set_size(size)
        self.settle(0.5)

    def save(self, suffix="", since=0):
        """Ends a recording here, which begins at the offset `since`; the run goes on."""
        name = f"{self.name}-{suffix}" if suffix else self.name
        data = bytes(self.output[since:])
        assert not (since and self.resizes)
        host = os.uname().nodename
        if len(data) > LARGEST:
            raise SystemExit(f"{name}: {len(data)} bytes are too many")
        if len(host) > 3 and host.encode() in data or HERE.encode() in data:
            raise SystemExit(f"{name}: names this machine")
        with open(os.path.join(HERE, name + ".rec"), "wb") as file:
            file.write(data)
        with open(os.path.join(HERE, name + ".txt"), "w") as file:
            file.write(self.size + "\n")
            for offset, size in self.resizes:
                file.write(f"resize {offset} {size}\n")
        print(f"{name}: {len(data)} bytes")

    def end(self):
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)
        os.close(self.master)


# What the home holds: the same at each run, times included.


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def source():
    """A source file of some length with everything that a syntax colours."""
    parts = ["//! A machine of states.\n\nuse std::collections::BTreeMap;\n"]
    for index, name in enumerate("idle start load parse check build link run stop".split()):
        upper = name.capitalize()
        parts.append(
            f"/// The state `{name}`; number {index} of them.\n"
            f"#[derive(Clone, Debug)]\n"
            f"pub struct {upper} {{\n"
            f"    count: u{8 << index % 4},\n"
            f"    names: BTreeMap<String, &'static str>,\n}}\n\n"
            f"impl {upper} {{\n"
            f"    pub fn step(&mut self, by: usize) -> Result<(), String> {{\n"
            f"        // Counts, and says \"{name}\" when it is done: \u2192 \u4e2d\u6587.\n"
            f"        for i in 0..by {{\n"
            f"            if i % {index + 2} == 0 {{\n"
            f"                self.names.insert(format!(\"{name}-{{i}}\"), \"{upper}\\n\");\n"
            f"            }}\n        }}\n"
            f"        Ok(())\n    }}\n}}\n"
        )
    return "\n".join(parts)


def prose():
    words = "the quick brown fox jumps over a lazy dog while terminals wrap long lines".split()
    lines = []
    for number in range(1, 201):
        count = 3 + number * 7 % 23
        lines.append(f"{number:4} " + " ".join(words[(number + i) % len(words)] for i in range(count)))
    return "\n".join(lines) + "\n"


UNICODE = """\
CJK      \u4e2d\u6587\u5b57\u7b26 \u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8 \ud55c\uad6d\uc5b4|
fullw    \uff21\uff22\uff23 half \uff71\uff72\uff73|
comb     e\u0301 a\u0308\u0304 n\u0303 o\u0302\u0323 Z\u0351\u036b\u0343|
hangul   \u1112\u1161\u11ab\u1100\u116e\u11a8|
thai     \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0e01\u0e33|
deva     \u0928\u092e\u0938\u094d\u0924\u0947|
arabic   \u0645\u0631\u062d\u0628\u0627 \u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd|
emoji    \U0001f600\U0001f680\U0001f44d \u2705\u26a1 \U0001f9d1 \U0001fae0|
tone     \U0001f44d\U0001f3fd \U0001f469\U0001f3ff|
zwj      \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f469\u200d\U0001f4bb|
flag     \U0001f1e9\U0001f1ea\U0001f1ef\U0001f1f5|
vs       \u2764\ufe0f \u2764\ufe0e \u263a\ufe0f \u2602 1\ufe0f\u20e3|
ambig    \u00b1 \u2192 \u03b1 \u2460 \u2588 \u00a7|
zero     a\u200bb a\u00adb a\u200eb a\u2060b|
box      \u250c\u2500\u252c\u2500\u2510 \u2502 \u2514\u2500\u2534\u2500\u2518 \u2591\u2592\u2593\u2588 \u28ff|
math     \U0001d4d0\U0001d4d1 \u2211 \u222b \u221e|
"""

PROGRESS = """\
import sys, time
for name, total in ("parse", 40), ("build", 60), ("link", 25):
    for done in range(total + 1):
        part = done * 30 // total
        bar = "#" * part + "." * (30 - part)
        sys.stdout.write(f"\\r{name:6} [{bar}] {done * 100 // total:3}% {done}/{total}")
        sys.stdout.flush()
    sys.stdout.write("\\n")
sys.stdout.write("\\x1b[?25l")
for done in range(101):
    eighths = done * 8 * 20 // 100
    bar = "\\u2588" * (eighths // 8) + " \\u258f\\u258e\\u258d\\u258c\\u258b\\u258a\\u2589"[eighths % 8]
    spin = "\\u280b\\u2819\\u2839\\u2838\\u283c\\u2834\\u2826\\u2827\\u2807\\u280f"[done % 10]
    colour = f"\\x1b[38;2;{255 - done * 2};{done * 2};80m"
    sys.stdout.write(f"\\x1b[2K\\r{spin} {colour}{bar}\\x1b[0m\\x1b[32G{done:3}%")
sys.stdout.write("\\x1b[?25h\\r\\x1b[K\\x1b[32m\\u2714\\x1b[0m all done\\n")
jobs = ["alpha", "beta", "gamma"]
print("\\n" * len(jobs), end="")
for tick in range(30):
    sys.stdout.write(f"\\x1b[{len(jobs)}A")
    for index, job in enumerate(jobs):
        state = "done" if tick > 8 * (index + 1) else "." * (tick % 4)
        sys.stdout.write(f"\\x1b[2K{job}: {state}\\r\\n")
"""

VIMRC = """\
set nocompatible
source $VIMRUNTIME/defaults.vim
set number hlsearch laststatus=2 noswapfile viminfo= title
syntax on
"""

HTOPRC = """\
fields=0 48 17 18 38 39 40 2 46 47 49 1
sort_key=0
sort_direction=1
hide_kernel_threads=1
highlight_base_name=1
tree_view=1
header_margin=1
delay=15
left_meters=AllCPUs Memory Swap
left_meter_modes=1 1 1
right_meters=Tasks LoadAverage Uptime
right_meter_modes=2 2 2
"""

STAMP = 1_700_000_000


def git(folder, *arguments, at=0, author="Ada"):
    date = f"{STAMP + at * 3600} +0000"
    environment = {
        "PATH": ENVIRONMENT["PATH"],
        "HOME": folder,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": author,
        "GIT_AUTHOR_EMAIL": f"{author.lower()}@example.org",
        "GIT_COMMITTER_NAME": author,
        "GIT_COMMITTER_EMAIL": f"{author.lower()}@example.org",
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_DATE": date,
    }
    command = ["git", "-C", folder, *arguments]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def repository(folder):
    """A history with branches that cross, tags, and a change that is not committed."""
    os.makedirs(folder)
    git(folder, "init", "-q", "-b", "main")
    for at in range(12):
        name = f"part{at % 3}.txt"
        if at in (3, 7):
            git(folder, "checkout", "-q", "-b", f"topic-{at}")
        if at in (5, 9):
            git(folder, "checkout", "-q", "main")
        text = "".join(f"line {line} of change {at if line % 4 == 0 else 0}\n" for line in range(16))
        write(os.path.join(folder, name), text)
        git(folder, "add", name)
        author = ("Ada", "Bj\u00f6rn", "\u6797")[at % 3]
        subject = f"Change {at}: " + ("caf\u00e9 " * (at % 4)) + "and what it is for " * (at % 5)
        git(folder, "commit", "-q", "-m", subject.strip(), at=at, author=author)
        if at == 6:
            git(folder, "merge", "-q", "--no-ff", "-X", "ours", "-m", "Merge topic-3", "topic-3", at=6)
        if at == 10:
            git(folder, "tag", "v0.1")
    git(folder, "merge", "-q", "--no-ff", "-X", "ours", "-m", "Merge topic-7", "topic-7", at=13)
    write(os.path.join(folder, "part0.txt"), "line 0\n\tindented \u4e2d\u6587  \nthe end\n")


def furnish(home):
    project = os.path.join(home, "project")
    write(os.path.join(project, "machine.rs"), source())
    write(os.path.join(project, "prose.txt"), prose())
    write(os.path.join(project, "unicode.txt"), UNICODE)
    write(os.path.join(project, "progress.py"), PROGRESS)
    for name in "alpha beta gamma delta".split():
        write(os.path.join(project, f"{name}-file.txt"), name + "\n")
    write(os.path.join(project, "run.sh"), "#!/bin/sh\necho run\n", 0o755)
    write(os.path.join(project, "archive.tar.gz"), "")
    write(os.path.join(project, "picture.png"), "")
    write(os.path.join(project, "\u540d\u524d \U0001f4c1.txt"), "")
    write(os.path.join(project, "docs", "index.md"), "# Index\n")
    write(os.path.join(project, "docs", "guide.md"), "# Guide\n")
    for number in range(130):
        write(os.path.join(project, "many", f"entry-{number:03}"), "")
    os.symlink("machine.rs", os.path.join(project, "link"))
    os.symlink("nowhere", os.path.join(project, "broken"))
    os.mkfifo(os.path.join(project, "pipe"))
    repository(os.path.join(project, "repo"))
    write(os.path.join(home, ".vimrc"), VIMRC)
    write(os.path.join(home, ".config", "htop", "htoprc"), HTOPRC)
    write(os.path.join(home, ".zshrc"), "PROMPT='%F{green}%~%f %# '\nRPROMPT='[%?]'\n")
    write(os.path.join(home, ".nanorc"), 'include "/usr/share/nano/*.nanorc"\nset linenumbers\n')
    write(os.path.join(home, ".inputrc"), "set bell-style none\n")
    write(os.path.join(home, ".config", "mc", "ini"), "[Midnight-Commander]\nuse_internal_edit=1\n")
    os.mkdir(os.path.join(home, ".screen"), 0o700)
    for folder, folders, files in os.walk(home):
        for name in folders + files:
            os.utime(os.path.join(folder, name), (STAMP, STAMP), follow_symlinks=False)


# The scenarios.

BASH = ("bash", "--noprofile", "--norc")
UP, DOWN, RIGHT, LEFT = b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D"
UP_O, DOWN_O, RIGHT_O, LEFT_O = b"\x1bOA", b"\x1bOB", b"\x1bOC", b"\x1bOD"


@scenario("80x24", *BASH)
def bash_edit(t):
    """bash: a line longer than the screen is wide, edited at its start, middle and end."""
    t.settle()
    t.keys("echo " + "one two three four five six seven eight nine ten " * 2)
    t.keys(b"\x01", "X=1 ", b"\x1bf", b"\x1bf", " inserted in the middle of it all")
    t.keys(b"\x1b\x7f", b"\x1bd", b"\x05", b"\x17", b"\x17")
    t.save("line")
    t.keys("\r", UP, b"\x01", b"\x0b", "history | tail -3\r", b"\x19", b"\x15")
    t.keys(b"\x12", "ec", b"\x1b[C", b"\x03", "printf '\\t%s\\n' a b\r")
    t.keys("cat <<END\rfirst \u4e2d\u6587 \U0001f600\rEND\r", b"\x0c", "echo cleared\r", "\u65e5\u672c\u8a9e", LEFT, LEFT)
    t.keys("x", b"\x7f", b"\x7f")
    t.save("end")


@scenario("80x24", *BASH)
def bash_complete(t):
    """bash: completion with a list of candidates, of a name with blanks, and of too many."""
    t.settle()
    t.keys("ls a", b"\t\t", "lp", b"\t", "\r", "cat \u540d", b"\t", "\r", "ls many/", b"\t", b"\t\t")
    t.keys("y", " ", "\r", "q", "entry-07", b"\t", b"\t", b"\x15", "ls ma", b"\t", b"\t\t", "n", "\r")
    t.save()


@scenario("60x16", *BASH)
def bash_resize(t):
    """bash: long output and a long line being edited, the terminal made narrower and wider."""
    t.settle()
    t.keys("head -12 prose.txt\r", "echo this line is being edited while the terminal changes its size")
    t.resize("40x16")
    t.save("narrow")
    t.keys(" and on")
    t.resize("100x16")
    t.save("wide")
    t.keys("\r")
    t.resize("100x8")
    t.keys("echo lower\r")
    t.resize("50x24")
    t.keys("echo higher\r")
    t.save("end")


@scenario("90x24", *BASH)
def ls_color(t):
    """ls: colours of all kinds of files, long and in columns, with hyperlinks."""
    t.settle()
    t.keys("ls --color=always\r", "ls -la --color=always --time-style=long-iso -g -G\r")
    t.keys("ls --color=always --hyperlink=always -x docs repo\r")
    t.save()


@scenario("80x24", *BASH)
def unicode(t):
    """cat: wide, combining, joined, ambiguous and invisible characters, then wrapped at the edge."""
    t.settle()
    t.keys("cat unicode.txt\r")
    t.save()


@scenario("20x30", *BASH)
def unicode_narrow(t):
    """cat: the same in 20 columns, so that wide characters meet the edge."""
    t.settle()
    t.keys("cat unicode.txt\r")
    t.save()


@scenario("64x20", *BASH)
def wrap(t):
    """cat: lines longer than the screen, more of them than fit; lines of exactly its width."""
    t.settle()
    t.keys("tail -15 prose.txt\r")
    t.keys("for n in 63 64 65 128; do printf '%*s|\\n' $n x; printf '%0*d\\n' $n 0; done\r")
    t.keys("printf '%064d\\r\\n%064d\\b\\bBB\\n' 1 2; printf '%064d\\033[K\\n' 3\r")
    t.save()


@scenario("80x24", *BASH)
def wrap_resize(t):
    """cat: long lines with a scrollback, then narrower, wider, lower and higher."""
    t.settle()
    t.keys("tail -60 prose.txt\r")
    t.resize("50x24")
    t.save("narrow")
    t.resize("120x24")
    t.save("wide")
    t.resize("120x10")
    t.resize("80x30")
    t.save("end")


@scenario("80x24", *BASH)
def progress(t):
    """A progress bar with \\r, one with colours and erasing, and one of several lines."""
    t.settle()
    t.keys("python3 progress.py\r", quiet=0.8)
    t.save()


@scenario("80x24", *BASH)
def dd_progress(t):
    """git clone with its progress, dd with its own."""
    t.settle()
    t.keys("git clone --progress --no-local repo copy\r", quiet=0.8)
    t.keys("dd if=/dev/zero of=/dev/null bs=1M count=3000 status=progress\r", quiet=1.2)
    t.save()


@scenario("80x24", *BASH)
def less(t):
    """less: forward and back by pages and lines, search with highlights; then left."""
    t.settle()
    t.keys("less prose.txt\r", " ", "b", "jjj", "k", "d", "u")
    t.save("scroll")
    t.keys("/lazy dog\r", "n", "N", "G", "?terminals\r", "10g", "k")
    t.save("search")
    t.keys("q", "echo after\r")
    t.save("exit")


@scenario("80x24", *BASH)
def less_chop(t):
    """less: long lines chopped and moved sideways, its help, only lines that match."""
    t.settle()
    t.keys("less -S prose.txt\r", RIGHT_O, RIGHT_O, LEFT_O, "50g", "h", "q", "&quick\r")
    t.save()


@scenario("80x24", *BASH)
def less_resize(t):
    """less: resized while it shows a page, both ways."""
    t.settle()
    t.keys("less -N prose.txt\r", " ")
    t.resize("60x12")
    t.keys(" ")
    t.resize("100x30")
    t.keys("b", "k")
    t.save("in")
    t.keys("q")
    t.save("exit")


@scenario("80x24", *BASH)
def vim(t):
    """vim: a source file in colours; scrolled, text inserted, lines joined and undone; left."""
    t.settle()
    t.keys("vim machine.rs\r", b"\x06", b"\x05\x05\x05", b"\x19", b"\x15", "gg", quiet=0.4)
    t.keys("3jO", "// inserted: \u4e2d\u6587 \U0001f600 e\u0301", "\r", "and a second line", b"\x1b")
    t.keys("dd", "p", "5dd", "u", "5J", ":s/inserted/CHANGED/\r", "yyp", ">>", "xxx", "A end", b"\x1b")
    t.save("edit")
    t.keys(":q\r", ":q!\r", "echo after\r")
    t.save("exit")


@scenario("80x24", *BASH)
def vim_search(t):
    """vim: searched with highlights, the screen scrolled under the cursor, a selection, the end."""
    t.settle()
    t.keys("vim machine.rs\r", "/fn step\r", "n", "zt", "zb", "V5j", "d", "G", "o", "last", b"\x1b", "vkk0")
    t.save()


@scenario("100x30", *BASH)
def vim_split(t):
    """vim: split both ways, windows scrolled apart, a fold, a completion menu, a long line wrapped."""
    t.settle()
    t.keys("vim machine.rs\r", ":split prose.txt\r", b"\x06", ":vsplit unicode.txt\r", quiet=0.4)
    t.keys(b"\x17j", b"\x06", b"\x05\x05", "10Gzfjj", b"\x17k", ":set list cursorline\r", "jjj")
    t.save("three")


@scenario("80x24", *BASH)
def vim_menu(t):
    """vim: the menu of completions over the text, long lines chopped and moved sideways before."""
    t.settle()
    t.keys("vim prose.txt\r", ":set nowrap\r", "20zl", ":set wrap nonumber\r", "O", "the l")
    t.keys(b"\x10", b"\x10", b"\x10")
    t.save()


@scenario("80x24", *BASH)
def vim_resize(t):
    """vim: two windows side by side, resized smaller and larger; left at another size."""
    t.settle()
    t.keys("vim -O machine.rs prose.txt\r", b"\x06")
    t.resize("60x15")
    t.save("small")
    t.resize("110x32")
    t.keys(b"\x05", ":qa!\r")
    t.save("exit")


@scenario("80x24", *BASH)
def vim_truecolor(t):
    """vim: 24 bit colours by `termguicolors`, the other screen's background erased with colour."""
    t.settle()
    t.keys("vim --cmd 'set termguicolors' -c 'set bg=dark' -c 'colorscheme slate' machine.rs\r")
    t.keys(b"\x06", b"\x05\x05", "V3j", b"\x1b", ":set cursorcolumn spell\r", "jj")
    t.save()


@scenario("80x24", *BASH)
def nano(t):
    """nano: a file in colours, text typed, cut and pasted, searched, its help; then left."""
    t.settle()
    t.keys("nano machine.rs\r", b"\x16", "typed here \u4e2d\u6587\r", b"\x0b", b"\x0b", b"\x15", b"\x16")
    t.save("edit")
    t.keys(b"\x17", "step\r", b"\x1bw", b"\x07", b"\x16", b"\x18")
    t.save("search")
    t.keys(b"\x18", "n", "echo after\r")
    t.save("exit")


@scenario("100x24", *BASH)
def htop(t):
    """htop: a few processes as a tree, moved in, the search, its setup and help; then left."""
    t.settle()
    t.keys("(sleep 600 & sleep 601 & nice sleep 602) &\r", "htop\r", quiet=0.5)
    t.keys(DOWN_O, DOWN_O, quiet=0.3)
    t.save("tree")
    t.keys("t", "/", "sleep", b"\r", b"\x1bOQ", DOWN_O, DOWN_O, RIGHT_O, b"\x1b", quiet=0.4)
    t.keys("h", quiet=0.4)
    t.keys("x", "I", "q", "echo after\r", quiet=0.4)
    t.save("exit")


@scenario("80x24", *BASH)
def htop_resize(t):
    """htop: resized while it runs."""
    t.settle()
    t.keys("htop\r", quiet=0.5)
    t.resize("60x15")
    t.resize("110x28")
    t.save()


@scenario("80x16", *BASH)
def top(t):
    """top: colours, the sorted column marked, a tree, its fields; then left."""
    t.settle()
    t.keys("(sleep 600 & sleep 601) &\r", "top -d 5\r")
    t.keys("z", "x", "V", quiet=0.2)
    t.save("run")
    t.keys("f", DOWN_O, DOWN_O)
    t.keys("q", "q", "echo after\r")
    t.save("exit")


@scenario("90x26", *BASH)
def tmux(t):
    """tmux: two panes beside and one below, scrolled each, zoomed, copy mode, a menu; then left."""
    t.settle()
    t.keys("tmux -f /dev/null new -s work bash --norc\r", "ls --color\r", b"\x02%", "tail -30 prose.txt\r")
    t.keys(b'\x02"', "cat unicode.txt\r", "printf '\\033[44mblue\\033[K\\033[0m\\n'\r", quiet=0.5)
    t.save("panes")
    t.keys(b"\x02z", b"\x02z", b"\x02o", b"\x02[", b"\x1b[5~", b"\x1b[5~", "q", b"\x02<", b"\x1b", b"\x02c", quiet=0.5)
    t.keys(b"\x02w", quiet=0.5)
    t.keys("q", b"\x02n", b"\x02:", "kill-server\r", "echo after\r", quiet=0.5)
    t.save("exit")


@scenario("80x24", *BASH)
def tmux_resize(t):
    """tmux: panes with text, the terminal made smaller and larger."""
    t.settle()
    t.keys("tmux -f /dev/null new bash --norc\r", b"\x02%", "tail prose.txt\r")
    t.resize("60x16")
    t.keys("echo small\r")
    t.resize("100x28")
    t.keys(b"\x02o", "echo large\r")
    t.save()


@scenario("80x24", *BASH)
def screen(t):
    """GNU screen: two regions, a window of its own kind in each, the copy mode; then left."""
    t.settle()
    t.keys("screen -U -e^Aa bash --norc\r", "tail -30 prose.txt\r", b"\x01S", b"\x01\t", b"\x01c", quiet=0.5)
    t.keys("cat unicode.txt\r", quiet=0.5)
    t.save("regions")
    t.keys(b"\x01[", b"\x15", b"\x1b", b"\x01\\", "y", "echo after\r", quiet=0.6)
    t.save("exit")


@scenario("80x24", *BASH)
def mc(t):
    """mc: its panels, a menu, the viewer, the editor, a dialog, the shell behind it; then left."""
    t.settle()
    t.keys("mc -d\r", quiet=1.0)
    t.keys(DOWN_O, DOWN_O, b"\x1b[20~", RIGHT_O, DOWN_O, quiet=0.4)
    t.save("menu")
    t.keys(b"\x1b\x1b", b"\x1b[F", b"\x1b[H", DOWN_O, DOWN_O, DOWN_O, DOWN_O, quiet=0.8)
    t.keys("\x13machine", b"\x1bOR", b"\x1b[6~", quiet=0.6)
    t.keys(b"\x1b[21~", b"\x1bOS", DOWN_O, "typed ", quiet=0.6)
    t.save("edit")
    t.keys(b"\x1b[21~", RIGHT_O, b"\r", b"\x1b[15~", quiet=0.8)
    t.keys(b"\x1b\x1b", b"\x0f", quiet=0.8)
    t.keys("echo shell\r", b"\x0f", b"\x1b[21~", b"\r", "echo after\r", quiet=0.8)
    t.save("exit")


@scenario("80x24", *BASH)
def git_log(t):
    """git: a history as a coloured graph, straight to the terminal, and a difference by word."""
    t.settle()
    t.keys("cd repo; git --no-pager log --color --graph --oneline --decorate\r")
    t.save("oneline")
    t.keys("git --no-pager log --color --graph --stat | head -60\r", "git --no-pager diff --color\r")
    t.save("stat")
    t.keys("git --no-pager -c color.ui=always diff --word-diff=color HEAD~2 HEAD~1 | tail -30\r")
    t.keys("git status\r")
    t.save("status")


@scenario("72x20", *BASH)
def git_pager(t):
    """git: the same in its pager, scrolled, chopped and searched; then left."""
    t.settle()
    t.keys("cd repo; git log --color --graph -p --all\r", " ", " ", "b", "/change\r", "n", RIGHT_O)
    t.save("in")
    t.keys("q")
    t.save("exit")


@scenario("80x24", *BASH)
def python(t):
    """Python: its prompt with readline, a block, a completion, an error, a long line."""
    t.settle()
    t.keys("python3 -q\r", "for n in range(3):\r    print(n, '\u4e2d' * n)\r\r", "import sys\r")
    t.keys("sys.std", b"\t\t", "out.wri", b"\t", "'x' * 200)\r", "1/0\r", "'a" + "bc" * 60, b"\x01", "len(")
    t.keys(b"\x05", "')\r", b"\x04")
    t.save()


@scenario("80x24", *BASH)
def dialog(t):
    """dialog: a menu, a check list, a form, a gauge, a calendar, each over the one before."""
    t.settle()
    t.keys("dialog --title Menu --menu 'Choose \u4e2d\u6587' 14 50 5 a Alpha b Beta c '\u7532\u4e59' d Delta\r")
    t.keys(DOWN_O, DOWN_O)
    t.save("menu")
    t.keys(b"\r", "dialog --checklist List 12 40 4 a A on b B off c C on\r", DOWN_O, " ", b"\t")
    t.save("list")
    t.keys(b"\r", "for n in 10 40 75 100; do echo $n; done | dialog --gauge Wait 8 50 0\r")
    t.keys("dialog --form Form 12 50 3 Name: 1 1 abc 1 10 20 0 City: 2 1 '' 2 10 20 0\r", "def", DOWN_O, "xyz")
    t.save("form")


@scenario("80x24", *BASH)
def whiptail(t):
    """whiptail: a check list, an input box with typing, a text box that scrolls."""
    t.settle()
    t.keys("whiptail --checklist List 14 50 4 a Alpha on b Beta off c Gamma on\r", DOWN_O, " ", b"\t")
    t.save("list")
    t.keys(b"\r", "whiptail --inputbox 'Your name' 10 40\r", "somebody", LEFT_O, b"\x7f")
    t.save("input")
    t.keys(b"\t", b"\r", "whiptail --scrolltext --textbox prose.txt 16 60\r", DOWN_O, DOWN_O, b"\x1b[6~")
    t.save("text")


@scenario("80x24", "zsh")
def zsh(t):
    """zsh: a prompt with its other half at the right, a list of completions, lines without end."""
    t.settle(0.8)
    t.keys("autoload -U compinit; compinit -u; zstyle ':completion:*' menu select\r", quiet=1.0)
    t.keys("printf 'no newline'\r", "false\r", "ls ", b"\t", b"\t", b"\t", RIGHT, DOWN, quiet=0.5)
    t.save("menu")
    t.keys(b"\r", "\r", "echo " + "a long line in zsh " * 6, b"\x01", "X=1 ", b"\x05", b"\x17", quiet=0.4)
    t.resize("60x20")
    t.save("resize")


@scenario("80x24", "fish", "--private")
def fish(t):
    """fish: colours while typing, a suggestion, its pager of completions, a history search."""
    t.settle(1.0)
    t.keys("echo one two | cat\r", "ech", b"\x05", "\r", "ls -", b"\t", b"\t", quiet=0.6)
    t.save("pager")
    t.keys(DOWN, b"\x1b", b"\x03", "nosuch 'quoted' $HOME", b"\x01", b"\x0b", "for x in 1 2\recho $x\rend\r", quiet=0.6)
    t.save("end")


def choose(t, *path):
    """Starts vttest and walks its menus."""
    t.settle()
    t.keys("vttest\r", quiet=0.6)
    for number in path:
        t.keys(f"{number}\r", quiet=0.6)


def pages(t, *kept):
    """Turns the pages of a test up to the last of `kept`, and saves these, each by itself."""
    since = 0
    for page in range(1, max(kept) + 1):
        if page in kept:
            t.save(f"{page:02}", since)
        since = len(t.output)
        t.keys("\r", quiet=0.6)


def items(t, *numbers):
    """Runs these items of a menu, and saves the first screen of each, by itself."""
    for number in numbers:
        since = len(t.output)
        t.keys(f"{number}\r", quiet=0.6)
        t.save(f"{number:02}", since)
        t.keys("\r", quiet=0.6)


@scenario("80x24", *BASH)
def vttest_cursor(t):
    """vttest 1: cursor movements; frames, autowrap, controls within sequences, leading zeros."""
    choose(t, 1)
    pages(t, 1, 2, 3, 4, 5, 6)


@scenario("80x24", *BASH)
def vttest_features(t):
    """vttest 2: wrap, tabs, columns, scrolling in regions, origin mode, renditions, saved cursor."""
    choose(t, 2)
    pages(t, 1, 2, 4, 8, 12, 13, 15)


@scenario("80x24", *BASH)
def vttest_charsets(t):
    """vttest 3, item 8: the character sets of a VT100, as G0 and G1."""
    choose(t, 3, 8)
    pages(t, 1)


@scenario("80x24", *BASH)
def vttest_vt102(t):
    """vttest 8: inserting and deleting of characters and lines."""
    choose(t, 8)
    pages(t, 1, 2, 3, 4, 5, 6, 7, 12)


@scenario("80x24", *BASH)
def vttest_iso(t):
    """vttest 11.5: the cursor movements of ISO 6429 (CHA, CHT, CNL, CPL, HPR, VPA and so on)."""
    choose(t, 11, 5)
    items(t, 2, 3, 4, 5, 6, 7, 8, 9)


@scenario("80x24", *BASH)
def vttest_other(t):
    """vttest 11.7: other features of ISO 6429 (repeat, scroll down, left, right, up)."""
    choose(t, 11, 7)
    items(t, 2, 3, 4, 5, 6)


@scenario("80x24", *BASH)
def vttest_color(t):
    """vttest 11.6: colours, and what erasing does with them."""
    choose(t, 11, 6)
    items(t, 2, 3, 4, 5)


def names_of(name):
    """The scenario that makes this recording."""
    fitting = [known for known in SCENARIOS if name == known or name.startswith(known + "-")]
    return max(fitting, key=len) if fitting else None


def record(name):
    function, size, argv, environment = SCENARIOS[name]
    home = tempfile.mkdtemp()
    try:
        furnish(home)
        terminal = Terminal(name, size, argv, environment, home)
        try:
            function(terminal)
        finally:
            terminal.end()
    finally:
        shutil.rmtree(home)


def main(arguments):
    if arguments == ["--list"]:
        for name, (function, size, _, _) in SCENARIOS.items():
            print(f"{name} ({size}): {function.__doc__}")
    elif arguments == ["--all"]:
        for name in SCENARIOS:
            record(name)
    elif arguments and not arguments[0].startswith("-"):
        wanted = {name: names_of(name) for name in arguments}
        for name, found in wanted.items():
            if found is None:
                raise SystemExit(f"no recording is called {name}; --list says what there is")
        for name in dict.fromkeys(wanted.values()):
            record(name)
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
