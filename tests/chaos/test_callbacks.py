"""Receivers that are down, hang, are slow, redirect, fail, are busy or break off."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import requests

from builders.receivers import receiving
from builders.waiting import until
from chaos.callbacks import BAD, Callbacks, Manner, callbacks
from chaos.shifted import Clocks
from chaos.wire import id_in, session, sessions_of
from chaos.world import World, a_world

pytestmark = pytest.mark.chaos

#: One of the two is for all AFs together that did not take the last one.
DELIVERERS = ("--deliverers", "2")
SLOW = (Manner.HANG, Manner.DRIP)
RATE_BPS = 1_600_000
GOOD = 12


@pytest.fixture
def clocks(tmp_path: Path) -> Clocks:
    return Clocks(tmp_path / "clocks")


@pytest.fixture
def world(tmp_path: Path, clocks: Clocks) -> Iterator[World]:
    options = ("--scenario", "steady", "--mode", "manual", *DELIVERERS)
    with a_world(tmp_path, *options, program=clocks.program) as world:
        yield world


@pytest.fixture
def afs() -> Iterator[Callbacks]:
    with callbacks() as server:
        yield server


_KEYS = count(1)


def created(world: World, af_id: str, destination: str, ue_id: str = "ue-2") -> str:
    body = session(next(_KEYS), RATE_BPS, ue_id, destination)
    response = requests.post(sessions_of(world.url, af_id), json=body, timeout=30)
    assert response.status_code == 201, response.text
    return id_in(response.headers["Location"])


def change(world: World, ue_id: str, times: int) -> None:
    """The radio of a UE goes, or comes back, so many times."""
    for number in range(times):
        world.nef.control("PUT", f"/ues/{ue_id}/radio", {"sinrDb": 20 if number % 2 else -30})


def in_state(world: World, state: str) -> list[dict[str, object]]:
    found = world.nef.control("GET", f"/notifications?state={state}&limit=1000")
    return found["notifications"]  # type: ignore[no-any-return]


def test_receivers_with_bad_manners_delay_nobody_else_and_hear_all_in_order_when_cured(
    world: World, clocks: Clocks, afs: Callbacks
) -> None:
    good = created(world, "good", afs.url(Manner.WELL), "ue-1")
    bad = {manner: created(world, manner, afs.url(manner)) for manner in BAD}
    for manner in SLOW * 5:
        created(world, manner, afs.url(manner), "ue-3")
    assert afs.until(lambda: all(afs.tried[manner] for manner in BAD))
    # By the second attempt at one of the slow the first is over, and all of them are known.
    assert afs.until(lambda: sum(afs.tried[manner] for manner in SLOW) >= 4)

    before = sum(afs.tried[manner] for manner in SLOW)
    change(world, "ue-1", GOOD)
    assert afs.until(lambda: len(afs.taken_by(Manner.WELL)) == GOOD + 1)
    held_up = sum(afs.tried[manner] for manner in SLOW) - before
    assert held_up < GOOD / 2, "nobody waits for one of the slow each time"

    change(world, "ue-2", 4)
    afs.cured.set()
    clocks.let_pass(60)
    until(lambda: not in_state(world, "pending"))
    assert in_state(world, "given_up") == []
    for manner, session_id in (bad | {Manner.WELL: good}).items():
        heard = [one for one in afs.taken_by(manner) if one.subscription_id == session_id]
        numbers = [one.number for one in heard]
        assert numbers == sorted(numbers), manner
        assert len(set(numbers)) == (GOOD if manner is Manner.WELL else 4) + 1, manner
    assert afs.tried["trap"] == 0, "a redirect leads nowhere"


def test_a_receiver_may_be_down_for_minutes_and_hears_all_in_order(
    world: World, clocks: Clocks
) -> None:
    with receiving() as once:
        url, port = once.url, once.server_port
    session_id = created(world, "af", url, "ue-1")
    change(world, "ue-1", 3)
    for minute in range(4):
        tried = attempts(world)
        assert tried > minute, "it is tried again and again"
        clocks.let_pass(60)
        until(lambda before=tried: attempts(world) > before)  # type: ignore[misc]
    assert len(in_state(world, "pending")) == 4
    with receiving(port) as back:
        clocks.let_pass(55)
        assert back.until(lambda: len(back.events(session_id)) >= 4)
        assert back.events(session_id)[0] == "SUCCESSFUL_RESOURCES_ALLOCATION"
        numbers = [int(headers["X-Notification-Id"]) for _, headers, _ in back.requests]
        assert numbers == sorted(numbers)


def test_a_receiver_that_stays_down_is_given_up_when_its_time_is_over_and_then_heard_again(
    world: World, clocks: Clocks
) -> None:
    with receiving() as once:
        url, port = once.url, once.server_port
    session_id = created(world, "af", url, "ue-1")
    change(world, "ue-1", 2)
    until(lambda: attempts(world) >= 1)
    clocks.let_pass(301)
    until(lambda: len(in_state(world, "given_up")) == 3)
    with receiving(port) as back:
        change(world, "ue-1", 1)
        assert back.until(lambda: len(back.events(session_id)) == 1)


def attempts(world: World) -> int:
    return sum(int(str(note["attempts"])) for note in in_state(world, "pending"))
