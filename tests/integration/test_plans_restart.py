"""A plan, its choice and a warning on its way survive a restart, and nothing is told twice."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from builders.plans import Planning, busy_then_idle
from builders.receivers import Receiver, receiving
from builders.service import AF as SESSIONS
from builders.service import Served, by_value, component, served


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Any]:
    """Start a service on the same database, again and again."""
    url = f"sqlite:///{tmp_path / 'nef.sqlite3'}"
    return lambda **changes: served(database_url=url, **changes)


@pytest.fixture
def af() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def deliver(nef: Served) -> None:
    while nef.nef.services.deliveries.deliver(100):
        pass


def begin(nef: Served, af: Receiver, **changes: Any) -> tuple[Planning, dict[str, Any]]:
    """A plan of which the first window was chosen: from 20 s to 60 s."""
    nef.control("PUT", "/simulation", {"document": busy_then_idle()})
    planning = Planning(nef)
    plan = planning.create(warnNotifEnabled=True, notificationDestination=af.url, **changes)
    assert planning.windows(plan["pdtqPolicies"]) == [(20, 60), (70, 100)]
    return planning, planning.choose(plan)


def session(nef: Served, number: int, af_id: str) -> None:
    body = by_value(component(3, "30 Mbps"), ueIpv4Addr=f"10.45.0.{number + 1}")
    response = nef.http.post(SESSIONS.replace("af-1", af_id), json=body)
    assert response.status_code == 201, response.text


def test_a_plan_is_as_it_was_and_goes_on(start: Callable[..., Any], af: Receiver) -> None:
    with start() as nef:
        planning, plan = begin(nef, af)
        nef.step(5)
    with start() as nef:
        again = Planning(nef, planning.began_s)
        assert again.read(plan) == plan
        nef.step(54)
        assert again.read(plan)["selectedPolicy"] == plan["selectedPolicy"]
        nef.step(1)
        assert not again.exists(plan), "its window is over"
        deliver(nef)
    assert af.requests == []


def test_a_warning_that_was_not_yet_delivered_is_delivered_once(
    start: Callable[..., Any], af: Receiver
) -> None:
    with start() as nef:
        planning, plan = begin(nef, af)
        nef.step(21)
        session(nef, 1, "af-2")
        nef.step(2)
        warned = planning.read(plan)
    assert af.requests == [], "nobody delivered it"
    with start() as nef:
        again = Planning(nef, planning.began_s)
        assert again.read(plan) == warned
        nef.step(2)
        deliver(nef)
        nef.step(2)
        deliver(nef)
    [(_, _, warning)] = af.requests
    assert warning["pdtqRefId"] == plan["referenceId"]
    assert again.windows(warning["candPolicies"]) == [(70, 100)]


def test_warnings_come_in_order_across_a_restart(start: Callable[..., Any], af: Receiver) -> None:
    with start() as nef:
        planning, plan = begin(nef, af, altQosParamSets=[{"gfbrDl": "1 Mbps"}])
        nef.step(21)
        session(nef, 1, "af-2")
        nef.step(2)
    with start() as nef:
        again = Planning(nef, planning.began_s)
        nef.control("PUT", "/ues/ue-3/radio", {"sinrDb": 4})
        nef.step(2)
        deliver(nef)
        offered = again.read(plan)["pdtqPolicies"]
    first, second = (body["candPolicies"] for _, _, body in af.requests)
    assert planning.windows(first) == [(70, 100)]
    assert second == offered != first, "only the alternative fits now"


def test_the_sessions_of_the_plan_are_still_its_own_after_a_restart(
    start: Callable[..., Any], af: Receiver
) -> None:
    with start() as nef:
        begin(nef, af)
        nef.step(21)
        session(nef, 1, "af-1")
        session(nef, 2, "af-1")
    with start() as nef:
        nef.step(2)
        deliver(nef)
    assert af.requests == []
