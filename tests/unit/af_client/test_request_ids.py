"""Each request of the library has a name, which its errors tell."""

import pytest

from af_client import ConnectFailed, NefClient, NotFound, RequestsTransport, TimedOut
from fakes.transport import FakeTransport, problem, reply


def test_each_request_has_a_name_of_its_own() -> None:
    transport = FakeTransport(reply(200, []), reply(200, []))
    client = NefClient("http://nef.example", "af", transport=transport)
    for _ in range(2):
        client.sessions()
    first, second = (request.headers["X-Request-Id"] for request in transport.requests)
    assert first
    assert first != second


def test_a_problem_tells_the_name_of_its_request() -> None:
    transport = FakeTransport(problem(404))
    with pytest.raises(NotFound) as caught:
        NefClient("http://nef.example", "af", transport=transport).session("s")
    name = transport.requests[0].headers["X-Request-Id"]
    assert caught.value.request_id == name
    assert str(caught.value).endswith(f"; request {name}")


def test_so_does_a_request_without_an_answer() -> None:
    transport = FakeTransport(TimedOut("too late"))
    with pytest.raises(TimedOut) as caught:
        NefClient("http://nef.example", "af", transport=transport).sessions()
    assert caught.value.request_id == transport.requests[0].headers["X-Request-Id"]


def test_a_name_that_reached_nobody_is_not_told() -> None:
    transport = RequestsTransport(retries=0)
    with pytest.raises(ConnectFailed, match="no connection") as caught:
        NefClient("http://127.0.0.1:9", "af", transport=transport).sessions()
    assert "; request" not in str(caught.value)
