"""Bodies that are bounded, and whole before anybody looks at them."""

import asyncio
from collections.abc import Iterable
from typing import Any

import orjson

from nef.api.bodies import BoundedBodies

LIMIT = 10


class Wrapped:
    """An application that notes what it is given, and what is answered instead of it."""

    def __init__(self) -> None:
        self.body: bytes | None = None
        self.headers: dict[str, str] = {}
        self.sent: list[dict[str, Any]] = []
        self.taken = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        self.body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 204, "headers": []})

    def ask(self, parts: Iterable[bytes], **headers: str) -> int:
        chunks = list(parts)

        async def receive() -> dict[str, Any]:
            self.taken += 1
            part = chunks.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(chunks)}

        async def send(message: Any) -> None:
            self.sent.append(message)

        names = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
        scope = {"type": "http", "path": "/", "method": "POST", "headers": names}
        app = BoundedBodies(self, LIMIT)
        asyncio.run(app(scope, receive, send))
        status: int = self.sent[0]["status"]
        return status


def test_a_body_arrives_whole_and_with_its_length() -> None:
    app = Wrapped()
    assert app.ask([b"one", b"two"], transfer_encoding="chunked") == 204
    assert app.body == b"onetwo"
    assert app.headers["content-length"] == "6"
    assert "transfer-encoding" not in app.headers


def test_a_body_of_the_largest_size_is_taken() -> None:
    app = Wrapped()
    assert app.ask([b"x" * LIMIT]) == 204


def test_a_larger_body_is_refused_before_all_of_it_was_read() -> None:
    app = Wrapped()
    assert app.ask([b"x" * LIMIT] * 100) == 413
    assert app.body is None
    assert app.taken == 2
    problem = orjson.loads(app.sent[1]["body"])
    assert (problem["status"], problem["cause"]) == (413, "INCORRECT_LENGTH")


def test_a_compressed_body_is_refused_by_the_header_that_says_so() -> None:
    app = Wrapped()
    assert app.ask([b"{}"], content_encoding="gzip") == 415
    assert app.body is None
    (fault,) = orjson.loads(app.sent[1]["body"])["invalidParams"]
    assert fault["param"] == "Content-Encoding"


def test_a_body_as_it_is_may_say_so() -> None:
    assert Wrapped().ask([b"{}"], content_encoding="Identity") == 204
    assert Wrapped().ask([b""], content_encoding="gzip") == 204
