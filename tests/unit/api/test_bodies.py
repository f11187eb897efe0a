"""Bodies that are bounded, and whole before anybody looks at them."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from nef.api.bodies import body_of
from nef.api.errors import BodyTooLarge, UnsupportedCoding

LIMIT = 10


class Client:
    """Somebody who sends a body in parts; it is noted how many of them were taken."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = list(parts)
        self.taken = 0

    async def receive(self) -> dict[str, Any]:
        self.taken += 1
        part = self._parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}

    def read(self, coding: bytes | None = None) -> bytes:
        headers = [] if coding is None else [(b"content-encoding", coding)]
        return asyncio.run(body_of(headers, self.receive, LIMIT))


def test_a_body_arrives_whole() -> None:
    assert Client([b"one", b"two"]).read() == b"onetwo"


def test_a_body_of_the_largest_size_is_taken() -> None:
    assert Client([b"x" * LIMIT]).read() == b"x" * LIMIT


def test_a_larger_body_is_refused_before_all_of_it_was_read() -> None:
    client = Client([b"x" * LIMIT] * 100)
    with pytest.raises(BodyTooLarge, match="10 bytes"):
        client.read()
    assert client.taken == 2


def test_a_compressed_body_is_refused_by_the_header_that_says_so() -> None:
    with pytest.raises(UnsupportedCoding, match="gzip"):
        Client([b"{}"]).read(b"gzip")


def test_a_body_as_it_is_may_say_so() -> None:
    assert Client([b"{}"]).read(b"Identity") == b"{}"
    assert Client([b""]).read(b"gzip") == b""
