"""How long a connection is waited for, in a time that the test moves."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import PlainTextResponse
from uvicorn import Config
from uvicorn.server import ServerState

from fakes.loop import TimedLoop
from nef.api.connections import REQUEST_S, PatientProtocol

GET = b"GET / HTTP/1.1\r\nHost: nef\r\n\r\n"


class Client(asyncio.Transport):
    """Who has connected, and what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told, self._closing = b"", False

    def write(self, data: Any) -> None:
        self.told += bytes(data)

    def close(self) -> None:
        self._closing = True

    def is_closing(self) -> bool:
        return self._closing

    def resume_reading(self) -> None:
        """It never stopped."""


Ask = Callable[[bytes], None]
Passes = Callable[[float], Awaitable[None]]


def told(app: Any, course: Callable[[Ask, Passes], Awaitable[None]]) -> bytes:
    """What a client of an application is told; `course` says what it sends, and when."""
    client = Client()

    async def connected(loop: TimedLoop) -> None:
        protocol = PatientProtocol(Config(app, log_config=None), ServerState(), {})
        protocol.connection_made(client)
        await course(protocol.data_received, loop.passes)
        protocol.connection_lost(None)

    loop = TimedLoop()
    try:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(connected(loop))
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    return client.told


def test_a_quick_client_is_served_on_one_connection_for_longer_than_a_request_may_take() -> None:
    async def every_four_seconds(ask: Ask, passes: Passes) -> None:
        for _ in range(10):
            ask(GET)
            await passes(4.0)  # uvicorn keeps an idle connection for five

    answers = told(PlainTextResponse("here"), every_four_seconds)
    assert answers.count(b"HTTP/1.1 200 ") == 10
    assert b"HTTP/1.1 408 " not in answers


def test_who_is_kept_waiting_by_the_service_is_not_let_go_for_it() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(3.5 * REQUEST_S)
        await PlainTextResponse("here")(scope, receive, send)

    async def asks_once(ask: Ask, passes: Passes) -> None:
        ask(GET)
        for _ in range(4):
            await passes(REQUEST_S)

    assert told(slow, asks_once).startswith(b"HTTP/1.1 200 ")


def test_nor_for_a_second_request_that_he_has_begun_meanwhile() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(2.5 * REQUEST_S)
        await PlainTextResponse("here")(scope, receive, send)

    async def asks_and_a_half(ask: Ask, passes: Passes) -> None:
        ask(GET + GET[:-3])
        for _ in range(4):
            await passes(REQUEST_S)

    assert told(slow, asks_and_a_half).startswith(b"HTTP/1.1 200 ")
