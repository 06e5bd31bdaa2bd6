"""Serving: the client of this repository connects to an engine that Python embeds."""

from __future__ import annotations

import asyncio
import pathlib
import socket
import sys
import urllib.error
import urllib.request

import pytest

from orchflow import (
    AsyncEngine,
    Config,
    InvalidArgument,
    PutSession,
    Resource,
    Review,
    Scope,
    ScreenOptions,
    Spawn,
    StaleId,
)
from support import ROOT

sys.path.insert(0, str(ROOT / "clients/python/src"))

import orchflow_client

ALL: tuple[Scope, ...] = ("observe", "type", "manage", "clipboard")


async def get(url: str, token: str = "") -> tuple[int, str]:
    """A GET from a thread, since the engine that answers runs in this one."""

    def fetch() -> tuple[int, str]:
        request = urllib.request.Request(url)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    return await asyncio.to_thread(fetch)


async def test_a_client_sees_types_and_starts(tmp_path: pathlib.Path) -> None:
    async with AsyncEngine() as engine:
        token = engine.add_token(*ALL, label="test")
        engine.grant(tmp_path)
        engine.set_profile("shell", Spawn(["sh"], env={"PS1": "$ "}, screen=ScreenOptions()))
        terminal = engine.spawn(["sh", "-c", "stty -echo; echo ready; read x; echo got $x"], screen=True)
        listener = engine.listen()
        async with orchflow_client.connect(listener.url(token), name="tester") as client:
            assert client.welcome is not None and client.welcome.profiles == ("shell",)
            assert client.state.terminals[terminal.id].cols == 80
            async with client.attach_raw(terminal.id) as raw:
                await client.input(terminal.id, "it\n")
                output = b"".join([data async for data in raw])
                assert output.endswith(b"got it\r\n")
            result = await client.run("pwd", cwd=str(tmp_path))
            assert result.text == f"{tmp_path}\n" and result.status == 0
            # Names are shared: the same terminal is the same value on both sides.
            await client.change(orchflow_client.PutSession("s", "from the client"))
            session = await engine.state.wait_for(lambda state: state.sessions.get("s"))
            assert session.name == "from the client"
            engine.change(PutSession("t", "from the host"))
            seen = await client.state.wait_for(lambda state: state.sessions.get("t"))
            assert seen.name == "from the host"
            (one,) = engine.clients()
            assert one.query().name == "tester" and one.query().scopes == frozenset(ALL)
            assert engine.client_metrics(one).traffic.received_messages > 0
            assert engine.state_hash() == client.state._hash
        assert listener.query().accepting and listener.query().outages == 0


async def test_a_terminal_that_a_client_has_started_has_a_handle() -> None:
    async with AsyncEngine() as engine:
        engine.set_profile("hello", Spawn(["sh", "-c", "echo hello; exit 5"]))
        listener = engine.listen()
        url = listener.url(engine.add_token("observe", "manage"))
        async with orchflow_client.connect(url) as client:
            id = await client.spawn("hello")
            assert b"".join([data async for data in engine.terminal(id)]) == b"hello\r\n"
            assert (await engine.terminal(id).wait()).code == 5
            await client.close_terminal(id)
            engine.set_profile("hello", None)
            with pytest.raises(orchflow_client.OrchflowError):
                await client.spawn("hello")


async def test_tokens_are_needed_and_revoked() -> None:
    async with AsyncEngine() as engine:
        listener = engine.listen()
        token = engine.add_token("observe")
        assert "Token" in repr(token) and token.text not in repr(token)
        async with orchflow_client.connect(listener.url(token), reconnect=False) as client:
            with pytest.raises(orchflow_client.OrchflowError) as caught:
                await client.change(orchflow_client.PutSession("s", "x"))
            assert caught.value.code == "forbidden"
            token.revoke()
            with pytest.raises(orchflow_client.Disconnected):
                await client.state.wait_for(lambda _: False)
        with pytest.raises(orchflow_client.Disconnected) as failed:
            await orchflow_client.connect(listener.url("x" * 43), reconnect=False)
        assert failed.value.code == "unauthorized"
        with pytest.raises(StaleId):
            token.revoke()


async def test_changes_of_clients_are_reviewed() -> None:
    async with AsyncEngine(Config(review_changes=True)) as engine:
        reviews = engine.events(Review)
        url = engine.listen().url(engine.add_token(*ALL))
        async with orchflow_client.connect(url) as client:
            wanted = orchflow_client.PutSession("s", "x", metadata={"a": "b"}, base=0)
            changing = asyncio.ensure_future(client.change(wanted))
            review = await anext(reviews)
            assert review.changes == (PutSession("s", "x", (), {"a": "b"}, 0),)
            engine.answer_review(review.review, False, "not today")
            with pytest.raises(orchflow_client.OrchflowError, match="not today"):
                await changing
            changing = asyncio.ensure_future(client.change(wanted))
            engine.answer_review((await anext(reviews)).review, True)
            assert await changing == engine.state_version().n
            assert "s" in engine.state.sessions


async def test_a_client_is_disconnected_with_a_reason() -> None:
    async with AsyncEngine() as engine:
        url = engine.listen().url(engine.add_token("observe"))
        async with orchflow_client.connect(url, reconnect=False) as client:
            engine.clients()[0].disconnect("enough")
            with pytest.raises(orchflow_client.Disconnected, match="enough"):
                await client.state.wait_for(lambda _: False)


async def test_pages_and_reports() -> None:
    async with AsyncEngine() as engine:
        page = Resource("/index.html", b"<p>hello")
        listener = engine.listen(resources=[page], reports=["metrics", "health"])
        base = f"http://{listener.address}"
        assert await get(f"{base}/") == (200, "<p>hello")
        assert (await get(f"{base}/metrics"))[0] == 401
        token = engine.add_token()
        status, text = await get(f"{base}/metrics", token.text)
        assert status == 200 and "orchflow_" in text
        assert (await get(f"{base}/healthz", token.text))[0] == 200
        listener.close()
        with pytest.raises(StaleId):
            listener.query()
        assert engine.listeners() == []


async def test_unix_sockets_and_sockets_of_the_host(tmp_path: pathlib.Path) -> None:
    tmp_path.chmod(0o700)
    async with AsyncEngine() as engine:
        token = engine.add_token("observe")
        with engine.listen(str(tmp_path / "socket")) as listener:
            assert listener.url() == f"unix:{tmp_path / 'socket'}"
            async with orchflow_client.connect(listener.url(token)) as client:
                assert client.welcome is not None
        with socket.create_server(("127.0.0.1", 0)) as own:
            adopted = engine.listen(fd=own.fileno())
            assert adopted.address.endswith(f":{own.getsockname()[1]}")
            async with orchflow_client.connect(adopted.url(token)) as client:
                assert client.welcome is not None
        with pytest.raises(InvalidArgument):
            engine.listen("0.0.0.0:0")
