"""How a server takes the signals that ask it to end."""

import asyncio
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from fakes.clock import FakeClock
from nef.serving import Server, server_of

NUMBERS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = [signal.getsignal(number) for number in NUMBERS]
    yield
    for number, handler in zip(NUMBERS, before, strict=True):
        signal.signal(number, handler)


def over(server: Server) -> bool:
    return asyncio.run(server.on_tick(1))


@pytest.mark.parametrize("number", NUMBERS)
def test_it_serves_on_for_as_long_as_it_drains_and_leaves_the_next_signal_to_the_system(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    clock, told = FakeClock(), list[Any]()
    monkeypatch.setattr("nef.serving.time.monotonic", clock.now_s)
    server = server_of(PlainTextResponse("here"), on_stop=lambda: told.append(1), drain_s=5.0)
    assert not over(server)
    server.handle_exit(number, None)
    assert told == [1]
    assert [signal.getsignal(one) for one in NUMBERS] == [signal.SIG_DFL, signal.SIG_DFL]
    clock.advance(4.5)
    assert not over(server)
    clock.advance(0.5)
    assert over(server)
