"""What flows carried, reported by a user plane over HTTP, and what an AF is told of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from builders.contracts import breaches
from builders.measurements import DELAYS, asking, counted, rate_above
from builders.receivers import Receiver, receiving
from builders.service import AF, Served, by_value, component, served
from nef.schemas.notifications import notification_document

CONTRACT = "as-session-with-qos.yaml"
PATCH = {"content-type": "application/merge-patch+json"}


@pytest.fixture
def nef() -> Iterator[Served]:
    with served(scenario="fading-ue") as service:
        yield service


def create(nef: Served, **asked: Any) -> str:
    """A session of one component of 8 Mbit/s; the path of its resource."""
    response = nef.http.post(AF, json=by_value(component(2, "8 Mbps"), **asked))
    assert response.status_code == 201, response.text
    return nef.path(response.json())


def carry(nef: Served, path: str, packets: int, run: str = "run", **counts: int) -> None:
    """The user plane has carried packets of 10 000 bits since its run began."""
    flow = counted(f"{path.rsplit('/', 1)[1]}/2", packets, **{"activeMs": packets} | counts)
    nef.control("PUT", "/measurements", {"runId": run, "flows": [flow]})


def told(nef: Served, *events: str) -> list[Mapping[str, Any]]:
    """The reports in the outbox, each held against the contract."""
    notes = reversed(nef.nef.services.deliveries.find(None, None, 1000))
    bodies = [notification_document(note.notification, "http://nef.example") for note in notes]
    for body in bodies:
        assert breaches(CONTRACT, "UserPlaneNotificationData", body) == []
    reports = [report for body in bodies for report in body["eventReports"]]
    return [report for report in reports if not events or report["event"] in events]


def test_rates_are_told_by_what_was_carried_in_the_window(nef: Served) -> None:
    path = create(nef, qosMonDatRate=asking("DOWNLINK_DATA_RATE", repPeriod=1))
    carry(nef, path, 1000)
    nef.step(0.1)
    nef.step(0.9)
    nef.step(2)
    first, second, third = told(nef, "QOS_MONITORING")
    flows = [{"medCompN": 2, "fNums": [2]}]
    assert first == {
        "event": "QOS_MONITORING",
        "multiModFlows": [{"medCompN": 2, "flowIds": [2]}],
        "qosMonDatRateReps": [{"flows": flows, "dlDataRate": "5 Mbps"}],
    }
    rates = [report["qosMonDatRateReps"][0]["dlDataRate"] for report in (first, second, third)]
    # A second after 10 Mbit in one second, half of them lie in the last two; then none.
    assert rates == ["5 Mbps", "0 bps", "0 bps"]


def test_the_window_is_the_one_that_was_asked_for(nef: Served) -> None:
    asked = asking("DOWNLINK_DATA_RATE", repPeriod=1)
    path = create(nef, qosMonDatRate=asked, avrgWndw=4000)
    nef.step(0.6)
    carry(nef, path, 1000)
    nef.step(0.4)
    (report,) = told(nef, "QOS_MONITORING")
    assert report["qosMonDatRateReps"][0]["dlDataRate"] == "2.5 Mbps"


def test_delays_are_those_of_the_model_and_what_packets_waited(nef: Served) -> None:
    path = create(nef, qosMonInfo=asking(*DELAYS, repPeriod=1))
    nef.step(1)
    carry(nef, path, 100, waitUs=100 * 25_000)
    nef.step(1)
    empty, loaded = (r["qosMonReports"] for r in told(nef, "QOS_MONITORING"))
    # The uplink, and with it the round trip, is not measured.
    assert [sorted(entry) for entry in empty] == [["dlDelays"], ["pdmf"]]
    assert loaded[0]["dlDelays"] == [empty[0]["dlDelays"][0] + 25]


def test_congestion_is_told_when_it_crosses_its_threshold(nef: Served) -> None:
    asked = asking("DOWNLINK_CONGESTION", "UPLINK_CONGESTION", conThreshDl=50)
    create(nef, qosMonConReq=asked)
    nef.step(1)
    assert told(nef, "QOS_MONITORING") == []
    loud = nef.http.post(AF, json=by_value(component(1, "60 Mbps"))).json()
    nef.step(1)
    nef.step(1)
    assert nef.http.delete(nef.path(loud)).status_code == 204
    nef.step(1)
    high, low = (r["qosMonConInfoReps"] for r in told(nef, "QOS_MONITORING"))
    assert high[0]["dlConInfo"] >= 50 > low[0]["dlConInfo"]
    assert high[1] == low[1] == {"cimf": True}


def test_a_subscription_of_one_flow_names_its_flow_ids(nef: Served) -> None:
    nef.create(qosMonDatRate=asking("DOWNLINK_DATA_RATE", repPeriod=1))
    nef.step(1)
    (report,) = told(nef, "QOS_MONITORING")
    assert (report["flowIds"], "multiModFlows" in report) == ([1], False)


def test_crossings_are_told_once_and_a_wait_apart(nef: Served) -> None:
    path = create(nef, qosMonDatRate=rate_above("2 Mbps", waitTime=5))
    for packets in (0, 1000, 1000, 1000, 1000, 1000, 1000, 2000, 2000):
        carry(nef, path, packets)
        nef.step(1)
    rates = [report["qosMonDatRateReps"][0]["dlDataRate"] for report in told(nef, "QOS_MONITORING")]
    assert rates == ["5 Mbps", "0 bps"]


def test_a_volume_is_told_once_until_another_one_is_asked_for(nef: Served) -> None:
    path = create(nef, usageThreshold={"downlinkVolume": 1_250_000})
    for packets in (999, 1000, 1500):
        carry(nef, path, packets)
        nef.step(1)
    (report,) = told(nef, "USAGE_REPORT")
    assert report == {
        "event": "USAGE_REPORT",
        "accumulatedUsage": {
            "duration": 1,
            "totalVolume": 1_250_000,
            "downlinkVolume": 1_250_000,
        },
    }
    changes = {"usageThreshold": {"downlinkVolume": 2_000_000}}
    assert nef.http.patch(path, json=changes, headers=PATCH).status_code == 200
    carry(nef, path, 1700)
    nef.step(1)
    assert [r["accumulatedUsage"]["totalVolume"] for r in told(nef, "USAGE_REPORT")] == [
        1_250_000,
        2_125_000,
    ]


def test_the_answer_to_a_delete_has_the_last_usage(nef: Served) -> None:
    path = create(nef, usageThreshold={"duration": 3600})
    carry(nef, path, 100)
    carry(nef, path, 40, run="another")
    nef.step(2.5)
    response = nef.http.delete(path)
    assert response.status_code == 200
    document = response.json()
    assert breaches(CONTRACT, "UserPlaneNotificationData", document) == []
    assert document["transaction"].endswith(path)
    (report,) = document["eventReports"]
    usage = {"duration": 2, "totalVolume": 175_000, "downlinkVolume": 175_000}
    assert report == {"event": "USAGE_REPORT", "accumulatedUsage": usage}


def test_a_delete_of_a_session_that_asked_for_other_events_has_no_body(nef: Served) -> None:
    path = create(nef, usageThreshold={"duration": 3600}, events=["SESSION_TERMINATION"])
    assert nef.http.delete(path).status_code == 204


def test_the_end_of_a_session_tells_what_it_used(nef: Served) -> None:
    path = create(nef, usageThreshold={"totalVolume": 10**9}, qosDuration=3)
    carry(nef, path, 100)
    nef.step(3)
    (report,) = told(nef, "SESSION_TERMINATION")
    assert report["accumulatedUsage"]["downlinkVolume"] == 125_000


def test_only_what_was_subscribed_to_is_told(nef: Served) -> None:
    asked = {"qosMonDatRate": asking("DOWNLINK_DATA_RATE", repPeriod=1)}
    path = create(nef, events=["USAGE_REPORT"], usageThreshold={"totalVolume": 1}, **asked)
    carry(nef, path, 1)
    nef.step(1)
    assert [report["event"] for report in told(nef)] == ["USAGE_REPORT"]


def test_the_control_api_shows_what_was_counted(nef: Served) -> None:
    path = create(nef)
    carry(nef, path, 100, waitUs=100_000, longestWaitUs=5000, lastWaitUs=900, packetsLost=1)
    carry(nef, path, 50, run="another", waitUs=50_000)
    (flow,) = nef.control("GET", "/measurements")["flows"]
    assert flow == {
        "flowKey": f"{path.rsplit('/', 1)[1]}/2",
        "packetsCarried": 150,
        "bytesCarried": 187_500,
        "packetsLost": 1,
        "packetsOverflowed": 0,
        "waitUs": 150_000,
        "longestWaitUs": 5000,
        "lastWaitUs": 0,
        "activeMs": 150,
        "rateDlBps": 750_000,
        "meanWaitUs": 1000,
    }
    assert breaches("simulator.yaml", "FlowMeasurement", flow) == []


@pytest.mark.parametrize(
    "key", ["default/ue-1", "stranger/1", "no-component", "/1", "a/²", "a/-1", "a/" + "9" * 90]
)
def test_flows_that_the_network_does_not_know_are_ignored(nef: Served, key: str) -> None:
    taken = nef.control("PUT", "/measurements", {"runId": "run", "flows": [counted(key, 5)]})
    assert taken == {"flowsTaken": 0}
    assert nef.control("GET", "/measurements") == {"flows": []}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"flows": []}, "/runId"),
        ({"runId": "", "flows": []}, "/runId"),
        (
            {"runId": "run", "flows": [{"flowKey": "s/1", "packetsCarried": 1}]},
            "/flows/0/bytesCarried",
        ),
        ({"runId": "run", "flows": [counted("s/1", -1)]}, "/flows/0/packetsCarried"),
        ({"runId": "run", "flows": [counted("s/1", 1, waitUs=2**60)]}, "/flows/0/waitUs"),
    ],
)
def test_what_is_no_report_is_refused(nef: Served, body: Any, pointer: str) -> None:
    response = nef.http.put("/simulator/v1/measurements", json=body)
    assert response.status_code == 400
    assert pointer in {param["param"] for param in response.json()["invalidParams"]}


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        (
            {"qosMonInfo": {"reqQosMonParams": ["DOWNLINK"], "repFreqs": ["PERIODIC"]}},
            "/qosMonInfo/repPeriod",
        ),
        (
            {
                "qosMonDatRate": {
                    "reqQosMonParams": ["DOWNLINK_DATA_RATE"],
                    "repFreqs": ["EVENT_TRIGGERED"],
                }
            },
            "/qosMonDatRate/repThreshDatRateDl",
        ),
        ({"usageThreshold": {}}, "/usageThreshold"),
    ],
)
def test_what_could_never_be_told_is_refused(nef: Served, asked: Any, pointer: str) -> None:
    response = nef.http.post(AF, json=by_value(component(2, "8 Mbps"), **asked))
    assert response.status_code == 400
    lacks = pointer.startswith("/qosMon")  # something that is needed because of the rest
    assert response.json()["cause"] == (
        "MANDATORY_IE_MISSING" if lacks else "OPTIONAL_IE_INCORRECT"
    )
    assert [param["param"] for param in response.json()["invalidParams"]] == [pointer]
    path = create(nef)
    changed = nef.http.patch(path, json=asked, headers=PATCH)
    assert changed.status_code == 400, changed.text


# --- across a restart ---


def test_a_crossing_before_a_restart_is_not_told_again_and_one_after_it_is(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nef.sqlite3'}"
    with served(database_url=url, scenario="fading-ue") as nef:
        path = create(nef, qosMonDatRate=rate_above("2 Mbps"))
        carry(nef, path, 1000)
        nef.step(0.1)
        assert len(told(nef, "QOS_MONITORING")) == 1
    with served(database_url=url) as nef:
        nef.step(0.1)  # nobody has reported yet, which is no rate of 0
        carry(nef, path, 1000)
        nef.step(0.1)
        assert len(told(nef, "QOS_MONITORING")) == 1
        nef.step(3)
        rates = [r["qosMonDatRateReps"][0]["dlDataRate"] for r in told(nef, "QOS_MONITORING")]
        # Told as soon as it is below, while the window still holds some.
        assert rates == ["5 Mbps", "1.5 Mbps"]


@pytest.mark.parametrize("relay", ["goes on", "starts anew"])
def test_usage_counts_nothing_twice_when_the_service_or_the_user_plane_restarts(
    tmp_path: Path, relay: str
) -> None:
    url = f"sqlite:///{tmp_path / 'nef.sqlite3'}"
    with served(database_url=url, scenario="fading-ue") as nef:
        path = create(nef, usageThreshold={"totalVolume": 1_250_000})
        carry(nef, path, 600)
        nef.step(1)
    with served(database_url=url) as nef:
        if relay == "goes on":
            carry(nef, path, 600)
            carry(nef, path, 999)
        else:
            carry(nef, path, 399, run="another")
        nef.step(1)
        assert told(nef, "USAGE_REPORT") == []
        if relay == "goes on":
            carry(nef, path, 1000)
        else:
            carry(nef, path, 400, run="another")
        nef.step(1)
        nef.step(1)
        (report,) = told(nef, "USAGE_REPORT")
        assert report["accumulatedUsage"]["totalVolume"] == 1_250_000


# --- over HTTP to an AF ---


@pytest.fixture
def af() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_reports_reach_the_af_in_their_order(af: Receiver) -> None:
    with served(scenario="fading-ue") as nef:
        path = create(nef, notificationDestination=af.url, qosMonDatRate=rate_above("2 Mbps"))
        for packets in (1000, 1000, 1000, 2000):
            carry(nef, path, packets)
            nef.step(1)
        while nef.nef.services.deliveries.deliver():
            pass
    assert af.events() == ["SUCCESSFUL_RESOURCES_ALLOCATION"] + 3 * ["QOS_MONITORING"]
    rates = [report["qosMonDatRateReps"][0]["dlDataRate"] for report in af.reports()[1:]]
    assert rates == ["5 Mbps", "1.5 Mbps", "5 Mbps"]
