"""Serving: addresses to listen on, and tokens, by which other programs connect (docs/PROTOCOL.md)."""

from __future__ import annotations

from . import convert
from . import types as t
from ._native import ffi, lib, new
from .core import Core

ADDRESS_BYTES = 4096


class Listener:
    """An address that clients connect to. With `with`, it is closed at the end."""

    def __init__(self, core: Core, id: int) -> None:
        self._core = core
        self.id = id

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._core.is_closed:
            self.close()

    @property
    def address(self) -> str:
        """`HOST:PORT` with the port that the system chose, or the path of a Unix socket."""
        out, length = ffi.new("char[]", ADDRESS_BYTES), ffi.new("size_t *")
        self._core._call(lib.orch_listener_get_address, self.id, out, ADDRESS_BYTES, length)
        address: str = ffi.buffer(out, length[0])[:].decode()
        return address

    def url(self, token: Token | str | None = None) -> str:
        """The address as `orchflow_client.connect` takes it, with a token if one is given."""
        address = self.address
        url = f"unix:{address}" if address.startswith("/") else f"ws://{address}/"
        if token is None:
            return url
        return f"{url}#token={token if isinstance(token, str) else token.text}"

    def query(self) -> t.ListenerDetail:
        struct = new("orch_listener_state")
        self._core._call(lib.orch_listener_get_state, self.id, struct)
        return convert.listener_detail(struct)

    def close(self) -> None:
        """Stops listening. Clients that have connected stay connected."""
        self._core._call(lib.orch_listener_remove, self.id)


class Token:
    """What a client shows to be let do what the scopes allow. The engine gives its text only once."""

    def __init__(self, core: Core, id: int, text: str) -> None:
        self._core = core
        self.id = id
        self.text = text

    def __repr__(self) -> str:
        return f"<Token {self.id}>"

    def revoke(self) -> None:
        """Makes it invalid and disconnects the clients that have used it."""
        self._core._call(lib.orch_token_revoke, self.id)


class ClientHandle:
    """A client that is connected."""

    def __init__(self, core: Core, id: int) -> None:
        self._core = core
        self.id = id

    def query(self) -> t.ClientDetail:
        struct = new("orch_client_state")
        self._core._call(lib.orch_client_get_state, self.id, struct)
        return convert.client_detail(struct)

    def disconnect(self, reason: str = "") -> None:
        """Disconnects it; it is given the reason."""
        data = reason.encode("utf-8")
        buffer = ffi.from_buffer(data)
        self._core._call(lib.orch_client_close, self.id, ffi.new("orch_bytes *", (buffer, len(data)))[0])
