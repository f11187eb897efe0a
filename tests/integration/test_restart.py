"""A service that is started again on its database goes on where it was."""

from collections.abc import Callable
from typing import Any

import pytest

from builders.service import AF, Served, by_value, component, served
from fakes.clock import FakeClock

LADDER = (("medium", "8 Mbps"), ("small", "600 Kbps"))


@pytest.fixture
def start(database_url: str) -> Callable[..., Any]:
    """Start a service on the same database, again and again."""
    return lambda **changes: served(
        database_url=database_url, **({"scenario": "fading-ue"} | changes)
    )


def levels(nef: Served) -> dict[str, int | None]:
    return {flow["flowKey"]: flow["level"] for flow in nef.control("GET", "/flows")["flows"]}


def notified(nef: Served) -> list[tuple[str, ...]]:
    notes = nef.control("GET", "/notifications")["notifications"]
    return [tuple(note["events"]) for note in reversed(notes)]


def test_the_scenario_goes_on_at_its_second_and_not_from_its_beginning(
    start: Callable[..., Any],
) -> None:
    with start() as nef:
        nef.step(11)
        before = nef.control("GET", "/simulation")
    with start(scenario="steady") as nef:
        after = nef.control("GET", "/simulation")
        assert (after["scenario"], after["seed"]) == ("fading-ue", before["seed"])
        assert after["timeS"] == pytest.approx(before["timeS"])
        assert after["mode"] == "manual"


def test_sessions_and_what_they_hold_are_as_they_were(start: Callable[..., Any]) -> None:
    with start() as nef:
        for number in (1, 2, 3):
            body = by_value(component(number, "40 Mbps", *LADDER))
            assert nef.http.post(AF, json=body).status_code == 201
        nef.step(10)
        sessions, held, told = nef.http.get(AF).json(), levels(nef), notified(nef)
    assert any(held.values())
    with start() as nef:
        assert nef.http.get(AF).json() == sessions
        assert levels(nef) == held
        assert notified(nef) == told


def test_what_was_forced_upon_the_network_stays_forced(start: Callable[..., Any]) -> None:
    with start() as nef:
        cell = nef.control("GET", "/ues/ue-1")["cellId"]
        nef.control("PUT", "/ues/ue-2/radio", {"sinrDb": 12.5})
        nef.control("PUT", f"/cells/{cell}/state", {"outage": True})
    with start() as nef:
        ue = nef.control("GET", "/ues/ue-2")
        assert (ue["sinrDb"], ue["sinrForced"], ue["rateDlBps"]) == (12.5, True, 0)


def test_a_session_whose_time_ran_out_while_nobody_served_is_ended_and_told(
    start: Callable[..., Any],
) -> None:
    wall = FakeClock(1_800_000_000.0)
    with start(mode="real", now_s=wall.now_s) as nef:
        body = by_value(component(1, "1 Mbps"), qosDuration=60)
        assert nef.http.post(AF, json=body).status_code == 201
    wall.advance(100)
    with start(now_s=wall.now_s) as nef:
        assert nef.http.get(AF).json() == []
        assert notified(nef)[-1] == ("SESSION_TERMINATION",)
        assert levels(nef) == {}
