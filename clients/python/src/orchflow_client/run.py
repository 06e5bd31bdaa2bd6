"""Runs a command in a terminal and gives its output and its status.

The profile has to be an interactive shell (sh, bash, zsh, fish, csh and their like). It is given one short
line, which replaces it by `sh`. That reads the command without echo and runs it, so neither what the
shell says at its start nor the typed line is part of the output, and the command may have any length and
any characters. The output begins behind a mark with a random number, which only `sh` can have printed:
an echo shows how it is spelled. The end is the end of the terminal, and the status is that of `sh`.

What it cannot do:

- The command runs in `sh`, with the environment and the directory of the shell, but without its aliases
  and functions.
- stdout and stderr are one stream, that of the terminal, and programs know that it is one: they may write
  colours or ask questions. Use `| cat` or `TERM=dumb` if they must not.
- A shell that throws away what is typed before its first prompt never gets the command. Nor does a
  profile that is not a shell. Put a time limit around the call.
- What the command leaves running is hung up when the terminal is closed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from .errors import OrchflowError
from .raw import Output, RawTerminal
from .types import Exit

if TYPE_CHECKING:
    from .client import Client

# Without ', ! and two backslashes in a row: shells differ in what these are within quotes.
BOOT = (
    "stty -echo; "
    'printf "\\033]7717;%s;read\\007" "$1"; '
    's=; while IFS= read -r l && [ "$l" ]; do s=$s$l; done; '
    "stty echo; "
    'printf "\\033]7717;%s;begin\\007" "$1"; '
    'eval "$(printf %b "$s")"'
)
LINE_BYTES = 1000
SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-./=,:")


@dataclass(frozen=True)
class CommandResult:
    output: bytes
    """Everything that the command wrote to its terminal, line ends as `\\r\\n`."""
    exit: Exit
    is_complete: bool
    """Nothing of the output was lost."""

    @property
    def status(self) -> Optional[int]:
        """The exit status, 128 and the signal if one ended it, `None` if it is not known."""
        return self.exit.status

    @property
    def text(self) -> str:
        """The output as text with `\\n` as line ends."""
        return self.output.decode("utf-8", "replace").replace("\r\n", "\n")


async def run_command(client: Client, terminal: int, command: str, limit: int) -> CommandResult:
    """Runs a command in a terminal in which a shell was started, and closes the terminal."""
    try:
        async with client.attach_raw(terminal, start="oldest") as raw:
            return await _run(client, raw, command, limit)
    finally:
        # Nothing may wait here: this runs when the call is cancelled, too.
        client._close_unwanted(terminal)


async def _run(client: Client, raw: RawTerminal, command: str, limit: int) -> CommandResult:
    nonce = secrets.token_hex(16)
    await client.input(raw.terminal, f" exec sh -c '{BOOT}' sh {nonce}\r")
    output = _Collected(raw, limit)
    await output.skip(f"\033]7717;{nonce};read\007".encode())
    encoded = _encoded(command)
    lines = [encoded[at : at + LINE_BYTES] for at in range(0, len(encoded), LINE_BYTES)]
    for line in lines:
        await client.input(raw.terminal, line + "\n")
    await client.input(raw.terminal, "\n")
    await output.skip(f"\033]7717;{nonce};begin\007".encode())
    data = await output.rest()
    return CommandResult(data, await raw.wait_ended(), raw.lost == 0)


def _encoded(command: str) -> str:
    """The command for `printf %b`, in characters that mean nothing to a terminal or to `read -r`."""
    return "".join(
        chr(byte) if byte in SAFE else f"\\0{byte:03o}" for byte in command.encode("utf-8", "surrogateescape")
    )


class _Collected:
    """Output of a terminal that is searched for marks."""

    def __init__(self, raw: RawTerminal, limit: int) -> None:
        self._raw = raw
        self._limit = limit
        self._data = bytearray()

    async def _more(self) -> bool:
        """Takes what comes next; false at the end of the terminal."""
        try:
            event = await self._raw._next()
        except StopAsyncIteration:
            return False
        if isinstance(event, Output):
            self._data += event.data
        if len(self._data) > self._limit:
            raise OrchflowError("limit", "too much output", self._raw.terminal)
        return True

    async def skip(self, mark: bytes) -> None:
        """Reads and drops everything up to the end of the mark."""
        while mark not in self._data:
            # The mark may have begun at the end.
            del self._data[: 1 - len(mark)]
            if not await self._more():
                text = "the program of the profile ended before the command began"
                raise OrchflowError("ended", text, self._raw.terminal)
        del self._data[: self._data.index(mark) + len(mark)]

    async def rest(self) -> bytes:
        while await self._more():
            pass
        return bytes(self._data)
