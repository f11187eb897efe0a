"""TLS connections until their handshake is done: a client that does not go on with it is let go.

uvicorn waits a minute for each, counts none of them, and has no hook for either.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

_LOG = logging.getLogger(__name__)
#: From connecting until the handshake is done.
HANDSHAKE_S = 10.0
#: When it is tried again to take a connection, where the process may have no more files.
_AGAIN_S = 1.0


class Handshakes:
    """Takes the connections of one socket, and gives those with a handshake to a protocol.

    Only so many handshakes are under way at once: for one more, the one is given up that has waited
    longest. Who means it is done within some round trips, and so is not the one.
    """

    def __init__(
        self, protocol: Callable[[], asyncio.Protocol], context: ssl.SSLContext, most: int
    ) -> None:
        """`protocol` makes one for each connection; `most` is 0 for any number."""
        self._protocol, self._context, self._most = protocol, context, most
        self._under_way: dict[asyncio.Task[None], None] = {}

    async def take(self, listening: socket.socket) -> None:
        """Take connections until cancelled."""
        loop = asyncio.get_running_loop()
        listening.setblocking(False)
        try:
            while True:
                try:
                    connection, _ = await loop.sock_accept(listening)
                except ConnectionAbortedError:
                    await asyncio.sleep(0)  # who came has gone again, and nobody else waits for it
                    continue
                except OSError as error:
                    _LOG.error("no connection can be taken: %s", error.strerror)
                    await asyncio.sleep(_AGAIN_S)
                    continue
                self._begin(connection)
                await asyncio.sleep(0)  # others have their turn, however many come
        finally:
            for handshake in self._under_way:
                handshake.cancel()

    def _begin(self, connection: socket.socket) -> None:
        if 0 < self._most <= len(self._under_way):
            oldest = next(iter(self._under_way))
            del self._under_way[oldest]
            oldest.cancel()
        handshake = asyncio.create_task(self._shake(connection))
        self._under_way[handshake] = None
        handshake.add_done_callback(lambda done: self._under_way.pop(done, None))

    async def _shake(self, connection: socket.socket) -> None:
        with suppress(OSError):  # it went, spoke no TLS, has no good certificate, or took too long
            await asyncio.get_running_loop().connect_accepted_socket(
                self._protocol, connection, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_S
            )
