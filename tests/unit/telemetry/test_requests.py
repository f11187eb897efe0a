"""Which id a request has."""

import pytest

from nef.telemetry.requests import begin

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01".encode()


def test_a_client_may_name_its_request() -> None:
    assert begin([(b"accept", b"*/*"), (b"x-request-id", b"Root=1-a:b/c.d_e+f@g~h")]).id == (
        "Root=1-a:b/c.d_e+f@g~h"
    )


def test_a_trace_names_it_where_the_client_does_not() -> None:
    assert begin([(b"traceparent", PARENT)]).id == TRACE
    assert begin([(b"traceparent", PARENT), (b"x-request-id", b"mine")]).id == "mine"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"x-request-id", b"")],
        [(b"x-request-id", b"x" * 129)],
        [(b"x-request-id", b"a b")],
        [(b"x-request-id", b'a"b')],
        [(b"x-request-id", b"a\nb")],
        [(b"x-request-id", "é".encode())],
        [(b"traceparent", b"00-" + b"0" * 32 + PARENT[35:])],
        [(b"traceparent", b"ff" + PARENT[2:])],
        [(b"traceparent", PARENT.upper())],
    ],
)
def test_without_a_name_that_can_be_used_it_gets_a_new_one(
    headers: list[tuple[bytes, bytes]],
) -> None:
    first, second = begin(headers).id, begin(headers).id
    assert first != second
    assert begin([(b"x-request-id", first.encode())]).id == first
    assert all(value.decode() not in first for _, value in headers if value)
