"""What is no HTTP at all is answered as everything else that is wrong."""

import json
import socket

import pytest

from nef.testing import RunningNef


def answered(nef: RunningNef, sent: bytes) -> tuple[bytes, bytes]:
    """The header and the body of all that comes back until the connection is closed."""
    host, port = nef.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 30) as client:
        client.sendall(sent)
        found = b"".join(iter(lambda: client.recv(65536), b""))
    header, _, body = found.partition(b"\r\n\r\n")
    return header.lower(), body


@pytest.mark.parametrize(
    "sent",
    [
        b"NONSENSE\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
    ids=["line", "version", "length", "tls"],
)
def test_a_request_that_is_none_is_a_problem(nef: RunningNef, sent: bytes) -> None:
    header, body = answered(nef, sent)
    assert header.startswith(b"http/1.1 400 ")
    assert b"content-type: application/problem+json" in header
    assert json.loads(body)["cause"] == "INVALID_MSG_FORMAT"


def test_a_header_that_is_too_large_is_refused_also_if_it_comes_at_once(nef: RunningNef) -> None:
    field = b"X-Field: " + b"a" * 70_000
    header, body = answered(nef, b"GET /healthz HTTP/1.1\r\nHost: nef\r\n" + field + b"\r\n\r\n")
    assert header.startswith(b"http/1.1 431 ")
    assert "cause" not in json.loads(body)


def test_a_websocket_that_names_no_path_is_refused(nef: RunningNef) -> None:
    lines = [
        b"GET * HTTP/1.1",
        b"Host: nef",
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        b"Sec-WebSocket-Version: 13",
    ]
    header, _ = answered(nef, b"\r\n".join([*lines, b"", b""]))
    assert header.startswith(b"http/1.1 403 ")
