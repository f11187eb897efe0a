"""Real packets through the real relay: what the AF is told is what was carried."""

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from af_client import (
    FlowFilter,
    Measurement,
    MediaFlow,
    NefClient,
    NotificationReceiver,
    QosMonitoring,
    SessionRequest,
    UeAddress,
    Usage,
)
from builders.measurements import asking, rate_above
from builders.processes import NefProcess, start_nef
from builders.receivers import receiving
from builders.service import AF, by_value, component
from builders.userplane import UE, WEIGHTS, Network, running
from builders.waiting import until

GRANT_BPS = 1_500_000
#: A report that comes late puts what was carried into the wrong window; over so long it is little.
WINDOW_MS = 2500
PACKETS = 500
PACKET_BYTES = 1428
THRESHOLD_BYTES = 300_000


@pytest.fixture
def nef(tmp_path: Path) -> Iterator[NefProcess]:
    started = start_nef(tmp_path, "--scenario", "steady")
    yield started
    started.stop()


def weights() -> dict[str, Any]:
    rule = "permit out 17 from 10.60.0.1 7000 to 10.45.0.2 7001"
    flows = [{"flowId": 1, "flowDescriptions": [rule], "tosTC": f"{WEIGHTS:02x}fc"}]
    return component(2, f"{GRANT_BPS} bps", per="1E-2") | {"flowInfos": flows}


def counted(nef: NefProcess, key: str) -> dict[str, int]:
    found: list[dict[str, Any]] = nef.control("GET", "/measurements")["flows"]
    flows = {flow["flowKey"]: flow for flow in found}
    return flows.get(key, {"packetsCarried": 0, "packetsLost": 0})


def deliver(nef: NefProcess, network: Network, key: str) -> None:
    """Send all packets on the flow, and wait until the NEF knows that all are through."""
    until(lambda: key in {flow["flowKey"] for flow in nef.control("GET", "/flows")["flows"]})
    until(lambda: rides(nef, network, key))
    network.send_both(0, PACKETS)

    def is_through() -> bool:
        flow = counted(nef, key)
        return flow["packetsCarried"] + flow["packetsLost"] >= PACKETS

    until(is_through)


def rides(nef: NefProcess, network: Network, key: str) -> bool:
    """Whether the relay knows the flow already: a packet of it is counted as one."""
    network.send(0, WEIGHTS)
    flow = counted(nef, key)
    return flow["packetsCarried"] + flow["packetsLost"] > 0


def test_reports_and_usage_are_what_real_packets_were(nef: NefProcess) -> None:
    with receiving() as af, running(nef.url) as (network, end):
        body = by_value(
            weights(),
            notificationDestination=af.url,
            qosMonDatRate=rate_above("1 Mbps", repPeriod=1),
            qosMonInfo=asking("DOWNLINK", repThreshDl=200),
            avrgWndw=WINDOW_MS,
            usageThreshold={"downlinkVolume": THRESHOLD_BYTES},
        )
        created = requests.post(f"{nef.url}{AF}", json=body, timeout=60)
        assert created.status_code == 201, created.text
        link: str = created.json()["self"]
        key = f"{link.rsplit('/', 1)[1]}/2"
        deliver(nef, network, key)
        assert af.until(lambda: rates_of(af.reports())[-1:] == [0])
        assert af.until(lambda: "USAGE_REPORT" in af.events())
        relay = end()["flows"][key]
        last = requests.delete(link, timeout=60)
    (usage,) = (r["accumulatedUsage"] for r in af.reports() if r["event"] == "USAGE_REPORT")
    assert THRESHOLD_BYTES <= usage["downlinkVolume"] <= relay["bytes_sent"]
    assert last.status_code == 200
    (final,) = last.json()["eventReports"]
    assert final["accumulatedUsage"]["downlinkVolume"] == relay["bytes_sent"]
    assert relay["bytes_sent"] == PACKET_BYTES * relay["packets_sent"]
    assert relay["packets_lost"] > 0
    rates = rates_of(af.reports())
    # The flow was granted 1.5 Mbit/s and had always more to send, for nearly four seconds.
    assert 0.5 * GRANT_BPS <= max(rates) <= 1.5 * GRANT_BPS
    assert waited(af.reports())


def rates_of(reports: list[dict[str, Any]]) -> list[float]:
    units = {"bps": 1, "Kbps": 10**3, "Mbps": 10**6}
    found = [entry for report in reports for entry in report.get("qosMonDatRateReps", ())]
    texts = [entry["dlDataRate"].split() for entry in found]
    return [float(number) * units[unit] for number, unit in texts]


def waited(reports: list[dict[str, Any]]) -> bool:
    """Whether a delay above the threshold was told: a full queue takes seconds to drain."""
    found = [entry for report in reports for entry in report.get("qosMonReports", ())]
    return any(delay >= 200 for entry in found for delay in entry.get("dlDelays", ()))


# --- through the client ---

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
RULE = f"permit out 17 from 10.60.0.1 7000 to {UE} 7001"


def quickly(request: SessionRequest) -> SessionRequest:
    """As `watched` of the page, in the proportions of a test."""
    return replace(
        request,
        rate_monitoring=QosMonitoring.of_rate(threshold_bps=1_000_000, period_s=1),
        delay_monitoring=QosMonitoring.of_delay(period_s=1),
        congestion_monitoring=QosMonitoring.of_congestion(period_s=1),
        usage_threshold=Usage(downlink_bytes=THRESHOLD_BYTES),
        averaging_window_ms=WINDOW_MS,
    )


def page_example(heard: list[Any]) -> dict[str, Any]:
    """The example of the page; what it would print it puts into a list."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    [block] = [one for one in blocks if "def told(" in one]
    names: dict[str, Any] = {"print": lambda *said: heard.append(said[-1])}
    exec(compile(block, "docs/client.md", "exec"), names)  # noqa: S102 - our own page
    names["watched"] = quickly
    return names


def test_the_client_is_told_what_a_session_carries_and_used(nef: NefProcess) -> None:
    heard: list[Any] = []
    flow = MediaFlow(
        2,
        (FlowFilter(1, (RULE,), f"{WEIGHTS:02x}fc"),),
        per="1E-2",
        min_rate_dl_bps=GRANT_BPS,
    )
    request = SessionRequest(UeAddress(ipv4=str(UE)), flows=(flow,))
    with (
        NotificationReceiver() as receiver,
        NefClient(nef.url, "af-1") as client,
        running(nef.url) as (network, end),
    ):
        inbox = receiver.inbox()
        arguments = (client, request, inbox)
        example = threading.Thread(target=page_example(heard)["told"], args=arguments)
        example.start()
        until(lambda: bool(client.sessions()))
        [session] = client.sessions()
        deliver(nef, network, f"{session.id}/2")
        until(lambda: any(isinstance(one, Usage) for one in heard))
        until(lambda: rates(heard)[-1:] == [0])
        until(lambda: any(one.congestion_dl_percent == 0 for one in measurements(heard)))
        inbox.close()
        example.join(120)
        assert client.sessions() == (), "the session ends with the block"
        relay = end()["flows"][f"{session.id}/2"]
    [usage] = [one for one in heard if isinstance(one, Usage)]
    assert THRESHOLD_BYTES <= (usage.downlink_bytes or 0) <= relay["bytes_sent"]
    assert 0.5 * GRANT_BPS <= max(rates(heard)) <= 1.5 * GRANT_BPS
    assert max(delay for one in measurements(heard) for delay in one.delays_dl_ms) > 200


def measurements(heard: list[Any]) -> list[Measurement]:
    return [one for said in heard if not isinstance(said, Usage) for one in said]


def rates(heard: list[Any]) -> list[int]:
    found = (one.rate_dl_bps for one in measurements(heard))
    return [rate for rate in found if rate is not None]
