"""A service that was away while time ran on tells what it has missed: once, in order, and dated."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from builders.analytics_requests import AF, FETCH, fetched, question, subscription
from builders.monitoring_events import AF as MONITORING
from builders.monitoring_events import body
from builders.receivers import Receiver, receiving
from builders.service import AF as SESSIONS
from builders.service import Served, by_value, component, served
from fakes.clock import FakeClock
from nef.domain.units import BitRate

#: When the rate of ue-1 changes in fading-ue, and to how many Mbit/s.
STEPS = [(8.0, 34), (14.0, 7), (20.0, 34), (24.0, 121)]
BEGUN_S = 1_800_000_000.0


class Life:
    """A service in real time, begun anew on one store, with the wall clock in a test's hand."""

    def __init__(self, folder: Path, scenario: str) -> None:
        self.wall = FakeClock(BEGUN_S)
        self.settings: dict[str, Any] = {
            "database_url": f"sqlite:///{folder / 'nef.sqlite3'}",
            "mode": "real",
        }
        self.scenario = scenario

    def start(self) -> Any:
        return served(now_s=self.wall.now_s, scenario=self.scenario, **self.settings)

    def tick(self, nef: Served, seconds: float) -> None:
        for _ in range(round(seconds / 0.5)):
            self.wall.advance(0.5)
            nef.nef.services.simulation.tick()

    def lived(self, before: Callable[[Served], Any], *times_s: float) -> None:
        """Begin, live for a time, be away for a time, and so on; at the end all is delivered."""
        with self.start() as nef:
            before(nef)
        for index, seconds in enumerate(times_s):
            if index % 2:
                self.wall.advance(seconds)
            else:
                with self.start() as nef:
                    self.tick(nef, seconds)
        with self.start() as nef:
            self.tick(nef, 1.0)
            while nef.nef.services.deliveries.deliver(100):
                pass


def rates(af: Receiver) -> list[tuple[float, int]]:
    """When each rate was true, in whole seconds of the run, and the rate in Mbit/s."""
    found = []
    for _, _, told in af.requests:
        for one in told["analyEventNotifs"]:
            data = one["dnPerfInfos"][0]["dnPerf"][0]["perfData"]
            found.append((one["timeStamp"], mbps(data["avgTrafficRate"])))
    return [(float(text[17:19]), rate) for text, rate in found]


def mbps(text: str) -> int:
    return round(BitRate.parse(text).bps / 10**6)


@pytest.fixture
def af() -> Any:
    with receiving() as receiver:
        yield receiver


@pytest.mark.parametrize(
    "times_s", [(5, 24), (5, 5, 1, 20), (10, 12, 10), (0.5, 9, 0.5, 9, 0.5, 9), (0.5, 300), (30,)]
)
def test_each_crossing_of_a_time_away_is_told_once_and_in_order(
    tmp_path: Path, af: Receiver, times_s: tuple[float, ...]
) -> None:
    thresholds = [{"avgTrafficRate": rate} for rate in ("100 Mbps", "50 Mbps", "10 Mbps")]
    asked = subscription(question("DN_PERFORMANCE", reptThlds=thresholds), to=af.url)
    life = Life(tmp_path, "fading-ue")
    life.lived(lambda nef: nef.http.post(AF, json=asked), *times_s)
    assert rates(af) == STEPS


def test_what_was_told_just_before_the_end_is_not_told_again(tmp_path: Path, af: Receiver) -> None:
    ahead = question(
        "DN_PERFORMANCE", {"offsetPeriod": 4}, reptThlds=[{"minTrafficRate": "9 Mbps"}]
    )
    life = Life(tmp_path, "fading-ue")
    # Foreseen at 10 s: within four seconds it will be bad.
    life.lived(lambda nef: nef.http.post(AF, json=subscription(ahead, to=af.url)), 10, 0.5, 20)
    assert [round(second) for second, _ in rates(af)] == [10, 20]


def test_a_loss_and_a_return_in_a_time_away_are_told(tmp_path: Path, af: Receiver) -> None:
    def ask(nef: Served) -> None:
        for kind in ("LOSS_OF_CONNECTIVITY", "UE_REACHABILITY"):
            asked = body(kind, notificationDestination=af.url, maximumDetectionTime=None)
            assert nef.http.post(MONITORING, json=asked).status_code == 201

    Life(tmp_path, "cell-outage").lived(ask, 5, 30)
    told = [
        (report["monitoringType"], report["eventTime"][17:19])
        for _, _, sent in af.requests
        for report in sent["monitoringEventReports"]
    ]
    assert sorted(told[1:]) == [("LOSS_OF_CONNECTIVITY", "10"), ("UE_REACHABILITY", "20")]


def test_a_session_is_told_of_each_rung_of_a_time_away(tmp_path: Path, af: Receiver) -> None:
    ladder = (("medium", "8 Mbps"), ("small", "600 Kbps"))
    asked = by_value(component(2, "60 Mbps", *ladder), notificationDestination=af.url)
    life = Life(tmp_path, "fading-ue")
    life.lived(lambda nef: nef.http.post(SESSIONS, json=asked), 5, 24)
    assert [report.get("appliedQosRef") for report in af.reports()] == [
        None,
        "medium",
        "small",
        "medium",
        None,
    ]


def test_a_time_away_is_known_afterwards(tmp_path: Path) -> None:
    life = Life(tmp_path, "fading-ue")
    with life.start() as nef:
        life.tick(nef, 5)
    life.wall.advance(24)
    with life.start() as nef:
        answer = nef.http.post(FETCH, json=fetched("DN_PERFORMANCE", {"offsetPeriod": -20})).json()
    data = answer["dnPerfInfos"][0]["dnPerf"][0]["perfData"]
    assert mbps(data["minTrafficRate"]) == 7
    assert mbps(data["maxTrafficRate"]) == 121


def test_what_a_restart_has_forgotten_is_not_called_known(tmp_path: Path) -> None:
    life = Life(tmp_path, "fading-ue")
    with life.start() as nef:
        life.tick(nef, 25)
        whole = ask_past(nef, 20)
    with life.start() as nef:
        life.tick(nef, 5)
        part = ask_past(nef, 20)
    assert (whole.from_s, whole.confidence) == (BEGUN_S + 5, 100)
    assert (part.from_s, part.confidence) == (BEGUN_S + 25, 25)


@dataclass(frozen=True)
class Past:
    from_s: float
    confidence: int


def ask_past(nef: Served, seconds: int) -> Past:
    """From when on an answer about the last seconds holds, and how sure it is."""
    answer = nef.http.post(FETCH, json=fetched("DN_PERFORMANCE", {"offsetPeriod": -seconds})).json()
    [info] = answer["dnPerfInfos"]
    assert info["dnPerf"][0]["temporalValidCon"]["startTime"] == answer["start"]
    return Past(datetime.fromisoformat(answer["start"]).timestamp(), info["confidence"])
