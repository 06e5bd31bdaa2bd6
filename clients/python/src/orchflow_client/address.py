"""Addresses of servers: `ws://HOST:PORT/`, `http://HOST:PORT/` or `unix:PATH`, perhaps with a token."""

from __future__ import annotations

from typing import NamedTuple, Optional

FRAGMENT = "#token="


class Address(NamedTuple):
    """Where a server listens. The token is never part of what is sent as an address."""

    uri: str
    unix_path: Optional[str]
    token: Optional[str]


def parse(url: str) -> Address:
    place, mark, token = url.rpartition(FRAGMENT)
    if not mark:
        place, token = url, ""
    if place.startswith("unix:") and len(place) > len("unix:"):
        return Address("ws://localhost/", place[len("unix:") :], token or None)
    for scheme, websocket in (("ws:", "ws:"), ("wss:", "wss:"), ("http:", "ws:"), ("https:", "wss:")):
        if place.startswith(scheme + "//"):
            return Address(websocket + place[len(scheme) :].split("#")[0], None, token or None)
    raise ValueError("an address begins with ws://, wss://, http://, https:// or unix:")
