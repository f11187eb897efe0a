"""Request bodies are bounded, not compressed, and complete before anybody looks at them."""

from collections.abc import Iterable

from starlette.types import Receive

from nef.api.errors import BodyTooLarge, UnsupportedCoding

Headers = Iterable[tuple[bytes, bytes]]


class ClientGone(Exception):
    """The client has closed its connection before its request was complete."""


async def body_of(headers: Headers, receive: Receive, max_bytes: int) -> bytes:
    """The whole body of a request; raises BodyTooLarge, UnsupportedCoding or ClientGone."""
    body = await _whole(receive, max_bytes)
    if body:
        coding = next((value for name, value in headers if name == b"content-encoding"), b"")
        named = coding.decode("latin-1").strip().lower()
        if named not in ("", "identity"):
            raise UnsupportedCoding(f"a body is sent as it is, not by {named[:40]!r}")
    return body


async def _whole(receive: Receive, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        more = message.get("more_body", False)
        if size > max_bytes:
            raise BodyTooLarge(f"the body is larger than the {max_bytes} bytes this service takes")
    return b"".join(parts)
