"""DN_PERFORMANCE over HTTP: what the network can do for a UE."""

from collections.abc import Iterator
from typing import Any

import pytest

from builders.service import AF as SESSIONS
from builders.service import Served, by_value, component, served

FETCH = "/3gpp-analyticsexposure/v1/af-1/fetch"


@pytest.fixture
def nef() -> Iterator[Served]:
    with served(scenario="fading-ue") as service:
        yield service


def question(nef: Served, **changes: Any) -> dict[str, Any]:
    gpsi = nef.control("GET", "/ues/ue-1")["gpsi"]
    asked = {"analyEvent": "DN_PERFORMANCE", "suppFeat": "0", "tgtUe": {"gpsi": gpsi}} | changes
    return {key: value for key, value in asked.items() if value is not None}


def reported(nef: Served) -> dict[str, Any]:
    response = nef.http.post(FETCH, json=question(nef))
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["dnPerfInfos"][0]["dnPerf"][0]["perfData"]
    return data


def test_the_reported_rate_is_what_a_session_gets_and_no_more(nef: Served) -> None:
    rate = reported(nef)["avgTrafficRate"]
    number, unit = rate.split()
    more = by_value(component(2, f"{float(number) * 1.2:.3f} {unit}"))
    assert nef.http.post(SESSIONS, json=more).status_code == 403
    assert nef.http.post(SESSIONS, json=by_value(component(2, rate))).status_code == 201


def test_the_report_follows_the_radio(nef: Served) -> None:
    good = reported(nef)["avgTrafficRate"]
    nef.step(16)
    assert reported(nef)["avgTrafficRate"] != good


def test_delay_and_loss_of_the_moment_are_reported(nef: Served) -> None:
    document = nef.http.post(FETCH, json=question(nef)).json()
    assert document["start"] == document["timeStampGen"]
    assert "expiry" not in document, "a moment does not last"
    assert document["suppFeat"] == "0"
    data = reported(nef)
    assert data["avePacketDelay"] >= 1
    assert data["avgPacketLossRate"] == 1  # tenths of a per cent


@pytest.mark.parametrize(
    ("changes", "status", "pointer"),
    [
        ({"analyEvent": "WLAN_PERFORMANCE"}, 400, "/analyEvent"),
        ({"analyEvent": None}, 400, "/analyEvent"),
        ({"suppFeat": None}, 400, "/suppFeat"),
        ({"tgtUe": None}, 400, "/tgtUe"),
        ({"analyEvent": "QOS_SUSTAINABILITY"}, 400, "/analyEventFilter/qosReq"),
        ({"tgtUe": {"gpsi": "msisdn-999999999"}}, 404, "/tgtUe/gpsi"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(
    nef: Served, changes: dict[str, Any], status: int, pointer: str
) -> None:
    response = nef.http.post(FETCH, json=question(nef, **changes))
    assert response.status_code == status, response.text
    assert [param["param"] for param in response.json()["invalidParams"]] == [pointer]
