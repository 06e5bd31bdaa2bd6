"""The messages: their fields in the order of bincode."""

from __future__ import annotations

from typing import Dict, Optional

from .values import (
    BOOL,
    BYTES,
    DECIMAL,
    HEX,
    I16,
    I32,
    I64,
    MAP,
    STRING,
    U8,
    U16,
    U32,
    U64,
    Type,
    choice,
    list_of,
    optional,
    structure,
    values,
)

SCHEMA = 0xE2D04BB1
"""The hash of the declarations of the messages for which this table is written."""


def names(*cases: str) -> Type:
    """A choice that carries nothing."""
    return choice(dict.fromkeys(cases))


COLLECTION = names("sessions", "panes", "terminals", "files")
SCOPE = names("observe", "type", "manage", "clipboard")
MODE = names("lossless", "lossy", "screen")
NOTICE_KIND = names("bell", "notification", "clipboard", "progress", "command", "title", "cwd")
CODE = names(
    "invalid",
    "forbidden",
    "not_found",
    "limit",
    "conflict",
    "refused",
    "ended",
    "skipped",
    "no_screen",
    "system",
    "cancelled",
)

VERSION = structure({"epoch": U64, "n": U64})
PLACE = structure({"line": U64, "col": U64})
FILE_VERSION = structure({"device": DECIMAL, "inode": DECIMAL, "size": U64, "changed_ns": DECIMAL})
START = choice({"oldest": None, "now": None, "offset": U64, "snapshot": U32, "default": None})
ATTACH = structure(
    {
        "terminal": U64,
        "mode": MODE.optional_in_json("lossless"),
        "start": START.optional_in_json("default"),
        "window": U64.optional_in_json(0),
        "cols": U16.optional_in_json(0),
        "rows": U16.optional_in_json(0),
    }
)
TERMINAL_OP = choice(
    {
        "input": BYTES,
        "paste": BYTES,
        "resize": structure({"cols": U16, "rows": U16}),
        "interrupt": None,
        "eof": None,
        "signal": I32,
        "clear": None,
        "close": structure({"grace_ms": U32}),
    }
)
CONTENT = choice({"empty": None, "terminal": U64, "file": BYTES, "custom": STRING})
CHANGE = choice(
    {
        "put_session": structure({"id": STRING, "name": STRING, "panes": list_of(STRING), "metadata": MAP}),
        "remove_session": structure({"id": STRING}),
        "put_pane": structure(
            {
                "id": STRING,
                "session": STRING,
                "title": STRING.optional_in_json(""),
                "content": CONTENT.optional_in_json("empty"),
                "metadata": MAP.optional_in_json({}),
            }
        ),
        "remove_pane": structure({"id": STRING}),
    }
)

CLIENT_MESSAGES: Dict[str, Type] = {
    "hello": structure(
        {
            "token": optional(STRING).optional_in_json(None),
            "client": STRING.optional_in_json(""),
            "resume": optional(VERSION).optional_in_json(None),
            "collections": list_of(COLLECTION).optional_in_json([]),
            "attach": list_of(ATTACH).optional_in_json([]),
            "compress": BOOL.optional_in_json(False),
            "notices": list_of(NOTICE_KIND).optional_in_json([]),
        }
    ),
    "ack": structure({"version": U64}),
    "attach": ATTACH,
    "detach": structure({"terminal": U64}),
    "credit": structure({"terminal": U64, "offset": U64}),
    "input": structure({"terminal": U64, "data": BYTES}),
    "batch": structure({"id": U64, "ops": list_of(structure({"terminal": U64, "op": TERMINAL_OP}))}),
    "spawn": structure(
        {
            "id": U64,
            "profile": STRING,
            "cwd": optional(BYTES).optional_in_json(None),
            "cols": U16.optional_in_json(0),
            "rows": U16.optional_in_json(0),
        }
    ),
    "change": structure(
        {
            "mutation": U64,
            "ops": list_of(structure({"change": CHANGE, "base": optional(U64).optional_in_json(None)})),
        }
    ),
    "subscribe": structure({"collections": list_of(COLLECTION)}),
    "watch": structure({"id": U64, "path": BYTES}),
    "unwatch": structure({"id": U64, "watch": U64}),
    "search": structure(
        {
            "id": U64,
            "terminal": U64,
            "pattern": STRING,
            "regex": BOOL.optional_in_json(False),
            "ignore_case": BOOL.optional_in_json(False),
            "max": U32.optional_in_json(0),
        }
    ),
    "query": structure({"id": U64, "terminal": U64}),
    "snapshot": structure({}),
    "ping": structure({"id": U64}),
    "cancel": structure({"id": U64}),
    "rows": structure(
        {
            "id": U64,
            "terminal": U64,
            "from": optional(PLACE).optional_in_json(None),
            "above": U32.optional_in_json(0),
            "max": U32.optional_in_json(0),
        }
    ),
    "scroll": structure({"terminal": U64, "rows": U32}),
    "notices": structure({"kinds": list_of(NOTICE_KIND)}),
    "read": structure(
        {
            "id": U64,
            "path": BYTES,
            "offset": U64.optional_in_json(0),
            "max": U32.optional_in_json(0),
            "base": optional(FILE_VERSION).optional_in_json(None),
        }
    ),
    "stats": structure({"id": U64}),
    "observe": structure(
        {"figures_ms": U32.optional_in_json(0), "health": BOOL.optional_in_json(False)}
    ),
}

EXIT = choice({"code": I32, "signal": I32, "unknown": None})
SESSION_FIELDS: Dict[str, Type] = {
    "id": STRING,
    "version": U64,
    "name": STRING,
    "panes": list_of(STRING),
    "metadata": MAP,
}
PANE_FIELDS: Dict[str, Type] = {
    "id": STRING,
    "version": U64,
    "session": STRING,
    "title": STRING,
    "content": CONTENT,
    "metadata": MAP,
}
TERMINAL_FIELDS: Dict[str, Type] = {
    "id": U64,
    "version": U64,
    "title": STRING,
    "cwd": optional(BYTES),
    "cols": U16,
    "rows": U16,
    "pid": optional(I32),
    "running": BOOL,
    "exit": optional(EXIT),
    "closing": BOOL,
    "screen": BOOL,
    "program": BYTES,
    "last_exit": optional(I32),
    "hidden_input": BOOL,
    "size_policy": names("latest", "smallest", "fixed"),
}
FILE_FIELDS: Dict[str, Type] = {
    "watch": U64,
    "id": DECIMAL,
    "version": U64,
    "parent": DECIMAL,
    "name": BYTES,
    "kind": names("file", "directory", "symlink", "other"),
    "size": U64,
    "modified_us": I64,
    "mode": U16,
    "ignored": BOOL,
}
ENTRY_FIELDS = {
    "sessions": SESSION_FIELDS,
    "panes": PANE_FIELDS,
    "terminals": TERMINAL_FIELDS,
    "files": FILE_FIELDS,
}
SESSION, PANE = structure(SESSION_FIELDS), structure(PANE_FIELDS)
TERMINAL, FILE = structure(TERMINAL_FIELDS), structure(FILE_FIELDS)
ENTRIES = {"sessions": SESSION, "panes": PANE, "terminals": TERMINAL, "files": FILE}

KEY = choice(
    {
        "session": STRING,
        "pane": STRING,
        "terminal": U64,
        "file": structure({"watch": U64, "id": DECIMAL}),
    }
)
LIMITS = structure(
    {
        "message_bytes": U64,
        "inflated_bytes": U64,
        "messages_per_second": U64,
        "bytes_per_second": U64,
        "attachments": U64,
        "window_bytes": U64,
    }
)
COLOR = choice({"default": None, "indexed": U8, "rgb": values(U8, U8, U8)})
RUN = structure(
    {
        "text": STRING,
        "cols": U16,
        "wide": BOOL,
        "fg": COLOR,
        "bg": COLOR,
        "attributes": U16,
        "underline": U8,
        "underline_color": COLOR,
        "link": optional(STRING),
    }
)
LINE = structure({"row": I32, "wrapped": BOOL, "runs": list_of(RUN)})
PLACED_LINE = structure({"row": I32, "place": optional(PLACE), "wrapped": BOOL, "runs": list_of(RUN)})
CURSOR = structure({"row": U16, "col": U16, "shape": U8, "blinking": BOOL, "visible": BOOL})
FAILURE = structure({"code": CODE, "message": STRING})
DETAIL = structure(
    {
        "terminal": U64,
        "foreground_pid": optional(I32),
        "foreground_name": BYTES,
        "cwd": optional(BYTES),
        "log_start": U64,
        "log_end": U64,
        "input_bytes": U64,
        "input_waiting": U64,
        "since_input_ms": optional(U64),
        "since_output_ms": optional(U64),
        "paused": BOOL,
        "history": U32,
    }
)
MATCH = structure(
    {
        "start_row": I32,
        "start_col": U16,
        "end_row": I32,
        "end_col": U16,
        "line": optional(U64),
        "col": U64,
        "cols": U64,
    }
)
OUTCOME = choice(
    {
        "done": None,
        "failed": FAILURE,
        "statuses": list_of(optional(FAILURE)),
        "spawned": structure({"terminal": U64}),
        "watching": structure({"watch": U64}),
        "found": structure({"matches": list_of(MATCH), "complete": BOOL}),
        "terminal": DETAIL,
        "rows": structure(
            {
                "lines": list_of(PLACED_LINE),
                "kept_from": optional(PLACE),
                "kept_to": optional(PLACE),
                "history": U32,
                "cols": U16,
            }
        ),
        "slice": structure(
            {
                "data": BYTES,
                "offset": U64,
                "version": FILE_VERSION,
                "changed": BOOL,
                "end": BOOL,
            }
        ),
        "stats": structure(
            {
                "uptime_ms": U64,
                "turns": U64,
                "longest_turn_us": U64,
                "clients": U32,
                "terminals": U32,
                "watches": U32,
                "queued_bytes": U64,
            }
        ),
    }
)
TIMES = structure(
    {"count": U64, "sum_us": U64, "p50_us": U64, "p95_us": U64, "p99_us": U64, "max_us": U64}
)
HEALTH_STATUS = names("ok", "degraded", "failed")
PROGRESS = structure({"state": names("normal", "failed", "indeterminate", "paused"), "percent": U8})
NOTICE = choice(
    {
        "bell": structure({"count": U32}),
        "notification": structure({"title": STRING, "body": STRING}),
        "clipboard": structure({"selection": BOOL, "text": STRING}),
        "progress": structure({"progress": optional(PROGRESS)}),
        "command_started": structure({"command": STRING}),
        "command_finished": structure({"exit_code": optional(I32), "duration_ms": U64}),
        "title": structure({"title": STRING}),
        "cwd": structure({"path": BYTES}),
    }
)

SERVER_MESSAGES: Dict[str, Type] = {
    "welcome": structure(
        {
            "protocol": U32,
            "server": STRING,
            "client": U64,
            "scopes": list_of(SCOPE),
            "version": VERSION,
            "resumed": BOOL,
            "profiles": list_of(STRING),
            "limits": LIMITS,
        }
    ),
    "diff": structure(
        {
            "epoch": U64,
            "from": U64,
            "to": U64,
            "full": BOOL,
            "more": BOOL,
            "removed": list_of(KEY),
            "sessions": list_of(SESSION),
            "panes": list_of(PANE),
            "terminals": list_of(TERMINAL),
            "files": list_of(FILE),
            "applied": list_of(structure({"mutation": U64, "version": U64})),
            "hash": optional(HEX),
        }
    ),
    "rejected": structure(
        {
            "mutation": U64,
            "code": CODE,
            "message": STRING,
            "op": U32,
            "session": optional(SESSION),
            "pane": optional(PANE),
        }
    ),
    "attached": structure({"terminal": U64, "mode": MODE, "offset": U64}),
    "detached": structure({"terminal": U64, "reason": names("asked", "closed")}),
    "gap": structure({"terminal": U64, "from": U64, "to": U64}),
    "terminal_snapshot": structure(
        {
            "terminal": U64,
            "offset": U64,
            "cols": U16,
            "rows": U16,
            "line": PLACE,
            "data": BYTES,
            "more": BOOL,
        }
    ),
    "screen": structure(
        {
            "terminal": U64,
            "offset": U64,
            "full": BOOL,
            "cols": U16,
            "rows": U16,
            "history": U32,
            "line": optional(PLACE),
            "cursor": CURSOR,
            "modes": U32,
            "title": optional(STRING),
            "scrolls": list_of(structure({"top": U16, "bottom": U16, "rows": I16})),
            "lines": list_of(LINE),
            "viewport": U32,
        }
    ),
    "ended": structure({"terminal": U64, "final_offset": U64, "exit": EXIT}),
    "result": structure({"id": U64, "outcome": OUTCOME}),
    "error": structure({"code": CODE, "message": STRING, "id": optional(U64), "terminal": optional(U64)}),
    "pong": structure({"id": U64}),
    "lag_warning": structure({"terminal": U64, "remaining_ms": U32}),
    "notice": structure({"terminal": U64, "seq": U64, "notice": NOTICE}),
    "figures": structure(
        {
            "uptime_ms": U64,
            "turns": U64,
            "unfinished_turns": U64,
            "pty_read_bytes": U64,
            "pty_written_bytes": U64,
            "received_bytes": U64,
            "sent_bytes": U64,
            "received_messages": U64,
            "sent_messages": U64,
            "file_events": U64,
            "rescans": U64,
            "gap_bytes": U64,
            "errors": U64,
            "turn": TIMES,
            "lag": TIMES,
            "response": TIMES,
            "file_latency": TIMES,
            "diff_age": TIMES,
            "round_trip": TIMES,
            "memory": list_of(structure({"name": STRING, "bytes": U64})),
            "memory_limit": U64,
            "queued_bytes": U64,
            "terminals": U32,
            "clients": U32,
            "watches": U32,
            "peers": U32,
        }
    ),
    "health": structure(
        {
            "status": HEALTH_STATUS,
            "parts": list_of(
                structure(
                    {
                        "part": STRING,
                        "id": U64,
                        "status": HEALTH_STATUS,
                        "reason": STRING,
                        "message": STRING,
                        "since_ms": U64,
                    }
                )
            ),
            "more": U32,
        }
    ),
}

CLIENT: Type = choice({**CLIENT_MESSAGES})
SERVER: Type = choice({**SERVER_MESSAGES})


def known(name: str, side: Type) -> Optional[Type]:
    """The fields of a message that this side sends."""
    return (CLIENT_MESSAGES if side is CLIENT else SERVER_MESSAGES).get(name)
