"""Clients that take their time, on real sockets: none is waited for without end."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from builders.processes import start_nef
from builders.service import AF, subscription
from builders.waiting import until
from nef.api import connections
from nef.testing import RunningNef, running_nef

BODY = json.dumps(subscription()).encode()
POST = b"POST %s HTTP/1.1\r\nHost: nef\r\nContent-Length: %d\r\n" % (AF.encode(), len(BODY))


@pytest.fixture(scope="module")
def nef() -> Iterator[RunningNef]:
    with running_nef() as server:
        yield server


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who does what he should is there: a busy machine would take his time."""
    monkeypatch.setattr(connections, "REQUEST_S", 0.3)


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    host, port = url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), 60.0)) as client:
        yield client


def answer(client: socket.socket) -> bytes:
    """All that comes until the service closes; a client that is waited for fails the test."""
    found = b""
    while part := client.recv(65536):
        found += part
    return found


@pytest.mark.usefixtures("hurried")
def test_who_connects_and_says_nothing_is_let_go(nef: RunningNef) -> None:
    with connected(nef.url) as client:
        assert answer(client).startswith(b"HTTP/1.1 408 ")


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("said", [b"POST /3gpp", POST, POST + b"\r\n", POST + b"\r\n" + BODY[:-1]])
def test_a_request_that_is_never_complete_is_let_go_and_not_carried_out(
    nef: RunningNef, said: bytes
) -> None:
    nef.reset()
    with connected(nef.url) as client:
        client.sendall(said)
        found = answer(client)
    assert found.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in found
    assert nef.notified() == []


@pytest.mark.usefixtures("hurried")
def test_who_says_it_byte_by_byte_has_no_more_time_than_others(nef: RunningNef) -> None:
    with connected(nef.url) as client:
        client.settimeout(0.05)
        found = b""
        for byte in POST * 100:
            client.sendall(bytes([byte]))
            try:
                found = client.recv(65536)
                break
            except TimeoutError:
                continue
    assert found.startswith(b"HTTP/1.1 408 ")


def test_who_is_slow_in_the_second_request_of_a_connection_is_let_go_too(
    nef: RunningNef, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = b"GET /simulator/v1/simulation HTTP/1.1\r\nHost: nef\r\n\r\n"
    with connected(nef.url) as client:
        client.sendall(request)
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        monkeypatch.setattr(connections, "REQUEST_S", 0.3)  # from now on
        client.sendall(request[:-3])
        assert b"HTTP/1.1 408 " in answer(client)


def test_who_asks_without_end_before_he_is_answered_is_let_go(nef: RunningNef) -> None:
    body = b"x" * 50_000
    request = b"POST /simulator/v1/nothing HTTP/1.1\r\nHost: nef\r\nContent-Length: %d\r\n\r\n"
    with connected(nef.url) as client, pytest.raises(ConnectionError):
        client.sendall((request % len(body) + body) * 2000)


def test_who_sends_several_requests_at_once_and_goes_leaves_no_error(
    nef: RunningNef, caplog: pytest.LogCaptureFixture
) -> None:
    request = b"GET /simulator/v1/qos-profiles HTTP/1.1\r\nHost: nef\r\n\r\n"
    for _ in range(20):
        with connected(nef.url) as client:
            client.sendall(request * 50)
            client.recv(1)
    nef.step(1.0)
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []


@pytest.mark.parametrize("line", [b"X-%d: " % 1 + b"a" * 200_000, b"X-1: a\r\n" * 20_000])
def test_a_header_that_does_not_end_is_refused(nef: RunningNef, line: bytes) -> None:
    with connected(nef.url) as client:
        try:
            client.sendall(b"GET / HTTP/1.1\r\nHost: nef\r\n" + line)
            found = answer(client)
        except OSError:  # what was not read when it closed comes back as a reset
            return
    assert found.startswith(b"HTTP/1.1 431 ")


def test_more_connections_than_there_may_be_are_turned_away(tmp_path: Path) -> None:
    nef = start_nef(tmp_path, "--max-connections", "3")
    try:
        with ExitStack() as stack:
            for _ in range(3):
                until(lambda: is_served(stack.enter_context(connected(nef.url))))
            found = answer(stack.enter_context(connected(nef.url)))
    finally:
        nef.stop()
    assert found.startswith(b"HTTP/1.1 503 ")
    assert b"NF_CONGESTION" in found
    assert b"retry-after: 1" in found


def is_served(client: socket.socket) -> bool:
    """Whether it is not turned away, as where somebody else has still to be seen to be gone."""
    request = b"GET /simulator/v1/cells HTTP/1.1\r\nHost: nef\r\n\r\n"
    client.sendall(request + request[:-3])  # an idle one would be closed after five seconds
    return client.recv(65536).startswith(b"HTTP/1.1 200 ")
