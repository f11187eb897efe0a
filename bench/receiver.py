"""A receiver of notifications that says yes to each at once: a process of a measurement.

python -m bench.receiver
"""

import asyncio
import json
import sys

_YES = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver(asyncio.Protocol):
    """One connection, which may bring one notification after the other."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lines = (line.lower().partition(b":") for line in head.split(b"\r\n"))
        (length,) = (int(value) for name, _, value in lines if name == b"content-length")
        if len(rest) >= length:
            self._buffer = rest[length:]
            self._transport.write(_YES)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}))
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
