"""Somebody sets the wall clock by an hour while the NEF serves: nothing stops and nothing ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from builders.receivers import Receiver, receiving
from builders.waiting import until
from chaos.shifted import Clocks
from chaos.wire import id_in, session, sessions_of
from chaos.world import World, a_world

HOUR_S = 3600.0
AF = "af-0"
RATE_BPS = 1_600_000


@pytest.fixture
def clocks(tmp_path: Path) -> Clocks:
    return Clocks(tmp_path / "clocks")


@pytest.fixture
def world(tmp_path: Path, clocks: Clocks) -> Iterator[World]:
    with a_world(tmp_path, "--scenario", "busy-cell", program=clocks.program) as world:
        yield world


@pytest.fixture
def deaf() -> Iterator[Receiver]:
    """The receiver of another AF, which refuses all it gets."""
    with receiving() as receiver:
        receiver.status = 503
        yield receiver


def created(world: World, receiver: Receiver, key: int, **more: object) -> str:
    body = session(key, RATE_BPS, "ue-1", receiver.url) | more
    response = requests.post(sessions_of(world.url, AF), json=body, timeout=30)
    assert response.status_code == 201, response.text
    return id_in(response.headers["Location"])


def ids(world: World) -> set[str]:
    return {
        id_in(one["self"]) for one in requests.get(sessions_of(world.url, AF), timeout=30).json()
    }


def time_s(world: World) -> float:
    return float(world.nef.control("GET", "/simulation")["timeS"])


def hears(world: World, receiver: Receiver, session_id: str, sinr_db: float) -> None:
    """A change of the radio reaches the AF."""
    before = len(receiver.events(session_id))
    world.nef.control("PUT", "/ues/ue-1/radio", {"sinrDb": sinr_db})
    assert receiver.until(lambda: len(receiver.events(session_id)) > before)


@pytest.mark.parametrize(
    "jump_s",
    [pytest.param(HOUR_S, id="forward", marks=pytest.mark.chaos), pytest.param(-HOUR_S, id="back")],
)
def test_the_wall_clock_is_set_by_an_hour(
    world: World, clocks: Clocks, deaf: Receiver, jump_s: float
) -> None:
    lasting = created(world, world.receiver, 1, qosDuration=600)
    untold = created(world, deaf, 2)
    assert deaf.until(lambda: len(deaf.requests) >= 2)
    before_s = time_s(world)

    clocks.set_wall(jump_s)

    later = created(world, world.receiver, 3)
    assert world.receiver.until(lambda: world.receiver.events(later) != [])
    tries = len(deaf.requests)
    deaf.status = 204
    assert deaf.until(lambda: len(deaf.requests) > tries), "it is tried again, and soon"
    until(lambda: world.nef.control("GET", "/notifications?state=pending")["notifications"] == [])
    assert world.nef.control("GET", "/notifications?state=given_up")["notifications"] == []
    assert ids(world) == {lasting, untold, later}, "no session has ended before its time"
    until(lambda: time_s(world) > before_s)
    assert time_s(world) < before_s + HOUR_S / 2, "time has passed, and not jumped"
    hears(world, world.receiver, lasting, -30)


@pytest.mark.chaos
@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])
def test_the_wall_clock_is_set_by_an_hour_while_the_service_is_down(
    world: World, clocks: Clocks, deaf: Receiver, jump_s: float
) -> None:
    told, untold = created(world, world.receiver, 1), created(world, deaf, 2)
    assert deaf.until(lambda: len(deaf.requests) >= 2)
    hears(world, world.receiver, told, -30)
    before_s = time_s(world)
    world.kill()
    clocks.set_wall(jump_s)
    deaf.status = 204
    tries = len(deaf.requests)
    world.start()
    assert deaf.until(lambda: len(deaf.requests) > tries)
    assert ids(world) == {told, untold}
    start_s = time_s(world)
    assert start_s >= before_s - 1.5, "what was lived through is not lived through again"
    until(lambda: time_s(world) > start_s)
    hears(world, world.receiver, told, 20)
