"""How long a connection is waited for, in a time that the test moves."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from uvicorn import Config
from uvicorn.server import ServerState

from fakes.loop import TimedLoop
from nef.api.connections import (
    ANSWER_S,
    LEAST_READ_BYTES,
    MOST_WAITING,
    REQUEST_S,
    PatientProtocol,
)

GET = b"GET / HTTP/1.1\r\nHost: nef\r\n\r\n"


class Client(asyncio.Transport):
    """Who has connected, and what it was told."""

    def __init__(self, full_at: float = math.inf) -> None:
        """It takes so many bytes, and has no room for more."""
        super().__init__()
        self.told, self._closing, self._full_at = b"", False, full_at
        self.aborted, self.read_bytes = False, 0

    def get_write_buffer_size(self) -> int:
        return len(self.told) - self.read_bytes

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def write(self, data: Any) -> None:
        self.told += bytes(data)
        if len(self.told) > self._full_at:
            self._protocol.pause_writing()

    def abort(self) -> None:
        self.aborted = self._closing = True

    def close(self) -> None:
        self._closing = True

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        """It says what it likes."""

    def resume_reading(self) -> None:
        """It never stopped."""


Ask = Callable[[bytes], None]
Passes = Callable[[float], Awaitable[None]]


def told(
    app: Any,
    course: Callable[[Ask, Passes], Awaitable[None]],
    client: Client | None = None,
    gone: int = 0,
) -> bytes:
    """What a client of an application is told; `course` says what it sends, and when.

    So many others have asked and gone before, where eight may be there at once.
    """
    client = client or Client()

    async def connected(loop: TimedLoop) -> None:
        config, state = Config(app, log_config=None, limit_concurrency=9), ServerState()
        for _ in range(gone):
            other = PatientProtocol(config, state, {})
            other.connection_made(Client())
            other.data_received(GET)
            other.connection_lost(None)
        protocol = PatientProtocol(config, state, {})
        client.set_protocol(protocol)
        protocol.connection_made(client)
        await course(protocol.data_received, loop.passes)
        protocol.connection_lost(None)

    run(connected)
    return client.told


def run(course: Callable[[TimedLoop], Awaitable[None]]) -> None:
    loop = TimedLoop()
    try:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(course(loop))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


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


@pytest.mark.parametrize("said", [b"\r\n", b"\n", b"\r", b"\r\n" * 100])
def test_blank_lines_between_requests_keep_no_connection_open(said: bytes) -> None:
    async def says_no_more(ask: Ask, passes: Passes) -> None:
        ask(GET)
        for _ in range(7):
            await passes(4.0)
            ask(said)

    answers = told(PlainTextResponse("here"), says_no_more)
    assert answers.count(b"HTTP/1.1 200 ") == 1
    assert b"HTTP/1.1 408 " in answers


def test_who_sends_blank_lines_before_each_request_is_served() -> None:
    async def every_four_seconds(ask: Ask, passes: Passes) -> None:
        for _ in range(10):
            ask(b"\r\n" + GET)
            await passes(4.0)

    answers = told(PlainTextResponse("here"), every_four_seconds)
    assert answers.count(b"HTTP/1.1 200 ") == 10
    assert b"HTTP/1.1 408 " not in answers


CHUNKED = b"POST / HTTP/1.1\r\nHost: nef\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"


@pytest.mark.parametrize("field", [b"X-1: a\r\n" * 3000, b"X-1: a" + b"a" * 20_000])
def test_fields_behind_a_body_do_not_go_on_without_end(field: bytes) -> None:
    async def goes_on(ask: Ask, passes: Passes) -> None:
        ask(CHUNKED)
        for _ in range(4):
            ask(field if field.endswith(b"\n") else field.removeprefix(b"X-1: "))
            await passes(0.1)

    assert b"HTTP/1.1 431 " in told(whole_request, goes_on)


async def whole_request(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the names of the header's fields, once the whole body is there."""
    while (await receive()).get("more_body"):
        continue
    names = b" ".join(name for name, _ in scope["headers"])
    await PlainTextResponse(names)(scope, receive, send)


def test_a_field_behind_a_body_is_none_of_the_header() -> None:
    async def asks_once(ask: Ask, passes: Passes) -> None:
        ask(CHUNKED + b"Authorization: Bearer x\r\n\r\n")
        await passes(0.1)

    assert told(whole_request, asks_once).endswith(b"\r\n\r\nhost transfer-encoding")


def test_many_requests_that_come_at_once_are_no_header_that_is_too_large() -> None:
    async def asks_often(ask: Ask, passes: Passes) -> None:
        request = GET[:-2] + b"X-1: " + b"a" * 4000 + b"\r\n\r\n"
        ask(request * 20 + request[:-3])
        await passes(0.1)
        ask(request[-3:])
        for _ in range(20):
            await passes(0.1)

    assert told(PlainTextResponse("here"), asks_often).count(b"HTTP/1.1 200 ") == 21


POST = b"POST / HTTP/1.1\r\nHost: nef\r\nContent-Length: 2\r\n\r\n{}"


def test_who_asks_again_and_again_before_he_is_answered_is_heard_up_to_a_limit() -> None:
    made = 0

    async def makes(scope: Any, receive: Any, send: Any) -> None:
        nonlocal made
        made += 1
        await asyncio.sleep(1.0)
        await PlainTextResponse("made", 201)(scope, receive, send)

    async def asks_often(ask: Ask, passes: Passes) -> None:
        for _ in range(3):
            ask(POST * MOST_WAITING)
        for _ in range(MOST_WAITING + 2):
            await passes(1.0)
            ask(POST)

    answers = told(makes, asks_often)
    assert made == answers.count(b"HTTP/1.1 ") == answers.count(b"HTTP/1.1 201 ")
    assert made == MOST_WAITING + 1
    assert b"connection: close" in answers[answers.rindex(b"HTTP/1.1 ") :]


@pytest.mark.parametrize("behind", [b"NO REQUEST\r\n\r\n", CHUNKED[:-8] + b"x", GET[:-2]])
def test_what_is_wrong_behind_a_request_is_not_said_as_its_answer(behind: bytes) -> None:
    async def asks_and_goes_wrong(ask: Ask, passes: Passes) -> None:
        ask(POST + behind)
        ask(b"X: a\r\n" * 20_000)
        for _ in range(3):
            await passes(0.1)

    answers = told(whole_request, asks_and_goes_wrong)
    assert answers.startswith(b"HTTP/1.1 200 ")
    assert answers.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answers


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the method and the body."""
    body, more = scope["method"].encode() + b" ", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    await PlainTextResponse(body + b";")(scope, receive, send)


H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n"


@pytest.mark.parametrize("length", [1, 7, 40, 1000])
def test_who_offers_http2_is_served_by_http_1_with_the_bodies_of_his_requests(length: int) -> None:
    kinds = (POST, CHUNKED.replace(b"{}", b"[]") + b"\r\n", GET, POST)
    offering = b"".join(one.replace(b"\r\nHost", b"\r\n" + H2C + b"Host") for one in kinds)

    async def asks(ask: Ask, passes: Passes) -> None:
        for start in range(0, len(offering), length):
            ask(offering[start : start + length])
        for _ in range(4):
            await passes(0.1)

    answers = told(echo, asks)
    bodies = [one.partition(b"\r\n\r\n")[2] for one in answers.split(b"HTTP/1.1 200 OK")[1:]]
    assert bodies == [b"POST {};", b"POST [];", b"GET ;", b"POST {};"]


def test_a_request_that_begins_with_the_end_of_another_has_all_the_time_again() -> None:
    async def cuts_them_in_the_middle(ask: Ask, passes: Passes) -> None:
        ask(GET[:-5])
        for _ in range(12):
            await passes(2.0)  # the whole takes longer than one request may
            ask(GET[-5:] + GET[:-5])
        await passes(2.0)

    answers = told(PlainTextResponse("here"), cuts_them_in_the_middle)
    assert answers.count(b"HTTP/1.1 200 ") == 12
    assert b"HTTP/1.1 408 " not in answers


def test_who_is_turned_away_and_does_not_go_keeps_nobody_from_being_served() -> None:
    clients = here, away = Client(), Client()

    async def both(loop: TimedLoop) -> None:
        config, state = (
            Config(PlainTextResponse("here"), limit_concurrency=2, log_config=None),
            ServerState(),
        )
        protocols = [PatientProtocol(config, state, {}) for _ in clients]
        for protocol, client in zip(protocols, clients, strict=True):
            protocol.connection_made(client)
        protocols[0].data_received(GET)
        await loop.passes(0.1)

    run(both)
    assert away.told.startswith(b"HTTP/1.1 503 ")
    assert here.told.startswith(b"HTTP/1.1 200 ")


def test_who_reads_an_answer_slowly_has_all_the_time_for_it() -> None:
    async def reads_for_minutes(ask: Ask, passes: Passes) -> None:
        ask(GET)
        await passes(0.1)
        for _ in range(10):
            client.read_bytes += LEAST_READ_BYTES
            await passes(ANSWER_S)
            assert not client.aborted
        client.read_bytes += LEAST_READ_BYTES - 1
        await passes(ANSWER_S)
        assert client.aborted

    client = Client(full_at=1000)
    told(PlainTextResponse("here" * 1_000_000), reads_for_minutes, client)


def test_who_reads_nothing_of_an_answer_is_let_go() -> None:
    async def asks_once(ask: Ask, passes: Passes) -> None:
        ask(GET)
        await passes(ANSWER_S - 0.1)
        assert not client.aborted, "closed it may be, and the rest is on its way"
        await passes(0.2)
        assert client.aborted

    client = Client(full_at=100)
    told(PlainTextResponse("here" * 1000), asks_once, client)


@pytest.mark.parametrize(
    "said", [b"NONSENSE\r\n\r\n", GET[:-2] + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"]
)
def test_who_speaks_no_good_http_does_not_fill_the_log(
    said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def asks_once(ask: Ask, passes: Passes) -> None:
        ask(said)
        await passes(0.1)

    assert told(PlainTextResponse("here"), asks_once)
    assert caplog.records == []


@pytest.mark.parametrize(("gone", "status"), [(8, b"200"), (9, b"503")])
def test_a_request_under_way_counts_also_when_its_client_has_gone(gone: int, status: bytes) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(1.0)
        await PlainTextResponse("here")(scope, receive, send)

    async def asks_once(ask: Ask, passes: Passes) -> None:
        ask(GET)
        await passes(1.0)

    answer = told(slow, asks_once, gone=gone)
    assert answer.startswith(b"HTTP/1.1 %s " % status)
    assert (b"retry-after: 1" in answer) is (b"application/problem+json" in answer) is (gone > 8)
