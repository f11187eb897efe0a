"""Analytics subscriptions that make no sense: refused by name."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from builders.analytics_requests import (
    AF,
    MODEL,
    create,
    question,
    subscription,
)
from builders.service import Served, served


def broken(path: str, value: Any) -> dict[str, Any]:
    """A good subscription with one thing wrong in it; None takes it away."""
    document = copy.deepcopy(
        subscription(
            question("DN_PERFORMANCE", {"offsetPeriod": 5}, reptThlds=[{"avgPacketDelay": 5}]),
            question("E2E_DATA_VOL_TRANS_TIME"),
            analyRepInfo={"notifMethod": "PERIODIC", "repPeriod": 5, "maxReportNbr": 3},
        )
    )
    *way, last = [int(part) if part.isdigit() else part for part in path.split("/")[1:]]
    node: Any = document
    for part in way:
        node = node[part]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return document


FIRST, SECOND = "/analyEventsSubs/0", "/analyEventsSubs/1"
WINDOW = f"{FIRST}/analyEventFilter/extraReportReq"
VOLUMES = f"{SECOND}/analyEventFilter/dataVlTrnsTmRqs"
PLMN = {"mcc": "001", "mnc": "01"}
NOWHERE = {"nwAreaInfo": {"ncgis": [{"plmnId": PLMN, "nrCellId": "fffffffff"}]}}


WRONG: list[tuple[str, Any, int, str]] = [
    ("/notifUri", None, 400, "/notifUri"),
    ("/notifUri", "mailto:somebody", 400, "/notifUri"),
    ("/notifUri", 5, 400, "/notifUri"),
    ("/notifId", None, 400, "/notifId"),
    ("/suppFeat", "xyz", 400, "/suppFeat"),
    ("/analyEventsSubs", [], 400, "/analyEventsSubs"),
    ("/analyEventsSubs", [{"analyEvent": "WLAN_PERFORMANCE"}], 400, f"{FIRST}/analyEvent"),
    (f"{FIRST}/analyEvent", None, 400, f"{FIRST}/analyEvent"),
    (f"{FIRST}/tgtUe", None, 400, f"{FIRST}/tgtUe"),
    (f"{FIRST}/tgtUe", {}, 400, f"{FIRST}/tgtUe"),
    (f"{FIRST}/tgtUe", {"gpsi": "msisdn-99999"}, 404, f"{FIRST}/tgtUe/gpsi"),
    (f"{FIRST}/tgtUe", {"gpsi": "nobody"}, 404, f"{FIRST}/tgtUe/gpsi"),
    (f"{FIRST}/tgtUe", {"exterGroupId": "g@x.org"}, 404, f"{FIRST}/tgtUe/exterGroupId"),
    (f"{FIRST}/analyEventFilter/locArea", {}, 400, f"{FIRST}/analyEventFilter/locArea"),
    (f"{FIRST}/analyEventFilter/locArea", NOWHERE, 400, f"{FIRST}/analyEventFilter/locArea"),
    (f"{FIRST}/analyEventFilter/reptThlds", [], 400, f"{FIRST}/analyEventFilter/reptThlds"),
    (f"{WINDOW}/offsetPeriod", 1e300, 400, f"{WINDOW}/offsetPeriod"),
    (f"{WINDOW}/offsetPeriod", -(10**30), 400, f"{WINDOW}/offsetPeriod"),
    (f"{WINDOW}/startTs", "2027-01-01T00:00:00", 400, f"{WINDOW}/startTs"),
    (f"{WINDOW}/startTs", "0001-01-01T00:00:00+23:59", 400, f"{WINDOW}/startTs"),
    (f"{WINDOW}/endTs", "9999-12-31T23:59:59-12:00", 400, f"{WINDOW}/endTs"),
    (f"{WINDOW}/maxObjectNbr", 10**30, 400, f"{WINDOW}/maxObjectNbr"),
    (
        WINDOW,
        {"startTs": "2030-01-01T00:00:01Z", "endTs": "2030-01-01T00:00:00Z"},
        400,
        f"{WINDOW}/endTs",
    ),
    (VOLUMES, [], 400, VOLUMES),
    (VOLUMES, [MODEL] * 21, 400, VOLUMES),
    (
        f"{FIRST}/analyEventFilter/reptThlds",
        [{"congLevel": 1}] * 101,
        400,
        f"{FIRST}/analyEventFilter/reptThlds",
    ),
    ("/analyEventsSubs", [question("DN_PERFORMANCE")] * 101, 400, "/analyEventsSubs"),
    (f"{VOLUMES}/0/repeatDataTrans", 10**9, 400, VOLUMES),
    (f"{VOLUMES}/0/repeatDataTrans", 0, 400, VOLUMES),
    (f"{VOLUMES}/0/dataVolume", None, 400, VOLUMES),
    (
        f"{VOLUMES}/0/dataVolume/downlinkVolume",
        10**30,
        400,
        f"{VOLUMES}/0/dataVolume/downlinkVolume",
    ),
    (f"{VOLUMES}/0/highTransTmThr", 10**30, 400, f"{VOLUMES}/0/highTransTmThr"),
    ("/analyRepInfo/maxReportNbr", 0, 400, "/analyRepInfo/maxReportNbr"),
    ("/analyRepInfo/maxReportNbr", 10**30, 400, "/analyRepInfo/maxReportNbr"),
    ("/analyRepInfo/repPeriod", None, 400, "/analyRepInfo/repPeriod"),
    ("/analyRepInfo/repPeriod", -1, 400, "/analyRepInfo/repPeriod"),
    ("/analyRepInfo/monDur", "2020-01-01T00:00:00Z", 400, "/analyRepInfo/monDur"),
    ("/analyRepInfo/monDur", "soon", 400, "/analyRepInfo/monDur"),
    ("/analyRepInfo/notifMethod", "SOMETIMES", 400, "/analyRepInfo/notifMethod"),
]


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    with served() as service:
        yield service


@pytest.mark.parametrize(("path", "value", "status", "pointer"), WRONG, ids=str)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    shared: Served, path: str, value: Any, status: int, pointer: str
) -> None:
    response = shared.http.post(AF, json=broken(path, value))
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    params = response.json()["invalidParams"]
    assert [param["param"] for param in params] == [pointer]
    assert all(param["reason"] for param in params)
    assert shared.http.get(AF).json() == []


def test_the_subscription_that_is_broken_above_is_a_good_one(shared: Served) -> None:
    made = create(shared, broken("/notifId", "good"))
    assert shared.http.delete(shared.path(made)).status_code == 204


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/unknown", 10**30),
        (f"{FIRST}/unknown", {"deep": [1e300, 10**25, None]}),
        ("/analyRepInfo/repPeriod", 1e15),
        ("/analyRepInfo/maxReportNbr", 2**53),
        (f"{WINDOW}/offsetPeriod", 10**9),
        ("/analyRepInfo/monDur", "9999-12-30T00:00:00Z"),
        ("/notifId", ""),
        ("/notifId", "\u0000\ud7ff🦉"),
    ],
)
def test_what_is_odd_is_kept_and_read_back_as_it_came(
    shared: Served, path: str, value: Any
) -> None:
    document = broken(path, value)
    response = shared.http.post(AF, json=document)
    assert response.status_code in (201, 400), response.text
    if response.status_code == 201:
        read = shared.http.get(shared.path(response.json())).json()
        assert read["notifId"] == document["notifId"]
        shared.step(1)
        assert shared.http.delete(shared.path(read)).status_code == 204
    assert shared.http.get(AF).json() == []
