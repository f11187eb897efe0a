"""Planned transfers over HTTP: windows are offered when the cell is idle, and kept or warned of."""

from collections.abc import Iterator
from typing import Any

import pytest

from builders.contracts import breaches
from builders.plans import AF, CELL, DOCUMENT, Planning, busy_then_idle, times, ue
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


# --- what is offered ---


def test_the_windows_are_those_in_which_the_cell_is_idle_the_longest_first(
    planning: Planning,
) -> None:
    plan = planning.create()
    assert planning.windows(plan["pdtqPolicies"]) == [(20, 60), (70, 100)]
    assert [one["pdtqPolicyId"] for one in plan["pdtqPolicies"]] == [1, 2]
    assert "selectedPolicy" not in plan
    assert plan["referenceId"]
    assert plan["warnNotifEnabled"] is False


def test_windows_are_cut_to_the_desired_times(planning: Planning) -> None:
    plan = planning.create((10, 30), (25, 40), (95, 99), (50, 65))
    assert planning.windows(plan["pdtqPolicies"]) == [(20, 40), (50, 60), (95, 99)]


def test_what_of_the_desired_times_is_over_is_not_offered(planning: Planning) -> None:
    planning.nef.step(30)
    plan = planning.create((0, 10), (5, 59))
    assert planning.windows(plan["pdtqPolicies"]) == [(30, 59)]


def test_of_two_that_are_as_long_the_emptier_comes_first(planning: Planning) -> None:
    plan = planning.create((25, 50), (70, 95))
    assert planning.windows(plan["pdtqPolicies"]) == [(70, 95), (25, 50)]


def test_little_fits_at_any_time(planning: Planning) -> None:
    plan = planning.create(qosParamSet={"gfbrDl": "1 Mbps"}, numberOfUEs=1)
    assert planning.windows(plan["pdtqPolicies"]) == [(0, 100)]


def test_in_the_window_the_sessions_are_granted_and_before_it_they_are_not(
    nef: Served, planning: Planning
) -> None:
    plan = planning.create()
    [(from_s, _), _] = planning.windows(plan["pdtqPolicies"])
    refused = [nef.http.post(SESSIONS, json=session(n)).status_code for n in (1, 2)]
    assert 403 in refused
    for document in nef.http.get(SESSIONS).json():
        nef.http.delete(nef.path(document))
    nef.step(from_s)
    assert [nef.http.post(SESSIONS, json=session(n)).status_code for n in (1, 2)] == [201, 201]


def test_a_plan_by_name_is_for_a_profile_of_the_operator(planning: Planning) -> None:
    plan = planning.create(qosParamSet=None, qosReference="model-weights", numberOfUEs=1)
    assert planning.windows(plan["pdtqPolicies"]) == [(20, 60), (70, 100)]
    assert plan["qosReference"] == "model-weights"


@pytest.mark.parametrize(
    "changes",
    [
        {"qosParamSet": {"gfbrDl": "900 Mbps"}, "altQosParamSets": [{"gfbrDl": "30 Mbps"}]},
        {
            "qosParamSet": {"gfbrDl": "900 Mbps"},
            "altQosParamSets": [
                {"gfbrDl": "800 Mbps"},
                {"gfbrDl": "32 Mbps"},
                {"gfbrDl": "1 Mbps"},
            ],
        },
        {
            "qosParamSet": None,
            "qosReference": "model-weights",
            "altQosRefs": ["model-weights-medium", "model-weights-small"],
            "numberOfUEs": 3,
        },
    ],
)
def test_where_the_first_qos_fits_nowhere_the_windows_are_for_the_best_alternative(
    planning: Planning, changes: dict[str, Any]
) -> None:
    plan = planning.create(**changes)
    assert planning.windows(plan["pdtqPolicies"]) == [(20, 60), (70, 100)]


def test_an_area_is_planned_by_its_cells(nef: Served, planning: Planning) -> None:
    document = busy_then_idle()
    document["cells"].append({"id": "cell-2", "bandwidth_mhz": 20})
    document["ues"].append(ue(4, radio={"sinr_db": 22}, cell="cell-2"))
    nef.control("PUT", "/simulation", {"document": document})
    planning.began_s = planning.now_s
    here = planning.create(locationArea5G={"nwAreaInfo": {"ncgis": [CELL]}})
    there = CELL | {"nrCellId": "000000002"}
    empty = planning.create(locationArea5G={"nwAreaInfo": {"ncgis": [there]}}, numberOfUEs=1)
    assert planning.windows(here["pdtqPolicies"]) == [(20, 60), (70, 100)]
    assert planning.windows(empty["pdtqPolicies"]) == [(0, 100)]
    assert here["locationArea5G"] == {"nwAreaInfo": {"ncgis": [CELL]}}


def test_what_the_af_wrote_is_read_again_with_what_is_not_known_left_out(
    planning: Planning,
) -> None:
    written = {
        "appId": "recognition",
        "altQosParamSets": [{"gfbrDl": "1 Mbps"}],
        "notificationDestination": "http://127.0.0.1:9/plans",
        "supportedFeatures": "7",
        "somethingNew": 1,
    }
    plan = planning.create(**written)
    assert plan == planning.read(plan)
    for name in ("appId", "altQosParamSets", "notificationDestination"):
        assert plan[name] == written[name]
    assert plan["supportedFeatures"] == "0"
    assert "somethingNew" not in plan
    assert plan["desTimeInts"] == times(planning.began_s, (0, 100))


# --- what is refused ---


def test_where_no_window_fits_the_refusal_says_what_would(nef: Served, planning: Planning) -> None:
    response = planning.ask(qosParamSet={"gfbrDl": "90 Mbps"})
    assert response.status_code == 403
    problem = response.json()
    assert problem["cause"] == "REQUESTED_SERVICE_TEMPORARILY_NOT_AUTHORIZED"
    rate = problem["detail"].split("at most ")[1].split(",")[0]
    assert nef.http.get(AF).json() == []
    planning.create(qosParamSet={"gfbrDl": rate})
    number, unit = rate.split()
    more = f"{float(number) * 1.02:.3f} {unit}"
    assert planning.ask(qosParamSet={"gfbrDl": more}).status_code == 403


def test_where_nobody_is_there_is_no_window(nef: Served, planning: Planning) -> None:
    for number in (1, 2, 3):
        nef.control("PUT", f"/ues/ue-{number}/attachment", {"attached": False})
    response = planning.ask()
    assert response.status_code == 403
    assert "no UE is attached" in response.json()["detail"]


def test_more_ues_than_are_within_reach_cannot_be_planned(nef: Served, planning: Planning) -> None:
    nef.control("PUT", "/ues/ue-1/radio", {"sinrDb": -40})
    assert planning.ask(numberOfUEs=3, qosParamSet={"gfbrDl": "1 Mbps"}).status_code == 403
    planning.create(numberOfUEs=2, qosParamSet={"gfbrDl": "1 Mbps"})


# --- what is chosen ---


def test_a_candidate_is_chosen_and_can_be_changed(planning: Planning) -> None:
    plan = planning.create()
    assert planning.choose(plan, 1)["selectedPolicy"] == 2
    assert planning.read(plan)["selectedPolicy"] == 2
    assert planning.choose(plan, 0)["selectedPolicy"] == 1
    assert planning.change(plan)["selectedPolicy"] == 1


@pytest.mark.parametrize("chosen", [0, 3, -1, 2**40])
def test_what_was_not_offered_cannot_be_chosen(planning: Planning, chosen: int) -> None:
    plan = planning.create()
    response = planning.patch(plan, selectedPolicy=chosen)
    assert response.status_code == 400
    [param] = response.json()["invalidParams"]
    assert param["param"] == "/selectedPolicy"
    assert "there are: 1, 2" in param["reason"]
    assert "selectedPolicy" not in planning.read(plan)


def test_a_window_that_has_ceased_to_fit_cannot_be_chosen_and_the_plan_offers_others(
    nef: Served, planning: Planning
) -> None:
    plan = planning.create((0, 100), qosParamSet={"gfbrDl": "1 Mbps"})
    nef.control("PUT", "/ues/ue-1/radio", {"sinrDb": -40})
    nef.control("PUT", "/ues/ue-2/radio", {"sinrDb": -40})
    chosen = plan["pdtqPolicies"][0]["pdtqPolicyId"]
    response = planning.patch(plan, selectedPolicy=chosen)
    assert (response.status_code, "selectedPolicy" in planning.read(plan)) == (403, False)


def test_plans_are_listed_and_deleted_by_their_af_alone(nef: Served, planning: Planning) -> None:
    first, second = planning.create(), planning.create((20, 40))
    assert nef.http.get(AF).json() == [first, second]
    other = AF.replace("af-1", "af-2")
    assert nef.http.get(other).json() == []
    path = nef.path(first).replace("af-1", "af-2")
    for method in ("GET", "DELETE"):
        assert nef.http.request(method, path).status_code == 404
    assert nef.http.delete(nef.path(first)).status_code == 204
    assert nef.http.delete(nef.path(first)).status_code == 404
    assert nef.http.get(AF).json() == [second]


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
