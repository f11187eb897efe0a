"""Planned transfers over HTTP: windows are offered when the cell is idle, and kept or warned of."""

from collections.abc import Iterator
from typing import Any

import pytest

from builders.plans import AF, CELL, Planning, busy_then_idle, times, ue
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
