"""A client that only asks: it takes orders as lines of JSON, and answers each with one.

    python -m bench.load

An order has a `port`, the number of `connections`, `requests` of method, path and body, and the
value of `authorization`, if that is wanted. The connections share the requests out among them, each
with one request at a time.
"""

import asyncio
import json
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answers:
    """What came of an order."""

    latencies_ms: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    locations: list[str] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is complete."""

    def __init__(self, waiting: deque[bytes], answers: Answers) -> None:
        self._waiting, self._answers = waiting, answers
        self._buffer, self._sent_s = b"", 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        fields = _fields(head)
        if len(rest) < int(fields.get(b"content-length", b"0")):
            return
        self._answers.latencies_ms.append((time.perf_counter() - self._sent_s) * 1e3)
        self._answers.statuses.append(int(head[9:12]))
        self._answers.locations.append(fields.get(b"location", b"").decode())
        self._buffer = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))

    def _next(self) -> None:
        if self._waiting:
            self._sent_s = time.perf_counter()
            self._transport.write(self._waiting.popleft())
        else:
            self.done.set_result(None)
            self._transport.close()


def _fields(head: bytes) -> dict[bytes, bytes]:
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.lower(): value.strip() for name, _, value in lines}


async def carried_out(
    port: int, connections: int, requests: list[list[Any]], authorization: str
) -> dict[str, Any]:
    """Send all requests; how long it took, and what was answered, in the order of the answers."""
    fields = f"Authorization: {authorization}\r\n" if authorization else ""
    waiting, answers = deque(_written(fields, *request) for request in requests), Answers()
    loop, open_ = asyncio.get_running_loop(), []
    begun_s = time.perf_counter()
    for _ in range(connections):
        made = await loop.create_connection(lambda: Connection(waiting, answers), "127.0.0.1", port)
        open_.append(made[1].done)
    await asyncio.gather(*open_)
    return {"seconds": time.perf_counter() - begun_s} | vars(answers)


def _written(fields: str, method: str, path: str, body: Any) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    kind = "merge-patch+json" if method == "PATCH" else "json"
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n{fields}"
    if content:
        head += f"Content-Type: application/{kind}\r\nContent-Length: {len(content)}\r\n"
    return f"{head}\r\n".encode() + content


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(asyncio.run(carried_out(**json.loads(line)))))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
