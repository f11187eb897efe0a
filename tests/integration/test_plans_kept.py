"""Plans that are chosen: kept, warned of, and ended."""

from collections.abc import Iterator
from typing import Any

import pytest

from builders.contracts import breaches
from builders.plans import CELL, DOCUMENT, Planning, busy_then_idle
from builders.receivers import Receiver, receiving
from builders.service import AF as SESSIONS
from builders.service import Served, by_value, component, served


@pytest.fixture
def nef() -> Iterator[Served]:
    with served() as service:
        service.control("PUT", "/simulation", {"document": busy_then_idle()})
        yield service


@pytest.fixture
def planning(nef: Served) -> Planning:
    return Planning(nef)


@pytest.fixture
def af() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def told(nef: Served, af: Receiver) -> list[dict[str, Any]]:
    """The warnings so far; each keeps the contract."""
    while nef.nef.services.deliveries.deliver(100):
        pass
    found = [body for _, _, body in af.requests]
    assert [fault for one in found for fault in breaches(DOCUMENT, "Notification", one)] == []
    return found


def outage(nef: Served, *, out: bool) -> None:
    nef.control("PUT", "/cells/cell-1/state", {"outage": out})


def session(number: int, rate: str = "30 Mbps") -> dict[str, Any]:
    return by_value(component(3, rate), ueIpv4Addr=f"10.45.0.{number + 1}")


# --- what is kept, and what is warned of ---


#: Another's session: it leaves too little of the loaded window, and enough of the empty one.
INTRUDER = "30 Mbps"


def intrude(nef: Served, number: int = 1, af: str = "af-2") -> Any:
    response = nef.http.post(SESSIONS.replace("af-1", af), json=session(number, INTRUDER))
    assert response.status_code == 201, response.text
    return response.json()


def warned(planning: Planning, af: Receiver, *windows: tuple[float, float]) -> dict[str, Any]:
    return planning.create(*windows, warnNotifEnabled=True, notificationDestination=af.url)


def test_a_chosen_window_that_can_no_longer_be_kept_is_warned_of_once(
    nef: Served, planning: Planning, af: Receiver
) -> None:
    plan = warned(planning, af, (20, 90))
    planning.choose(plan)
    nef.step(2)
    assert told(nef, af) == []
    nef.step(20)
    intrude(nef)
    nef.step(2)
    [warning] = told(nef, af)
    assert warning["pdtqRefId"] == plan["referenceId"]
    assert planning.windows(warning["candPolicies"]) == [(70, 90)]
    after = planning.read(plan)
    assert after["pdtqPolicies"] == warning["candPolicies"]
    assert "selectedPolicy" not in after, "what cannot be kept is no longer chosen"
    nef.step(2)
    assert len(told(nef, af)) == 1


def test_the_window_that_a_warning_offers_can_be_chosen_and_be_warned_of_again(
    nef: Served, planning: Planning, af: Receiver
) -> None:
    document = busy_then_idle()
    document["ues"][2]["background"].append(
        {"rate": "8 Mbps", "priority": 20, "from_s": 70, "until_s": 95}
    )
    nef.control("PUT", "/simulation", {"document": document})
    planning.began_s = planning.now_s
    plan = warned(planning, af)
    assert planning.windows(plan["pdtqPolicies"]) == [(20, 60), (70, 100)]
    planning.choose(plan)
    nef.step(21)
    intrude(nef)
    nef.step(2)
    chosen = planning.choose(planning.read(plan))
    assert planning.windows(chosen["pdtqPolicies"]) == [(95, 100)]
    nef.control("PUT", "/ues/ue-3/radio", {"sinrDb": -30})
    intrude(nef, 2)
    nef.step(2)
    [first, *rest] = told(nef, af)
    assert planning.windows(first["candPolicies"]) == [(95, 100)]
    assert rest == [], "nothing else can be offered, so the plan is kept as it is"
    assert planning.read(plan)["selectedPolicy"] == chosen["selectedPolicy"]


def test_before_anything_is_chosen_each_candidate_that_falls_is_warned_of(
    nef: Served, planning: Planning, af: Receiver
) -> None:
    plan = warned(planning, af)
    nef.step(20)
    made = intrude(nef)
    nef.step(2)
    [warning] = told(nef, af)
    assert planning.windows(warning["candPolicies"]) == [(70, 100)]
    ids = [one["pdtqPolicyId"] for one in plan["pdtqPolicies"]]
    assert warning["candPolicies"][0]["pdtqPolicyId"] == ids[1], "it is the same as before"
    nef.http.delete(nef.path(made).replace("af-1", "af-2"))
    nef.step(2)
    assert len(told(nef, af)) == 1, "nothing that was offered has become worse"


def test_who_does_not_want_to_be_warned_is_not_and_keeps_what_it_chose(
    nef: Served, planning: Planning, af: Receiver
) -> None:
    plan = planning.create(notificationDestination=af.url)
    planning.choose(plan)
    nef.step(20)
    intrude(nef)
    nef.step(2)
    assert told(nef, af) == []
    assert planning.read(plan)["selectedPolicy"] == 1
    planning.change(plan, warnNotifEnabled=True)
    nef.step(2)
    assert len(told(nef, af)) == 1, "it wants to be warned now, and it is not too late"


def test_warnings_go_to_where_they_are_wanted_last(
    nef: Served, planning: Planning, af: Receiver
) -> None:
    plan = planning.create(notificationDestination="http://127.0.0.1:9/x", warnNotifEnabled=True)
    planning.change(plan, notificationDestination=af.url)
    nef.step(20)
    intrude(nef)
    nef.step(2)
    assert len(told(nef, af)) == 1


def test_the_sessions_for_which_it_was_planned_do_not_disturb_the_plan(
    nef: Served, planning: Planning, af: Receiver
) -> None:
    planning.choose(warned(planning, af))
    nef.step(21)
    for number in (1, 2):
        intrude(nef, number, "af-1")
    nef.step(2)
    assert told(nef, af) == []


def test_an_outage_is_warned_of_when_there_is_something_else_to_offer(
    nef: Served, planning: Planning, af: Receiver
) -> None:
    planning.choose(warned(planning, af), 1)
    outage(nef, out=True)
    nef.step(2)
    assert told(nef, af) == [], "a warning without an offer is none in this standard"
    nef.step(70)
    outage(nef, out=False)
    nef.step(2)
    assert told(nef, af) == [], "the window is whole again as far as it is still to come"


# --- the end ---


def test_a_plan_ends_with_its_chosen_window(nef: Served, planning: Planning) -> None:
    plan = planning.choose(planning.create())
    nef.step(59)
    assert planning.exists(plan)
    nef.step(1)
    assert not planning.exists(plan)


def test_a_plan_of_which_nothing_was_chosen_ends_with_the_last_desired_time(
    nef: Served, planning: Planning
) -> None:
    plan = planning.create((0, 30), (50, 65))
    nef.step(62)
    assert planning.exists(plan)
    assert "pdtqPolicies" not in planning.read(plan), "nothing is left that could be chosen"
    nef.step(3.1)
    assert not planning.exists(plan)


def test_after_a_deletion_nothing_is_told(nef: Served, planning: Planning, af: Receiver) -> None:
    plan = warned(planning, af)
    nef.step(20)
    intrude(nef)
    nef.http.delete(nef.path(plan))
    nef.step(2)
    assert told(nef, af) == []


def test_another_scenario_without_the_cells_ends_nothing_and_breaks_nothing(
    nef: Served, planning: Planning, af: Receiver
) -> None:
    here = {"nwAreaInfo": {"ncgis": [CELL | {"nrCellId": "0000000aa"}]}}
    document = busy_then_idle(cells=[{"id": "cell-1", "bandwidth_mhz": 20, "nci": "0000000aa"}])
    nef.control("PUT", "/simulation", {"document": document})
    planning.began_s = planning.now_s
    plan = planning.create(
        locationArea5G=here, warnNotifEnabled=True, notificationDestination=af.url
    )
    nef.control("PUT", "/simulation", {"scenario": "steady"})
    nef.step(2)
    assert planning.exists(plan)
    assert told(nef, af) == []
