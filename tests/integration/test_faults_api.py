"""Faults through the control API and in scenarios, and that a restart keeps them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builders.contracts import breaches
from builders.service import AF, Served, by_value, component, served, subscription
from builders.simulations import one_cell
from nef.domain.faults import TIMES, FaultName
from nef.network.simulator.parsing import schema

#: The wire's names of the times.
WIRE = {"after_s": "afterS", "lasts_s": "lastsS", "delay_s": "delayS"}
WIRE["retry_after_s"] = "retryAfterS"


@pytest.fixture
def nef() -> Iterator[Served]:
    with served() as service:
        yield service


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    """A service for tests that leave no session, no notification and no fault behind."""
    with served() as service:
        yield service


def faults(nef: Served) -> dict[str, dict[str, Any]]:
    return {fault["name"]: fault for fault in nef.control("GET", "/faults")["faults"]}


def told(nef: Served) -> list[list[str]]:
    notes = nef.control("GET", "/notifications")["notifications"]
    return [note["events"] for note in reversed(notes)]


def test_no_fault_is_set_until_somebody_sets_it_and_all_are_named(nef: Served) -> None:
    listed = nef.control("GET", "/faults")
    assert listed == {"faults": [], "names": [name.value for name in FaultName]}
    for _ in range(3):
        nef.create()
    nef.step(10)
    assert told(nef) == [["SUCCESSFUL_RESOURCES_ALLOCATION"]] * 3


@pytest.mark.parametrize("name", list(FaultName))
def test_a_fault_is_set_shown_triggered_and_cleared(shared: Served, name: FaultName) -> None:
    made = shared.control("PUT", f"/faults/{name}", {"probability": 0.5, "afId": "af-9"})
    times = {WIRE[time]: value for time, value in TIMES[name].items()}
    assert made == times | {
        "name": name,
        "probability": 0.5,
        "timesLeft": 0,
        "occasions": 0,
        "strikes": 0,
        "fromS": 0,
        "afId": "af-9",
    }
    assert breaches("simulator.yaml", "Fault", made) == []
    assert faults(shared) == {name: made}
    triggered = shared.control("POST", f"/faults/{name}/trigger", {"times": 3})
    assert triggered == made | {"timesLeft": 3}
    assert shared.http.delete(f"/simulator/v1/faults/{name}").status_code == 204
    assert faults(shared) == {}


def test_a_fault_that_is_not_set_can_be_triggered_and_all_are_cleared_at_once(nef: Served) -> None:
    nef.control("POST", "/faults/resources-refused/trigger", {})
    nef.control("PUT", "/faults/notification-lost", {"probability": 0.1})
    assert nef.http.post(AF, json=subscription()).status_code == 403
    assert nef.http.post(AF, json=subscription()).status_code == 201
    assert faults(nef)["resources-refused"]["strikes"] == 1
    assert nef.http.delete("/simulator/v1/faults").status_code == 204
    assert faults(nef) == {}


@pytest.mark.parametrize(
    ("name", "body", "param"),
    [
        ("response-slow", {"probability": 1.5}, "/probability"),
        ("response-slow", {"times": -1}, "/times"),
        ("response-slow", {"ueId": "ue-1"}, "/ueId"),
        ("response-slow", {"retryAfterS": 1}, "/retryAfterS"),
        ("bearer-lost", {"fromS": 5, "untilS": 5}, "/untilS"),
        ("bearer-lost", {"delayS": 1}, "/delayS"),
        ("bearer-lost", {"ueId": "nobody"}, "/ueId"),
        ("bearer-lost", {"seed": -1}, "/seed"),
        ("bearer-lost", {"seed": 2**40}, "/seed"),
        ("bearer-lost", {"fromS": 1e12}, "/fromS"),
        ("bearer-lost", {"probabilty": 1}, "/probabilty"),
    ],
)
def test_what_makes_no_sense_of_a_fault_is_refused_and_named(
    shared: Served, name: str, body: dict[str, Any], param: str
) -> None:
    response = shared.http.put(f"/simulator/v1/faults/{name}", json=body)
    assert response.status_code == 400
    assert [wrong["param"] for wrong in response.json()["invalidParams"]] == [param]
    assert faults(shared) == {}


def test_a_name_that_no_fault_has_is_not_found_and_those_that_are_are_listed(
    shared: Served,
) -> None:
    for method, path in (("PUT", ""), ("DELETE", ""), ("POST", "/trigger")):
        body: dict[str, Any] | None = None if method == "DELETE" else {}
        response = shared.http.request(method, f"/simulator/v1/faults/rain{path}", json=body)
        assert response.status_code == 404
        assert "bearer-lost" in response.json()["detail"]


PLANNED = [
    {"name": "bearer-lost", "times": 1, "from_s": 10, "ue": "ue-1", "lasts_s": 3},
    {"name": "too-many-requests", "probability": 0.25, "af": "af-2", "retry_after_s": 4},
]


def test_a_scenario_brings_its_faults_and_a_reset_brings_them_again(nef: Served) -> None:
    document = one_cell() | {"faults": PLANNED}
    nef.control("PUT", "/simulation", {"document": document, "mode": "manual"})
    assert set(faults(nef)) == {"bearer-lost", "too-many-requests"}
    nef.create()
    nef.step(9)
    assert told(nef) == [["SUCCESSFUL_RESOURCES_ALLOCATION"]]
    nef.step(1)
    nef.step(3)
    assert told(nef)[1:] == [["LOSS_OF_BEARER"], ["RECOVERY_OF_BEARER"]]
    nef.control("DELETE", "/faults/too-many-requests")
    nef.control("PUT", "/faults/response-slow", {})
    assert faults(nef)["bearer-lost"]["timesLeft"] == 0
    nef.control("POST", "/simulation/reset")
    assert {name: f["timesLeft"] for name, f in faults(nef).items()} == {
        "bearer-lost": 1,
        "too-many-requests": 0,
    }
    nef.control("PUT", "/simulation", {"scenario": "steady"})
    assert faults(nef) == {}


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ([{"name": "rain"}], "/document/faults/0/name"),
        ([{"name": "bearer-lost", "ue": "nobody"}], "/document/faults/0/ue"),
        ([{"name": "response-slow", "ue": "ue-1"}], "/document/faults/0/ue"),
        ([{"name": "response-slow", "after_s": 1}], "/document/faults/0/after_s"),
        ([{"name": "bearer-lost", "from_s": 2, "until_s": 1}], "/document/faults/0/until_s"),
        ([{"name": "bearer-lost"}, {"name": "bearer-lost"}], "/document/faults/0/name"),
    ],
)
def test_a_scenario_whose_faults_make_no_sense_is_refused(
    shared: Served, wrong: list[dict[str, Any]], pointer: str
) -> None:
    document = one_cell() | {"faults": wrong}
    response = shared.http.put("/simulator/v1/simulation", json={"document": document})
    assert response.status_code == 400
    assert response.json()["invalidParams"][0]["param"] == pointer


def test_the_schema_of_scenarios_names_every_fault() -> None:
    assert schema()["$defs"]["fault"]["properties"]["name"]["enum"] == [n.value for n in FaultName]


def statuses(nef: Served, count: int) -> list[int]:
    return [nef.http.get(AF).status_code for _ in range(count)]


def test_a_restart_goes_on_with_the_faults_their_chances_and_what_is_still_demanded(
    tmp_path: Path,
) -> None:
    with served(seed=5) as nef:
        nef.control("PUT", "/faults/service-unavailable", {"probability": 0.4})
        uninterrupted = statuses(nef, 40)
    url = f"sqlite:///{tmp_path / 'nef.sqlite3'}"
    with served(seed=5, database_url=url) as nef:
        nef.control("PUT", "/faults/service-unavailable", {"probability": 0.4})
        nef.control("POST", "/faults/resources-refused/trigger", {"times": 2})
        first = statuses(nef, 20)
        before = faults(nef)
    with served(database_url=url) as nef:
        assert faults(nef) == before
        assert first + statuses(nef, 20) == uninterrupted
        assert set(uninterrupted) == {200, 503}
        nef.control("DELETE", "/faults/service-unavailable")
        created = [nef.http.post(AF, json=subscription()).status_code for _ in range(3)]
        assert created == [403, 403, 201]


def test_a_bearer_that_was_lost_recovers_after_a_restart_and_is_told_of_once(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'nef.sqlite3'}"
    with served(database_url=url) as nef:
        nef.create()
        nef.control("PUT", "/faults/bearer-lost", {"times": 1, "lastsS": 5})
        assert nef.control("GET", "/flows")["flows"] == []
    with served(database_url=url) as nef:
        nef.step(4)
        assert told(nef)[1:] == [["LOSS_OF_BEARER"]]
        nef.step(1)
        assert told(nef)[1:] == [["LOSS_OF_BEARER"], ["RECOVERY_OF_BEARER"]]
        assert len(nef.control("GET", "/flows")["flows"]) == 1


def test_a_lost_bearer_leaves_the_measurements_of_its_session_unharmed(nef: Served) -> None:
    monitored = by_value(
        component(1, "5 Mbps"),
        usageThreshold={"totalVolume": 1000},
        qosMonDatRate={"reqQosMonParams": ["DOWNLINK_DATA_RATE"], "repFreqs": ["PERIODIC"],
                       "repPeriod": 1},
    )  # fmt: skip
    response = nef.http.post(AF, json=monitored)
    assert response.status_code == 201, response.text
    nef.control("POST", "/faults/bearer-lost/trigger", {})
    for _ in range(4):
        nef.step(1)
    assert ["LOSS_OF_BEARER"] in told(nef)
    assert ["RECOVERY_OF_BEARER"] in told(nef)


def test_a_deleted_session_takes_its_broken_bearers_with_it(nef: Served) -> None:
    document = nef.create()
    nef.control("PUT", "/faults/bearer-lost", {"times": 1, "lastsS": 5})
    assert nef.http.delete(nef.path(document)).status_code == 204
    nef.step(10)
    assert nef.control("GET", "/flows")["flows"] == []
    assert nef.http.get(AF).json() == []
