"""Values of messages to values of `types`, and back."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional, Union

from . import types as t

Wire = Dict[str, Any]


def path_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def path_bytes(path: t.Path) -> bytes:
    path = os.fspath(path)
    return path if isinstance(path, bytes) else path.encode("utf-8", "surrogateescape")


def typed_bytes(data: Union[str, bytes]) -> bytes:
    # `bytes` of a number would be so many zeros.
    return data.encode() if isinstance(data, str) else bytes(memoryview(data))


def _path_or_none(data: Optional[bytes]) -> Optional[str]:
    return None if data is None else path_text(data)


def version(wire: Wire) -> t.Version:
    return t.Version(wire["epoch"], wire["n"])


def place(wire: Optional[Wire]) -> Optional[t.Place]:
    return None if wire is None else t.Place(wire["line"], wire["col"])


def welcome(wire: Wire) -> t.Welcome:
    return t.Welcome(
        wire["protocol"],
        wire["server"],
        wire["client"],
        tuple(scope for scope in wire["scopes"] if isinstance(scope, str)),
        version(wire["version"]),
        wire["resumed"],
        tuple(wire["profiles"]),
        t.Limits(**wire["limits"]),
    )


def exit_status(wire: Any) -> t.Exit:
    if isinstance(wire, dict):
        return t.Exit(wire.get("code"), wire.get("signal"))
    return t.Exit()


def content(wire: Any) -> t.Content:
    if isinstance(wire, str):
        return None if wire == "empty" else t.UnknownContent(wire)
    ((kind, value),) = wire.items()
    if kind == "terminal":
        return t.TerminalContent(value)
    if kind == "file":
        return t.FileContent(path_text(value))
    return t.CustomContent(value) if kind == "custom" else t.UnknownContent(kind)


def content_to_wire(value: t.Content) -> Any:
    if value is None:
        return "empty"
    if isinstance(value, t.TerminalContent):
        return {"terminal": value.terminal}
    if isinstance(value, t.FileContent):
        return {"file": path_bytes(value.path)}
    if isinstance(value, t.CustomContent):
        return {"custom": value.name}
    raise ValueError(f"content of the kind {value.kind!r} cannot be sent")


def session(wire: Wire) -> t.Session:
    panes, metadata = tuple(wire["panes"]), wire["metadata"]
    return t.Session(wire["id"], wire["version"], wire["name"], panes, metadata)


def pane(wire: Wire) -> t.Pane:
    return t.Pane(**{**wire, "content": content(wire["content"])})


def terminal(wire: Wire) -> t.Terminal:
    return t.Terminal(
        **{
            **wire,
            "cwd": _path_or_none(wire["cwd"]),
            "exit": None if wire["exit"] is None else exit_status(wire["exit"]),
            "program": path_text(wire["program"]),
        }
    )


def file(wire: Wire) -> t.File:
    kind = wire["kind"]
    return t.File(
        **{
            **wire,
            "id": int(wire["id"]),
            "parent": int(wire["parent"]),
            "name": path_text(wire["name"]),
            "kind": kind if kind in ("file", "directory", "symlink") else "other",
        }
    )


ENTRIES = {"sessions": session, "panes": pane, "terminals": terminal, "files": file}


def change_to_wire(change: t.Change) -> Wire:
    if isinstance(change, t.PutSession):
        fields: Wire = {
            "id": change.id,
            "name": change.name,
            "panes": list(change.panes),
            "metadata": dict(change.metadata),
        }
        op = {"put_session": fields}
    elif isinstance(change, t.RemoveSession):
        op = {"remove_session": {"id": change.id}}
    elif isinstance(change, t.PutPane):
        fields = {
            "id": change.id,
            "session": change.session,
            "title": change.title,
            "content": content_to_wire(change.content),
            "metadata": dict(change.metadata),
        }
        op = {"put_pane": fields}
    else:
        op = {"remove_pane": {"id": change.id}}
    return {"change": op, "base": change.base}


def op_to_wire(op: t.TerminalOp) -> Wire:
    wire: Any
    if isinstance(op, t.Input):
        wire = {"input": typed_bytes(op.data)}
    elif isinstance(op, t.Paste):
        wire = {"paste": typed_bytes(op.text)}
    elif isinstance(op, t.Resize):
        wire = {"resize": {"cols": op.cols, "rows": op.rows}}
    elif isinstance(op, t.Signal):
        wire = {"signal": int(op.signal)}
    elif isinstance(op, t.Close):
        wire = {"close": {"grace_ms": op.grace_ms}}
    else:
        wire = {t.Interrupt: "interrupt", t.Eof: "eof", t.Clear: "clear"}[type(op)]
    return {"terminal": op.terminal, "op": wire}


def color(wire: Any) -> t.Color:
    if isinstance(wire, dict):
        if "indexed" in wire:
            return int(wire["indexed"])
        if "rgb" in wire:
            return t.Rgb(*wire["rgb"])
    return None


def run(wire: Wire) -> t.Run:
    colors = {name: color(wire[name]) for name in ("fg", "bg", "underline_color")}
    return t.Run(**{**wire, **colors})


def line(wire: Wire) -> t.Line:
    return t.Line(tuple(run(one) for one in wire["runs"]), wire["wrapped"])


def rows(wire: Wire) -> t.Rows:
    lines = tuple(
        t.PlacedLine(
            tuple(run(part) for part in one["runs"]),
            one["wrapped"],
            one["row"],
            place(one["place"]),
        )
        for one in wire["lines"]
    )
    kept_from, kept_to = place(wire["kept_from"]), place(wire["kept_to"])
    return t.Rows(lines, kept_from, kept_to, wire["history"], wire["cols"])


def matches(wire: Wire) -> t.Matches:
    return t.Matches(tuple(t.Match(**one) for one in wire["matches"]), wire["complete"])


def detail(wire: Wire) -> t.TerminalDetail:
    name, cwd = path_text(wire["foreground_name"]), _path_or_none(wire["cwd"])
    return t.TerminalDetail(**{**wire, "foreground_name": name, "cwd": cwd})


def file_slice(wire: Wire) -> t.Slice:
    numbers = t.FileVersion(**{name: int(value) for name, value in wire["version"].items()})
    return t.Slice(**{**wire, "version": numbers})


def file_version_to_wire(value: t.FileVersion) -> Wire:
    return {
        "device": str(value.device),
        "inode": str(value.inode),
        "size": value.size,
        "changed_ns": str(value.changed_ns),
    }


def figures(wire: Wire) -> t.Figures:
    fields = {name: value for name, value in wire.items() if name != "type"}
    for name, value in fields.items():
        if isinstance(value, dict):
            fields[name] = t.Times(**value)
    fields["memory"] = {part["name"]: part["bytes"] for part in fields["memory"]}
    return t.Figures(**fields)


def health(wire: Wire) -> t.Health:
    parts = tuple(t.PartHealth(**part) for part in wire["parts"])
    return t.Health(wire["status"], parts, wire["more"])


def notice(wire: Wire) -> Optional[t.Notice]:
    """`None` for one of a kind that this client does not know."""
    event = wire["notice"]
    if not isinstance(event, dict):
        return None
    ((kind, fields),) = event.items()
    made: Optional[t.NoticeEvent] = None
    if kind == "bell":
        made = t.Bell(**fields)
    elif kind == "notification":
        made = t.Notification(**fields)
    elif kind == "clipboard":
        made = t.Clipboard(**fields)
    elif kind == "progress":
        made = t.Progress(**(fields["progress"] or {}))
    elif kind == "command_started":
        made = t.CommandStarted(**fields)
    elif kind == "command_finished":
        made = t.CommandFinished(**fields)
    elif kind == "title":
        made = t.TitleChanged(**fields)
    elif kind == "cwd":
        made = t.DirectoryChanged(path_text(fields["path"]))
    return None if made is None else t.Notice(wire["terminal"], wire["seq"], made)
