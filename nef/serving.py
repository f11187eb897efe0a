"""A service on a socket: what `nef serve` and a test's own NEF have in common."""

import asyncio
import gc
import logging
import signal
import socket
import ssl
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Literal

import uvicorn
from starlette.types import ASGIApp

from nef.api.connections import PatientProtocol
from nef.api.handshakes import Handshakes
from nef.app import Nef
from nef.config import Settings, Tls

#: What an AF says on a websocket is ignored, so that it need not be long.
_MOST_HEARD = 1024
#: How long requests that are under way may hold up an end; none but a slow one (a fault) lasts.
PATIENCE_S = 5
#: How long a client of TLS may take to say goodbye, where it has been said to it.
_GOODBYE_S = 0.5

#: How many new objects make the collector look at them (CPython's own is 700 to 2000).
_YOUNG_OBJECTS = 10_000


def leave_start_alone() -> None:
    """Keep the garbage collector away from what the start of this process has made.

    Documents and schemas are many objects and stay; to go through them all takes more than a tenth
    of a second, in which no request is answered.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *gc.get_threshold()[1:])


class Server(uvicorn.Server):
    """A server that ends in good order at the first SIGTERM or SIGINT, and at once at the second.

    In good order: `on_stop` is called, it serves for another `drain_s`, closes its socket and
    every idle connection, answers what is under way, and returns; the process may end with 0.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        on_stop: Callable[[], None],
        drain_s: float,
        most_handshakes: int,
    ) -> None:
        """`on_stop` is called by the signal's handler, and must not wait for anything.

        `most_handshakes` of TLS are under way at once, any number if that is 0.
        """
        super().__init__(config)
        self._on_stop, self._drain_s = on_stop, drain_s
        self._most_handshakes = most_handshakes
        self._ends_at_s: float | None = None
        self._taking: list[asyncio.Task[None]] = []

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        """Take the first signal; the next one is the system's, wherever the process stands then."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        self._on_stop()
        self._ends_at_s = time.monotonic() + self._drain_s

    async def on_tick(self, counter: int) -> bool:
        """Whether to end now; asked every tenth of a second."""
        if self._ends_at_s is not None and time.monotonic() >= self._ends_at_s:
            return True
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve; connections of TLS are ours until their handshake is done."""
        context = self.config.ssl
        if context is None or sockets is None:
            await super().startup(sockets)
            return
        await super().startup([])
        for listening in sockets:
            listening.listen(self.config.backlog)
            handshakes = Handshakes(self._protocol, context, self._most_handshakes)
            self._taking.append(asyncio.create_task(handshakes.take(listening)))

    def _protocol(self) -> asyncio.Protocol:
        return PatientProtocol(self.config, self.server_state, self.lifespan.state)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, also where a client of TLS never says goodbye."""
        for taking in self._taking:
            taking.cancel()
        hanging_up = asyncio.create_task(self._hang_up())
        try:
            await super().shutdown(sockets)
        finally:
            hanging_up.cancel()

    async def _hang_up(self) -> None:
        # asyncio waits 30 s for the other side's last word; a client that is idle does not say it.
        closing: set[asyncio.Transport] = set()
        while True:
            found = {one.transport for one in self.server_state.connections if one.transport}
            for transport in found & closing:
                if not transport.get_write_buffer_size():  # an answer on its way has its time
                    transport.abort()
            closing = {transport for transport in found if transport.is_closing()}
            await asyncio.sleep(_GOODBYE_S)


def server_of(
    asgi: ASGIApp,
    lifespan: Literal["on", "off"] = "on",
    on_stop: Callable[[], None] = lambda: None,
    drain_s: float = 0.0,
    max_connections: int = 0,
    tls: Tls | None = None,
) -> Server:
    """The server of an application, to be run on sockets that listen.

    With its lifespan it starts and stops what works behind the application; without `tls` it
    speaks plain HTTP. More connections at once than `max_connections` are turned away, if that is
    not 0; as many more may be at their handshake.
    """
    config = uvicorn.Config(
        asgi,
        log_config=None,  # its logs go the way of ours
        # What it says of a websocket at DEBUG has the headers of the request, and so the token.
        log_level=max(logging.INFO, logging.getLogger().getEffectiveLevel()),
        http=PatientProtocol,
        limit_concurrency=max_connections + 1 if max_connections else None,
        ws="websockets-sansio",
        lifespan=lifespan,
        ws_max_size=_MOST_HEARD,
        timeout_graceful_shutdown=PATIENCE_S,
        access_log=False,
        **(_files(tls) if tls else {}),
    )
    return Server(config, on_stop, drain_s, max_connections)


def serve_on(listening: socket.socket, nef: Nef, settings: Settings) -> None:
    """Serve a service on a socket that listens, until a signal ends it in good order."""
    server_of(
        nef.asgi,
        on_stop=nef.leave,
        drain_s=settings.drain_s,
        max_connections=settings.limits.connections,
        tls=settings.tls,
    ).run(sockets=[listening])


def _files(tls: Tls) -> dict[str, Any]:
    """The options of uvicorn; TLS 1.2 is Python's least (TS 33.210 6.2 wants no less)."""
    return {
        "ssl_certfile": tls.certificate,
        "ssl_keyfile": tls.key,
        "ssl_keyfile_password": "",  # a key that is encrypted is refused, and not asked about
        "ssl_ca_certs": tls.client_ca,
        "ssl_cert_reqs": ssl.CERT_REQUIRED if tls.client_ca else ssl.CERT_NONE,
    }
