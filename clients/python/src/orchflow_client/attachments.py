"""What the two kinds of attachments have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Generator, Optional, TypeVar

from .convert import exit_status
from .errors import OrchflowError
from .events import Changes
from .types import AttachmentStatus, Exit

if TYPE_CHECKING:
    from .client import Client

Message = Dict[str, Any]
Self = TypeVar("Self", bound="Attachment")


class Attachment:
    """The connection to the output of one terminal. It survives a broken connection to the server.

    `await` it, or use it with `async with`, which detaches at the end.
    """

    def __init__(self, client: Client, terminal: int, cols: int, rows: int) -> None:
        self.terminal = terminal
        self.status: AttachmentStatus = "attaching"
        self.exit: Optional[Exit] = None
        """How the program ended, once its output has come to its end."""
        self._client = client
        self._grid = (cols, rows)
        self._changes = Changes()
        self._is_ready = False
        self._is_started = False
        self._accepts = False
        self._failure: Optional[OrchflowError] = None

    def __await__(self: Self) -> Generator[Any, None, Self]:
        return self._started().__await__()

    async def __aenter__(self: Self) -> Self:
        return await self._started()

    async def __aexit__(self, *_: object) -> None:
        self.detach()

    async def _started(self: Self) -> Self:
        """Attaches, and waits until there is something to show."""
        if not self._is_started:
            self._is_started = True
            self._client._attach(self)
        try:
            while not self._is_ready and self.status == "attaching":
                await self._changes.wait()
        except BaseException:
            self.detach()
            raise
        if not self._is_ready:
            raise self._failure or OrchflowError("not_found", "no such terminal", self.terminal)
        return self

    def detach(self) -> None:
        """Ends the attachment. The program continues."""
        if self.status != "detached":
            self._client._detach(self)
            self._detached()

    async def resize(self, cols: int, rows: int) -> None:
        """Reports the grid in which this client shows the terminal."""
        self._grid = (cols, rows)
        await self._client.resize(self.terminal, cols, rows)

    async def wait_ended(self) -> Exit:
        """Waits for the end of the program and of its output. Raw attachments must be read meanwhile."""
        while self.exit is None:
            self._raise_if_detached()
            await self._changes.wait()
        return self.exit

    def _raise_if_detached(self) -> None:
        if self.status == "detached":
            raise self._failure or OrchflowError("ended", "detached", self.terminal)

    def _attach_message(self) -> Message:
        cols, rows = self._grid
        return {"type": "attach", "terminal": self.terminal, "cols": cols, "rows": rows}

    def _on_connected(self) -> Message:
        """The connection to the server was made anew."""
        self._accepts = False
        if self.exit is None:
            self.status = "attaching"
        return self._attach_message()

    def _on_attached(self, message: Message) -> None:
        self._accepts = True
        if self.exit is None:
            self.status = "attached"

    def _on_ended(self, message: Message) -> None:
        self.exit = exit_status(message["exit"])
        self.status = "ended"
        self._changes.notify()

    def _detached(self, failure: Optional[OrchflowError] = None) -> None:
        """The end, whoever wanted it."""
        self.status = "detached"
        self._failure = failure
        self._changes.end(failure)
