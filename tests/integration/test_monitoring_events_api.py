"""Monitoring events over HTTP: asked for, told, changed and ended, also across a restart."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from builders.contracts import breaches
from builders.monitoring_events import (
    AF,
    EXTERNAL_ID,
    LOCATION,
    LOSS,
    MSISDN,
    REACHABILITY,
    body,
    create,
    group_body,
    with_group,
)
from builders.receivers import Receiver, receiving
from builders.service import Served, served

PATCH = {"content-type": "application/json-patch+json"}
DOCUMENT = "monitoring-event.yaml"


@pytest.fixture
def nef() -> Iterator[Served]:
    with served() as service:
        service.control("PUT", "/simulation", {"document": with_group()})
        yield service


@pytest.fixture
def af() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def ask(nef: Served, document: dict[str, Any]) -> dict[str, Any]:
    """Ask for a single report."""
    response = nef.http.post(AF, json={**document, "maximumNumberOfReports": 1})
    assert response.status_code == 200, response.text
    assert "location" not in response.headers
    report: dict[str, Any] = response.json()
    return report


def attach(nef: Served, attached: bool, ue_id: str = "ue-1") -> None:
    nef.control("PUT", f"/ues/{ue_id}/attachment", {"attached": attached})
    nef.step(1)


def events(nef: Served) -> list[tuple[str, ...]]:
    notes = nef.control("GET", "/notifications")["notifications"]
    return [tuple(note["events"]) for note in reversed(notes)]


def deliver(nef: Served) -> None:
    while nef.nef.services.deliveries.deliver():
        pass


def told(af: Receiver) -> list[dict[str, Any]]:
    """Every notification so far; each keeps the contract."""
    bodies = [document for _, _, document in af.requests]
    for document in bodies:
        assert breaches(DOCUMENT, "MonitoringNotification", document) == []
    return bodies


def test_a_ue_is_located_once(nef: Served) -> None:
    report = ask(nef, body(LOCATION))
    assert breaches(DOCUMENT, "MonitoringEventReport", report) == []
    assert report["locationInfo"]["cellId"] == "001-01-000000001"
    assert report["msisdn"] == MSISDN
    assert nef.http.get(AF).json() == []


def test_who_asks_by_an_address_learns_no_number(nef: Served) -> None:
    report = ask(nef, body(LOCATION, msisdn=None, ipv4Addr="10.45.0.2"))
    assert {"msisdn", "externalId"}.isdisjoint(report)


def test_a_group_is_located_once_with_the_name_of_each_member(nef: Served) -> None:
    answer = ask(nef, group_body(LOCATION, accuracy="PLMN"))
    assert breaches(DOCUMENT, "MonitoringEventReports", answer) == []
    reports = answer["monitoringEventReports"]
    named = [(one.get("msisdn"), one.get("externalId")) for one in reports]
    assert named == [(MSISDN, None), (None, EXTERNAL_ID)]


def test_losses_and_returns_are_told_in_order_until_all_reports_are_made(
    nef: Served, af: Receiver
) -> None:
    asked = body(
        REACHABILITY,
        addnMonTypes=[LOSS],
        maximumNumberOfReports=2,
        notificationDestination=af.url,
    )
    made = create(nef, asked)
    for attached in (False, True, False, True):
        attach(nef, attached)
    deliver(nef)
    notifications = told(af)
    assert {document["subscription"] for document in notifications} == {made["self"]}
    reports = [report for one in notifications for report in one["monitoringEventReports"]]
    kinds = [report["monitoringType"] for report in reports]
    assert kinds == [REACHABILITY, LOSS, REACHABILITY, LOSS]
    times = [report["eventTime"] for report in reports]
    assert times == sorted(times)
    assert [report.get("lossOfConnectReason") for report in reports] == [None, 0, None, 0]
    assert nef.http.get(nef.path(made)).status_code == 404


def test_the_present_state_is_in_the_answer_where_it_is_asked_for(nef: Served) -> None:
    made = create(nef, body(LOCATION, addnMonTypes=[REACHABILITY], reachabilityType="DATA",
                            immediateRep=True))  # fmt: skip
    assert made["monitoringEventReport"]["locationInfo"]["ageOfLocationInfo"] == 0
    [other] = made["addnMonEventReports"]
    assert other["monitoringType"] == REACHABILITY
    read = nef.http.get(nef.path(made)).json()
    assert "monitoringEventReport" not in read, "it was told once"
    assert events(nef) == []


def test_an_outage_of_the_cell_is_a_loss_and_its_end_a_return(nef: Served) -> None:
    create(nef, body(LOSS, addnMonTypes=[REACHABILITY], reachabilityType="DATA"))
    nef.control("PUT", "/cells/cell-1/state", {"outage": True})
    nef.control("PUT", "/cells/cell-1/state", {"outage": False})
    assert events(nef) == [(REACHABILITY,), (LOSS,), (REACHABILITY,)]


def test_a_move_to_another_cell_is_told(nef: Served) -> None:
    create(nef, body(LOCATION))
    moved = with_group()
    moved["cells"].append({"id": "cell-2", "bandwidth_mhz": 20})
    moved["ues"][0]["cell"] = "cell-2"
    nef.control("PUT", "/simulation", {"document": moved})
    assert events(nef) == [(LOCATION,)]


def test_a_periodic_location_comes_with_each_period(nef: Served) -> None:
    create(nef, body(LOCATION, repPeriod=10, maximumNumberOfReports=2))
    for seconds in (9, 1, 9, 1, 10):
        nef.step(seconds)
    assert events(nef) == [(LOCATION,), (LOCATION,)]


def test_a_subscription_is_read_listed_replaced_and_deleted(nef: Served) -> None:
    asked = body(websockNotifConfig={"requestWebsocketUri": True}, mtcProviderId="me")
    made = create(nef, asked)
    uri = made["self"].replace("http://", "ws://", 1).replace(AF, "/notifications/monitoring/af-1")
    given = {"websockNotifConfig": {"requestWebsocketUri": True, "websocketUri": uri}}
    assert made == asked | given | {"self": made["self"]}
    assert nef.http.get(nef.path(made)).json() == made
    assert nef.http.get(AF).json() == [made]
    other = body(maximumDetectionTime=7)
    replaced = nef.http.put(nef.path(made), json=other)
    assert (replaced.status_code, replaced.json()) == (200, other | {"self": made["self"]})
    deleted = nef.http.delete(nef.path(made))
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert nef.http.get(nef.path(made)).status_code == 404
    assert nef.http.delete(nef.path(made)).status_code == 404
    assert nef.http.get(AF).json() == []


def test_the_features_of_this_api_are_negotiated(nef: Served) -> None:
    assert create(nef, body(supportedFeatures="3ff"))["supportedFeatures"] == "0"


def test_a_list_is_of_the_ues_asked_for(nef: Served) -> None:
    by_number, by_name = create(nef, body()), create(nef, body(msisdn=None, externalId=EXTERNAL_ID))

    def listed(**query: str) -> list[str]:
        response = nef.http.get(AF, params={k.replace("_", "-"): v for k, v in query.items()})
        assert response.status_code == 200, response.text
        return [one["self"] for one in response.json()]

    assert listed() == [by_number["self"], by_name["self"]]
    assert listed(ip_addrs='[{"ipv4Addr": "10.45.0.2"}]') == [by_number["self"]]
    assert listed(ip_addrs='[{"ipv6Addr": "2001:db8:45::5"}]') == [by_name["self"]]
    assert listed(ip_addrs='[{"ipv4Addr": "10.45.0.2"}]', ip_domain="lab") == []
    assert listed(mac_addrs="00-11-22-33-44-55") == []
    refused = nef.http.get(AF, params={"ip-domain": "lab"})
    assert refused.json()["invalidParams"][0]["param"] == "ip-domain"


def test_members_of_a_group_are_left_out_and_taken_back(nef: Served) -> None:
    made = create(nef, group_body())
    patch = [{"op": "add", "path": "/excludedMsisdns", "value": [MSISDN]}]
    response = nef.http.patch(nef.path(made), content=orjson.dumps(patch), headers=PATCH)
    assert (response.status_code, response.content) == (204, b"")
    assert nef.http.get(nef.path(made)).json() == made | {"excludedMsisdns": [MSISDN]}
    attach(nef, False, "ue-1")
    assert events(nef) == []
    attach(nef, False, "ue-4")
    assert events(nef) == [(LOSS,)]


def test_reports_that_were_held_back_are_the_answer_to_delete(nef: Served) -> None:
    made = create(nef, group_body(groupReportGuardTime=60))
    attach(nef, False)
    response = nef.http.delete(nef.path(made))
    assert response.status_code == 200
    [report] = response.json()
    assert breaches(DOCUMENT, "MonitoringEventReport", report) == []
    assert (report["monitoringType"], report["msisdn"]) == (LOSS, MSISDN)


def test_a_trial_is_sent_where_it_is_asked_for(nef: Served, af: Receiver) -> None:
    made = create(nef, body(requestTestNotification=True, notificationDestination=af.url))
    deliver(nef)
    assert told(af) == [{"subscription": made["self"]}]


def test_another_af_has_no_part_in_it(nef: Served) -> None:
    made = create(nef, body())
    path = nef.path(made).replace("af-1", "af-2")
    assert nef.http.get(AF.replace("af-1", "af-2")).json() == []
    answers = [
        nef.http.get(path),
        nef.http.put(path, json=body()),
        nef.http.delete(path),
        nef.http.patch(path, content=b'[{"op": "remove", "path": "/addedMsisdns"}]', headers=PATCH),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Any]:
    """Start a service on the same database, again and again."""
    url = f"sqlite:///{tmp_path / 'nef.sqlite3'}"
    return lambda: served(database_url=url, scenario="steady")


def test_each_thing_is_told_once_in_order_also_across_a_restart(start: Callable[..., Any]) -> None:
    with start() as nef:
        made = create(nef, body(LOSS, addnMonTypes=[REACHABILITY], reachabilityType="DATA",
                                maximumNumberOfReports=2))  # fmt: skip
        attach(nef, False)
        assert events(nef) == [(REACHABILITY,), (LOSS,)]
    with start() as nef:
        nef.step(1)
        assert events(nef) == [(REACHABILITY,), (LOSS,)], "it is still lost, which was told"
        assert nef.http.get(nef.path(made)).json() == made
        attach(nef, True)
    with start() as nef:
        nef.step(1)
        attach(nef, False)
        assert events(nef) == [(REACHABILITY,), (LOSS,), (REACHABILITY,), (LOSS,)]
        assert nef.http.get(nef.path(made)).status_code == 404, "two reports of each were made"


def test_a_loss_that_has_begun_is_told_after_its_time_also_across_a_restart(
    start: Callable[..., Any],
) -> None:
    with start() as nef:
        create(nef, body(maximumDetectionTime=10))
        attach(nef, False)
        nef.step(4)
    with start() as nef:
        nef.step(4)
        assert events(nef) == []
        nef.step(2)
        assert events(nef) == [(LOSS,)]
