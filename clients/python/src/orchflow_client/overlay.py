"""Own changes on top of a copy of the state, as the server will apply them."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Iterable, Mapping, Set, Tuple

from .types import Change, Pane, PutPane, PutSession, RemoveSession, Session


def with_changes(
    sessions: Mapping[str, Session],
    panes: Mapping[str, Pane],
    changes: Iterable[Change],
) -> Tuple[Dict[str, Session], Dict[str, Pane]]:
    """New maps with these changes. Entries that they leave alone stay the same objects.

    A new entry has the version 0 until the server has given it one.
    """
    shown, shown_panes = dict(sessions), dict(panes)
    touched: Set[str] = set()
    for change in changes:
        if isinstance(change, PutSession):
            before = shown.get(change.id)
            shown[change.id] = Session(
                change.id,
                before.version if before else 0,
                change.name,
                tuple(change.panes),
                dict(change.metadata),
            )
            touched.add(change.id)
        elif isinstance(change, RemoveSession):
            shown.pop(change.id, None)
            for pane in [one for one in shown_panes.values() if one.session == change.id]:
                del shown_panes[pane.id]
        elif isinstance(change, PutPane):
            previous = shown_panes.get(change.id)
            shown_panes[change.id] = Pane(
                change.id,
                previous.version if previous else 0,
                change.session,
                change.title,
                change.content,
                dict(change.metadata),
            )
            touched |= {change.session, previous.session if previous else change.session}
        else:
            removed = shown_panes.pop(change.id, None)
            if removed is not None:
                touched.add(removed.session)
    _list_panes(shown, shown_panes, touched)
    return shown, shown_panes


def _list_panes(sessions: Dict[str, Session], panes: Dict[str, Pane], touched: Set[str]) -> None:
    """Each of these sessions lists its panes: those that it names in its order, then the others."""
    for name in touched & sessions.keys():
        members = dict.fromkeys(pane.id for pane in panes.values() if pane.session == name)
        listed = [pane for pane in sessions[name].panes if pane in members]
        order = tuple(dict.fromkeys([*listed, *members]))
        if order != sessions[name].panes:
            sessions[name] = replace(sessions[name], panes=order)
