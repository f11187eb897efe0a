"""A receiver of notifications that says yes to each at once: a process of a measurement.

python -m bench.receiver

A GET has what has come since the last one: a list of path and moment, in seconds since the epoch.
"""

import asyncio
import json
import sys
import time

_YES = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver(asyncio.Protocol):
    """One connection, which may bring one notification after the other."""

    arrivals: list[tuple[str, float]] = []  # noqa: RUF012 - of all connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        if head.startswith(b"GET"):
            self._tell()
            return
        lines = (line.lower().partition(b":") for line in head.split(b"\r\n"))
        (length,) = (int(value) for name, _, value in lines if name == b"content-length")
        if len(rest) >= length:
            self.arrivals.append((head.split(b" ", 2)[1].decode(), time.time()))
            self._buffer = rest[length:]
            self._transport.write(_YES)

    def _tell(self) -> None:
        content = json.dumps(self.arrivals).encode()
        self.arrivals.clear()
        self._buffer = b""
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content))
        self._transport.write(content)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}))
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
