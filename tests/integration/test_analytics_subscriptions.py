"""Analytics over HTTP: each kind of report keeps the contract, each crossing is told once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from builders.analytics_requests import (
    AF,
    AHEAD,
    BEFORE,
    CONDITIONS,
    DOCUMENT,
    FETCH,
    create,
    crossing,
    fetched,
    question,
    subscription,
)
from builders.contracts import breaches
from builders.receivers import Receiver, receiving
from builders.service import Served, served

EVERY_SECOND = {"notifMethod": "PERIODIC", "repPeriod": 1}
EVENTS = list(CONDITIONS)


@pytest.fixture
def nef() -> Iterator[Served]:
    with served(scenario="busy-cell") as service:
        yield service


@pytest.fixture
def af() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def deliver(nef: Served) -> None:
    """Send all that waits."""
    while nef.nef.services.deliveries.deliver(100):
        pass


def step(nef: Served, *seconds: float) -> None:
    """Let time pass, and send what there is to be told."""
    for some in seconds:
        nef.step(some)
        deliver(nef)


def told(af: Receiver) -> list[dict[str, Any]]:
    """The reports of events so far, in order; each notification keeps the contract."""
    for _, _, body in af.requests:
        assert breaches(DOCUMENT, "AnalyticsEventNotification", body) == []
    return [one for _, _, body in af.requests for one in body["analyEventNotifs"]]


def rates(af: Receiver) -> list[str]:
    return [one["dnPerfInfos"][0]["dnPerf"][0]["perfData"]["avgTrafficRate"] for one in told(af)]


# --- every kind of report keeps the contract ---


INFOS = {
    "DN_PERFORMANCE": "dnPerfInfos",
    "E2E_DATA_VOL_TRANS_TIME": "dataVlTrnsTmIfs",
    "QOS_SUSTAINABILITY": "qosSustainInfos",
    "CONGESTION": "congestInfos",
    "NETWORK_PERFORMANCE": "nwPerfInfos",
    "UE_MOBILITY": "ueMobilityInfos",
    "UE_COMM": "ueCommInfos",
}


@pytest.mark.parametrize("window", [AHEAD, BEFORE])
@pytest.mark.parametrize("event", EVENTS)
def test_each_kind_of_report_keeps_the_contract(
    nef: Served, af: Receiver, event: str, window: dict[str, Any]
) -> None:
    nef.step(12)
    asked = question(event, window)
    create(nef, subscription(asked, to=af.url, analyRepInfo=EVERY_SECOND))
    step(nef, 1, 1)
    assert [one["analyEvent"] for one in told(af)] == [event] * 2
    assert all(one[INFOS[event]] for one in told(af))
    assert {body["notifId"] for _, _, body in af.requests} == {"n-1"}


@pytest.mark.parametrize("window", [None, AHEAD, BEFORE])
@pytest.mark.parametrize("event", [e for e in EVENTS if e != "E2E_DATA_VOL_TRANS_TIME"])
def test_each_kind_of_fetch_keeps_the_contract(
    nef: Served, event: str, window: dict[str, Any] | None
) -> None:
    nef.step(12)
    response = nef.http.post(FETCH, json=fetched(event, window))
    if event == "UE_COMM" and window is None:
        assert response.status_code == 204, "traffic takes time, and a moment has none"
        return
    assert response.status_code == 200, response.text
    assert breaches(DOCUMENT, "AnalyticsData", response.json()) == []
    assert response.json()[INFOS[event]]


def test_all_kinds_at_once_are_answered_in_one_report(nef: Served, af: Receiver) -> None:
    nef.step(12)
    every = subscription(
        *(question(event, AHEAD) for event in EVENTS),
        to=af.url,
        analyRepInfo=EVERY_SECOND | {"immRep": True},
    )
    made = create(nef, every)
    assert [one["analyEvent"] for one in made["eventNotifis"]] == EVENTS
    step(nef, 1)
    assert [one["analyEvent"] for one in told(af)] == EVENTS
    assert len(af.requests) == 1


def test_a_question_asked_once_and_immediately_is_answered_in_the_answer(nef: Served) -> None:
    body = subscription(
        question("E2E_DATA_VOL_TRANS_TIME"),
        analyRepInfo={"notifMethod": "ONE_TIME", "immRep": True},
    )
    made = create(nef, body)
    [report] = made["eventNotifis"]
    [info] = report["dataVlTrnsTmIfs"]
    [slot] = info["e2eDataVolTransTimes"]
    [ue] = slot["e2eDataVolTransTimePerUe"]
    assert ue["dataVolTransTime"]["avgTransTimeDl"] > 0
    assert nef.http.get(AF).json() == [], "nothing is kept"


def test_what_was_needed_yesterday_fails_beside_what_is_not_offered(nef: Served) -> None:
    late = question("CONGESTION", {"timeAnaNeeded": "2020-01-01T00:00:00Z"})
    strange = {"analyEvent": "WLAN_PERFORMANCE", "tgtUe": {"anyUeInd": True}}
    made = create(nef, subscription(question("DN_PERFORMANCE"), late, strange))
    failed = {one["event"]: one["failureCode"] for one in made["failEventReports"]}
    assert failed == {
        "WLAN_PERFORMANCE": "OTHER",
        "CONGESTION": "UNSATISFIED_REQUESTED_ANALYTICS_TIME",
    }
    assert nef.http.get(nef.path(made)).json()["failEventReports"] == made["failEventReports"]


def test_a_test_notification_is_sent_at_once(nef: Served, af: Receiver) -> None:
    made = create(nef, subscription(to=af.url, requestTestNotification=True))
    deliver(nef)
    [(_, _, body)] = af.requests
    assert body == {"subscription": made["self"]}


# --- crossings: once each, in order, also across a restart ---


def test_each_crossing_is_told_once_and_in_order(nef: Served, af: Receiver) -> None:
    nef.control("PUT", "/simulation", {"scenario": "fading-ue"})
    create(nef, subscription(crossing("50 Mbps"), to=af.url))
    step(nef, *[0.5] * 60)
    found = rates(af)
    assert [rate.endswith("Mbps") and float(rate.split()[0]) >= 50 for rate in found] == [
        False,
        True,
    ]
    step(nef, *[0.5] * 20)
    assert len(rates(af)) == 2


@pytest.mark.parametrize(("direction", "expected"), [("DESCENDING", 1), ("ASCENDING", 1)])
def test_crossings_of_the_other_direction_are_not_told(
    nef: Served, af: Receiver, direction: str, expected: int
) -> None:
    nef.control("PUT", "/simulation", {"scenario": "fading-ue"})
    create(nef, subscription(crossing("50 Mbps", direction), to=af.url))
    step(nef, *[0.5] * 60)
    assert len(rates(af)) == expected


@pytest.fixture
def start(tmp_path: Path) -> Callable[[], Any]:
    """Start a service on the same database, again and again."""
    url = f"sqlite:///{tmp_path / 'nef.sqlite3'}"
    return lambda: served(database_url=url, scenario="fading-ue")


@pytest.mark.parametrize("restarts_s", [(4, 4, 4, 4, 4, 4, 4), (9,), (8, 6, 6, 4), (0.5,) * 12])
def test_crossings_are_told_once_each_across_restarts(
    start: Callable[[], Any], af: Receiver, restarts_s: tuple[float, ...]
) -> None:
    thresholds = ["100 Mbps", "50 Mbps", "10 Mbps"]
    asked = question("DN_PERFORMANCE", reptThlds=[{"avgTrafficRate": one} for one in thresholds])
    with start() as nef:
        create(nef, subscription(asked, to=af.url))
    for seconds in restarts_s:
        with start() as nef:
            step(nef, *[0.5] * round(seconds / 0.5))
    with start() as nef:
        step(nef, *[0.5] * round((40 - sum(restarts_s)) / 0.5))
    found = [float(rate.split()[0]) for rate in rates(af)]
    assert [round(mbps) for mbps in found] == [34, 7, 34, 121], "down in two steps, and up again"


def test_what_was_not_delivered_before_a_restart_is_delivered_after_it(
    start: Callable[[], Any], af: Receiver
) -> None:
    with start() as nef:
        create(nef, subscription(crossing("50 Mbps"), to=af.url))
        for _ in range(60):
            nef.step(0.5)
        assert af.requests == []
    with start() as nef:
        deliver(nef)
        step(nef, 1)
        assert len(rates(af)) == 2


def test_a_period_goes_on_across_a_restart(start: Callable[[], Any], af: Receiver) -> None:
    every_ten = {"notifMethod": "PERIODIC", "repPeriod": 10, "maxReportNbr": 2}
    with start() as nef:
        create(nef, subscription(to=af.url, analyRepInfo=every_ten))
        step(nef, 6)
    with start() as nef:
        step(nef, 3.5)
        assert len(told(af)) == 0
        step(nef, 1)
        assert len(told(af)) == 1
    with start() as nef:
        step(nef, 9, 1, 10, 10)
        assert len(told(af)) == 2
        assert nef.http.get(AF).json() == []


# --- one AF's own ---


def test_what_was_made_is_read_listed_and_ended(nef: Served) -> None:
    made = create(nef, subscription(suppFeat="0"))
    assert nef.http.get(nef.path(made)).json() == made
    assert nef.http.get(AF).json() == [made]
    assert nef.http.delete(nef.path(made)).status_code == 204
    assert nef.http.get(nef.path(made)).status_code == 404
    assert nef.http.get(AF).json() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_af_finds_nothing(nef: Served, method: str) -> None:
    made = create(nef, subscription())
    path = nef.path(made).replace("af-1", "thief")
    body = subscription() if method == "PUT" else None
    assert nef.http.request(method, path, json=body).status_code == 404
    assert nef.http.get(AF.replace("af-1", "thief")).json() == []
    assert nef.http.get(nef.path(made)).json() == made


def test_a_put_changes_what_is_told_and_where(nef: Served, af: Receiver) -> None:
    made = create(nef, subscription(to="http://127.0.0.1:9/nobody", analyRepInfo=EVERY_SECOND))
    nef.step(1)
    changed = subscription(question("CONGESTION"), to=af.url, notifId="n-2")
    response = nef.http.put(nef.path(made), json=changed | {"analyRepInfo": EVERY_SECOND})
    assert response.status_code == 200, response.text
    assert breaches(DOCUMENT, "AnalyticsExposureSubsc", response.json()) == []
    assert response.json()["self"] == made["self"]
    assert nef.http.get(nef.path(made)).json() == response.json()
    step(nef, 1)
    assert [one["analyEvent"] for one in told(af)] == ["DN_PERFORMANCE", "CONGESTION"]


def test_after_a_delete_nothing_is_sent_any_more(nef: Served, af: Receiver) -> None:
    made = create(nef, subscription(to=af.url, analyRepInfo=EVERY_SECOND))
    step(nef, 1)
    assert len(told(af)) == 1
    nef.step(1)  # this one waits when it is deleted
    assert nef.http.delete(nef.path(made)).status_code == 204
    step(nef, 1, 1)
    assert len(told(af)) == 1


def test_a_group_is_reported_together_and_an_empty_one_is_none(nef: Served) -> None:
    document = {
        "name": "mine",
        "cells": [{"id": "cell-1", "bandwidth_mhz": 20}],
        "groups": [{"id": "cars@example.com", "ues": ["ue-1", "ue-2"]}],
        "ues": [
            {"id": f"ue-{n}", "gpsi": f"msisdn-1000{n}", "supi": f"imsi-00101000000000{n}"}
            | {"ipv4": f"10.45.0.{n}", "cell": "cell-1", "radio": {"sinr_db": 20}}
            for n in (1, 2)
        ],
    }
    nef.control("PUT", "/simulation", {"document": document})
    asked = fetched("DN_PERFORMANCE") | {"tgtUe": {"exterGroupId": "cars@example.com"}}
    data = nef.http.post(FETCH, json=asked).json()["dnPerfInfos"][0]["dnPerf"][0]["perfData"]
    assert data["numOfUe"] == 2
    asked["tgtUe"] = {"exterGroupId": "nobody@example.com"}
    response = nef.http.post(FETCH, json=asked)
    assert response.status_code == 404, response.text
    assert [one["param"] for one in response.json()["invalidParams"]] == ["/tgtUe/exterGroupId"]
