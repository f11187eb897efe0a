"""Real packets through the real relay: what the AF is told is what was carried."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from builders.measurements import asking, rate_above
from builders.processes import NefProcess, start_nef
from builders.receivers import receiving
from builders.service import AF, by_value, component
from builders.userplane import WEIGHTS, Network, running
from builders.waiting import until

GRANT_BPS = 2_000_000
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
            avrgWndw=1000,
            usageThreshold={"downlinkVolume": THRESHOLD_BYTES},
        )
        created = requests.post(f"{nef.url}{AF}", json=body, timeout=30)
        assert created.status_code == 201, created.text
        link: str = created.json()["self"]
        key = f"{link.rsplit('/', 1)[1]}/2"
        deliver(nef, network, key)
        assert af.until(lambda: rates_of(af.reports())[-1:] == [0])
        assert af.until(lambda: "USAGE_REPORT" in af.events())
        relay = end()["flows"][key]
        last = requests.delete(link, timeout=30)
    (usage,) = (r["accumulatedUsage"] for r in af.reports() if r["event"] == "USAGE_REPORT")
    assert THRESHOLD_BYTES <= usage["downlinkVolume"] <= relay["bytes_sent"]
    assert last.status_code == 200
    (final,) = last.json()["eventReports"]
    assert final["accumulatedUsage"]["downlinkVolume"] == relay["bytes_sent"]
    assert relay["bytes_sent"] == PACKET_BYTES * relay["packets_sent"]
    assert relay["packets_lost"] > 0
    rates = rates_of(af.reports())
    # The flow was granted 2 Mbit/s and had always more to send, for nearly three seconds.
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
