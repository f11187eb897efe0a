"""The control API: what a test or a demo may do to the network, and what it is shown."""

from collections.abc import Iterator
from typing import Any

import pytest

from builders.service import AF, RULE, Served, served, subscription
from builders.simulations import one_cell


@pytest.fixture
def nef() -> Iterator[Served]:
    with served(scenario="fading-ue") as service:
        yield service


def test_the_scenarios_that_ship_can_be_listed_and_each_can_be_loaded(nef: Served) -> None:
    names = nef.control("GET", "/scenarios")["scenarios"]
    assert {"steady", "fading-ue"} <= set(names)
    for name in names:
        assert nef.control("PUT", "/simulation", {"scenario": name})["scenario"] == name


def test_time_moves_by_steps_and_starts_again_with_a_reset(nef: Served) -> None:
    nef.step(2.5)
    nef.step(0.5)
    assert nef.control("GET", "/simulation")["timeS"] == pytest.approx(3.0)
    assert nef.control("POST", "/simulation/reset")["timeS"] == pytest.approx(0.0)


def test_the_moments_of_a_scenario_are_all_at_which_it_changes_by_itself(nef: Served) -> None:
    assert nef.control("GET", "/simulation/changes") == {"changesS": [8, 14, 20, 24]}
    nef.control("PUT", "/simulation", {"scenario": "busy-cell"})
    assert nef.control("GET", "/simulation/changes")["changesS"] == [5, 10, 12, 18, 20, 25]
    nef.control("PUT", "/simulation", {"scenario": "steady"})
    assert nef.control("GET", "/simulation/changes") == {"changesS": []}


def test_a_clock_that_runs_by_itself_cannot_be_stepped() -> None:
    with served(mode="real") as nef:
        response = nef.http.post("/simulator/v1/simulation/step", json={"seconds": 1})
    assert response.status_code == 409
    assert response.json()["cause"] == "RESOURCE_BUSY"


def test_a_forced_radio_changes_what_the_ue_gets_until_it_is_freed(nef: Served) -> None:
    before = nef.control("GET", "/ues/ue-1")
    forced = nef.control("PUT", "/ues/ue-1/radio", {"sinrDb": 0})
    assert (forced["sinrDb"], forced["sinrForced"]) == (0, True)
    assert forced["rateDlBps"] < before["rateDlBps"]
    assert nef.control("DELETE", "/ues/ue-1/radio") == before


def test_what_is_reported_is_what_a_session_then_gets(nef: Served) -> None:
    rate = nef.control("GET", "/ues/ue-1")["rateDlBps"]
    changes = {"qosReference": None, "flowInfo": None, "exterAppId": "a"}
    fits = subscription(**changes, tscQosReq={"reqGbrDl": f"{rate} bps", "reqPer": "1E-3"})
    more = subscription(
        **changes, tscQosReq={"reqGbrDl": f"{rate * 12 // 10} bps", "reqPer": "1E-3"}
    )
    assert nef.http.post(AF, json=more).status_code == 403
    assert nef.http.post(AF, json=fits).status_code == 201


def test_a_cell_out_of_service_covers_nobody(nef: Served) -> None:
    cell = nef.control("GET", "/ues/ue-1")["cellId"]
    assert nef.control("PUT", f"/cells/{cell}/state", {"outage": True})["outage"] is True
    assert nef.control("GET", "/ues/ue-1")["rateDlBps"] == 0
    nef.control("PUT", f"/cells/{cell}/state", {"outage": False})
    assert nef.control("GET", "/ues/ue-1")["rateDlBps"] > 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/ues/nobody", None),
        ("PUT", "/ues/nobody/radio", {"sinrDb": 3}),
        ("DELETE", "/ues/nobody/radio", None),
        ("PUT", "/ues/nobody/attachment", {"attached": False}),
        ("PUT", "/cells/nowhere/state", {"outage": True}),
    ],
)
def test_what_the_scenario_does_not_have_is_not_found(
    nef: Served, method: str, path: str, body: object
) -> None:
    response = nef.http.request(method, f"/simulator/v1{path}", json=body)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        {"scenario": "no-such-scenario"},
        {"document": {"cells": []}},
        {"document": "text"},
        {},
        {"scenario": "steady", "mode": "backwards"},
    ],
)
def test_a_scenario_that_is_not_valid_is_refused_and_the_running_one_goes_on(
    nef: Served, body: object
) -> None:
    before = nef.control("GET", "/simulation")
    response = nef.http.put("/simulator/v1/simulation", json=body)
    assert response.status_code == 400, response.text
    assert response.json()["invalidParams"]
    assert nef.control("GET", "/simulation") == before


def test_the_profiles_of_a_scenario_are_offered_while_it_runs(nef: Served) -> None:
    def offered() -> dict[str, Any]:
        found = nef.control("GET", "/qos-profiles")["qosProfiles"]
        return {one["reference"]: one for one in found}

    def asked(name: str) -> Any:
        return nef.http.post(AF, json=subscription(qosReference=name, ueIpv4Addr="10.45.0.2"))

    own = [
        {"reference": "drone", "five_qi": 3, "gbr_dl": "7 Mbps", "per": "1E-4", "priority": 12},
        {"reference": "model-weights", "five_qi": 4, "gbr_dl": "3 Mbps"},
    ]
    before = offered()
    document = one_cell({"sinr_db": 20}, ue={"ipv4": "10.45.0.2"}) | {"qos_profiles": own}
    nef.control("PUT", "/simulation", {"document": document})
    assert offered().keys() == {*before, "drone"}
    assert offered()["model-weights"] != before["model-weights"], "instead of the operator's"
    assert asked("drone").status_code == 201
    assert [flow["rateDlBps"] for flow in nef.control("GET", "/flows")["flows"]] == [7_000_000]
    nef.control("PUT", "/simulation", {"scenario": "steady"})
    assert offered() == before
    refused = asked("drone")
    assert refused.status_code == 400
    assert "no QoS profile is named 'drone'; there are: model-topology" in refused.text


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ([{"reference": "x"}], "0/five_qi"),
        ([{"reference": "x", "five_qi": 11}], "0"),
        ([{"reference": "x", "five_qi": 3, "gbr_dl": "much"}], "0/gbr_dl"),
        ([{"reference": "x", "five_qi": 3, "colour": "red"}], "0/colour"),
        ([{"reference": "x", "five_qi": 3}, {"reference": "x", "five_qi": 9}], "0/reference"),
    ],
)
def test_profiles_that_make_no_sense_are_refused_with_their_place(
    nef: Served, wrong: list[dict[str, Any]], place: str
) -> None:
    document = one_cell() | {"qos_profiles": wrong}
    response = nef.http.put("/simulator/v1/simulation", json={"document": document})
    assert response.status_code == 400
    assert response.json()["invalidParams"][0]["param"] == f"/document/qos_profiles/{place}"


def test_the_operators_catalogue_can_be_listed(nef: Served) -> None:
    profiles = nef.control("GET", "/qos-profiles")["qosProfiles"]
    weights = next(p for p in profiles if p["reference"] == "model-weights")
    assert (weights["fiveQi"], weights["per"], weights["resourceType"]) == (3, "1E-3", "GBR")


def test_notifications_can_be_looked_up_by_session_and_state(nef: Served) -> None:
    document = nef.create()
    nef.create()
    name = document["self"].rsplit("/", 1)[1]
    (note,) = nef.control("GET", f"/notifications?subscriptionId={name}")["notifications"]
    assert (note["state"], note["attempts"]) == ("pending", 0)
    assert note["events"] == ["SUCCESSFUL_RESOURCES_ALLOCATION"]
    assert len(nef.control("GET", "/notifications?state=pending")["notifications"]) == 2
    assert nef.control("GET", "/notifications?state=given_up")["notifications"] == []
    assert len(nef.control("GET", "/notifications?limit=1")["notifications"]) == 1


def test_flows_are_shown_as_the_user_plane_must_carry_them(nef: Served) -> None:
    nef.create()
    shown = nef.control("GET", "/flows?ueId=ue-1")
    (flow,) = shown["flows"]
    assert flow["filters"][0]["flowDescriptions"] == [RULE]
    assert (flow["guaranteed"], flow["level"], flow["per"]) == (True, 0, "1E-5")
    assert flow["rateDlBps"] == 1_000_000
    assert [bearer["ueId"] for bearer in shown["defaultBearers"]] == ["ue-1"]
