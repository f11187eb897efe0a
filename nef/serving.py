"""A service on a socket: what `nef serve` and a test's own NEF have in common."""

import gc
import socket
from typing import Literal

import uvicorn
from starlette.types import ASGIApp

#: What an AF says on a websocket is ignored, so that it need not be long.
_MOST_HEARD = 1024
#: How long requests that are under way may hold up an end; none but a slow one (a fault) lasts.
_PATIENCE_S = 5


#: How many new objects make the collector look at them (CPython's own is 700 to 2000).
_YOUNG_OBJECTS = 10_000


def leave_start_alone() -> None:
    """Keep the garbage collector away from what the start of this process has made.

    Documents and schemas are many objects and stay; to go through them all takes a tenth of a
    second, in which no request is answered.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *gc.get_threshold()[1:])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises OSError where it cannot."""
    return socket.create_server((host, port))


def server_of(asgi: ASGIApp, lifespan: Literal["on", "off"] = "on") -> uvicorn.Server:
    """The server of an application, to be run on sockets that listen.

    With its lifespan it starts and stops what works behind the application.
    """
    return uvicorn.Server(
        uvicorn.Config(
            asgi,
            log_level="warning",
            ws="websockets-sansio",
            lifespan=lifespan,
            ws_max_size=_MOST_HEARD,
            timeout_graceful_shutdown=_PATIENCE_S,
            access_log=False,
        )
    )
