"""Being told to end, in the service and in the AF's programs."""

import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from af_client.commands.ending import stop_at_signal
from nef.signals import told_to_end

_BOTH = pytest.mark.parametrize(
    "told_by", [lambda: told_to_end(signal.SIGINT, signal.SIGTERM), stop_at_signal]
)
ToldBy = Callable[[], threading.Event]


@pytest.fixture(autouse=True)
def handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@_BOTH
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_told_to_who_waits(told_by: ToldBy, number: signal.Signals) -> None:
    told = told_by()
    threading.Timer(0.05, signal.pthread_kill, (threading.get_ident(), number)).start()
    assert told.wait(120)


@_BOTH
def test_a_signal_that_comes_while_the_lock_of_the_event_is_held_blocks_nobody(
    told_by: ToldBy,
) -> None:
    told = told_by()
    with told._cond:  # type: ignore[attr-defined] # where `wait` stands for a moment
        signal.raise_signal(signal.SIGTERM)
    assert told.wait(120)
