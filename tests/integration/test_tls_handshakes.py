"""Clients that connect to a port of TLS and do not go on, on real sockets."""

import asyncio
import errno
import logging
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import Any

import pytest
import requests
from starlette.responses import PlainTextResponse
from uvicorn import Config
from uvicorn.server import ServerState

from builders.certificates import Authority
from builders.waiting import until
from fakes.loop import TimedLoop
from nef.api import handshakes
from nef.api.connections import PatientProtocol
from nef.api.handshakes import HANDSHAKE_S, Handshakes
from nef.config import Tls
from nef.serving import server_of
from nef.sockets import listening

MOST = 50


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pem"))


@pytest.fixture(scope="module")
def files(operator: Authority) -> Tls:
    return Tls(*operator.issue("server"))


@contextmanager
def served(tls: Tls) -> Iterator[int]:
    """A server for so many connections; yields its port."""
    with closing(listening("127.0.0.1", 0)) as on:
        server = server_of(PlainTextResponse("here"), "off", max_connections=MOST, tls=tls)
        thread = threading.Thread(target=server.run, args=([on],), daemon=True)
        thread.start()
        until(lambda: server.started)
        try:
            yield on.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(120)
            assert not thread.is_alive()


@contextmanager
def silent(port: int) -> Iterator[socket.socket]:
    with closing(socket.create_connection(("127.0.0.1", port), 60.0)) as client:
        yield client


def let_go(client: socket.socket) -> bool:
    """Whether the server has closed a connection."""
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def said(port: int, operator: Authority) -> str:
    return requests.get(f"https://127.0.0.1:{port}/", verify=str(operator.ca), timeout=60).text


def test_a_few_hundred_that_say_nothing_keep_nobody_out_and_are_not_all_kept(
    files: Tls, operator: Authority
) -> None:
    with served(files) as port, ExitStack() as stack:
        clients = [stack.enter_context(silent(port)) for _ in range(300)]
        assert said(port, operator) == "here"
        # The oldest make room for the newest, and one more did for who was served.
        until(lambda: sum(map(let_go, clients)) > 300 - MOST)
        assert not let_go(clients[-1])


@pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01\x02", b"GET / HTTP/1.1\r\n\r\n"])
def test_who_does_not_come_to_the_end_of_the_handshake_is_let_go(
    files: Tls, operator: Authority, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(handshakes, "HANDSHAKE_S", 0.3)
    with served(files) as port, silent(port) as client:
        client.sendall(begun)
        until(lambda: let_go(client))
        assert said(port, operator) == "here"


def test_who_goes_during_the_handshake_leaves_no_error(
    files: Tls, operator: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    with served(files) as port:
        for _ in range(20):
            with silent(port) as client:
                client.sendall(b"\x16\x03\x01\x02")
        assert said(port, operator) == "here"
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_after_its_handshake_a_connection_is_waited_for_as_any_other(
    files: Tls, operator: Authority
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    trusting = ssl.create_default_context(cafile=str(operator.ca))

    async def asked_late(loop: TimedLoop, on: socket.socket) -> bytes:
        config, state = Config(PlainTextResponse("here"), log_config=None), ServerState()
        made = partial(PatientProtocol, config, state, {})
        taking = asyncio.create_task(Handshakes(made, context, MOST).take(on))
        reader, writer = await asyncio.open_connection(*on.getsockname(), ssl=trusting)
        await loop.passes(1.5 * HANDSHAKE_S)
        writer.write(b"GET / HTTP/1.1\r\nHost: nef\r\n\r\n")
        said = await reader.readline()
        for transport in (writer.transport, *(one.transport for one in state.connections)):
            transport.abort()
        taking.cancel()
        await loop.passes(0.0)
        return said

    with closing(listening("127.0.0.1", 0)) as on, closing(TimedLoop()) as loop:
        on.listen()
        assert loop.run_until_complete(asked_late(loop, on)) == b"HTTP/1.1 200 OK\r\n"


def test_handshakes_that_are_under_way_do_not_hold_up_the_end(files: Tls) -> None:
    with ExitStack() as stack, served(files) as port:  # which has ended in good time
        client = stack.enter_context(silent(port))
        client.sendall(b"\x16\x03\x01\x02")


class Refused(socket.socket):
    """Listens, and the system refuses it the first connection for a reason."""

    reason = 0

    def accept(self) -> tuple[socket.socket, Any]:
        reason, self.reason = self.reason, 0
        if reason:
            raise OSError(reason, os.strerror(reason))
        return super().accept()


async def taken_and_let_go(on: Refused) -> bytes:
    """What a client hears until its handshake has taken too long."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    taking = asyncio.create_task(Handshakes(asyncio.Protocol, context, 0).take(on))
    reader, writer = await asyncio.open_connection(*on.getsockname())
    try:
        return await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()
        taking.cancel()


@pytest.mark.parametrize(
    ("reason", "again_s", "told"),
    [
        (errno.EMFILE, 0.01, ["no connection can be taken: Too many open files"]),
        (errno.ECONNABORTED, 3600.0, []),  # nobody waits for who has gone again
    ],
)
def test_where_one_connection_cannot_be_taken_it_goes_on_with_the_next(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    reason: int,
    again_s: float,
    told: list[str],
) -> None:
    monkeypatch.setattr(handshakes, "_AGAIN_S", again_s)
    monkeypatch.setattr(handshakes, "HANDSHAKE_S", 0.1)
    with closing(Refused()) as on:
        on.reason = reason
        on.bind(("127.0.0.1", 0))
        on.listen()
        assert asyncio.run(taken_and_let_go(on)) == b""
    assert caplog.messages == told
