"""What goes wrong, as exceptions: one class for each status of the C interface."""

from __future__ import annotations

from typing import ClassVar


class OrchflowError(Exception):
    """A call that failed. `code` is the name of the status, such as `stale_id`."""

    code_of_class: ClassVar[str] = ""

    def __init__(
        self, code: str, message: str, terminal: int | None = None, *, status: int = 0, os_error: int = 0
    ) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.terminal = terminal
        self.status = status
        """The number that the library returned, ORCH_E_*; 0 if it was not the library."""
        self.os_error = os_error
        """The system's error number (errno), 0 if the system had no part in it."""


class InvalidArgument(OrchflowError):
    """An argument is out of range or contradicts another one."""

    code_of_class = "invalid"


class StaleId(OrchflowError):
    """What an id, a key or a name stands for is gone or never was."""

    code_of_class = "stale_id"


class LimitReached(OrchflowError):
    """A limit of the engine is reached; the message names it."""

    code_of_class = "limit"


class ProgramNotFound(OrchflowError):
    """The program to start was not found."""

    code_of_class = "no_program"


class NotExecutable(OrchflowError):
    """The program to start cannot be executed."""

    code_of_class = "not_executable"


class DirectoryNotFound(OrchflowError):
    """The working directory does not exist or cannot be entered."""

    code_of_class = "no_directory"


class OutOfPtys(OrchflowError):
    """The system has no free PTY."""

    code_of_class = "no_pty"


class OutOfDescriptors(OrchflowError):
    """The process or the system has no free file descriptor."""

    code_of_class = "no_fd"


class Closing(OrchflowError):
    """The terminal is being closed and takes no more commands."""

    code_of_class = "closing"


class Ended(OrchflowError):
    """The program or the PTY has ended, so there is nothing left to act on."""

    code_of_class = "ended"


class Skipped(OrchflowError):
    """Not tried: an earlier operation for the same terminal in the batch failed."""

    code_of_class = "skipped"


class Forked(OrchflowError):
    """The call was made in a forked child; the engine belongs to the parent."""

    code_of_class = "forked"


class Gone(OrchflowError):
    """The engine is closed, or shutting down."""

    code_of_class = "gone"


class SystemFailure(OrchflowError):
    """The system refused; see `os_error`."""

    code_of_class = "system"


class WrongThread(OrchflowError):
    """The call was made on a thread that does not own the engine."""

    code_of_class = "wrong_thread"


class LibraryPanic(OrchflowError):
    """A bug in the library was caught in this call. The engine can only be closed."""

    code_of_class = "panic"


class Poisoned(OrchflowError):
    """An earlier call raised `LibraryPanic`; the engine can only be closed."""

    code_of_class = "poisoned"


class Busy(OrchflowError):
    """Another thread is inside a call on this engine."""

    code_of_class = "busy"


class NoScreen(OrchflowError):
    """The terminal was made without a screen, and the call is about the screen."""

    code_of_class = "no_screen"


class NotFound(OrchflowError):
    """Something that is named does not exist: a path, a line of the scrollback."""

    code_of_class = "not_found"


class PermissionDenied(OrchflowError):
    """The operating system does not permit it."""

    code_of_class = "permission"


class NotDirectory(OrchflowError):
    """A part of a path is not a directory."""

    code_of_class = "not_directory"


class Conflict(OrchflowError):
    """A change whose `base` is no longer the version of the entry: nothing of it was applied."""

    code_of_class = "conflict"
    op: int = 0
    """The operation that conflicts, from 0."""
    version: int = 0
    """The version of the entry now; 0 if there is none."""


class Forbidden(OrchflowError):
    """The token of a client does not allow it. Clients get it; no call raises it."""

    code_of_class = "forbidden"


class Disconnected(OrchflowError):
    """There is no connection to the other engine at the moment."""

    code_of_class = "disconnected"


CLASSES = {one.code_of_class: one for one in OrchflowError.__subclasses__()}


def error_of(code: str, status: int, message: str, os_error: int) -> OrchflowError:
    """The error for a code, of its class."""
    made = CLASSES.get(code, OrchflowError)
    return made(code, message, status=status, os_error=os_error)
